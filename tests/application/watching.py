"""A desk whose holdings are watched, with a market by hand, and what the monitor told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.reaction_runner import ReactionRunner
from adapters.trading_books import TradingBooks
from application.brokerage import ChainQuote
from application.desk import Desk
from application.exiting import Exiting
from application.monitoring import PositionMonitor
from application.ports import QuoteRequest, Unavailable
from application.position_reports import Looked, Marked, Terms, Warned
from domain.exit_changes import Concern
from domain.instruments import Right
from domain.market import Quote
from tests.application.acts import TSLA, catch_up
from tests.application.conftest import NOON
from tests.application.exit_acts import enter, signal_with

D = Decimal


class Market:
    """A market by hand: what was shown last, as of when it was shown."""

    def __init__(self) -> None:
        self.quotes: dict[str, Quote] = {}
        self.is_down = False

    def show(self, symbol: str, bid: str, offer: str, at: datetime = NOON) -> None:
        self.quotes[symbol] = Quote(
            symbol=symbol, bid=D(bid), offer=D(offer), time=at, source="test",
            bid_size=5, offer_size=7,
        )  # fmt: skip

    def quotes_at(self, requests: Sequence[QuoteRequest]) -> Sequence[Quote | None]:
        if self.is_down:
            raise Unavailable("no market")
        return [self.quotes.get(request.symbol) for request in requests]

    def settlement(self, symbol: str, day: date) -> Decimal | None:
        return None


class Heard:
    """All that the monitor told."""

    def __init__(self) -> None:
        self.marks: list[Marked] = []
        self.warnings: list[Warned] = []

    def moved(self, marks: Sequence[Marked]) -> None:
        self.marks += marks

    def warned(self, warnings: Sequence[Warned]) -> None:
        self.warnings += warnings

    def of(self, concern: Concern) -> list[str]:
        return [each.words for each in self.warnings if each.concern is concern]


class Chain:
    """A chain with one contract, and whether it answers."""

    is_down = False

    def contracts(self, symbols: Collection[str], at: datetime) -> Mapping[str, ChainQuote]:
        if self.is_down:
            raise Unavailable("no chain")
        return {
            TSLA: ChainQuote(
                symbol=TSLA, right=Right.CALL, strike=D(250), expiry=date(2026, 11, 20),
                bid=D(5), offer=D("5.10"), time=at, delta=D("0.68"), gamma=D("0.03"),
                theta=D("-0.40"), vega=D("0.15"),
            )
        }  # fmt: skip


class World:
    """A desk whose holdings are followed and watched; a look every three seconds."""

    def __init__(self, desk: Desk, url: str, pool: ConnectionPool[Connection[object]]) -> None:
        self.desk = desk
        self.market = Market()
        self.heard = Heard()
        self.exiting = ReactionRunner(url, desk, Exiting(self.market))
        self._positions = TradingBooks(pool)
        self.now = NOON
        self.restart()

    def restart(self, terms: Terms | None = None, chains: Chain | None = None) -> None:
        """The monitor begins anew, knowing nothing."""
        self._monitor = PositionMonitor(
            self.desk, self._positions, self.market, self.heard, terms=terms, chains=chains
        )

    def look(self) -> Looked:
        """Reactions follow, three seconds pass, and the monitor looks."""
        catch_up(self.exiting)
        self.now += timedelta(seconds=3)
        looked = self._monitor.step(self.now)
        catch_up(self.exiting)
        return looked

    def show(self, bid: str, offer: str, symbol: str = TSLA) -> Looked:
        """The market shows this, and the monitor looks."""
        self.market.show(symbol, bid, offer, self.now)
        return self.look()

    def hold(self, stop: str | None = None, *targets: str) -> UUID:
        """Nine contracts at 5.52."""
        signal = signal_with(self.desk, stop, *targets)
        enter(self.desk, signal)
        catch_up(self.exiting)
        return signal
