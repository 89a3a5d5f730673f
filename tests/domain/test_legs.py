"""Trades of one or several legs: the name they net under, their unit, and what they quote."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fix import Side
from domain.legs import (
    Leg,
    closing_price,
    expiry_of,
    legs_of,
    multiplier_of,
    strategy_quote,
    strategy_sizes,
    strategy_symbol,
)
from domain.shared import InvalidInput

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
C250, C260 = "TSLA  261120C00250000", "TSLA  261120C00260000"
LATER = "TSLA  261218C00250000"


def leg(symbol: str, side: Side = BUY, ratio: int = 1) -> Leg:
    return Leg(symbol=symbol, side=side, ratio=ratio)


VERTICAL = (leg(C250, BUY), leg(C260, SELL))
QUOTES = {C250: (D("3.00"), D("3.10")), C260: (D("1.00"), D("1.10"))}


def test_a_single_leg_goes_by_its_own_symbol_bought_or_sold() -> None:
    assert strategy_symbol(BUY, (leg(C250),)) == C250
    assert strategy_symbol(SELL, (leg(C250, SELL),)) == C250
    assert legs_of(C250) == (leg(C250),)


def test_a_spread_goes_by_its_legs_as_if_it_were_bought() -> None:
    assert strategy_symbol(BUY, VERTICAL) == f"+1 {C250}|-1 {C260}"
    assert legs_of(f"+1 {C250}|-1 {C260}") == VERTICAL


def test_the_same_spread_nets_whoever_takes_the_other_side() -> None:
    sold = (leg(C260, BUY), leg(C250, SELL))
    assert strategy_symbol(SELL, sold) == strategy_symbol(BUY, VERTICAL)


def test_a_ratio_is_part_of_the_name() -> None:
    assert strategy_symbol(BUY, (leg(C250, ratio=2),)) == f"+2 {C250}"
    assert legs_of(f"+2 {C250}") == (leg(C250, ratio=2),)


@pytest.mark.parametrize(
    ("legs", "unit"),
    [((leg(C250),), 100), (VERTICAL, 100), ((leg("TSLA"),), 1), ((leg("BTC/USD"),), 1)],
)
def test_a_unit_is_what_its_legs_are(legs: tuple[Leg, ...], unit: int) -> None:
    assert multiplier_of(legs) == unit


@pytest.mark.parametrize("legs", [(), (leg("TSLA"), leg(C250, SELL))])
def test_no_legs_and_legs_of_different_units_are_refused(legs: tuple[Leg, ...]) -> None:
    with pytest.raises(InvalidInput, match="needs legs of one multiplier"):
        multiplier_of(legs)


def test_a_leg_that_names_no_instrument_is_refused() -> None:
    with pytest.raises(InvalidInput, match="names no instrument"):
        multiplier_of((leg("nothing at all"),))


def test_a_trade_expires_with_its_last_option() -> None:
    assert expiry_of([leg(C250), leg(LATER, SELL)]) == date(2026, 12, 18)
    assert expiry_of([leg("TSLA"), leg(C250)]) == date(2026, 11, 20)
    assert expiry_of([leg("TSLA")]) is None


def test_a_bought_spread_is_sold_at_the_bid_of_what_is_held_and_the_offer_of_what_is_owed() -> None:
    assert closing_price(BUY, VERTICAL, QUOTES) == D("1.90")
    assert strategy_quote(BUY, VERTICAL, QUOTES) == (D("1.90"), D("2.10"))


def test_a_sold_spread_is_quoted_and_closed_in_terms_of_its_credit() -> None:
    credit = (leg(C250, SELL), leg(C260, BUY))
    assert strategy_quote(SELL, credit, QUOTES) == (D("1.90"), D("2.10"))
    assert closing_price(SELL, credit, QUOTES) == D("2.10")


def test_ratios_weigh_what_each_leg_quotes() -> None:
    butterfly = (leg(C250), leg(C260, SELL, 2), leg(LATER))
    quotes = {**QUOTES, LATER: (D("0.40"), D("0.50"))}
    assert closing_price(BUY, butterfly, quotes) == D("1.20")
    assert strategy_quote(BUY, butterfly, quotes) == (D("1.20"), D("1.60"))


def test_the_scarcest_leg_says_how_many_units_stand_at_a_quote() -> None:
    butterfly = (leg(C250), leg(C260, SELL, 2), leg(LATER))
    sizes = {C250: (40, 30), C260: (15, 90), LATER: (50, 60)}
    assert strategy_sizes(BUY, butterfly, sizes) == (40, 7)
    credit = (leg(C250, SELL), leg(C260, BUY))
    assert strategy_sizes(SELL, credit, sizes) == (40, 15)


def test_a_size_that_nobody_told_leaves_the_whole_without_one() -> None:
    assert strategy_sizes(BUY, VERTICAL, {}) == (None, None)
    assert strategy_sizes(BUY, VERTICAL, {C250: (1, 2), C260: (None, 4)}) == (1, None)


def test_a_leg_without_a_quote_leaves_the_whole_without_one() -> None:
    only_one = {C250: QUOTES[C250]}
    assert closing_price(BUY, VERTICAL, only_one) is None
    assert strategy_quote(BUY, VERTICAL, only_one) is None


symbols = st.integers(1, 9).map(lambda number: f"TSLA  261120C{number * 10_000:08d}")
some_legs = st.lists(
    st.builds(leg, symbols, st.sampled_from(Side), st.integers(1, 3)),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one.symbol,
).map(tuple)
cents = st.integers(0, 900).map(lambda number: D(number) / 100)
all_quotes = st.fixed_dictionaries(
    {
        f"TSLA  261120C{number * 10_000:08d}": st.tuples(cents, cents).map(
            lambda pair: (min(pair), max(pair))
        )
        for number in range(1, 10)
    }
)


@given(some_legs, st.permutations(range(4)), st.sampled_from(Side))
def test_the_name_is_the_same_in_any_order_and_from_either_side(
    legs: tuple[Leg, ...], order: list[int], side: Side
) -> None:
    shuffled = tuple(legs[place] for place in order if place < len(legs))
    mirrored = tuple(leg(one.symbol, one.side.opposite, one.ratio) for one in legs)
    named = strategy_symbol(side, legs)
    assert strategy_symbol(side, shuffled) == named
    if len(legs) > 1 or legs[0].ratio > 1:
        assert strategy_symbol(side.opposite, mirrored) == named
        assert strategy_symbol(BUY, legs_of(named)) == named


@given(some_legs, st.sampled_from(Side), all_quotes)
def test_closing_takes_the_worse_side_of_the_trades_own_quote(
    legs: tuple[Leg, ...], side: Side, quotes: dict[str, tuple[Decimal, Decimal]]
) -> None:
    quoted = strategy_quote(side, legs, quotes)
    assert quoted is not None
    bid, offer = quoted
    assert bid <= offer
    assert closing_price(side, legs, quotes) == (bid if side is BUY else offer)
