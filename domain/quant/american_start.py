"""Where the search for an American put's exercise boundary starts: the QD+ approximation.

Li, "Analytical approximations of the critical stock prices of American options: a performance
comparison" (2010), sections 2 and 3. Its equation is solved at all nodes at once by Newton's
steps, each node inside a bracket of its own that at worst is halved: the limit at expiry above,
the boundary of the option that never expires below.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.quant.batches import Floats
from domain.quant.compiling import inner, kernel
from domain.quant.normal import DENSITY_AT_ZERO, distributions, exponentiate

GAP_LEAST = 1e-12
_DEEPEST = 60.0
_STEPS_MAX = 40
_PRECISION = 5e-2
_SHORT = 1.015
"""The QD+ boundary's gap is one to two hundredths short of the exact one, be the dividends less
or more than the rate (measured over random markets): making it good saves a step of Newton's.
"""


class Work(NamedTuple):
    """What is computed on the way, kept from option to option so that nothing is allocated.

    `gap` (n) is ln(X / B) at the nodes: the boundary itself; `best` the best so far and `step`
    the one from there. `residual` (n) and `slopes` (n, n) are the equations that it is to meet
    and their derivatives, the gap that is moved first and the equation second. Of the others,
    `nodal` (14, n) and `pairs` (3, 2 n) hold terms at the nodes, `points` (11, l n), `flows`
    (2 l n) and `both` (3, 2 l n) at the points of the integrals.
    """

    gap: Floats
    best: Floats
    step: Floats
    residual: Floats
    slopes: Floats
    pivots: NDArray[np.int64]
    nodal: Floats
    pairs: Floats
    points: Floats
    flows: Floats
    both: Floats


@kernel
def make_work(n: int, m: int) -> Any:
    """Room for a setting with so many nodes and points of their integrals in all."""
    return Work(
        np.empty(n), np.empty(n), np.empty(n), np.empty(n),
        np.empty((n, n)), np.empty(n, dtype=np.int64),
        np.empty((14, n)), np.empty((3, 2 * n)),
        np.empty((11, m)), np.empty(2 * m), np.empty((3, 2 * m)),
    )  # fmt: skip


@kernel
def log_limit(rate: float, dividend_yield: float) -> float:
    """ln X, the boundary just before expiry: the strike, or less where dividends are higher."""
    return math.log(rate / dividend_yield) if dividend_yield > rate else 0.0


@inner
def deepest_gap(rate: float, dividend_yield: float, vol: float) -> float:
    """ln(X / B) of the option that never expires, which no other option's exceeds."""
    drift = (rate - dividend_yield) / (vol * vol) - 0.5
    exponent = -drift - math.sqrt(drift * drift + 2.0 * rate / (vol * vol))
    if exponent >= 0.0:
        return _DEEPEST
    gap = log_limit(rate, dividend_yield) - math.log(exponent / (exponent - 1.0))
    return min(max(gap, GAP_LEAST), _DEEPEST)


@inner
def _prepare_nodes(
    years: float, rate: float, dividend_yield: float, vol: float, nodes: Any, nodal: Any
) -> None:
    """What the nodes need of the option: deviation, drift, both discounts, QD+ coefficients."""
    variance = vol * vol
    omega = 2.0 * (rate - dividend_yield) / variance - 1.0
    for i in range(nodes.size):
        root = nodes[i] * math.sqrt(years)
        tau, deviation = root * root, vol * root
        nodal[0, i] = deviation
        nodal[1, i] = (rate - dividend_yield) * tau / deviation + 0.5 * deviation
        nodal[2, i] = -rate * tau
        nodal[3, i] = -dividend_yield * tau
    exponentiate(nodal[2])
    exponentiate(nodal[3])
    for i in range(nodes.size):
        tau = years * nodes[i] * nodes[i]
        # (1 - e^(-r tau)) / r, and its limit.
        annuity = -math.expm1(-rate * tau) / rate if rate != 0.0 else tau
        root = math.sqrt(omega * omega + 8.0 / (variance * annuity))
        outer = -2.0 * nodal[2, i] / (variance * root)
        inner = 1.0 / annuity - 2.0 / (variance * annuity * annuity * root * root)
        nodal[4, i] = -0.5 * (omega + root) - outer * inner
        nodal[5, i] = -2.0 / (variance * root)


@inner
def normal_at_nodes(log_x: float, work: Any) -> None:
    """The boundary, and N(-d1), N(-d2) with their bells, at the nodes."""
    gap, nodal, pairs, n = work.gap, work.nodal, work.pairs, work.gap.size
    for i in range(n):
        nodal[6, i] = log_x - gap[i]
        pairs[0, i] = -(nodal[6, i] / nodal[0, i] + nodal[1, i])
        pairs[0, n + i] = pairs[0, i] + nodal[0, i]
    exponentiate(nodal[6])
    distributions(pairs[0], pairs[1], pairs[2])


@inner
def _start_step(rate: float, dividend_yield: float, vol: float, work: Any) -> float:
    """One step of Newton's on the QD+ equation at every node; the largest relative change.

    The equation: S (1 - Q N(-d1)) + (lambda + c) (K - S - p) = 0, with the part of c that has
    K - S - p as its divisor multiplied out.
    """
    gap, nodal, pairs, n = work.gap, work.nodal, work.pairs, work.gap.size
    low, high = nodal[7], nodal[8]
    moved = 0.0
    for i in range(n):
        deviation, spot = nodal[0, i], nodal[6, i]
        d1 = -pairs[0, i]
        over = nodal[3, i] * pairs[1, i]
        under = nodal[2, i] * pairs[1, n + i]
        density = DENSITY_AT_ZERO * nodal[3, i] * pairs[2, i]
        decay = 0.5 * vol * vol / deviation
        theta = rate * under - spot * (dividend_yield * over + decay * density)
        value = (
            (1.0 - over) * spot + nodal[4, i] * (1.0 - spot - under + spot * over)
            + nodal[5, i] * theta
        )  # fmt: skip
        # e^(-r tau) n(d2) is spot e^(-q tau) n(d1).
        theta_slope = (
            (dividend_yield - rate) * density / deviation - dividend_yield * over
            - decay * density * (1.0 - d1 / deviation)
        )  # fmt: skip
        slope = (1.0 - over) * (1.0 - nodal[4, i]) + density / deviation
        slope += nodal[5, i] * theta_slope
        # More spot is less gap: a value above 0 lies over the boundary.
        if value > 0.0:
            low[i] = gap[i]
        else:
            high[i] = gap[i]
        following = gap[i] + value / (slope * spot)
        if not low[i] <= following <= high[i]:
            following = 0.5 * (low[i] + high[i])
        moved = max(moved, abs(following - gap[i]) / following)
        gap[i] = following
    return moved


@inner
def start_boundary(
    years: float, rate: float, dividend_yield: float, vol: float, nodes: Any, work: Any
) -> None:
    """The QD+ boundary into `work.gap`: all nodes at once, each inside its own bracket."""
    _prepare_nodes(years, rate, dividend_yield, vol, nodes, work.nodal)
    log_x = log_limit(rate, dividend_yield)
    deepest = deepest_gap(rate, dividend_yield, vol)
    for i in range(nodes.size):
        work.nodal[7, i], work.nodal[8, i] = 0.0, deepest
        deviation = work.nodal[0, i]
        # What the gap is near expiry, in deviations, fitted over random markets to a tenth or
        # so; Evans, Kuske and Keller (2002) give its limits.
        if dividend_yield < rate:
            lead = (rate - dividend_yield) * deviation / (vol * vol)
            near = math.sqrt(max(1.05 - 1.35 * math.log(lead), 0.3))
        else:
            lag = 1.0 / (1.0 - log_x / deviation)
            near = 0.54 + lag * (1.04 + 1.53 * lag)
        work.gap[i] = deepest * -math.expm1(-near * deviation / deepest)
    for _ in range(_STEPS_MAX):
        normal_at_nodes(log_x, work)
        if _start_step(rate, dividend_yield, vol, work) < _PRECISION:
            break
    for i in range(nodes.size):
        work.gap[i] = min(work.gap[i] * _SHORT, deepest)
