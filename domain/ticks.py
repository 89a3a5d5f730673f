"""Ticks: the steps in which prices are quoted, and limit prices that fit them."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from domain.fix import Side
from domain.instruments import Option, instrument
from domain.legs import Leg

PENNY = Decimal("0.01")
NICKEL = Decimal("0.05")
NICKELS_FROM = Decimal(3)
"""Options of most classes are quoted in cents below three dollars and in nickels from there
(OCC and exchange rules of the Penny Interval Program, e.g. Cboe rule 5.4)."""

SUB_PENNY = Decimal("0.0001")
SUB_PENNY_BELOW = Decimal(1)
"""Stocks may be quoted in hundredths of a cent below a dollar (Regulation NMS, rule 612)."""


def tick_of(legs: tuple[Leg, ...], seen: Decimal) -> Decimal:
    """The step of prices around one that was quoted.

    What is quoted in cents although others would be in nickels (SPY, QQQ and IWM are) goes on in
    cents; several legs are priced in cents.
    """
    (first, *others) = (instrument(leg.symbol) for leg in legs)
    if others:
        return PENNY
    if isinstance(first, Option):
        in_nickels = abs(seen) >= NICKELS_FROM and seen % NICKEL == 0
        return NICKEL if in_nickels else PENNY
    return SUB_PENNY if abs(seen) < SUB_PENNY_BELOW else PENNY


def through(side: Side, legs: tuple[Leg, ...], far_side: Decimal, ticks: int) -> Decimal:
    """A limit price so many ticks through the far side of the quote, on a tick: higher for a
    purchase, lower for a sale, and never below zero for what is sold alone.
    """
    tick = tick_of(legs, far_side)
    rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
    limit = (far_side + side.sign * ticks * tick).quantize(tick, rounding)
    steps = (limit / tick).to_integral_value(rounding)
    limit = steps * tick
    return limit if side is Side.BUY or len(legs) > 1 else max(limit, tick)
