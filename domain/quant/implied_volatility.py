"""The volatility at which the Black-Scholes-Merton value equals a price.

The price is first brought to the out-of-the-money option of the same strike (put-call parity
takes off what is intrinsic) and made dimensionless: with x = -|ln(F/K)| and the total
deviation s = vol * sqrt(years),

    b(s) = e^(x/2) N(x/s + s/2) - e^(-x/2) N(x/s - s/2),   0 < b < e^(x/2)

after Jaeckel, "Let's Be Rational" (2015), section 2. b has one turning point, s = sqrt(2|x|).
Below it ln b is solved for, above it ln(e^(x/2) - b), so that Newton's steps stay even where b
is all but flat; a step that leaves the bracket is replaced by bisection.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from domain.quant.black_scholes import broadcast

_ROOT_HALF = math.sqrt(0.5)
_DENSITY_AT_ZERO = 1.0 / math.sqrt(2.0 * math.pi)
_DEVIATION_MIN = 1e-9
_DEVIATION_MAX = 64.0
_STEPS_MAX = 200
_PRECISION = 2.220446049250313e-16


class VolStatus(IntEnum):
    """Why an option has an implied volatility, or why it has none."""

    OK = 0
    BELOW_INTRINSIC = 1
    """Less than the discounted forward intrinsic value: no volatility is that low."""
    ABOVE_BOUND = 2
    """More than the discounted spot (call) or strike (put): no volatility is that high."""
    EXPIRED = 3
    BAD_INPUT = 4
    """A number that is not finite, or out of its range."""
    INDISTINCT = 5
    """The price is its intrinsic value to the last digits: any small volatility fits it."""


_OK = int(VolStatus.OK)
_BELOW_INTRINSIC = int(VolStatus.BELOW_INTRINSIC)
_ABOVE_BOUND = int(VolStatus.ABOVE_BOUND)
_EXPIRED = int(VolStatus.EXPIRED)
_BAD_INPUT = int(VolStatus.BAD_INPUT)
_INDISTINCT = int(VolStatus.INDISTINCT)


@njit(cache=True)
def _first_guess(target: float, x: float) -> float:
    """The turning point, or where a line through the origin meets the target near the money."""
    turn = math.sqrt(2.0 * abs(x))
    if turn < 0.1:
        return min(max(target / _DENSITY_AT_ZERO, turn, 2.0 * _DEVIATION_MIN), 1.0)
    return turn


@njit(cache=True)
def _deviation(target: float, x: float) -> float:
    """Solves b(s) = target by Newton's steps inside a bracket that at worst is halved."""
    ceiling = math.exp(0.5 * x)
    floor = math.exp(-0.5 * x)
    at_turn = 0.5 * (ceiling - floor * math.erfc(math.sqrt(abs(x))))
    upper = target > at_turn
    aim = ceiling - target if upper else target
    low, high = _DEVIATION_MIN, _DEVIATION_MAX
    s = _first_guess(target, x)
    for _ in range(_STEPS_MAX):
        d1 = x / s + 0.5 * s
        under = 0.5 * floor * math.erfc((s - d1) * _ROOT_HALF)
        if upper:
            # The distance to the ceiling is summed from its own parts: taken as a difference
            # of two numbers near each other it would lose its digits.
            value = 0.5 * ceiling * math.erfc(d1 * _ROOT_HALF) + under
        else:
            value = 0.5 * ceiling * math.erfc(-d1 * _ROOT_HALF) - under
        if (value < aim) == upper:
            high = s
        else:
            low = s
        following = math.nan
        if value > 0.0:
            slope = _DENSITY_AT_ZERO * ceiling * math.exp(-0.5 * d1 * d1)
            step = math.log(aim / value) * value / slope if slope > 0.0 else math.nan
            following = s - step if upper else s + step
        if not low < following < high:
            following = math.sqrt(low * high)
        if abs(following - s) <= 2.0 * _PRECISION * s:
            return following
        s = following
    return s


@njit(cache=True)
def _kernel(
    price: Any, spot: Any, strike: Any, years: Any, rate: Any, dividend_yield: Any, is_call: Any,
    vol: Any, status: Any,
) -> None:  # fmt: skip
    """Fills `vol` and `status` (n) from contiguous arrays of n options."""
    for i in range(price.size):
        p, s, k, t = price[i], spot[i], strike[i], years[i]
        r, q = rate[i], dividend_yield[i]
        vol[i] = math.nan
        finite = math.isfinite(p + s + k + t + r + q)
        if not finite or p < 0.0 or s <= 0.0 or k <= 0.0 or t < 0.0:
            status[i] = _BAD_INPUT
            continue
        if t == 0.0:
            status[i] = _EXPIRED
            continue
        spot_now = s * math.exp(-q * t)
        strike_now = k * math.exp(-r * t)
        bound = spot_now if is_call[i] else strike_now
        intrinsic = max(spot_now - strike_now if is_call[i] else strike_now - spot_now, 0.0)
        time_value = p - intrinsic
        # What rounding alone can do to the difference of numbers of this size.
        doubt = 4.0 * _PRECISION * max(p, intrinsic)
        if p >= bound:
            status[i] = _ABOVE_BOUND
        elif time_value < -doubt:
            status[i] = _BELOW_INTRINSIC
        elif time_value <= (1e4 * doubt if intrinsic > 0.0 else 0.0):
            status[i] = _INDISTINCT
        else:
            scale = math.sqrt(spot_now) * math.sqrt(strike_now)
            x = -abs(math.log(s / k) + (r - q) * t)
            vol[i] = _deviation(time_value / scale, x) / math.sqrt(t)
            status[i] = _OK


def implied_volatility(
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Annual volatilities of a batch of European options, each with a `VolStatus`.

    Units as in `black_scholes.greeks`. A bad row spoils only itself: its status says why and
    its volatility is NaN, so that it cannot be taken for a number by oversight.

    Returns:
        (vol, status), arrays of the shape that the inputs broadcast to.

    Raises:
        InvalidInput: shapes that do not broadcast, or words where numbers belong.
    """
    numbers, calls, shape = broadcast(
        is_call, price=price, spot=spot, strike=strike, years=years, rate=rate,
        dividend_yield=dividend_yield,
    )  # fmt: skip
    vol = np.empty(calls.size)
    status = np.empty(calls.size, dtype=np.int8)
    _kernel(
        numbers["price"], numbers["spot"], numbers["strike"], numbers["years"],
        numbers["rate"], numbers["dividend_yield"], calls, vol, status,
    )  # fmt: skip
    return vol.reshape(shape), status.reshape(shape)
