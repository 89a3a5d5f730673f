"""Which expiry a trader means, counted from the day of the message and never from today."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.grammar.sessions import is_session, session_after, session_on_or_before

EXCHANGE_ZONE = ZoneInfo("America/New_York")
_SAME_DAY_FROM = 5
"""The hour from which a day in UTC is the exchange's as well: it is four or five hours behind."""
JUST_PAST = timedelta(days=7)
"""A day without a year that is past by no more is a slip, or old news: not next year's."""
_KEPT_MAX = 1_024
"""Of one day's messages most name the same few days."""
_FRIDAY = 4
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
_SESSIONS_COUNTED_MAX = 5
"""Who says more days to expiry than a week has counts them on the calendar."""
_DAY_MONTH = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th)?[ -]?([a-z]{3})[a-z]*\.?[ ,'-]*([0-9]*)", re.IGNORECASE
)
_MONTH_DAY = re.compile(
    r"([a-z]{3})[a-z]*\.?[ -]?('?)([0-9]+)(?:st|nd|rd|th)?[ ,'-]*([0-9]*)", re.IGNORECASE
)


class Expiry(NamedTuple):
    """A day, how it was found where the words did not say it whole, or what is wrong with it."""

    day: date | None
    rule: str = ""
    why: str = ""


def message_day(at: datetime) -> date:
    """The exchange's calendar day when the message was posted."""
    if at.tzinfo is UTC and at.hour >= _SAME_DAY_FROM:
        return at.date()
    return at.astimezone(EXCHANGE_ZONE).date()


def next_friday(day: date) -> date:
    """The last session of the day's week, the day itself included; after it, of the next one."""
    friday = day + timedelta(days=(_FRIDAY - day.weekday()) % 7)
    found = session_on_or_before(friday)
    return found if found >= day else session_on_or_before(friday + timedelta(days=7))


def third_friday(year: int, month: int) -> date:
    """The day of the monthly contracts; the Thursday where that Friday is a holiday."""
    first = date(year, month, 1)
    return session_on_or_before(first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14))


@lru_cache(maxsize=_KEPT_MAX)
def slash_date(text: str, day: date) -> Expiry:
    """Reads 11/21, 11/21/25 and 11/21/2025."""
    month, _, rest = text.partition("/")
    number, _, year = rest.partition("/")
    return _said(text, day, int(year) if year else None, int(month), int(number))


@lru_cache(maxsize=_KEPT_MAX)
def iso_date(text: str, day: date) -> Expiry:
    """Reads 2025-11-21."""
    year, month, number = text.split("-")
    return _said(text, day, int(year), int(month), int(number))


def dashed_date(text: str, day: date) -> Expiry:
    """Reads 01-16, 1-16-26 and 1.16.26."""
    return slash_date(text.replace("-", "/").replace(".", "/"), day)


@lru_cache(maxsize=_KEPT_MAX)
def named_date(text: str, day: date) -> Expiry:
    """Reads 21 Nov, Nov 21, 06JUN2025, Nov 21st 2025, Jan17'26 and, for the monthly contract,
    Jan 2026 and Jan '26."""
    name = number = year = mark = ""
    if (found := _DAY_MONTH.match(text)) is not None:
        number, name, year = found.groups()
    elif (found := _MONTH_DAY.match(text)) is not None:
        name, mark, number, year = found.groups()
    if name.lower() not in _MONTHS:
        return Expiry(None, why=f"no day can be read in '{text}'")
    month = _MONTHS.index(name.lower()) + 1
    if len(number) == 4 or (mark and not year):
        return _monthly(text, int(number[-2:]) + 2000, month)
    return _said(text, day, int(year) if year else None, month, int(number))


def _monthly(text: str, year: int, month: int) -> Expiry:
    found = third_friday(year, month)
    return Expiry(found, rule=f"'{text}' is the monthly contract of {found}")


def month_alone(word: str, day: date) -> Expiry:
    """Reads "Jan" of "Jan 250c": the next monthly contract of that name."""
    month = _MONTHS.index(word[:3]) + 1
    found = third_friday(day.year, month)
    return _monthly(word, day.year if found >= day else day.year + 1, month)


def is_month(word: str) -> bool:
    """Whether a word in lower case is a month or its short form."""
    return word in MONTH_NAMES


MONTH_NAMES = frozenset(
    (*_MONTHS, "sept", "january", "february", "march", "april", "june", "july", "august",
     "september", "october", "november", "december")
)  # fmt: skip


@lru_cache(maxsize=_KEPT_MAX)
def counted(text: str, day: date) -> Expiry:
    """Reads 0DTE and its kind.

    Beyond tomorrow some count calendar days and some sessions: where both do not lead to one
    day that trades, the expiry is asked for.
    """
    digits = text.lower().replace("o", "0")
    count = int("".join(letter for letter in digits if letter.isdigit()))
    if count == 0 and not is_session(day):
        return Expiry(None, why=f"'{text}' on a day without trading")
    if count == 0:
        return Expiry(day, rule=f"'{text}' is the day of the message")
    found = day + timedelta(days=count)
    if count > _SESSIONS_COUNTED_MAX:
        if found.weekday() != _FRIDAY:
            return Expiry(None, why=f"'{text}' is {found}, which is no Friday")
        return Expiry(session_on_or_before(found), rule=f"'{text}' is {found}")
    sessions = session_after(day, count)
    if count > 1 and found != sessions and found.weekday() <= _FRIDAY:
        return Expiry(None, why=f"'{text}' may be {found} or {sessions}")
    return Expiry(sessions, rule=f"'{text}' counts sessions from the day of the message")


_TODAY = frozenset({"today", "eod", "end of day", "same day", "todays", "today's"})
_TOMORROW = frozenset({"tomorrow", "tomorrows", "tomorrow's", "tmrw", "tmr", "tmw", "2mrw"})


@lru_cache(maxsize=_KEPT_MAX)
def spoken(word: str, day: date) -> Expiry:
    """Reads today, tomorrow, weekly, this week, friday, next week, next friday, wed, monthly."""
    next_one, name = word.startswith("next "), word.rpartition(" ")[2]
    if word in _TODAY:
        found = day
    elif word in _TOMORROW:
        found = session_after(day)
    elif name in ("monthly", "monthlies", "opex"):
        found = _next_monthly(day)
        found = _next_monthly(found + timedelta(days=1)) if next_one else found
    elif word in ("next week", "next weeks", "next week's", "next weekly", "next weeklies"):
        found = _friday_of_next_week(day)
    elif name[:3] in _WEEKDAYS:
        found = _weekday(_WEEKDAYS.index(name[:3]), day, next_week=next_one)
    else:
        found = next_friday(day)
    return Expiry(found, rule=f"'{word}' is {found}, counted from the day of the message")


def _friday_of_next_week(day: date) -> date:
    monday = day + timedelta(days=7 - day.weekday())
    return session_on_or_before(monday + timedelta(days=_FRIDAY))


def _weekday(number: int, day: date, *, next_week: bool) -> date:
    """The next such day, or with "next" the one of the coming week; then no holiday."""
    if next_week:
        found = day + timedelta(days=7 - day.weekday() + number)
    else:
        found = day + timedelta(days=(number - day.weekday()) % 7)
    traded = session_on_or_before(found)
    return traded if traded >= day else found


def _next_monthly(day: date) -> date:
    found = third_friday(day.year, day.month)
    if found >= day:
        return found
    ahead = day.replace(day=1) + timedelta(days=31)
    return third_friday(ahead.year, ahead.month)


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
