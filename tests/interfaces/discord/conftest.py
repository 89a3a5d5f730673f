"""A house with an empty record, and a Discord with three channels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from interfaces.clock import SetClock
from interfaces.compose import House, open_house
from interfaces.settings import Settings
from tests.interfaces.discord.asking import Community
from tests.interfaces.discord.deck import Deck
from tests.interfaces.discord.gateway import LoopbackDiscord
from tests.interfaces.discord.listening import NOON, Record


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def house(database_url: str, redis_url: str, tmp_path: Path, clock: SetClock) -> Iterator[House]:
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings, clock) as opened:
        yield opened


@pytest.fixture
def record(house: House) -> Record:
    return Record(house)


@pytest.fixture
async def loopback() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord(NOON) as running:
        for name in ("options", "stocks", "lounge"):
            running.guild.channel(name)
        yield running


@pytest.fixture
def community(house: House, loopback: LoopbackDiscord, tmp_path: Path) -> Community:
    return Community(house, loopback, tmp_path)


@pytest.fixture
def deck(house: House, loopback: LoopbackDiscord, tmp_path: Path) -> Deck:
    for name in ("signals", "trades"):
        loopback.guild.channel(name)
    return Deck(house, loopback, tmp_path)
