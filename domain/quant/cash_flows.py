"""Cash flows: the money-weighted return of what was paid in and what came back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from domain.quant.figures import Floats, Outcome, Status, pair

DAYS_A_YEAR = 365.0
RATE_MIN, RATE_MAX = -0.9999, 1e6
"""Rates looked at: from losing all but nothing to ten thousand times the money a year."""

_STEPS = 400
"""Stretches in which rates are looked for where there may be several: each a rate 6 % further."""


def xirr(days: ArrayLike, flows: ArrayLike) -> Outcome:
    """The yearly rate at which flows on these days are together worth nothing.

    As spreadsheets define XIRR: sum of flow / (1 + rate)^(days since the first / 365) = 0; paid
    in is negative. No rate without flows both ways, or between `RATE_MIN` and `RATE_MAX`;
    several rates where more than one fits, which is possible only if the balance changes its
    sign more than once. Flows of one day count as one.
    """
    when, amounts = pair("days", days, "flows", flows)
    when, amounts = _by_day(when, amounts)
    turns = _turns(amounts)
    if turns == 0:
        return Status.NO_RATE
    gaps = np.diff(when, prepend=when[0]) / DAYS_A_YEAR
    low, high = math.log1p(RATE_MIN), math.log1p(RATE_MAX)
    if turns == 1:
        # Descartes' rule of signs holds for real powers too: there is one rate at most.
        brackets = [(low, high)]
    else:
        grid = np.linspace(low, high, _STEPS + 1)
        values = _worth(gaps, amounts, grid)
        changes = np.flatnonzero((values[1:] > 0.0) != (values[:-1] > 0.0))
        brackets = [(float(grid[at]), float(grid[at + 1])) for at in changes]
    if len(brackets) > 1:
        return Status.SEVERAL_RATES
    found = [_root(gaps, amounts, *bracket) for bracket in brackets]
    return Status.NO_RATE if not found or found[0] is None else math.expm1(found[0])


def _by_day(days: Floats, flows: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(days, kind="stable")
    days, flows = days[order], flows[order]
    distinct, firsts = np.unique(days, return_index=True)
    sums = np.add.reduceat(flows, firsts) if flows.size else flows
    return distinct[sums != 0.0], sums[sums != 0.0]


def _turns(flows: Floats) -> int:
    """How often the sign changes from one flow to the next."""
    signs = np.sign(flows)
    return int(np.count_nonzero(signs[1:] != signs[:-1]))


@njit(cache=True)
def _worths(gaps: Any, flows: Any, forces: Any, out: Any) -> None:
    """Fills `out` with the present values (m,) of flows (n,) at forces of interest (m,).

    `gaps` (n,) are the years from the flow before to each; the innermost bracket first.
    """
    for at in range(forces.size):
        worth = 0.0
        for flow in range(flows.size - 1, -1, -1):
            worth = (flows[flow] + worth) * math.exp(-forces[at] * gaps[flow])
        out[at] = worth


def _worth(gaps: Floats, flows: Floats, forces: Floats) -> Floats:
    out = np.empty(forces.size)
    _worths(gaps, flows, forces, out)
    return out


def _root(gaps: Floats, flows: Floats, low: float, high: float) -> float | None:
    """Where the worth changes its sign, by bisection to the last bit."""
    below, above = _worth(gaps, flows, np.array((low, high))).tolist()
    if below == 0.0 or above == 0.0:
        return low if below == 0.0 else high
    if (below > 0.0) == (above > 0.0):
        return None
    while low < (middle := 0.5 * (low + high)) < high:
        if (_worth(gaps, flows, np.array((middle,)))[0] > 0.0) == (below > 0.0):
            low = middle
        else:
            high = middle
    return low


class Step(NamedTuple):
    """An execution of a trade: on which day, of how much (negative closes), at what per unit,
    and what a unit entered then ties up."""

    day: float
    quantity: float
    price: float
    tied: float


def trade_flows(
    sign: int, steps: Sequence[Step], last: tuple[float, float] | None = None
) -> list[tuple[float, float]]:
    """What a trade took and gave back, as (day, flow): what it ties up goes out at its entries,
    and its part of that comes back at each exit with what was made on it, at average cost.

    `last` is the day and price per unit at which the rest is valued; without it the rest comes
    back as it went out, on the day of the last step.
    """
    flows: list[tuple[float, float]] = []
    held = cost = tied = 0.0
    for day, quantity, price, ties in steps:
        if quantity > 0.0:
            held, cost, tied = held + quantity, cost + quantity * price, tied + quantity * ties
            flows.append((day, -quantity * ties))
        elif quantity < 0.0 < held:
            part = min(-quantity / held, 1.0)
            flows.append((day, part * (tied + sign * (held * price - cost))))
            held, cost, tied = held * (1.0 - part), cost * (1.0 - part), tied * (1.0 - part)
    if held > 0.0 and last is not None:
        flows.append((last[0], tied + sign * (held * last[1] - cost)))
    elif held > 0.0:
        flows.append((steps[-1].day, tied))
    return flows
