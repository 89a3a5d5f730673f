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
from numpy.typing import ArrayLike, NDArray

from domain.quant.batches import BLOCK, batch, fill, in_parts
from domain.quant.black_scholes import drift_of, is_sound
from domain.quant.compiling import at_full_width, kernel, part
from domain.quant.elementary import (
    exp_parts,
    expm1_parts,
    fma,
    log_of,
    log_of_ratio,
    mills_of_two,
    polynomial,
    product_of,
    rough_log_of,
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
_TWO_PER_PI = 2.0 / math.pi
_STEPS_MOST = 12
_SETTLED = 1e-4
"""A step of this share of s leaves an error of its fourth power, below the last digit."""
_DEVIATION_LEAST, _DEVIATION_MOST = 1e-300, 128.0
_HALVINGS = 120
_BACHELIER_TAIL = (-4.445933, 3.784514, 1.201132, 0.231299, 0.701979)
"""s sqrt(w) / z as a polynomial of 1 / sqrt(w), w = ln(z e^(z/2) / c): the inverse of
Bachelier's formula out in its tail, right to 0.3 %; fitted for w from 1.9 to 730."""

# Rows of the array that a block of options passes through.
(_PRICE, _SPOT, _STRIKE, _YEARS, _RATE, _YIELD, _CALL, _Z, _LOG, _SIDE, _BASE, _S, _RATIO,
 _STATE, _FOUND, _ROWS) = range(16)  # fmt: skip
_SETTLING, _DONE, _HOPELESS = 0.0, 1.0, 2.0


@part
def _normalised(
    price: float, spot: float, strike: float, years: float, rate: float, dividend_yield: float,
    is_call: bool,
) -> tuple[float, float, float, float]:  # fmt: skip
    """z, the lesser leg, the value out of the money, and by how much that is short of the leg,
    the last three in dollars.
    """
    drift, drift_lo = drift_of(rate, dividend_yield, years)
    log, log_lo = log_of_ratio(strike, spot, 1.0 / spot)
    x, x_lo = sum_of(drift, -log)
    x_lo += drift_lo - log_lo
    below = x <= 0.0
    z, z_lo = (-x, -x_lo) if below else (x, x_lo)
    exponent, exponent_lo = product_of(-dividend_yield if below else -rate, years)
    carried, carried_lo = exp_parts(exponent, exponent_lo)
    full = spot if below else strike
    leg, leg_lo = product_of(full, carried)
    leg_lo = fma(full, carried_lo, leg_lo)
    growth, growth_lo = expm1_parts(z, z_lo)
    intrinsic, intrinsic_lo = product_of(leg, growth)
    intrinsic_lo += fma(leg, growth_lo, leg_lo * growth)
    is_out = is_call == below
    intrinsic = 0.0 if is_out else intrinsic
    intrinsic_lo = 0.0 if is_out else intrinsic_lo
    ceiling, ceiling_lo = sum_of(leg, intrinsic)
    ceiling_lo += leg_lo + intrinsic_lo
    return z + z_lo, leg, (price - intrinsic) - intrinsic_lo, (ceiling - price) + ceiling_lo


@part
def _guess(z: float, c: float, left: float) -> tuple[float, float, bool]:
    """A deviation within a few per cent of the one sought, the logarithm to solve for, and
    whether that is of 1 - c (`left`) rather than of c.

    On both sides of the turning point s = sqrt(2 z) the logarithms of c and of 1 - c are nearly
    parabolas, of u1 and of s, whose slope at that point and whose curvature far out are known.
    Near the money that is Bachelier's formula instead: its series, or in the tail its inverse.
    """
    turn = math.sqrt(2.0 * z)
    # Mills' ratio to 1 %: its value and slope at zero and its limit are right.
    mills = 1.0 / (_TWO_PER_PI * turn + math.sqrt(0.132 * turn * turn + _TWO_PER_PI))
    at_turn = 0.5 - _DENSITY_AT_ZERO * mills
    half = c * (1.0 - 0.5 * z)
    near = (z < 0.3) & (c < 0.3)
    in_tail = near & (half < 0.12 * z)
    lower = c < at_turn
    upper = not (near | lower)
    log = log_of(left if upper else c)

    start = 1.0 - at_turn if upper else at_turn
    beyond = rough_log_of(z if in_tail else start) - log
    w = beyond + 0.5 * z
    middle = half + 0.5 * z
    series = fma(middle, middle, -2.0 * (_DENSITY_AT_ZERO * z) ** 2)
    slope = _DENSITY_AT_ZERO / start
    curve = fma(slope, slope, max(beyond, 0.0) * (0.5 if upper else 2.0))
    root = math.sqrt(max((w if in_tail else series) if near else curve, _LEAST_SHARE))

    per_root = 1.0 / root
    tail = z * per_root * polynomial(_BACHELIER_TAIL, per_root)
    run = root - slope
    far = turn + 4.0 * run if upper else math.sqrt(fma(run, run, 2.0 * z)) - run
    close = tail if in_tail else (middle + root) * (0.5 / _DENSITY_AT_ZERO)
    return close if near else far, log, upper


@part
def _ratio(z: float, s: float, per_s: float, upper: bool) -> tuple[float, float, float]:
    """u1, u2, and c or 1 - c over n(u1)."""
    h = z * per_s
    u1, u2 = h - 0.5 * s, h + 0.5 * s
    one, other, slope = mills_of_two(-u1 if upper else u1, u2)
    return u1, u2, one + other if upper else s * slope


@part
def _step(z: float, s: float, log: float, upper: bool) -> tuple[float, float]:
    """The next deviation, by Householder's third method on ln c or ln(1 - c) that is to be
    `log`, and c or 1 - c over n(u1) as it was.
    """
    per_s = 1.0 / s
    u1, u2, ratio = _ratio(z, s, per_s, upper)
    missed = log - (log_of(ratio) - fma(0.5 * u1, u1, _LOG_ROOT_2_PI))
    slope = (-1.0 if upper else 1.0) / ratio
    newton = missed * (-ratio if upper else ratio)
    bend = u1 * u2 * per_s
    curve = z * per_s * per_s
    second = bend - slope
    third = bend * bend - 3.0 * curve * curve - 0.25 + slope * (2.0 * slope - 3.0 * bend)
    above = 1.0 + 0.5 * second * newton
    below = 1.0 + newton * (second + third * newton * (1.0 / 6.0))
    following = s + newton * above / below
    # A step that loses its way is cut. max gives its first argument where the other is NaN.
    return min(max(0.2 * s, following), 5.0 * s), ratio


@part
def _halved(z: float, log: float, upper: bool) -> float:
    """The deviation by halving a bracket, for what the steps leave unsettled."""
    low, high = _DEVIATION_LEAST, _DEVIATION_MOST
    for _ in range(_HALVINGS):
        s = math.sqrt(low * high) if high > 2.0 * low else 0.5 * (low + high)
        u1, _, ratio = _ratio(z, s, 1.0 / s, upper)
        if upper:
            too_high = u1 < 0.5 and math.log(ratio) - 0.5 * u1 * u1 - _LOG_ROOT_2_PI < log
        else:
            too_high = u1 < -0.5 or math.log(ratio) - 0.5 * u1 * u1 - _LOG_ROOT_2_PI > log
        if too_high:
            high = s
        else:
            low = s
    return 0.5 * (low + high)


@part
def _prepare(stage: Any) -> None:
    """Normalises a block and makes the first guesses; what has no volatility is not solved."""
    at_full_width()
    for i in range(BLOCK):
        price, spot, strike = stage[i], stage[_SPOT * BLOCK + i], stage[_STRIKE * BLOCK + i]
        years, rate = stage[_YEARS * BLOCK + i], stage[_RATE * BLOCK + i]
        dividend_yield = stage[_YIELD * BLOCK + i]
        fits = is_sound(spot, strike, years, rate, dividend_yield)
        fits = fits & (price >= 0.0) & (price < np.inf)
        z, leg, value, left = _normalised(
            price, spot, strike, years, rate, dividend_yield, stage[_CALL * BLOCK + i] > 0.0
        )
        per_leg = 1.0 / leg
        c, left_share = value * per_leg, left * per_leg
        # Rounding may leave this much of an option that is all intrinsic value.
        doubt = 2.0 * _HALF_ULP * price
        status = float(_OK)
        status = float(_NOT_RECOVERABLE) if not c > _LEAST_SHARE else status
        status = float(_BELOW_INTRINSIC) if value < -doubt else status
        status = float(_ABOVE_BOUND) if not left_share > 0.0 else status
        status = float(_EXPIRED) if years == 0.0 else status
        status = status if fits else float(_BAD_INPUT)
        solvable = status == float(_OK)
        c = c if solvable else 0.5
        left_share = left_share if solvable else 0.5
        z = z if solvable else 0.0
        s, log, upper = _guess(z, c, left_share)
        stage[_Z * BLOCK + i] = z
        stage[_LOG * BLOCK + i] = log
        stage[_SIDE * BLOCK + i] = 1.0 if upper else 0.0
        stage[_BASE * BLOCK + i] = left if upper else value
        stage[_S * BLOCK + i] = s
        stage[_RATIO * BLOCK + i] = 1.0
        stage[_STATE * BLOCK + i] = _SETTLING if solvable else _HOPELESS
        stage[_FOUND * BLOCK + i] = status


@part
def _solve(stage: Any) -> None:
    """Finds the deviations of a block: all of it steps until each has settled. One that has is
    left as it is, so that no figure depends on its neighbours.
    """
    at_full_width()
    for _ in range(_STEPS_MOST):
        unsettled = 0
        for i in range(BLOCK):
            s, was = stage[_S * BLOCK + i], stage[_RATIO * BLOCK + i]
            state = stage[_STATE * BLOCK + i]
            upper = stage[_SIDE * BLOCK + i] > 0.0
            following, ratio = _step(stage[_Z * BLOCK + i], s, stage[_LOG * BLOCK + i], upper)
            settling = state == _SETTLING
            settled = abs(following - s) <= _SETTLED * s
            unsettled += 1 if settling & (not settled) else 0
            stage[_S * BLOCK + i] = following if settling else s
            stage[_RATIO * BLOCK + i] = ratio if settling else was
            stage[_STATE * BLOCK + i] = _DONE if settling & settled else state
        if unsettled == 0:
            return
    for i in range(BLOCK):
        if stage[_STATE * BLOCK + i] == _SETTLING:
            stage[_S * BLOCK + i] = _halved(
                stage[_Z * BLOCK + i], stage[_LOG * BLOCK + i], stage[_SIDE * BLOCK + i] > 0.0
            )


@part
def _conclude(stage: Any) -> None:
    """Turns deviations into volatilities, and refuses those that the price does not hold."""
    at_full_width()
    for i in range(BLOCK):
        s, upper = stage[_S * BLOCK + i], stage[_SIDE * BLOCK + i] > 0.0
        status = stage[_FOUND * BLOCK + i]
        # What the value moves by with s is (value or what it is short) / ratio.
        doubt = _HALF_ULP * stage[i] * stage[_RATIO * BLOCK + i]
        bearable = doubt <= RECOVERABLE_TO * s * stage[_BASE * BLOCK + i]
        lost = (status == float(_OK)) & (not bearable)
        status = (float(_ABOVE_BOUND) if upper else float(_NOT_RECOVERABLE)) if lost else status
        stage[_FOUND * BLOCK + i] = status
        vol = s / math.sqrt(stage[_YEARS * BLOCK + i])
        stage[_S * BLOCK + i] = vol if status == float(_OK) else np.nan


@kernel
def _kernel(
    price: Any, spot: Any, strike: Any, years: Any, rate: Any, dividend_yield: Any, is_call: Any,
    vol: Any, status: Any, start: int, stop: int,
) -> None:  # fmt: skip
    """Fills `vol` and `status` (n) from `start` to `stop`."""
    at_full_width()
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
