"""How long it takes to weigh 5,000 open positions against their limits.

The portfolio has shares, options and spreads on 400 underlyings, a third of it short, several
limits passed, so that suggestions are made too. `risk_assess` is the assessment alone, quotes
and Greeks in hand; `risk_greeks` works the Greeks of all contracts out by our own model;
`risk_cycle` is all of it, with what is recorded on a durable server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import count
from random import Random
from typing import NamedTuple

from adapters.event_store import TapeFactory
from adapters.tape import PostgresTape
from application.desk import Desk
from application.ports import QuoteRequest
from application.risk import RiskCycle
from application.risk_prices import prices_of
from domain.instruments import Option, Right, instrument
from domain.legs import legs_of
from domain.limits import Limits
from domain.market import Quote
from domain.risk_assessment import Assessment, Portfolio, assess
from domain.risk_exposure import Group
from domain.risk_valuation import OpenPosition, Priced
from domain.sectors import BUILT_IN, Sectors
from tests.benchmarks.harness import Measured, benchmark, fresh_database, in_turns, seconds

POSITIONS = 5_000
ROUNDS = 9
LIMIT_MS = 100
CYCLE_S = 30
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
EXPIRIES = (date(2026, 11, 20), date(2026, 12, 18), date(2027, 1, 15), date(2027, 6, 17))


class QuotedMarket:
    """A market in memory."""

    def __init__(self, quotes: dict[str, Quote]) -> None:
        self._quotes = quotes

    def quotes_at(self, requests: Sequence[QuoteRequest]) -> Sequence[Quote | None]:
        return [self._quotes.get(request.symbol) for request in requests]

    def settlement(self, symbol: str, day: date) -> Decimal | None:
        return None


class Given(NamedTuple):
    """A portfolio, the market that it is in, and its prices."""

    portfolio: Portfolio
    market: QuotedMarket
    symbols: frozenset[str]
    prices: dict[str, Priced]


@cache
def given() -> Given:
    """The same portfolio in every run."""
    chance = Random(5)
    known = [name for name in BUILT_IN if name.isalpha()]
    names = [*known[:200], *(f"Q{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(200))]
    spots = {name: chance.randint(20, 400) for name in names}
    positions = tuple(_position(at, chance, spots) for at in range(POSITIONS))
    symbols = frozenset(leg.symbol for one in positions for leg in legs_of(one.symbol))
    quotes = {name: _quote(name, float(spot)) for name, spot in spots.items()}
    quotes.update({name: _quote(name, _worth(name, spots)) for name in symbols})
    market = QuotedMarket(quotes)
    portfolio = Portfolio(
        account="paper", cash=Decimal(2_000_000), paid_in=Decimal(5_000_000), trades_today=3,
        positions=positions,
    )  # fmt: skip
    return Given(portfolio, market, symbols, prices_of(symbols, market, at=NOON))


def _position(at: int, chance: Random, spots: dict[str, int]) -> OpenPosition:
    name = chance.choice(list(spots))
    quantity = chance.randint(1, 20) * (-1 if at % 3 == 0 else 1)
    symbol = name
    if at % 10:
        strike = Decimal(round(spots[name] * chance.uniform(0.8, 1.2)))
        right = chance.choice(list(Right))
        low = Option(name, chance.choice(EXPIRIES), right, strike)
        high = Option(name, low.expiry, right, strike + 5)
        symbol = low.symbol if at % 10 < 8 else f"+1 {low.symbol}|-1 {high.symbol}"
    return OpenPosition(
        position=str(at), symbol=symbol, quantity=Decimal(quantity), price=Decimal("3.10")
    )


def _worth(symbol: str, spots: dict[str, int]) -> float:
    named = instrument(symbol)
    spot = spots[named.underlying]
    if not isinstance(named, Option):
        return float(spot)
    days = (named.expiry - NOON.date()).days
    time_value: float = 0.01 * spot * days**0.5
    return float(named.intrinsic(Decimal(spot))) + time_value


def _quote(symbol: str, worth: float) -> Quote:
    bid = Decimal(f"{worth:.2f}")
    return Quote(symbol=symbol, bid=bid, offer=bid + Decimal("0.05"), time=NOON, source="test")


def assessed() -> Assessment:
    """All that one cycle works out of quotes and Greeks, with the sums that are shown."""
    portfolio, _, _, prices = given()
    found = assess(portfolio, Limits(), prices, sectors=Sectors(), at=NOON)
    for group in Group:
        found.exposures.by(group)
    return found


def busy(work: Callable[[], object]) -> float:
    """How long the work keeps a core busy: nothing here waits, and others may be at work too."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


@benchmark("risk_assess", unit="ms", limit=LIMIT_MS, better="lower")
def risk_assess() -> Measured:
    """5,000 positions against all limits, with exposures by every grouping and suggestions."""
    found = assessed()
    took, elapsed = in_turns(ROUNDS, lambda: busy(assessed), lambda: seconds(assessed))
    return Measured(
        took * 1e3,
        f"processor time ({elapsed * 1e3:.0f} ms elapsed on this machine as it was);"
        f" {len(found.positions):,} positions, {found.exposures.total.legs:,} legs,"
        f" {len(found.lines)} limits, {len(found.suggestions)} suggestions",
    )


@benchmark("risk_greeks", unit="ms", limit=LIMIT_MS, better="lower")
def risk_greeks() -> Measured:
    """The Greeks of all instruments by our own model, quotes in memory."""
    _, market, symbols, prices = given()
    (took,) = in_turns(ROUNDS, lambda: busy(lambda: prices_of(symbols, market, at=NOON)))
    known = sum(one.delta is not None for one in prices.values())
    return Measured(took * 1e3, f"{len(symbols):,} instruments, Greeks of {known:,}")


class GivenPortfolios:
    """The one portfolio, as it is at any moment."""

    def portfolios(self, at: datetime) -> Sequence[Portfolio]:
        return [given().portfolio]


@benchmark("risk_cycle", unit="ms", limit=CYCLE_S * 1e3 / 100, better="lower")
def risk_cycle() -> Measured:
    """Processor time of a whole cycle, Greeks and durable events included; a hundredth of one
    core is the limit.
    """
    moments = (NOON + timedelta(seconds=number) for number in count())
    with fresh_database() as url:
        factory = TapeFactory(url)
        desk = Desk(factory, PostgresTape(factory.appender, factory.pool))
        cycle = RiskCycle(desk, GivenPortfolios(), given().market)
        cycle.step(next(moments))

        (took,) = in_turns(ROUNDS, lambda: busy(lambda: cycle.step(next(moments))))
        desk.close()
    return Measured(took * 1e3, f"of a core for {POSITIONS:,} positions every {CYCLE_S} s")
