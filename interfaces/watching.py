"""Watching: what a worker looks at again and again, each at its own pace, one process at a time.

Every three seconds the positions are marked and guarded and a close-all is moved on; every half
minute each account is weighed against its limits and held against its broker; every minute the
clocks are held against each other.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from application.closing_all import ClosingAll
from application.monitoring import PositionMonitor
from application.ports import ApplicationError, PortError
from application.position_reports import Marked, Warned
from application.risk import RiskCycle
from application.risk_portfolios import TradingPortfolios
from domain.shared import DomainError
from interfaces.brokerages import Turn
from interfaces.compose import House

MONITOR_S = 3.0
RISK_S = 30.0
CLOCKS_S = 60.0

_log = logging.getLogger(__name__)


class Job(NamedTuple):
    """Something that is looked at every so many seconds."""

    name: str
    every_s: float
    look: Callable[[], object]


class Telling:
    """Tells what moved to whoever listens, and what somebody should look at in the log."""

    def __init__(self, house: House) -> None:
        self._house = house

    def moved(self, marks: Sequence[Marked]) -> None:
        self._house.announcer.tell(marks)

    def warned(self, warnings: Sequence[Warned]) -> None:
        for warning in warnings:
            _log.info("%s: %s", warning.account, warning.words)


def jobs(house: House) -> tuple[Job, ...]:
    """What is watched in a house."""
    clock = house.clock
    desk, books, market, brokers = house.desk, house.books, house.market, house.brokerages
    monitor = PositionMonitor(desk, books, market, Telling(house))
    closing = ClosingAll(desk, brokers.accounts, books, books, market, at_broker=brokers.positions)
    risk = RiskCycle(desk, TradingPortfolios(desk, books), market)
    return (
        Job("monitor", MONITOR_S, lambda: monitor.step(clock.now())),
        Job("close-all", MONITOR_S, lambda: closing.step(clock.now())),
        Job("risk", RISK_S, lambda: risk.step(clock.now())),
        Job("reconciling", RISK_S, brokers.reconcile),
        Job("clocks", CLOCKS_S, lambda: house.timekeeper.step(datetime.now(UTC))),
    )


def watch(house: House, stop: threading.Event) -> None:
    """Does every job at its pace until told to stop; what fails is tried again at the next."""
    listed = jobs(house)
    turns = {job.name: house.turn(job.name) for job in listed}
    due = dict.fromkeys(turns, 0.0)
    try:
        while not stop.wait(max(0.0, min(due.values()) - time.monotonic())):
            for job in listed:
                if due[job.name] <= time.monotonic():
                    due[job.name] = time.monotonic() + job.every_s
                    _do(job, turns[job.name])
    finally:
        for turn in turns.values():
            turn.close()


def _do(job: Job, turn: Turn) -> None:
    try:
        if turn.is_mine():
            job.look()
    except (DomainError, ApplicationError, PortError) as error:
        _log.warning("%s: %s", job.name, error)
