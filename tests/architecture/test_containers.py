"""The container set-up, checked without an engine: by the specification and by our own rules."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.architecture.source import ROOT

OURS = ("api", "worker", "bot")
SERVERS = ("postgres", "valkey")


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / "docker-compose.yml").read_text()


@pytest.fixture(scope="module")
def composed(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@pytest.fixture(scope="module")
def specification() -> jsonschema.Draft202012Validator:
    """The compose specification's own schema, as check-jsonschema carries it."""
    schema = files("check_jsonschema.builtin_schemas.vendor") / "compose-spec.json"
    return jsonschema.Draft202012Validator(json.loads(schema.read_text()))


def test_it_is_a_compose_file_by_the_specification(
    composed: dict[str, Any], specification: jsonschema.Draft202012Validator
) -> None:
    assert list(specification.iter_errors(composed)) == []


def test_the_specification_would_notice_a_mistake(
    composed: dict[str, Any], specification: jsonschema.Draft202012Validator
) -> None:
    mistaken = composed | {"services": {"api": {"comand": ["serve"]}}}
    with pytest.raises(jsonschema.ValidationError, match="comand"):
        specification.validate(mistaken)


def test_every_service_is_there_and_watched(composed: dict[str, Any]) -> None:
    services = composed["services"]
    assert set(services) == {*OURS, *SERVERS}
    for service in services.values():
        assert service["healthcheck"]["test"]
        assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", OURS)
def test_ours_wait_for_healthy_servers_and_may_write_nothing(
    composed: dict[str, Any], name: str
) -> None:
    service = composed["services"][name]
    assert service["depends_on"] == {server: {"condition": "service_healthy"} for server in SERVERS}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", OURS)
def test_every_process_has_the_same_master_key_on_a_volume(
    composed: dict[str, Any], name: str
) -> None:
    """Made anew in a container that is thrown away, it would leave everybody erased."""
    service = composed["services"][name]
    file = Path(service["environment"]["TRUETAPE_MASTER_KEY"])
    assert f"people:{file.parent}" in service["volumes"]
    assert "people" in composed["volumes"]
    assert str(file.parent) in (ROOT / "Dockerfile").read_text()


def test_no_password_has_a_default(text: str) -> None:
    used = re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|KEY|TOKEN)\w*)([^}]*)\}", text)
    assert used != []
    for name, otherwise in used:
        assert otherwise.startswith(":?") or otherwise == ":-", f"{name} has a default"


def test_nothing_but_the_api_is_published_and_that_on_loopback(composed: dict[str, Any]) -> None:
    published = {
        name: service["ports"]
        for name, service in composed["services"].items()
        if "ports" in service
    }
    assert published == {"api": ["${TRUETAPE_BIND:-127.0.0.1}:8000:8000"]}


def test_every_volume_in_use_is_declared(composed: dict[str, Any]) -> None:
    mounts = [
        mount for service in composed["services"].values() for mount in service.get("volumes", [])
    ]
    assert {mount.split(":")[0] for mount in mounts} == set(composed["volumes"])


def test_the_image_does_not_run_as_root() -> None:
    stages = (ROOT / "Dockerfile").read_text().split("\nFROM ")
    users = re.findall(r"^USER (\S+)$", stages[-1], re.MULTILINE)
    assert users
    assert users[-1] not in {"root", "0"}


def test_the_image_takes_in_only_what_runs() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = [rule[1:] for rule in rules if rule.startswith("!")]
    assert [name for name in let_in if not (ROOT / name).exists()] == []
