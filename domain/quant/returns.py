"""Returns: what a record made in each period, chained to an index and brought to a year.

Returns are simple ratios per period (0.01 is 1 %), in the order of time. A chained index never
falls below nothing, and what is lost altogether stays lost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from domain.quant.figures import Outcome, Status
from domain.quant.series import Floats, deviation, series
from domain.shared import InvalidInput


class Every(StrEnum):
    """Stretches of the calendar that returns can be chained over."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def simple_returns(prices: ArrayLike) -> Floats:
    """Returns from one price to the next, (n,) to (n - 1,).

    Raises:
        InvalidInput: a price but the last is not above zero.
    """
    found = series("prices", prices)
    if (found[:-1] <= 0).any():
        raise InvalidInput("prices have to be above zero")
    return np.ascontiguousarray(found[1:] / found[:-1] - 1.0)


def nav_index(returns: ArrayLike, start: float = 1.0) -> Floats:
    """The index before the first return and after each, (n,) to (n + 1,): time-weighted.

    Each return counts the same whatever money was in it (true time-weighted return; Global
    Investment Performance Standards, 2020).
    """
    found = series("returns", returns)
    growth = np.maximum(1.0 + found, 0.0)
    return np.multiply(start, np.concatenate((np.ones(1), np.cumprod(growth))))


def total_return(returns: ArrayLike) -> Outcome:
    """The chained return; too few without any."""
    found = series("returns", returns)
    if found.size == 0:
        return Status.TOO_FEW
    return float(nav_index(found)[-1]) - 1.0


def annualised(total: float, n: int, per_year: float) -> float:
    """A return over n periods as a yearly one that compounds to it; inf beyond all numbers."""
    try:
        return float(max(1.0 + total, 0.0) ** (per_year / n)) - 1.0
    except OverflowError:
        return math.inf


def annualised_return(returns: ArrayLike, per_year: float) -> Outcome:
    """Compound annual growth rate: (1 + total)^(per_year / n) - 1; too few without any."""
    found = series("returns", returns)
    total = total_return(found)
    return total if isinstance(total, Status) else annualised(total, found.size, per_year)


def volatility(returns: ArrayLike, per_year: float) -> Outcome:
    """Standard deviation (ddof 1) times sqrt(per_year); too few below two returns."""
    found = series("returns", returns)
    if found.size < 2:
        return Status.TOO_FEW
    return deviation(found) * math.sqrt(per_year)


def per_period(rate: float, per_year: float) -> float:
    """A yearly rate as the one of a period that compounds to it.

    Raises:
        InvalidInput: the rate is not finite, or loses everything.
    """
    if not math.isfinite(rate) or rate <= -1.0:
        raise InvalidInput(f"a yearly rate is finite and above -1, not {rate}")
    return float((1.0 + rate) ** (1.0 / per_year)) - 1.0


def chained(days: Sequence[date], returns: ArrayLike, every: Every) -> dict[tuple[int, int], float]:
    """Returns chained over weeks (ISO 8601), months, quarters or years, in order.

    Keys are (year, number of the stretch in it); years have the number 1.

    Raises:
        InvalidInput: there is not a day for each return.
    """
    found = series("returns", returns)
    if found.size != len(days):
        raise InvalidInput(f"{found.size} returns need as many days, not {len(days)}")
    growth: dict[tuple[int, int], float] = {}
    for day, one in zip(days, found.tolist(), strict=True):
        stretch = _stretch(day, every)
        growth[stretch] = growth.get(stretch, 1.0) * max(1.0 + one, 0.0)
    return {stretch: grown - 1.0 for stretch, grown in growth.items()}


def _stretch(day: date, every: Every) -> tuple[int, int]:
    match every:
        case Every.WEEK:
            year, week, _ = day.isocalendar()
            return year, week
        case Every.MONTH:
            return day.year, day.month
        case Every.QUARTER:
            return day.year, (day.month + 2) // 3
        case Every.YEAR:
            return day.year, 1
