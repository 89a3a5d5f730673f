"""Windows: the stretches of time a record is looked at in, in the exchange's days."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import msgspec

from domain.market import EXCHANGE_ZONE, exchange_day
from domain.shared import InvalidInput


class Window(StrEnum):
    """The windows a board can be asked for."""

    LAST_24H = "24h"
    LAST_7D = "7d"
    LAST_30D = "30d"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


class Span(msgspec.Struct, frozen=True):
    """The exchange days of a window, both ends included; `since` only for hours."""

    window: Window
    first: date
    last: date
    at: datetime
    since: datetime | None = None


def span_of(window: Window, at: datetime) -> Span:
    """The days of a window that ends at a moment."""
    today = exchange_day(at)
    since = at - timedelta(hours=24) if window is Window.LAST_24H else None
    first = {
        Window.LAST_24H: today - timedelta(days=1),
        Window.LAST_7D: today - timedelta(days=6),
        Window.LAST_30D: today - timedelta(days=29),
        Window.DAY: today,
        Window.WEEK: today - timedelta(days=today.weekday()),
        Window.MONTH: today.replace(day=1),
        Window.ALL: date.min,
    }[window]
    return Span(window, first, today, at, since)


def period_of(window: Window, day: date) -> Span:
    """The whole days of the window that a day is in: all of its week or month, or the days that
    end with it.

    Raises:
        InvalidInput: the window is one of hours.
    """
    if window is Window.LAST_24H:
        raise InvalidInput("a period is of whole days: choose another window than 24h")
    last = day
    if window is Window.WEEK:
        last = day + timedelta(days=6 - day.weekday())
    elif window is Window.MONTH:
        last = (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return span_of(window, end_of(last))


def end_of(day: date) -> datetime:
    """The last second of an exchange's day."""
    return datetime.combine(day, time(23, 59, 59), EXCHANGE_ZONE).astimezone(UTC)


def sessions_between(sessions: Sequence[date], first: date, last: date) -> int:
    """How many of the sessions (in order) lie between two days, both included."""
    return bisect_right(sessions, last) - bisect_left(sessions, first)
