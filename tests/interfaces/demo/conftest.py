"""One demo of sixty sessions, made once; and the sessions to make others with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from interfaces.demo.files import Community, Session, write_demo

_NEW_YORK = ZoneInfo("America/New_York")


def weekdays(count: int, last: date = date(2025, 11, 21)) -> list[Session]:
    """So many weekdays up to `last`; the day after Thanksgiving closes early, as it does."""
    days: list[date] = []
    day = last
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day -= timedelta(days=1)
    return [
        Session(
            day,
            datetime.combine(day, time(9, 30), _NEW_YORK).astimezone(ZoneInfo("UTC")),
            datetime.combine(
                day, time(13) if day == date(2025, 11, 28) else time(16), _NEW_YORK
            ).astimezone(ZoneInfo("UTC")),
        )
        for day in reversed(days)
    ]


@pytest.fixture(scope="session")
def sessions() -> Callable[..., list[Session]]:
    return weekdays


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Community:
    return write_demo(tmp_path_factory.mktemp("demo"), seed=7, sessions=weekdays(60))
