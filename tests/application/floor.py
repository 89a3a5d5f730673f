"""A trading floor: the reactions that trade, and a paper account that carries their orders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from adapters.exchange_calendar import NewYork
from adapters.paper import PaperBroker
from adapters.postgres import open_pool
from adapters.reaction_runner import ReactionRunner, Step
from adapters.trading_books import TradingBooks
from application.desk import Desk
from application.exiting import Exiting
from application.halting import Halting
from application.ports import MarketPrices
from application.sending import AtBroker, Sending
from application.trading import Trading
from domain.matching.rules import Rules
from interfaces.brokerages import Brokerages
from tests.application.conftest import NOON

CALENDAR = NewYork()


class StandingClock:
    """A clock by hand."""

    def __init__(self, now: datetime = NOON) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at


class OpenTurn:
    """A turn that nobody else wants."""

    def __init__(self, job: str) -> None:
        self.job = job

    def is_mine(self) -> bool:
        return True

    def close(self) -> None:
        """There is nothing to give back."""


class Floor:
    """Steps like one reaction."""

    name = "floor"

    def __init__(self, desk: Desk, url: str, market: MarketPrices) -> None:
        self.clock = StandingClock()
        self._pool = open_pool(url, size=2)
        self._market = market
        steps = (Trading(market, CALENDAR), Exiting(market), Halting())
        sending = ReactionRunner(url, desk, Sending())
        self.runners = [*(ReactionRunner(url, desk, step) for step in steps), sending]
        self.brokerages = Brokerages(
            desk,
            sending,
            TradingBooks(self._pool),
            self.clock,
            open_broker=self.broker,
            turn=OpenTurn,
        )

    def broker(self, at: AtBroker) -> PaperBroker:
        """The account at the paper broker, opened with its cash."""
        broker = PaperBroker(
            self._pool,
            self._market,
            self.clock,
            CALENDAR,
            account=at.account,
            rules=Rules(delivers_shares=False),
        )
        broker.open(at.cash)
        return broker

    def step(self) -> Step:
        """One look of everybody."""
        worked = Step.WORKED in [runner.step() for runner in self.runners]
        worked = self.brokerages.step() or worked
        return Step.WORKED if worked else Step.AT_HEAD

    def close(self) -> None:
        """Gives connections back; what is remembered in the database stays."""
        for runner in self.runners:
            runner.close()


@contextmanager
def floor_on(desk: Desk, url: str, market: MarketPrices) -> Iterator[Floor]:
    """A floor while a block lasts."""
    floor = Floor(desk, url, market)
    try:
        yield floor
    finally:
        floor.close()
        floor._pool.close()
