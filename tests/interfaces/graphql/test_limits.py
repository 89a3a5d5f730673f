"""One request may ask for only so much, and hears what was too much."""

from __future__ import annotations

import json

from graphql import get_introspection_query

from interfaces.graphql.limits import BODY_BYTES_MAX
from tests.interfaces.graphql.world import Client

SIGNALS = "{ signals { nodes { id } } }"


async def test_a_document_that_is_too_deep(looker: Client) -> None:
    inner = "ofType { " * 12 + "name" + " }" * 12
    code, sentence = await looker.refused(f"{{ signals {{ {inner} }} }}")
    assert code == "too_much"
    assert "depth is 14, and 10 is the most" in sentence


async def test_a_document_nested_without_end(looker: Client) -> None:
    code, _ = await looker.refused("{ a " * 400 + "}" * 400)
    assert code == "too_much"


async def test_depth_cannot_hide_in_fragments(looker: Client) -> None:
    parts = [f"fragment F{n} on Signal {{ trader {{ ...F{n + 1} }} }}" for n in range(12)]
    document = f"{{ signals {{ nodes {{ ...F0 }} }} }} {' '.join(parts)} fragment F12 on A {{ b }}"
    assert (await looker.refused(document))[0] == "too_much"


async def test_fragments_in_a_circle_are_invalid(looker: Client) -> None:
    circle = "fragment A on Signal { id ...B } fragment B on Signal { id ...A }"
    code, sentence = await looker.refused(f"{{ signals {{ nodes {{ ...A }} }} }} {circle}")
    assert code == "invalid_document"
    assert "Cannot spread fragment" in sentence


async def test_too_many_aliases(looker: Client) -> None:
    fields = " ".join(f"a{n}: status {{ head }}" for n in range(31))
    code, sentence = await looker.refused(f"{{ {fields} }}")
    assert code == "too_much"
    assert "aliases is 31, and 30 is the most" in sentence


async def test_the_same_field_again_and_again(looker: Client) -> None:
    code, sentence = await looker.refused(f"{{ signals {{ nodes {{ {'id ' * 200} }} }} }}")
    assert (code, "repeated fields" in sentence) == ("too_much", True)


async def test_too_many_words(looker: Client) -> None:
    code, _ = await looker.refused("{ " + "status { head } " * 400 + "}")
    assert code == "too_much"


async def test_rows_times_fields(looker: Client) -> None:
    executions = "number price bid offer basis kind quantity attainable"
    fields = f"nodes {{ id title symbol executions {{ {executions} }} }}"
    lists = " ".join(f"s{n}: signals(first: $first) {{ {fields} }}" for n in range(6))
    question = f"query ($first: Int!) {{ {lists} }}"
    await looker.ask(question, first=1)
    code, sentence = await looker.refused(question, first=100)
    assert code == "too_much"
    assert "rows times fields" in sentence


async def test_rows_of_a_list_that_lies_deeper(looker: Client) -> None:
    figures = " ".join(
        f"{name} {{ value unit definition {{ meaning n period }} }}"
        for name in ("return", "accuracy", "sharpe", "pnl")
    )
    boards = " ".join(
        f"b{n}: leaderboard(first: $first) {{ standings {{ nodes {{ {figures} }} }} }}"
        for n in range(10)
    )
    question = f"query ($first: Int!) {{ {boards} }}"
    await looker.ask(question, first=1)
    assert (await looker.refused(question, first=100))[0] == "too_much"


async def test_the_default_of_a_variable_counts_as_well(looker: Client) -> None:
    lists = " ".join(
        f"s{n}: signals(first: $n) {{ nodes {{ executions {{ number price bid offer }} }} }}"
        for n in range(10)
    )
    code, _ = await looker.refused(f"query ($n: Int! = 100) {{ {lists} }}")
    assert code == "too_much"


async def test_a_body_that_is_too_long(looker: Client) -> None:
    reply = await looker.reply(SIGNALS, padding="x" * BODY_BYTES_MAX)
    assert reply.status_code == 413
    assert reply.json()["errors"][0]["extensions"]["code"] == "too_large"


async def test_batches_are_not_answered(looker: Client) -> None:
    reply = await looker.http.post("/graphql", json=[{"query": SIGNALS}] * 2)
    assert reply.status_code == 400
    assert "one request at a time" in reply.json()["errors"][0]["message"]


async def test_only_json_is_taken(looker: Client) -> None:
    body = json.dumps({"query": SIGNALS})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        reply = await looker.http.post("/graphql", content=body, headers={"Content-Type": kind})
        assert reply.status_code == 415


async def test_what_is_no_request_is_told_so(looker: Client) -> None:
    for body in ("", "{", "null", '"query"', '{"query": 7}', '{"variables": []}'):
        reply = await looker.http.post(
            "/graphql", content=body, headers={"Content-Type": "application/json"}
        )
        assert reply.status_code == 400, body
        assert reply.json()["errors"][0]["extensions"]["code"] == "invalid_input"


async def test_the_schema_tells_about_itself(looker: Client) -> None:
    found = await looker.ask(get_introspection_query())
    assert found["__schema"]["queryType"]["name"] == "Query"


async def test_the_schema_does_not_tell_for_ever(looker: Client) -> None:
    nested = "type { fields { " * 3 + "name" + " } }" * 3
    code, _ = await looker.refused(f"{{ __schema {{ types {{ fields {{ {nested} }} }} }} }}")
    assert code in ("too_much", "invalid_document")
