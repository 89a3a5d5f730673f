"""How fast a book is valued: its exposure at new quotes, and over a grid of spots and vols.

The books are made up as members hold them: two weeks to two years, strikes around the spot, a
third of the underlyings with a known dividend yield (those without have calls that are worth the
European ones, and are quick). Both use both cores; the figures are the same bits as with one,
which tests/domain/quant proves. What counts is the median of the rounds on the wall clock.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.quant.american import american_price
from domain.quant.black_scholes import greeks
from domain.quant.exposure_units import RAW, measure
from domain.quant.scenario import SPOT_MOVES, VOL_MOVES, revalue
from domain.quant.valuing import Values, ValueStatus, value_options
from tests.benchmarks.harness import Measured, benchmark, in_turns, seconds

ROUNDS = 15
THREADS = 2
GRID_POSITIONS, POSITIONS, UNDERLYINGS = 500, 5_000, 60
RATE = 0.04

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Book(NamedTuple):
    """Options by column, their underlyings by number."""

    spot: Numbers
    strike: Numbers
    years: Numbers
    dividend_yield: Numbers
    vol: Numbers
    is_call: Flags
    is_american: Flags
    underlying: NDArray[np.int64]


def book(count: int, american: float, seed: int) -> Book:
    """So many options, a share of them American, half calls."""
    chance = np.random.default_rng(seed)
    prices = np.exp(chance.uniform(np.log(20), np.log(600), UNDERLYINGS))
    yields = np.where(np.arange(UNDERLYINGS) % 3 == 0, chance.uniform(0.005, 0.03, UNDERLYINGS), 0)
    underlying = chance.integers(0, UNDERLYINGS, count)
    is_american = np.arange(count) < american * count
    chance.shuffle(is_american)
    spot = prices[underlying]
    years = chance.integers(14, 730, count) / 365.0
    vol = chance.uniform(0.15, 0.8, count)
    away = np.clip(chance.normal(0.0, 0.6, count), -1.5, 1.5)
    return Book(
        spot, spot * np.exp(away * vol * np.sqrt(years)), years, yields[underlying], vol,
        chance.random(count) < 0.5, is_american, underlying,
    )  # fmt: skip


def mids(options: Book) -> Numbers:
    """What the options are quoted at: their values in whole cents."""
    terms = (
        options.spot, options.strike, options.years, RATE, options.dividend_yield, options.vol,
        options.is_call,
    )  # fmt: skip
    american, _ = american_price(*terms)
    price = np.where(options.is_american, american, greeks(*terms).price)
    return np.maximum(np.round(price, 2), 0.01)


@benchmark("scenario", unit="ms", limit=20, better="lower")
def scenario() -> Measured:
    """500 options, seven of ten American, on 41 spots and 21 volatilities."""

    def milliseconds(options: Book, threads: int = THREADS) -> float:
        return 1_000 * seconds(
            lambda: revalue(
                options.spot, options.strike, options.years, RATE, options.dividend_yield,
                options.vol, options.is_call, options.is_american, threads=threads,
            )
        )  # fmt: skip

    mixed = book(GRID_POSITIONS, 0.7, seed=1)
    american_puts = book(GRID_POSITIONS, 1.0, seed=2)._replace(
        is_call=np.zeros(GRID_POSITIONS, dtype=np.bool_)
    )
    european = mixed._replace(is_american=np.zeros(GRID_POSITIONS, dtype=np.bool_))
    milliseconds(mixed)
    took, alone, puts, formula = in_turns(
        ROUNDS,
        lambda: milliseconds(mixed),
        lambda: milliseconds(mixed, threads=1),
        lambda: milliseconds(american_puts),
        lambda: milliseconds(european),
    )
    values = GRID_POSITIONS * SPOT_MOVES.size * VOL_MOVES.size
    return Measured(
        took,
        f"{values:,} values, {THREADS} threads; one thread {alone:.1f} ms; American puts only "
        f"{puts:.1f} ms, European only {formula:.1f} ms",
    )


@benchmark("exposure_5000", unit="ms", limit=50, better="lower")
def exposure_5000() -> Measured:
    """5,000 positions at new quotes: implied volatilities, Greeks, units and sums by group."""
    count = POSITIONS * 85 // 100
    options = book(count, 60 / 85, seed=3)
    price = mids(options)
    chance = np.random.default_rng(4)
    shares = POSITIONS - count
    held = chance.integers(-20, 21, POSITIONS) * np.where(np.arange(POSITIONS) < count, 100.0, 1.0)
    group = np.concatenate([options.underlying, chance.integers(0, UNDERLYINGS, shares)])
    spot = np.concatenate([options.spot, np.full(shares, 100.0)])
    days = np.concatenate([options.years * 365.0, np.full(shares, np.nan)])
    legs_of = [np.flatnonzero(group == each).tolist() for each in range(UNDERLYINGS)]

    def valued(threads: int) -> Values:
        return value_options(
            price, options.spot, options.strike, options.years, RATE, options.dividend_yield,
            options.is_call, options.is_american, offer=price + 0.05, threads=threads,
        )  # fmt: skip

    def recomputed(threads: int) -> None:
        found = valued(threads)
        raw = np.zeros((len(RAW), POSITIONS))
        raw[0] = 1.0
        for row, name in enumerate(RAW):
            raw[row, :count] = getattr(found, name)
        measured = measure(held, spot, raw, np.ones(POSITIONS), days)
        for legs in legs_of:
            measured.sums(legs)

    solved = int((valued(1).status == ValueStatus.OK).sum())
    took, alone, values_only = in_turns(
        ROUNDS,
        lambda: 1_000 * seconds(lambda: recomputed(THREADS)),
        lambda: 1_000 * seconds(lambda: recomputed(1)),
        lambda: 1_000 * seconds(lambda: valued(THREADS)),
    )
    return Measured(
        took,
        f"{int(options.is_american.sum()):,} American and "
        f"{count - int(options.is_american.sum()):,} index options, {shares:,} shares; "
        f"{solved:,} volatilities found; {UNDERLYINGS} sums; {THREADS} threads, of it values "
        f"{values_only:.1f} ms; one thread {alone:.1f} ms",
    )
