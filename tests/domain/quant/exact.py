"""European options in exact arithmetic: fifty digits and more, straight from the formulas."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
from mpmath import mpf

Figures = dict[str, tuple[mpf, mpf]]


def exact_figures(
    spot: float, strike: float, years: float, rate: float, dividend_yield: float, vol: float,
    is_call: bool,
) -> Figures:  # fmt: skip
    """Each figure of `Greeks`, with the size of the largest term that it is the sum of: where
    terms of opposite sign cancel, no arithmetic of finite inputs keeps more than their digits.
    The value, delta, gamma, vega and the like are measured by themselves.
    """
    with mpmath.workdps(60):
        s, k, t, r, q, v = (
            mpf(float(number)) for number in (spot, strike, years, rate, dividend_yield, vol)
        )
        sign = 1 if is_call else -1
        root = mpmath.sqrt(t)
        d1 = (mpmath.log(s / k) + (r - q) * t) / (v * root) + v * root / 2
        d2 = d1 - v * root
        carried, discount = mpmath.exp(-q * t), mpmath.exp(-r * t)
        above, below = _chance(sign * d1), _chance(sign * d2)
        density = carried * mpmath.exp(-d1 * d1 / 2) / mpmath.sqrt(2 * mpmath.pi)
        vega = s * density * root
        drift = density * (2 * (r - q) * t - d2 * v * root) / (2 * t * v * root)
        terms = {
            "price": (sign * (s * carried * above - k * discount * below),),
            "delta": (sign * carried * above,),
            "gamma": (density / (s * v * root),),
            "vega": (vega,),
            "theta": (
                -s * density * v / (2 * root), sign * q * s * carried * above,
                -sign * r * k * discount * below,
            ),
            "rho": (sign * t * k * discount * below,),
            "vanna": (-density * d2 / v,),
            "vomma": (vega * d1 * d2 / v,),
            "charm": (sign * q * carried * above, -drift),
            "dividend_rho": (-sign * t * s * carried * above,),
        }  # fmt: skip
        return {name: (sum(parts), max(map(abs, parts))) for name, parts in terms.items()}


def doubt_of_vol(price: float, figures: Figures, vol: float) -> float:
    """By how much of itself a volatility moves with half a unit in the price's last place."""
    vega = figures["vega"][0]
    if vega <= 0:
        return float("inf")
    return float(min(mpf(np.spacing(price)) / 2 / (vega * mpf(vol)), mpf(1e9)))


def random_options(seed: int, count: int) -> tuple[Any, ...]:
    """Ordinary options, wings up to thirty deviations out, and last seconds: the columns of
    `greeks`.
    """
    chance = np.random.default_rng(seed)
    kind = chance.integers(0, 4, count)
    years = np.where(
        kind == 0, chance.uniform(0.01, 3, count), 10 ** chance.uniform(-7, 0.7, count)
    )
    vol = np.where(
        kind < 2, chance.uniform(0.05, 1.2, count), 10 ** chance.uniform(-2.5, 0.8, count)
    )
    out = np.where(kind == 3, chance.uniform(-30, 30, count), chance.uniform(-5, 5, count))
    out = np.where(chance.random(count) < 0.15, out * 10 ** chance.uniform(-8, 0, count), out)
    spot = 10 ** chance.uniform(0, 3.5, count)
    strike = spot * np.exp(np.clip(out * vol * np.sqrt(years), -12, 12))
    rate = chance.uniform(-0.03, 0.15, count)
    dividend_yield = np.where(chance.random(count) < 0.3, 0.0, chance.uniform(0, 0.1, count))
    return spot, strike, years, rate, dividend_yield, vol, chance.random(count) < 0.5


def _chance(deviations: mpf) -> mpf:
    return mpmath.erfc(-deviations / mpmath.sqrt(2)) / 2
