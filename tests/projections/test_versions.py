"""Versions: the same rows however the events are batched, and what was once known stays so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import sql

from projections.accounts import Accounts
from projections.approval_queue import ApprovalQueue
from projections.blotter import Blotter
from projections.messages import Messages
from projections.runner import Runner
from projections.shape import CURRENT
from projections.signal_feed import SignalFeed
from projections.timeline import Timeline
from projections.tokens import Tokens
from projections.trader_profiles import TraderProfiles
from tests.benchmarks.history import write_history
from tests.projections.tape import Tape, reading

FEEDS = (
    Accounts, ApprovalQueue, Blotter, Messages, SignalFeed, Timeline, Tokens, TraderProfiles,
)  # fmt: skip
EVENTS = 900

Rows = dict[str, list[tuple[Any, ...]]]


def tables() -> Iterator[tuple[str, bool]]:
    """Names of all tables, with whether their rows have versions."""
    for feed in FEEDS:
        for table in feed().tables:
            yield table.shape.name, table.shape.versioned


def all_rows(tape: Tape) -> Rows:
    return {name: tape.versions(name) for name, _ in tables()}


def known_at(tape: Tape, position: int) -> Rows:
    found = {}
    for name, versioned in tables():
        if versioned:
            query = sql.SQL(
                "SELECT * FROM read.{} WHERE valid_from <= %(at)s AND %(at)s < valid_to"
            ).format(sql.Identifier(name))
            rows = tape.connection.execute(query, {"at": position}).fetchall()
            # The end of a version is not yet known at that position.
            found[name] = sorted((row[:1] + row[2:] for row in rows), key=repr)
    return found


@pytest.fixture
def told(tape: Tape) -> Tape:
    """A tape with the beginning of a community's history on it."""
    write_history(tape.url, EVENTS, traders=12, days=6, seed=7)
    return tape


def follow(tape: Tape, batch_max: int = 5_000) -> Runner:
    runner = Runner(reading(tape.url), FEEDS, batch_max=batch_max)
    runner.start()
    return runner


def test_rows_do_not_depend_on_the_batches(told: Tape) -> None:
    large = follow(told)
    large.catch_up()
    at_once = all_rows(told)
    assert {name for name, rows in at_once.items() if not rows} == {"tokens"}
    large.rebuild()
    assert all_rows(told) == at_once
    large.close()
    told.connection.execute("DROP SCHEMA read CASCADE")
    told.connection.execute("SET ROLE NONE")
    told.connection.execute("CREATE SCHEMA read AUTHORIZATION truetape_projector")
    small = follow(told, batch_max=1)
    small.catch_up()
    assert all_rows(told) == at_once


def test_what_was_known_at_a_position_never_changes(told: Tape) -> None:
    then: dict[int, Rows] = {}
    follower = follow(told, batch_max=100)
    while follower.step():
        position = follower.position()
        then[position] = known_at(told, position)
    assert len(then) == EVENTS / 100
    for position, rows in then.items():
        assert known_at(told, position) == rows
    follower.rebuild()
    for position, rows in then.items():
        assert known_at(told, position) == rows


def test_a_row_has_one_version_at_every_position(told: Tape) -> None:
    follow(told).catch_up()
    for feed in FEEDS:
        for table in feed().tables:
            if not table.shape.versioned:
                continue
            key = ", ".join(table.shape.key)
            gaps = told.connection.execute(
                f"SELECT {key}, valid_to, next FROM (SELECT {key}, valid_from, valid_to,"
                f" lead(valid_from) OVER (PARTITION BY {key} ORDER BY valid_from) AS next"
                f" FROM {table.shape.view}) v"
                f" WHERE valid_from >= valid_to OR valid_to <> coalesce(next, {CURRENT})"
            ).fetchall()
            removed = table.shape.name == "approval_queue"
            assert removed or gaps == []
