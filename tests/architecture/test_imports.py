"""Which libraries each room may know; who may know whom inside is import-linter's to check."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

import pytest

from tests.architecture.source import PACKAGES, ROOT, modules

OURS = set(PACKAGES)
STANDARD = set(sys.stdlib_module_names)
INPUT_AND_OUTPUT = {"asyncio", "http", "multiprocessing", "socket", "sqlite3", "subprocess"}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def libraries(tree: ast.AST) -> set[str]:
    return {name.split(".")[0] for name in imported(tree)} - OURS


@pytest.mark.parametrize(
    ("room", "known"),
    [
        ("domain", {"msgspec", "eventsourcing"}),
        ("domain/quant", {"numpy", "numba"}),
        ("application", {"msgspec", "eventsourcing"}),
        ("projections", {"msgspec", "psycopg"}),
    ],
)
def test_a_room_knows_only_its_libraries(room: str, known: set[str]) -> None:
    strange = {
        name: unknown
        for name, tree in modules(room)
        if not (room == "domain" and name.startswith("domain/quant/"))
        if (unknown := libraries(tree) - known - STANDARD)
    }
    assert strange == {}


def test_the_domain_does_no_input_or_output() -> None:
    assert [name for name, tree in modules("domain") if libraries(tree) & INPUT_AND_OUTPUT] == []


def test_the_domain_knows_of_the_library_only_what_events_are() -> None:
    allowed = {"eventsourcing.domain", "eventsourcing.utils"}
    strange = {
        name: more
        for name, tree in modules("domain")
        if (more := {i for i in imported(tree) if i.startswith("eventsourcing")} - allowed)
    }
    assert strange == {}


def test_the_rooms_are_where_the_map_says() -> None:
    assert [room for room in PACKAGES if not (ROOT / room / "__init__.py").is_file()] == []
