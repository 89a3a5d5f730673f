"""Worth: what a trade comes to after some of its facts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from domain.lots import ZERO, Lots
from domain.shared import RATIO_STEP, WIDE

RATIO_MAX = Decimal(1_000_000)
"""No trade counts for more, won or lost: a claim beyond it is a slip of the pen."""


class Worth(NamedTuple):
    """A trade after some of its facts. `mark` and `worst` are per share, money in USD."""

    lots: Lots = Lots()
    entered: Decimal = ZERO
    entry_cost: Decimal = ZERO
    tied: Decimal = ZERO
    mark: Decimal | None = None
    marked_at: datetime | None = None
    worst: Decimal = ZERO
    pnl: Decimal = ZERO
    ratio: Decimal = ZERO


def quantity_value(held: Decimal, mark: Decimal, unit: Decimal) -> Decimal:
    """Market value of a signed quantity; `unit` is the multiplier, negative for a sold trade."""
    return held * mark * abs(unit)


def marked(worth: Worth, at: datetime, mark: Decimal, unit: Decimal) -> Worth:
    lots = worth.lots
    pnl = lots.realised
    if lots.open != 0:
        pnl += quantity_value(lots.open, mark, unit) - lots.cost
    return Worth(lots, worth.entered, worth.entry_cost, worth.tied, mark, at,
                 max(worth.worst, mark), pnl, share_of(pnl, worth.tied))  # fmt: skip


def share_of(pnl: Decimal, tied: Decimal) -> Decimal:
    if tied == 0:
        return ZERO
    share = (pnl / tied).quantize(RATIO_STEP, context=WIDE)
    return share if -RATIO_MAX < share < RATIO_MAX else RATIO_MAX.copy_sign(share)
