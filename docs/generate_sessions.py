"""Writes adapters/new_york_sessions.json: `python docs/generate_sessions.py`.

The library that knows them takes seconds to load, with all of pandas, and no command can wait for
it: the days on which New York does not trade, or closes early, fit on a page. With `--check` it
writes nothing and ends with 1 if the file is not what it would write.
"""

from __future__ import annotations

import json
import sys
from datetime import date, time
from pathlib import Path

import exchange_calendars

FILE = Path(__file__).parents[1] / "adapters" / "new_york_sessions.json"
FIRST, LAST = date(2015, 1, 1), date(2035, 12, 31)
OPENS, CLOSES = time(9, 30), time(16)


def sessions() -> str:
    """The whole file."""
    calendar = exchange_calendars.get_calendar("XNYS", start=FIRST, end=LAST)
    schedule = calendar.schedule[["open", "close"]]
    local = {
        day.date(): tuple(at.tz_convert(calendar.tz).time() for at in times)
        for day, *times in schedule.itertuples()
    }
    assert all(opens == OPENS for opens, _ in local.values()), "a session opened late"
    days = (date.fromordinal(n) for n in range(FIRST.toordinal(), LAST.toordinal() + 1))
    told = {
        "first": FIRST.isoformat(),
        "last": LAST.isoformat(),
        "days_off": [str(day) for day in days if day.weekday() < 5 and day not in local],
        "half_days": {
            str(day): f"{closes:%H:%M}" for day, (_, closes) in local.items() if closes != CLOSES
        },
    }
    return json.dumps(told, indent=1) + "\n"


def main() -> int:
    """Writes the file, or compares it."""
    if "--check" in sys.argv:
        return int(not FILE.exists() or FILE.read_text() != sessions())
    FILE.write_text(sessions())
    return 0


if __name__ == "__main__":
    sys.exit(main())
