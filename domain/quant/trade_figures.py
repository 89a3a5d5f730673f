"""Trade figures: what closed trades came to, one by one, in the order in which they closed.

P&L is in USD (n,); a trade is won above zero and lost below it. Excursions and R are ratios.
"""

from __future__ import annotations

import math
from itertools import groupby

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


def longest_streak(pnl: ArrayLike, *, of_wins: bool) -> int:
    """How many trades in a row were won, or lost, at most."""
    return max((length for won, length in _streaks(pnl) if won is of_wins), default=0)


def current_streak(pnl: ArrayLike) -> int:
    """How many trades in a row were won (above zero) or lost (below) by now."""
    *_, (won, length) = [(None, 0), *_streaks(pnl)]
    if won is None:
        return 0
    return length if won else -length


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


def _streaks(pnl: ArrayLike) -> list[tuple[bool | None, int]]:
    """Runs of won, lost and (None) neither, with their lengths."""
    signs = np.sign(series("pnl", pnl)).tolist()
    kinds = {1.0: True, -1.0: False}
    return [(kinds.get(sign), len(list(run))) for sign, run in groupby(signs)]


def _sum(values: Floats) -> float:
    return math.fsum(values.tolist())
