"""The simulated option market: what is listed, what volatility it trades at, its quotes.

Values come from the Black-Scholes-Merton kernel on a surface of three parts: the level of the
name at that minute (higher after falls), a term structure that leads back to the name's norm,
and a smile, skewed to the puts, in standardised moneyness. Time to expiry is counted in
trading variance, so a same-day contract loses its value over the session and not overnight.

A quote is a pure function of contract and node: whoever asks again gets the same, which is how
a trader's claim and the quote file can be held against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from domain.instruments import Option, Right
from domain.quant.black_scholes import greeks
from interfaces.demo.market import INDEX, SESSIONS_A_YEAR, UNDERLYINGS, Floats, Ints, Market

RATE = 0.04
_FADES_IN = 0.12
"""Years over which the level of the day gives way to the name's norm."""
_DAILIES_AHEAD = 10
_WEEKLIES_AHEAD = 6
_NICKEL_FROM = 300
"""Cents from which options that are not quoted in cents move by five."""


class Quotes(NamedTuple):
    """Bid and offer in cents with their sizes, each an array over the asked nodes."""

    bid: Ints
    offer: Ints
    bid_size: Ints
    offer_size: Ints


class Expiry(NamedTuple):
    """A day on which options of a name expire, and its close on the market's clock."""

    date: date
    clock: float


class Listings:
    """The contracts that may be traded on a simulated market."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._days = [session.date for session in market.sessions]
        self._weeklies = self._list_weeklies()
        self._dailies = self._list_dailies()
        self._clock_of = {expiry.date: expiry.clock for expiry in self._dailies}
        self._clock_of |= {expiry.date: expiry.clock for expiry in self._weeklies}

    def expiries(self, symbol: str, day: int) -> list[Expiry]:
        """Those of today and later, soonest first."""
        listed = self._dailies if UNDERLYINGS[INDEX[symbol]].is_fund else self._weeklies
        return [expiry for expiry in listed if expiry.date >= self._days[day]]

    def weeklies(self, day: int) -> list[Expiry]:
        """The last session of each week, of this week or later, soonest first."""
        return [expiry for expiry in self._weeklies if expiry.date >= self._days[day]]

    def clock_at(self, expiry: date) -> float:
        return self._clock_of[expiry]

    def expiry_node(self, expiry: date) -> int | None:
        """The close at which it expires, or None where that is after the simulated past."""
        if expiry not in self._days:
            return None
        return self.market.close_node(self._days.index(expiry))

    def strike(self, symbol: str, node: int, expiry: Expiry, deviations: float) -> Decimal:
        """The listed strike nearest to so many standard deviations from the price."""
        place = INDEX[symbol]
        years = max(expiry.clock - float(self.market.clock[node]), 0.01) / SESSIONS_A_YEAR
        spot = int(self.market.price[place, node]) / 100
        wanted = spot * np.exp(deviations * float(self.market.level[place, node]) * years**0.5)
        step = UNDERLYINGS[place].strike_step
        return Decimal(round(max(round(wanted / step), 1) * step * 10)) / 10

    def _list_weeklies(self) -> list[Expiry]:
        by_week: dict[tuple[int, int], int] = {}
        for place, day in enumerate(self._days):
            by_week[day.isocalendar()[:2]] = place
        last = self._days[-1]
        past = [place for week, place in by_week.items() if week != last.isocalendar()[:2]]
        friday = last + timedelta(days=max(4 - last.weekday(), 0))
        ahead = [friday + timedelta(weeks=week) for week in range(_WEEKLIES_AHEAD)]
        return [self._at_close(place) for place in past] + [self._ahead(day) for day in ahead]

    def _list_dailies(self) -> list[Expiry]:
        ahead: list[Expiry] = []
        day = self._days[-1]
        while len(ahead) < _DAILIES_AHEAD:
            day += timedelta(days=1)
            if day.weekday() < 5:
                ahead.append(self._ahead(day))
        return [self._at_close(place) for place in range(len(self._days))] + ahead

    def _at_close(self, place: int) -> Expiry:
        return Expiry(self._days[place], float(self.market.clock[self.market.close_node(place)]))

    def _ahead(self, day: date) -> Expiry:
        """An expiry after the simulated past: each weekday until then counts as a session."""
        weekdays = int(np.busday_count(self._days[-1], day))
        return Expiry(day, float(self.market.clock[-1]) + weekdays)


def option_quotes(
    listings: Listings, contracts: Sequence[Option], which: Ints, nodes: Ints
) -> Quotes:
    """Quotes of `contracts[which[i]]` at `nodes[i]`, i over two arrays of one length."""
    market = listings.market
    terms = np.array(
        [
            (
                INDEX[contract.root], float(contract.strike),
                listings.clock_at(contract.expiry), contract.right is Right.CALL,
                crc32(contract.symbol.encode()),
            )
            for contract in contracts
        ]
    )[which]  # fmt: skip
    place = terms[:, 0].astype(np.int64)
    strike, is_call = terms[:, 1], terms[:, 3] > 0
    spot = market.price[place, nodes] / 100
    years = np.maximum(terms[:, 2] - market.clock[nodes], 0.0) / SESSIONS_A_YEAR
    vol, moneyness = _surface(market.level[place, nodes], place, spot, strike, years)
    found = greeks(spot, strike, years, RATE, _constants().dividend_yield[place], vol, is_call)
    intrinsic = np.maximum(np.where(is_call, spot - strike, strike - spot), 0.0)
    middle = 100 * np.maximum(found.price, intrinsic)

    chance = _chances(terms[:, 4].astype(np.int64), nodes)
    width = _width(place, middle, moneyness, market.minute[nodes])
    return _rounded(place, middle, width, chance)


def equity_quotes(market: Market, place: int, nodes: Ints) -> Quotes:
    """Quotes of the shares themselves: the price, with the name's usual spread around it."""
    price = market.price[place, nodes]
    chance = _chances(np.full(len(nodes), place, dtype=np.int64), nodes)
    spread = UNDERLYINGS[place].spread_cents + (chance[0] < 0.15) + (market.minute[nodes] < 5)
    bid = price - spread // 2
    sizes = 100 * (1 + (20 * chance[1:3] ** 2).astype(np.int64))
    return Quotes(bid, bid + spread, sizes[0], sizes[1])


class _Constants(NamedTuple):
    """The fixed terms of the underlyings as arrays over their places."""

    vol: Floats
    dividend_yield: Floats
    looseness: Floats
    is_fund: NDArray[np.bool_]


@cache
def _constants() -> _Constants:
    return _Constants(
        vol=np.array([name.vol for name in UNDERLYINGS]),
        dividend_yield=np.array([name.dividend_yield for name in UNDERLYINGS]),
        looseness=np.array([name.looseness for name in UNDERLYINGS]),
        is_fund=np.array([name.is_fund for name in UNDERLYINGS]),
    )


def _surface(
    level: Floats, place: Ints, spot: Floats, strike: Floats, years: Floats
) -> tuple[Floats, Floats]:
    """Implied volatility, and how many deviations the strike is from the forward."""
    terms = _constants()
    norm = 1.04 * terms.vol[place]
    money = norm + (level - norm) * np.exp(-years / _FADES_IN)
    deviation = money * np.sqrt(np.maximum(years, 1e-6))
    moneyness = (np.log(strike / spot) - RATE * years) / deviation
    bent = 3 * np.tanh(moneyness / 3)
    skew = np.where(terms.is_fund[place], -0.07, -0.025)
    vol = money * np.maximum(1 + skew * bent + 0.018 * bent**2, 0.5)
    return vol, moneyness


def _width(place: Ints, middle: Floats, moneyness: Floats, minute: Ints) -> Floats:
    """Offer less bid in cents before rounding: wide when far out, cheap or just opened."""
    terms = _constants()
    calm = terms.looseness[place] * (0.8 + 0.011 * middle)
    far = 1 + 0.4 * np.maximum(np.abs(moneyness) - 1.2, 0.0)
    return calm * np.minimum(far, 2.5) * (1 + 1.2 * np.exp(-minute / 8))


def _rounded(place: Ints, middle: Floats, width: Floats, chance: Floats) -> Quotes:
    """To the tick, the bid down and the offer up, never locked and never under nothing."""
    nickels = ~_constants().is_fund[place] & (middle >= _NICKEL_FROM)
    tick = np.where(nickels, 5, 1)
    middle = middle + (chance[0] - 0.5) * 0.8 * tick
    bid = np.maximum(np.floor((middle - width / 2) / tick + 1e-9), 0) * tick
    offer = np.ceil((middle + width / 2) / tick - 1e-9) * tick
    offer = np.maximum(offer, bid + tick)
    sizes = 1 + (140 * chance[1:3] ** 3).astype(np.int64)
    return Quotes(
        bid.astype(np.int64), offer.astype(np.int64), np.where(bid > 0, sizes[0], 0), sizes[1]
    )


def _chances(key: Ints, nodes: Ints) -> Floats:
    """Three even numbers in [0, 1) for each key and node, the same whenever asked.

    The finaliser of SplitMix64 (Steele, Lea and Flood, 2014), which wraps by design.
    """
    seed = key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + nodes.astype(np.uint64)
    salts = np.arange(1, 4, dtype=np.uint64)[:, None] * np.uint64(0xD1B54A32D192ED03)
    mixed = (seed[None, :] + salts) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
