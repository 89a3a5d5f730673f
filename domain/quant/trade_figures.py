"""Trade figures: what closed trades came to, one by one, in the order in which they closed.

P&L is in USD (n,); a trade is won above zero and lost below it. Excursions and R are ratios.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from domain.quant.figures import Outcome, Status
from domain.quant.series import Floats, mean, pair, series


def profit_factor(pnl: ArrayLike) -> Outcome:
    """What was won over what was lost."""
    found = series("pnl", pnl)
    if found.size == 0:
        return Status.TOO_FEW
    lost = -_sum(found[found < 0])
    return Status.NO_LOSSES if lost == 0.0 else _sum(found[found > 0]) / lost


def average(values: ArrayLike) -> Outcome:
    """The mean; too few of nothing."""
    found = series("values", values)
    return Status.TOO_FEW if found.size == 0 else mean(found)


def median(values: ArrayLike) -> Outcome:
    """The one in the middle, or the mean of the two; too few of nothing."""
    found = series("values", values)
    return Status.TOO_FEW if found.size == 0 else float(np.median(found))


def average_win(pnl: ArrayLike) -> Outcome:
    """The mean of the trades that were won."""
    found = series("pnl", pnl)
    return mean(found[found > 0]) if (found > 0).any() else Status.NO_WINS


def average_loss(pnl: ArrayLike) -> Outcome:
    """The mean of the trades that were lost, below zero."""
    found = series("pnl", pnl)
    return mean(found[found < 0]) if (found < 0).any() else Status.NO_LOSSES


def payoff(pnl: ArrayLike) -> Outcome:
    """The average win over the average loss, without its sign."""
    won, lost = average_win(pnl), average_loss(pnl)
    if isinstance(lost, Status):
        return lost
    return won if isinstance(won, Status) else won / -lost


class Streaks(NamedTuple):
    """How many trades in a row were won and lost at most, and by now (below 0 if lost)."""

    won: int
    lost: int
    current: int


def streaks(pnl: ArrayLike) -> Streaks:
    """Runs of trades above and below zero; one at zero ends a run."""
    signs = np.sign(series("pnl", pnl))
    if signs.size == 0:
        return Streaks(0, 0, 0)
    firsts = np.flatnonzero(np.append(True, signs[1:] != signs[:-1]))
    lengths = np.diff(np.append(firsts, signs.size))
    kinds = signs[firsts]
    won, lost = (int(np.max(lengths, where=kinds == kind, initial=0)) for kind in (1.0, -1.0))
    return Streaks(won, lost, int(kinds[-1] * lengths[-1]))


def excursion(extremes: ArrayLike) -> Outcome:
    """The mean of how far trades went one way before they closed.

    Sweeney, Campaign Trading (1996): of the lowest ratio of each trade it is the mean adverse
    excursion (MAE), of the highest the mean favourable one (MFE).
    """
    return average(extremes)


def multiples(pnl: ArrayLike, risked: ArrayLike) -> Floats:
    """R multiples: P&L by what was risked at the entry (Tharp, Trade Your Way, 1998).

    Raises:
        InvalidInput: lengths differ.
    """
    made, at_risk = pair("pnl", pnl, "risked", risked)
    known = at_risk > 0
    return np.ascontiguousarray(made[known] / at_risk[known])


def _sum(values: Floats) -> float:
    return math.fsum(values.tolist())
