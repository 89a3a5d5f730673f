"""Timers: what happens because time passes, at the moment it is due.

Pending signals expire, options settle after their expiry, and open positions are marked at
the close of each session. Every step is repeatable: doing it twice records nothing twice.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from typing import NamedTuple

from application.approving import expire_due
from application.ports import ApplicationError, PortError
from application.settling import mark, settle_expired
from domain.shared import DomainError
from interfaces.compose import House
from interfaces.lookups import expired_trades, unmarked
from projections.approval_queue import lapsed

EVERY_S = 5.0
LOOK_BACK = timedelta(days=5)
"""How far back a close is looked for that was not marked, over the longest weekend."""

_log = logging.getLogger(__name__)


class Passed(NamedTuple):
    """What the passing of time came to."""

    expired: int
    settled: int
    marked: int


def keep_time(house: House) -> Passed:
    """Does everything that is due by the house's clock.

    Raises:
        Unavailable: the database did not answer; what was done stays done.
    """
    now = house.clock.now()
    with house.reader.connection() as connection:
        due = lapsed(connection, now)
        expired_open = expired_trades(connection, now)
    expired = expire_due(house.desk, due, at=now)
    settled = settle_expired(house.desk, house.market, expired_open, at=now)
    if expired or settled:
        house.catch_up()
    marked = mark_close(house, now)
    if marked:
        house.catch_up()
    return Passed(expired, settled, marked)


def mark_close(house: House, now: datetime) -> int:
    """Marks what is open at the last close of the exchange, if that is not done."""
    sessions = house.calendar.sessions((now - LOOK_BACK).date(), now.date())
    closes = [session.closes_at for session in sessions if session.closes_at <= now]
    if not closes:
        return 0
    with house.reader.connection() as connection:
        symbols = unmarked(connection, closes[-1])
    return mark(house.desk, house.market, symbols, marked_at=closes[-1], at=now)


def run_timers(house: House, stop: threading.Event) -> None:
    """Keeps time every few seconds until told to stop."""
    while not stop.wait(EVERY_S):
        try:
            keep_time(house)
        except (DomainError, ApplicationError, PortError) as error:
            _log.warning("timers: %s", error)
