"""One option over a whole grid of spots and volatilities, at a cost far below that of each alone.

European values share all but two normal distributions; what early exercise adds to them is
interpolated, see `scenario_premium`. Everything is a put on a strike of 1; a call is the put of
the mirrored market.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from domain.quant.american import put_figures
from domain.quant.american_start import make_work
from domain.quant.american_value import FIGURES, make_outer
from domain.quant.compiling import at_full_width, inner, kernel
from domain.quant.normal import exponentiate
from domain.quant.scenario_axes import make_room
from domain.quant.scenario_premium import add_exercise, fill_normal

OK, EXPIRED, BAD_INPUT, NOT_VALUED = 0, 3, 4, 6
"""As `valuing.ValueStatus` numbers them."""

_DEVIATION_LEAST = 1e-5
_RATE_LEAST = 1e-12


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
    fill_normal(2 * size, normal)
    over, under = normal[1, :size], normal[1, size : 2 * size]
    strike_now, spot_now = math.exp(-rate * years), math.exp(-dividend_yield * years)
    for j in range(axes.vol.size):
        for i in range(s):
            put_now = strike_now * under[j * s + i] - spot_now * put[i] * over[j * s + i]
            value[j * s + i] = put_now


@inner
def _one_by_one(
    years: float, rate: float, dividend_yield: float, vol: float, is_american: bool, grid: Any,
    work: Any, outer: Any, figures: Any, axes: Any, room: Any,
) -> bool:  # fmt: skip
    """Every value by itself, for what the grid's way cannot; whether all have one."""
    s = room.put.size
    # A literal False would have all of it compiled once more.
    greeks = figures.size != FIGURES
    for j in range(axes.vol.size):
        for i in range(s):
            spot, volatility = room.put[i], vol * axes.vol[j]
            if is_american:
                figures[0] = math.nan
                put_figures(
                    spot, years, rate, dividend_yield, volatility, grid, work, outer, greeks,
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
