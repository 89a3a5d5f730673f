"""The price below which an American put is exercised, at every time before expiry.

Everything is in units of the strike and for the put; a call is a put of the mirrored market
(McDonald and Schroder, 1998). With v the time since, E = e^(-r v), Q = e^(-q v) and d1, d2 of
the ratio B(tau) / B(tau - v), the boundary makes exercise and holding worth the same:

    e^(-r tau) N(d2) + int r E N(d2) dv = B(tau) [e^(-q tau) N(d1) + int q Q N(d1) dv]

(Kim 1990; Andersen, Lake and Offengenden 2016, equation "FP-B"). Where they iterate a fixed
point, with the diagonal of its derivative (Jacobi-Newton), we take the whole derivative on the
collocation points: Newton's method proper, two or three steps from the start for the last
digit, and its solved equations also give how the boundary moves with vol and rates.
"""

from __future__ import annotations

import math
from typing import Any

from domain.quant.american_start import (
    GAP_LEAST,
    deepest_gap,
    log_limit,
    normal_at_nodes,
    start_boundary,
)
from domain.quant.compiling import inner
from domain.quant.normal import DENSITY_AT_ZERO, copy_to, distributions, exponentiate

_STEPS_MAX = 15
_START_PRECISION = 1e-3
_STEPS_MAX = 15
_SHARE_LEAST = 1e-3
_SHRUNK_MOST = 0.1
_EVEN = 1e-14
"""Of the strike: what is left of the equations when rounding alone stands between."""


@inner
def prepare_points(
    years: float, rate: float, dividend_yield: float, vol: float, grid: Any, work: Any
) -> None:
    """What the points of the integrals need of the option, whatever the boundary."""
    points, flows = work.points, work.flows
    size = points.shape[1]
    deviation, inverse, drift = points[0], points[1], points[2]
    unit = vol * math.sqrt(years)
    lean = ((rate - dividend_yield) / (vol * vol) + 0.5) * unit
    per_unit = 1.0 / unit
    for m in range(size):
        deviation[m] = unit * grid.root[m]
    for m in range(size):
        inverse[m] = per_unit * grid.inverse_root[m]
    for m in range(size):
        drift[m] = lean * grid.root[m]
    strike_flow, spot_flow = flows[:size], flows[size:]
    for m in range(size):
        strike_flow[m] = -rate * years * grid.elapsed[m]
    for m in range(size):
        spot_flow[m] = -dividend_yield * years * grid.elapsed[m]
    exponentiate(flows)
    for m in range(size):
        strike_flow[m] *= years * grid.weight[m]
    for m in range(size):
        spot_flow[m] *= years * grid.weight[m]


@inner
def _normal_at_points(grid: Any, work: Any) -> None:
    """ln(X / B) at the points of the integrals, and N(d1), N(d2) with their bells."""
    gap, points, both, n = work.gap, work.points, work.both, work.gap.size
    there, own, size = points[5], points[6], points.shape[1]
    there[:] = 0.0
    for k in range(n):
        square = gap[k] * gap[k]
        row = grid.spread[k]
        for m in range(size):
            there[m] += square * row[m]
    for m in range(size):
        there[m] = math.sqrt(max(there[m], GAP_LEAST * GAP_LEAST))
    for j in range(size // n):
        for i in range(n):
            own[j * n + i] = gap[i]
    first, second = both[0, :size], both[0, size:]
    inverse, drift, deviation = points[1], points[2], points[0]
    for m in range(size):
        first[m] = (there[m] - own[m]) * inverse[m] + drift[m]
    for m in range(size):
        second[m] = first[m] - deviation[m]
    distributions(both[0], both[1], both[2])


@inner
def _integrate(work: Any) -> None:
    """Sums the terms of both integrals, and their derivatives with the ratio, at each node."""
    points, both, nodal, n = work.points, work.both, work.nodal, work.gap.size
    size = points.shape[1]
    strike_flow, spot_flow, inverse = work.flows[:size], work.flows[size:], points[1]
    over, under = both[1, :size], both[1, size:]
    bell_over, bell_under = both[2, :size], both[2, size:]
    strike_terms, spot_terms, strike_bells, spot_bells = points[7], points[8], points[9], points[10]
    for m in range(size):
        strike_terms[m] = strike_flow[m] * under[m]
    for m in range(size):
        spot_terms[m] = spot_flow[m] * over[m]
    for m in range(size):
        strike_bells[m] = DENSITY_AT_ZERO * inverse[m] * strike_flow[m] * bell_under[m]
    for m in range(size):
        spot_bells[m] = DENSITY_AT_ZERO * inverse[m] * spot_flow[m] * bell_over[m]
    for t in range(4):
        total, terms = nodal[9 + t], points[7 + t]
        for i in range(n):
            total[i] = terms[i]
        for m in range(n, size, n):
            for i in range(n):
                total[i] += terms[m + i]


@inner
def equations(rate: float, dividend_yield: float, grid: Any, work: Any) -> float:
    """How far the boundary is from making exercise and holding worth the same.

    Fills `work.residual`; row 13 of `nodal` keeps what each residual loses by a relative rise
    of all the boundary. Returns the largest residual, in strikes.
    """
    nodal, pairs, n = work.nodal, work.pairs, work.gap.size
    normal_at_nodes(log_limit(rate, dividend_yield), work)
    _normal_at_points(grid, work)
    _integrate(work)
    off = 0.0
    for i in range(n):
        over = nodal[3, i] * (1.0 - pairs[1, i]) + dividend_yield * nodal[10, i]
        nodal[13, i] = nodal[6, i] * over
        holding = nodal[2, i] * (1.0 - pairs[1, n + i]) + rate * nodal[9, i]
        work.residual[i] = holding - nodal[13, i]
        off = max(off, abs(work.residual[i]))
    return off


@inner
def differentiate(rate: float, dividend_yield: float, grid: Any, work: Any) -> None:
    """The derivatives of the equations with every gap, factorised, into `work.slopes`."""
    gap, points, nodal, n = work.gap, work.points, work.nodal, work.gap.size
    slopes, size = work.slopes, points.shape[1]
    bend, there = points[9], points[5]
    for j in range(size // n):
        for i in range(n):
            m = j * n + i
            spot_part = dividend_yield * nodal[6, i] * points[10, m]
            bend[m] = (rate * bend[m] - spot_part) / there[m]
    slopes[:] = 0.0
    for k in range(n):
        row, total = grid.spread[k], slopes[k]
        for j in range(size // n):
            for i in range(n):
                total[i] += bend[j * n + i] * row[j * n + i]
        for i in range(n):
            total[i] *= gap[k]
    for i in range(n):
        slopes[i, i] += nodal[13, i] - rate * nodal[11, i]
        slopes[i, i] += dividend_yield * nodal[6, i] * nodal[12, i]
    factorise(slopes, work.pivots)


@inner
def factorise(slopes: Any, pivots: Any) -> None:
    """The slopes (unknown by equation) as triangles, equations being exchanged for size."""
    n = pivots.size
    for c in range(n):
        best = c
        for i in range(c + 1, n):
            if abs(slopes[c, i]) > abs(slopes[c, best]):
                best = i
        pivots[c] = best
        if best != c:
            for k in range(n):
                slopes[k, c], slopes[k, best] = slopes[k, best], slopes[k, c]
        inverse = 1.0 / slopes[c, c]
        for i in range(c + 1, n):
            slopes[c, i] *= inverse
        for k in range(c + 1, n):
            factor = slopes[k, c]
            for i in range(c + 1, n):
                slopes[k, i] -= factor * slopes[c, i]


@inner
def solve(slopes: Any, pivots: Any, values: Any) -> None:
    """Solves the factorised equations, `values` becoming the solution."""
    n = pivots.size
    for c in range(n):
        other = pivots[c]
        values[c], values[other] = values[other], values[c]
        for i in range(c + 1, n):
            values[i] -= values[c] * slopes[c, i]
    for c in range(n - 1, -1, -1):
        values[c] /= slopes[c, c]
        for i in range(c):
            values[i] -= values[c] * slopes[c, i]


@inner
def find_boundary(
    years: float, rate: float, dividend_yield: float, vol: float, grid: Any, work: Any
) -> bool:
    """The boundary into `work.gap`; whether Newton's steps came to rest on one.

    Where whole steps do not, a step that makes the largest residual worse is taken back and
    tried at a quarter. Where the equations hardly depend on the boundary any more, steps say
    nothing: it is enough that exercise and holding are worth the same to within the setting's
    mismatch.
    """
    deepest = deepest_gap(rate, dividend_yield, vol)
    prepare_points(years, rate, dividend_yield, vol, grid, work)
    for attempt in range(2):
        start_boundary(years, rate, dividend_yield, vol, grid.nodes, work)
        if _descend(rate, dividend_yield, deepest, grid, work, attempt == 1) < grid.tolerance:
            return True
    copy_to(work.gap, work.best)
    is_met: bool = equations(rate, dividend_yield, grid, work) < grid.mismatch
    return is_met


@inner
def _descend(
    rate: float, dividend_yield: float, deepest: float, grid: Any, work: Any, careful: bool
) -> float:
    """Newton's steps, if careful none that makes the largest residual worse; the last change.

    The derivatives of one step serve the next as long as steps shrink fast with them.
    """
    gap, best, step = work.gap, work.best, work.step
    least, share, moved, shrunk = math.inf, 1.0, 1.0, 1.0
    for _ in range(_STEPS_MAX):
        off = equations(rate, dividend_yield, grid, work)
        if off < least or not careful:
            least, share = off, 1.0
            copy_to(best, gap)
            if off < _EVEN:
                return 0.0
            if careful or shrunk > _SHRUNK_MOST:
                differentiate(rate, dividend_yield, grid, work)
            copy_to(step, work.residual)
            solve(work.slopes, work.pivots, step)
        else:
            share *= 0.25
        before = moved
        moved = _move(gap, best, step, share, deepest) / share
        shrunk = moved / before
        if moved < grid.tolerance or share < _SHARE_LEAST:
            break
    return moved


@inner
def _move(gap: Any, best: Any, step: Any, share: float, deepest: float) -> float:
    """Takes a share of the step from the best gaps so far, none being more than doubled or cut
    to a third; the largest change.
    """
    moved = 0.0
    for i in range(gap.size):
        following = min(max(best[i] - share * step[i], 0.3 * best[i]), 2.0 * best[i], deepest)
        following = max(following, GAP_LEAST)
        moved = max(moved, abs(following - best[i]) / following)
        gap[i] = following
    return moved
