"""Days on which US options trade, for the expiries that words only hint at: "this Friday".

Computed from the rules of the New York Stock Exchange (Rule 7.2) as they stand since 2022, so
that reading needs no calendar from outside; single closings (a day of mourning) are not known.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 3, 4, 5, 6


def is_session(day: date) -> bool:
    """Whether the exchange is open on a day."""
    return day.weekday() < _SATURDAY and day not in _holidays(day.year)


def session_on_or_before(day: date) -> date:
    """The day itself, or the last session before it: weeklies of Good Friday end on Thursday."""
    while not is_session(day):
        day -= _DAY
    return day


def session_after(day: date, count: int = 1) -> date:
    """The next session, or the one `count` sessions ahead."""
    for _ in range(count):
        day += _DAY
        while not is_session(day):
            day += _DAY
    return day


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    fixed = [date(year, 6, 19), date(year, 7, 4), date(year, 12, 25)]
    new_year = date(year, 1, 1)
    return frozenset(
        {
            *map(_observed, fixed),
            # A New Year's Day on a Saturday is not made up for: the books close on that Friday.
            new_year + _DAY if new_year.weekday() == _SUNDAY else new_year,
            _nth(year, 1, _MONDAY, 3),
            _nth(year, 2, _MONDAY, 3),
            easter(year) - 2 * _DAY,
            _nth(year, 6, _MONDAY, 1) - 7 * _DAY,
            _nth(year, 9, _MONDAY, 1),
            _nth(year, 11, _THURSDAY, 4),
        }
    )


def _observed(day: date) -> date:
    if day.weekday() == _SATURDAY:
        return day - _DAY
    return day + _DAY if day.weekday() == _SUNDAY else day


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (J.-M. Oudin, 1940)."""
    century = year // 100
    golden = year % 19
    skipped = (century - 17) // 25
    moon = (century - century // 4 - (century - skipped) // 3 + 19 * golden + 15) % 30
    moon -= (moon // 28) * (1 - (moon // 28) * (29 // (moon + 1)) * ((21 - golden) // 11))
    shift = moon - (year + year // 4 + moon + 2 - century + century // 4) % 7
    month = 3 + (shift + 40) // 44
    return date(year, month, shift + 28 - 31 * (month // 4))
