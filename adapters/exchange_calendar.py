"""The exchange's trading sessions (XNYS), half-days included, as exchange_calendars has them.

They are written to a file beside this module (docs/generate_sessions.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

import msgspec

from application.hours import Session
from domain.market import EXCHANGE_ZONE
from domain.shared import learned

OPENS, CLOSES = time(9, 30), time(16)


class _Days(msgspec.Struct, frozen=True):
    """What is known: weekdays without a session, and sessions that end early."""

    first: date
    last: date
    days_off: frozenset[date]
    half_days: dict[date, str]


@cache
def _days() -> _Days:
    told = Path(__file__).with_name("new_york_sessions.json").read_bytes()
    return msgspec.json.decode(told, type=learned(_Days))


class NewYork:
    """Sessions of the New York exchanges, from 2015 to 2035."""

    def __init__(self) -> None:
        self._known: dict[tuple[date, date], Sequence[Session]] = {}

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        """The sessions from the first day to the last, both included."""
        if (first, last) not in self._known:
            self._known[first, last] = [_session(day) for day in self.session_dates(first, last)]
        return self._known[first, last]

    def session_dates(self, first: date, last: date) -> Sequence[date]:
        """The days of `sessions`."""
        known = _days()
        first, last = max(first, known.first), min(last, known.last)
        days = map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
        return [day for day in days if day.weekday() < 5 and day not in known.days_off]


def _session(day: date) -> Session:
    half = _days().half_days.get(day)
    closes = CLOSES if half is None else time.fromisoformat(half)
    opens_at, closes_at = (
        datetime.combine(day, at, EXCHANGE_ZONE).astimezone(UTC) for at in (OPENS, closes)
    )
    return Session(day, opens_at, closes_at)


class AnyHour:
    """Every day from midnight to midnight: for accounts whose limits let them trade at any hour."""

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        """A session for each day."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        midnights = ((day, datetime.combine(day, time(), UTC)) for day in days)
        return [Session(day, at, at + timedelta(days=1)) for day, at in midnights]
