"""Alpaca's words and ours: symbols, sides, intents, kinds of orders and their states."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

from adapters.alpaca.wire import RawOrder
from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.instruments import Option, instrument
from domain.legs import Leg
from domain.shared import InvalidInput

_STATES = {
    "new": OrdStatus.NEW,
    "accepted": OrdStatus.NEW,
    "held": OrdStatus.NEW,
    "pending_new": OrdStatus.PENDING_NEW,
    "accepted_for_bidding": OrdStatus.PENDING_NEW,
    "partially_filled": OrdStatus.PARTIALLY_FILLED,
    "filled": OrdStatus.FILLED,
    "done_for_day": OrdStatus.DONE_FOR_DAY,
    "suspended": OrdStatus.SUSPENDED,
    "pending_cancel": OrdStatus.PENDING_CANCEL,
    "pending_replace": OrdStatus.PENDING_REPLACE,
    "canceled": OrdStatus.CANCELED,
    "expired": OrdStatus.EXPIRED,
    "rejected": OrdStatus.REJECTED,
}
"""States with a meaning of their own. In the others (`replaced`, `stopped`, `calculated`) an
order is where its fills have brought it."""

OVER = frozenset({"filled", "canceled", "expired", "rejected", "replaced"})
"""States in which an order trades no more. `done_for_day` is none of them: one that is good
till canceled trades again tomorrow."""

_INTENTS = MappingProxyType(
    {
        (Side.BUY, PositionEffect.OPEN): "buy_to_open",
        (Side.BUY, PositionEffect.CLOSE): "buy_to_close",
        (Side.SELL, PositionEffect.OPEN): "sell_to_open",
        (Side.SELL, PositionEffect.CLOSE): "sell_to_close",
    }
)


def their_symbol(symbol: str) -> str:
    """Alpaca writes OSI symbols without the spaces."""
    return symbol.replace(" ", "")


def our_symbol(symbol: str) -> str:
    """The canonical symbol; one that names nothing we know is kept as it is."""
    try:
        return instrument(symbol).symbol
    except InvalidInput:
        return symbol


def is_option(symbol: str) -> bool:
    """Whether a symbol is an option's."""
    return isinstance(instrument(symbol), Option)


def intent(side: Side, effect: PositionEffect) -> str:
    return _INTENTS[side, effect]


def figure(value: Decimal) -> str:
    """A number as Alpaca reads it: plain digits, never an exponent."""
    return f"{value:f}"


def side_of(order: RawOrder) -> Side:
    """The side of an order, as far as it says one: of several legs, a limit below zero is a
    credit, which is what a sale is in our terms; without a limit, what was received."""
    if order.side:
        return Side(order.side)
    price = average_of(order) if order.limit_price is None else order.limit_price
    return Side.SELL if price is not None and price < 0 else Side.BUY


def average_of(order: RawOrder) -> Decimal | None:
    """What an order has traded at; of several legs the net of theirs, below zero if received."""
    if not order.is_multi_leg:
        return order.filled_avg_price
    net = Decimal(0)
    for leg in order.legs or ():
        if leg.filled_avg_price is None:
            return order.filled_avg_price
        net += leg.filled_avg_price * ratio_of(order, leg) * side_of(leg).sign
    return net if order.legs else order.filled_avg_price


def legs_of(order: RawOrder) -> tuple[Leg, ...]:
    """What an order trades, with the sides that it trades them on."""
    if order.is_multi_leg:
        return tuple(_leg(order, leg) for leg in order.legs or ())
    return (Leg(symbol=our_symbol(order.symbol or ""), side=side_of(order)),)


def ratio_of(order: RawOrder, leg: RawOrder) -> Decimal:
    """How many of a leg one strategy has; where it is not told, what the quantities say."""
    if leg.ratio_qty:
        return leg.ratio_qty
    return leg.qty / order.qty if leg.qty and order.qty else Decimal(1)


def _leg(order: RawOrder, leg: RawOrder) -> Leg:
    ratio = int(ratio_of(order, leg))
    return Leg(symbol=our_symbol(leg.symbol or ""), side=side_of(leg), ratio=ratio)


def status_of(order: RawOrder, cum_qty: Decimal) -> OrdStatus:
    """The state of an order whose fills, with those of the orders it replaced, are these."""
    found = _STATES.get(order.status)
    if cum_qty > 0 and found in (None, OrdStatus.NEW, OrdStatus.PENDING_NEW):
        return OrdStatus.PARTIALLY_FILLED
    return found or OrdStatus.NEW


def order_type(text: str | None) -> OrdType:
    """Kinds that we never send (trailing stops) count as stops."""
    try:
        return OrdType(text or "")
    except ValueError:
        return OrdType.STOP if text == "trailing_stop" else OrdType.MARKET


def time_in_force(text: str | None) -> TimeInForce:
    """Anything but good till canceled is over with the day."""
    return TimeInForce.GTC if text == "gtc" else TimeInForce.DAY
