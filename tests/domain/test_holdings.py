"""What ends a holding without a trade, and what cannot."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.fix import Side
from domain.holdings import Holding, HoldingExpired, holding_stream
from domain.legs import Leg, strategy_symbol
from domain.shared import Impossible, InvalidInput

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


@pytest.mark.parametrize(("quantity", "price"), [("0", "6.00"), ("2", "-0.01")])
def test_an_expiry_is_of_something_and_costs_nothing_more(quantity: str, price: str) -> None:
    with pytest.raises(InvalidInput, match="needs a quantity and a price that is not negative"):
        expire(holding(CALL), quantity=quantity, price=price)


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
