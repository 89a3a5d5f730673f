"""Every trader's story at once is what the timeline tells of each, as it was at any position."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from domain.messages import author_stream
from domain.transparency.indexed import LogIndex, trader_entries
from projections.log_checkpoints import LogCheckpoints, last_index
from projections.messages import Messages
from projections.runner import Runner
from projections.timeline import Timeline, timeline
from projections.trader_index import stories, story
from projections.trader_profiles import TraderProfiles
from tests.projections.record import Record, utc
from tests.projections.tape import NOON, Tape, reading
from tests.projections.test_messages import said

MODELS = [LogCheckpoints, Messages, Timeline, TraderProfiles]


@pytest.fixture
def follower(tape: Tape) -> Iterator[Runner]:
    runner = Runner(reading(tape.url), MODELS)
    runner.start()
    yield runner
    runner.close()


@pytest.fixture
def traders(tape: Tape, follower: Runner) -> list[UUID]:
    """Two who trade and talk, and one who only talks."""
    record = Record(tape, follower)
    nora, otto = record.trader("7"), record.trader("8")
    message = said(500)
    tape.save(message)
    for number, trader in enumerate((nora, otto, nora), start=16):
        record.trades(trader, f"11-{number} 15:00", f"11-{number} 15:30")
    message.edit("other words", (), edited_at=utc("11-18 15:00"), at=utc("11-18 15:00"))
    tape.save(message)
    tape.say("9", "good morning")
    follower.catch_up()
    return sorted((nora, otto, author_stream("discord", "9")))


def of_each(tape: Tape, until: int) -> dict[UUID, list[int]]:
    found: dict[UUID, list[int]] = {}
    for trader, position in stories(tape.connection, until):
        found.setdefault(trader, []).append(position)
    return found


def told(tape: Tape, trader: UUID) -> list[int]:
    events = timeline(tape.connection, trader, limit=1000, descending=False)
    return [event.position for event in events]


def test_it_is_what_the_timeline_tells_of_each(tape: Tape, traders: list[UUID]) -> None:
    head = 10**6
    found = of_each(tape, head)
    assert set(found) >= set(traders[:2])
    for trader, positions in found.items():
        assert positions == told(tape, trader) == story(tape.connection, trader, head)
    assert sum(map(len, found.values())) >= 10


def test_what_comes_later_changes_nothing_of_it(tape: Tape, traders: list[UUID]) -> None:
    whole = of_each(tape, 10**6)
    for until in range(1, max(map(max, whole.values())) + 1):
        early = {t: [p for p in found if p <= until] for t, found in whole.items()}
        assert of_each(tape, until) == {t: found for t, found in early.items() if found}


def test_a_rebuild_comes_to_the_same(tape: Tape, follower: Runner, traders: list[UUID]) -> None:
    before = trader_entries(stories(tape.connection, 10**6))
    follower.rebuild(["messages", "timeline", "trader_profiles"])
    assert trader_entries(stories(tape.connection, 10**6)) == before


def test_the_last_index_is_told(tape: Tape, follower: Runner, traders: list[UUID]) -> None:
    assert last_index(tape.connection) is None
    entries = trader_entries(stories(tape.connection, 10**6))
    position = tape.save(LogIndex.record(entries, until=10**6, rules=1, at=NOON))
    follower.catch_up()
    row = last_index(tape.connection)
    assert row is not None
    assert (row.until, row.traders, row.position) == (10**6, len(entries), position)
