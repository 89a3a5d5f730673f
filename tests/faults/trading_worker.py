"""A worker that trades, as a process that is killed whenever a test likes.

It runs the reactions, the errands at the brokers, and what a worker looks at again and again,
at a quicker pace than a real one, so that what was missed is found while a test waits.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from multiprocessing.synchronize import Event
from typing import NamedTuple

from adapters.alpaca.access import Access
from adapters.alpaca.broker import AlpacaBroker
from adapters.alpaca.rest import AlpacaRest
from adapters.alpaca.stream import TradeUpdates
from adapters.exchange_calendar import NewYork
from adapters.leases import Lease
from application.monitoring import PositionMonitor
from application.ports import PortError
from application.sending import AtBroker
from domain.shared import DomainError
from interfaces.brokerages import Brokerages
from interfaces.compose import House
from interfaces.watching import Telling
from tests.adapters.alpaca.updates import KEY, SECRET

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
CALENDAR = NewYork()
CALENDAR.sessions(date(2026, 11, 1), date(2026, 11, 30))

LOOKS_EVERY_S = 0.4
FAILED = 3
"""How a worker ends of which a thread died, which none may."""


class RunningClock:
    """It was noon in the market when the test began."""

    def __init__(self, began: float) -> None:
        self._began = began

    def now(self) -> datetime:
        return NOON + timedelta(seconds=time.time() - self._began)


class Place(NamedTuple):
    """Where a worker works; without an address there is no Alpaca."""

    database_url: str
    redis_url: str
    began: float
    alpaca_url: str = ""


class EndAtError(logging.Handler):
    """Ends a worker that failed in a way nobody foresaw, which would only begin again."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            if record.exc_info is not None:
                traceback.print_exception(record.exc_info[1])
            os._exit(FAILED)


def work(place: Place, ready: Event) -> None:
    """Works until it is killed; asked by SIGUSR1, it tells what its threads are doing."""
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    threading.excepthook = _end
    logging.getLogger().addHandler(logging.StreamHandler())
    logging.getLogger().addHandler(EndAtError())
    house = House(place.database_url, place.redis_url, RunningClock(place.began))
    house.calendar = CALENDAR
    if place.alpaca_url:
        house.__dict__["brokerages"] = Brokerages(
            house.desk,
            house.sending,
            house.books,
            house.clock,
            open_broker=partial(_alpaca, place),
            turn=partial(Lease, place.database_url),
        )
    stop = threading.Event()
    monitor = PositionMonitor(house.desk, house.books, house.market, Telling(house))
    for act in (
        lambda: house.react(stop),
        lambda: house.brokerages.run(stop),
        lambda: _again_and_again(house.brokerages.reconcile),
        lambda: _again_and_again(lambda: monitor.step(house.clock.now())),
    ):
        threading.Thread(target=act, daemon=True).start()
    ready.set()
    threading.Event().wait()


def _alpaca(place: Place, at: AtBroker) -> AlpacaBroker:
    access = Access(key=KEY, secret=SECRET, trading_url=place.alpaca_url, data_url=place.alpaca_url)
    broker = AlpacaBroker(
        access,
        rest=AlpacaRest(access, timeout_s=2, pause=lambda s: time.sleep(min(s, 0.05))),
        updates=TradeUpdates(access, first_wait_s=0.05),
    )
    broker.start()
    return broker


def _again_and_again(look: Callable[[], object]) -> None:
    while True:
        # As in a worker: what fails is tried again at the next look.
        with suppress(DomainError, PortError):
            look()
        time.sleep(LOOKS_EVERY_S)


def _end(died: threading.ExceptHookArgs) -> None:
    traceback.print_exception(died.exc_type, died.exc_value, died.exc_traceback)
    os._exit(FAILED)
