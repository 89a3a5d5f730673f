"""The sessions of the New York exchanges, with their holidays and half-days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.exchange_calendar import NewYork
from application.hours import Session
from domain.market import EXCHANGE_ZONE

NEW_YORK = NewYork()


def test_a_session_is_from_half_past_nine_to_four_in_new_york() -> None:
    assert NEW_YORK.sessions(date(2026, 1, 15), date(2026, 1, 15)) == [
        Session(
            date(2026, 1, 15),
            datetime(2026, 1, 15, 14, 30, tzinfo=UTC),
            datetime(2026, 1, 15, 21, 0, tzinfo=UTC),
        )
    ]


def test_in_summer_it_is_an_hour_earlier_in_utc() -> None:
    (session,) = NEW_YORK.sessions(date(2025, 7, 15), date(2025, 7, 15))
    assert session.opens_at == datetime(2025, 7, 15, 13, 30, tzinfo=UTC)
    assert session.closes_at == datetime(2025, 7, 15, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("holiday", "why"),
    [
        (date(2025, 1, 1), "New Year"),
        (date(2025, 4, 18), "Good Friday"),
        (date(2025, 7, 4), "Independence Day"),
        (date(2025, 11, 27), "Thanksgiving"),
        (date(2025, 1, 9), "a day of mourning"),
        (date(2025, 11, 15), "a Saturday"),
        (date(2025, 11, 16), "a Sunday"),
    ],
)
def test_there_is_none_on_a_day_off(holiday: date, why: str) -> None:
    assert NEW_YORK.sessions(holiday, holiday) == [], why


@pytest.mark.parametrize("half_day", [date(2025, 7, 3), date(2025, 11, 28), date(2025, 12, 24)])
def test_a_half_day_closes_at_one(half_day: date) -> None:
    (session,) = NEW_YORK.sessions(half_day, half_day)
    assert session.closes_at.astimezone(EXCHANGE_ZONE).time() == time(13)


def test_both_ends_of_a_range_belong_to_it() -> None:
    week = NEW_YORK.session_dates(date(2025, 11, 24), date(2025, 11, 28))
    assert week == [date(2025, 11, day) for day in (24, 25, 26, 28)]


def test_a_range_that_ends_before_it_begins_is_empty() -> None:
    assert list(NEW_YORK.sessions(date(2025, 11, 24), date(2025, 11, 23))) == []


def test_nothing_is_known_of_what_was_before_the_first_day() -> None:
    early = NEW_YORK.session_dates(date(1999, 1, 1), date(2015, 1, 5))
    assert early == [date(2015, 1, 2), date(2015, 1, 5)]
    assert list(NEW_YORK.sessions(date(1999, 1, 1), date(1999, 12, 31))) == []


def test_what_is_years_ahead_is_known() -> None:
    """Signals are posted on options that expire later."""
    assert NEW_YORK.session_dates(date(2029, 1, 19), date(2029, 1, 19)) == [date(2029, 1, 19)]


def test_nothing_is_known_of_what_comes_after_the_last_day() -> None:
    late = NEW_YORK.session_dates(date(2035, 12, 31), date(2036, 1, 5))
    assert late == [date(2035, 12, 31)]


def test_every_session_is_as_the_library_has_it() -> None:
    # Loaded here: it takes seconds, which every start of the tests would spend.
    import exchange_calendars

    first, last = date(2015, 1, 1), date(2035, 12, 31)
    library = exchange_calendars.get_calendar("XNYS", start=first, end=last)
    schedule = library.schedule[["open", "close"]]
    expected = [
        Session(day.date(), opens.to_pydatetime(), closes.to_pydatetime())
        for day, opens, closes in schedule.itertuples()
    ]
    assert NEW_YORK.sessions(first, last) == expected


days = st.dates(date(2015, 1, 1), date(2025, 12, 31))


@given(days, st.integers(0, 60))
def test_sessions_are_in_order_on_weekdays_and_each_closes_after_it_opens(
    first: date, length: int
) -> None:
    last = min(first + timedelta(days=length), date(2025, 12, 31))
    found = NEW_YORK.sessions(first, last)
    assert [session.date for session in found] == sorted({session.date for session in found})
    for session in found:
        opens = session.opens_at.astimezone(EXCHANGE_ZONE)
        assert first <= session.date <= last
        assert session.date.weekday() < 5
        assert (opens.date(), opens.time()) == (session.date, time(9, 30))
        assert session.closes_at > session.opens_at
        assert session.opens_at.tzinfo is not None
        assert session.opens_at.utcoffset() == timedelta(0)


@given(days, st.integers(0, 20), st.integers(0, 20))
def test_a_range_is_made_of_its_parts(first: date, length: int, more: int) -> None:
    middle = first + timedelta(days=length)
    last = middle + timedelta(days=1 + more)
    parts = [
        *NEW_YORK.sessions(first, middle),
        *NEW_YORK.sessions(middle + timedelta(days=1), last),
    ]
    assert parts == list(NEW_YORK.sessions(first, last))
