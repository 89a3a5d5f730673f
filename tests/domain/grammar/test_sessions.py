"""The days on which options trade, and the expiries that words only hint at."""

from __future__ import annotations

from datetime import date

import pytest

from domain.grammar import dates
from domain.grammar.sessions import easter, is_session, session_after

THURSDAY = date(2025, 11, 13)


@pytest.mark.parametrize(
    "closed",
    [
        "2022-01-17", "2022-06-20", "2022-12-26", "2023-01-02", "2023-04-07", "2024-03-29",
        "2024-11-28", "2025-04-18", "2025-05-26", "2025-09-01", "2026-02-16", "2026-06-19",
        "2026-07-03", "2027-01-01", "2027-06-18", "2025-11-15",
    ],
)  # fmt: skip
def test_the_exchange_is_closed_on_its_holidays(closed: str) -> None:
    assert not is_session(date.fromisoformat(closed))


@pytest.mark.parametrize("open_day", ["2021-12-31", "2022-10-10", "2025-11-28", "2027-12-31"])
def test_the_exchange_is_open_on_other_days(open_day: str) -> None:
    assert is_session(date.fromisoformat(open_day))


def test_easter_moves() -> None:
    assert [easter(year) for year in (2000, 2019, 2024, 2038)] == [
        date(2000, 4, 23),
        date(2019, 4, 21),
        date(2024, 3, 31),
        date(2038, 4, 25),
    ]


def test_sessions_are_counted_over_a_long_weekend() -> None:
    assert session_after(date(2025, 4, 17)) == date(2025, 4, 21)
    assert session_after(date(2025, 11, 26), 2) == date(2025, 12, 1)


def test_a_good_friday_moves_its_contracts_to_thursday() -> None:
    assert dates.spoken("this friday", date(2025, 4, 15)).day == date(2025, 4, 17)
    assert dates.third_friday(2025, 4) == date(2025, 4, 17)
    assert dates.room_default("weekly", date(2024, 3, 27)).day == date(2024, 3, 28)


def test_the_week_after_a_good_friday_is_the_next_one() -> None:
    assert dates.next_friday(date(2025, 4, 18)) == date(2025, 4, 25)


@pytest.mark.parametrize(
    ("word", "day"),
    [
        ("today", "2025-11-13"), ("eod", "2025-11-13"), ("tomorrow", "2025-11-14"),
        ("weekly", "2025-11-14"), ("this week", "2025-11-14"), ("eow", "2025-11-14"),
        ("friday", "2025-11-14"), ("this friday", "2025-11-14"), ("next week", "2025-11-21"),
        ("next friday", "2025-11-21"), ("monday", "2025-11-17"), ("next wed", "2025-11-19"),
        ("monthly", "2025-11-21"), ("opex", "2025-11-21"), ("next monthly", "2025-12-19"),
    ],
)  # fmt: skip
def test_spoken_days_are_counted_from_the_message(word: str, day: str) -> None:
    read = dates.spoken(word, THURSDAY)
    assert read.day == date.fromisoformat(day)
    assert word in read.rule


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("0dte", "2025-11-13"), ("1dte", "2025-11-14"), ("2dte", "2025-11-17"),
        ("8 dte", "2025-11-21"), ("36dte", "2025-12-19"), ("odte", "2025-11-13"),
    ],
)  # fmt: skip
def test_days_to_expiry_are_counted_where_both_ways_agree(text: str, day: str) -> None:
    assert dates.counted(text, date(2025, 11, 13)).day == date.fromisoformat(day)


@pytest.mark.parametrize("text", ["4dte", "30dte", "45 dte"])
def test_days_to_expiry_that_lead_to_two_days_are_asked_for(text: str) -> None:
    read = dates.counted(text, THURSDAY)
    assert read.day is None
    assert text in read.why


def test_no_contract_ends_on_a_day_without_trading() -> None:
    assert dates.counted("0dte", date(2025, 11, 15)).day is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Jan 2026", "2026-01-16"), ("Jan '26", "2026-01-16"), ("Jan17'26", "2026-01-17"),
        ("Jan 2nd", "2026-01-02"), ("17 Jan", "2026-01-17"), ("June 2026", "2026-06-18"),
    ],
)  # fmt: skip
def test_a_month_and_a_year_are_the_monthly_contract(text: str, day: str) -> None:
    assert dates.named_date(text, THURSDAY).day == date.fromisoformat(day)


def test_a_month_alone_is_its_next_monthly_contract() -> None:
    assert dates.month_alone("jan", THURSDAY).day == date(2026, 1, 16)
    assert dates.month_alone("november", date(2025, 11, 24)).day == date(2026, 11, 20)
    assert not dates.is_month("mart")


def test_numbers_with_dashes_or_dots_are_a_date_too() -> None:
    assert dates.dashed_date("01-16", THURSDAY).day == date(2026, 1, 16)
    assert dates.dashed_date("1.16.26", THURSDAY).day == date(2026, 1, 16)
