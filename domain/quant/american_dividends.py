"""American options on a share that pays dividends in cash: finite differences.

Spot drops by the cash on the day it goes ex (the "spot" model), and follows a lognormal motion
in between. In ln S, with drift and discount taken off by a factor, the equation is that of heat
and is stepped backward by Crandall's scheme (1955; Crank and Nicolson's with a twelfth of the
second difference put on time's: fourth order in space at the same cost), each stretch between
dividends starting with four implicit half steps (Rannacher, 1984) because what a dividend
leaves behind has corners. Exercise is decided within the solution of every step (Brennan and
Schwartz, 1977): the system is eliminated from the side that holds and filled in from the one
that exercises.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.quant.american import AmericanStatus, shared_out
from domain.quant.american_grid import Setting
from domain.quant.batches import Floats, batch
from domain.quant.compiling import inner, kernel
from domain.shared import InvalidInput

_OK = int(AmericanStatus.OK)
_EXERCISE_NOW = int(AmericanStatus.EXERCISE_NOW)
_EXPIRED = int(AmericanStatus.EXPIRED)
_BAD_INPUT = int(AmericanStatus.BAD_INPUT)

_WIDTH = 5.0
"""Standard deviations on either side: what lies beyond counts for less than 1e-6."""
_STRIKE_AT = 0.5 - math.sqrt(1.0 / 12.0)
"""Between two nodes: a corner there has the same first three moments as its samples, so that the
payoff's costs no second-order error.
"""
_PARTS = 4
_NOTHING = 1e-8
"""Of the strike: what a value may be above the payoff and still be exercised."""
_SMOOTHING_STEPS = 2
_NODES_AND_STEPS = {
    Setting.FAST: (100, 32),
    Setting.ACCURATE: (500, 200),
    Setting.EXACT: (1000, 800),
}


class DividendGreeks(NamedTuple):
    """Value and sensitivities to spot and time, each of the shape the inputs broadcast to.

    Per share; `delta` per 1.00 of spot, `gamma` per 1.00 of spot squared, `theta` per year;
    `status` holds `AmericanStatus`.
    """

    price: Floats
    delta: Floats
    gamma: Floats
    theta: Floats
    status: NDArray[np.int8]


@inner
def _factorise(off: float, factor: Any, inverse: Any) -> None:
    """Eliminates from the far end the system with `off` beside 1 - 2 off on the diagonal."""
    last = inverse.size - 2
    factor[last] = 0.0
    inverse[last] = 1.0 / (1.0 - 2.0 * off)
    for j in range(last - 1, 0, -1):
        factor[j] = off * inverse[j + 1]
        inverse[j] = 1.0 / (1.0 - 2.0 * off - off * factor[j])


@inner
def _step(heat: Any, right: Any, least: Any, factor: Any, inverse: Any, off: float,
          spread: float) -> None:  # fmt: skip
    """One step: `right` is 1 + spread x second difference of the heat; never below `least`."""
    last = heat.size - 2
    for j in range(1, last + 1):
        right[j] = heat[j] + spread * (heat[j - 1] - 2.0 * heat[j] + heat[j + 1])
    heat[0] = least[0]
    heat[last + 1] = 0.0
    below = 0.0
    for j in range(last, 0, -1):
        below = right[j] - factor[j] * below
        right[j] = below * inverse[j]
    above = heat[0]
    for j in range(1, last + 1):
        above = max(right[j] - off * inverse[j] * above, least[j])
        heat[j] = above


@inner
def _scale(values: Any, factor: float) -> None:
    for j in range(values.size):
        values[j] *= factor


@inner
def _stretch(
    length: float, steps: int, variance: float, width: float, decay: float, heat: Any, least: Any,
    room: Any,
) -> None:  # fmt: skip
    """Goes back `length` years without a dividend; `least` grows against the discount.

    In four parts of 1, 3, 5 and 7 sixteenths with as many steps each: the boundary moves like
    the root of time at first, and even steps would leave an error of the first order.
    """
    factor, inverse, right = room[0], room[1], room[2]
    for part in range(_PARTS):
        years = length * (2.0 * part + 1.0) / (_PARTS * _PARTS) / steps
        ratio = 0.5 * variance * years / (width * width)
        off = 1.0 / 12.0 - 0.5 * ratio
        _factorise(off, factor, inverse)
        growth, half = math.exp(decay * years), math.exp(0.5 * decay * years)
        for number in range(steps):
            if part == 0 and number < _SMOOTHING_STEPS:
                for _ in range(2):
                    _scale(least, half)
                    _step(heat, right, least, factor, inverse, off, 1.0 / 12.0)
            else:
                _scale(least, growth)
                _step(heat, right, least, factor, inverse, off, 1.0 / 12.0 + 0.5 * ratio)


@inner
def _at(values: Any, place: float) -> float:
    """The value between nodes, by the cubic through the four around it."""
    j = min(max(int(place), 1), values.size - 3)
    u = place - j
    value: float = (
        -values[j - 1] * u * (u - 1.0) * (u - 2.0) / 6.0
        + values[j] * (u + 1.0) * (u - 1.0) * (u - 2.0) / 2.0
        - values[j + 1] * (u + 1.0) * u * (u - 2.0) / 2.0
        + values[j + 2] * (u + 1.0) * u * (u - 1.0) / 6.0
    )  # fmt: skip
    return value


@inner
def _drop(
    cash: float, strike: float, sign: float, first: float, step: float, spots: Any, payoff: Any,
    scale: Any, heat: Any, values: Any,
) -> None:  # fmt: skip
    """The value before spot drops by the cash, from that after; exercise before it allowed."""
    size = heat.size
    for j in range(size):
        values[j] = heat[j] * scale[j]
    for j in range(size):
        left = spots[j] - cash
        value = max(sign * (left - strike), 0.0) if left > 0.0 else max(-sign * strike, 0.0)
        if left > 0.0:
            place = (math.log(left) - first) / step
            if 0.0 <= place <= size - 1:
                value = max(_at(values, place), value)
        heat[j] = max(value, payoff[j]) / scale[j]


@inner
def _lay_out(
    spot: float, strike: float, years: float, drift: float, vol: float, cash: float, sign: float,
    size: int,
) -> tuple[float, float]:  # fmt: skip
    """The first node's ln S and the step to the next: from the side that exercises, a put's
    going up and a call's down, the strike where it does least harm.
    """
    reach = _WIDTH * vol * math.sqrt(years)
    centre = math.log(spot)
    low = centre + min(drift * years, 0.0) + math.log1p(-cash / spot) - reach
    high = centre + max(drift * years, 0.0) + reach
    width = (high - low) / (size - 3)
    first, step = (low, width) if sign < 0.0 else (high, -width)
    place = (math.log(strike) - first) / step
    shift = place - math.floor(place) - _STRIKE_AT
    return first + (shift - 1.0) * step, step


@inner
def _value(
    spot: float, strike: float, years: float, rate: float, dividend_yield: float, vol: float,
    sign: float, times: Any, cashes: Any, steps: int, room: Any, out: Any,
) -> None:  # fmt: skip
    """Price, delta, gamma, theta of one option; `times` and `cashes` of its dividends, by time."""
    heat, least, spots, payoff, scale, values = (
        room[3], room[4], room[5], room[6], room[7], room[8]
    )  # fmt: skip
    size = heat.size
    variance = vol * vol
    drift = rate - dividend_yield - 0.5 * variance
    cash = 0.0
    for number in range(cashes.size):
        cash += cashes[number]
    first, step = _lay_out(spot, strike, years, drift, vol, cash, sign, size)
    tilt = -drift / variance
    decay = rate + 0.5 * drift * drift / variance
    middle = math.log(spot)
    for j in range(size):
        place = first + j * step
        spots[j] = math.exp(place)
        payoff[j] = max(sign * (spots[j] - strike), 0.0)
        scale[j] = math.exp(tilt * (place - middle))
        heat[j] = payoff[j] / scale[j]
        least[j] = heat[j]
    now = years
    for number in range(times.size, -1, -1):
        before = times[number - 1] if number > 0 else 0.0
        length = now - before
        if length > 0.0:
            count = max(round(steps * length / (_PARTS * years)), 2)
            _stretch(length, count, variance, abs(step), decay, heat, least, room)
            # The factor's part that grows with time is put back at once.
            shrink = math.exp(-decay * length)
            _scale(heat, shrink)
            _scale(least, shrink)
        if number > 0:
            _drop(cashes[number - 1], strike, sign, first, step, spots, payoff, scale, heat, values)
        now = before
    for j in range(size):
        values[j] = heat[j] * scale[j]
    _read_off(spot, strike, rate, dividend_yield, variance, sign, first, step, values, out)


@inner
def _read_off(
    spot: float, strike: float, rate: float, dividend_yield: float, variance: float, sign: float,
    first: float, step: float, values: Any, out: Any,
) -> None:  # fmt: skip
    """The figures at spot from the values at the nodes."""
    place = (math.log(spot) - first) / step
    price = _at(values, place)
    ahead, behind = _at(values, place + 1.0), _at(values, place - 1.0)
    slope = (ahead - behind) / (2.0 * step)
    bend = (ahead - 2.0 * price + behind) / (step * step)
    exercised = sign * (spot - strike)
    out[0] = max(price, exercised)
    out[1] = slope / spot
    out[2] = (bend - slope) / (spot * spot)
    out[3] = rate * price - (rate - dividend_yield) * slope - 0.5 * variance * (bend - slope)
    if price <= exercised + _NOTHING * strike:
        out[1], out[2], out[3] = sign, 0.0, 0.0


@kernel
def _kernel(
    inputs: Any, is_call: Any, times: Any, cashes: Any, nodes: int, steps: int, start: int,
    stop: int, out: Any, status: Any,
) -> None:  # fmt: skip
    """Fills `out` (4, n) and `status` (n) from `start` to `stop`; rows of `inputs` (6, n): spot,
    strike, years, rate, dividend yield, vol; `times` and `cashes` (n, m).
    """
    room = np.empty((9, nodes))
    figures = np.empty(4)
    due, paid = np.empty(times.shape[1]), np.empty(times.shape[1])
    for i in range(start, stop):
        s, k, t = inputs[0, i], inputs[1, i], inputs[2, i]
        r, q, v = inputs[3, i], inputs[4, i], inputs[5, i]
        figures[:] = math.nan
        count, total, last, fits = 0, 0.0, 0.0, True
        for m in range(times.shape[1]):
            at, cash = times[i, m], cashes[i, m]
            fits = fits and math.isfinite(at + cash) and cash >= 0.0
            if cash > 0.0 and 0.0 < at < t:
                fits = fits and at >= last
                due[count], paid[count] = at, cash
                last, total = at, total + cash
                count += 1
        fits = fits and math.isfinite(s + k + t + r + q + v) and s > total
        sign = 1.0 if is_call[i] else -1.0
        if not (fits and k > 0.0 and t >= 0.0 and v * math.sqrt(t) > 1e-4 * (t > 0.0)):
            status[i] = _BAD_INPUT if not (fits and t == 0.0 and k > 0.0) else _EXPIRED
            if status[i] == _EXPIRED:
                figures[:] = 0.0
                figures[0] = max(sign * (s - k), 0.0)
                figures[1] = sign * (0.5 if s == k else 1.0 if figures[0] > 0.0 else 0.0)
        else:
            _value(s, k, t, r, q, v, sign, due[:count], paid[:count], steps, room, figures)
            status[i] = _EXERCISE_NOW if figures[1] == sign else _OK
        out[:, i] = figures


def american_with_dividends(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    dividend_years: ArrayLike,
    dividend_cash: ArrayLike,
    *,
    setting: Setting = Setting.FAST,
    threads: int = 1,
) -> DividendGreeks:
    """Values a batch of American options on shares with dividends in cash.

    Args:
        spot, strike, years, rate, vol, is_call, threads: as in `american.american_greeks`, but
            spot and strike more than 0 and vol with its root of time at least 1e-4.
        dividend_yield: what is paid continuously beside the cash, per year.
        dividend_years, dividend_cash: years to the day each dividend goes ex, and dollars per
            share. Of shape (m), the same for all options, or (n, m) for n options in a row;
            in the order of time, 0 cash meaning none. What goes ex at expiry or later, or has
            gone ex already, does not count. All that counts must be less than spot.
        setting: on a spot of 100 and for vols of 10 % to 80 % the price is off by 2e-3 (root
            mean square; at worst 1e-2), if accurate by 2e-4 (1e-3).

    A bad row spoils only itself: its figures are NaN and its status says why.

    Raises:
        InvalidInput: shapes that do not broadcast, or words where numbers belong.
    """
    given = batch(
        is_call, spot=spot, strike=strike, years=years, rate=rate,
        dividend_yield=dividend_yield, vol=vol,
    )  # fmt: skip
    times, cashes = _schedules(dividend_years, dividend_cash, given.size)
    nodes, steps = _NODES_AND_STEPS[setting]
    out = np.empty((4, given.size))
    status = np.empty(given.size, dtype=np.int8)
    shared_out(
        given, threads,
        lambda inputs, calls, start, stop: _kernel(
            inputs, calls, times, cashes, nodes, steps, start, stop, out, status
        ),
    )  # fmt: skip
    return DividendGreeks._make([*out.reshape(4, *given.shape), status.reshape(given.shape)])


def _schedules(years: ArrayLike, cash: ArrayLike, size: int) -> tuple[Floats, Floats]:
    """One row of times and cash for each option."""
    try:
        times, cashes = np.broadcast_arrays(
            np.asarray(years, dtype=np.float64), np.asarray(cash, dtype=np.float64)
        )
        shape = (size, times.shape[-1])
        rows = (np.ascontiguousarray(np.broadcast_to(each, shape)) for each in (times, cashes))
        first, second = (row.copy() for row in rows)
    except (TypeError, ValueError, IndexError) as wrong:
        raise InvalidInput(
            f"dividend_years and dividend_cash must be lists, one or {size}: {wrong}"
        ) from wrong
    return first, second
