"""Tests of a Sharpe ratio: how sure it is that there is skill, given how long and how lopsided
the record is, and among how many it was picked.

Everything here is per period, nothing per year. Bailey and Lopez de Prado, "The Sharpe ratio
efficient frontier", Journal of Risk 15 (2012), and "The deflated Sharpe ratio", Journal of
Portfolio Management 40 (2014).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from domain.quant.figures import Outcome, Status
from domain.quant.ratios import excess
from domain.quant.series import Floats, deviation, mean
from domain.shared import InvalidInput

EULER_MASCHERONI = 0.5772156649015329
_NORMAL = NormalDist()
_Number = TypeVar("_Number", float, Floats)


class Shape(NamedTuple):
    """A sample of returns as the tests see it: Sharpe ratio per period (ddof 1), n, skewness and
    kurtosis (3 for a normal one), both of the sample as it is (ddof 0)."""

    sharpe: float
    n: int
    skewness: float
    kurtosis: float


def shape(returns: ArrayLike, risk_free: ArrayLike = 0.0) -> Shape | Status:
    """The shape of excess returns; too few below three, no variation if all are the same."""
    above = excess(returns, risk_free)
    if above.size < 3:
        return Status.TOO_FEW
    spread = deviation(above)
    if spread == 0.0:
        return Status.NO_VARIATION
    centre = mean(above)
    away = (above - centre) / deviation(above, ddof=0)
    cubes = away * away * away
    return Shape(centre / spread, above.size, mean(cubes), mean(cubes * away))


def normal_cdf(value: float) -> float:
    """The standard normal distribution function, precise in both tails."""
    return 0.5 * math.erfc(-value * math.sqrt(0.5))


def normal_cdfs(values: Floats) -> Floats:
    """`normal_cdf` of many."""
    erfc = math.erfc
    found = [erfc(value) for value in (-values * math.sqrt(0.5)).tolist()]
    return 0.5 * np.array(found, dtype=np.float64)


def probabilistic(found: Shape, threshold: float = 0.0) -> Outcome:
    """PSR: the probability that the true Sharpe ratio is above a threshold (2012).

    A sample of two values only, which its own mean does not move, has no variation.
    """
    variance = _variance(found)
    if variance <= 0.0:
        return Status.NO_VARIATION
    return normal_cdf((found.sharpe - threshold) * math.sqrt((found.n - 1) / variance))


def minimum_track_record(found: Shape, threshold: float = 0.0, confidence: float = 0.95) -> Outcome:
    """MinTRL: how many periods it takes for the PSR to reach a confidence (2012).

    Never, unless the Sharpe ratio is above the threshold.
    """
    if found.sharpe <= threshold:
        return Status.NEVER
    deviate = _NORMAL.inv_cdf(confidence) / (found.sharpe - threshold)
    return 1.0 + _variance(found) * deviate * deviate


def expected_maximum(variance: float, trials: int) -> float:
    """The highest Sharpe ratio to be expected of trials without skill (2014).

    Args:
        variance: of the Sharpe ratios of the trials, at least 0.
        trials: how many independent ones, at least 1; of one alone it is 0.

    Raises:
        InvalidInput: out of these ranges.
    """
    if trials < 1 or not variance >= 0.0:
        raise InvalidInput(f"at least 1 trial and no negative variance: {trials}, {variance}")
    if trials == 1:
        return 0.0
    highest = (1.0 - EULER_MASCHERONI) * _NORMAL.inv_cdf(1.0 - 1.0 / trials)
    highest += EULER_MASCHERONI * _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return math.sqrt(variance) * highest


def deflated(found: Shape, trials: int, variance: float | None = None) -> Outcome:
    """DSR: the PSR against the best that so many trials without skill would show (2014).

    `variance` is that of the trials' Sharpe ratios; without it, what an unskilled record of
    this length has by chance, 1 / (n - 1).
    """
    by_chance = 1.0 / (found.n - 1) if variance is None else variance
    return probabilistic(found, expected_maximum(by_chance, trials))


def estimate_variance(sharpe: _Number, skewness: _Number, kurtosis: _Number) -> _Number:
    """(n - 1) times the variance of the estimated Sharpe ratio (Mertens, 2002)."""
    return 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe


def _variance(found: Shape) -> float:
    return estimate_variance(found.sharpe, found.skewness, found.kurtosis)
