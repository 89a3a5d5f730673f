"""When the exchange trades, by its calendar: the session of a moment, and those that have ended."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Protocol

from domain.market import exchange_day

_BEFORE, _AHEAD = timedelta(days=15), timedelta(days=60)


class SessionTimes(Protocol):
    """One regular session."""

    @property
    def date(self) -> date: ...
    @property
    def opens_at(self) -> datetime: ...
    @property
    def closes_at(self) -> datetime: ...


class Calendar(Protocol):
    """The exchange's sessions."""

    def sessions(self, first: date, last: date) -> Sequence[SessionTimes]:
        """The sessions from the first day to the last, both included."""
        ...


class Stretch(NamedTuple):
    """A stretch of time in which the exchange is open, or closed.

    `ends` names the session that closes with it.
    """

    after: datetime
    until: datetime
    is_open: bool
    ends: date | None


class Hours:
    """Sessions by moment. The calendar is asked for a few weeks at a time."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._sessions: Sequence[SessionTimes] = ()
        self._closes: list[datetime] = []
        self._from = self._until = datetime.min.replace(tzinfo=UTC)

    def session(self, at: datetime) -> SessionTimes:
        """The session that runs at a moment, or else the next one."""
        self._know(at)
        return self._sessions[bisect_right(self._closes, at)]

    def is_open(self, at: datetime) -> bool:
        """Whether the exchange trades at a moment."""
        return self.session(at).opens_at <= at

    def last_closed(self, at: datetime) -> date:
        """The day of the last session that has closed."""
        self._know(at)
        return self._sessions[bisect_right(self._closes, at) - 1].date

    def last_days(self, at: datetime, count: int) -> list[date]:
        """The days of the last sessions, the one of this moment included."""
        self._know(at)
        begun = [each.date for each in self._sessions if each.opens_at <= at]
        return begun[-count:]

    def stretches(self, after: datetime, until: datetime) -> Iterator[Stretch]:
        """The time between two moments, cut where the exchange opens and closes."""
        while after < until:
            session = self.session(after)
            if after < session.opens_at:
                end, is_open = session.opens_at, False
            else:
                end, is_open = session.closes_at, True
            if end > until:
                yield Stretch(after, until, is_open, None)
                return
            yield Stretch(after, end, is_open, session.date if is_open else None)
            after = end

    def _know(self, at: datetime) -> None:
        if not self._from <= at < self._until:
            day = exchange_day(at)
            self._sessions = self._calendar.sessions(day - _BEFORE, day + _AHEAD)
            self._closes = [session.closes_at for session in self._sessions]
            self._from, self._until = at - timedelta(days=5), at + timedelta(days=30)
