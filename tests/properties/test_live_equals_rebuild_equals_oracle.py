"""Money is the same however it is worked out: followed live, rebuilt, or summed from scratch.

Histories are random and made by the real aggregates; much in them comes late. Most examples
are folded in memory, with every version of every row kept; `test_money_on_postgres` runs a
few on a real tape.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def told_figures(
    positions: Sequence[PositionRow], days: Sequence[BookDay], world: World
) -> tuple[Any, Any]:
    """Ours and the oracle's, row for row: every figure that it has, and no row that it has not."""
    held = {holding_stream(*key): row for key, row in world.holdings.items()}
    expected = world.trades | held
    ours = {row.position: _of(row, expected.get(row.position, {})) for row in positions}
    found: dict[UUID, dict[Any, Figures]] = {}
    for day in sorted(days, key=lambda day: (day.book, day.day)):
        found.setdefault(day.book, {})[day.day] = msgspec.structs.asdict(day)
    own = {
        book: {
            at: {name: row[name] for name in wanted.get(at, {})}
            for at, row in _without_empty(found.get(book, {})).items()
        }
        for book, wanted in world.days.items()
    }
    return (ours, own), (expected, world.days)


def _of(row: PositionRow, wanted: Mapping[str, object]) -> Figures:
    """The figures of a row that are wanted."""
    told = msgspec.structs.asdict(row)
    return {name: told[name] for name in wanted}


def told_sums(rows: Sequence[SumsRow], world: World) -> tuple[Any, Any]:
    """Our sums of closed trades and the oracle's; days whose trades were all taken out say what
    those before do."""
    found: dict[UUID, dict[Any, Figures]] = {book: {} for book in world.sums}
    for row in sorted(rows, key=lambda row: (row.book, row.day)):
        told = msgspec.structs.asdict(row)
        found.setdefault(row.book, {})[row.day] = {name: told[name] for name in NAMES}
    expected: dict[UUID, dict[Any, Figures]] = {}
    for book, wanted in world.sums.items():
        before: Figures = dict.fromkeys(NAMES, Decimal(0))
        carried = expected[book] = {}
        for day in sorted(found[book].keys() | wanted.keys()):
            carried[day] = before = wanted.get(day, before)
    return {book: found[book] for book in world.sums}, expected


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
    ours, theirs = told_figures(
        list(books.positions.in_memory()), list(books.records.days.in_memory()), world
    )
    assert ours == theirs
    ours, theirs = told_sums(list(books.sums.table.in_memory()), world)
    assert ours == theirs


@settings(max_examples=60)
@given(histories(25))
def test_what_was_known_at_a_position_is_what_the_events_up_to_it_say(told: list[Told]) -> None:
    """So no answer as of a position ever changes when later events arrive."""
    books = fold(told, ())
    positions, days = versions(books.positions), versions(books.records.days)
    sums = versions(books.sums.table)
    for position in range(1, len(told) + 1):
        world = World(told[:position])
        ours, theirs = told_figures(known_at(positions, position), known_at(days, position), world)
        assert ours == theirs
        ours, theirs = told_sums(known_at(sums, position), world)
        assert ours == theirs


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
