"""A house, what happens in it, and clients that ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from adapters.embedded import Servers
from domain.approvals import Role
from interfaces.clock import SetClock
from interfaces.compose import House, open_house
from interfaces.http import create_app
from interfaces.settings import Settings
from tests.conftest import NewDatabase
from tests.interfaces.graphql.world import NOON, Client, World


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def house(database_url: str, redis_url: str, tmp_path: Path, clock: SetClock) -> Iterator[House]:
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings, clock) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_house(
    new_database: NewDatabase, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A house for all tests of a module that only look."""
    with new_database() as url:
        settings = Settings(
            home=tmp_path_factory.mktemp("home"),
            database_url=url,
            redis_url=servers.redis_url,
        )
        with open_house(settings, SetClock(NOON)) as opened:
            yield opened


@pytest.fixture(scope="module")
def shared_secret(shared_house: House, tmp_path_factory: pytest.TempPathFactory) -> str:
    world = World(shared_house, SetClock(NOON), tmp_path_factory.mktemp("world"))
    secret = world.token("looker", Role.READER)
    world.catch_up()
    return secret


@pytest.fixture
async def looker(shared_house: House, shared_secret: str) -> AsyncIterator[Client]:
    """A reader in the shared house."""
    async with asking(create_app(shared_house)) as nobody:
        yield nobody.having(shared_secret)


@pytest.fixture
def world(house: House, clock: SetClock, tmp_path: Path) -> World:
    return World(house, clock, tmp_path)


@asynccontextmanager
async def asking(app: FastAPI) -> AsyncIterator[Client]:
    """Somebody who asks the application without a token."""
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http,
    ):
        yield Client(http)


@pytest.fixture
async def nobody(house: House) -> AsyncIterator[Client]:
    """Whoever has no token."""
    async with asking(create_app(house)) as nobody:
        yield nobody


@pytest.fixture
def reader(nobody: Client, world: World) -> Client:
    secret = world.token("rob", Role.READER)
    world.catch_up()
    return nobody.having(secret)


@pytest.fixture
def traded(world: World) -> str:
    """A signal that was approved, and the order that was filled on it."""
    world.quote("1.98", "2.00")
    signal = world.post()
    world.approve(signal)
    world.catch_up()
    return str(signal)
