"""A preview names every record that would move by what it is as a whole, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid4

import pytest

from adapters.mapper import TapeMapper
from adapters.postgres import AUDITOR_ROLE, connect
from domain.signals import Signal
from projections.accounts import Accounts
from projections.previews import Of, foreseen
from projections.runner import Runner
from projections.shadow import Unrecorded
from tests.projections.record import CALL, Record, record_on, utc
from tests.projections.tape import Tape, reading


@pytest.fixture
def record(tape: Tape) -> Iterator[Record]:
    accounts = Runner(reading(tape.url), [Accounts])
    accounts.start()
    with record_on(tape) as record:
        yield record


def pnl_moved(record: Record, signal: Signal) -> tuple[Decimal, Decimal]:
    """A trader's P&L before and after the events that a signal decided."""
    stored = [TapeMapper().to_stored_event(event) for event in signal.collect_events()]

    def events(head: int) -> list[Unrecorded]:
        return [
            Unrecorded(head + at, signal.id, one.originator_version, one.topic, one.state)
            for at, one in enumerate(stored, start=1)
        ]

    record.follow()
    with connect(record.tape.url, role=AUDITOR_ROLE) as connection:
        found = foreseen(connection, reading(record.tape.url), events, [])
    (move,) = (one for one in found.moves if (one.of, one.figure) == (Of.TRADER, "pnl"))
    return Decimal(move.before or "NaN"), Decimal(move.after or "NaN")


def test_a_record_whose_last_day_becomes_a_later_one_is_held_against_what_it_was(
    record: Record,
) -> None:
    signal = record.opens(record.trader("Nora"), "11-16 15:00", "2.00", quantity="2")
    record.exits(signal, "11-16 18:00", "3.00", quantity="2")
    record.marks(CALL, "11-17 21:00", "2.50", "2.60")
    signal.correct(
        correction=uuid4(), number=2, price=None, quantity=Decimal(1), reason="x", by="y",
        at=utc("11-18 12:00"),
    )  # fmt: skip
    # One of two was sold at 3.00, the other is worth 2.50: the day of the mark is the last now.
    assert pnl_moved(record, signal) == (Decimal(200), Decimal(150))


def test_a_record_whose_last_day_becomes_an_earlier_one_is_too(record: Record) -> None:
    signal = record.opens(record.trader("Nora"), "11-16 15:00", "2.00", quantity="2")
    record.exits(signal, "11-16 18:00", "3.00", quantity="1")
    record.marks(CALL, "11-17 21:00", "2.50", "2.60")
    signal.correct(
        correction=uuid4(), number=2, price=None, quantity=Decimal(2), reason="x", by="y",
        at=utc("11-18 12:00"),
    )  # fmt: skip
    assert pnl_moved(record, signal) == (Decimal(150), Decimal(200))
