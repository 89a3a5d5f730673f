"""Simulated prices of a dozen underlyings over given trading sessions.

A market factor, a technology factor and each name's own noise, all with fat tails and with
volatility that wanders from day to day; busy mornings and closes, overnight gaps, one earnings
gap for most names. A slow drift that nobody sees runs under each path: it is what a skilled
trader of the demo has a dim view of.

Time runs on *nodes*: minute 0 to the close of every session, so a session of 390 minutes has
391 of them. The bar that starts at a node ends on the next, and whoever acts in a minute knows
the price of its node and nothing later.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SESSIONS_A_YEAR = 252.0
OVERNIGHT = 0.22
"""Share of a day's variance that happens while the market is closed."""

_MARKET_VOL = 0.13
_TECH_VOL = 0.11
_PARTS = 4
"""Steps inside a minute, so that a bar has a high and a low of its own."""
_BLOCK_MINUTES = 30
_DRIFT_KEPT = 0.92
_DRIFT_SIZE = 0.55
"""Standard deviation of the hidden drift, in daily volatilities a day."""
_DRAWN = 0.90
"""What the drawn moves keep of a name's volatility; the drift brings the rest."""
_RISK_PREMIUM = 1.06
"""Implied over expected volatility: what sellers of options are paid for."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day of the exchange; times are aware and UTC."""

    date: date
    opens_at: datetime
    closes_at: datetime

    @property
    def minutes(self) -> int:
        return int((self.closes_at - self.opens_at).total_seconds()) // 60


@dataclass(frozen=True, slots=True)
class Underlying:
    """What is fixed about a name; volatility and yield per year, spread in cents."""

    symbol: str
    start_cents: int
    vol: float
    beta: float
    tech: float
    strike_step: float
    spread_cents: int
    looseness: float
    """How wide its options are quoted, 1 being the tightest."""
    shares_a_minute: int
    dividend_yield: float = 0.0
    is_fund: bool = False
    """Funds list an expiry every day and quote options in cents at any price."""


UNDERLYINGS = (
    Underlying("SPY", 64_510, 0.135, 1.00, 0.00, 1.0, 1, 1.0, 150_000, 0.012, True),
    Underlying("QQQ", 57_125, 0.185, 1.10, 0.75, 1.0, 1, 1.0, 100_000, 0.006, True),
    Underlying("IWM", 23_340, 0.200, 1.15, 0.00, 1.0, 1, 1.2, 70_000, 0.011, True),
    Underlying("TSLA", 34_480, 0.58, 1.90, 1.20, 2.5, 4, 1.6, 220_000),
    Underlying("AAPL", 23_160, 0.27, 1.15, 0.90, 2.5, 2, 1.4, 120_000, 0.004),
    Underlying("NVDA", 17_790, 0.42, 1.70, 1.90, 2.5, 2, 1.4, 450_000),
    Underlying("AMD", 16_240, 0.50, 1.70, 1.70, 2.5, 3, 1.9, 110_000),
    Underlying("MSFT", 50_590, 0.24, 1.00, 1.00, 2.5, 5, 1.8, 50_000, 0.007),
    Underlying("META", 75_130, 0.34, 1.25, 1.20, 5.0, 12, 2.2, 30_000, 0.003),
    Underlying("AMZN", 22_880, 0.31, 1.20, 1.10, 2.5, 3, 1.6, 95_000),
    Underlying("COIN", 31_040, 0.72, 2.10, 0.80, 5.0, 15, 3.0, 25_000),
    Underlying("PLTR", 15_760, 0.60, 1.70, 1.30, 2.5, 3, 2.0, 150_000),
)
SYMBOLS = tuple(name.symbol for name in UNDERLYINGS)
INDEX = {symbol: place for place, symbol in enumerate(SYMBOLS)}


@dataclass(frozen=True, slots=True)
class Market:
    """The simulated past. Rows are `UNDERLYINGS`; columns nodes, or minutes for bars.

    Prices are whole cents. `clock` counts variance time in sessions, `level` is the
    annual volatility that the shortest at-the-money options imply, `drift` the hidden
    cumulative log drift.
    """

    sessions: tuple[Session, ...]
    first: Ints
    """Node of each session's open."""
    day: Ints
    minute: Ints
    seconds: Ints
    """Time of each node in seconds since 1970, UTC."""
    clock: Floats
    price: Ints
    level: Floats
    drift: Floats
    bars: dict[str, Ints]
    """open, high, low, close, volume, each (underlying, minute)."""

    def node(self, day: int, minute: int) -> int:
        return int(self.first[day]) + minute

    def close_node(self, day: int) -> int:
        return self.node(day, self.sessions[day].minutes)

    def time(self, node: int) -> datetime:
        return _EPOCH + timedelta(seconds=int(self.seconds[node]))

    @property
    def last(self) -> int:
        return len(self.day) - 1

    def usual_drift(self, place: int, start: int, end: int) -> float:
        """The size that the hidden drift of a name has over so long, if it does not turn."""
        span = max(float(self.clock[end] - self.clock[start]), 1e-3)
        return _DRIFT_SIZE * UNDERLYINGS[place].vol / math.sqrt(SESSIONS_A_YEAR) * span


def simulate(sessions: Sequence[Session], seed: int) -> Market:
    """Draws a market for the sessions; the same seed gives the same market."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    lengths = np.array([session.minutes for session in sessions])
    first = np.concatenate(([0], np.cumsum(lengths + 1)[:-1]))
    day = np.repeat(np.arange(len(sessions)), lengths + 1)
    minute = np.arange(len(day)) - first[day]
    opens = np.array([int((s.opens_at - _EPOCH).total_seconds()) for s in sessions])
    pace = np.concatenate([_pace(int(length)) for length in lengths])
    traded = _minute_of_node(lengths)
    clock = np.concatenate(([0.0], np.cumsum(pace)))[traded] + OVERNIGHT * day

    storm, own_storm = _storms(rng, len(sessions))
    hidden = _hidden_drift(rng, len(pace))
    steps = _steps(rng, pace, np.repeat(np.arange(len(sessions)), lengths), storm, own_storm)
    steps += np.repeat(hidden * pace, _PARTS, axis=1) / _PARTS
    gaps, earnings = _gaps(rng, storm, own_storm)
    walk = np.concatenate((np.zeros((len(UNDERLYINGS), 1)), np.cumsum(steps, axis=1)), axis=1)
    log_start = np.log([name.start_cents for name in UNDERLYINGS])[:, None]
    level_of_day = log_start + np.cumsum(gaps, axis=1)

    log_price = walk[:, traded * _PARTS] + level_of_day[:, day]
    drift = np.concatenate((np.zeros((len(UNDERLYINGS), 1)), np.cumsum(hidden * pace, axis=1)), 1)
    return Market(
        sessions=tuple(sessions), first=first, day=day, minute=minute,
        seconds=opens[day] + 60 * minute, clock=clock,
        price=np.rint(np.exp(log_price)).astype(np.int64),
        level=_implied_level(log_price, day, first, storm, own_storm, earnings),
        drift=drift[:, traded],
        bars=_bars(rng, walk, level_of_day, lengths, pace, hidden.shape[1]),
    )  # fmt: skip


def _pace(minutes: int) -> Floats:
    """Share of a day's variance in each minute of a session: busy at open and close."""
    along = (np.arange(minutes) + 0.5) / minutes
    shape = 0.6 + 1.9 * np.exp(-11 * along) + 0.9 * np.exp(-13 * (1 - along))
    paced: Floats = shape / shape.sum() * (1 - OVERNIGHT) * (minutes / 390)
    return paced


def _minute_of_node(lengths: Ints) -> Ints:
    """Minutes traded before each node, counted over all sessions."""
    before = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    return np.concatenate(
        [start + np.arange(length + 1) for start, length in zip(before, lengths, strict=True)]
    )


def _storms(rng: np.random.Generator, days: int) -> tuple[Floats, Floats]:
    """Log volatility of each day over its norm: the market's (days) and each name's."""
    shocks = rng.standard_normal((len(UNDERLYINGS) + 1, days))
    wander = np.empty_like(shocks)
    state = 0.25 * rng.standard_normal(len(UNDERLYINGS) + 1)
    for place in range(days):
        state = 0.93 * state + 0.09 * shocks[:, place]
        wander[:, place] = state - 0.03
    return wander[0], wander[1:]


def _fat(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Student's t with five degrees of freedom, scaled to variance one."""
    drawn: Floats = rng.standard_t(5, shape) * math.sqrt(3 / 5)
    return drawn


def _loadings() -> tuple[Floats, Floats, Floats]:
    """Annual volatility of each name from the market, the tech factor and itself, (n, 1)."""
    market = np.array([name.beta * _MARKET_VOL for name in UNDERLYINGS])
    tech = np.array([name.tech * _TECH_VOL for name in UNDERLYINGS])
    total = np.array([name.vol for name in UNDERLYINGS])
    own = np.sqrt(np.maximum(total**2 - market**2 - tech**2, (0.15 * total) ** 2))
    return _DRAWN * market[:, None], _DRAWN * tech[:, None], _DRAWN * own[:, None]


def _steps(
    rng: np.random.Generator, pace: Floats, day: Ints, storm: Floats, own_storm: Floats
) -> Floats:
    """Log moves of every part of every minute, without drift, (n, minutes * parts)."""
    market, tech, own = _loadings()
    size = np.repeat(np.sqrt(pace / _PARTS / SESSIONS_A_YEAR), _PARTS)
    day = np.repeat(day, _PARTS)
    shared = _fat(rng, (2, len(size))) * size * np.exp(storm[day])
    moves: Floats = _fat(rng, (len(UNDERLYINGS), len(size)))
    moves *= own * size * np.exp(own_storm)[:, day]
    moves += market * shared[0] + tech * shared[1]
    return moves


def _gaps(rng: np.random.Generator, storm: Floats, own_storm: Floats) -> tuple[Floats, Ints]:
    """Overnight log gaps before each session, and the day of each name's earnings (-1: none)."""
    days = len(storm)
    market, tech, own = _loadings()
    size = math.sqrt(OVERNIGHT / SESSIONS_A_YEAR)
    shared = _fat(rng, (2, days)) * size * np.exp(storm)
    gaps = _fat(rng, (len(UNDERLYINGS), days)) * own * size * np.exp(own_storm)
    gaps += market * shared[0] + tech * shared[1]
    gaps[:, 0] = 0.0
    reported = rng.integers(5, max(days, 6), len(UNDERLYINGS))
    reports = rng.random(len(UNDERLYINGS)) < 0.8
    surprise = 0.09 * np.array([name.vol for name in UNDERLYINGS]) * _fat(rng, (len(UNDERLYINGS),))
    earnings = np.full(len(UNDERLYINGS), -1)
    for place, name in enumerate(UNDERLYINGS):
        if reports[place] and not name.is_fund and reported[place] < days:
            earnings[place] = reported[place]
            gaps[place, reported[place]] += surprise[place]
    return gaps, earnings


def _hidden_drift(rng: np.random.Generator, minutes: int) -> Floats:
    """Log drift a day of each minute, in blocks that fade into the next, (n, minutes)."""
    blocks = minutes // _BLOCK_MINUTES + 1
    shocks = rng.standard_normal((len(UNDERLYINGS), blocks))
    state = rng.standard_normal(len(UNDERLYINGS))
    path = np.empty_like(shocks)
    fresh = math.sqrt(1 - _DRIFT_KEPT**2)
    for block in range(blocks):
        state = _DRIFT_KEPT * state + fresh * shocks[:, block]
        path[:, block] = state
    daily = np.array([[name.vol] for name in UNDERLYINGS]) / math.sqrt(SESSIONS_A_YEAR)
    drift: Floats = np.repeat(path * _DRIFT_SIZE * daily, _BLOCK_MINUTES, axis=1)[:, :minutes]
    return drift


def _implied_level(
    log_price: Floats, day: Ints, first: Ints, storm: Floats, own_storm: Floats, earnings: Ints
) -> Floats:
    """Annual volatility implied at the short end: the day's, higher after falls.

    Falls are counted from a slow average of the opens, so the level forgets them. Before
    earnings, whose day is known to all, it is bid up.
    """
    opens = log_price[:, first]
    norm = opens.copy()
    for place in range(1, opens.shape[1]):
        norm[:, place] = 0.85 * norm[:, place - 1] + 0.15 * opens[:, place - 1]
    fear = np.array([[4.0 if name.is_fund else 1.2] for name in UNDERLYINGS])
    fallen = np.clip(-fear * (log_price - norm[:, day]), -0.35, 0.5)
    calm = np.array([[name.vol * _RISK_PREMIUM] for name in UNDERLYINGS])
    daily = calm * np.exp(0.5 * storm[None, :] + 0.5 * own_storm)
    for place, reported in enumerate(earnings):
        if reported >= 0:
            daily[place, max(reported - 4, 0) : reported] *= 1.25
    level: Floats = daily[:, day] * np.exp(fallen)
    return level


def _bars(
    rng: np.random.Generator, walk: Floats, level_of_day: Floats, lengths: Ints, pace: Floats,
    minutes: int,
) -> dict[str, Ints]:  # fmt: skip
    """Minute bars from the parts of each minute; volume follows pace and movement."""
    start = np.arange(minutes) * _PARTS
    day = np.repeat(np.arange(len(lengths)), lengths)
    inside = np.stack([walk[:, start + part] for part in range(_PARTS + 1)])
    cents = np.rint(np.exp(inside + level_of_day[:, day])).astype(np.int64)
    usual = np.array([[name.shares_a_minute] for name in UNDERLYINGS])
    moved = np.abs(cents[-1] - cents[0]) / cents[0]
    busy = pace * len(pace) / pace.sum() * np.exp(0.35 * rng.standard_normal(moved.shape))
    volume = np.rint(usual * busy * (1 + 400 * moved)).astype(np.int64)
    return {
        "open": cents[0], "high": cents.max(axis=0), "low": cents.min(axis=0),
        "close": cents[-1], "volume": volume,
    }  # fmt: skip
