"""What ends a holding without a trade, and what cannot."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.fix import Side
from domain.holdings import (
    Holding,
    HoldingAdjusted,
    HoldingAssigned,
    HoldingExercised,
    HoldingExpired,
    holding_stream,
)
from domain.legs import Leg, strategy_symbol
from domain.shared import Impossible, InvalidInput
from tests.domain.told import last_of, replayed, state_of, told_by

CLOSE = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
CALL = "TSLA  261120C00250000"
SPREAD = strategy_symbol(
    Side.BUY,
    (Leg(symbol=CALL, side=Side.BUY), Leg(symbol="TSLA  261120C00260000", side=Side.SELL)),
)


def holding(symbol: str) -> Holding:
    return Holding.open(account="paper", symbol=symbol, at=CLOSE)


def expire(found: Holding, *, quantity: str = "2", price: str = "6.00") -> None:
    found.expire(
        signal=None,
        quantity=Decimal(quantity),
        price=Decimal(price),
        underlying_px=Decimal("256.00"),
        assumed=False,
        settled_at=CLOSE,
        at=CLOSE,
    )


@pytest.mark.parametrize("symbol", [CALL, SPREAD])
def test_options_expire_alone_and_as_the_legs_of_one_trade(symbol: str) -> None:
    found = holding(symbol)
    expire(found, quantity="-2")
    assert found.id == holding_stream("paper", symbol)
    event = found.pending_events[-1]
    assert isinstance(event, HoldingExpired)
    assert (event.symbol, event.quantity, event.price) == (symbol, Decimal(-2), Decimal("6.00"))
    assert found.ended == 2


@pytest.mark.parametrize("symbol", ["TSLA", "BTC/USD"])
def test_what_has_no_expiry_does_not_expire(symbol: str) -> None:
    with pytest.raises(Impossible, match="is no option: it does not expire"):
        expire(holding(symbol))


@pytest.mark.parametrize(
    ("quantity", "price"),
    [("0", "6.00"), ("2", "-0.01"), ("NaN", "6.00"), ("2", "NaN"), ("2", "Infinity")],
)
def test_an_expiry_is_of_something_and_costs_nothing_more(quantity: str, price: str) -> None:
    with pytest.raises(InvalidInput, match="needs a quantity and a price that is not negative"):
        expire(holding(CALL), quantity=quantity, price=price)


def test_what_several_legs_come_to_may_have_to_be_paid() -> None:
    """One call bought and two sold above it: deep in the money the two cost more."""
    found = holding(f"+1 {CALL}|-2 TSLA  261120C00260000")
    expire(found, price="-40.00")
    assert found.ended == 2


def test_exercise_and_assignment_end_options_at_the_strike() -> None:
    found = holding(CALL)
    found.exercise(Decimal(2), exercised_at=CLOSE, at=CLOSE)
    found.assign(Decimal(1), assigned_at=CLOSE, at=CLOSE)
    _, exercised, assigned = told_by(found)
    assert isinstance(exercised, HoldingExercised)
    assert isinstance(assigned, HoldingAssigned)
    assert [exercised.quantity, assigned.quantity, found.ended] == [2, 1, 3]


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN"])
def test_nothing_is_exercised_or_assigned_of_nothing(quantity: str) -> None:
    found = holding(CALL)
    with pytest.raises(InvalidInput, match="the quantity has to be above zero"):
        found.exercise(Decimal(quantity), exercised_at=CLOSE, at=CLOSE)
    with pytest.raises(InvalidInput, match="the quantity has to be above zero"):
        found.assign(Decimal(quantity), assigned_at=CLOSE, at=CLOSE)


def adjust(found: Holding, to: str, before: str = "1", after: str = "3") -> None:
    found.adjust(
        to_symbol=to,
        from_quantity=Decimal(before),
        to_quantity=Decimal(after),
        reason="3-for-1 split",
        effective_at=CLOSE,
        at=CLOSE,
    )


@pytest.mark.parametrize(
    ("symbol", "to"), [("TSLA", "TSLA"), (CALL, "TSLA1 261120C00250000"), ("FB", "META")]
)
def test_a_corporate_action_makes_one_thing_of_another(symbol: str, to: str) -> None:
    found = holding(symbol)
    adjust(found, to)
    event = last_of(found)
    assert isinstance(event, HoldingAdjusted)
    assert (event.symbol, event.to_symbol) == (symbol, to)
    assert [event.from_quantity, event.to_quantity] == [1, 3]
    assert found.adjusted_to == to


@pytest.mark.parametrize(
    ("to", "before", "after", "why"),
    [
        ("no such thing", "1", "3", "names no instrument"),
        ("TSLA", "0", "3", "the from quantity has to be above zero"),
        ("TSLA", "1", "0", "the to quantity has to be above zero"),
        ("TSLA", "1", "-3", "the to quantity has to be above zero"),
    ],
)
def test_an_action_that_makes_nothing_is_refused(
    to: str, before: str, after: str, why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        adjust(holding("TSLA"), to, before, after)


def test_the_facts_make_the_same_holding_again() -> None:
    found = holding(CALL)
    expire(found, quantity="-2")
    found.assign(Decimal(1), assigned_at=CLOSE, at=CLOSE)
    adjust(found, "TSLA1 261120C00250000")
    assert state_of(replayed(told_by(found))) == state_of(found)


@pytest.mark.parametrize("symbol", ["TSLA", SPREAD])
def test_only_a_single_option_is_exercised_or_assigned(symbol: str) -> None:
    with pytest.raises(Impossible, match="is no single option"):
        holding(symbol).exercise(Decimal(1), exercised_at=CLOSE, at=CLOSE)
    with pytest.raises(Impossible, match="is no single option"):
        holding(symbol).assign(Decimal(1), assigned_at=CLOSE, at=CLOSE)


@pytest.mark.parametrize("symbol", ["", "no such thing", f"+1 {CALL}|-1 nothing"])
def test_what_names_no_instrument_is_not_held(symbol: str) -> None:
    with pytest.raises(InvalidInput, match="names no instrument"):
        holding(symbol)
