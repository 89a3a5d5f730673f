"""What a quote proves: marks, and the price that a claim counts at."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.fix import Side
from domain.market import (
    CLOCK_SKEW,
    Mark,
    MarkRecorded,
    Quote,
    exchange_day,
    mark_stream,
    weigh_claim,
    why_unusable,
)
from domain.shared import InvalidInput
from tests.domain.told import replayed, state_of, told_by

D = Decimal
CLOSE = datetime(2026, 11, 16, 21, 0, tzinfo=UTC)
CALL = "TSLA  261120C00250000"


def quote(bid: str = "2.25", offer: str = "2.30", symbol: str = CALL) -> Quote:
    return Quote(symbol=symbol, bid=D(bid), offer=D(offer), time=CLOSE, source="recorded")


def mark(found: Quote) -> Mark:
    return Mark.record(found, underlying_px=D(251), rate=D("0.04"), marked_at=CLOSE, at=CLOSE)


@pytest.mark.parametrize(
    ("side", "claimed", "counts_at", "attainable"),
    [
        # A buyer pays the offer, or what they say if that is more.
        (Side.BUY, "2.30", "2.30", True),
        (Side.BUY, "2.40", "2.40", True),
        (Side.BUY, "2.27", "2.30", True),
        (Side.BUY, "2.25", "2.30", True),
        (Side.BUY, None, "2.30", True),
        # Nobody bought below the bid.
        (Side.BUY, "2.24", "2.30", False),
        # A seller gets the bid, or what they say if that is less.
        (Side.SELL, "2.25", "2.25", True),
        (Side.SELL, "2.10", "2.10", True),
        (Side.SELL, "2.28", "2.25", True),
        (Side.SELL, "2.30", "2.25", True),
        (Side.SELL, None, "2.25", True),
        # Nobody sold above the offer.
        (Side.SELL, "2.31", "2.25", False),
    ],
)
def test_a_claim_counts_at_the_worse_of_itself_and_the_quote(
    side: Side, claimed: str | None, counts_at: str, attainable: bool
) -> None:
    found = weigh_claim(side, None if claimed is None else D(claimed), D("2.25"), D("2.30"))
    assert (found.price, found.attainable) == (D(counts_at), attainable)


cents = st.integers(0, 5000).map(lambda number: D(number) / 100)


@given(st.sampled_from(Side), cents | st.none(), cents, cents)
def test_no_claim_counts_better_than_it_was_made_or_than_was_quoted(
    side: Side, claimed: Decimal | None, one: Decimal, other: Decimal
) -> None:
    bid, offer = min(one, other), max(one, other)
    found = weigh_claim(side, claimed, bid, offer)
    sign = side.sign
    assert sign * found.price >= sign * (offer if side is Side.BUY else bid)
    if claimed is not None:
        assert sign * found.price >= sign * claimed
        near = bid if side is Side.BUY else offer
        assert found.attainable == (sign * claimed >= sign * near)


@pytest.mark.parametrize(
    ("bid", "offer", "usable"),
    [
        ("2.25", "2.30", True),
        ("2.30", "2.30", True),
        ("0", "0.05", True),
        ("2.31", "2.30", False),
        ("0", "0", False),
        ("-0.01", "0.05", False),
    ],
)
def test_crossed_quotes_and_quotes_without_an_offer_prove_nothing(
    bid: str, offer: str, usable: bool
) -> None:
    assert quote(bid, offer).is_usable is usable


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("bid", "offer", "sizes", "side", "why"),
    [
        ("2.25", "2.30", (10, 10), None, ""),
        ("2.25", "2.30", (None, None), Side.BUY, ""),
        ("2.25", "2.30", (None, None), Side.SELL, ""),
        ("2.31", "2.30", (10, 10), Side.BUY, "it is crossed: 2.31 x 2.30"),
        ("2.31", "2.30", (10, 10), Side.SELL, "it is crossed: 2.31 x 2.30"),
        ("-0.01", "2.30", (10, 10), None, "it is crossed: -0.01 x 2.30"),
        ("0", "0.05", (0, 10), Side.SELL, "nothing is bid"),
        ("0", "0.05", (0, 10), Side.BUY, ""),
        ("0", "0.05", (0, 10), None, ""),
        ("2.25", "0", (10, 0), Side.BUY, "nothing is offered"),
        ("2.25", "0", (10, 0), None, "nothing is offered"),
        ("2.25", "0", (10, 0), Side.SELL, ""),
        ("2.25", "2.30", (10, 0), Side.BUY, "no size is offered at 2.30"),
        ("2.25", "2.30", (10, 0), Side.SELL, ""),
        ("2.25", "2.30", (0, 10), Side.SELL, "no size is bid at 2.25"),
        ("2.25", "2.30", (0, 10), Side.BUY, ""),
        ("2.25", "2.30", (0, 0), None, "both of its sizes are zero"),
    ],
)
def test_why_nothing_may_be_decided_on_a_quote_is_said_in_words(
    bid: str, offer: str, sizes: tuple[int | None, int | None], side: Side | None, why: str
) -> None:
    found = replace(quote(bid, offer), bid_size=sizes[0], offer_size=sizes[1])
    assert why_unusable(found, at=CLOSE, max_age=MINUTE, side=side) == why


@pytest.mark.parametrize(
    ("age", "why"),
    [
        (timedelta(0), ""),
        (MINUTE, ""),
        (MINUTE + timedelta(seconds=2.5), "it is 62 s old, 2.5 s over the 60 s allowed"),
        (timedelta(minutes=15), "it is 900 s old, 840 s over the 60 s allowed"),
        (-CLOCK_SKEW, ""),
        (-timedelta(seconds=30), "its time is 30 s ahead of the clock"),
    ],
)
def test_how_much_too_old_a_quote_is_is_said(age: timedelta, why: str) -> None:
    assert why_unusable(quote(), at=CLOSE + age, max_age=MINUTE) == why


def test_a_mark_keeps_the_quote_and_what_else_a_figure_rests_on() -> None:
    made = mark(quote())
    (event,) = told_by(made)
    assert isinstance(event, MarkRecorded)
    assert (event.bid, event.offer, event.underlying_px) == (D("2.25"), D("2.30"), D(251))
    assert (event.marked_at, event.source) == (CLOSE, "recorded")
    assert state_of(replayed([event])) == state_of(made)


def test_an_instrument_has_one_mark_of_a_moment() -> None:
    assert mark(quote()).id == mark(quote("2.00", "2.10")).id == mark_stream(CALL, CLOSE)
    assert mark_stream(CALL, CLOSE) != mark_stream("TSLA", CLOSE)


@pytest.mark.parametrize(("bid", "offer"), [("2.31", "2.30"), ("0", "0")])
def test_an_unusable_quote_is_no_mark(bid: str, offer: str) -> None:
    with pytest.raises(InvalidInput, match="is crossed or has no offer"):
        mark(quote(bid, offer))


def test_what_is_no_instrument_has_no_mark() -> None:
    with pytest.raises(InvalidInput, match="names no instrument"):
        mark(quote(symbol="nothing at all"))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        # New York is five hours behind in winter and four in summer.
        (datetime(2026, 1, 16, 4, 59, tzinfo=UTC), date(2026, 1, 15)),
        (datetime(2026, 1, 16, 5, 0, tzinfo=UTC), date(2026, 1, 16)),
        (datetime(2026, 7, 16, 3, 59, tzinfo=UTC), date(2026, 7, 15)),
        (datetime(2026, 7, 16, 4, 0, tzinfo=UTC), date(2026, 7, 16)),
    ],
)
def test_a_day_is_the_exchanges_own(moment: datetime, day: date) -> None:
    assert exchange_day(moment) == day
