"""Stakes: what a trade's first entry tied up, and the most that the trade could have lost.

Rankings measure a trade by both. What is added to a loser ties up nothing more here, so that
its loss shows in full, and the worst grows with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from domain.fix import Side
from domain.instruments import Option, instrument
from domain.legs import Leg, capital_at_risk
from domain.lots import ZERO
from domain.shared import WIDE
from domain.worth import RATIO_MAX

SHARES_GAP = Decimal("0.25")
"""What shares are expected to fall or rise by before anybody can act, of their price."""

NAKED_CALL_RISE = Decimal(1)
"""How far above its highest strike an underlying is expected to rise at worst, of the strike:
an uncovered call then costs as much as an uncovered put at nothing."""

ONE = Decimal(1)

STEP = Decimal("0.000001")
"""Returns and worsts are kept to six places, so that the sums of their powers stay short."""


class Stake(NamedTuple):
    """USD: what the first entry tied up, and the most that the trade could have lost."""

    first: Decimal
    worst: Decimal


class Measured(NamedTuple):
    """A trade as a ranking sees it: P&L over its stake, and its worst over the same."""

    returned: Decimal
    worst: Decimal


def stake_of(
    side: Side,
    legs: tuple[Leg, ...],
    multiplier: int,
    executions: Iterable[tuple[Decimal, Decimal]],
) -> Stake:
    """The stake of a trade, from quantity (negative when it closes) and price of its executions
    in the order of time.

    At each moment it could have lost what was paid by then, less what was got and less the
    least that its legs can be worth in the end.
    """
    sign, least = side.sign, least_value(legs)
    paid = entered = entry_paid = held = first = worst = ZERO
    for quantity, price in executions:
        paid += quantity * price
        held += quantity
        if quantity > 0:
            if entered == 0:
                first = quantity * capital_at_risk(side, legs, price)
            entered += quantity
            entry_paid += quantity * price
        if least is not None:
            value = held * least
        elif entered:
            value = held * entry_paid * (sign - SHARES_GAP) / entered
        else:
            continue
        worst = max(worst, paid * sign - value)
    return Stake(first * multiplier, worst * multiplier)


def tied_up(
    side: Side,
    legs: tuple[Leg, ...],
    multiplier: int,
    executions: Iterable[tuple[Decimal, Decimal]],
) -> Decimal:
    """What all entries among the executions tied up together, in USD."""
    tied = (q * capital_at_risk(side, legs, price) for q, price in executions if q > 0)
    return sum(tied, ZERO) * multiplier


def measured(pnl: Decimal, stake: Stake) -> Measured | None:
    """P&L and worst over the first entry's stake; None where nothing was tied up.

    What cannot lose by its structure, as only a mistyped price makes it, could have lost its
    stake. No trade counts for more than `RATIO_MAX`, and none loses more than its worst.
    """
    first, worst = stake
    if first <= 0:
        return None
    returned = _share(pnl, first)
    risked = ONE if worst is first or worst <= 0 else max(_share(worst, first), STEP)
    return Measured(returned, risked if returned + risked >= 0 else -returned)


def _share(part: Decimal, whole: Decimal) -> Decimal:
    share = (part / whole).quantize(STEP, context=WIDE)
    return share if -RATIO_MAX < share < RATIO_MAX else RATIO_MAX.copy_sign(share)


@lru_cache(maxsize=4_096)
def least_value(legs: tuple[Leg, ...]) -> Decimal | None:
    """The least that one unit of the legs can be worth at expiry, per share; negative if it has
    to be paid for. None for shares, whose worth has no end to be known beforehand."""
    contracts = [(instrument(leg.symbol), leg.side.sign * leg.ratio) for leg in legs]
    options = [(named, held) for named, held in contracts if isinstance(named, Option)]
    if len(options) < len(contracts):
        return None
    strikes = [named.strike for named, _ in options]
    spots = (ZERO, *strikes, max(strikes) * (1 + NAKED_CALL_RISE))
    return min(sum((held * named.intrinsic(spot) for named, held in options), ZERO)
               for spot in spots)  # fmt: skip
