"""The volatility at which an American option is worth a price.

Newton's steps on the logarithm of what the option is worth above its certain value, which is
nearly straight where the value itself is flat; value and vega come from one boundary. They start
from the volatility that the European formula implies, which is right but for early exercise and
never too low; three of them do. A step that leaves the bracket is replaced by bisection.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.quant.american import (
    AmericanStatus,
    certain_put,
    option_figures,
    put_figures,
    shared_out,
)
from domain.quant.american_grid import Setting, grid
from domain.quant.american_start import make_work
from domain.quant.american_value import FIGURES, make_outer
from domain.quant.batches import Floats, batch
from domain.quant.compiling import inner, kernel
from domain.quant.implied_volatility import implied_volatility


class AmericanVolStatus(IntEnum):
    """Why an option has an implied volatility, or why it has none; the European one's numbers."""

    OK = 0
    BELOW_INTRINSIC = 1
    """Less than exercise at the best time is certain to give: no volatility is that low."""
    ABOVE_BOUND = 2
    """The spot (call), the strike (put), or more: no volatility is that high."""
    EXPIRED = 3
    BAD_INPUT = 4
    """A number that is not finite, or out of its range."""
    NOT_RECOVERABLE = 5
    """The certain value to the last digits: any small volatility fits it."""
    NOT_VALUED = 6
    """Rates or a volatility for which we have no value (see `AmericanStatus`)."""


_OK = int(AmericanVolStatus.OK)
_BELOW_INTRINSIC = int(AmericanVolStatus.BELOW_INTRINSIC)
_ABOVE_BOUND = int(AmericanVolStatus.ABOVE_BOUND)
_EXPIRED = int(AmericanVolStatus.EXPIRED)
_BAD_INPUT = int(AmericanVolStatus.BAD_INPUT)
_NOT_RECOVERABLE = int(AmericanVolStatus.NOT_RECOVERABLE)
_NOT_VALUED = int(AmericanVolStatus.NOT_VALUED)
_VALUE_OK = int(AmericanStatus.OK)
_VALUE_EUROPEAN = int(AmericanStatus.EUROPEAN)
_DOUBLE_BOUNDARY = int(AmericanStatus.DOUBLE_BOUNDARY)
_NOT_CONVERGED = int(AmericanStatus.NOT_CONVERGED)

_STEPS_MAX = 100
_VOL_MIN, _VOL_MAX = 1e-6, 64.0
_PRECISION, _SHORT = 1e-12, 1e-7
"""Of the volatility: the last step, and one of Newton's that leaves its square to be done."""
_FAR = 1e-6
_CLOSE = 1e-10
"""Of the strike: how near its price a volatility that is given must come."""
_NOISE = 1e-14
"""Of the strike: what rounding alone does to a value."""
_DOUBT_MAX = 1e-6
"""Of the volatility: one that noise moves further is not held by its price."""


@inner
def _following(vol: float, target: float, floor: float, vega: float, value: float) -> float:
    """Newton's step on the logarithm of what is above the floor, to a third or three times the
    volatility at most; or nothing to go by.
    """
    above = value - floor
    if not (above > 0.0 and vega > 0.0):
        return math.nan
    if above < _FAR * (target - floor):
        return 2.0 * vol
    following = vol - math.log(above / (target - floor)) * above / vega
    return min(max(following, vol / 3.0), 3.0 * vol)


@inner
def _guess(above: float, spot: float, years: float, rate: float, dividend_yield: float) -> float:
    """A volatility to start from, for a put on a strike of 1 worth so much above the certain."""
    away = abs(math.log(spot) + (rate - dividend_yield) * years)
    flat = math.sqrt(2.0 * math.pi) * above
    vol = max(math.sqrt(2.0 * away), flat, 0.01) / math.sqrt(years)
    return min(max(vol, 0.1), 8.0)


@inner
def _implied_put(
    target: float, spot: float, years: float, rate: float, dividend_yield: float, start: float,
    grid: Any, work: Any, outer: Any, figures: Any,
) -> tuple[float, int]:  # fmt: skip
    """The volatility of a put on a strike of 1, and its status; `start` may be no number."""
    certain_put(spot, years, rate, dividend_yield, figures)
    floor = figures[0]
    if target >= max(math.exp(-rate * years), 1.0):
        return math.nan, _ABOVE_BOUND
    if target < floor - _NOISE:
        return math.nan, _BELOW_INTRINSIC
    if target - floor <= (_NOISE if floor > 0.0 else 0.0):
        return math.nan, _NOT_RECOVERABLE
    vol = start if start > 0.0 else _guess(target - floor, spot, years, rate, dividend_yield)
    low, high, good = _VOL_MIN, _VOL_MAX, 0.0
    left = math.inf
    # A literal True would have all of it compiled once more.
    greeks = figures.size == FIGURES
    for _ in range(_STEPS_MAX):
        status = put_figures(
            spot, years, rate, dividend_yield, vol, grid, work, outer, greeks, figures
        )
        if status == _DOUBLE_BOUNDARY:
            return math.nan, _NOT_VALUED
        if status == _NOT_CONVERGED:
            # Less far from what was valued, or up from where nothing has been yet.
            vol = math.sqrt(vol * good) if good > 0.0 else 2.0 * vol
            continue
        good = vol
        valued = status in (_VALUE_OK, _VALUE_EUROPEAN)
        if valued and figures[0] > target:
            high = vol
        else:
            low = vol
        following = math.nan
        if valued:
            following = _following(vol, target, floor, figures[3], figures[0])
        is_within = low <= following <= high
        if not is_within:
            following = 2.0 * vol if high == _VOL_MAX else math.sqrt(low * high)
        left = abs(figures[0] - target)
        if following > _VOL_MAX:
            break
        is_short = abs(following - vol) <= (_SHORT if is_within else _PRECISION) * vol
        if is_short and is_within:
            left = abs(figures[0] + figures[3] * (following - vol) - target)
        vol = following
        if is_short:
            break
    if not left <= _CLOSE:
        return math.nan, _NOT_VALUED
    if not figures[3] * vol * _DOUBT_MAX > _NOISE:
        return math.nan, _NOT_RECOVERABLE
    return vol, _OK


@kernel
def _kernel(
    inputs: Any, is_call: Any, grid: Any, greeks: bool, start: int, stop: int, vol: Any,
    status: Any, out: Any,
) -> None:  # fmt: skip
    """Fills `vol` and `status` (n) from `start` to `stop`, and with Greeks `out` (7, n); rows of
    `inputs` (7, n): price, spot, strike, years, rate, dividend yield, and where to start.
    """
    work = make_work(grid.nodes.size, grid.root.size)
    outer = make_outer(grid.nodes.size, grid.legendre.size)
    figures = np.empty(FIGURES)
    for i in range(start, stop):
        p, s, k, t = inputs[0, i], inputs[1, i], inputs[2, i], inputs[3, i]
        r, q, v = inputs[4, i], inputs[5, i], inputs[6, i]
        found, state = math.nan, _BAD_INPUT
        if math.isfinite(p + s + k + t + r + q) and p >= 0 and s > 0 and k > 0 and t >= 0:
            if t == 0.0:
                state = _EXPIRED
            elif is_call[i]:
                found, state = _implied_put(
                    p / s, k / s, t, q, r, v, grid, work, outer, figures
                )  # fmt: skip
            else:
                found, state = _implied_put(
                    p / k, s / k, t, r, q, v, grid, work, outer, figures
                )  # fmt: skip
        vol[i], status[i] = found, state
        if greeks:
            at = found if state == _OK else 0.0
            figures[:] = math.nan
            if state != _BAD_INPUT and state != _ABOVE_BOUND and state != _NOT_VALUED:
                option_figures(
                    s, k, t, r, q, at, is_call[i], grid, work, outer, greeks, figures
                )  # fmt: skip
            out[:, i] = figures


def american_values(
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
    *,
    setting: Setting = Setting.FAST,
    threads: int = 1,
) -> tuple[Floats, NDArray[np.int8], Floats]:
    """The volatilities of `american_implied_volatility`, their statuses, and the figures at them
    in one go: (7, ...) in the order of `AmericanGreeks`. At expiry the figures are those of the
    payoff; below intrinsic or not recoverable, those of the certain value; else NaN.
    """
    return _solved(
        price, spot, strike, years, rate, dividend_yield, is_call, setting, threads, greeks=True
    )


def american_implied_volatility(
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
    *,
    setting: Setting = Setting.FAST,
    threads: int = 1,
) -> tuple[Floats, NDArray[np.int8]]:
    """Annual volatilities of a batch of American options, each with an `AmericanVolStatus`.

    Units, `setting` and `threads` as in `american.american_greeks`; `price` in dollars per
    share. A volatility that is given reproduces the price in the same setting; it is off by the
    setting's error of the price over vega. A bad row spoils only itself: its status says why
    and its volatility is NaN.

    Returns:
        (vol, status), arrays of the shape that the inputs broadcast to.

    Raises:
        InvalidInput: shapes that do not broadcast, or words where numbers belong.
    """
    vol, status, _ = _solved(
        price, spot, strike, years, rate, dividend_yield, is_call, setting, threads, greeks=False
    )
    return vol, status


def _solved(
    price: ArrayLike, spot: ArrayLike, strike: ArrayLike, years: ArrayLike, rate: ArrayLike,
    dividend_yield: ArrayLike, is_call: ArrayLike, setting: Setting, threads: int, *, greeks: bool,
) -> tuple[Floats, NDArray[np.int8], Floats]:  # fmt: skip
    start, _ = implied_volatility(price, spot, strike, years, rate, dividend_yield, is_call)
    given = batch(
        is_call, price=price, spot=spot, strike=strike, years=years, rate=rate,
        dividend_yield=dividend_yield, start=start,
    )  # fmt: skip
    vol = np.empty(given.size)
    status = np.empty(given.size, dtype=np.int8)
    out = np.empty((FIGURES, given.size if greeks else 0))
    numbers = grid(setting)
    shared_out(
        given, threads,
        lambda inputs, calls, start, stop: _kernel(
            inputs, calls, numbers, greeks, start, stop, vol, status, out
        ),
    )  # fmt: skip
    shape = given.shape
    figures = out.reshape(FIGURES, *shape) if greeks else out
    return vol.reshape(shape), status.reshape(shape), figures
