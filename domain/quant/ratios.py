"""Ratios: what was earned for the risk that was taken. All from simple returns per period.

A required return or risk-free rate is per period, one number or one for each return; use
`returns.per_period` to make it from a yearly one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from domain.quant.figures import Outcome, Status
from domain.quant.returns import nav_index
from domain.quant.series import Floats, deviation, mean, series
from domain.shared import InvalidInput


def excess(returns: ArrayLike, required: ArrayLike = 0.0) -> Floats:
    """What returns were above what was required.

    Raises:
        InvalidInput: not finite, or not one required return for each.
    """
    found = series("returns", returns)
    least = series("required", np.atleast_1d(np.asarray(required, dtype=np.float64)))
    if least.size not in (1, found.size):
        raise InvalidInput(f"{found.size} returns need one required return or as many")
    return np.ascontiguousarray(found - least)


def sharpe(returns: ArrayLike, per_year: float, risk_free: ArrayLike = 0.0) -> Outcome:
    """Mean over standard deviation (ddof 1) of excess returns, times sqrt(per_year).

    Sharpe, "The Sharpe ratio", Journal of Portfolio Management 21 (1994).
    """
    above = excess(returns, risk_free)
    if above.size < 2:
        return Status.TOO_FEW
    spread = deviation(above)
    if spread == 0.0:
        return Status.NO_VARIATION
    return mean(above) / spread * math.sqrt(per_year)


def downside_deviation(returns: ArrayLike, per_year: float, required: ArrayLike = 0.0) -> Outcome:
    """Root of the mean square of what fell short, over all returns, times sqrt(per_year).

    Sortino and Price, "Performance measurement in a downside risk framework", Journal of
    Investing 3 (1994).
    """
    short = np.minimum(excess(returns, required), 0.0)
    if short.size == 0:
        return Status.TOO_FEW
    return math.sqrt(mean(short * short)) * math.sqrt(per_year)


def sortino(returns: ArrayLike, per_year: float, required: ArrayLike = 0.0) -> Outcome:
    """Yearly mean of excess returns over their downside deviation (Sortino and Price, 1994)."""
    above = excess(returns, required)
    if above.size < 2:
        return Status.TOO_FEW
    below = downside_deviation(returns, per_year, required)
    if isinstance(below, Status):
        return below
    return Status.NO_LOSSES if below == 0.0 else mean(above) * per_year / below


def omega(returns: ArrayLike, threshold: ArrayLike = 0.0) -> Outcome:
    """Sum of what was above the threshold over the sum of what was below it.

    Keating and Shadwick, "A universal performance measure", Journal of Performance
    Measurement 6 (2002).
    """
    above = excess(returns, threshold)
    if above.size < 2:
        return Status.TOO_FEW
    lost = -math.fsum(above[above < 0].tolist())
    if lost == 0.0:
        return Status.NO_LOSSES
    return math.fsum(above[above > 0].tolist()) / lost


def calmar(annual: Outcome, depth: Outcome) -> Outcome:
    """Annualised return over the depth of the deepest drawdown (Young, Futures, 1991)."""
    if isinstance(annual, Status):
        return annual
    if isinstance(depth, Status):
        return depth
    return Status.NO_DRAWDOWN if depth == 0.0 else annual / abs(depth)


def tail_ratio(returns: ArrayLike) -> Outcome:
    """The 95th percentile over the 5th, without signs; percentiles are interpolated."""
    found = series("returns", returns)
    if found.size == 0:
        return Status.TOO_FEW
    low, high = np.percentile(found, [5.0, 95.0])
    return Status.NO_LOSSES if low == 0.0 else abs(float(high)) / abs(float(low))


def stability(returns: ArrayLike) -> Outcome:
    """How straight the index grew: R squared of its logarithm against time."""
    found = series("returns", returns)
    if found.size < 2:
        return Status.TOO_FEW
    index = nav_index(found)[1:]
    if index[-1] <= 0.0:
        return Status.RUINED
    heights, times = np.log(index), np.arange(index.size, dtype=np.float64)
    up, along = heights - mean(heights), times - mean(times)
    square = math.fsum((up * up).tolist())
    if deviation(heights) == 0.0:
        return Status.NO_VARIATION
    both = math.fsum((up * along).tolist())
    return both * both / (square * math.fsum((along * along).tolist()))


def value_at_risk(returns: ArrayLike, level: float = 0.95) -> Outcome:
    """The return that all but the worst (1 - level) of the periods were above; historical.

    The percentile is interpolated (Hyndman and Fan, 1996, type 7). Too few where not one
    return is in the tail.
    """
    found = series("returns", returns)
    if found.size * (1.0 - level) < 1.0 - 1e-9:
        return Status.TOO_FEW
    return float(np.percentile(found, 100.0 * (1.0 - level)))


def conditional_value_at_risk(returns: ArrayLike, level: float = 0.95) -> Outcome:
    """Mean of the returns that are at or below the value at risk.

    Rockafellar and Uryasev, "Optimization of conditional value-at-risk", Journal of Risk 2
    (2000).
    """
    found = series("returns", returns)
    limit = value_at_risk(found, level)
    return limit if isinstance(limit, Status) else mean(found[found <= limit])
