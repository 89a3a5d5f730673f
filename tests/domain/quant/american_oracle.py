"""American options valued by QuantLib, which judges our figures and is imported by nothing else."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


class Options(NamedTuple):
    """A random set, on a spot of 100; times are whole days, as QuantLib counts them."""

    strike: Numbers
    days: NDArray[np.int64]
    rate: Numbers
    dividend_yield: Numbers
    vol: Numbers
    is_call: NDArray[np.bool_]

    @property
    def years(self) -> Numbers:
        found: Numbers = self.days / 365.0
        return found


def random_options(count: int, seed: int | None = None) -> Options:
    """Options as they are listed: a week to two years, vols of 10 % to 80 %, rates to 8 %."""
    chance = np.random.default_rng(seed)
    dividend_yield = chance.uniform(0.0, 0.08, count)
    dividend_yield[::4] = 0.0
    return Options(
        chance.uniform(70.0, 140.0, count),
        chance.integers(7, 730, count),
        chance.uniform(0.0, 0.08, count),
        dividend_yield,
        chance.uniform(0.1, 0.8, count),
        chance.random(count) < 0.5,
    )


class Oracle:
    """QuantLib's QdFp engine under a scheme of its own names, over a set of options."""

    def __init__(self, options: Options, scheme: str) -> None:
        quantlib = pytest.importorskip(
            "QuantLib", reason="no QuantLib: uv pip install 'quantlib>=1.36'", exc_type=ImportError
        )
        today = quantlib.Date(20, 11, 2026)
        quantlib.Settings.instance().evaluationDate = today
        days = quantlib.Actual365Fixed()
        engine = quantlib.QdFpAmericanEngine
        schemes = {
            "fast": engine.fastScheme,
            "accurate": engine.accurateScheme,
            "reference": lambda: quantlib.QdFpTanhSinhIterationScheme(40, 40, 1e-12),
        }
        self._options = []
        for strike, left, rate, dividend_yield, vol, is_call in zip(*options, strict=True):
            process = quantlib.BlackScholesMertonProcess(
                quantlib.QuoteHandle(quantlib.SimpleQuote(100.0)),
                quantlib.YieldTermStructureHandle(
                    quantlib.FlatForward(today, float(dividend_yield), days)
                ),
                quantlib.YieldTermStructureHandle(quantlib.FlatForward(today, float(rate), days)),
                quantlib.BlackVolTermStructureHandle(
                    quantlib.BlackConstantVol(today, quantlib.NullCalendar(), float(vol), days)
                ),
            )
            option = quantlib.VanillaOption(
                quantlib.PlainVanillaPayoff(
                    quantlib.Option.Call if is_call else quantlib.Option.Put, float(strike)
                ),
                quantlib.AmericanExercise(today, today + int(left)),
            )
            option.setPricingEngine(engine(process, schemes[scheme]()))
            self._options.append(option)

    def prices(self) -> Numbers:
        """The values, all worked out anew."""
        for option in self._options:
            option.recalculate()
        return np.array([option.NPV() for option in self._options])
