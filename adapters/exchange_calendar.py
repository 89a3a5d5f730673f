"""The exchange's trading sessions (XNYS), half-days included, from exchange_calendars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from application.hours import Session

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

FIRST_DAY = date(2015, 1, 1)


class NewYork:
    """Sessions of the New York exchanges. The calendar is loaded at the first question."""

    def __init__(self) -> None:
        self._known: dict[tuple[date, date], Sequence[Session]] = {}

    @cached_property
    def _calendar(self) -> ExchangeCalendar:
        import exchange_calendars

        return exchange_calendars.get_calendar("XNYS", start=FIRST_DAY)

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        """The sessions from the first day to the last, both included."""
        if (first, last) not in self._known:
            self._known[first, last] = self._looked_up(max(first, FIRST_DAY), last)
        return self._known[first, last]

    def _looked_up(self, first: date, last: date) -> Sequence[Session]:
        if last < first:
            return ()
        schedule = self._calendar.schedule.loc[str(first) : str(last), ["open", "close"]]
        return [
            Session(day.date(), opens.to_pydatetime(), closes.to_pydatetime())
            for day, opens, closes in schedule.itertuples()
        ]

    def session_dates(self, first: date, last: date) -> Sequence[date]:
        """The days of `sessions`."""
        return [session.date for session in self.sessions(first, last)]


class AnyHour:
    """Every day from midnight to midnight: for accounts whose limits let them trade at any hour."""

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        """A session for each day."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        midnights = ((day, datetime.combine(day, time(), UTC)) for day in days)
        return [Session(day, at, at + timedelta(days=1)) for day, at in midnights]
