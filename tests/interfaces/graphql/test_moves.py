"""How far the read models are is known from announcements, and without them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

import pytest

from application.ports import Unavailable
from interfaces.graphql.moves import FRESH_S, Moves, Place
from tests.patience import PATIENCE_S

FEED, BOOKS = Place(5, 1, stopped=False), Place(4, 1, stopped=False)


class Database:
    """A database that knows the places, counts who asks, and may be away."""

    def __init__(self) -> None:
        self.places = {"feed": FEED, "books": BOOKS}
        self.asked = 0
        self.is_away = False
        self._lock = threading.Lock()

    def read(self) -> Mapping[str, Place]:
        with self._lock:
            self.asked += 1
        if self.is_away:
            raise Unavailable("nobody answers")
        return dict(self.places)


class Announcements:
    """What is announced, by hand."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Mapping[str, int]] = asyncio.Queue()

    async def heard(self) -> AsyncGenerator[Mapping[str, int], None]:
        while True:
            yield await self._waiting.get()

    def say(self, positions: Mapping[str, int]) -> None:
        self._waiting.put_nowait(positions)


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def announcements() -> Announcements:
    return Announcements()


@pytest.fixture
async def moves(database: Database, announcements: Announcements) -> AsyncIterator[Moves]:
    moves = Moves(database.read, announcements.heard)
    moves.start()
    await moves.confirm()
    yield moves
    await moves.close()


async def test_an_announcement_moves_what_it_names(
    moves: Moves, announcements: Announcements
) -> None:
    announcements.say({"feed": 6, "somebody else's": 9})
    async with asyncio.timeout(PATIENCE_S):
        await moves.moved()
    assert moves.places == {"feed": FEED._replace(position=6), "books": BOOKS}
    assert moves.reached(["feed", "books"]) == 4


async def test_an_announcement_from_before_moves_nothing_back(
    moves: Moves, announcements: Announcements
) -> None:
    announcements.say({"feed": 2})
    announcements.say({"feed": 7})
    async with asyncio.timeout(PATIENCE_S):
        await moves.moved()
    assert moves.places["feed"].position == 7


async def test_many_at_once_ask_the_database_once(moves: Moves, database: Database) -> None:
    await asyncio.sleep(FRESH_S * 1.5)
    before = database.asked
    await asyncio.gather(*(moves.confirm() for _ in range(50)))
    assert database.asked == before + 1
    await moves.confirm()
    assert database.asked == before + 1


async def test_what_was_not_announced_is_found_when_asked_for(
    moves: Moves, database: Database
) -> None:
    database.places["feed"] = FEED._replace(position=9)
    await asyncio.sleep(FRESH_S * 1.5)
    await moves.confirm()
    assert moves.places["feed"].position == 9


async def test_what_may_be_lost_is_looked_up_when_announcements_come_again(
    moves: Moves, database: Database, announcements: Announcements
) -> None:
    database.places["books"] = BOOKS._replace(position=8)
    await asyncio.sleep(FRESH_S * 1.5)
    announcements.say({})
    async with asyncio.timeout(PATIENCE_S):
        await moves.moved()
    assert moves.places["books"].position == 8


async def test_a_database_that_is_away_is_told_and_asked_again(
    moves: Moves, database: Database
) -> None:
    database.is_away = True
    await asyncio.sleep(FRESH_S * 1.5)
    with pytest.raises(Unavailable):
        await moves.confirm()
    database.is_away = False
    await moves.confirm()
