"""What can be a level, what it takes, and at which price it sells."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.exit_terms import (
    ClosingTerms,
    ExitReason,
    Fired,
    Levels,
    Target,
    TimeStop,
    Trailing,
    closing_terms,
    fitting,
    on_tick,
    share_of,
)
from domain.fix import OrdType, Side
from domain.shared import InvalidInput
from tests.domain.exit_plans import AT, CALL, SHARES, plan, quote, targets

D = Decimal


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (Levels(stop=D(0)), "above zero"),
        (Levels(stop=D(5), targets=targets("4")), "does not lie beyond the stop 5"),
        (Levels(targets=(Target(price=D(4), quantity=D(0)),)), "above zero"),
        (Levels(trailing=Trailing()), "give one of them"),
        (Levels(trailing=Trailing(amount=D(1), share=D("0.1"))), "give one of them"),
        (Levels(trailing=Trailing(share=D(20))), "0.20 is 20 %"),
        (Levels(time_stop=TimeStop()), "days before expiry or a moment"),
        (Levels(time_stop=TimeStop(days_left=-1)), "after it"),
    ],
)
def test_levels_that_guard_nothing_are_refused(levels: Levels, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        levels.check(Side.BUY)
    with pytest.raises(InvalidInput, match=words):
        plan(stop="1").change(levels, by="ada", at=AT)


def test_what_a_trader_said_that_is_no_level_is_left_out_in_words() -> None:
    levels, dropped = fitting(Side.BUY, D(245), [D(7), D(5)], entry=D("5.52"))
    assert levels == Levels(targets=targets("7"))
    assert dropped == (
        "the stop 245 would fire at once",
        "the target 5 does not lie beyond 5.52",
    )
    levels, dropped = fitting(Side.SELL, D(8), [D(9), D(2)])
    assert levels == Levels(stop=D(8), targets=targets("2"))
    assert dropped == ("the target 9 does not lie beyond 8",)


def test_the_same_part_follows_and_at_least_one() -> None:
    assert share_of(D(9), D(1), D(2)) == 4
    assert share_of(D(9), D(2), D(2)) == 9
    assert share_of(D(1), D(1), D(10)) == 1


def test_an_option_goes_by_a_limit_through_the_bid_and_a_share_at_the_market() -> None:
    stop = Fired(reason=ExitReason.STOP, quantity=D(1), level=D("4.00"))
    assert closing_terms(Side.BUY, CALL, stop, quote("2.00"), 2) == ClosingTerms(
        OrdType.LIMIT, D("1.98")
    )
    assert closing_terms(Side.BUY, CALL, stop, quote("0.01"), 2).limit_px == D("0.01")
    assert closing_terms(Side.SELL, CALL, stop, quote("2", "2.10"), 1).limit_px == D("2.11")
    assert closing_terms(Side.BUY, SHARES, stop, quote("2.00"), 2) == ClosingTerms(
        OrdType.MARKET, None
    )


def test_a_target_is_a_limit_at_its_price_and_never_worse() -> None:
    reached = Fired(reason=ExitReason.TARGET, quantity=D(1), level=D("6.123"), target=1)
    assert closing_terms(Side.BUY, CALL, reached, quote("6.20"), 1).limit_px == D("6.13")
    assert on_tick(Side.BUY, CALL, D("6.123")) == D("6.12")
