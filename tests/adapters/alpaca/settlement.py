"""What happens to an account apart from trading: expiry, exercise, assignment, cash."""

from __future__ import annotations

from decimal import Decimal

from domain.instruments import Option, instrument
from tests.adapters.alpaca.book import multiplier, named, order_json, stamp, text
from tests.adapters.alpaca.exchange import Exchange


def settle(exchange: Exchange, symbol: str, spot: Decimal) -> None:
    """An option that is held expires with its underlying at this price: by a cent in the money
    it is exercised, or assigned, and shares change hands at the strike."""
    option = instrument(symbol)
    assert isinstance(option, Option)
    theirs = symbol.replace(" ", "")
    quantity = exchange.held(theirs)
    exchange.tick()
    if not quantity:
        return
    exchange.hold(theirs, -quantity, Decimal(0))
    day = f"{exchange.now:%Y-%m-%d}"
    common: dict[str, object] = {
        "date": day, "created_at": stamp(exchange.now), "status": "executed",
        "group_id": named("group", theirs, day), "currency": "USD",
    }  # fmt: skip
    if option.intrinsic(spot) < Decimal("0.01"):
        exchange.note(
            "OPEXP", symbol=theirs, qty=text(-quantity), net_amount="0", **common,
            description="Option Expiration",
        )  # fmt: skip
        return
    long = quantity > 0
    exchange.note(
        "OPEXC" if long else "OPASN", symbol=theirs, qty=text(-quantity), net_amount="0",
        description="Option Exercise" if long else "Option Assignment", **common,
    )  # fmt: skip
    shares = quantity * option.multiplier * (1 if option.right.value == "C" else -1)
    exchange.hold(option.underlying, shares, option.strike)
    exchange.cash -= shares * option.strike
    exchange.note(
        "OPTRD", symbol=option.underlying, qty=text(shares), price=text(option.strike),
        net_amount=text(-shares * option.strike), description="Option Trade", **common,
    )  # fmt: skip


def move_cash(exchange: Exchange, kind: str, amount: str, **more: str) -> None:
    """Cash comes or goes: a deposit, a dividend, a fee, or what nobody has heard of."""
    exchange.tick()
    exchange.cash += Decimal(amount)
    exchange.note(
        kind, date=f"{exchange.now:%Y-%m-%d}", created_at=stamp(exchange.now),
        net_amount=amount, status="executed", currency="USD", **more,
    )  # fmt: skip


def bust(exchange: Exchange, name: str) -> str:
    """The last execution of an order is taken back as if it had never been; its id."""
    order = exchange.by_name(name)
    fills = [each for each in exchange.activities if each.get("order_id") == order.id]
    last = fills[-1]
    exchange.activities.remove(last)
    quantity, price = Decimal(last["qty"]), Decimal(last["price"])
    sign = 1 if order.side == "buy" else -1
    exchange.tick()
    exchange.hold(order.symbol, -quantity * sign, price)
    exchange.cash += quantity * sign * price * multiplier(order.symbol)
    order.filled_qty -= quantity
    order.status = "partially_filled" if order.filled_qty else "new"
    execution: str = last["id"].rpartition("::")[2]
    exchange.publish(
        {
            "event": "trade_bust",
            "execution_id": named("bust", execution),
            "previous_execution_id": execution,
            "order": order_json(order, nested=False),
            "price": last["price"],
            "qty": last["qty"],
            "timestamp": stamp(exchange.now),
        }
    )
    return execution
