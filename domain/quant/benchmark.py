"""Benchmark: what a record owes to a market that anybody could have bought.

Returns of both are simple ratios of the same periods, in the order of time.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from numpy.typing import ArrayLike

from domain.quant.figures import Outcome, Status
from domain.quant.ratios import excess, sharpe
from domain.quant.returns import annualised, annualised_return
from domain.quant.series import deviation, mean, pair


class Fit(NamedTuple):
    """The line through the returns: `beta` is its slope, `alpha` what it is above, per year."""

    alpha: float
    beta: float


def fit(
    returns: ArrayLike, benchmark: ArrayLike, per_year: float, risk_free: ArrayLike = 0.0
) -> Fit | Status:
    """Least squares of excess returns on the benchmark's; alpha compounds to a year.

    Jensen, "The performance of mutual funds in the period 1945-1964", Journal of Finance 23
    (1968). Too few below two periods; no variation if the benchmark stood still.
    """
    ours, theirs = pair("returns", returns, "benchmark", benchmark)
    above, market = excess(ours, risk_free), excess(theirs, risk_free)
    if above.size < 2:
        return Status.TOO_FEW
    if deviation(market) == 0.0:
        return Status.NO_VARIATION
    away = market - mean(market)
    together = math.fsum((away * (above - mean(above))).tolist())
    beta = together / math.fsum((away * away).tolist())
    alpha = mean(above - beta * market)
    return Fit(annualised(alpha, 1, per_year), beta)


def information_ratio(returns: ArrayLike, benchmark: ArrayLike, per_year: float) -> Outcome:
    """Mean over standard deviation (ddof 1) of what returns were above the benchmark's, times
    sqrt(per_year) (Goodwin, "The information ratio", Financial Analysts Journal 54, 1998)."""
    ours, theirs = pair("returns", returns, "benchmark", benchmark)
    return sharpe(ours - theirs, per_year)


def capture(returns: ArrayLike, benchmark: ArrayLike, per_year: float) -> Outcome:
    """Annualised return over the benchmark's."""
    ours, theirs = pair("returns", returns, "benchmark", benchmark)
    made, market = annualised_return(ours, per_year), annualised_return(theirs, per_year)
    if isinstance(made, Status):
        return made
    if isinstance(market, Status):
        return market
    return Status.NO_VARIATION if market == 0.0 else made / market


def up_capture(returns: ArrayLike, benchmark: ArrayLike, per_year: float) -> Outcome:
    """`capture` over the periods in which the benchmark rose."""
    ours, theirs = pair("returns", returns, "benchmark", benchmark)
    return capture(ours[theirs > 0], theirs[theirs > 0], per_year)


def down_capture(returns: ArrayLike, benchmark: ArrayLike, per_year: float) -> Outcome:
    """`capture` over the periods in which the benchmark fell."""
    ours, theirs = pair("returns", returns, "benchmark", benchmark)
    return capture(ours[theirs < 0], theirs[theirs < 0], per_year)
