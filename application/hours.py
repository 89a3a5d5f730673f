"""Hours: when an instrument trades."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import NamedTuple, Protocol

from domain.instruments import CryptoPair, FxPair, Instrument
from domain.market import EXCHANGE_ZONE, exchange_day

FX_TURN = time(17, 0)
"""Currencies trade from Sunday to Friday, each day from five to five in New York."""


class Session(NamedTuple):
    """One regular trading session, in UTC."""

    date: date
    opens_at: datetime
    closes_at: datetime


class Exchange(Protocol):
    """The calendar of the exchange on which stocks and options trade."""

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        """The sessions from the first day to the last, both included, half-days with their own
        closing time.
        """
        ...


def session_on(exchange: Exchange, day: date) -> Session | None:
    """The session of a day, None on a holiday or weekend."""
    found = exchange.sessions(day, day)
    return found[0] if found else None


def why_closed(exchange: Exchange, traded: Instrument, at: datetime) -> str:
    """Why the instrument does not trade at a moment, in words; nothing if it does."""
    if isinstance(traded, CryptoPair):
        return ""
    if isinstance(traded, FxPair):
        return _why_no_currencies(at)
    session = session_on(exchange, exchange_day(at))
    if session is None:
        return f"the market is closed on {exchange_day(at):%A %Y-%m-%d}"
    if at < session.opens_at:
        return f"the market opens at {session.opens_at:%H:%M} UTC"
    if at >= session.closes_at:
        return f"the market closed at {session.closes_at:%H:%M} UTC"
    return ""


def _why_no_currencies(at: datetime) -> str:
    there = at.astimezone(EXCHANGE_ZONE)
    weekday, clock = there.weekday(), there.time()
    closed = (
        (weekday == 4 and clock >= FX_TURN) or weekday == 5 or (weekday == 6 and clock < FX_TURN)
    )
    return "currencies do not trade from Friday 17:00 to Sunday 17:00 in New York" if closed else ""
