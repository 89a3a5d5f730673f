"""What a trade ties up per share: the base of its return."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fix import Side
from domain.instruments import Option, instrument
from domain.legs import Leg, capital_at_risk

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def leg(side: Side, right: str, strike: int, ratio: int = 1) -> Leg:
    return Leg(symbol=f"TSLA  261120{right}{strike * 1000:08d}", side=side, ratio=ratio)


@pytest.mark.parametrize(
    "legs",
    [
        (Leg(symbol="TSLA", side=BUY),),
        (leg(BUY, "C", 250),),
        (leg(BUY, "C", 250), leg(SELL, "C", 260)),
        (leg(BUY, "P", 250), leg(BUY, "C", 250)),
    ],
)
def test_what_is_bought_ties_up_what_it_cost(legs: tuple[Leg, ...]) -> None:
    assert capital_at_risk(BUY, legs, D("2.30")) == D("2.30")


def test_shares_sold_short_tie_up_their_price() -> None:
    assert capital_at_risk(SELL, (Leg(symbol="TSLA", side=SELL),), D(250)) == 250


@pytest.mark.parametrize(
    ("legs", "price", "risk"),
    [
        # A credit spread loses its width less the credit.
        ((leg(SELL, "C", 250), leg(BUY, "C", 260)), "3", "7"),
        ((leg(SELL, "P", 250), leg(BUY, "P", 245)), "2", "3"),
        # An iron condor loses on one side only: the wider one.
        (
            (leg(SELL, "C", 260), leg(BUY, "C", 265), leg(SELL, "P", 240), leg(BUY, "P", 230)),
            "3",
            "7",
        ),
        # A broken-wing butterfly of puts, sold for a credit: 10 wide above, 20 below.
        ((leg(BUY, "P", 260), leg(SELL, "P", 250, 2), leg(BUY, "P", 230)), "1", "9"),
    ],
)
def test_what_is_covered_ties_up_the_most_that_it_can_lose(
    legs: tuple[Leg, ...], price: str, risk: str
) -> None:
    assert capital_at_risk(SELL, legs, D(price)) == D(risk)


@pytest.mark.parametrize(
    ("legs", "price", "risk"),
    [
        # A fifth of the strike, however few cents the premium is.
        ((leg(SELL, "C", 250),), "0.05", "50"),
        ((leg(SELL, "P", 250),), "0.05", "50"),
        ((leg(SELL, "C", 250, 2),), "0.05", "100"),
        ((leg(SELL, "C", 260), leg(SELL, "P", 240)), "4", "100"),
        # One call of two is covered; the other can lose without end.
        ((leg(BUY, "C", 250), leg(SELL, "C", 260, 2)), "1", "104"),
    ],
)
def test_what_is_uncovered_ties_up_a_fifth_of_the_short_strikes(
    legs: tuple[Leg, ...], price: str, risk: str
) -> None:
    assert capital_at_risk(SELL, legs, D(price)) == D(risk)


def test_a_wide_spread_ties_up_no_more_than_the_margin() -> None:
    wide = (leg(SELL, "P", 250), leg(BUY, "P", 100))
    assert capital_at_risk(SELL, wide, D(10)) == 50


def test_a_put_that_is_cheap_to_be_assigned_ties_up_what_it_can_lose() -> None:
    """It loses at most its strike less the premium, if that is less than the margin."""
    assert capital_at_risk(SELL, (leg(SELL, "P", 250),), D(220)) == 220


def test_a_credit_beyond_the_risk_is_its_own_base() -> None:
    """A credit larger than the width cannot be right; it must not divide by nothing."""
    spread = (leg(SELL, "C", 250), leg(BUY, "C", 260))
    assert capital_at_risk(SELL, spread, D(10)) == 10
    assert capital_at_risk(SELL, spread, D(12)) == 12


strikes = st.integers(1, 40).map(lambda number: number * 10)
some_legs = st.lists(
    st.builds(leg, st.sampled_from(Side), st.sampled_from("CP"), strikes, st.integers(1, 3)),
    min_size=1, max_size=4,
).map(tuple)  # fmt: skip


@given(some_legs, st.integers(1, 5000).map(lambda cents: D(cents) / 100))
def test_it_is_above_nothing_and_never_more_than_margin_or_price(
    legs: tuple[Leg, ...], price: Decimal
) -> None:
    short = sum((strike_of(one) * one.ratio for one in legs if one.side is SELL), D(0))
    found = capital_at_risk(SELL, legs, price)
    assert 0 < price <= found <= max(short / 5, price)


@given(some_legs, st.integers(1, 5000).map(lambda cents: D(cents) / 100), st.integers(0, 900))
def test_no_close_at_expiry_loses_more_where_the_loss_has_an_end(
    legs: tuple[Leg, ...], price: Decimal, spot: int
) -> None:
    short = sum((strike_of(one) * one.ratio for one in legs if one.side is SELL), D(0))
    found = capital_at_risk(SELL, legs, price)
    if found >= short / 5:
        return
    worth = sum(one.side.sign * one.ratio * option(one).intrinsic(D(spot)) for one in legs)
    assert price + worth >= -found


def option(one: Leg) -> Option:
    found = instrument(one.symbol)
    assert isinstance(found, Option)
    return found


def strike_of(one: Leg) -> Decimal:
    return option(one).strike
