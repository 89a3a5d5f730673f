"""Windows end today, in the exchange's days."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from domain.shared import InvalidInput
from projections.windows import Window, period_of, sessions_between, span_of
from tests.projections.record import utc

THURSDAY = utc("11-19 15:00")


@pytest.mark.parametrize(
    ("window", "first"),
    [
        (Window.DAY, date(2026, 11, 19)),
        (Window.WEEK, date(2026, 11, 16)),
        (Window.MONTH, date(2026, 11, 1)),
        (Window.LAST_7D, date(2026, 11, 13)),
        (Window.LAST_30D, date(2026, 10, 21)),
        (Window.ALL, date.min),
    ],
)
def test_a_window_of_days_begins_with_a_whole_day(window: Window, first: date) -> None:
    span = span_of(window, THURSDAY)
    assert (span.first, span.last, span.since) == (first, date(2026, 11, 19), None)


def test_seven_days_are_seven_days_with_today() -> None:
    for window, days in ((Window.LAST_7D, 7), (Window.LAST_30D, 30), (Window.DAY, 1)):
        span = span_of(window, THURSDAY)
        assert (span.last - span.first).days + 1 == days


def test_24_hours_are_counted_to_the_minute() -> None:
    span = span_of(Window.LAST_24H, THURSDAY)
    assert (span.since, span.at) == (THURSDAY - timedelta(hours=24), THURSDAY)


@pytest.mark.parametrize(
    ("at", "today"),
    [
        (utc("11-20 04:59"), date(2026, 11, 19)),
        (utc("11-20 05:00"), date(2026, 11, 20)),
        (utc("07-17 03:59"), date(2026, 7, 16)),
        (utc("07-17 04:00"), date(2026, 7, 17)),
    ],
)
def test_today_is_the_exchange_s_day_in_winter_and_in_summer(at: datetime, today: date) -> None:
    assert span_of(Window.DAY, at).last == today


def test_a_week_begins_on_monday_and_on_sunday_it_is_still_the_same() -> None:
    for at in ("11-16 15:00", "11-22 23:00"):
        assert span_of(Window.WEEK, utc(at)).first == date(2026, 11, 16)
    assert span_of(Window.WEEK, utc("11-23 15:00")).first == date(2026, 11, 23)


def test_sessions_are_counted_with_both_ends() -> None:
    sessions = [date(2026, 11, day) for day in (16, 17, 18, 19, 20, 23)]
    assert sessions_between(sessions, date(2026, 11, 17), date(2026, 11, 20)) == 4
    assert sessions_between(sessions, date(2026, 11, 21), date(2026, 11, 22)) == 0
    assert sessions_between(sessions, date.min, date.max) == 6


@pytest.mark.parametrize(
    ("window", "first", "last"),
    [
        (Window.DAY, date(2026, 11, 18), date(2026, 11, 18)),
        (Window.WEEK, date(2026, 11, 16), date(2026, 11, 22)),
        (Window.MONTH, date(2026, 11, 1), date(2026, 11, 30)),
        (Window.LAST_7D, date(2026, 11, 12), date(2026, 11, 18)),
        (Window.ALL, date.min, date(2026, 11, 18)),
    ],
)
def test_a_period_is_the_whole_window_that_a_day_is_in(
    window: Window, first: date, last: date
) -> None:
    span = period_of(window, date(2026, 11, 18))
    assert (span.window, span.first, span.last, span.since) == (window, first, last, None)


def test_a_period_of_december_ends_with_the_year() -> None:
    assert period_of(Window.MONTH, date(2026, 12, 5)).last == date(2026, 12, 31)


def test_a_window_of_hours_is_no_period() -> None:
    with pytest.raises(InvalidInput, match="whole days"):
        period_of(Window.LAST_24H, date(2026, 11, 18))
