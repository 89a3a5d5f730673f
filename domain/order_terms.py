"""The terms of an order: what can be asked for at all."""

from __future__ import annotations

from decimal import Decimal

from domain.fix import OrdType, Side, TimeInForce
from domain.instruments import Equity, instrument
from domain.legs import Leg, multiplier_of
from domain.order_state import OrderState
from domain.shared import InvalidInput, require_nonnegative, require_positive

LIMITS = frozenset({OrdType.LIMIT, OrdType.STOP_LIMIT})
STOPS = frozenset({OrdType.STOP, OrdType.STOP_LIMIT})


def check_terms(
    side: Side,
    legs: tuple[Leg, ...],
    order_qty: Decimal,
    ord_type: OrdType,
    limit_px: Decimal | None,
    stop_px: Decimal | None,
    stop_loss_px: Decimal | None,
    take_profit_px: Decimal | None,
) -> None:
    """Lets only terms pass that an order can have.

    Raises:
        InvalidInput: which part cannot be, in words.
    """
    multiplier_of(legs)
    if any(leg.ratio < 1 for leg in legs):
        raise InvalidInput("the ratio of a leg is above zero: its side says which way it goes")
    require_positive(order_quantity=order_qty)
    if ord_type in LIMITS and limit_px is None:
        raise InvalidInput(f"a {ord_type.value} order needs a limit price")
    if ord_type in STOPS and stop_px is None:
        raise InvalidInput(f"a {ord_type.value} order needs a stop price")
    if ord_type not in STOPS and stop_px is not None:
        raise InvalidInput(f"a {ord_type.value} order has no stop price")
    if limit_px is not None:
        require_nonnegative(limit_price=limit_px)
    if stop_px is not None:
        require_positive(stop_price=stop_px)
    if stop_loss_px is not None or take_profit_px is not None:
        _check_bracket(side, legs, limit_px, stop_loss_px, take_profit_px)


def _check_bracket(
    side: Side,
    legs: tuple[Leg, ...],
    limit_px: Decimal | None,
    stop_loss_px: Decimal | None,
    take_profit_px: Decimal | None,
) -> None:
    if len(legs) != 1 or not isinstance(instrument(legs[0].symbol), Equity):
        raise InvalidInput("only a single equity has brackets; exits of options are watched here")
    given = [px for px in (stop_loss_px, limit_px, take_profit_px) if px is not None]
    for px in given:
        require_positive(bracket_price=px)
    rising = sorted(set(given), reverse=side is Side.SELL)
    if given != rising:
        raise InvalidInput("the limit price lies between the loss and the profit of a bracket")


def check_replacement(
    order: OrderState,
    order_qty: Decimal | None,
    limit_px: Decimal | None,
    stop_px: Decimal | None,
    time_in_force: TimeInForce | None,
) -> None:
    """Lets only other terms pass that this order can have.

    Raises:
        InvalidInput: nothing changes, or which part cannot be.
    """
    now = (order.order_qty, order.limit_px, order.stop_px, order.time_in_force)
    asked = (order_qty, limit_px, stop_px, time_in_force)
    if all(wanted in (None, has) for wanted, has in zip(asked, now, strict=True)):
        raise InvalidInput("these are the order's terms already")
    if order_qty is not None:
        require_positive(order_quantity=order_qty)
        if order_qty <= order.cum_qty:
            raise InvalidInput(f"{order.cum_qty} are filled: cancel the rest instead")
    if limit_px is not None:
        if order.ord_type not in LIMITS:
            raise InvalidInput(f"a {order.ord_type.value} order has no limit price")
        require_nonnegative(limit_price=limit_px)
    if stop_px is not None:
        if order.ord_type not in STOPS:
            raise InvalidInput(f"a {order.ord_type.value} order has no stop price")
        require_positive(stop_price=stop_px)
