"""Why an order is refused, in words that are passed on to the person who gave it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from domain.fix import OrdType, PositionEffect, Side
from domain.instruments import Equity, Option, instrument
from domain.legs import Leg, multiplier_of
from domain.matching.book import Book
from domain.matching.orders import EngineOrder, Ticket
from domain.matching.rules import Rules
from domain.shared import InvalidInput

NOTHING = Decimal(0)
_PRICED = (OrdType.LIMIT, OrdType.STOP_LIMIT)
_STOPPED = (OrdType.STOP, OrdType.STOP_LIMIT)


def why_malformed(order: Ticket) -> str:
    """What is wrong with the order whatever the market and the account are, or nothing."""
    if not order.legs:
        return "an order needs a leg"
    if len({leg.symbol for leg in order.legs}) < len(order.legs):
        return "an instrument can be in an order once"
    try:
        multiplier_of(order.legs)
    except InvalidInput as error:
        return str(error)
    return (
        _why_no_quantity(order.legs, order.order_qty)
        or _why_no_prices(order.ord_type, order.legs, order.limit_px, order.stop_px)
        or _why_no_bracket(order)
    )


def _why_no_quantity(legs: tuple[Leg, ...], quantity: Decimal) -> str:
    if not quantity.is_finite() or quantity <= 0:
        return f"the quantity has to be above zero, not {quantity}"
    if any(leg.ratio < 1 for leg in legs):
        return "a leg is there once or more"
    if quantity != quantity.to_integral_value() and any(
        isinstance(instrument(leg.symbol), Option) for leg in legs
    ):
        return f"contracts are traded whole, not {quantity}"
    return ""


def _why_no_prices(
    ord_type: OrdType, legs: tuple[Leg, ...], limit: Decimal | None, stop: Decimal | None
) -> str:
    if (limit is None) == (ord_type in _PRICED):
        return f"a {_said(ord_type)} order has {'no' if limit is not None else 'a'} limit price"
    if (stop is None) == (ord_type in _STOPPED):
        return f"a {_said(ord_type)} order has {'no' if stop is not None else 'a'} stop price"
    for price in (limit, stop):
        if price is not None and not price.is_finite():
            return f"{price} is no price"
        if price is not None and len(legs) == 1 and price <= 0:
            return f"the price has to be above zero, not {price}"
    return ""


def _why_no_bracket(order: Ticket) -> str:
    loss, profit = order.stop_loss_px, order.take_profit_px
    if loss is None and profit is None:
        return ""
    if len(order.legs) > 1 or not isinstance(instrument(order.legs[0].symbol), Equity):
        return "a bracket is for shares only"
    if order.position_effect is PositionEffect.CLOSE:
        return "a bracket guards what an order opens, and this one closes"
    for price in (loss, profit):
        if price is not None and (not price.is_finite() or price <= 0):
            return f"the price has to be above zero, not {price}"
    sign = order.side.sign
    if loss is not None and profit is not None and (profit - loss) * sign <= 0:
        return f"the bracket's target {profit} and stop {loss} are the wrong way round"
    at = order.limit_px
    if at is not None and loss is not None and (at - loss) * sign <= 0:
        return f"the bracket's stop {loss} is not on the losing side of {at}"
    if at is not None and profit is not None and (profit - at) * sign <= 0:
        return f"the bracket's target {profit} is not on the winning side of {at}"
    return ""


def why_not_held(order: EngineOrder, book: Book, others: Iterable[EngineOrder]) -> str:
    """Why the account cannot close so much, or nothing.

    Other orders that close the same hold it already; of those that cancel each other the
    largest counts.
    """
    resting = [other for other in others if other.closes and other.is_open]
    for leg in order.legs:
        held = book.quantity(leg.symbol) * -leg.side.sign
        promised = _promised(leg, order, resting)
        wanted = order.leaves_qty * leg.ratio
        if held - promised < wanted:
            word = "held" if leg.side is Side.SELL else "short"
            rest = f", {_plain(promised)} of it in other orders" if promised else ""
            return (
                f"{_plain(wanted)} of {leg.symbol} cannot be closed: "
                f"{_plain(max(held, NOTHING))} is {word}{rest}"
            )
    return ""


def _promised(leg: Leg, order: EngineOrder, resting: list[EngineOrder]) -> Decimal:
    by_group: dict[str, Decimal] = {}
    for other in resting:
        if other.cl_ord_id == order.cl_ord_id or (other.group and other.group == order.group):
            continue
        for its in other.legs:
            if its.symbol == leg.symbol and its.side is leg.side:
                key = other.group or f"order {other.cl_ord_id}"
                amount = other.leaves_qty * its.ratio
                by_group[key] = max(by_group.get(key, NOTHING), amount)
    return sum(by_group.values(), NOTHING)


def why_not_short(order: EngineOrder, book: Book, rules: Rules) -> str:
    """Why shares cannot be sold that are not held, or nothing."""
    if rules.short_shares or order.closes:
        return ""
    for leg in order.legs:
        is_share = not isinstance(instrument(leg.symbol), Option)
        wanted = order.leaves_qty * leg.ratio
        if is_share and leg.side is Side.SELL and book.quantity(leg.symbol) < wanted:
            return f"the account may not sell {leg.symbol} short"
    return ""


def why_not_paid(needed: Decimal, free: Decimal) -> str:
    """Why the account cannot pay for it, or nothing."""
    if needed <= max(free, NOTHING):
        return ""
    return f"it takes {needed:.2f} of buying power and the account has {free:.2f}"


def _said(ord_type: OrdType) -> str:
    return ord_type.value.replace("_", " ")


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"
