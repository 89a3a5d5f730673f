"""How often a table asks for stored rows: once for each, and for many of them together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import astuple, replace

from domain.stakes import Measured
from projections.shape import Row, Shape
from projections.table import Table
from projections.trade_sums import Counted, RecordSums, SumsRow, terms_of

ADA, BEN, CYD, NOBODY = uuid4(), uuid4(), uuid4(), uuid4()


class Guest(Row, frozen=True, kw_only=True):
    """Somebody with a table of theirs."""

    guest: UUID
    seat: int


class Stored:
    """Guests as the database has them; writes down what is asked."""

    def __init__(self, *guests: Guest) -> None:
        self._guests = {guest.guest: guest for guest in guests}
        self.finds: list[UUID] = []
        self.selects: list[Sequence[Any]] = []

    def find(self, _shape: Shape[Any], _build: int, key: Sequence[Any]) -> list[Any]:
        self.finds.append(key[0])
        return [astuple(self._guests[key[0]])] if key[0] in self._guests else []

    def select(
        self, _shape: Shape[Any], _build: int, where: str, parameters: Sequence[Any]
    ) -> list[Any]:
        self.selects.append(parameters)
        wanted = parameters[0] if where == "guest = ANY(%s)" else list(self._guests)
        return [astuple(self._guests[guest]) for guest in wanted if guest in self._guests]


def stored() -> Stored:
    return Stored(Guest(guest=ADA, seat=1, valid_from=1), Guest(guest=BEN, seat=2, valid_from=2))


def attached(source: Stored, *, complete: bool = False) -> Table[Guest]:
    table = Table("guests", Guest, ["guest"])
    table.attach(source, 1, complete=complete)
    return table


def test_what_was_selected_is_not_asked_for_again() -> None:
    source = stored()
    table = attached(source)

    assert [guest.seat for guest in table.select_current()] == [1, 2]
    assert [table.current(guest) is None for guest in (ADA, BEN)] == [False, False]
    assert source.finds == []


def test_what_was_put_or_removed_stands_instead_of_what_is_selected() -> None:
    source = stored()
    table = attached(source)
    ada = table.current(ADA)
    assert ada is not None
    table.put(replace(ada, seat=9), 7)
    table.remove(BEN, 8)

    table.select_current()

    moved = table.current(ADA)
    assert moved is not None
    assert (moved.seat, table.current(BEN)) == (9, None)
    writes = table.take(everything=True)
    assert writes is not None
    assert sorted(ended[1:] for ended in writes.ended) == [(1, 7), (2, 8)]


def test_many_are_looked_for_in_one_query() -> None:
    source = stored()
    table = attached(source)
    table.insert(Guest(guest=CYD, seat=3), 5)

    table.prefetch([ADA, BEN, CYD, NOBODY])
    table.prefetch([ADA, BEN, CYD, NOBODY])

    assert source.selects == [([ADA, BEN, NOBODY],)]
    found = [table.current(guest) is not None for guest in (ADA, BEN, CYD, NOBODY)]
    assert found == [True, True, True, False]
    assert source.finds == []


def test_a_table_that_began_empty_looks_ahead_for_nothing() -> None:
    source = stored()

    attached(source, complete=True).prefetch([ADA])

    assert source.selects == []


class StoredSums:
    """The last sums of traders as the database has them; nothing else is to be asked for."""

    def __init__(self, *rows: SumsRow) -> None:
        self._rows = rows
        self.selects = 0

    def find(self, shape: Shape[Any], _build: int, key: Sequence[Any]) -> list[Any]:
        raise AssertionError(f"{shape.name}: a query for {key} alone")

    def select(
        self, _shape: Shape[Any], _build: int, _where: str, parameters: Sequence[Any]
    ) -> list[Any]:
        self.selects += 1
        return [astuple(row) for row in self._rows if row.book in parameters[0]]


def test_trades_of_many_on_the_last_day_of_each_ask_for_their_sums_together() -> None:
    friday = date(2026, 11, 20)
    last = [SumsRow(book=book, day=friday, trades=4, valid_from=3) for book in (ADA, BEN)]
    source = StoredSums(*last)
    sums = RecordSums()
    sums.table.attach(source, 1, complete=False)
    one = Counted(friday, terms_of(Measured(Decimal("0.5"), Decimal(1))))

    for position, book in enumerate((ADA, BEN, ADA), start=10):
        sums.move(book, None, one, position)
    sums.finish_batch()

    assert source.selects == 1
    writes = sums.table.take(everything=True)
    assert writes is not None
    current = {row.book: (row.trades, row.wins) for row in writes.rows if row.valid_to > 12}
    assert current == {ADA: (6, 2), BEN: (5, 1)}
    assert sorted(ended[2:] for ended in writes.ended) == [(3, 10), (3, 11)]
