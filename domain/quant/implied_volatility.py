"""The volatility at which the Black-Scholes-Merton value equals a price.

After Jaeckel, "Let's Be Rational" (2015): the price is brought to the out-of-the-money option
of the same strike, made dimensionless, and solved for the total deviation s = vol sqrt(T) by a
rational first guess and steps of fourth order (Householder's third method) on the logarithm of
the value; where that comes near its ceiling, on the logarithm of what is left to it. With
z = |ln(F / K)|, u1,2 = z / s -+ s / 2, Mills' ratio R and the normal density n,

    c(s)     = (value out of the money) / (the lesser discounted leg) = n(u1) (R(u1) - R(u2))
    1 - c(s) = n(u1) (R(-u1) + R(u2))
    c'(s)    = n(u1),   c''/c' = u1 u2 / s

so that a step takes two of Mills' ratios and one logarithm, and no exponential. Steps, first
guesses and constants are our own; the paper's are different functions of the same quantities.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from domain.quant.batches import BLOCK, batch, fill, in_parts
from domain.quant.black_scholes import drift_of
from domain.quant.elementary import (
    exp_parts,
    expm1_parts,
    fma,
    log_of,
    log_of_ratio,
    mills_of_two,
    polynomial,
    product_of,
    sum_of,
)


class VolStatus(IntEnum):
    """Why an option has an implied volatility, or why it has none."""

    OK = 0
    BELOW_INTRINSIC = 1
    """Less than the discounted forward intrinsic value: no volatility is that low."""
    ABOVE_BOUND = 2
    """The discounted spot (call) or strike (put), or more: no volatility is that high."""
    EXPIRED = 3
    BAD_INPUT = 4
    """A number that is not finite, or out of its range."""
    NOT_RECOVERABLE = 5
    """The price is its intrinsic value to the last digits: any small volatility fits it."""


_OK = int(VolStatus.OK)
_BELOW_INTRINSIC = int(VolStatus.BELOW_INTRINSIC)
_ABOVE_BOUND = int(VolStatus.ABOVE_BOUND)
_EXPIRED = int(VolStatus.EXPIRED)
_BAD_INPUT = int(VolStatus.BAD_INPUT)
_NOT_RECOVERABLE = int(VolStatus.NOT_RECOVERABLE)

RECOVERABLE_TO = 1e-8
"""A price that leaves its volatility this doubtful, as a share of it, when the price is off by
half a unit in its last place, does not hold it: half of a float's digits would be invented."""

_HALF_ULP = 1.1102230246251565e-16
_LEAST_SHARE = 1e-290
"""Values below this share of the leg have left the range in which logarithms are precise."""
_DENSITY_AT_ZERO = 1.0 / math.sqrt(2.0 * math.pi)
_LOG_ROOT_2_PI = 0.9189385332046727
_COMPLEMENT = -0.5
_STEPS_MOST = 12
_SETTLED = 4e-6
"""A step of this share of s leaves an error of its fourth power, below the last digit."""
_DEVIATION_LEAST, _DEVIATION_MOST = 1e-300, 128.0
_HALVINGS = 120
_BACHELIER_TAIL = (-3.04400348, 6.79286305, -4.35955115, -0.059514, 0.99909978)
"""z / s over sqrt(2 w) as a polynomial of 1 / sqrt(w), w = ln(z e^(z/2) / c): the inverse of
Bachelier's formula out in its tail, right to 0.2 %; fitted for w from 1.9 to 730."""

# Rows of the array that a block of options passes through.
(_PRICE, _SPOT, _STRIKE, _YEARS, _RATE, _YIELD, _CALL, _Z, _LOG_C, _LOG_LEFT, _S, _STATE,
 _TIME_VALUE, _LEFT, _FOUND, _ROWS) = range(16)  # fmt: skip
_SETTLING, _DONE, _HOPELESS = 0.0, 1.0, 2.0


@njit(cache=True, error_model="numpy", forceinline=True)
def _normalised(
    price: float, spot: float, strike: float, years: float, rate: float, dividend_yield: float,
    is_call: bool,
) -> tuple[float, float, float, float, float]:  # fmt: skip
    """z, the value out of the money and what it is short of its leg, in dollars, both as shares
    of the lesser leg, in this order: (z, value, short, value / leg, short / leg).
    """
    drift, drift_lo = drift_of(rate, dividend_yield, years)
    log, log_lo = log_of_ratio(strike, spot, 1.0 / spot)
    x, x_lo = sum_of(drift, -log)
    x_lo += drift_lo - log_lo
    below = x <= 0.0
    z, z_lo = (-x, -x_lo) if below else (x, x_lo)
    exponent, exponent_lo = product_of(-dividend_yield, years)
    carried, carried_lo = exp_parts(exponent, exponent_lo)
    spot_now, spot_lo = product_of(spot, carried)
    spot_lo = fma(spot, carried_lo, spot_lo)
    exponent, exponent_lo = product_of(-rate, years)
    carried, carried_lo = exp_parts(exponent, exponent_lo)
    strike_now, strike_lo = product_of(strike, carried)
    strike_lo = fma(strike, carried_lo, strike_lo)
    leg, leg_lo = (spot_now, spot_lo) if below else (strike_now, strike_lo)
    growth, growth_lo = expm1_parts(z, z_lo)
    intrinsic, intrinsic_lo = product_of(leg, growth)
    intrinsic_lo += fma(leg, growth_lo, leg_lo * growth)
    is_out = is_call == below
    intrinsic = 0.0 if is_out else intrinsic
    intrinsic_lo = 0.0 if is_out else intrinsic_lo
    ceiling, ceiling_lo = (spot_now, spot_lo) if is_call else (strike_now, strike_lo)
    value = (price - intrinsic) - intrinsic_lo
    left = (ceiling - price) + ceiling_lo
    per_leg = 1.0 / leg
    return z + z_lo, value, left, value * per_leg, left * per_leg


@njit(cache=True, error_model="numpy", forceinline=True)
def _guess(z: float, c: float, log_c: float, log_left: float) -> float:
    """A deviation within a few per cent of the one sought.

    On both sides of the turning point s = sqrt(2 z) the logarithms of c and of 1 - c are nearly
    parabolas, of u1 and of s, whose slope at that point and whose curvature far out are known.
    Near the money that is Bachelier's formula instead: its series, or in the tail its inverse.
    """
    turn = math.sqrt(2.0 * z)
    # Mills' ratio to 1 %: its value and slope at zero and its limit are right.
    ratio = 1.0 / (0.6366197723675814 * turn + math.sqrt(0.132 * turn * turn + 0.6366197723675814))
    at_turn = 0.5 - _DENSITY_AT_ZERO * ratio
    near = (z < 0.3) & (c < 0.3)
    half = c * (1.0 - 0.5 * z)
    in_tail = near & (half < 0.12 * z)
    lower = c < at_turn
    log = log_of(z if in_tail else (at_turn if lower else 1.0 - at_turn))

    w = log + 0.5 * z - log_c
    root_w = math.sqrt(abs(w))
    tail = z / (1.4142135623730951 * root_w * polynomial(_BACHELIER_TAIL, 1.0 / root_w))
    sum_half = half + 0.5 * z
    root = math.sqrt(abs(sum_half * sum_half - 2.0 * (_DENSITY_AT_ZERO * z) ** 2))
    series = (sum_half + root) / (2.0 * _DENSITY_AT_ZERO)

    slope = _DENSITY_AT_ZERO / (at_turn if lower else 1.0 - at_turn)
    beyond = max(log - (log_c if lower else log_left), 0.0)
    run = math.sqrt(fma(slope, slope, beyond * (2.0 if lower else 0.5))) - slope
    under = 2.0 * z / (run + math.sqrt(fma(run, run, 2.0 * z)))
    far = under if lower else turn + 4.0 * run
    return (tail if in_tail else series) if near else far


@njit(cache=True, error_model="numpy", forceinline=True)
def _ratio(z: float, s: float) -> tuple[float, float, bool, float]:
    """u1, u2, whether 1 - c is looked at, and that or c over n(u1)."""
    h = z / s
    u1, u2 = h - 0.5 * s, h + 0.5 * s
    upper = u1 < _COMPLEMENT
    one, other, slope = mills_of_two(abs(u1) if upper else u1, u2)
    return u1, u2, upper, one + other if upper else s * slope


@njit(cache=True, error_model="numpy", forceinline=True)
def _step(z: float, s: float, log_c: float, log_left: float) -> float:
    """The next deviation, by Householder's third method on ln c or ln(1 - c)."""
    u1, u2, upper, ratio = _ratio(z, s)
    missed = (log_left if upper else log_c) - (log_of(ratio) - 0.5 * u1 * u1 - _LOG_ROOT_2_PI)
    per_s = 1.0 / s
    slope = (-1.0 if upper else 1.0) / ratio
    newton = missed * (-ratio if upper else ratio)
    bend = u1 * u2 * per_s
    h = z * per_s
    second = bend - slope
    third = bend * bend - 3.0 * (h * per_s) ** 2 - 0.25 + slope * (2.0 * slope - 3.0 * bend)
    above = 1.0 + 0.5 * second * newton
    below = 1.0 + newton * (second + third * newton * (1.0 / 6.0))
    following = s + newton * above / below
    # A step that loses its way is cut. max gives its first argument where the other is NaN.
    return min(max(0.2 * s, following), 5.0 * s)


@njit(cache=True, error_model="numpy", forceinline=True)
def _halved(z: float, log_c: float, log_left: float) -> float:
    """The deviation by halving a bracket, for what the steps leave unsettled."""
    low, high = _DEVIATION_LEAST, _DEVIATION_MOST
    for _ in range(_HALVINGS):
        s = math.sqrt(low * high) if high > 2.0 * low else 0.5 * (low + high)
        u1, _, upper, ratio = _ratio(z, s)
        reached = math.log(ratio) - 0.5 * u1 * u1 - _LOG_ROOT_2_PI
        if (reached < log_left) if upper else (reached > log_c):
            high = s
        else:
            low = s
    return 0.5 * (low + high)


@njit(cache=True, error_model="numpy", forceinline=True)
def _solve(stage: Any) -> None:
    """Finds the deviations of a block: all of it steps until each has settled. One that has is
    left as it is, so that no figure depends on its neighbours.
    """
    for _ in range(_STEPS_MOST):
        unsettled = 0
        for i in range(BLOCK):
            s = stage[_S * BLOCK + i]
            state = stage[_STATE * BLOCK + i]
            following = _step(
                stage[_Z * BLOCK + i], s, stage[_LOG_C * BLOCK + i], stage[_LOG_LEFT * BLOCK + i]
            )
            settling = state == _SETTLING
            settled = abs(following - s) <= _SETTLED * s
            unsettled += 1 if settling & (not settled) else 0
            stage[_S * BLOCK + i] = following if settling else s
            stage[_STATE * BLOCK + i] = _DONE if settling & settled else state
        if unsettled == 0:
            return
    for i in range(BLOCK):
        if stage[_STATE * BLOCK + i] == _SETTLING:
            stage[_S * BLOCK + i] = _halved(
                stage[_Z * BLOCK + i], stage[_LOG_C * BLOCK + i], stage[_LOG_LEFT * BLOCK + i]
            )


@njit(cache=True, error_model="numpy", forceinline=True)
def _prepare(stage: Any) -> None:
    """Normalises a block and makes the first guesses; what has no volatility is not solved."""
    for i in range(BLOCK):
        price, spot, strike = stage[i], stage[_SPOT * BLOCK + i], stage[_STRIKE * BLOCK + i]
        years, rate = stage[_YEARS * BLOCK + i], stage[_RATE * BLOCK + i]
        dividend_yield = stage[_YIELD * BLOCK + i]
        fits = (
            (price >= 0.0) & (price < np.inf) & (spot > 0.0) & (spot < np.inf) & (strike > 0.0)
            & (strike < np.inf) & (years >= 0.0) & (years < np.inf) & (abs(rate) < np.inf)
            & (abs(dividend_yield) < np.inf)
        )  # fmt: skip
        z, value, left, c, share_left = _normalised(
            price, spot, strike, years, rate, dividend_yield, stage[_CALL * BLOCK + i] > 0.0
        )
        # Rounding may leave this much of an option that is all intrinsic value.
        doubt = 2.0 * _HALF_ULP * price
        status = float(_OK)
        status = float(_NOT_RECOVERABLE) if not c > _LEAST_SHARE else status
        status = float(_BELOW_INTRINSIC) if value < -doubt else status
        status = float(_ABOVE_BOUND) if not share_left > 0.0 else status
        status = float(_EXPIRED) if years == 0.0 else status
        status = status if fits else float(_BAD_INPUT)
        solvable = status == float(_OK)
        c = c if solvable else 0.5
        share_left = share_left if solvable else 0.5
        z = z if solvable else 0.0
        log_c, log_left = log_of(c), log_of(share_left)
        stage[_Z * BLOCK + i] = z
        stage[_LOG_C * BLOCK + i] = log_c
        stage[_LOG_LEFT * BLOCK + i] = log_left
        stage[_S * BLOCK + i] = _guess(z, c, log_c, log_left)
        stage[_STATE * BLOCK + i] = _SETTLING if solvable else _HOPELESS
        stage[_TIME_VALUE * BLOCK + i] = value
        stage[_LEFT * BLOCK + i] = left
        stage[_FOUND * BLOCK + i] = status


@njit(cache=True, error_model="numpy", forceinline=True)
def _conclude(stage: Any) -> None:
    """Turns deviations into volatilities, and refuses those that the price does not hold."""
    for i in range(BLOCK):
        s, z = stage[_S * BLOCK + i], stage[_Z * BLOCK + i]
        status = stage[_FOUND * BLOCK + i]
        _, _, upper, ratio = _ratio(z, s)
        # Both are read whichever is taken: a choice of addresses would not be vectorised.
        value, left = stage[_TIME_VALUE * BLOCK + i], stage[_LEFT * BLOCK + i]
        base = left if upper else value
        doubt = _HALF_ULP * stage[i] * ratio / (base * s)
        lost = (status == float(_OK)) & (not doubt <= RECOVERABLE_TO)
        status = (float(_ABOVE_BOUND) if upper else float(_NOT_RECOVERABLE)) if lost else status
        stage[_FOUND * BLOCK + i] = status
        vol = s / math.sqrt(stage[_YEARS * BLOCK + i])
        stage[_S * BLOCK + i] = vol if status == float(_OK) else np.nan


@njit(cache=True, error_model="numpy", nogil=True)
def _kernel(
    price: Any, spot: Any, strike: Any, years: Any, rate: Any, dividend_yield: Any, is_call: Any,
    vol: Any, status: Any, start: int, stop: int,
) -> None:  # fmt: skip
    """Fills `vol` and `status` (n) from `start` to `stop`."""
    stage = np.empty(_ROWS * BLOCK)
    for at in range(start, stop, BLOCK):
        count = min(BLOCK, stop - at)
        fill(stage, _PRICE * BLOCK, price, at, count, 10.0)
        fill(stage, _SPOT * BLOCK, spot, at, count, 100.0)
        fill(stage, _STRIKE * BLOCK, strike, at, count, 100.0)
        fill(stage, _YEARS * BLOCK, years, at, count, 1.0)
        fill(stage, _RATE * BLOCK, rate, at, count, 0.0)
        fill(stage, _YIELD * BLOCK, dividend_yield, at, count, 0.0)
        fill(stage, _CALL * BLOCK, is_call, at, count, 0.0)
        _prepare(stage)
        _solve(stage)
        _conclude(stage)
        for i in range(count):
            vol[at + i] = stage[_S * BLOCK + i]
            status[at + i] = np.int8(stage[_FOUND * BLOCK + i])


def implied_volatility(
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
    *,
    threads: int = 1,
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Annual volatilities of a batch of European options, each with a `VolStatus`.

    Units and `threads` as in `black_scholes.greeks`. A bad row spoils only itself: its status
    says why and its volatility is NaN, so that it cannot be taken for a number by oversight. A
    volatility that is given reproduces the price to its last digits.

    Returns:
        (vol, status), arrays of the shape that the inputs broadcast to.

    Raises:
        InvalidInput: shapes that do not broadcast, or words where numbers belong.
    """
    given = batch(
        is_call, price=price, spot=spot, strike=strike, years=years, rate=rate,
        dividend_yield=dividend_yield,
    )  # fmt: skip
    vol = np.empty(given.size)
    status = np.empty(given.size, dtype=np.int8)
    prices, spots, strikes, times, rates, yields = given.columns

    def fill_part(start: int, stop: int) -> None:
        _kernel(
            prices, spots, strikes, times, rates, yields, given.is_call, vol, status, start, stop
        )  # fmt: skip

    in_parts(given.size, threads, fill_part)
    return vol.reshape(given.shape), status.reshape(given.shape)
