"""What the fake Alpaca keeps of orders, quotes and holdings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from domain.instruments import Option, instrument

Json = dict[str, Any]
D = Decimal

ZERO = D(0)
NAMES = UUID("a1bacafe-0000-4000-8000-000000000000")
OPEN = frozenset({"new", "accepted", "partially_filled", "held", "pending_new"})


def named(*words: object) -> str:
    """An id that is the same in every run."""
    return str(uuid5(NAMES, "/".join(map(str, words))))


def multiplier(symbol: str) -> int:
    return instrument(symbol).multiplier


def is_option(symbol: str) -> bool:
    return isinstance(instrument(symbol), Option)


@dataclass
class Quote:
    """A quote whose sizes are used up by what trades on it; None is more than enough."""

    bid: Decimal
    offer: Decimal
    bid_size: Decimal | None = None
    offer_size: Decimal | None = None

    def price(self, side: str) -> Decimal:
        return self.offer if side == "buy" else self.bid

    def left(self, side: str) -> Decimal | None:
        return self.offer_size if side == "buy" else self.bid_size

    def use(self, side: str, quantity: Decimal) -> None:
        left = self.left(side)
        if left is None:
            return
        if side == "buy":
            self.offer_size = left - quantity
        else:
            self.bid_size = left - quantity


@dataclass
class Order:
    """An order, or one leg of one."""

    id: str
    client_order_id: str
    symbol: str
    side: str
    qty: Decimal
    type: str
    time_in_force: str
    created_at: datetime
    status: str = "pending_new"
    order_class: str = "simple"
    position_intent: str = ""
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    ratio_qty: Decimal | None = None
    filled_qty: Decimal = ZERO
    filled_avg_price: Decimal | None = None
    updated_at: datetime | None = None
    moments: dict[str, datetime] = field(default_factory=dict)
    replaces: str | None = None
    replaced_by: str | None = None
    legs: list[Order] = field(default_factory=list)
    parent: str | None = None
    is_triggered: bool = False

    @property
    def is_strategy(self) -> bool:
        return self.order_class == "mleg" and self.parent is None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def left(self) -> Decimal:
        return self.qty - self.filled_qty

    def traded(self, quantity: Decimal, price: Decimal) -> None:
        paid = self.filled_qty * (self.filled_avg_price or 0) + quantity * price
        self.filled_qty += quantity
        self.filled_avg_price = paid / self.filled_qty


@dataclass
class Position:
    """A holding; a negative quantity is short."""

    symbol: str
    quantity: Decimal = ZERO
    average: Decimal = ZERO

    def trade(self, quantity: Decimal, price: Decimal) -> None:
        after = self.quantity + quantity
        if self.quantity * quantity >= 0:
            self.average = (self.quantity * self.average + quantity * price) / after
        elif self.quantity * after < 0:
            self.average = price
        self.quantity = after


def text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


def stamp(moment: datetime | None) -> str | None:
    """With nanoseconds, as Alpaca writes them."""
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S.%f}000Z"


def order_json(order: Order, *, nested: bool = True) -> Json:
    """An order as Alpaca shows it: what several legs have no word for is empty."""
    whole = order.is_strategy
    leg = order.parent is not None and order.order_class == "mleg"
    kind = "" if leg else order.type
    asset_class = "" if whole else "us_option" if is_option(order.symbol) else "us_equity"
    shown: Json = {
        "id": order.id,
        "client_order_id": order.client_order_id,
        "created_at": stamp(order.created_at),
        "updated_at": stamp(order.updated_at or order.created_at),
        "submitted_at": stamp(order.created_at),
        "asset_id": "" if whole else named("asset", order.symbol),
        "symbol": "" if whole else order.symbol,
        "asset_class": asset_class,
        "notional": None,
        "qty": text(order.qty),
        "filled_qty": text(order.filled_qty),
        "filled_avg_price": text(order.filled_avg_price),
        "order_class": order.order_class,
        "order_type": kind,
        "type": kind,
        "side": "" if whole else order.side,
        "position_intent": order.position_intent,
        "time_in_force": order.time_in_force,
        "limit_price": text(order.limit_price),
        "stop_price": text(order.stop_price),
        "trail_percent": None,
        "trail_price": None,
        "hwm": None,
        "status": order.status,
        "extended_hours": False,
        "replaces": order.replaces,
        "replaced_by": order.replaced_by,
        "legs": [order_json(each) for each in order.legs] if nested and order.legs else None,
        "source": None,
        "subtag": None,
    }
    for moment in ("filled_at", "canceled_at", "expired_at", "failed_at", "replaced_at"):
        shown[moment] = stamp(order.moments.get(moment))
    if order.ratio_qty is not None:
        shown["ratio_qty"] = text(order.ratio_qty)
    if not order.position_intent and not whole:
        del shown["position_intent"]
    return shown
