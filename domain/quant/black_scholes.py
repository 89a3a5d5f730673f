"""Value and sensitivities of European options with a continuous dividend yield.

Formulas: Merton, "Theory of Rational Option Pricing" (1973), section 6; the second-order ones
in the notation of Haug, The Complete Guide to Option Pricing Formulas (2007), chapter 2. One
pass over the options gives all of them, several options in each instruction.

How the digits are kept (every figure is right to about 1e-14 of itself, deep wings and the last
minute included, where it is not a sum of terms that cancel):

* x = ln(F / K) and d1, d2 travel as sums of two floats, see `elementary`.
* Both legs of the out-of-the-money option come from Mills' ratio R and one density V:
  S e^(-qT) n(d1) = K e^(-rT) n(d2) = V, so that the value is V (R(u1) - R(u2)) with
  u1,2 = |x| / s -+ s / 2 (Jaeckel, "Let's Be Rational" (2015), section 6, has the same with
  erfcx), and that difference is 2 (s / 2) times a slope that is summed without cancelling.
* The option in the money is that plus its intrinsic value, lesser leg x (e^|x| - 1).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from domain.quant.batches import (
    BLOCK,
    Batch,
    Floats,
    batch,
    fill,
    in_parts,
    require_between,
)
from domain.quant.compiling import at_full_width, kernel, part
from domain.quant.elementary import (
    exp_of,
    expm1_of,
    fma,
    log_of_ratio,
    mills_of_two,
    product_of,
    sum_of,
)

_DENSITY_AT_ZERO = 1.0 / math.sqrt(2.0 * math.pi)
_FAR = 1e4
"""Deviations from the strike beyond which nothing is left to compute."""
_COMPLEMENT = -0.5
"""Below it N(-u) is taken as 1 - n(u) R(-u)."""
_INPUTS, _FIGURES = 7, 10

PRICE_LEAST, PRICE_MOST = 1e-100, 1e100
GROWTH_MOST = 300.0
"""What a rate or yield times the years may come to; e^300 is as good as infinity."""
VARIANCE_MOST = 1e12


class Greeks(NamedTuple):
    """Value and sensitivities, each an array of the shape that the inputs broadcast to.

    Per share (no contract multiplier), per year, per 1.00 of volatility or of a rate:
    `delta` per 1.00 of spot, `gamma` per 1.00 of spot squared, `vega` per 1.00 of volatility (a
    hundredth of it is one vol point), `theta` per year that passes (a 365th of it is one calendar
    day), `rho` per 1.00 of the rate, `vanna` delta per 1.00 of volatility, `vomma` vega per 1.00
    of volatility, `charm` delta per year that passes, `dividend_rho` per 1.00 of the yield.
    """

    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats
    vanna: Floats
    vomma: Floats
    charm: Floats
    dividend_rho: Floats


@part
def drift_of(rate: float, dividend_yield: float, years: float) -> tuple[float, float]:
    """(r - q) T as hi + lo."""
    carry, carry_lo = sum_of(rate, -dividend_yield)
    hi, lo = product_of(carry, years)
    return hi, fma(carry_lo, years, lo)


@part
def deviation_of(vol: float, years: float) -> tuple[float, float, float, float]:
    """sqrt(T), s = vol sqrt(T) as hi + lo, and 1 / s; 1, 0 and 1 for the last three where s is
    zero, so that they can be reckoned with.
    """
    root = math.sqrt(years)
    hi, lo = product_of(vol, root)
    moves = hi > 0.0
    hi = hi if moves else 1.0
    inverse = 1.0 / hi
    lo = fma(0.5 * vol * vol * inverse, fma(-root, root, years), lo)
    return root, hi, (lo if moves else 0.0), inverse


@part
def deviations_out(
    x: float, x_lo: float, s: float, s_lo: float, inverse: float
) -> tuple[float, float, float]:
    """u1 = |x| / s - s / 2 as hi + lo, and u2 = |x| / s + s / 2; `inverse` is 1 / s."""
    x_lo = -x_lo if x < 0.0 else x_lo
    x = abs(x)
    h = x * inverse
    h_lo = (fma(-h, s, x) + fma(-h, s_lo, x_lo)) * inverse
    is_near = h < _FAR
    h = h if is_near else _FAR
    h_lo = h_lo if is_near else 0.0
    hi, lo = sum_of(h, -0.5 * s)
    lo += h_lo - 0.5 * s_lo
    u1 = hi + lo
    return u1, lo - (u1 - hi), h + 0.5 * s + h_lo


@part
def density(u: float, u_lo: float) -> float:
    """The normal density n(u) of a number in two parts."""
    square, square_lo = product_of(u, u)
    return _DENSITY_AT_ZERO * exp_of(-0.5 * square, fma(-u, u_lo, -0.5 * square_lo))


@part
def is_sound(spot: float, strike: float, years: float, rate: float, dividend_yield: float) -> bool:
    """Whether the terms are numbers in the ranges that `greeks` takes; NaN is in none."""
    return (
        (spot >= PRICE_LEAST) & (spot <= PRICE_MOST) & (strike >= PRICE_LEAST)
        & (strike <= PRICE_MOST) & (years >= 0.0) & (years < np.inf)
        & (abs(rate) * years <= GROWTH_MOST) & (abs(dividend_yield) * years <= GROWTH_MOST)
        & (abs(rate) < np.inf) & (abs(dividend_yield) < np.inf)
    )  # fmt: skip


@part
def _legs(
    x: float, u1: float, dev: float, moves: bool, v: float, lesser: float, greater: float,
    is_out: bool, ratio_1: float, ratio_2: float, slope: float,
) -> tuple[float, float, float]:  # fmt: skip
    """The value out of the money, and the lesser and the greater leg of the asked option, each
    times its chance: of finishing in the money, or for the option in the money its complement.
    """
    tail_1, tail_2 = v * ratio_1, v * ratio_2
    is_wide = u1 < _COMPLEMENT
    near = lesser - tail_1 if is_wide else tail_1
    not_near = tail_1 if is_wide else lesser - tail_1
    value = near - tail_2 if is_wide else v * dev * slope
    first = near if is_out else not_near
    second = tail_2 if is_out else greater - tail_2
    # Without deviation the chances are 0 and 1, and on the strike itself one half.
    still = 0.5 if x == 0.0 else (0.0 if is_out else 1.0)
    return (
        value if moves else 0.0,
        first if moves else still * lesser,
        second if moves else still * greater,
    )


@part
def _row(
    s: float, k: float, t: float, r: float, q: float, vol: float, sign: float
) -> tuple[float, float, float, float, float, float, float, float, float, float]:  # fmt: skip
    """The ten figures of one option, in the order of `Greeks`. No branches: choices only."""
    per_spot = 1.0 / s
    drift, drift_lo = drift_of(r, q, t)
    log, log_lo = log_of_ratio(k, s, per_spot)
    x, x_lo = sum_of(drift, -log)
    x_lo += drift_lo - log_lo
    root, dev, dev_lo, per_dev = deviation_of(vol, t)
    moves = vol * root > 0.0
    u1, u1_lo, u2 = deviations_out(x, x_lo, dev, dev_lo, per_dev)
    ratio_1, ratio_2, slope = mills_of_two(abs(u1) if u1 < _COMPLEMENT else u1, u2)

    dq_hi, dq_lo = product_of(-q, t)
    dr_hi, dr_lo = product_of(-r, t)
    spot_now, strike_now = s * exp_of(dq_hi, dq_lo), k * exp_of(dr_hi, dr_lo)
    below = x <= 0.0
    lesser = spot_now if below else strike_now
    greater = strike_now if below else spot_now
    v = lesser * density(u1, u1_lo) if moves else 0.0
    is_out = (sign > 0.0) == below
    value, first, second = _legs(
        x, u1, dev, moves, v, lesser, greater, is_out, ratio_1, ratio_2, slope
    )  # fmt: skip
    spot_leg = sign * (first if below else second)
    strike_leg = sign * (second if below else first)
    grown = lesser * expm1_of(abs(x), -x_lo if below else x_lo)
    intrinsic = grown if abs(x) < 0.5 else greater - lesser

    d1, d2 = (-u1, -u2) if below else (u2, u1)
    per_root, per_vol = vol * per_dev, root * per_dev
    v_spot, vega = v * per_spot, v * root
    decay = -0.5 * v * vol * per_root
    # d(d1)/dT = ((r - q) T + ln(K / S) + s^2 / 2) / (2 T s)
    pull = fma(0.5 * dev, dev, log) + drift + (log_lo + drift_lo)
    pull *= 0.5 * per_root * per_root * per_dev
    theta = decay + fma(q, spot_leg, -r * strike_leg)
    charm = fma(q * per_spot, spot_leg, -v_spot * pull)
    return (
        value if is_out else value + intrinsic, spot_leg * per_spot, v_spot * per_spot * per_dev,
        vega, theta if t > 0.0 else 0.0, t * strike_leg, -v_spot * d2 * per_vol,
        vega * d1 * d2 * per_vol, charm if t > 0.0 else 0.0, -t * spot_leg,
    )  # fmt: skip


@kernel
def _kernel(
    spot: Any, strike: Any, years: Any, rate: Any, dividend_yield: Any, vol: Any, is_call: Any,
    out: Any, start: int, stop: int,
) -> int:  # fmt: skip
    """Fills the columns of `out` (10, n) from `start` to `stop`, a block at a time through one
    array in which the compiler sees that nothing overlaps. Returns how many options had a number
    out of range (of the block that it stopped at), 0 if none.
    """
    at_full_width()
    stage = np.empty((_INPUTS + _FIGURES) * BLOCK)
    for at in range(start, stop, BLOCK):
        count = min(BLOCK, stop - at)
        fill(stage, 0, spot, at, count, 1.0)
        fill(stage, BLOCK, strike, at, count, 1.0)
        fill(stage, 2 * BLOCK, years, at, count, 1.0)
        fill(stage, 3 * BLOCK, rate, at, count, 0.0)
        fill(stage, 4 * BLOCK, dividend_yield, at, count, 0.0)
        fill(stage, 5 * BLOCK, vol, at, count, 1.0)
        fill(stage, 6 * BLOCK, is_call, at, count, 0.0)
        wrong = 0
        for i in range(BLOCK):
            s, k, t = stage[i], stage[BLOCK + i], stage[2 * BLOCK + i]
            r, q, v = stage[3 * BLOCK + i], stage[4 * BLOCK + i], stage[5 * BLOCK + i]
            fits = is_sound(s, k, t, r, q) & (v >= 0.0) & (v * v * t <= VARIANCE_MOST)
            wrong += 0 if fits else 1
            sign = 2.0 * stage[6 * BLOCK + i] - 1.0
            row = _row(s, k, t, r, q, v, sign)
            stage[7 * BLOCK + i] = row[0]
            stage[8 * BLOCK + i] = row[1]
            stage[9 * BLOCK + i] = row[2]
            stage[10 * BLOCK + i] = row[3]
            stage[11 * BLOCK + i] = row[4]
            stage[12 * BLOCK + i] = row[5]
            stage[13 * BLOCK + i] = row[6]
            stage[14 * BLOCK + i] = row[7]
            stage[15 * BLOCK + i] = row[8]
            stage[16 * BLOCK + i] = row[9]
        if wrong:
            return wrong
        for figure in range(_FIGURES):
            place = (_INPUTS + figure) * BLOCK
            for i in range(count):
                out[figure, at + i] = stage[place + i]
    return 0


def greeks(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
    *,
    threads: int = 1,
) -> Greeks:
    """Values a batch of options; scalars and arrays broadcast against each other.

    At expiry (years = 0) an option is its intrinsic value, without volatility its discounted
    forward intrinsic value: delta, rho and theta are then those of the sure thing, all that
    measures uncertainty (gamma, vega, vanna, vomma) is 0, and on the strike itself, where the
    two sides have different limits, delta is the middle of them. At expiry theta and charm are 0.

    Args:
        spot, strike: dollars per share, from 1e-100 to 1e100.
        years: time to expiry in years, at least 0.
        rate, dividend_yield: continuously compounded, per year.
        vol: annual volatility (0.20 is 20 %), at least 0.
        is_call: true for calls, false for puts.
        threads: how many may share a batch of many thousands; the figures are the same bits.

    Raises:
        InvalidInput: shapes that do not broadcast, a number that is not finite, or one out
            of the ranges above; also a rate or yield that comes to more than 300 over the
            years, or a variance to more than 1e12.
    """
    given = batch(
        is_call, spot=spot, strike=strike, years=years, rate=rate,
        dividend_yield=dividend_yield, vol=vol,
    )  # fmt: skip
    out = np.empty((_FIGURES, given.size))
    spots, strikes, times, rates, yields, vols = given.columns

    def fill_part(start: int, stop: int) -> int:
        return _kernel(spots, strikes, times, rates, yields, vols, given.is_call, out, start, stop)

    if any(in_parts(given.size, threads, fill_part)):
        _refuse(given)
    return Greeks(*out.reshape(_FIGURES, *given.shape))


def _refuse(given: Batch) -> None:
    """Says which number the kernel stumbled over."""
    spot, strike, years, rate, dividend_yield, vol = given.columns
    require_between("spot", spot, PRICE_LEAST, PRICE_MOST)
    require_between("strike", strike, PRICE_LEAST, PRICE_MOST)
    require_between("years", years, 0.0, math.inf)
    require_between("rate x years", rate * years, -GROWTH_MOST, GROWTH_MOST)
    require_between("dividend_yield x years", dividend_yield * years, -GROWTH_MOST, GROWTH_MOST)
    require_between("vol", vol, 0.0, math.inf)
    require_between("vol x vol x years", vol * vol * years, 0.0, VARIANCE_MOST)
