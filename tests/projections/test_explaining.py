"""Every figure is made again from its events, now and as once known, and says when it is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from projections.explaining import explain_pnl, explain_return, explain_trade
from projections.position_pages import book_days
from tests.projections.record import Record, record_on
from tests.projections.tape import Tape

EVER = date.min, date.max


@pytest.fixture
def record(tape: Tape) -> Iterator[Record]:
    with record_on(tape) as record:
        yield record


def test_a_trade_is_the_sum_of_what_each_event_moved(record: Record) -> None:
    signal = record.opens(record.trader("Nora"), "11-16 15:00", quantity="2")
    record.exits(signal, "11-16 16:00", "3.00")
    last = record.exits(signal, "11-17 16:00", "2.50")
    record.follow()
    found = explain_trade(record.tape.connection, signal.id)
    assert found is not None
    assert found.agrees
    assert found.shown == found.steps[-1].total == sum(step.moved for step in found.steps)
    assert [step.cause.position for step in found.steps][-1] == last
    assert {step.cause.name for step in found.steps} >= {"signal.exit_called"}
    assert all(step.cause.message for step in found.steps)


def test_no_trade_is_none_and_a_trade_without_a_move_is_nothing(record: Record) -> None:
    trader = record.trader("Nora")
    assert explain_trade(record.tape.connection, trader) is None
    signal = record.opens(trader, "11-16 15:00")
    record.follow()
    found = explain_trade(record.tape.connection, signal.id)
    assert found is not None
    assert (found.shown, len(found.steps), found.agrees) == (Decimal(0), 0, True)


def test_a_record_is_the_sum_of_its_trades_over_any_days(record: Record) -> None:
    trader = record.trader("Nora")
    for number in range(6):
        signal = record.opens(trader, f"11-{16 + number % 3} 15:0{number}", quantity="2")
        record.exits(signal, f"11-{17 + number % 3} 16:00", f"{1 + number}.50")
    record.follow()
    days = [date(2026, 11, day) for day in range(15, 22)]
    for first in days:
        for last in days:
            if first <= last:
                pnl = explain_pnl(record.tape.connection, trader, first, last)
                return_ = explain_return(record.tape.connection, trader, first, last)
                assert pnl.agrees, (first, last)
                assert return_.agrees, (first, last)
    whole = explain_return(record.tape.connection, trader, *EVER)
    stored = book_days(record.tape.connection, trader, *EVER)
    assert [(day.day, day.day_return, day.nav) for day in whole.days] == [
        (row.day, row.r, row.nav) for row in stored if row.r
    ]
    assert whole.shown not in (0, Decimal(1))


def test_what_was_known_is_explained_by_what_had_happened(record: Record) -> None:
    trader = record.trader("Nora")
    signal = record.opens(trader, "11-16 15:00", quantity="2")
    known = record.exits(signal, "11-16 16:00", "3.00")
    record.exits(signal, "11-17 16:00", "1.00")
    record.follow()
    then = explain_pnl(record.tape.connection, trader, *EVER, as_of=known)
    now = explain_pnl(record.tape.connection, trader, *EVER)
    assert then.agrees
    assert now.agrees
    assert then.shown != now.shown
    assert all(step.cause.position <= known for step in then.steps)


def test_a_figure_that_somebody_changed_is_not_made_by_its_events(record: Record) -> None:
    trader = record.trader("Nora")
    signal = record.opens(trader, "11-16 15:00", quantity="2")
    record.exits(signal, "11-16 16:00", "3.00", quantity="2")
    record.follow()
    record.tape.connection.execute("UPDATE read.positions SET pnl = pnl + 1")
    record.tape.connection.execute("UPDATE read.book_days SET pnl = pnl + 1, nav = nav * 2")
    trade = explain_trade(record.tape.connection, signal.id)
    assert trade is not None
    assert not trade.agrees
    assert not explain_pnl(record.tape.connection, trader, *EVER).agrees
    assert not explain_return(record.tape.connection, trader, *EVER).agrees


def test_what_was_posted_beyond_the_quotes_counts_for_no_dollars(record: Record) -> None:
    trader = record.trader("Nora")
    signal = record.opens(trader, "11-16 15:00", quantity="4")
    record.exits(signal, "11-16 16:00", "3.00", quantity="4")
    record.checks(signal, 1, "2.00", stood=1)
    record.follow()
    found = explain_trade(record.tape.connection, signal.id)
    assert found is not None
    assert (found.agrees, found.share) == (True, Decimal("0.25"))
    assert found.shown == Decimal(100)
    assert explain_pnl(record.tape.connection, trader, *EVER).shown == found.shown
