"""Positions and days a page at a time: nothing missing, nothing twice, now or as once known."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.accounts import Account, CashKind
from projections.position_pages import book_days, books, contributions, position, positions
from projections.positions import BookKind, PositionRow
from tests.projections.record import Record, record_on, utc
from tests.projections.tape import Tape


@pytest.fixture
def record(tape: Tape) -> Iterator[Record]:
    with record_on(tape) as record:
        yield record


@pytest.fixture
def told(record: Record) -> tuple[Record, int]:
    """Three traders, some of whose trades share their minute; and a position in between."""
    traders = [record.trader(name) for name in ("Nora", "Max", "Zoe")]
    known = 0
    for number in range(18):
        at = f"11-16 {14 + number // 6}:00"
        signal = record.opens(traders[number % 3], at, quantity="2")
        known = known or (record.exits(signal, "11-16 20:00", "3.00") if number == 8 else 0)
        if number % 4 == 1:
            record.exits(signal, "11-17 15:00", "2.50", quantity="2")
    record.follow()
    return record, known


def in_pages(record: Record, limit: int, **wanted: Any) -> list[PositionRow]:
    found: list[PositionRow] = []
    while True:
        after = (found[-1].opened_at, found[-1].position) if found else None
        page = positions(record.tape.connection, after=after, limit=limit, **wanted)
        if not page:
            return found
        assert len(page) <= limit
        found += page


def test_pages_join_up_without_gaps_or_doubles(told: tuple[Record, int]) -> None:
    record, known = told
    cases = itertools.product((1, 4, 6, 50), (True, False), (None, known))
    for limit, open_only, as_of in cases:
        found = in_pages(record, limit, open_only=open_only, as_of=as_of)
        ids = [row.position for row in found]
        assert len(set(ids)) == len(ids)
        assert found == sorted(found, key=lambda r: (r.opened_at, r.position), reverse=True)
        whole = positions(record.tape.connection, open_only=open_only, as_of=as_of, limit=100)
        assert found == whole
    assert len(in_pages(record, 50, open_only=True)) == 13
    assert len(in_pages(record, 50)) == 18


def test_pages_stay_where_they_are_while_trades_are_posted(told: tuple[Record, int]) -> None:
    record, _ = told
    first = positions(record.tape.connection, limit=5)
    record.opens(first[0].book, "11-19 15:00")
    record.follow()
    rest = positions(
        record.tape.connection, after=(first[-1].opened_at, first[-1].position), limit=50
    )
    assert len({row.position for row in [*first, *rest]}) == 18


def test_filters_take_what_fits(told: tuple[Record, int]) -> None:
    record, known = told
    for open_only, as_of in itertools.product((True, False), (None, known)):
        everything = in_pages(record, 50, open_only=open_only, as_of=as_of)
        book = everything[0].book
        for wanted in (
            {"book": book},
            {"underlying": "TSLA"},
            {"kind": BookKind.TRADER},
            {"book": book, "underlying": "AAPL"},
            {"kind": BookKind.ACCOUNT},
        ):
            fitting = [
                row for row in everything if all(getattr(row, n) == v for n, v in wanted.items())
            ]
            assert in_pages(record, 2, open_only=open_only, as_of=as_of, **wanted) == fitting


def test_open_only_is_what_was_open_then(record: Record) -> None:
    signal = record.opens(record.trader("Nora"), "11-16 15:00", quantity="2")
    half = record.exits(signal, "11-16 16:00", "3.00")
    record.exits(signal, "11-16 17:00", "3.00")
    record.follow()
    assert positions(record.tape.connection, open_only=True) == []
    (then,) = positions(record.tape.connection, open_only=True, as_of=half)
    assert (then.quantity, then.realised, then.closed_at) == (Decimal(1), Decimal(100), None)
    now = position(record.tape.connection, signal.id)
    assert now is not None
    assert (now.quantity, now.realised, now.closed_by) == (Decimal(0), Decimal(200), "exit")
    assert position(record.tape.connection, signal.id, as_of=0) is None


def test_books_are_traders_and_accounts(record: Record) -> None:
    nora = record.trader("Nora")
    record.opens(nora, "11-16 15:00")
    record.tape.save(
        Account.open(name="main", broker="paper", cash=Decimal(5000), at=utc("11-16 14:00"))
    )
    record.follow()
    found = {book.kind: book for book in books(record.tape.connection)}
    assert found[BookKind.TRADER].book == nora
    assert (found[BookKind.ACCOUNT].name, found[BookKind.ACCOUNT].cash) == ("main", Decimal(5000))
    assert books(record.tape.connection, kind=BookKind.TRADER) == [found[BookKind.TRADER]]
    assert books(record.tape.connection, as_of=0) == []


def test_an_account_earns_dividends_and_pays_fees(record: Record) -> None:
    opened = Account.open(name="main", broker="alpaca", cash=Decimal(5000), at=utc("11-16 14:00"))
    for kind, amount in (
        (CashKind.DEPOSIT, "500"), (CashKind.DIVIDEND, "10"), (CashKind.INTEREST, "2"),
        (CashKind.FEE, "-3"), (CashKind.HISTORY, "99"),
    ):  # fmt: skip
        opened.move_cash(
            kind, Decimal(amount), activity=kind.value, happened_at=utc("11-16 15:00"),
            at=utc("11-16 15:00"),
        )  # fmt: skip
    record.tape.save(opened)
    record.follow()
    (day,) = book_days(record.tape.connection, opened.id, date(2026, 11, 1), date(2026, 11, 30))
    assert (day.pnl, day.commission) == (Decimal(12), Decimal(3))
    assert day.r == Decimal(9) / 5000


def test_days_of_a_book_are_those_on_which_something_moved(record: Record) -> None:
    nora = record.trader("Nora")
    record.trades(nora, "11-16 15:00", "11-16 16:00")
    signal = record.opens(nora, "11-18 15:00")
    record.follow()
    known = record.exits(signal, "11-19 16:00", "1.00")
    record.trades(nora, "11-20 15:00", "11-20 16:00")
    record.follow()

    def days(first: int, last: int, as_of: int | None = None) -> list[tuple[int, Decimal]]:
        found = book_days(
            record.tape.connection, nora, date(2026, 11, first), date(2026, 11, last), as_of=as_of
        )
        return [(row.day.day, row.pnl) for row in found]

    assert days(1, 30) == [(16, Decimal(100)), (18, Decimal(0)), (19, Decimal(-100)),
                           (20, Decimal(100))]  # fmt: skip
    assert days(18, 19) == [(18, Decimal(0)), (19, Decimal(-100))]
    assert days(1, 30, as_of=known) == days(1, 19)


def test_contributions_add_up_to_what_the_position_earned(record: Record) -> None:
    signal = record.opens(record.trader("Nora"), "11-16 15:00", quantity="2")
    record.marks("TSLA  261218C00250000", "11-16 21:00", "2.50", "2.60")
    known = record.exits(signal, "11-17 15:00", "3.00")
    record.exits(signal, "11-17 16:00", "1.00")
    record.follow()
    now = position(record.tape.connection, signal.id)
    lines = contributions(record.tape.connection, signal.id)
    assert now is not None
    assert sum(line.pnl for line in lines) == now.pnl == 0
    assert sum(line.ratio for line in lines) == now.pnl_ratio
    assert [line.cause for line in lines] == [
        "mark.recorded", "signal.exit_called", "signal.exit_called",
    ]  # fmt: skip
    then = contributions(record.tape.connection, signal.id, as_of=known)
    assert then == [line for line in lines if line.event <= known]
