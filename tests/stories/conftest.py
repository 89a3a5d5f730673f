"""A house of the story's own, whose clock the story sets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from interfaces.clock import SetClock
from interfaces.compose import House, open_house
from interfaces.settings import Settings
from tests.conftest import NewDatabase
from tests.stories.telling import Told


@pytest.fixture(scope="session")
def new_database(new_furnished_database: NewDatabase) -> NewDatabase:
    """Every story opens a house, which would make its read tables first."""
    return new_furnished_database


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 11, 16, 14, 0, tzinfo=UTC))


@pytest.fixture
def house(database_url: str, redis_url: str, tmp_path: Path, clock: SetClock) -> Iterator[House]:
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings, clock) as opened:
        yield opened


@pytest.fixture
def story(house: House, clock: SetClock, tmp_path: Path) -> Told:
    return Told(house, clock, tmp_path)
