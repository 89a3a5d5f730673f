"""Exponential, logarithm and Mills' ratio, written so that several options go through at once.

The C library's functions take one number per call, which keeps a compiler from working on four
or eight options in one instruction. These have no branches and no calls, only the arithmetic
of IEEE 754 with fused multiply-adds written out: the same bits on every processor and at every
width. Where a rounding would be magnified (deep in the wings an error of d1 counts d1 squared
times), numbers travel as an unevaluated sum of two, `hi + lo` with |lo| <= ulp(hi) / 2.

Sources: Dekker, "A floating-point technique for extending the available precision" (1971) for
sums of two numbers; Tang, "Table-driven implementation of the exponential function" (1989) and
"... of the logarithm function" (1990) for the reductions, here without tables.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numba import types
from numba.extending import intrinsic

from domain.quant.compiling import part

_LOG2_E = 1.4426950408889634
_LN_2_HI = 6.93147180369123816490e-01
"""The first 33 bits of ln 2: a multiple of it by any exponent is exact."""
_LN_2_LO = 1.90821492927058770002e-10
_ROUNDER = 6755399441055744.0
"""1.5 x 2^52: what is added to it and taken off again is rounded to a whole number."""
_ROUNDER_BITS = np.int64(0x4338000000000000)
_ONE_BITS = np.int64(0x3FF0000000000000)
_ROOT_HALF_BITS = np.int64(0x3FE6A09E00000000)
_FRACTION_BITS = np.int64(0x000FFFFFFFFFFFFF)
_EXPONENT_MOST = 1000.0
"""Beyond it e^x is 0 or infinity anyway."""

_EXPONENTIAL = tuple(1.0 / factorial for factorial in (
    6227020800.0, 479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0,
    24.0, 6.0, 2.0,
))  # fmt: skip
"""(e^r - 1 - r) / r^2 as a series: for |r| <= ln(2) / 2 what is left out is below 2e-18."""
_AREA_TANGENT = tuple(2.0 / odd for odd in (
    23.0, 21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0,
))  # fmt: skip
"""2 (artanh(q) - q) / q^3 as a series in q^2: for q^2 <= 0.0295 it leaves out less than 1e-18."""

_ROUGH_LOG = (-0.225818, 0.355656, -0.5023, 0.999489)
"""ln(1 + f) / f, fitted for 1 + f from sqrt(1/2) to sqrt(2)."""

MILLS_LEAST = -0.5
MILLS_MOST = 39.0
"""Where Mills' ratio is known; at 39 the density itself has left the range of float64."""
_POLE, _SHIFT = 5.0, 1.25
_MAP_TO, _MAP_OVER = 1.2278481012658229, 10.025316455696203
_MILLS = (
    -2.516101346302816e-10, 1.6422640435034697e-10, 3.289489798922008e-09,
    -5.645514937614204e-10, -2.555704585301993e-08, -9.392145043209135e-09,
    1.6809806877816166e-07, 1.4539634915314738e-07, -1.1123887758462575e-06,
    -1.2642325122644097e-06, 8.202909931383751e-06, 7.5583034410721446e-06,
    -6.91586322345427e-05, -3.094949679413295e-07, 0.0005985558342959343,
    -0.00109469451921703, -0.003049612590043212, 0.021302588026873844, -0.060432365659831074,
    0.10745453304834901, -0.11877547520333306, 0.0390884643496706, 0.149312729906879,
    -0.38757653119354524, 1.2846016916546752,
)  # fmt: skip
"""(u + 1.25) R(u) as a polynomial of v = _MAP_TO - _MAP_OVER / (u + 5), which takes the range of
u to [-1, 1]; a Chebyshev interpolant of 24th degree, from 60 digits, right to 2e-17.
"""

_inlined: Any = intrinsic
"""Instructions of our own: within compiled functions they take numbers and give one."""


@_inlined  # type: ignore[untyped-decorator]
def fma(_typing: Any, _a: Any, _b: Any, _c: Any) -> Any:
    """a * b + c, rounded once."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


@_inlined  # type: ignore[untyped-decorator]
def polynomial(_typing: Any, coefficients: Any, _x: Any) -> Any:
    """The polynomial at x, the coefficient of the highest power first.

    Written out term by term, since a loop over the tuple would keep the loop around it from
    being vectorised; and by halves (Estrin's scheme), since Horner's makes each term wait for
    the one before.
    """

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        values, x = arguments
        parts = [builder.extract_value(values, place) for place in range(coefficients.count)][::-1]
        power = x
        while True:
            pairs = zip(parts[::2], parts[1::2], strict=False)
            parts = [builder.fma(power, high, low) for low, high in pairs] + (
                [parts[-1]] if len(parts) % 2 else []
            )
            if len(parts) == 1:
                return parts[0]
            power = builder.fmul(power, power)

    return types.float64(coefficients, types.float64), generate


@_inlined  # type: ignore[untyped-decorator]
def polynomial_of_two(_typing: Any, coefficients: Any, _x: Any, _y: Any) -> Any:
    """p(x), p(y) and their divided difference (p(x) - p(y)) / (x - y), summed without taking
    that difference, so that it is precise when x and y come together: p'(x) where they meet.

    By halves like `polynomial`: for p = low + x^m high the divided difference is
    low[x, y] + x^m[x, y] high(x) + y^m high[x, y], and x^2m[x, y] = x^m[x, y] (x^m + y^m).
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values, x, y = arguments
        zero, one = (context.get_constant(types.float64, number) for number in (0.0, 1.0))
        numbers = [builder.extract_value(values, place) for place in range(coefficients.count)]
        parts = [(number, number, zero) for number in numbers[::-1]]
        power_x, power_y, power_between = x, y, one
        while True:
            merged = []
            for low, high in zip(parts[::2], parts[1::2], strict=False):
                between = builder.fma(power_between, high[0], low[2])
                if high[2] is not zero:
                    between = builder.fma(power_y, high[2], between)
                at_x = builder.fma(power_x, high[0], low[0])
                merged.append((at_x, builder.fma(power_y, high[1], low[1]), between))
            parts = merged + ([parts[-1]] if len(parts) % 2 else [])
            if len(parts) == 1:
                return context.make_tuple(builder, signature.return_type, parts[0])
            power_between = builder.fmul(power_between, builder.fadd(power_x, power_y))
            power_x, power_y = builder.fmul(power_x, power_x), builder.fmul(power_y, power_y)

    number, tuple_of = types.float64, cast(Any, types.UniTuple)
    return tuple_of(number, 3)(coefficients, number, number), generate


@part
def sum_of(a: float, b: float) -> tuple[float, float]:
    """a + b as hi + lo, exactly (Knuth's sum, whichever is the greater)."""
    hi = a + b
    back = hi - a
    return hi, (a - (hi - back)) + (b - back)


@part
def product_of(a: float, b: float) -> tuple[float, float]:
    """a * b as hi + lo, exactly."""
    hi = a * b
    return hi, fma(a, b, -hi)


@part
def _reduced(hi: float, lo: float) -> tuple[float, float, float]:
    """e^(hi + lo) as 2^whole (1 + r + rest), the three of them."""
    hi = min(max(hi, -_EXPONENT_MOST), _EXPONENT_MOST)
    whole = fma(hi, _LOG2_E, _ROUNDER) - _ROUNDER
    left = fma(-whole, _LN_2_HI, hi)
    r = fma(-whole, _LN_2_LO, left)
    r_lo = fma(-whole, _LN_2_LO, left - r) + lo
    series = polynomial(_EXPONENTIAL, r)
    return whole, r, fma(series * r, r, fma(r_lo, r, r_lo))


@part
def _two_to(whole: float) -> float:
    """2^whole for whole numbers from -1022 to 1023."""
    bits = np.float64(whole + _ROUNDER).view(np.int64)
    return np.int64((bits << np.int64(52)) + _ONE_BITS).view(np.float64)


@part
def exp_of(hi: float, lo: float) -> float:
    """e^(hi + lo) to about half a unit in the last place, down to the least float64."""
    whole, r, rest = _reduced(hi, lo)
    # In two halves, since 2^-1074 is no normal number.
    half = fma(whole, 0.5, _ROUNDER) - _ROUNDER
    return (1.0 + (r + rest)) * _two_to(half) * _two_to(whole - half)


@part
def exp_parts(hi: float, lo: float) -> tuple[float, float]:
    """e^(hi + lo) as hi + lo, right to about 2e-17 of itself, for |hi| up to 700."""
    whole, r, rest = _reduced(hi, lo)
    power = _two_to(whole)
    found, found_lo = sum_of(1.0, r)
    found_lo += rest
    total = found + found_lo
    return power * total, power * (found_lo - (total - found))


@part
def expm1_of(hi: float, lo: float) -> float:
    """e^(hi + lo) - 1, precise where that is near zero, for hi up to 700."""
    whole, r, rest = _reduced(min(hi, 700.0), lo)
    power = _two_to(whole)
    found: float = fma(power, r + rest, power - 1.0)
    return found


@part
def expm1_parts(hi: float, lo: float) -> tuple[float, float]:
    """e^(hi + lo) - 1 as hi + lo, right to about 4e-17 of itself, for hi up to 700."""
    whole, r, rest = _reduced(min(hi, 700.0), lo)
    power = _two_to(whole)
    found, found_lo = sum_of(power - 1.0, power * r)
    found_lo = fma(power, rest, found_lo)
    total = found + found_lo
    return total, found_lo - (total - found)


@part
def _split(number: float) -> tuple[float, float]:
    """A positive normal number as 2^whole x mantissa, that from sqrt(1/2) to sqrt(2)."""
    bits = np.float64(number).view(np.int64) + (_ONE_BITS - _ROOT_HALF_BITS)
    exponent = (bits >> np.int64(52)) - np.int64(0x3FF)
    whole = np.int64(exponent + _ROUNDER_BITS).view(np.float64) - _ROUNDER
    return whole, np.int64((bits & _FRACTION_BITS) + _ROOT_HALF_BITS).view(np.float64)


@part
def _log_of_split(whole: float, mantissa: float, missed: float) -> tuple[float, float]:
    """ln(2^whole (mantissa + missed)) as hi + lo, for a missed part of a few last places."""
    excess = mantissa - 1.0
    divisor = 2.0 + excess
    inverse = 1.0 / divisor
    q = excess * inverse
    q_lo = (fma(-q, divisor, excess) - q * (excess - (divisor - 2.0))) * inverse
    square = q * q
    series = polynomial(_AREA_TANGENT, square)
    hi, lo = sum_of(whole * _LN_2_HI, 2.0 * q)
    # 1 / mantissa is (1 - q) / (1 + q), of which a few digits suffice here.
    per_mantissa = (1.0 - q) * (1.0 - q) * fma(square, 1.0 + square, 1.0)
    lo += fma(whole, _LN_2_LO, fma(2.0, q_lo, fma(square * q, series, missed * per_mantissa)))
    total = hi + lo
    return total, lo - (total - hi)


@part
def log_of(number: float) -> float:
    """ln(number) to about half a unit in the last place, for a positive normal number."""
    whole, mantissa = _split(number)
    hi, _ = _log_of_split(whole, mantissa, 0.0)
    return hi


@part
def rough_log_of(number: float) -> float:
    """ln(number) within 0.0002, for a positive normal number."""
    whole, mantissa = _split(number)
    excess = mantissa - 1.0
    found: float = fma(whole, _LN_2_HI, excess * polynomial(_ROUGH_LOG, excess))
    return found


@part
def log_of_ratio(above: float, below: float, per_below: float) -> tuple[float, float]:
    """ln(above / below) as hi + lo, right to about 1e-18 of itself, for positive normal numbers
    whose ratio is one too: near 1 the rounding of the quotient is made good. `per_below` is
    1 / below, which the caller has use for anyway.
    """
    ratio = above * per_below
    whole, mantissa = _split(ratio)
    missed = fma(-ratio, below, above) * per_below * _two_to(-whole)
    return _log_of_split(whole, mantissa, missed)


@part
def mills_of_two(lower: float, upper: float) -> tuple[float, float, float]:
    """Mills' ratio R(u) = N(-u) / n(u) of the normal distribution at two places, and the slope
    between them, (R(lower) - R(upper)) / (upper - lower). Right from `MILLS_LEAST` to
    `MILLS_MOST`; outside, a place counts as the nearer end.

    The slope comes from the polynomial's divided difference and so stays precise when the two
    come together, where it is 1 - u R(u).
    """
    one = min(max(lower, MILLS_LEAST), MILLS_MOST)
    other = min(max(upper, MILLS_LEAST), MILLS_MOST)
    pole_one, pole_other = one + _POLE, other + _POLE
    shift_one, shift_other = one + _SHIFT, other + _SHIFT
    # One division serves all four.
    poles, shifts = pole_one * pole_other, shift_one * shift_other
    inverse = 1.0 / (poles * shifts)
    under, inverse = poles * inverse, _MAP_OVER * shifts * inverse
    v_one = fma(-pole_other, inverse, _MAP_TO)
    v_other = fma(-pole_one, inverse, _MAP_TO)
    at_one, at_other, between = polynomial_of_two(_MILLS, v_one, v_other)
    slope = fma(-between * shift_other, inverse, at_other) * under
    return at_one * shift_other * under, at_other * shift_one * under, slope
