"""The value of an American put over its exercise boundary, and what it is sensitive to.

In units of the strike, the value is the European one and what exercise earns (Kim 1990):

    V(S) = p(S) + int_0^T [r e^(-r u) N(-d2) - q S e^(-q u) N(-d1)] du,   d1, d2 of S / B(T - u)

Delta and gamma are the derivatives of this integral, theta follows from the equation that V
meets (Black and Scholes), and vega and the rhos are exact derivatives of the same figures:
the terms' own, and through the boundary by the equations that it solves.

With u = T sin(a)^2, tan(a / 2) = c sinh(y asinh(1 / c)), y on 0 .. 1, there is a root at neither
end, and the points crowd toward now on the scale c on which spot stands from the boundary:
gamma stays right however near that is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from domain.quant.american_boundary import differentiate, equations, solve
from domain.quant.american_start import log_limit
from domain.quant.compiling import inner, kernel
from domain.quant.normal import DENSITY_AT_ZERO, distribution, distributions, exponentiate

FIGURES = 7
"""Price, delta, gamma, vega, theta, rho, dividend rho: the order of what is put out."""

_NEAREST = 1e-3
_ROOT_LEAST = 1e-12
_INDIFFERENT = 1e-11


@kernel
def make_outer(nodes: int, points: int) -> Any:
    """Room for the terms at the points of the value's integral."""
    return np.empty((14, points)), np.empty((3, 2 * points)), np.empty((5, nodes + 1))


@inner
def european_put(
    spot: float, years: float, rate: float, dividend_yield: float, vol: float, out: Any
) -> None:
    """The European figures, theta left to `add_theta`."""
    deviation = vol * math.sqrt(years)
    d1 = math.log(spot) / deviation + (rate - dividend_yield) * years / deviation
    d1 += 0.5 * deviation
    over, bell = distribution(-d1)
    under, _ = distribution(deviation - d1)
    spot_now, strike_now = math.exp(-dividend_yield * years), math.exp(-rate * years)
    density = DENSITY_AT_ZERO * spot_now * bell
    out[0] = strike_now * under - spot * spot_now * over
    out[1] = -spot_now * over
    out[2] = density / (spot * deviation)
    out[3] = spot * density * math.sqrt(years)
    out[5] = -years * strike_now * under
    out[6] = years * spot * spot_now * over


@inner
def add_theta(spot: float, rate: float, dividend_yield: float, vol: float, out: Any) -> None:
    """Theta by the equation of Black and Scholes from value, delta and gamma."""
    out[4] = rate * out[0] - (rate - dividend_yield) * spot * out[1]
    out[4] -= 0.5 * vol * vol * spot * spot * out[2]


@inner
def _boundary_at(grid: Any, gap: Any, cosine: Any, there: Any, sums: Any, room: Any) -> None:
    """ln(X / B) at the points, by Clenshaw's sums of Chebyshev terms, into `there`."""
    n = gap.size
    coefficients = sums[0]
    for m in range(n + 1):
        total = 0.0
        for k in range(n):
            total += grid.chebyshev[m, k] * gap[k] * gap[k]
        coefficients[m] = total
    ahead, behind = room[0], room[1]
    ahead[:] = 0.0
    behind[:] = 0.0
    for m in range(n, 0, -1):
        for j in range(cosine.size):
            twice = 2.0 * (2.0 * cosine[j] - 1.0)
            now = twice * ahead[j] - behind[j] + coefficients[m]
            behind[j] = ahead[j]
            ahead[j] = now
    for j in range(cosine.size):
        square = (2.0 * cosine[j] - 1.0) * ahead[j] - behind[j] + coefficients[0]
        there[j] = math.sqrt(max(square, _ROOT_LEAST * _ROOT_LEAST))


@inner
def _place(nearness: float, years: float, vol: float, grid: Any, terms: Any) -> None:
    """The points and weights of the integral: rows cosine, weight, deviation and its inverse."""
    scale = min(max(nearness, _NEAREST), 1.0)
    width = math.asinh(1.0 / scale)
    cosine, weight, deviation, inverse = terms[0], terms[1], terms[2], terms[3]
    for j in range(cosine.size):
        weight[j] = width * grid.legendre[j]
    exponentiate(weight)
    for j in range(cosine.size):
        up, down = weight[j], 1.0 / weight[j]
        tangent = 0.5 * scale * (up - down)
        share = 1.0 / (1.0 + tangent * tangent)
        sine = 2.0 * tangent * share
        cosine[j] = (1.0 - tangent * tangent) * share
        step = 0.5 * scale * width * (up + down) * grid.legendre_weight[j]
        weight[j] = 4.0 * years * sine * cosine[j] * share * step
        deviation[j] = vol * math.sqrt(years) * sine
        inverse[j] = 1.0 / deviation[j]


@inner
def _terms(
    log_spot: float, rate: float, dividend_yield: float, vol: float, grid: Any, gap: Any,
    outer: Any,
) -> None:  # fmt: skip
    """Discounted weights into rows 4, 5; the normal distribution at -d1, -d2 into `both`."""
    terms, both, sums = outer
    cosine, weight, deviation, inverse = terms[0], terms[1], terms[2], terms[3]
    strike_flow, spot_flow, there = terms[4], terms[5], terms[6]
    size = cosine.size
    _boundary_at(grid, gap, cosine, there, sums, terms[7:9])
    first, second = both[0, :size], both[0, size:]
    lean = (rate - dividend_yield) / (vol * vol) + 0.5
    ahead = log_spot - log_limit(rate, dividend_yield)
    for j in range(size):
        first[j] = -(ahead + there[j]) * inverse[j] - lean * deviation[j]
    for j in range(size):
        second[j] = first[j] + deviation[j]
    distributions(both[0], both[1], both[2])
    for j in range(size):
        elapsed = deviation[j] * deviation[j] / (vol * vol)
        strike_flow[j] = -rate * elapsed
        spot_flow[j] = -dividend_yield * elapsed
    exponentiate(strike_flow)
    exponentiate(spot_flow)
    for j in range(size):
        strike_flow[j] *= weight[j]
        spot_flow[j] *= weight[j]


@inner
def add_premium(
    spot: float, years: float, rate: float, dividend_yield: float, vol: float, grid: Any,
    gap: Any, outer: Any, greeks: bool, out: Any,
) -> None:  # fmt: skip
    """Adds what exercise earns to the figures: the value's part, and of the others what does
    not come through the boundary. Row 9 of the terms keeps the derivative with each gap.
    """
    terms, both, _ = outer
    log_spot = math.log(spot)
    above = log_spot - (log_limit(rate, dividend_yield) - gap[0])
    _place(0.5 * above / (vol * math.sqrt(years)), years, vol, grid, terms)
    _terms(log_spot, rate, dividend_yield, vol, grid, gap, outer)
    size = grid.legendre.size
    for j in range(size):
        strike_part, spot_part = terms[4, j] * both[1, size + j], terms[5, j] * both[1, j]
        out[0] += rate * strike_part - dividend_yield * spot * spot_part
        if greeks:
            d1, d2 = -both[0, j], -both[0, size + j]
            deviation, inverse = terms[2, j], terms[3, j]
            elapsed = deviation * deviation / (vol * vol)
            strike_bell = DENSITY_AT_ZERO * rate * terms[4, j] * both[2, size + j]
            spot_bell = DENSITY_AT_ZERO * dividend_yield * terms[5, j] * both[2, j]
            through = spot * spot_bell - strike_bell
            out[1] += through * inverse / spot - dividend_yield * spot_part
            bend = strike_bell * (1.0 + d2 * inverse) + spot * spot_bell * (1.0 - d1 * inverse)
            out[2] += bend * inverse / (spot * spot)
            out[3] += (strike_bell * d1 - spot * spot_bell * d2) / vol
            carried = through * deviation / (vol * vol)
            out[5] += strike_part * (1.0 - rate * elapsed) + carried
            out[6] -= spot * spot_part * (1.0 - dividend_yield * elapsed) + carried
            terms[9, j] = through * inverse


@inner
def _through_gaps(grid: Any, gap: Any, outer: Any) -> float:
    """The derivative of the value with each gap at the nodes into row 1 of the sums, from that
    with the gap at each point; and that with all of them rising alike.
    """
    terms, _, sums = outer
    n, size = gap.size, terms.shape[1]
    together = 0.0
    for j in range(size):
        together += terms[9, j]
        terms[10, j] = 0.5 * terms[9, j] / terms[6, j]
        terms[11, j] = 1.0
        terms[12, j] = 2.0 * terms[0, j] - 1.0
    by_coefficient, by_node = sums[1], sums[2]
    for m in range(n + 1):
        total = 0.0
        for j in range(size):
            total += terms[10, j] * terms[11, j]
        by_coefficient[m] = total
        for j in range(size):
            following = 2.0 * (2.0 * terms[0, j] - 1.0) * terms[12, j] - terms[11, j]
            terms[11, j] = terms[12, j]
            terms[12, j] = following
    for k in range(n):
        total = 0.0
        for m in range(n + 1):
            total += grid.chebyshev[m, k] * by_coefficient[m]
        by_node[k] = 2.0 * gap[k] * total
    return together


@inner
def _tangents(
    years: float, rate: float, dividend_yield: float, vol: float, grid: Any, work: Any, sums: Any
) -> None:
    """What the boundary's equations lose by more vol, rate, yield: rows 0, 1, 2 of the sums
    become how the gaps move with them.
    """
    points, both, nodal, pairs = work.points, work.both, work.nodal, work.pairs
    flows = work.flows
    n, size = work.gap.size, work.points.shape[1]
    variance = vol * vol
    for i in range(n):
        deviation, boundary = nodal[0, i], nodal[6, i]
        tau = years * grid.nodes[i] * grid.nodes[i]
        density = DENSITY_AT_ZERO * boundary * nodal[3, i] * pairs[2, i]
        by_vol = -density * deviation / vol
        by_rate = nodal[9, i] - tau * nodal[2, i] * (1.0 - pairs[1, n + i])
        by_yield = boundary * (tau * nodal[3, i] * (1.0 - pairs[1, i]) - nodal[10, i])
        for j in range(size // n):
            m = j * n + i
            deviation = points[0, m]
            elapsed = deviation * deviation / variance
            strike_bell = DENSITY_AT_ZERO * rate * flows[m] * both[2, size + m]
            spot_bell = DENSITY_AT_ZERO * dividend_yield * boundary * flows[size + m] * both[2, m]
            by_vol += (spot_bell * both[0, size + m] - strike_bell * both[0, m]) / vol
            carried = (strike_bell - spot_bell) * deviation / variance
            by_rate += carried - rate * elapsed * flows[m] * both[1, size + m]
            spot_part = boundary * flows[size + m] * both[1, m]
            by_yield += dividend_yield * elapsed * spot_part - carried
        if dividend_yield > rate:
            # X = r / q moves too, and all the boundary with it.
            by_rate -= nodal[13, i] / rate
            by_yield += nodal[13, i] / dividend_yield
        sums[0, i], sums[3, i], sums[4, i] = by_vol, by_rate, by_yield
    solve(work.slopes, work.pivots, sums[0, :n])
    solve(work.slopes, work.pivots, sums[3, :n])
    solve(work.slopes, work.pivots, sums[4, :n])


@inner
def add_through_boundary(
    years: float, rate: float, dividend_yield: float, vol: float, grid: Any, work: Any,
    outer: Any, out: Any,
) -> None:  # fmt: skip
    """Adds to vega and both rhos what comes through the boundary.

    Nothing where the equations hardly depend on it any more, nor does the value then.
    """
    equations(rate, dividend_yield, grid, work)
    differentiate(rate, dividend_yield, grid, work)
    least, most = math.inf, 0.0
    for i in range(work.gap.size):
        least, most = min(least, abs(work.slopes[i, i])), max(most, abs(work.slopes[i, i]))
    if not least > _INDIFFERENT * most:
        return
    sums = outer[2]
    together = _through_gaps(grid, work.gap, outer)
    _tangents(years, rate, dividend_yield, vol, grid, work, sums)
    for k in range(work.gap.size):
        out[3] -= sums[2, k] * sums[0, k]
        out[5] -= sums[2, k] * sums[3, k]
        out[6] -= sums[2, k] * sums[4, k]
    if dividend_yield > rate:
        out[5] -= together / rate
        out[6] += together / dividend_yield
