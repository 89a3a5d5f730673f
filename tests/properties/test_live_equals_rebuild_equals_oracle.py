"""Money is the same however it is worked out: followed live, rebuilt, or summed from scratch.

Histories are random and made by the real aggregates; much in them comes late. Most examples
are folded in memory, with every version of every row kept; `test_money_on_postgres` runs a
few on a real tape.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.holdings import holding_stream
from projections.books import Books
from projections.folding import handlers_of
from projections.pnl import BookDay
from projections.positions import PositionRow
from projections.readmodel import Row
from projections.table import Table
from projections.trade_sums import SumsRow
from tests.properties.histories import histories
from tests.properties.oracle import Figures, Told
from tests.properties.oracle_days import COUNTS, World
from tests.properties.oracle_sums import NAMES


class Place(NamedTuple):
    """Where an event lies on the tape."""

    position: int
    stream: UUID
    version: int
    name: str
    recorded_at: datetime
    actor: str = "test"
    correlation: UUID | None = None
    causation: int | None = None


def fold(told: Sequence[Told], sizes: Iterable[int]) -> Books:
    """Folds in batches of these sizes; nothing is taken away, so all versions stay."""
    books = Books()
    handlers = handlers_of([books])
    begin = 0
    for size in (*sizes, len(told)):
        for each in told[begin : begin + size]:
            event = each.event
            place = Place(each.position, each.stream, event.originator_version, event.TOPIC,
                          event.timestamp)  # fmt: skip
            for handle in handlers.get(event.TOPIC, ()):
                handle(event, place)
        books.finish_batch()
        begin += size
    return books


def versions(table: Table[Any]) -> list[Any]:
    return [*table.closed(), *table.in_memory()]


def known_at(rows: Iterable[Row], position: int) -> list[Any]:
    return [row for row in rows if row.valid_from <= position < row.valid_to]


def compare(positions: Sequence[PositionRow], days: Sequence[BookDay], world: World) -> None:
    """Row for row: every figure of the oracle, and no row that it does not have."""
    held = {holding_stream(*key): row for key, row in world.holdings.items()}
    expected = world.trades | held
    assert {row.position for row in positions} == expected.keys()
    for row in positions:
        figures = msgspec.structs.asdict(row)
        wanted = expected[row.position]
        assert {name: figures[name] for name in wanted} == wanted
    found: dict[UUID, dict[Any, Figures]] = {}
    for day in sorted(days, key=lambda day: (day.book, day.day)):
        found.setdefault(day.book, {})[day.day] = msgspec.structs.asdict(day)
    for book, wanted_days in world.days.items():
        own = _without_empty(found.get(book, {}))
        assert own.keys() == wanted_days.keys()
        for at, wanted in wanted_days.items():
            assert {name: own[at][name] for name in wanted} == wanted


def compare_sums(rows: Sequence[SumsRow], world: World) -> None:
    """Every sum of closed trades; days whose trades were all taken out say what those before do."""
    found: dict[UUID, dict[Any, Figures]] = {}
    for row in sorted(rows, key=lambda row: (row.book, row.day)):
        figures = msgspec.structs.asdict(row)
        found.setdefault(row.book, {})[row.day] = {name: figures[name] for name in NAMES}
    for book, wanted in world.sums.items():
        own = found.get(book, {})
        before: Figures = dict.fromkeys(NAMES, Decimal(0))
        for day in sorted(own.keys() | wanted.keys()):
            before = wanted.get(day, before)
            assert own[day] == before


def _without_empty(days: dict[Any, Figures]) -> dict[Any, Figures]:
    """Days on which everything was taken back keep a row that says so; the oracle has none."""
    kept, before = {}, dict.fromkeys(COUNTS, 0)
    for at, figures in days.items():
        counts = {count: figures[count] for count in COUNTS}
        own = (figures["contribution"], figures["pnl"], figures["commission"], figures["r"])
        if counts != before or any(own):
            kept[at] = figures
        before = counts
    return kept


batch_sizes = st.lists(st.integers(1, 9), max_size=8)


@settings(max_examples=200)
@given(histories())
def test_the_fold_gives_what_the_oracle_says(told: list[Told]) -> None:
    books = fold(told, ())
    world = World(told)
    compare(list(books.positions.in_memory()), list(books.records.days.in_memory()), world)
    compare_sums(list(books.sums.table.in_memory()), world)


@settings(max_examples=60)
@given(histories(25))
def test_what_was_known_at_a_position_is_what_the_events_up_to_it_say(told: list[Told]) -> None:
    """So no answer as of a position ever changes when later events arrive."""
    books = fold(told, ())
    positions, days = versions(books.positions), versions(books.records.days)
    sums = versions(books.sums.table)
    for position in range(1, len(told) + 1):
        world = World(told[:position])
        compare(known_at(positions, position), known_at(days, position), world)
        compare_sums(known_at(sums, position), world)


@given(histories(), batch_sizes)
def test_rows_do_not_depend_on_the_size_of_batches(told: list[Told], sizes: list[int]) -> None:
    one_by_one, batched = fold(told, [1] * len(told)), fold(told, sizes)
    for live, again in zip(one_by_one.tables, batched.tables, strict=True):
        if isinstance(live, Table) and isinstance(again, Table):
            assert _all(versions(live)) == _all(versions(again))


@given(histories())
def test_contributions_add_up_to_the_days_and_the_trades(told: list[Told]) -> None:
    """Every figure of a day can show the events that it is made of."""
    books = fold(told, ())
    sums: dict[UUID, list[Decimal]] = {}
    for line in books.records.contributions.in_memory():
        pnl, commission = sums.setdefault(line.book, [Decimal(0), Decimal(0)])
        sums[line.book] = [pnl + line.pnl, commission + line.commission]
    last = {day.book: day for day in sorted(books.records.days.in_memory(), key=lambda d: d.day)}
    for book, (pnl, commission) in sums.items():
        assert (last[book].cum_pnl, last[book].cum_commission) == (pnl, commission)


def _all(rows: Iterable[Row]) -> list[Any]:
    return sorted((msgspec.structs.astuple(row) for row in rows), key=repr)
