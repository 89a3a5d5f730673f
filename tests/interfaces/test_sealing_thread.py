"""What the worker has done of its own accord: the day's index, the night's check."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from application.ports import Unavailable
from interfaces.compose import House, open_house
from interfaces.exporting import record_index
from interfaces.sealing import CHECKED_AT_HOUR, is_check_due, is_index_due, run_apart
from interfaces.settings import Settings

DAY = timedelta(days=1)


@pytest.fixture
def house(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[House]:
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings) as opened:
        yield opened


def test_the_traders_events_are_counted_on_the_day_after(house: House) -> None:
    now = datetime.now(UTC)
    assert not is_index_due(house.log, now - DAY)
    assert is_index_due(house.log, now + DAY)
    row = record_index(house)
    assert (row.until, row.traders) == (house.head() - 1, 0)
    assert not is_index_due(house.log, row.recorded_at)
    assert is_index_due(house.log, row.recorded_at + DAY)


def test_the_check_is_done_at_night(house: House) -> None:
    night = datetime(2026, 11, 21, CHECKED_AT_HOUR, tzinfo=UTC)
    assert is_check_due(house.log, night)
    assert not is_check_due(house.log, night + timedelta(hours=1))


def test_what_runs_apart_says_how_it_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRUETAPE_HOME", str(tmp_path / "home"))
    stop = threading.Event()
    assert run_apart(("--help",), stop) == 0
    with pytest.raises(Unavailable, match="truetape no-such-command failed"):
        run_apart(("no-such-command",), stop)
    stop.set()
    assert run_apart(("work",), stop) == 0
