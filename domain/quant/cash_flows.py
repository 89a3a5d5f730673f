"""Cash flows: the money-weighted return of what was paid in and what came back."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.quant.compiling import kernel
from domain.quant.figures import Outcome, Status
from domain.quant.series import Floats, pair

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
    gaps = np.diff(when, prepend=when[0])
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


@kernel
def _worths(gaps: Any, flows: Any, forces: Any, out: Any) -> None:
    """Fills `out` with the present values (m,) of flows (n,) at forces of interest (m,) a year.

    `gaps` (n,) are the days from the flow before to each; the innermost bracket first. Few
    whole days are multiplied up, which is much quicker than a power.
    """
    for at in range(forces.size):
        force = -forces[at] / DAYS_A_YEAR
        day, worth = math.exp(force), 0.0
        for flow in range(flows.size - 1, -1, -1):
            worth += flows[flow]
            gap = gaps[flow]
            if gap <= 8.0 and gap == math.floor(gap):
                for _ in range(int(gap)):
                    worth *= day
            else:
                worth *= math.exp(force * gap)
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


class Steps(NamedTuple):
    """Executions of trades, a trade after the other (k,): the number of the day, quantity
    (negative closes), price and what a unit entered then ties up, both in USD per unit."""

    days: Floats
    quantities: Floats
    prices: Floats
    tied: Floats


class Holdings(NamedTuple):
    """The trades of `Steps` (n,): where the steps of each end, 1 if bought and -1 if sold, and
    the day and price per unit at which what is left is valued (NaN: as it went in)."""

    ends: NDArray[np.int64]
    signs: Floats
    last_days: Floats
    last_prices: Floats


def trade_flows(steps: Steps, holdings: Holdings) -> tuple[Floats, Floats]:
    """What trades took and gave back: (days, flows), in no order.

    What a trade ties up goes out at its entries; at each exit its part of that comes back with
    what was made on it, at average cost.
    """
    days, flows = np.empty((2, steps.days.size + holdings.ends.size))
    size = _trade_flows(*steps, *holdings, days, flows)
    return days[:size].copy(), flows[:size].copy()


@kernel
def _trade_flows(
    days: Any, quantities: Any, prices: Any, tied: Any, ends: Any, signs: Any,
    last_days: Any, last_prices: Any, out_days: Any, out_flows: Any,
) -> Any:  # fmt: skip
    """Fills `out_days` and `out_flows` (k + n,) and returns how many there are."""
    size, step = 0, 0
    for trade in range(ends.size):
        held, cost, tying = 0.0, 0.0, 0.0
        while step < ends[trade]:
            quantity = quantities[step]
            if quantity > 0.0:
                held += quantity
                cost += quantity * prices[step]
                tying += quantity * tied[step]
                flow = -quantity * tied[step]
            elif quantity < 0.0 and held > 0.0:
                part = min(-quantity / held, 1.0)
                flow = part * (tying + signs[trade] * (held * prices[step] - cost))
                held, cost, tying = held * (1.0 - part), cost * (1.0 - part), tying * (1.0 - part)
            else:
                flow = 0.0
            out_days[size], out_flows[size] = days[step], flow
            size += 1
            step += 1
        if held > 0.0:
            gain = 0.0
            out_days[size] = out_days[size - 1]
            if not math.isnan(last_prices[trade]):
                out_days[size] = last_days[trade]
                gain = signs[trade] * (held * last_prices[trade] - cost)
            out_flows[size] = tying + gain
            size += 1
    return size
