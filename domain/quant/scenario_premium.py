"""What early exercise adds to European values over a grid of spots and volatilities.

It is smooth in u, the distance of ln(spot) from the exercise boundary in deviations, and in
ln(vol): boundaries are searched at a few volatilities, the integral of `american_value` is taken
at a few distances from each, and polynomials through these, as through the boundary itself, give
the rest (Chebyshev; error measured in tests/domain/quant/test_scenario.py).
"""

from __future__ import annotations

import math
from typing import Any

from domain.quant.american_boundary import find_boundary
from domain.quant.american_start import log_limit
from domain.quant.compiling import at_full_width, inner
from domain.quant.normal import distribution, exponentiate

_NEAREST = 1e-3
_REACH_LEAST, _REACH_MOST = 0.25, 9.0
"""In deviations: beyond the latter nothing is left of what exercise adds."""


@inner
def fill_normal(count: int, normal: Any) -> None:
    """N(d) of the first `count` arguments."""
    at_full_width()
    arguments, below = normal[0], normal[1]
    for i in range(count):
        below[i] = distribution(arguments[i])[0]


@inner
def _place(
    years: float, rate: float, dividend_yield: float, reach: float, grid: Any, axes: Any, room: Any
) -> None:
    """Points of the integral for every distance, as `american_value` places them: rows sine,
    its inverse, 2 cos - 1, and the weights of what the strike earns and the spot costs.
    """
    at_full_width()
    points, distances = room.points, axes.spot_node
    q = distances.size
    sine, inverse, argument, weight = points[0], points[1], points[2], points[5]
    for j in range(grid.legendre.size):
        for i in range(q):
            scale = min(max(0.5 * reach * distances[i], _NEAREST), 1.0)
            inverse[j * q + i] = scale
            sine[j * q + i] = math.asinh(1.0 / scale)
            weight[j * q + i] = sine[j * q + i] * grid.legendre[j]
    exponentiate(weight)
    for j in range(grid.legendre.size):
        for i in range(q):
            m = j * q + i
            up, down = weight[m], 1.0 / weight[m]
            tangent = 0.5 * inverse[m] * (up - down)
            share = 1.0 / (1.0 + tangent * tangent)
            cosine = (1.0 - tangent * tangent) * share
            step = 0.5 * inverse[m] * sine[m] * (up + down) * grid.legendre_weight[j]
            sine[m] = 2.0 * tangent * share
            weight[m] = 4.0 * years * sine[m] * cosine * share * step
            inverse[m] = 1.0 / sine[m]
            argument[m] = 2.0 * cosine - 1.0
            points[3, m] = -rate * years * sine[m] * sine[m]
            points[4, m] = -dividend_yield * years * sine[m] * sine[m]
    exponentiate(points[3])
    exponentiate(points[4])
    for m in range(sine.size):
        points[3, m] *= rate * weight[m]
        points[4, m] *= dividend_yield * weight[m]


@inner
def _gaps_at_points(grid: Any, gap: Any, room: Any) -> None:
    """ln(X / B) at the points of the integral into row 6, by Clenshaw's sums."""
    at_full_width()
    points, series = room.points, room.series
    argument, behind, ahead = points[2], points[5], points[6]
    for m in range(series.size):
        total = 0.0
        for k in range(gap.size):
            total += grid.chebyshev[m, k] * gap[k] * gap[k]
        series[m] = total
    ahead[:] = 0.0
    behind[:] = 0.0
    for m in range(series.size - 1, 0, -1):
        coefficient = series[m]
        for j in range(argument.size):
            now = 2.0 * argument[j] * ahead[j] - behind[j] + coefficient
            behind[j] = ahead[j]
            ahead[j] = now
    for j in range(argument.size):
        square = argument[j] * ahead[j] - behind[j] + series[0]
        ahead[j] = math.sqrt(max(square, 1e-24))


@inner
def _premiums(
    years: float, rate: float, dividend_yield: float, vol: float, reach: float, grid: Any,
    gap: Any, axes: Any, room: Any, out: Any,
) -> None:  # fmt: skip
    """What exercise adds at every distance from the boundary of this volatility, into `out`."""
    at_full_width()
    points, normal, distances = room.points, room.normal, axes.spot_node
    q, size = distances.size, room.points.shape[1]
    _gaps_at_points(grid, gap, room)
    deviation = vol * math.sqrt(years)
    lean = ((rate - dividend_yield) / (vol * vol) + 0.5) * deviation
    per_deviation = 1.0 / deviation
    first, second = normal[0, :size], normal[0, size : 2 * size]
    for j in range(size // q):
        for i in range(q):
            m = j * q + i
            away = reach * distances[i] * deviation - gap[0] + points[6, m]
            first[m] = -away * per_deviation * points[1, m] - lean * points[0, m]
            second[m] = first[m] + deviation * points[0, m]
    fill_normal(2 * size, normal)
    over, under = normal[1, :size], normal[1, size : 2 * size]
    log_boundary = log_limit(rate, dividend_yield) - gap[0]
    for i in range(q):
        spot = math.exp(log_boundary + reach * distances[i] * deviation)
        total = 0.0
        for j in range(size // q):
            m = j * q + i
            total += points[3, m] * under[m] - spot * points[4, m] * over[m]
        out[i] = total


@inner
def _mix(j: int, reach: float, deviation: float, axes: Any, room: Any) -> None:
    """Adds what exercise adds to the row of one volatility of the grid."""
    at_full_width()
    log_put, put, value, mixed = room.log_put, room.put, room.value, room.mixed
    s, q = log_put.size, mixed.size
    log_boundary = 0.0
    mixed[:] = 0.0
    for k in range(axes.vol_node.size):
        weight = axes.vol_weight[j, k]
        log_boundary += weight * room.log_boundary[k]
        for m in range(q):
            mixed[m] += weight * room.terms[k, m]
    at, ahead, behind = room.clenshaw[0], room.clenshaw[1], room.clenshaw[2]
    per_reach = 2.0 / (reach * deviation)
    for i in range(s):
        at[i] = min(max((log_put[i] - log_boundary) * per_reach, 0.0), 2.0) - 1.0
        ahead[i] = 0.0
        behind[i] = 0.0
    for m in range(q - 1, 0, -1):
        coefficient = mixed[m]
        for i in range(s):
            now = 2.0 * at[i] * ahead[i] - behind[i] + coefficient
            behind[i] = ahead[i]
            ahead[i] = now
    for i in range(s):
        added = max(at[i] * ahead[i] - behind[i] + mixed[0], 0.0)
        held = max(value[j * s + i] + added, 1.0 - put[i])
        value[j * s + i] = held if log_put[i] > log_boundary else 1.0 - put[i]


@inner
def add_exercise(
    years: float, rate: float, dividend_yield: float, vol: float, grid: Any, work: Any,
    axes: Any, room: Any,
) -> bool:  # fmt: skip
    """Adds to the European values what early exercise is worth; whether it could."""
    root = math.sqrt(years)
    limit = log_limit(rate, dividend_yield)
    farthest = max(room.log_put[0], room.log_put[room.log_put.size - 1])
    reach = _REACH_LEAST
    gaps = room.gaps
    for k in range(axes.vol_node.size):
        node = vol * axes.vol_node[k]
        if not find_boundary(years, rate, dividend_yield, node, grid, work):
            return False
        for m in range(work.gap.size):
            gaps[k, m] = work.gap[m]
        room.log_boundary[k] = limit - work.gap[0]
        reach = max(reach, 1.05 * (farthest - room.log_boundary[k]) / (node * root))
    reach = min(reach, _REACH_MOST)
    _place(years, rate, dividend_yield, reach, grid, axes, room)
    for k in range(axes.vol_node.size):
        node = vol * axes.vol_node[k]
        _premiums(
            years, rate, dividend_yield, node, reach, grid, gaps[k], axes, room, room.premium[k]
        )  # fmt: skip
        for m in range(room.mixed.size):
            total = 0.0
            for i in range(room.mixed.size):
                total += axes.spot_transform[m, i] * room.premium[k, i]
            room.terms[k, m] = total
    for j in range(axes.vol.size):
        _mix(j, reach, vol * axes.vol[j] * root, axes, room)
    return True
