"""American options against QuantLib's engine, one core each, on one fresh random set.

QuantLib is called through its Python package with everything built before the clock starts.
What is timed, in processor time, is the valuation itself: a call of a microsecond around its
C++. Both are held against the best known scheme, and ours must not be the less exact.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from domain.quant.american import american_greeks, american_price
from domain.quant.american_dividends import american_with_dividends
from domain.quant.american_grid import Setting
from tests.benchmarks.harness import Measured, benchmark, in_turns, peer
from tests.domain.quant.american_oracle import Numbers, Options, Oracle, random_options

ROUNDS = 15
COMPARED, TIMED, BATCH, DIVIDEND_BATCH = 60, 500, 2_000, 300
LIMITS = {Setting.FAST: 6.0, Setting.ACCURATE: 5.0}


@benchmark("american", unit="of the limits", limit=1.0, better="higher")
def american() -> Measured:
    """The lesser of both settings' speed over QuantLib's, each over what it must be (6, 5).

    Raises:
        PeerAbsent: no QuantLib.
    """
    peer("QuantLib", "quantlib>=1.36")
    options = random_options(TIMED)
    compared = Options._make(column[:COMPARED] for column in options)
    reference = Oracle(compared, "reference").prices()
    met, notes = [], []
    for setting, limit in LIMITS.items():
        theirs = Oracle(options, setting.value)
        ours_s, theirs_s = in_turns(
            ROUNDS,
            lambda setting=setting: _busy(lambda: _priced(options, setting)),  # type: ignore[misc]
            lambda theirs=theirs: _busy(theirs.prices),  # type: ignore[misc]
        )
        error = _rms(_priced(compared, setting) - reference)
        their_error = _rms(theirs.prices()[:COMPARED] - reference)
        # A faster answer that is less exact meets nothing.
        met.append(theirs_s / ours_s / limit if error <= their_error else 0.0)
        notes.append(
            f"{setting}: {theirs_s / ours_s:.1f} x QuantLib (limit {limit:g}), "
            f"{1e6 * ours_s / TIMED:.1f} and {1e6 * theirs_s / TIMED:.1f} us each, "
            f"error {error:.1e} and {their_error:.1e}"
        )
    return Measured(min(met), "; ".join(notes))


@benchmark("american_greeks", unit="options/s", limit=40_000, better="higher")
def american_with_greeks() -> Measured:
    """Options valued with all their Greeks in a second, one thread, fast setting."""
    options = random_options(BATCH)
    arguments = _arguments(options)
    american_greeks(100.0, *arguments)
    (took,) = in_turns(ROUNDS, lambda: _busy(lambda: american_greeks(100.0, *arguments)))
    american_greeks(100.0, *arguments, setting=Setting.ACCURATE)
    accurate = BATCH / _busy(lambda: american_greeks(100.0, *arguments, setting=Setting.ACCURATE))
    return Measured(
        BATCH / took,
        f"price and six Greeks of {BATCH} options; accurate setting {accurate:,.0f}/s",
    )


def _arguments(options: Options) -> tuple[Numbers, Numbers, Numbers, Numbers, Numbers, Numbers]:
    """The columns in our own order, times in years."""
    return (
        options.strike, options.years, options.rate, options.dividend_yield, options.vol,
        options.is_call.astype(np.float64),
    )  # fmt: skip


def _priced(options: Options, setting: Setting) -> Numbers:
    price, _ = american_price(100.0, *_arguments(options), setting=setting)
    return price


def _busy(work: Callable[[], object]) -> float:
    """Seconds of processor time: what others do on the machine counts as little as it can."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _rms(errors: Numbers) -> float:
    return math.sqrt(float(np.mean(errors**2)))


@benchmark("american_dividends", unit="options/s", limit=20_000, better="higher")
def american_dividends() -> Measured:
    """Options with four cash dividends valued in a second, one thread, fast setting."""
    options = random_options(DIVIDEND_BATCH)

    def valued(setting: Setting) -> Numbers:
        return american_with_dividends(
            100.0, options.strike, options.years, options.rate, 0.0, options.vol,
            options.is_call, [0.1, 0.35, 0.6, 0.85], [0.5, 0.5, 0.5, 0.5], setting=setting,
        ).price  # fmt: skip

    exact = valued(Setting.ACCURATE)
    error = _rms(valued(Setting.FAST) - exact)
    (took,) = in_turns(ROUNDS, lambda: _busy(lambda: valued(Setting.FAST)))
    return Measured(
        DIVIDEND_BATCH / took,
        f"{DIVIDEND_BATCH} options; {error:.1e} off the accurate setting (root mean square)",
    )
