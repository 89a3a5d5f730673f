"""What a ranking measures a trade by: its first entry's stake, and the most it could have lost."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.fix import Side
from domain.legs import Leg
from domain.stakes import Measured, Stake, measured, stake_of

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
SHARES = (Leg(symbol="TSLA", side=BUY),)
SHORT_SHARES = (Leg(symbol="TSLA", side=SELL),)


def leg(side: Side, right: str, strike: int, ratio: int = 1) -> Leg:
    return Leg(symbol=f"TSLA  261120{right}{strike * 1000:08d}", side=side, ratio=ratio)


def worst(side: Side, legs: tuple[Leg, ...], *moves: tuple[str, str]) -> Decimal:
    """In times of what the first entry tied up; of a trade that came to nothing in the end."""
    executions = [(D(quantity), D(price)) for quantity, price in moves]
    found = measured(D(0), stake_of(side, legs, 100, executions))
    assert found is not None
    return found.worst


def test_a_bought_option_can_lose_what_it_cost() -> None:
    stake = stake_of(BUY, (leg(BUY, "C", 250),), 100, [(D(2), D("3.00")), (D(-2), D("4.50"))])
    assert stake == Stake(D(600), D(600))
    assert measured(D(300), stake) == Measured(D("0.5"), D(1))


def test_a_spread_can_lose_its_width_less_what_it_brought() -> None:
    sold = (leg(SELL, "C", 250), leg(BUY, "C", 260))
    assert worst(SELL, sold, ("1", "4.00")) == 1
    bought = (leg(BUY, "C", 250), leg(SELL, "C", 260))
    assert worst(BUY, bought, ("1", "4.00")) == 1


def test_a_naked_put_can_lose_several_times_its_margin() -> None:
    # The margin is a fifth of the strike; at nothing the put costs all of it.
    assert worst(SELL, (leg(SELL, "P", 250),), ("1", "2.00")) == D(248) / 50


def test_a_naked_call_is_expected_to_cost_as_much_at_twice_its_strike() -> None:
    assert worst(SELL, (leg(SELL, "C", 250),), ("1", "2.00")) == D(248) / 50
    more_sold = (leg(SELL, "C", 250, 2), leg(BUY, "C", 240))
    # At 500: 2 x 250 are owed and 260 held, over the margin of both short calls.
    assert worst(SELL, more_sold, ("1", "2.00")) == D(238) / 100


def test_a_bought_trade_that_owes_more_than_it_holds_can_lose_more_than_its_cost() -> None:
    ratio_spread = (leg(BUY, "C", 240), leg(SELL, "C", 250, 2))
    assert worst(BUY, ratio_spread, ("1", "1.00")) == 1 + D(240)


@pytest.mark.parametrize(("side", "legs"), [(BUY, SHARES), (SELL, SHORT_SHARES)])
def test_shares_are_expected_to_move_by_a_quarter_in_a_night(
    side: Side, legs: tuple[Leg, ...]
) -> None:
    assert worst(side, legs, ("10", "200")) == D("0.25")
    stake = stake_of(side, legs, 1, [(D(10), D(200)), (D(-10), D(200) - side.sign * 80)])
    assert stake == Stake(D(2000), D(800))
    assert measured(D(-800), stake) == Measured(D("-0.4"), D("0.4"))


def test_who_doubles_four_times_can_lose_thirty_one_times_the_first_entry() -> None:
    call = (leg(BUY, "C", 250),)
    doubled = [(str(2**number), "1.00") for number in range(5)]
    assert worst(BUY, call, *doubled) == 31
    # What the first entry tied up stays the measure of what all of them made.
    stake = stake_of(BUY, call, 100, [(D(q), D(p)) for q, p in doubled] + [(D(-31), D("1.10"))])
    assert measured(D(310), stake) == Measured(D("3.1"), D(31))


def test_what_was_taken_out_before_adding_cannot_be_lost_again() -> None:
    call = (leg(BUY, "C", 250),)
    assert worst(BUY, call, ("2", "1.00"), ("-1", "3.00"), ("2", "1.00")) == 1
    assert worst(BUY, call, ("2", "1.00"), ("-1", "0.10"), ("3", "0.50")) == D("3.4") / 2


def test_what_lost_more_than_its_structure_allows_shows_it() -> None:
    sold = (leg(SELL, "C", 250), leg(BUY, "C", 260))
    assert worst(SELL, sold, ("1", "4.00"), ("-1", "16.00")) == 2


def test_a_trade_that_could_not_lose_is_taken_for_a_mistyped_one() -> None:
    sold = (leg(SELL, "C", 250), leg(BUY, "C", 260))
    assert worst(SELL, sold, ("1", "12.00")) == 1


def test_absurd_claims_are_capped_and_nothing_tied_up_is_no_measure() -> None:
    assert measured(D(10) ** 12, Stake(D(1), D(1))) == Measured(D(1_000_000), D(1))
    assert measured(D(5), Stake(D(0), D(0))) is None
