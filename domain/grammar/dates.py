"""Which expiry a trader means, counted from the day of the message and never from today."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

EXCHANGE_ZONE = ZoneInfo("America/New_York")
JUST_PAST = timedelta(days=7)
"""A day without a year that is past by no more is a slip, or old news: not next year's."""
_FRIDAY = 4
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_MONTH = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th)? ?([a-z]{3})[a-z]*\.?[ ,']*([0-9]*)", re.IGNORECASE
)
_MONTH_DAY = re.compile(
    r"([a-z]{3})[a-z]*\.? ?'?([0-9]+)(?:st|nd|rd|th)?[ ,']*([0-9]*)", re.IGNORECASE
)


class Expiry(NamedTuple):
    """A day, how it was found where the words did not say it whole, or what is wrong with it."""

    day: date | None
    rule: str = ""
    why: str = ""


def message_day(at: datetime) -> date:
    """The exchange's calendar day when the message was posted."""
    return at.astimezone(EXCHANGE_ZONE).date()


def next_friday(day: date) -> date:
    """The Friday of the day's week, the day itself included; after it, the next one."""
    return day + timedelta(days=(_FRIDAY - day.weekday()) % 7)


def next_weekday(day: date) -> date:
    return day + timedelta(days=3 if day.weekday() == _FRIDAY else 1)


def third_friday(year: int, month: int) -> date:
    """The day of the monthly contracts."""
    return next_friday(date(year, month, 15))


def slash_date(text: str, day: date) -> Expiry:
    """Reads 11/21, 11/21/25 and 11/21/2025."""
    month, _, rest = text.partition("/")
    number, _, year = rest.partition("/")
    return _said(text, day, int(year) if year else None, int(month), int(number))


def iso_date(text: str, day: date) -> Expiry:
    """Reads 2025-11-21."""
    year, month, number = text.split("-")
    return _said(text, day, int(year), int(month), int(number))


def named_date(text: str, day: date) -> Expiry:
    """Reads 21 Nov, Nov 21, 06JUN2025, Nov 21st 2025 and, for the monthly contract, Jan 2026."""
    found = _DAY_MONTH.match(text)
    if found is not None:
        number, name, year = found.groups()
    else:
        found = _MONTH_DAY.match(text)
        name, number, year = found.groups() if found is not None else ("", "", "")
    if name.lower() not in _MONTHS:
        return Expiry(None, why=f"no day can be read in '{text}'")
    month = _MONTHS.index(name.lower()) + 1
    if len(number) == 4:
        monthly = third_friday(int(number), month)
        return Expiry(monthly, rule=f"'{text}' is the monthly contract of {monthly}")
    return _said(text, day, int(year) if year else None, month, int(number))


def counted(text: str, day: date) -> Expiry:
    """Reads 0DTE and its kind."""
    count = text[0].replace("o", "0").replace("O", "0")
    if count == "0":
        return Expiry(day, rule=f"'{text}' is the day of the message")
    found = day
    for _ in range(int(count)):
        found = next_weekday(found)
    return Expiry(found, rule=f"'{text}' counts weekdays from the day of the message")


def spoken(word: str, day: date) -> Expiry:
    """Reads today, tomorrow, weekly, this week, friday and next week."""
    if word == "today":
        found = day
    elif word == "tomorrow":
        found = next_weekday(day)
    elif word == "next week":
        found = next_friday(next_friday(day) + timedelta(days=1))
    else:
        found = next_friday(day)
    return Expiry(found, rule=f"'{word}' is {found}, counted from the day of the message")


def room_default(default: str, day: date) -> Expiry:
    """What the room takes for granted where no expiry is said."""
    if default == "0dte":
        return Expiry(day, rule=f"expiry {day}: the room's default is the day of the message")
    if default == "weekly":
        found = next_friday(day)
        return Expiry(found, rule=f"expiry {found}: the room's default is the next Friday")
    return Expiry(None)


def _said(text: str, day: date, year: int | None, month: int, number: int) -> Expiry:
    try:
        if year is not None:
            found = date(year if year > 99 else 2000 + year, month, number)
            return _not_past(text, found, day)
        return _nearest(text, day, month, number)
    except ValueError:
        return Expiry(None, why=f"there is no day '{text}'")


def _not_past(text: str, found: date, day: date) -> Expiry:
    if found < day:
        return Expiry(found, why=f"'{text}' was over when the message was posted")
    return Expiry(found)


def _nearest(text: str, day: date, month: int, number: int) -> Expiry:
    """The first such day that is not before the message's, unless one has just passed; 2/29
    waits for its leap year."""
    for year in range((day - JUST_PAST).year, day.year + 9):
        if month == 2 and number == 29 and (year % 4 or (year % 100 == 0 and year % 400)):
            continue
        found = date(year, month, number)
        if found >= day:
            break
        if day - found <= JUST_PAST:
            return Expiry(found, why=f"'{text}' was over when the message was posted")
    return Expiry(found, rule=f"year {found.year} of '{text}' taken from the message's time")
