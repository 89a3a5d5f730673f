"""Value and sensitivities of European options with a continuous dividend yield.

Formulas: Merton, "Theory of Rational Option Pricing" (1973), section 6; in the notation of
Hull, Options, Futures, and Other Derivatives, chapters "Options on stock indices and
currencies" and "The Greek letters". One pass over the options gives the value and all five
sensitivities; the normal distribution is taken as erfc(-d / sqrt 2) / 2, which keeps its
relative precision far out of the money.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from domain.shared import InvalidInput

_ROOT_HALF = math.sqrt(0.5)
_DENSITY_AT_ZERO = 1.0 / math.sqrt(2.0 * math.pi)

_Floats = NDArray[np.float64]


class Greeks(NamedTuple):
    """Value and sensitivities, each an array of the shape that the inputs broadcast to.

    Per share (no contract multiplier). `delta` per 1.00 of spot, `gamma` per 1.00 of spot
    squared, `vega` per 1.00 of volatility (a hundredth of it is one vol point), `theta` per
    year (a 365th of it is one calendar day), `rho` per 1.00 of the rate.
    """

    price: _Floats
    delta: _Floats
    gamma: _Floats
    vega: _Floats
    theta: _Floats
    rho: _Floats


@njit(cache=True)
def _kernel(
    spot: Any, strike: Any, years: Any, rate: Any, dividend_yield: Any, vol: Any, is_call: Any,
    out: Any,
) -> None:  # fmt: skip
    """Fills `out` (6, n) from contiguous arrays of n options; see `greeks` for the units."""
    for i in range(spot.size):
        s, k, t = spot[i], strike[i], years[i]
        r, q, v = rate[i], dividend_yield[i], vol[i]
        sign = 1.0 if is_call[i] else -1.0
        spot_now = s * math.exp(-q * t)
        strike_now = k * math.exp(-r * t)
        deviation = v * math.sqrt(t)
        if deviation > 0.0:
            d1 = (math.log(s / k) + (r - q) * t) / deviation + 0.5 * deviation
            d2 = d1 - deviation
            over = 0.5 * math.erfc(-sign * d1 * _ROOT_HALF)
            under = 0.5 * math.erfc(-sign * d2 * _ROOT_HALF)
            density = _DENSITY_AT_ZERO * math.exp(-0.5 * d1 * d1)
            gamma = math.exp(-q * t) * density / (s * deviation)
            vega = spot_now * density * math.sqrt(t)
            decay = -0.5 * spot_now * density * v / math.sqrt(t)
        else:
            # Nothing is uncertain: the option is its forward intrinsic value. On the strike
            # itself each probability is its limit, one half.
            moneyness = sign * (spot_now - strike_now)
            over = 0.5 if moneyness == 0.0 else (1.0 if moneyness > 0.0 else 0.0)
            under = over
            gamma = 0.0
            vega = 0.0
            decay = 0.0
        out[0, i] = max(sign * (spot_now * over - strike_now * under), 0.0)
        out[1, i] = sign * math.exp(-q * t) * over
        out[2, i] = gamma
        out[3, i] = vega
        if t > 0.0:
            out[4, i] = decay + sign * (q * spot_now * over - r * strike_now * under)
        else:
            out[4, i] = 0.0
        out[5, i] = sign * t * strike_now * under


def greeks(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
) -> Greeks:
    """Values a batch of options; scalars and arrays broadcast against each other.

    Args:
        spot, strike: dollars per share, more than 0.
        years: time to expiry in years, at least 0; at 0 the value is the intrinsic one.
        rate, dividend_yield: continuously compounded, per year.
        vol: annual volatility (0.20 is 20 %), at least 0.
        is_call: true for calls, false for puts.

    Raises:
        InvalidInput: shapes that do not broadcast, a number that is not finite, or one out
            of the ranges above.
    """
    numbers, calls, shape = broadcast(
        is_call, spot=spot, strike=strike, years=years, rate=rate,
        dividend_yield=dividend_yield, vol=vol,
    )  # fmt: skip
    for name, least, attained in (
        ("spot", 0.0, False), ("strike", 0.0, False), ("years", 0.0, True), ("vol", 0.0, True),
    ):  # fmt: skip
        _require_above(name, numbers[name], least, attained)
    for name in ("rate", "dividend_yield"):
        _require_finite(name, numbers[name])
    out = np.empty((len(Greeks._fields), calls.size))
    _kernel(
        numbers["spot"], numbers["strike"], numbers["years"], numbers["rate"],
        numbers["dividend_yield"], numbers["vol"], calls, out,
    )  # fmt: skip
    return Greeks(*(row.reshape(shape) for row in out))


def broadcast(
    is_call: ArrayLike, **numbers: ArrayLike
) -> tuple[dict[str, _Floats], NDArray[np.bool_], tuple[int, ...]]:
    """The named numbers as contiguous flat float64 arrays of one length, and their shape.

    Raises:
        InvalidInput: shapes that do not broadcast, or words where numbers belong.
    """
    try:
        arrays = [np.asarray(value, dtype=np.float64) for value in numbers.values()]
        calls = np.asarray(is_call, dtype=np.bool_)
        *arrays, calls = np.broadcast_arrays(*arrays, calls)
    except (TypeError, ValueError) as wrong:
        raise InvalidInput(f"{', '.join(numbers)} and is_call do not fit: {wrong}") from wrong
    # Copied even where it would fit as it is: a view that broadcasting made is read-only.
    flat = {
        name: np.array(array, order="C").reshape(-1)
        for name, array in zip(numbers, arrays, strict=True)
    }
    return flat, np.array(calls, order="C").reshape(-1), calls.shape


def _require_finite(name: str, values: _Floats) -> None:
    wrong = ~np.isfinite(values)
    if wrong.any():
        raise InvalidInput(f"{name} must be finite, not {values[wrong][0]}")


def _require_above(name: str, values: _Floats, least: float, attained: bool) -> None:
    _require_finite(name, values)
    wrong = (values < least) if attained else (values <= least)
    if wrong.any():
        words = "at least" if attained else "more than"
        raise InvalidInput(f"{name} must be {words} {least:g}, not {values[wrong][0]:g}")
