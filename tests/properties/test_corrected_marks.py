"""Once a mark is corrected, every figure is what it would be had it been right from the start."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.market import MarkCorrected, MarkRecorded
from tests.properties.histories import histories, prices
from tests.properties.oracle import Told
from tests.properties.oracle_days import World
from tests.properties.test_live_equals_rebuild_equals_oracle import fold, told_figures, told_sums


@st.composite
def with_a_wrong_mark(draw: st.DrawFn) -> tuple[list[Told], Told, Decimal, int]:
    """A history, one of its marks, the bid that it should have had, and when that is said."""
    told = draw(histories(50, steps_min=10).filter(lambda found: any(map(_is_mark, found))))
    wrong = draw(st.sampled_from([each for each in told if _is_mark(each)]))
    after = draw(st.integers(wrong.position, len(told)))
    return told, wrong, draw(prices), after


def _is_mark(told: Told) -> bool:
    return isinstance(told.event, MarkRecorded)


@settings(max_examples=150)
@given(with_a_wrong_mark())
def test_a_corrected_mark_counts_as_if_it_had_been_right(
    drawn: tuple[list[Told], Told, Decimal, int],
) -> None:
    told, wrong, bid, after = drawn
    mark = wrong.event
    assert isinstance(mark, MarkRecorded)
    right = replace(mark, bid=bid, offer=bid + Decimal("0.10"))
    put_right = MarkCorrected(
        originator_id=mark.originator_id, originator_version=2,
        timestamp=mark.timestamp + timedelta(days=30), correction=mark.originator_id,
        symbol=mark.symbol, bid=right.bid, offer=right.offer, marked_at=mark.marked_at,
        quote_time=mark.quote_time, source=mark.source, was_bid=mark.bid, was_offer=mark.offer,
        reason="x", by="y",
    )  # fmt: skip
    # Positions of the tape are even, so that there is room for what is said in between.
    events = [each._replace(position=2 * each.position) for each in told]
    later = Told(2 * after + 1, wrong.stream, put_right)
    books = fold([*events[:after], later, *events[after:]], [5, 3])
    world = World([
        each._replace(event=right) if each.position == 2 * wrong.position else each
        for each in events
    ])  # fmt: skip
    ours, theirs = told_figures(
        list(books.positions.in_memory()), list(books.records.days.in_memory()), world
    )
    assert ours == theirs
    ours, theirs = told_sums(list(books.sums.table.in_memory()), world)
    assert ours == theirs
