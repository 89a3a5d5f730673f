"""European options: all figures in one pass, and implied volatility, against their peers.

The Greeks are held against kernels without any validation (our own, and the plain loop that
anyone would write) and against XLA's compilation of the same formulas; implied volatility
against the batch solvers of other packages. Sides that use one core are compared in processor
time, since others may be at work here too; those that use all cores in elapsed time.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from numba import njit

from domain.quant import black_scholes
from domain.quant.batches import Floats
from domain.quant.black_scholes import Greeks, greeks
from domain.quant.implied_volatility import implied_volatility
from tests.benchmarks.harness import Measured, PeerAbsent, benchmark, in_turns, peer, seconds

LARGE, SMALL = 100_000, 1_000
ROUNDS = 21
OF_BARE, OF_JAX = 0.55, 2.4
CORES = os.cpu_count() or 1

Columns = tuple[Any, ...]
PEERS = Path(__file__).with_name("peers.txt")


@cache
def options(count: int) -> Columns:
    """Ordinary options to 2.5 deviations from the strike, in the order of `greeks`."""
    chance = np.random.default_rng(20)
    spot, years = chance.uniform(50, 150, count), chance.uniform(0.02, 2, count)
    vol, out = chance.uniform(0.1, 0.8, count), chance.uniform(-2.5, 2.5, count)
    rate, dividend_yield = chance.uniform(0, 0.06, count), chance.uniform(0, 0.04, count)
    strike = spot * np.exp(out * vol * np.sqrt(years))
    return spot, strike, years, rate, dividend_yield, vol, chance.random(count) < 0.5


def pinned(package: str) -> str:
    """A peer with the version that the figures were taken with."""
    return next(line for line in PEERS.read_text().splitlines() if line.startswith(f"{package}=="))


def busy(work: Callable[[], object]) -> float:
    """How long the work keeps cores busy."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


@benchmark("greeks", unit="of the limit", limit=1.0, better="higher")
def greeks_large() -> Measured:
    """100,000 options with all ten figures: 0.55 of the faster bare kernel, or 2.4 times JAX."""
    given = options(LARGE)
    out = np.empty((len(Greeks._fields), LARGE))
    ours_s, bare_s, plain_s = in_turns(
        ROUNDS,
        lambda: busy(lambda: _many(given, 1)),
        lambda: busy(lambda: _bare(given, out)),
        lambda: busy(lambda: _looped(given, out)),
    )
    of_bare = min(bare_s, plain_s) / ours_s
    note = (
        f"{of_bare:.2f} of a bare kernel (limit {OF_BARE}); {_each(ours_s)} ns an option, "
        f"{_each(bare_s)} without validation, {_each(plain_s)} in a plain loop"
    )
    try:
        theirs = _jax(given)
    except PeerAbsent as absent:
        return Measured(of_bare / OF_BARE, f"{note}; JAX skipped: {absent}")
    all_s, jax_s = in_turns(
        ROUNDS, lambda: seconds(lambda: _many(given, CORES)), lambda: seconds(theirs)
    )
    of_jax = jax_s / all_s
    return Measured(
        max(of_bare / OF_BARE, of_jax / OF_JAX),
        f"{note}; {of_jax:.1f} x JAX (limit {OF_JAX}) on {CORES} cores each, "
        f"{_each(all_s)} and {_each(jax_s)} ns an option",
    )


@benchmark("greeks_small", unit="of the large batch's rate", limit=0.25, better="higher")
def greeks_small() -> Measured:
    """The rate of batches of 1,000 options beside that of 100,000."""
    large, small = options(LARGE), tuple(column[:SMALL].copy() for column in options(LARGE))
    batches = LARGE // SMALL

    def in_small() -> None:
        for _ in range(batches):
            _many(small, 1)

    small_s, large_s = in_turns(
        ROUNDS, lambda: busy(in_small), lambda: busy(lambda: _many(large, 1))
    )
    return Measured(
        large_s / small_s,
        f"{_each(small_s)} ns an option in batches of {SMALL:,}, {_each(large_s)} in {LARGE:,}",
    )


@benchmark("iv", unit="x the best peer", limit=5.0, better="higher")
def iv() -> Measured:
    """Implied volatilities of 100,000 options, one core each, and then all cores each.

    Raises:
        PeerAbsent: none of the packages is there.
    """
    given = options(LARGE)
    prices = _many(given, 1).price
    terms: Any = (prices, *given[:5], given[6])
    peers = _solvers(prices, given)
    one, *theirs = in_turns(
        ROUNDS,
        lambda: busy(lambda: implied_volatility(*terms)),
        *(lambda work=work: busy(work) for work, _ in peers.values()),
    )
    every, *theirs_all = in_turns(
        ROUNDS,
        lambda: seconds(lambda: implied_volatility(*terms, threads=CORES)),
        *(lambda work=work: seconds(work) for _, work in peers.values()),
    )
    missed = float(np.abs(implied_volatility(*terms)[0] / given[5] - 1).max())
    told = ", ".join(
        f"{name} {_each(busy_s)} ({_each(elapsed_s)} ns elapsed on all cores)"
        for name, busy_s, elapsed_s in zip(peers, theirs, theirs_all, strict=True)
    )
    return Measured(
        min(theirs) / one,
        f"one core each; {min(theirs_all) / every:.1f} x on all cores. {_each(one)} ns an option "
        f"({_each(every)}), greatest error {missed:.0e}; {told}",
    )


def _each(took: float) -> str:
    return f"{took / LARGE * 1e9:.0f}"


def _many(given: Columns, threads: int) -> Greeks:
    found: Any = greeks
    return cast(Greeks, found(*given, threads=threads))


def _bare(given: Columns, out: Floats) -> None:
    """The kernel alone: arrays that fit as they are, and room for the answer."""
    kernel: Any = black_scholes._kernel
    kernel(*given, out, 0, LARGE)


def _looped(given: Columns, out: Floats) -> None:
    loop: Any = _plain
    loop(*given, out)


@njit(error_model="numpy")
def _plain(
    spot: Any, strike: Any, years: Any, rate: Any, dividend_yield: Any, vol: Any, is_call: Any,
    out: Any,
) -> None:  # fmt: skip
    """The textbook's formulas with the C library's functions."""
    for i in range(spot.size):
        s, k, t, r, q, v = spot[i], strike[i], years[i], rate[i], dividend_yield[i], vol[i]
        sign = 1.0 if is_call[i] else -1.0
        root = math.sqrt(t)
        dev = v * root
        d1 = (math.log(s / k) + (r - q + 0.5 * v * v) * t) / dev
        d2 = d1 - dev
        carried, discount = math.exp(-q * t), math.exp(-r * t)
        above = sign * s * carried * 0.5 * math.erfc(-sign * d1 * 0.7071067811865476)
        below = sign * k * discount * 0.5 * math.erfc(-sign * d2 * 0.7071067811865476)
        density = carried * math.exp(-0.5 * d1 * d1) * 0.3989422804014327
        vega = s * density * root
        out[0, i] = above - below
        out[1, i] = above / s
        out[2, i] = density / (s * dev)
        out[3, i] = vega
        out[4, i] = -s * density * v / (2 * root) + q * above - r * below
        out[5, i] = t * below
        out[6, i] = -density * d2 / v
        out[7, i] = vega * d1 * d2 / v
        out[8, i] = q * above / s - density * (2 * (r - q) * t - d2 * dev) / (2 * t * dev)
        out[9, i] = -t * above


def _jax(given: Columns) -> Callable[[], object]:
    """The same figures by JAX, compiled and with its own arrays.

    Raises:
        PeerAbsent: no JAX.
    """
    jax = peer("jax", pinned("jax"))
    jax.config.update("jax_enable_x64", True)
    np_of, erfc = jax.numpy, jax.scipy.special.erfc

    def figures(s: Any, k: Any, t: Any, r: Any, q: Any, v: Any, call: Any) -> Any:
        sign, root = np_of.where(call, 1.0, -1.0), np_of.sqrt(t)
        dev = v * root
        d1 = (np_of.log(s / k) + (r - q + 0.5 * v * v) * t) / dev
        d2 = d1 - dev
        carried = np_of.exp(-q * t)
        above = sign * s * carried * 0.5 * erfc(-sign * d1 * 0.7071067811865476)
        below = sign * k * np_of.exp(-r * t) * 0.5 * erfc(-sign * d2 * 0.7071067811865476)
        density = carried * np_of.exp(-0.5 * d1 * d1) * 0.3989422804014327
        vega = s * density * root
        return (
            above - below, above / s, density / (s * dev), vega,
            -s * density * v / (2 * root) + q * above - r * below, t * below, -density * d2 / v,
            vega * d1 * d2 / v, -t * above,
            q * above / s - density * (2 * (r - q) * t - d2 * dev) / (2 * t * dev),
        )  # fmt: skip

    compiled = jax.jit(figures)
    arrays = [np_of.asarray(column) for column in given]
    jax.block_until_ready(compiled(*arrays))
    return lambda: jax.block_until_ready(compiled(*arrays))


def _solvers(
    prices: Floats, given: Columns
) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Each package that is there, on one core and on as many as it likes.

    Raises:
        PeerAbsent: none of them is there.
    """
    spot, strike, years, rate, dividend_yield, _, calls = given
    found: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {}
    reasons = []
    try:
        engine = peer("iv_engine.batch", pinned("iv-engine")).implied_volatilities
        # It takes calls or puts in one go and prices of forwards: given ready, and calls alone.
        forward = spot * np.exp((rate - dividend_yield) * years)
        calls_only: Any = (
            spot,
            strike,
            years,
            rate,
            dividend_yield,
            given[5],
            np.ones(LARGE, bool),
        )
        undiscounted = _many(calls_only, 1).price * np.exp(rate * years)
        ready = undiscounted, forward, strike, years, True
        found["iv-engine"] = (lambda: engine(*ready, False), lambda: engine(*ready, True))
    except PeerAbsent as absent:
        reasons.append(str(absent))
    try:
        rust = peer("pyvolr.bs", pinned("pyvolr")).implied_vol
        flags = np.where(calls, 1, -1)

        def by_pyvolr() -> object:
            return rust(prices, flags, spot, strike, years, rate, dividend_yield)

        found["pyvolr"] = by_pyvolr, by_pyvolr
    except PeerAbsent as absent:
        reasons.append(str(absent))
    if not found:
        raise PeerAbsent("; ".join(reasons))
    return found
