"""What books make when spots, volatilities and the date move: every leg valued anew.

One step from `scenario`, which values single options, to what is held of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.quant.scenario import revalue, summed_pnl

Floats = NDArray[np.float64]

Term = tuple[float, float, float, float, float, float, bool, bool]
"""Spot, strike, years, rate, dividend yield, volatility, whether a call, whether American; NaN
where one is not known."""


class BookPnl(NamedTuple):
    """P&L in USD of each group (days, vols, spots), of all legs together, and which legs have a
    value now and on every point: the others count for nothing."""

    groups: Floats
    total: Floats
    known: list[bool]


def book_pnl(
    terms: Sequence[Term],
    units: Sequence[float],
    group: Sequence[int],
    *,
    spot_moves: Sequence[float],
    vol_moves: Sequence[float],
    days: Sequence[int],
) -> BookPnl:
    """What legs make on each point, summed by the number of their group and as a whole.

    `units` are shares, below zero when owed; the moves are shares of each leg's own spot and
    volatility, and `days` calendar days from its mark.
    """
    columns = [np.array(column, dtype=np.float64) for column in zip(*terms, strict=True)]
    held, place = np.array(units, dtype=np.float64), np.array(group, dtype=np.int64)
    groups = int(place.max()) + 1
    now = _prices(columns, (0.0,), (0.0,), 0)[:, 0, 0]
    known = np.isfinite(now)

    # A day at a time: all of them would be a hundred megabytes for a few thousand legs.
    @lru_cache(maxsize=1)
    def prices(left: int) -> Floats:
        return _prices(columns, spot_moves, vol_moves, left)

    shape = (len(days), len(vol_moves), len(spot_moves))
    by_group, total = np.zeros((groups, *shape)), np.zeros(shape)
    # A leg counts on all days or on none, so that days can be compared.
    for left in days:
        known &= np.isfinite(prices(left)).all(axis=(1, 2))
    base = np.where(known, now, np.nan)
    for number, left in enumerate(days):
        price = prices(left)
        by_group[:, number] = summed_pnl(price, held, base, place, groups)[0]
        total[number] = summed_pnl(price, held, base, np.zeros_like(place), 1)[0][0]
    return BookPnl(by_group, total, known.tolist())


def compile_kernels() -> None:
    """Compiles what a scenario needs, or loads it from disk where that was done before.

    The first time on a machine takes most of a minute.
    """
    put: Term = (100.0, 100.0, 0.1, 0.04, 0.0, 0.3, False, True)
    book_pnl([put], [1.0], [0], spot_moves=(0.0,), vol_moves=(0.0,), days=(0,))


def _prices(
    columns: Sequence[Floats], spot_moves: Sequence[float], vol_moves: Sequence[float], left: int
) -> Floats:
    """USD per share of each leg (n, vols, spots) so many days on."""
    found = revalue(
        *columns, spot_moves=spot_moves, vol_moves=vol_moves, days=(float(left),)
    ).price[0]
    prices: Floats = found
    return prices
