"""The composition root: the one place where adapters are put behind the ports.

`open_house` starts or joins the servers, migrates, and hands out a `House`: the desk for
commands, connections for queries, and `catch_up`, which lets reactions and projections follow
the tape to its head.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.announcer import RedisAnnouncer
from adapters.embedded import embedded_servers
from adapters.event_reader import read_head
from adapters.event_store import TapeFactory
from adapters.exchange_calendar import NewYork
from adapters.market_files import MarketTally, Progress, import_market
from adapters.paper_broker import PaperBroker
from adapters.postgres import READER_ROLE, borrowed, migrate, open_pool
from adapters.reaction_runner import ReactionRunner, ReactionStatus, reaction_statuses
from adapters.recorded_market import RecordedMarket
from adapters.tape import PostgresTape
from application.access import LOCAL_OPERATOR
from application.administering import open_account, publish_rules
from application.booking import Booking
from application.desk import Command, Desk, derived_id
from application.evidence import PriceCheck
from application.ports import Clock
from application.trading import Trading
from domain.ranking import Rules
from interfaces.clock import SystemClock
from interfaces.settings import Settings

DEFAULT_ACCOUNT = "paper"
DEFAULT_CASH = Decimal(100_000)
READ_CONNECTIONS = 8

ReadPool = ConnectionPool[Connection[Any]]


class House:
    """Everything a process of Truetape works with, made by `open_house`."""

    def __init__(self, database_url: str, redis_url: str, clock: Clock) -> None:
        self.database_url = database_url
        self.redis_url = redis_url
        self.clock = clock
        self.calendar = NewYork()
        self.announcer = RedisAnnouncer(redis_url)
        self._factory = TapeFactory(database_url)
        self.desk = Desk(self._factory, PostgresTape(self._factory.appender, self._factory.pool))
        self.market = RecordedMarket(self._factory.pool)
        self.reader: ReadPool = open_pool(database_url, size=READ_CONNECTIONS, role=READER_ROLE)

    @cached_property
    def reactions(self) -> tuple[ReactionRunner, ...]:
        """The automatic steps, each with its own place on the tape."""
        steps = (
            Booking(),
            PriceCheck(self.market),
            Trading(PaperBroker(self.market), self.market),
        )
        return tuple(ReactionRunner(self.database_url, self.desk, step) for step in steps)

    def import_market(self, path: Path, progress: Progress | None = None) -> MarketTally:
        """Records market data and has every claim weighed that had no evidence yet."""
        tally = import_market(self._factory.pool, path, progress=progress)
        price_check = next(r for r in self.reactions if r.name == PriceCheck.name)
        price_check.start_over()
        return tally

    def head(self) -> int:
        """The last position on the tape."""
        with borrowed(self.reader) as connection:
            return read_head(connection)

    def reaction_statuses(self) -> list[ReactionStatus]:
        """Where the reactions are."""
        with borrowed(self.reader) as connection:
            return reaction_statuses(connection)

    def found(self) -> None:
        """Gives a new house what every house has: ranking rules and a paper account."""
        at = self.clock.now()
        rules = Rules()
        account = (DEFAULT_ACCOUNT, "paper", DEFAULT_CASH)
        actor = LOCAL_OPERATOR.actor
        publish_rules(
            self.desk,
            Command.given(derived_id("found", "rules"), rules, actor=actor, at=at),
            LOCAL_OPERATOR,
            rules=rules,
        )
        open_account(
            self.desk,
            Command.given(derived_id("found", "account"), *account, actor=actor, at=at),
            LOCAL_OPERATOR,
            name=account[0],
            broker=account[1],
            cash=account[2],
        )

    def close(self) -> None:
        """Gives back every connection."""
        for reaction in self.__dict__.get("reactions", ()):
            reaction.close()
        self.announcer.close()
        self.reader.close()
        self.desk.close()


@contextmanager
def open_house(settings: Settings, clock: Clock | None = None) -> Iterator[House]:
    """A house on the servers of the settings, or on embedded ones, migrated and founded.

    Raises:
        Unavailable: a server does not start or does not answer; the text says what to do.
        PortRefused: the database is newer than this program, or a right is missing.
    """
    with ExitStack() as stack:
        database_url, redis_url = settings.database_url, settings.redis_url
        if not database_url:
            servers = stack.enter_context(embedded_servers(settings.home))
            database_url, redis_url = servers.database_url, servers.redis_url
        migrate(database_url)
        house = House(database_url, redis_url, clock or SystemClock())
        stack.callback(house.close)
        house.found()
        yield house
