"""Valuing positions for risk: market value, what is at stake, and the Greeks of each leg.

Market value is what closing would bring: the bid for what is held, the offer for what is owed,
never the mid. What is *at stake* is the value of what was bought (all that can be lost from
here), and the capital at risk of a position with a short leg at its present value
(`domain.legs.sold_risk`: the most it can lose at expiry, or a fifth of the short strikes). A
position without a usable quote is valued at what it cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

import msgspec

from domain.fix import Side
from domain.instruments import Option, instrument
from domain.legs import Leg, SoldRisk, legs_of, multiplier_of, sold_risk
from domain.risk_events import QuoteSeen
from domain.risk_exposure import NO_EXPIRY, LegGreeks
from domain.sectors import Sectors
from domain.shared import Value, cents

ZERO = Decimal(0)


class OpenPosition(Value, frozen=True, kw_only=True):
    """Something that an account holds. `symbol` is its instrument, or its legs as
    `domain.legs.strategy_symbol` writes them; `quantity` is negative when sold; `price` is what
    one unit cost or brought on average, per share.
    """

    position: str
    symbol: str
    quantity: Decimal
    price: Decimal


class Priced(Value, frozen=True, kw_only=True, gc=False):
    """An instrument at a quote, with its Greeks per share (theta per day, vega per vol point);
    `why` says what is missing of them. `spot` is the price of the underlying.
    """

    quote: QuoteSeen
    spot: float | None = None
    delta: float | None = None
    gamma: float | None = None
    theta: float | None = None
    vega: float | None = None
    why: str = ""


class Valued(msgspec.Struct, frozen=True, gc=False):
    """A position at its quotes. `value` and `at_stake` in USD, `value` negative when owed."""

    position: OpenPosition
    underlying: str
    sector: str
    multiplier: int
    value: Decimal
    at_stake: Decimal
    is_marked: bool
    quotes: tuple[QuoteSeen, ...]

    @property
    def cost(self) -> Decimal:
        """What it cost, or brought when sold: then below zero."""
        return self.position.price * self.position.quantity * self.multiplier


class Valuation(NamedTuple):
    """All positions at their quotes, the Greeks of their legs, and why some are missing."""

    positions: tuple[Valued, ...]
    legs: list[LegGreeks]
    missing: Mapping[str, str]


def value(
    positions: Sequence[OpenPosition],
    prices: Mapping[str, Priced],
    *,
    sectors: Sectors,
    age_s: int,
    at: datetime,
) -> Valuation:
    """Values positions by quotes that are younger than so many seconds."""
    fresh, sector_of = _Fresh(prices, age_s, at), cache(sectors.of)
    legs: list[LegGreeks] = []
    valued = tuple(
        [_valued(place, each, fresh, sector_of, legs) for place, each in enumerate(positions)]
    )
    return Valuation(valued, legs, fresh.missing)


class _Fresh(dict[str, Priced | None]):
    """The quotes that are young enough, looked up once each, and what was missing."""

    def __init__(self, prices: Mapping[str, Priced], age_s: int, at: datetime) -> None:
        super().__init__()
        self._prices = prices
        self._age_s = age_s
        self._at = at
        self._oldest = at - timedelta(seconds=age_s)
        self.missing: dict[str, str] = {}

    def __missing__(self, symbol: str) -> Priced | None:
        found = self._prices.get(symbol)
        if found is None:
            self.missing[symbol] = "no quote"
        else:
            quote = found.quote
            if quote.time < self._oldest or not ZERO <= quote.bid <= quote.offer > ZERO:
                self.missing[symbol] = self._why_not(quote)
                found = None
            elif found.delta is None:
                self.missing[symbol] = found.why or "no Greeks"
        self[symbol] = found
        return found

    def _why_not(self, quote: QuoteSeen) -> str:
        if quote.time < self._oldest:
            age_s = (self._at - quote.time).total_seconds()
            return f"its quote is {age_s:.0f} s old; {self._age_s} s are allowed"
        return f"crossed or without an offer: {quote.bid} x {quote.offer}"


class _Held(NamedTuple):
    """A leg as held: which instrument, and how many of it, below zero when owed."""

    symbol: str
    ratio: int
    underlying: str
    expiry: str


class _Plan(NamedTuple):
    """What the name of a position says: its legs as held, and what they share."""

    legs: tuple[_Held, ...]
    multiplier: int
    underlying: str
    sold: SoldRisk | None
    """What its short legs put at risk, None without any."""


@lru_cache(maxsize=65_536)
def _plan(symbol: str, is_bought: bool) -> _Plan:
    """The legs of a position that was bought, or sold: then each is on its other side."""
    legs = legs_of(symbol)
    if not is_bought:
        legs = tuple(msgspec.structs.replace(leg, side=leg.side.opposite) for leg in legs)
    has_short = any(leg.side is Side.SELL for leg in legs)
    return _Plan(
        legs=tuple(map(_held, legs)),
        multiplier=multiplier_of(legs),
        underlying=instrument(legs[0].symbol).underlying,
        sold=sold_risk(legs) if has_short else None,
    )


def _held(leg: Leg) -> _Held:
    named = instrument(leg.symbol)
    expiry = named.expiry.isoformat() if isinstance(named, Option) else NO_EXPIRY
    return _Held(leg.symbol, leg.side.sign * leg.ratio, named.underlying, expiry)


_UNKNOWN = (None,) * 5


def _valued(
    place: int,
    position: OpenPosition,
    fresh: _Fresh,
    sector_of: Callable[[str], str],
    legs: list[LegGreeks],
) -> Valued:
    """The position at its quotes; the Greeks of its legs are added to `legs`."""
    quantity = position.quantity
    plan = _plan(position.symbol, quantity > ZERO)
    sector = sector_of(plan.underlying)
    multiplier = plan.multiplier
    size = abs(quantity)
    held = float(size)
    quotes: list[QuoteSeen] = []
    worth = ZERO
    for leg in plan.legs:
        ratio = leg.ratio
        priced = fresh[leg.symbol]
        known: tuple[float | None, ...] = _UNKNOWN
        if priced is not None:
            quote = priced.quote
            quotes.append(quote)
            closes_at = quote.bid if ratio > 0 else quote.offer
            worth += closes_at if ratio == 1 else ratio * closes_at
            known = (priced.spot, priced.delta, priced.gamma, priced.theta, priced.vega)
        figures = (ratio * held, multiplier, *known)
        legs.append(LegGreeks(place, leg.underlying, sector, leg.expiry, figures))
    units = size * multiplier
    is_marked = len(quotes) == len(plan.legs)
    value = cents(worth * units if is_marked else position.price * quantity * multiplier)
    at_stake = abs(value)
    if plan.sold is not None and units:
        brings = -worth if is_marked else -value / units
        at_stake = max(at_stake, cents(plan.sold.at(brings) * units))
    return Valued(
        position, plan.underlying, sector, multiplier, value, at_stake, is_marked, tuple(quotes)
    )
