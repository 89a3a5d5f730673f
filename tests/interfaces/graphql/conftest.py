"""A house, what happens in it, and clients that ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from domain.approvals import Role
from interfaces.clock import SetClock
from interfaces.compose import House, open_house
from interfaces.http import create_app
from interfaces.settings import Settings
from tests.interfaces.graphql.world import NOON, Client, World


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def house(database_url: str, redis_url: str, tmp_path: Path, clock: SetClock) -> Iterator[House]:
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings, clock) as opened:
        yield opened


@pytest.fixture
def world(house: House, clock: SetClock, tmp_path: Path) -> World:
    return World(house, clock, tmp_path)


@pytest.fixture
async def app(house: House) -> AsyncIterator[FastAPI]:
    app = create_app(house)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def nobody(app: FastAPI) -> AsyncIterator[Client]:
    """Whoever has no token."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        yield Client(http)


@pytest.fixture
def reader(nobody: Client, world: World) -> Client:
    secret = world.token("rob", Role.READER)
    world.catch_up()
    return nobody.having(secret)
