"""Money on a real tape: followed in batches with restarts, rebuilt, and summed from scratch.

Few examples, each with a database of its own and much in it; `test_live_equals_rebuild_equals_
oracle` tries many more without a database.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.books import Books
from projections.closed_trades import closing_of
from projections.pnl import BookDay
from projections.positions import PositionRow
from projections.runner import Runner
from projections.shape import Shape
from projections.trade_sums import SumsRow
from projections.window_sums import NO_SUMS, sums_of
from projections.windows import Span, Window
from tests.conftest import NewDatabase
from tests.projections.tape import Tape, reading
from tests.properties.histories import TRADERS, histories
from tests.properties.oracle import Told
from tests.properties.oracle_days import World
from tests.properties.oracle_sums import NAMES
from tests.properties.test_live_equals_rebuild_equals_oracle import told_figures, told_sums

SHAPES = [table.shape for table in Books().tables]


def versions(tape: Tape) -> dict[str, list[tuple[Any, ...]]]:
    """Every version of every row of every money table."""
    return {shape.name: tape.versions(shape.name) for shape in SHAPES}


def rows(tape: Tape, shape: Shape[Any], as_of: int) -> list[Any]:
    found = tape.connection.execute(
        f"SELECT {shape.column_list} FROM {shape.view} WHERE valid_from <= %s AND %s < valid_to",
        (as_of, as_of),
    )
    return [shape.made_of(row) for row in found.fetchall()]


def follow(tape: Tape, told: Sequence[Told], parts: Sequence[int]) -> None:
    """Appends part by part; each part is folded by a program that was started anew."""
    begin = 0
    for size in (*parts, len(told)):
        part = told[begin : begin + size]
        if part:
            tape.append([each.event for each in part])
            follower = Runner(reading(tape.url), [Books], batch_max=1 + size % 7)
            follower.start()
            follower.catch_up()
            follower.close()
        begin += size


def compare_windows(tape: Tape, position: int, world: World) -> None:
    """What a ranking takes of all time up to a day, or of hours, as known at a position."""
    for day in (date(2025, 3, 4), date(2025, 3, 6), date(2025, 3, 20)):
        at = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
        of_days = Span(Window.ALL, date.min, day, at)
        of_hours = Span(Window.LAST_24H, day, day, at, datetime(2020, 1, 1, tzinfo=UTC))
        for span in (of_days, of_hours):
            found = sums_of(tape.connection, span, position)
            for book in TRADERS:
                wanted = world.window_sums(book, closing_of(span).until)
                own = found.get(book, NO_SUMS)
                assert own == pytest.approx([float(wanted[name]) for name in NAMES], 1e-5, 1e-5)


@settings(max_examples=12)
@given(histories(60, steps_min=25), st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_followed_with_restarts_rebuilt_and_summed_from_scratch(
    new_database: NewDatabase, told: list[Told], parts: list[int]
) -> None:
    with new_database() as url:
        tape = Tape(url)
        with tape.connection:
            follow(tape, told, parts)
            followed = versions(tape)
            Runner(reading(url), [Books]).rebuild()
            assert versions(tape) == followed
            positions: Shape[PositionRow] = SHAPES[0]
            days: Shape[BookDay] = next(s for s in SHAPES if s.name == "book_days")
            sums: Shape[SumsRow] = next(s for s in SHAPES if s.name == "trade_sums")
            for position in range(1, len(told) + 1, max(1, len(told) // 5)):
                world = World(told[:position])
                ours, theirs = told_figures(
                    rows(tape, positions, position), rows(tape, days, position), world
                )
                assert ours == theirs
                ours, theirs = told_sums(rows(tape, sums, position), world)
                assert ours == theirs
                compare_windows(tape, position, world)
            once = Runner(reading(url), [Books]).replay(len(told) // 2)
            assert [one for one in once if not one.agrees] == []
