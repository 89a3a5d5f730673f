"""The exponential and the normal distribution over whole arrays, several numbers at a time.

As exact as integrals over an exercise boundary need them, and no more: where every digit of a
far tail counts, see `elementary`.
"""

from __future__ import annotations

import math
from typing import Any

from numba import types
from numba.extending import intrinsic

from domain.quant.compiling import inner, part
from domain.quant.elementary import fma, polynomial

DENSITY_AT_ZERO = 1.0 / math.sqrt(2.0 * math.pi)

_ROOT_HALF = math.sqrt(0.5)
_LOG2_E = 1.4426950408889634
# ln 2 in two parts: the first has zeros enough at its end that k times it is exact.
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
# Added to a number below 2^51 it leaves the nearest integer in the last bits.
_ROUNDER = 6755399441055744.0
# So far above the least number that products of what comes out do not become denormal, which
# processors are slow at.
_EXPONENT_MIN = -500.0
_EXPONENT_MAX = 709.0
_TAYLOR = tuple(1.0 / math.factorial(power) for power in range(13, -1, -1))

_CENTRE = 3.75
_TAIL = (
    -2.7293941332533855e-09, -1.952790162974837e-09, 3.256499083798513e-08,
    1.8778501156468795e-08, -2.4996538037405243e-07, -5.0816911811698186e-08,
    1.7438577411359181e-06, -9.79297529099823e-07, -1.143961526007595e-05, 2.238759272534769e-05,
    5.164737123871838e-05, -0.0002901553656394713, 0.00029371408777227685, 0.0017556261692276722,
    -0.00974657962081509, 0.028362277371370044, -0.058693398584491845, 0.09230432116435616,
    -0.10880393014193915, 0.08227673848999159, 0.0035854154854663067, -0.14024059858554522,
    1.2375126308378275,
)  # fmt: skip
"""(1 + 2x) erfcx(x) as a polynomial of (x - 3.75) / (x + 3.75), after Shepherd and Laframboise,
"Chebyshev Approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < infinity" (1981): interpolated
at 23 Chebyshev nodes in 40 digits, within 1.5e-16.
"""

_inlined: Any = intrinsic


@_inlined  # type: ignore[untyped-decorator]
def _power_of_two(_typing: Any, _rounded: Any) -> Any:
    """2^k of the number k that `_ROUNDER` was added to: its last bits moved to the exponent."""

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        integer = context.get_value_type(types.int64)
        bits = builder.bitcast(args[0], integer)
        moved = builder.shl(builder.add(bits, integer(1023)), integer(52))
        return builder.bitcast(moved, args[0].type)

    return types.float64(types.float64), generate


@part
def exponential(x: float) -> float:
    """e^x to an ulp or so, x being held within -500 .. 709.

    The Taylor series to the 13th power on |x| <= ln(2) / 2, then scaled by a power of two.
    """
    held = min(max(x, _EXPONENT_MIN), _EXPONENT_MAX)
    rounded = fma(held, _LOG2_E, _ROUNDER)
    k = rounded - _ROUNDER
    r = fma(k, -_LN2_LOW, fma(k, -_LN2_HIGH, held))
    scaled: float = polynomial(_TAYLOR, r) * _power_of_two(rounded)
    return scaled


@part
def distribution(d: float) -> tuple[float, float]:
    """N(d) and e^(-d^2 / 2), the tail (be it N(d) or N(-d)) to 1e-15 of itself."""
    x = abs(d) * _ROOT_HALF
    square = d * d
    # What rounding took off the square is put back: far out it is what the tail hangs on.
    bell = exponential(-0.5 * square) * fma(-0.5, fma(d, d, -square), 1.0)
    doubled = fma(2.0, x, 1.0)
    inverse = 1.0 / ((x + _CENTRE) * doubled)
    scaled = polynomial(_TAIL, (x - _CENTRE) * doubled * inverse)
    tail = 0.5 * bell * scaled * ((x + _CENTRE) * inverse)
    return (tail if d < 0.0 else 1.0 - tail), bell


@inner
def copy_to(kept: Any, values: Any) -> None:
    """Copies the values of an array into another."""
    for i in range(kept.size):
        kept[i] = values[i]


@inner
def exponentiate(x: Any) -> None:
    """Puts e^x in the place of every x of an array."""
    for i in range(x.size):
        x[i] = exponential(x[i])


@inner
def distributions(d: Any, below: Any, bell: Any) -> None:
    """N(d) and e^(-d^2 / 2) of an array into two others."""
    for i in range(d.size):
        below[i], bell[i] = distribution(d[i])
