"""What is kept of a board in memory and brought up to date is what a whole reading gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ranking import VERSION_2
from projections.board_records import BoardRecord, read_record
from projections.books import Books
from projections.kept_records import KeptRecords
from projections.people import People
from projections.runner import Runner
from projections.trader_profiles import TraderProfiles
from projections.windows import Span, Window, span_of
from tests.conftest import NewDatabase
from tests.projections.tape import Tape, reading
from tests.properties.histories import histories
from tests.properties.oracle import Told

AT = datetime(2025, 3, 6, 17, tzinfo=UTC)
SPANS = (
    Span(Window.ALL, date.min, date(2025, 3, 20), AT),
    # Much of what is told later is of days after this window.
    Span(Window.WEEK, date(2025, 3, 4), date(2025, 3, 6), AT),
)


def is_same(kept: BoardRecord, whole: BoardRecord) -> bool:
    assert kept.sums is not None
    assert whole.sums is not None
    pairs = zip(kept.sums, whole.sums, strict=True)
    return (kept.rows, kept.places) == (whole.rows, whole.places) and all(
        np.array_equal(ours, theirs, equal_nan=True) for ours, theirs in pairs
    )


@settings(max_examples=8)
@given(
    histories(50, steps_min=20),
    st.lists(st.integers(1, 12), min_size=2, max_size=6),
    st.lists(st.integers(-60, 20 * 60), min_size=7, max_size=7),
)
def test_a_kept_board_is_the_whole_board(
    new_database: NewDatabase, told: Sequence[Told], parts: list[int], minutes: list[int]
) -> None:
    with new_database() as url:
        # Of two traders one is half a board.
        tape, kept, begin = Tape(url), KeptRecords(reread_from=1.0), 0
        follower = Runner(reading(url), [Books, People, TraderProfiles])
        follower.start()
        with tape.connection:
            at, heads = AT - timedelta(days=2), list[int]()
            for size, later in zip((*parts, len(told)), minutes, strict=False):
                at += timedelta(minutes=later)
                hours = span_of(Window.LAST_24H, at)
                part = told[begin : begin + size]
                begin += size
                if part:
                    heads.append(tape.append([each.event for each in part]))
                follower.catch_up()
                # Hours go on while nothing is told, too.
                in_a_while = span_of(Window.LAST_24H, at + timedelta(minutes=35))
                for span, as_of in product(
                    (*SPANS, hours, in_a_while), (None, *heads[-1:], *heads[:1])
                ):
                    ours = kept.record(tape.connection, span, VERSION_2, as_of)
                    assert is_same(ours, read_record(tape.connection, span, VERSION_2, as_of))
        follower.close()
