"""How far the market expects an underlying to go, and how dear its options are by its own past.

* Expected move: one standard deviation of the price over the time, spot x vol x sqrt(years), which
  holds two closes of three. From the straddle at the money it is straddle x sqrt(pi / 2), since
  that is worth sqrt(2 / pi) deviations (Brenner and Subrahmanyam, "A Simple Formula to Compute the
  Implied Standard Deviation", 1988). The straddle itself is the *mean* move, and 0.85 of it, which
  brokers quote as expected move, the *median*: it holds one close of two.
* IV rank: (now - lowest) / (highest - lowest) of a year of daily volatilities, today's included.
* IV percentile: the share of the earlier days of that year on which volatility was lower than now.

One series of volatilities needs one maturity: `at_constant_maturity` makes it of what is listed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from domain.quant.batches import Floats
from domain.shared import InvalidInput

SESSIONS_MAX = 252
SESSIONS_LEAST = 20
"""Fewer days with a volatility make neither rank nor percentile."""
MATURITY_DAYS = 30.0
DEVIATIONS_OF_STRADDLE = math.sqrt(math.pi / 2.0)
MEDIAN_OF_STRADDLE = 0.6744897501960817 * DEVIATIONS_OF_STRADDLE
"""0.845, the 0.85 of brokers: the quartile of the normal distribution, in straddles."""


class Ranked(NamedTuple):
    """`rank` and `percentile` from 0 to 1, None if `days` with a volatility are too few (or, for
    the rank, if all are the same)."""

    vol: float | None
    rank: float | None
    percentile: float | None
    days: int
    lowest: float | None
    highest: float | None


def expected_move(spot: ArrayLike, vol: ArrayLike, years: ArrayLike) -> Floats:
    """One standard deviation of the price in dollars per share; NaN where an input is none.

    Raises:
        InvalidInput: shapes that do not broadcast, or a number below 0.
    """
    try:
        at, each, left = np.broadcast_arrays(*(_numbers(one) for one in (spot, vol, years)))
    except ValueError as wrong:
        raise InvalidInput(f"spot, vol and years do not fit: {wrong}") from wrong
    for name, column in (("spot", at), ("vol", each), ("years", left)):
        if (column < 0.0).any():
            raise InvalidInput(f"{name} must be at least 0, not {column[column < 0.0][0]:g}")
    move: Floats = at * each * np.sqrt(left)
    return move


def move_of_straddle(call: ArrayLike, put: ArrayLike) -> Floats:
    """The same from the mids of the call and the put at the money, in dollars per share."""
    move: Floats = (_numbers(call) + _numbers(put)) * DEVIATIONS_OF_STRADDLE
    return move


def ranked(vols: ArrayLike) -> Ranked:
    """Rank and percentile of the last of daily volatilities, oldest first; NaN on days without.

    Of more than 252 days the last count. Without a volatility on the last day there is neither.
    """
    year = _numbers(vols).reshape(-1)[-SESSIONS_MAX:]
    known = year[np.isfinite(year)]
    days = int(known.size)
    if not days:
        return Ranked(None, None, None, 0, None, None)
    lowest, highest = float(known.min()), float(known.max())
    if not math.isfinite(year[-1]):
        return Ranked(None, None, None, days, lowest, highest)
    now = float(year[-1])
    if days < SESSIONS_LEAST:
        return Ranked(now, None, None, days, lowest, highest)
    rank = (now - lowest) / (highest - lowest) if highest > lowest else None
    lower = int((known[:-1] < now).sum())
    return Ranked(now, rank, lower / (days - 1), days, lowest, highest)


def at_the_money(spot: float, strikes: ArrayLike, vols: ArrayLike) -> float | None:
    """The volatility of one expiry on the spot: straight in ln(strike) between the strikes next
    to it on both sides (calls and puts of one strike count half each); None without both.
    """
    strike, vol = _numbers(strikes).reshape(-1), _numbers(vols).reshape(-1)
    if strike.shape != vol.shape:
        raise InvalidInput(f"{strike.size} strikes and {vol.size} volatilities do not fit")
    usable = np.isfinite(strike) & np.isfinite(vol) & (strike > 0.0)
    levels, place = np.unique(strike[usable], return_inverse=True)
    if not levels.size or not spot > 0.0 or not levels[0] <= spot <= levels[-1]:
        return None
    mean = np.bincount(place, weights=vol[usable]) / np.bincount(place)
    return float(np.interp(math.log(spot), np.log(levels), mean))


def at_constant_maturity(
    years: ArrayLike, vols: ArrayLike, target_days: float = MATURITY_DAYS
) -> float | None:
    """The volatility over so many days from those of several expiries: total variance vol^2 x
    years is straight between the expiries next to it (as in Cboe's VIX methodology, 2003); beyond
    the first or last expiry its volatility stands in. None without any.
    """
    left, vol = _numbers(years).reshape(-1), _numbers(vols).reshape(-1)
    if left.shape != vol.shape:
        raise InvalidInput(f"{left.size} expiries and {vol.size} volatilities do not fit")
    usable = np.isfinite(left) & np.isfinite(vol) & (left > 0.0) & (vol >= 0.0)
    if not usable.any():
        return None
    order = np.argsort(left[usable], kind="stable")
    left, vol = left[usable][order], vol[usable][order]
    target = target_days / 365.0
    if target <= left[0]:
        return float(vol[0])
    if target >= left[-1]:
        return float(vol[-1])
    return math.sqrt(float(np.interp(target, left, vol * vol * left)) / target)


def _numbers(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
