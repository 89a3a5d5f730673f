"""The house: every adapter behind its port, servers joined or started, the schema migrated."""

from __future__ import annotations

import logging
import os
import platform
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import Connection

from adapters import event_reader
from adapters.announcer import RedisAnnouncer
from adapters.databases import drop_database, ensure_database
from adapters.embedded import embedded_servers
from adapters.event_store import TapeFactory
from adapters.exchange_calendar import AnyHour, NewYork
from adapters.history import history
from adapters.leases import Lease
from adapters.listener import RedisListener
from adapters.market.choosing import Markets
from adapters.paper import PaperBroker
from adapters.postgres import AUDITOR_ROLE, PROJECTOR_ROLE, borrowed, connect, migrate
from adapters.reaction_runner import ReactionRunner, ReactionStatus, reaction_statuses
from adapters.reference_clocks import TapeClock, time_servers
from adapters.tape import PostgresTape
from adapters.tape_news import TapeNews
from adapters.trading_books import TradingBooks
from application.assessing import Assessor
from application.brokerage import Broker
from application.desk import Desk, Work
from application.evidence import PriceCheck
from application.exiting import Exiting
from application.halting import Halting
from application.limiting import limits_of
from application.noticing import Noticing
from application.ports import Clock, PortError, Unavailable
from application.reaction import Happened
from application.sending import AtBroker, Sending
from application.timekeeping import Timekeeper
from application.trading import Trading
from domain.matching.rules import Rules as PaperRules
from domain.shared import Event
from interfaces.brokerages import Brokerages, Turn
from interfaces.clock import SystemClock
from interfaces.compose.log import LogHouse
from interfaces.compose.subjects import Subjects
from interfaces.compose.views import Views
from interfaces.founding import found
from interfaces.log_settings import LogSettings, master_key_file
from interfaces.reacting import Reacting
from interfaces.settings import Settings
from projections import checkpoints
from projections.checkpoints import ProjectionStatus
from projections.folding import Reading
from projections.kept_records import KeptRecords
from projections.models import READ_MODELS
from projections.runner import Runner

if TYPE_CHECKING:
    from adapters.market_files import MarketTally, Progress

DEMO_DATABASE = "truetape_demo"
DEFAULT_ACCOUNT = "paper"
DEFAULT_CASH = Decimal(100_000)
ALPACA = "alpaca"
PAPER_RULES = PaperRules(delivers_shares=False)
"""Signals settle in cash, so the paper account that follows them does."""

FOLDING_S = 600  # a fold may have to compile kernels first, within its transaction
PATIENCE_S = 60.0
"""How long a command waits for another process that moves reactions and read models."""

NO_WORDS: Mapping[str, str] = MappingProxyType({})

_log = logging.getLogger(__name__)


class House:
    """Everything a process of Truetape works with, made by `open_house`."""

    def __init__(
        self,
        database_url: str,
        redis_url: str,
        clock: Clock,
        words: Mapping[str, str] = NO_WORDS,
        log: LogSettings | None = None,
        master_key: Path | None = None,
    ) -> None:
        """`words` say which sources of market data are set up, `log` how the log signs: without
        it this house does not sign; without `master_key`, it seals nobody's words.
        """
        self._log = log
        self.database_url = database_url
        self.redis_url = redis_url
        self.clock = clock
        self.calendar = NewYork()
        self.announcer = RedisAnnouncer(redis_url)
        self.listener = RedisListener(redis_url)
        self.subjects = Subjects(database_url, master_key)
        self._factory = TapeFactory(database_url, mapper=self.subjects.mapper)
        self._words = words
        tape = PostgresTape(self._factory.appender, self._factory.pool)
        self.desk = Desk(self._factory, tape, self.subjects.blinded)
        self.markets = Markets(self._factory.pool, words, clock)
        self.market = self.markets.prices
        self.board_records = KeptRecords()
        self.books = TradingBooks(self._factory.pool)
        self.assessor = Assessor(self.market, self.books)
        self.views = Views(database_url, attend=self.subjects.attend)
        self.reader, self.seen_by = self.views.everything, self.views.of
        self.are_read_models_elsewhere = False
        """Another process keeps them for this one, which must not take them from it."""

    @cached_property
    def reactions(self) -> tuple[ReactionRunner, ...]:
        """The automatic steps, each with its own place on the tape: what leads to an order comes
        first, up to `sending`.
        """
        # The grammar takes long to load, and who only asks reads no message.
        from application.booking import Booking

        trading = Trading(self.market, self.calendar)
        steps = (trading, Exiting(self.market), Halting(), Booking(), PriceCheck(self.market))
        first, *others = (ReactionRunner(self.database_url, self.desk, step) for step in steps)
        return (first, self.sending, *others)

    @cached_property
    def sending(self) -> ReactionRunner:
        """What marks the errands that are due at the brokers."""
        return ReactionRunner(self.database_url, self.desk, Sending())

    @cached_property
    def _reacting(self) -> Reacting:
        ordering, others = self.reactions[:2], self.reactions[2:]
        news = partial(TapeNews, self.database_url)
        return Reacting(ordering, others, self.brokerages, news)

    @cached_property
    def brokerages(self) -> Brokerages:
        """The accounts and the brokers that carry their orders."""
        return Brokerages(
            self.desk,
            self.sending,
            self.books,
            self.clock,
            open_broker=self._broker,
            turn=self.turn,
        )

    @cached_property
    def timekeeper(self) -> Timekeeper:
        """What holds the clocks against each other.

        Raises:
            InvalidInput: what is set as a time server is none.
        """
        tape = TapeClock(self._factory.pool)
        return Timekeeper(self.desk, tape, time_servers(self._words), platform.node())

    @cached_property
    def log(self) -> LogHouse:
        """The transparency log, and what signs it."""
        return LogHouse(self.database_url, self.desk, self.reader, self._log)

    def turn(self, job: str) -> Turn:
        """The right to do a job that one process does at a time."""
        return Lease(self.database_url, job)

    def _broker(self, at: AtBroker) -> Broker | None:
        """The broker of an account, if it is set up here."""
        if at.broker == ALPACA:
            return self._alpaca()
        if at.broker != PaperBroker.name:
            return None
        limits = limits_of(Work(self.desk), at.account)
        broker = PaperBroker(
            self._factory.pool,
            self.market,
            self.clock,
            self.calendar if limits.regular_hours else AnyHour(),
            account=at.account,
            rules=PAPER_RULES,
        )
        broker.open(at.cash)
        return broker

    def _alpaca(self) -> Broker | None:
        """The account at Alpaca whose key is in the environment."""
        # The library takes most of a second to load, and only this needs it.
        from adapters.alpaca.access import Access
        from adapters.alpaca.broker import AlpacaBroker

        access = Access.from_environment(os.environ)
        if access is None:
            return None
        broker = AlpacaBroker(access)
        broker.start()
        return broker

    def noticing(self, platform: str) -> ReactionRunner:
        """What marks the notices that are due on a platform; whoever tells them moves it along.

        What happened before it runs for the first time is not told there.
        """
        return ReactionRunner(self.database_url, self.desk, Noticing(platform), from_now_on=True)

    @cached_property
    def reading(self) -> Reading:
        """How read models get at the tape."""
        return Reading(
            connect=partial(connect, self.database_url, role=PROJECTOR_ROLE, idle_s=FOLDING_S),
            read_after=event_reader.read_after,
            read_range=event_reader.read_range,
            read_head=event_reader.read_head,
            decode=self.subjects.decode,
            lost=(psycopg.OperationalError, psycopg.InterfaceError, PortError),
        )

    def scratch(self) -> Connection[Any]:
        """A connection of the caller's own that reads and makes temporary tables, no more."""
        connection = connect(self.database_url, role=AUDITOR_ROLE)
        self.subjects.attend(connection)
        return connection

    @cached_property
    def projections(self) -> Runner:
        """What keeps the read models in step with the tape."""
        runner = Runner(self.reading, READ_MODELS, announce=self.announcer.announce)
        runner.start()
        return runner

    def catch_up(self) -> None:
        """Lets reactions and read models follow the tape to its head, or waits for the
        process that does.

        Raises:
            Unavailable: another process holds them and does not come to the head.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            self._reacting.catch_up()
            if not self.are_read_models_elsewhere:
                self.projections.catch_up()
            if not self.behind() and not self.brokerages.waiting():
                return
            if time.monotonic() > deadline:
                names = ", ".join(self.behind())
                raise Unavailable(f"the worker does not keep up: {names} lag; see truetape status")
            time.sleep(0.02)

    def behind(self) -> list[str]:
        """Reactions and read models that are not at the head; stopped ones are not waited for,
        nor is who tells notices on a platform.
        """
        head = self.head()
        own = {reaction.name for reaction in self.reactions}
        with borrowed(self.reader) as connection:
            steps = [step for step in reaction_statuses(connection) if step.name in own]
            models = checkpoints.status(connection)
        return [
            *(step.name for step in steps if step.state == "running" and step.position < head),
            *(m.projection for m in models if m.state != "stopped" and m.position < head),
        ]

    def read_until(self) -> int:
        """Up to which position all read models tell the tape; stopped ones are not waited for."""
        with borrowed(self.reader) as connection:
            models = checkpoints.status(connection)
        return min((model.position for model in models if model.state != "stopped"), default=0)

    def react(self, stop: threading.Event) -> None:
        """Follows the tape with the reactions until told to stop; a lost database is waited for."""
        self._reacting.run(stop)

    def wake(self) -> None:
        """Has whoever waits for events look up, such as who was told to stop."""
        with borrowed(self.reader) as connection:
            event_reader.wake(connection)

    def projection_statuses(self) -> list[ProjectionStatus]:
        """Where the read models are."""
        with borrowed(self.reader) as connection:
            return checkpoints.status(connection)

    def import_market(self, path: Path, progress: Progress | None = None) -> MarketTally:
        """Records market data and has every claim weighed that had no evidence yet."""
        # The table library takes a quarter of a second to load, and only this needs it.
        from adapters.market_files import import_market

        tally = import_market(self._factory.pool, path, progress=progress)
        price_check = next(r for r in self.reactions if r.name == PriceCheck.name)
        price_check.start_over()
        return tally

    def head(self) -> int:
        """The last position on the tape."""
        with borrowed(self.reader) as connection:
            return event_reader.read_head(connection)

    def position_at(self, moment: datetime) -> int:
        """The last position that was recorded up to a moment; 0 before the first one."""
        with borrowed(self.reader) as connection:
            return event_reader.position_at(connection, moment)

    def history(self, events: Collection[type[Event]], head: int) -> Iterator[Happened]:
        """What happened of these kinds up to a position, from the beginning of the tape."""
        with borrowed(self.reader) as connection:
            yield from history(connection, events, head, self.subjects.decode)

    def reaction_statuses(self) -> list[ReactionStatus]:
        """Where the reactions are."""
        with borrowed(self.reader) as connection:
            return reaction_statuses(connection)

    def found(self) -> None:
        """Gives a new house what every house has: ranking rules and a paper account."""
        found(self.desk, self.clock.now(), account=DEFAULT_ACCOUNT, cash=DEFAULT_CASH)

    def close(self) -> None:
        """Gives back every connection."""
        for reaction in self.__dict__.get("reactions", ()):
            reaction.close()
        if "brokerages" in self.__dict__:
            self.brokerages.close()
        if "projections" in self.__dict__:
            self.projections.close()
        if "log" in self.__dict__:
            self.log.close()
        self.announcer.close()
        self.views.close()
        self.subjects.close()
        self.desk.close()


@contextmanager
def open_house(
    settings: Settings, clock: Clock | None = None, *, fresh: bool = False
) -> Iterator[House]:
    """A house on the servers of the settings, or on embedded ones, migrated and founded.

    `fresh` begins the demo's record anew; a community's own record is never dropped.

    Raises:
        Unavailable: a server does not start or does not answer; the text says what to do.
        PortRefused: the database is newer than this program, a right is missing, or the master
            key under which people's words lie.
    """
    with ExitStack() as stack:
        database_url, redis_url = settings.database_url, settings.redis_url
        if not database_url:
            servers = stack.enter_context(embedded_servers(settings.home))
            database_url, redis_url = servers.database_url, servers.redis_url
        if settings.demo:
            if fresh:
                drop_database(database_url, DEMO_DATABASE)
            database_url = ensure_database(database_url, DEMO_DATABASE)
        migrate(database_url)
        # The demo's prices are its own, whatever is set up here.
        words = NO_WORDS if settings.demo else os.environ
        home = settings.demo_folder if settings.demo else settings.home
        log = LogSettings.from_environment(words, home)
        key = master_key_file(words, home)
        house = House(database_url, redis_url, clock or SystemClock(), words, log, key)
        stack.callback(house.close)
        house.subjects.require_key()
        house.found()
        house.projections.catch_up()
        # Whoever only asks must not keep the read models from a worker.
        house.projections.close()
        yield house
