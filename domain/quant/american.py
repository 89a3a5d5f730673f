"""American options with a continuous dividend yield: value, sensitivities, exercise boundary.

The method is spectral collocation of the exercise boundary (Andersen, Lake and Offengenden,
"High-Performance American Option Pricing", 2016), see `american_boundary` and
`american_value`. A call is the put of the mirrored market: spot and strike changed over, rate
and dividend yield changed over (McDonald and Schroder, "A Parity Result for American Options",
1998). Nothing is valued as European unless it is so by a theorem, and then the status says it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.quant.american_boundary import find_boundary
from domain.quant.american_grid import Setting, grid
from domain.quant.american_start import log_limit, make_work
from domain.quant.american_value import (
    FIGURES,
    add_premium,
    add_theta,
    add_through_boundary,
    european_put,
    make_outer,
)
from domain.quant.batches import Batch, Flags, Floats, batch
from domain.quant.compiling import inner, kernel
from domain.shared import InvalidInput


class AmericanStatus(IntEnum):
    """What the figures of an option are, or why there are none (they are NaN then)."""

    OK = 0
    EUROPEAN = 1
    """Never worth exercising early, by theorem: calls with rate >= yield <= 0 (no dividends),
    puts with yield >= rate <= 0. The figures are those of the European option."""
    EXERCISE_NOW = 2
    """Spot is beyond the exercise boundary: the figures are those of the payoff."""
    EXPIRED = 3
    """No time is left: the figures are those of the payoff, gamma and the rest being 0."""
    DOUBLE_BOUNDARY = 4
    """Rates under which exercise pays only between two boundaries (for puts yield < rate < 0,
    for calls rate < yield < 0): no figures, this method does not hold there."""
    BAD_INPUT = 5
    """A number that is not finite, or out of its range: no figures."""
    NOT_CONVERGED = 6
    """Newton's steps found no boundary, or one too flat for its derivatives: no figures."""
    CERTAIN = 7
    """Vol (with its root of time, below 1e-5), spot or strike is 0, so that nothing is uncertain:
    the figures are those of exercise at the best time."""


_OK = int(AmericanStatus.OK)
_EUROPEAN = int(AmericanStatus.EUROPEAN)
_EXERCISE_NOW = int(AmericanStatus.EXERCISE_NOW)
_EXPIRED = int(AmericanStatus.EXPIRED)
_DOUBLE_BOUNDARY = int(AmericanStatus.DOUBLE_BOUNDARY)
_BAD_INPUT = int(AmericanStatus.BAD_INPUT)
_NOT_CONVERGED = int(AmericanStatus.NOT_CONVERGED)
_CERTAIN = int(AmericanStatus.CERTAIN)
_DEVIATION_LEAST = 1e-5
_VEGA_MOST = 1.0
_RATE_LEAST = 1e-12
"""Below this what a rate earns cannot be told from nothing, nor be divided by."""


class AmericanGreeks(NamedTuple):
    """Value and sensitivities, each an array of the shape that the inputs broadcast to.

    Per share. `delta` per 1.00 of spot, `gamma` per 1.00 of spot squared, `vega` per 1.00 of
    volatility, `theta` per year of calendar time, `rho` and `dividend_rho` per 1.00 of either
    rate; `status` holds `AmericanStatus`.
    """

    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats
    dividend_rho: Floats
    status: NDArray[np.int8]


@inner
def put_figures(
    spot: float, years: float, rate: float, dividend_yield: float, vol: float, grid: Any,
    work: Any, outer: Any, greeks: bool, out: Any,
) -> int:  # fmt: skip
    """The seven figures of a put on a strike of 1, and their status."""
    if spot == 0.0 or vol * math.sqrt(years) < _DEVIATION_LEAST:
        certain_put(spot, years, rate, dividend_yield, out)
        return _CERTAIN
    if abs(rate) < _RATE_LEAST:
        rate = 0.0
    if rate <= 0.0 and dividend_yield >= rate:
        european_put(spot, years, rate, dividend_yield, vol, out)
        add_theta(spot, rate, dividend_yield, vol, out)
        return _EUROPEAN
    if rate < 0.0:
        return _DOUBLE_BOUNDARY
    if not find_boundary(years, rate, dividend_yield, vol, grid, work):
        return _NOT_CONVERGED
    if math.log(spot) <= log_limit(rate, dividend_yield) - work.gap[0]:
        out[:] = 0.0
        out[0], out[1] = 1.0 - spot, -1.0
        return _EXERCISE_NOW
    european_put(spot, years, rate, dividend_yield, vol, out)
    add_premium(
        spot, years, rate, dividend_yield, vol, grid, work.gap, outer, greeks, out
    )  # fmt: skip
    out[0] = max(out[0], 1.0 - spot)
    if greeks:
        add_theta(spot, rate, dividend_yield, vol, out)
        add_through_boundary(years, rate, dividend_yield, vol, grid, work, outer, out)
        # More than any option's: the boundary's equations were too flat to be differentiated.
        most = _VEGA_MOST * math.sqrt(years) * max(spot, 1.0)
        if not abs(out[3]) <= most * math.exp(max(-dividend_yield, 0.0) * years):
            out[:] = math.nan
            return _NOT_CONVERGED
    return _OK


@inner
def certain_put(spot: float, years: float, rate: float, dividend_yield: float, out: Any) -> None:
    """The figures of a put on a strike of 1 where spot only drifts: exercised at the best time."""
    best = 0.0
    between = 0.0
    if rate * dividend_yield > 0.0 and spot > 0.0 and rate != dividend_yield:
        # Where the strike's interest and the dividends are worth the same.
        between = math.log(dividend_yield * spot / rate) / (dividend_yield - rate)
    out[:] = 0.0
    for at in (0.0, min(max(between, 0.0), years), years):
        value = math.exp(-rate * at) - spot * math.exp(-dividend_yield * at)
        if value > out[0]:
            out[0], best = value, at
    if out[0] > 0.0:
        spot_then, strike_then = math.exp(-dividend_yield * best), math.exp(-rate * best)
        out[1] = -spot_then
        if best == years:
            out[4] = rate * strike_then - dividend_yield * spot * spot_then
        out[5] = -best * strike_then
        out[6] = best * spot * spot_then


@inner
def _mirror(spot: float, strike: float, put: Any) -> None:
    """Turns figures of the put of the mirrored market, per unit of spot, into the call's."""
    ratio = strike / spot
    price, by_ratio, rho = put[0], put[1], put[5]
    put[0] = spot * price
    put[1] = price - ratio * by_ratio
    put[2] *= ratio * ratio / spot
    put[3] *= spot
    put[4] *= spot
    put[5] = spot * put[6]
    put[6] = spot * rho


@inner
def option_figures(
    s: float, k: float, t: float, r: float, q: float, v: float, is_call: bool, grid: Any,
    work: Any, outer: Any, greeks: bool, figures: Any,
) -> int:  # fmt: skip
    """The seven figures of an option on spot s and strike k, and their status."""
    figures[:] = math.nan
    if not (math.isfinite(s + k + t + r + q + v) and s >= 0 and k >= 0 and t >= 0 and v >= 0):
        return _BAD_INPUT
    if t == 0.0:
        sign = 1.0 if is_call else -1.0
        figures[:] = 0.0
        figures[0] = max(sign * (s - k), 0.0)
        # On the strike itself, half.
        figures[1] = sign * (0.5 if s == k else 1.0 if figures[0] > 0.0 else 0.0)
        return _EXPIRED
    if (s if is_call else k) == 0.0:
        figures[:] = 0.0
        return _CERTAIN
    if is_call:
        status = put_figures(k / s, t, q, r, v, grid, work, outer, greeks, figures)
        _mirror(s, k, figures)
        return status
    status = put_figures(s / k, t, r, q, v, grid, work, outer, greeks, figures)
    for m in range(figures.size):
        figures[m] *= k
    figures[1] /= k
    figures[2] /= k * k
    return status


@kernel
def _kernel(
    inputs: Any, is_call: Any, grid: Any, greeks: bool, start: int, stop: int, out: Any,
    status: Any,
) -> None:  # fmt: skip
    """Fills `out` (7, n) and `status` (n) from `start` to `stop`; rows of `inputs` (6, n): spot,
    strike, years, rate, dividend yield, vol.
    """
    work = make_work(grid.nodes.size, grid.root.size)
    outer = make_outer(grid.nodes.size, grid.legendre.size)
    figures = np.empty(FIGURES)
    for i in range(start, stop):
        status[i] = option_figures(
            inputs[0, i], inputs[1, i], inputs[2, i], inputs[3, i], inputs[4, i], inputs[5, i],
            is_call[i], grid, work, outer, greeks, figures,
        )  # fmt: skip
        out[:, i] = figures


def american_greeks(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    setting: Setting = Setting.FAST,
    threads: int = 1,
) -> AmericanGreeks:
    """Values a batch of American options; scalars and arrays broadcast against each other.

    Args:
        spot, strike: dollars per share, at least 0.
        years: time to expiry in years, at least 0; at 0 the value is the payoff.
        rate, dividend_yield: continuously compounded, per year, of any sign (see
            `AmericanStatus.DOUBLE_BOUNDARY` for where there is no figure).
        vol: annual volatility (0.20 is 20 %), at least 0.
        is_call: true for calls, false for puts.
        setting: how exactly; see `Setting`.
        threads: among how many the batch is shared out; the figures are the same bits.

    A bad row spoils only itself: its figures are NaN and its status says why.

    Raises:
        InvalidInput: shapes that do not broadcast, or words where numbers belong.
    """
    out, status = _figures(
        spot, strike, years, rate, dividend_yield, vol, is_call, setting, threads, greeks=True
    )
    return AmericanGreeks._make([*out, status])


def american_price(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    setting: Setting = Setting.FAST,
    threads: int = 1,
) -> tuple[Floats, NDArray[np.int8]]:
    """The values alone, and their statuses; see `american_greeks`."""
    out, status = _figures(
        spot, strike, years, rate, dividend_yield, vol, is_call, setting, threads, greeks=False
    )
    return out[0], status


def _figures(
    spot: ArrayLike, strike: ArrayLike, years: ArrayLike, rate: ArrayLike,
    dividend_yield: ArrayLike, vol: ArrayLike, is_call: ArrayLike, setting: Setting,
    threads: int, *, greeks: bool,
) -> tuple[Floats, NDArray[np.int8]]:  # fmt: skip
    given = batch(
        is_call, spot=spot, strike=strike, years=years, rate=rate,
        dividend_yield=dividend_yield, vol=vol,
    )  # fmt: skip
    out = np.empty((FIGURES, given.size))
    status = np.empty(given.size, dtype=np.int8)
    numbers = grid(setting)
    shared_out(
        given, threads,
        lambda inputs, is_call, start, stop: _kernel(
            inputs, is_call, numbers, greeks, start, stop, out, status
        ),
    )  # fmt: skip
    return out.reshape(FIGURES, *given.shape), status.reshape(given.shape)


def shared_out(given: Batch, threads: int, work: Callable[[Floats, Flags, int, int], None]) -> None:
    """Has `work` done on the whole batch: the inputs (one row each), calls, and from where to
    where; on as many threads, none of which knows of another's options.

    Raises:
        InvalidInput: less than one thread.
    """
    if threads < 1:
        raise InvalidInput(f"threads must be at least 1, not {threads}")
    inputs = np.empty((len(given.columns), given.size))
    for row, column in zip(inputs, given.columns, strict=True):
        row[:] = column
    calls = np.empty(given.size, dtype=np.bool_)
    calls[:] = given.is_call
    share = -(-given.size // threads) or 1
    if share == given.size or not given.size:
        work(inputs, calls, 0, given.size)
        return
    with ThreadPoolExecutor(threads) as pool:
        starts = range(0, given.size, share)
        list(pool.map(lambda at: work(inputs, calls, at, min(at + share, given.size)), starts))
