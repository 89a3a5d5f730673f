"""Alpaca's own description of its Trading API, and whether requests and answers follow it.

`trading.json` is an extract (paths and schemas that are used here, without their prose) of
`trading-api.json` in the package alpaca-mcp-server 2.4.0, which is under the MIT licence beside
it. The description of the market data API in the same package is under another licence and is
not kept here: it is read from the package where that is installed, without its dependencies.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

Json = dict[str, Any]
PACKAGE = "alpaca_mcp_server"
NO_MARKET_DATA = (
    "the description of the market data API is not installed: "
    "uv pip install --no-deps alpaca-mcp-server==2.4.0"
)


class Description:
    """One OpenAPI file."""

    def __init__(self, file: Path) -> None:
        self._told: Json = json.loads(file.read_text(encoding="utf-8"))

    def breaches(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: object,
        status: int,
        answer: object,
    ) -> list[str]:
        """In what a request and its answer are not as described; empty is as it should be."""
        template, told = self._operation(method, path)
        if told is None:
            return [f"{method} {path} is not described"]
        found = [*self._of_query(told, template, query), *self._of_body(told, body)]
        found += self._of_answer(told, status, answer)
        return [f"{method} {path}: {breach}" for breach in found]

    def _operation(self, method: str, path: str) -> tuple[str, Json | None]:
        for template, told in self._told["paths"].items():
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
                return template, told.get(method.lower())
        return "", None

    def _of_query(self, told: Json, template: str, query: Mapping[str, str]) -> Iterator[str]:
        known = {}
        for parameter in map(self._resolved, told.get("parameters", [])):
            if parameter["in"] == "query":
                known[parameter["name"]] = parameter
        for name, parameter in known.items():
            if parameter.get("required") and name not in query:
                yield f"{name} is missing"
        for name, value in query.items():
            if name not in known:
                yield f"{name} is no parameter"
            else:
                schema = known[name].get("schema", {})
                yield from self._against(schema, _as_told(value, self._resolved(schema)), name)

    def _of_body(self, told: Json, body: object) -> Iterator[str]:
        if "requestBody" not in told:
            if body:
                yield "it takes no body"
            return
        schema = told["requestBody"]["content"]["application/json"]["schema"]
        yield from self._against(schema, body, "request")
        known = self._resolved(schema).get("properties", {})
        for name in body if isinstance(body, dict) else ():
            if name not in known:
                yield f"{name} is no field of the request"

    def _of_answer(self, told: Json, status: int, answer: object) -> Iterator[str]:
        if status >= 400:
            return
        described = told["responses"].get(str(status))
        if described is None:
            yield f"{status} is not described"
            return
        content = self._resolved(described).get("content", {})
        if content:
            schema = content["application/json"]["schema"]
            yield from self._against(schema, _without_empty_words(answer), "answer")

    def _against(self, schema: Json, value: object, what: str) -> Iterator[str]:
        whole = {**schema, "components": self._told["components"]}
        for error in Draft202012Validator(whole).iter_errors(value):
            yield f"{what} {list(error.absolute_path)}: {error.message[:120]}"

    def _resolved(self, told: Json) -> Json:
        while "$ref" in told:
            found: Any = self._told
            for step in told["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            told = found
        return told


def _as_told(value: str, schema: Json) -> object:
    """A query's text as the type it stands for."""
    kind = schema.get("type")
    if kind == "integer" and value.lstrip("-").isdigit():
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value.split(",") if kind == "array" else value


def _without_empty_words(answer: object) -> object:
    """Alpaca leaves empty what several legs have no word for, in its own example too, where its
    schema allows no empty word."""
    if isinstance(answer, list):
        return [_without_empty_words(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    shown = {name: _without_empty_words(value) for name, value in answer.items()}
    if shown.get("order_class") == "mleg":
        words = ("asset_class", "asset_id", "symbol", "side", "position_intent")
        for name in words:
            if shown.get(name) == "":
                del shown[name]
        for name in ("type", "order_type"):
            if shown.get(name) == "":
                shown[name] = "limit"
    return shown


@cache
def trading() -> Description:
    return Description(Path(__file__).with_name("trading.json"))


@cache
def market_data() -> Description | None:
    """The description of the market data API, if its package is installed."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        return None
    file = Path(found.submodule_search_locations[0]) / "specs" / "market-data-api.json"
    return Description(file) if file.is_file() else None
