"""Scenarios: what options would be worth on other spots, at other volatilities, on other days.

Every value is a full revaluation by the option's own model (`valuing`), not a sum of Greeks.
European values are those of `black_scholes` to rounding. American ones are off the same option
valued by itself in the accurate setting by 2.1e-5 (root mean square; at worst 1e-3) on a spot of
100, where the fast setting by itself is off by 2.0e-5; more, by cents, only where rates or yields
outrun the volatility (a yield of 10 % over two years at a vol of 8 %). See `scenario_premium`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.quant.american_grid import Setting, grid
from domain.quant.batches import Batch, Floats, batch
from domain.quant.scenario_axes import Axes, make_axes
from domain.quant.scenario_kernel import fill_grids
from domain.shared import InvalidInput

SPOT_MOVES = np.arange(-20, 21) / 100.0
VOL_MOVES = np.arange(-10, 11) * 3 / 100.0
"""Of what spot and volatility are now: -0.20 is a fifth less."""
DAYS_A_YEAR = 365.0

_SHARE = 16
"""So many options are handed to a thread at a time: American ones take longer, and may lie
together."""


class Revalued(NamedTuple):
    """Values of n options in dollars per share: `price` (days, n, vols, spots).

    `status` (days, n) holds a `valuing.ValueStatus`: OK; EXPIRED, the values being those of the
    payoff; BAD_INPUT and NOT_VALUED, the values being NaN.
    """

    price: Floats
    status: NDArray[np.int8]


def revalue(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    is_american: ArrayLike,
    *,
    spot_moves: ArrayLike = SPOT_MOVES,
    vol_moves: ArrayLike = VOL_MOVES,
    days: Sequence[float] = (0.0,),
    threads: int = 1,
) -> Revalued:
    """Values a batch on every spot, at every volatility, on every day; the first arguments
    broadcast against each other to n.

    Args:
        spot: dollars per share, more than 0.
        strike: dollars per share; a call with a strike of 0 and no years is the share itself.
        years: time to expiry from now.
        rate, dividend_yield: continuously compounded, per year.
        vol: annual volatility as it is now.
        is_call, is_american: true or false.
        spot_moves, vol_moves: shares by which each option's own spot and volatility move, more
            than -1.
        days: calendar days from now, at least 0; who has expired by then is worth its payoff.
        threads: among how many the batch is shared out; the values are the same bits.

    Raises:
        InvalidInput: shapes that do not broadcast, or moves or days out of these ranges.
    """
    given = batch(
        is_call, spot=spot, strike=strike, years=years, rate=rate,
        dividend_yield=dividend_yield, vol=vol, is_american=is_american,
    )  # fmt: skip
    moves = _factors("spot_moves", spot_moves), _factors("vol_moves", vol_moves)
    if not len(days) or not (np.isfinite(days).all() and min(days) >= 0.0):
        raise InvalidInput("days must be at least one number of calendar days, none below 0")
    if threads < 1:
        raise InvalidInput(f"threads must be at least 1, not {threads}")
    return _filled(given, make_axes(*moves), np.asarray(days, dtype=np.float64), threads)


def _filled(given: Batch, axes: Axes, days: Floats, threads: int) -> Revalued:
    """Has the grids filled, a few options at a time."""
    numbers, size = grid(Setting.FAST), given.size
    inputs = np.empty((days.size, 6, size))
    for row in range(6):
        inputs[:, row] = given.columns[row]
    inputs[:, 2] -= days[:, None] / DAYS_A_YEAR
    american = np.ascontiguousarray(np.broadcast_to(given.columns[6] > 0.0, size))
    calls = np.ascontiguousarray(np.broadcast_to(given.is_call, size))
    price = np.empty((days.size, size, axes.vol.size * axes.spot.size))
    status = np.empty((days.size, size), dtype=np.int8)

    def fill(part: tuple[int, int]) -> None:
        day, start = part
        stop = min(start + _SHARE, size)
        fill_grids(
            inputs[day], calls, american, axes, numbers, start, stop, price[day], status[day]
        )

    parts = [(day, start) for day in range(days.size) for start in range(0, size, _SHARE)]
    if threads == 1:
        for part in parts:
            fill(part)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, parts))
    return Revalued(price.reshape(days.size, size, axes.vol.size, axes.spot.size), status)


def summed_pnl(
    price: Floats, units: ArrayLike, now: ArrayLike, group: ArrayLike, groups: int
) -> tuple[Floats, NDArray[np.int64]]:
    """What n holdings gain on each point of a grid, summed by group, in dollars.

    Args:
        price: values per share of one day (n, vols, spots), as `revalue` gives them.
        units: how many shares' worth is held: quantity x ratio x multiplier, negative when owed.
        now: what each is worth per share now; NaN where nobody knows.
        group: the number of each holding's group, from 0 to `groups` - 1.

    Returns:
        (pnl, counted): (groups, vols, spots), and of how many holdings each group's consists;
        one without a value anywhere on the grid, or now, counts for nothing.

    Raises:
        InvalidInput: shapes that do not fit.
    """
    held, base = np.asarray(units, dtype=np.float64), np.asarray(now, dtype=np.float64)
    place = np.asarray(group, dtype=np.int64)
    if price.ndim != 3 or not held.shape == base.shape == place.shape == price.shape[:1]:
        raise InvalidInput(
            f"prices {price.shape}, units {held.shape}, now {base.shape} and groups "
            f"{place.shape} do not fit: n x vols x spots, and n of the others, are wanted"
        )
    known = np.isfinite(price).all(axis=(1, 2)) & np.isfinite(base) & np.isfinite(held)
    pnl = np.zeros((groups, *price.shape[1:]))
    # One after the other: the order of a sum is part of its bits.
    for n in np.flatnonzero(known):
        pnl[place[n]] += held[n] * (price[n] - base[n])
    return pnl, np.bincount(place[known], minlength=groups)


def _factors(name: str, moves: ArrayLike) -> Floats:
    factors = 1.0 + np.atleast_1d(np.asarray(moves, dtype=np.float64))
    if factors.ndim != 1 or not factors.size or not (np.isfinite(factors) & (factors > 0)).all():
        raise InvalidInput(f"{name} must be a list of shares, each more than -1")
    return factors
