"""One option over a whole grid of spots and volatilities, at a cost far below that of each alone.

European values share all but two normal distributions. What early exercise adds to them is smooth
in u, the distance of ln(spot) from the exercise boundary in deviations, and in ln(vol): it is
computed from boundaries at `VOL_NODES` volatilities, by the integral of `american_value`, at
`SPOT_NODES` distances for each, and interpolated in both by Chebyshev polynomials; so is the
boundary. Everything is a put on a strike of 1; a call is the put of the mirrored market.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from domain.quant.american import put_figures
from domain.quant.american_boundary import find_boundary
from domain.quant.american_start import log_limit, make_work
from domain.quant.american_value import FIGURES, make_outer
from domain.quant.batches import Floats
from domain.quant.compiling import at_full_width, inner, kernel
from domain.quant.normal import distribution, exponentiate

VOL_NODES, SPOT_NODES = 6, 12
OK, EXPIRED, BAD_INPUT, NOT_VALUED = 0, 3, 4, 6
"""As `valuing.ValueStatus` numbers them."""

_DEVIATION_LEAST = 1e-5
_RATE_LEAST = 1e-12
_NEAREST = 1e-3
_REACH_LEAST, _REACH_MOST = 0.25, 9.0
"""In deviations: beyond the latter nothing is left of what exercise adds."""


class Axes(NamedTuple):
    """What all options of a grid share.

    `spot` (s) and `vol` (v) are factors; `log_spot` (s) the logarithms of the former.
    `vol_node` (p) are factors of the volatilities that boundaries are searched at and
    `vol_weight` (v, p) what each counts at those of the grid; `spot_node` (q) are shares of the
    reach in u, and `spot_transform` (q, q) makes coefficients of values there.
    """

    spot: Floats
    log_spot: Floats
    vol: Floats
    vol_node: Floats
    vol_weight: Floats
    spot_node: Floats
    spot_transform: Floats


def make_axes(spot: Floats, vol: Floats) -> Axes:
    """The axes of a grid with these factors, all above 0."""
    log_vol = np.log(vol)
    middle, half = (log_vol.max() + log_vol.min()) / 2.0, np.ptp(log_vol) / 2.0
    nodes = _lobatto(VOL_NODES) if half > 0.0 else np.zeros(1)
    at = (log_vol - middle) / (half or 1.0)
    order = np.arange(SPOT_NODES)
    ends = np.where((order == 0) | (order == SPOT_NODES - 1), 0.5, 1.0)
    cosines = np.cos(np.pi * np.outer(order, order) / (SPOT_NODES - 1))
    return Axes(
        spot=np.ascontiguousarray(spot),
        log_spot=np.log(spot),
        vol=np.ascontiguousarray(vol),
        vol_node=np.exp(middle + half * nodes),
        vol_weight=_barycentric(nodes, at),
        spot_node=(1.0 + _lobatto(SPOT_NODES)) / 2.0,
        spot_transform=(2.0 / (SPOT_NODES - 1)) * ends[:, None] * cosines * ends[None, :],
    )


def _lobatto(count: int) -> Floats:
    nodes: Floats = np.cos(np.pi * np.arange(count) / (count - 1))
    return nodes


def _barycentric(nodes: Floats, at: Floats) -> Floats:
    """What the value at each node counts in the polynomial through all of them (Berrut and
    Trefethen, "Barycentric Lagrange Interpolation", 2004, equation 5.4).
    """
    signs = np.where(np.arange(nodes.size) % 2 == 0, 1.0, -1.0)
    signs[[0, -1]] *= 0.5
    away = at[:, None] - nodes[None, :]
    is_node = np.abs(away) < 1e-12
    shares = signs / np.where(is_node, 1.0, away)
    shares[is_node.any(axis=1)] = 0.0
    shares[is_node] = 1.0
    weights: Floats = np.ascontiguousarray(shares / shares.sum(axis=1, keepdims=True))
    return weights


class Room(NamedTuple):
    """Arrays to work in, kept from option to option.

    `log_put`, `put`, `scale` (s) are the spots as those of a put on a strike of 1, and what that
    put's value is multiplied by; `value` (v * s). `normal` (2, 2 * most) holds arguments and
    results of the normal distribution. `points` (7, l * q) belong to the integral: l points for
    each of q distances, these changing fastest. `premium` (p, q), `terms` (p, q) and `mixed` (q)
    are values and coefficients of what exercise adds; `log_boundary` (p).
    """

    log_put: Floats
    put: Floats
    scale: Floats
    value: Floats
    normal: Floats
    points: Floats
    series: Floats
    premium: Floats
    terms: Floats
    mixed: Floats
    log_boundary: Floats
    gaps: Floats
    clenshaw: Floats


@kernel
def make_room(s: int, v: int, p: int, q: int, points: int, nodes: int) -> Any:
    """Room for a grid of s spots and v volatilities."""
    most = max(s * v, points * q)
    return Room(
        np.empty(s), np.empty(s), np.empty(s), np.empty(s * v), np.empty((2, 2 * most)),
        np.empty((7, points * q)), np.empty(nodes + 1), np.empty((p, q)), np.empty((p, q)),
        np.empty(q), np.empty(p), np.empty((p, nodes)), np.empty((3, s)),
    )  # fmt: skip


@inner
def _normal(count: int, normal: Any) -> None:
    """N(d) of the first `count` arguments."""
    at_full_width()
    arguments, below = normal[0], normal[1]
    for i in range(count):
        below[i] = distribution(arguments[i])[0]


@inner
def european_grid(
    years: float, rate: float, dividend_yield: float, vol: float, axes: Any, room: Any
) -> None:
    """European puts on a strike of 1 into `value`."""
    at_full_width()
    log_put, put, value, normal = room.log_put, room.put, room.value, room.normal
    s, size = log_put.size, value.size
    root = math.sqrt(years)
    carry = (rate - dividend_yield) * years
    first, second = normal[0, :size], normal[0, size : 2 * size]
    for j in range(axes.vol.size):
        deviation = vol * axes.vol[j] * root
        inverse = 1.0 / deviation
        lean = carry * inverse + 0.5 * deviation
        for i in range(s):
            first[j * s + i] = -(log_put[i] * inverse + lean)
        for i in range(s):
            second[j * s + i] = first[j * s + i] + deviation
    _normal(2 * size, normal)
    over, under = normal[1, :size], normal[1, size : 2 * size]
    strike_now, spot_now = math.exp(-rate * years), math.exp(-dividend_yield * years)
    for j in range(axes.vol.size):
        for i in range(s):
            put_now = strike_now * under[j * s + i] - spot_now * put[i] * over[j * s + i]
            value[j * s + i] = put_now


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
    _normal(2 * size, normal)
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


@inner
def _one_by_one(
    years: float, rate: float, dividend_yield: float, vol: float, is_american: bool, grid: Any,
    work: Any, outer: Any, figures: Any, axes: Any, room: Any,
) -> bool:  # fmt: skip
    """Every value by itself, for what the grid's way cannot; whether all have one."""
    s = room.put.size
    for j in range(axes.vol.size):
        for i in range(s):
            spot, volatility = room.put[i], vol * axes.vol[j]
            if is_american:
                figures[0] = math.nan
                put_figures(
                    spot, years, rate, dividend_yield, volatility, grid, work, outer, False,
                    figures,
                )  # fmt: skip
                room.value[j * s + i] = figures[0]
            else:
                sure = math.exp(-rate * years) - spot * math.exp(-dividend_yield * years)
                room.value[j * s + i] = max(sure, 0.0)
    return math.isfinite(room.value.sum())


@inner
def _spots_of_put(spot: float, strike: float, is_call: bool, axes: Any, room: Any) -> None:
    """The spots as those of a put on a strike of 1, of the mirrored market for a call."""
    log_now = math.log(strike / spot) if is_call else math.log(spot / strike)
    for i in range(axes.spot.size):
        moved = axes.log_spot[i]
        room.log_put[i] = log_now - moved if is_call else log_now + moved
        room.put[i] = room.log_put[i]
        room.scale[i] = spot * axes.spot[i] if is_call else strike
    exponentiate(room.put)


@inner
def _option(
    years: float, rate: float, dividend_yield: float, vol: float, is_american: bool, grid: Any,
    work: Any, outer: Any, figures: Any, axes: Any, room: Any,
) -> bool:  # fmt: skip
    """The values of a put on a strike of 1 over the grid; whether there are any."""
    if abs(rate) < _RATE_LEAST:
        rate = 0.0
    may_pay = is_american and not (rate <= 0.0 and dividend_yield >= rate)
    if may_pay and rate < 0.0:
        return False
    least = vol * math.sqrt(years)
    for j in range(axes.vol.size):
        least = min(least, vol * axes.vol[j] * math.sqrt(years))
    if least >= _DEVIATION_LEAST:
        european_grid(years, rate, dividend_yield, vol, axes, room)
        if not may_pay or add_exercise(
            years, rate, dividend_yield, vol, grid, work, axes, room
        ):  # fmt: skip
            return True
    return _one_by_one(
        years, rate, dividend_yield, vol, may_pay, grid, work, outer, figures, axes, room
    )


@kernel
def fill_grids(
    inputs: Any, is_call: Any, is_american: Any, axes: Any, grid: Any, start: int, stop: int,
    out: Any, status: Any,
) -> None:  # fmt: skip
    """Fills `out` (n, v * s) and `status` (n) from `start` to `stop`; rows of `inputs` (6, n):
    spot, strike, years, rate, dividend yield, vol.
    """
    s, v = axes.spot.size, axes.vol.size
    points, nodes = grid.legendre.size, grid.nodes.size
    room = make_room(s, v, axes.vol_node.size, axes.spot_node.size, points, nodes)
    work = make_work(nodes, grid.root.size)
    outer = make_outer(nodes, points)
    figures = np.empty(FIGURES)
    for n in range(start, stop):
        spot, strike, years = inputs[0, n], inputs[1, n], inputs[2, n]
        rate, dividend_yield, vol = inputs[3, n], inputs[4, n], inputs[5, n]
        sound = math.isfinite(spot + strike + years + rate + dividend_yield)
        sound = sound and spot > 0.0 and strike >= 0.0
        row = out[n]
        status[n] = OK
        if not (sound and (years <= 0.0 or strike == 0.0 or (math.isfinite(vol) and vol >= 0.0))):
            status[n] = BAD_INPUT
            row[:] = math.nan
        elif years <= 0.0 or strike == 0.0:
            status[n] = EXPIRED if years <= 0.0 and strike > 0.0 else OK
            held = math.exp(-dividend_yield * max(years, 0.0))
            for m in range(s * v):
                away = spot * axes.spot[m % s] * held - strike
                row[m] = max(away if is_call[n] else -away, 0.0)
        else:
            _spots_of_put(spot, strike, is_call[n], axes, room)
            earned, lost = (dividend_yield, rate) if is_call[n] else (rate, dividend_yield)
            if not _option(
                years, earned, lost, vol, is_american[n], grid, work, outer, figures, axes, room
            ):
                status[n] = NOT_VALUED
                room.value[:] = math.nan
            for m in range(s * v):
                row[m] = room.value[m] * room.scale[m % s]
