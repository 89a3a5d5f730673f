"""What short positions tie up of an account's cash.

The positions on one underlying are looked at together, so a spread ties up what it can lose
and not what its short leg alone would (see `domain.legs.capital_at_risk`, which says the same
of one trade). The cash already has the premium that was taken in, so it is tied up as well.
A bought contract covers none that lives longer than it does.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from domain.instruments import Option, Right, instrument
from domain.legs import NAKED_MARGIN

NOTHING = Decimal(0)


class Holding(NamedTuple):
    """A position by its signed quantity and average price."""

    symbol: str
    quantity: Decimal
    avg_px: Decimal


def tied_up(holdings: Iterable[Holding]) -> Decimal:
    """What the positions on one underlying keep from being spent, in dollars, never below 0."""
    options: list[tuple[Option, Holding]] = []
    shares = total = NOTHING
    for holding in holdings:
        named = instrument(holding.symbol)
        if isinstance(named, Option):
            options.append((named, holding))
        elif holding.quantity < 0:
            # The proceeds of a short sale, and its price once more.
            total -= 2 * holding.quantity * holding.avg_px * named.multiplier
        else:
            shares += holding.quantity
    return total + _by_options(options, shares)


def _by_options(options: list[tuple[Option, Holding]], shares: Decimal) -> Decimal:
    shorts = [(named, held) for named, held in options if held.quantity < 0]
    if not shorts:
        return NOTHING
    last = max(named.expiry for named, _ in shorts)
    covering = [
        (named, held) for named, held in options if held.quantity < 0 or named.expiry >= last
    ]
    margin = credit = NOTHING
    for named, held in covering:
        credit -= held.quantity * held.avg_px * named.multiplier
        if held.quantity < 0:
            margin -= NAKED_MARGIN * named.strike * held.quantity * named.multiplier
    calls = shares + sum(
        held.quantity * named.multiplier for named, held in covering if named.right is Right.CALL
    )
    spots = [NOTHING, *(named.strike for named, _ in covering)]
    worst = -credit - min(_worth(covering, shares, spot) for spot in spots)
    risk = margin if calls < 0 else min(margin, worst)
    return max(risk + credit, NOTHING)


def _worth(options: list[tuple[Option, Holding]], shares: Decimal, spot: Decimal) -> Decimal:
    value = shares * spot
    for named, held in options:
        value += held.quantity * named.multiplier * named.intrinsic(spot)
    return value
