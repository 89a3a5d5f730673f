"""How orders at the fake Alpaca come from requests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tests.adapters.alpaca.book import ZERO, Json, Order, named, text
from tests.adapters.alpaca.refusals import number


def new_order(body: Json, place: int, now: datetime) -> Order:
    """The order that a request asks for, with its legs or exits."""
    order_id = named("order", place)
    order = Order(
        id=order_id,
        client_order_id=body.get("client_order_id") or named("client", order_id),
        symbol=body.get("symbol") or "",
        side=body.get("side") or "",
        qty=number(body, "qty") or ZERO,
        type=body["type"],
        time_in_force=body["time_in_force"],
        created_at=now,
        order_class=body.get("order_class") or "simple",
        position_intent=body.get("position_intent") or "",
        limit_price=number(body, "limit_price"),
        stop_price=number(body, "stop_price"),
    )
    order.legs = [_leg(order, told, place) for place, told in enumerate(_told_legs(order, body))]
    return order


def successor(old: Order, body: Json, place: int, now: datetime) -> Order:
    """The order that replaces one: its terms where no others are asked for, its whole quantity
    whatever had filled of it, and none of its fills."""
    terms: Json = {
        "symbol": old.symbol,
        "side": old.side,
        "qty": text(old.qty),
        "type": old.type,
        "time_in_force": old.time_in_force,
        "position_intent": old.position_intent,
        "limit_price": text(old.limit_price),
        "stop_price": text(old.stop_price),
    }
    if old.is_strategy:
        legs = [
            {
                "symbol": leg.symbol,
                "side": leg.side,
                "ratio_qty": text(leg.ratio_qty),
                "position_intent": leg.position_intent,
            }
            for leg in old.legs
        ]
        terms |= {"order_class": "mleg", "legs": legs}
    order = new_order(terms | body, place, now)
    order.replaces = old.id
    return order


def _told_legs(order: Order, body: Json) -> Iterator[Json]:
    yield from body.get("legs") or []
    other = "sell" if order.side == "buy" else "buy"
    for kind, name in (("limit", "take_profit"), ("stop", "stop_loss")):
        if body.get(name):
            more = {"type": kind, "side": other, "position_intent": f"{other}_to_close"}
            yield {"symbol": order.symbol, **body[name], **more}


def _leg(order: Order, told: Json, place: int) -> Order:
    ratio = number(told, "ratio_qty")
    leg_id = named("leg", order.id, place)
    return Order(
        id=leg_id,
        client_order_id=named("client", leg_id),
        symbol=told["symbol"],
        side=told["side"],
        qty=order.qty * (ratio or 1),
        type=told.get("type", order.type),
        time_in_force=order.time_in_force,
        created_at=order.created_at,
        status=order.status if order.order_class == "mleg" else "held",
        order_class=order.order_class,
        position_intent=told["position_intent"],
        limit_price=number(told, "limit_price"),
        stop_price=number(told, "stop_price"),
        ratio_qty=ratio,
        parent=order.id,
    )
