"""Moves: how far the read models are, as this process knows it, and waiting until they move.

Announcements come over Redis within milliseconds. What they miss is asked of the database: at
the latest every few seconds, and before a kept answer is given out again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Any, NamedTuple

import psycopg

from application.ports import Unavailable
from interfaces.ending import ended

FRESH_S = 0.05
"""How long a place that was read from the database is taken for the present one."""
POLL_S = 2.0

_log = logging.getLogger(__name__)


class Place(NamedTuple):
    """Where a read model is: events up to `position` are in its `build`."""

    position: int
    build: int
    stopped: bool


Places = Mapping[str, Place]


def read_places(connection: psycopg.Connection[Any]) -> dict[str, Place]:
    """The place of every read model."""
    rows = connection.execute(
        "SELECT projection, position, build, state = 'stopped' FROM read.checkpoints",
        prepare=True,
    )
    return {row[0]: Place(*row[1:]) for row in rows}


class Moves:
    """Follows the read models; to be used from one event loop."""

    def __init__(
        self,
        read: Callable[[], Places],
        announced: Callable[[], AsyncGenerator[Mapping[str, int], None]],
    ) -> None:
        self._read = read
        self._announced = announced
        self.places: dict[str, Place] = {}
        self._confirmed_at = float("-inf")
        self._confirming: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self._followers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins to follow, until `close`."""
        self._followers = [
            asyncio.create_task(self._listen(), name="announcements"),
            asyncio.create_task(self._poll(), name="places"),
        ]

    async def close(self) -> None:
        """Stops following."""
        await ended(self._followers)

    async def confirm(self) -> None:
        """Makes sure that the known places are true or were just now.

        Raises:
            Unavailable: the database does not answer.
        """
        if asyncio.get_running_loop().time() - self._confirmed_at < FRESH_S:
            return
        if self._confirming is None:
            self._confirming = asyncio.create_task(self._confirm())
        await asyncio.shield(self._confirming)

    def reached(self, names: Iterable[str]) -> int:
        """The position that all of these read models have reached."""
        return min((self.places[name].position for name in names if name in self.places), default=0)

    async def moved(self) -> None:
        """Waits until some read model moves."""
        await self._moved.wait()

    async def _confirm(self) -> None:
        try:
            loop = asyncio.get_running_loop()
            began = loop.time()
            places = await loop.run_in_executor(None, self._read)
            self._confirmed_at = began
            self._take(places)
        finally:
            self._confirming = None

    async def _listen(self) -> None:
        async with aclosing(self._announced()) as announced:
            async for positions in announced:
                if not positions:
                    await self._confirm_quietly()
                self._take(
                    {
                        name: self.places[name]._replace(position=position)
                        for name, position in positions.items()
                        if name in self.places and position > self.places[name].position
                    }
                )

    async def _poll(self) -> None:
        while True:
            await self._confirm_quietly()
            await asyncio.sleep(POLL_S)

    async def _confirm_quietly(self) -> None:
        try:
            await self.confirm()
        except (Unavailable, psycopg.Error) as error:
            _log.warning("the read models cannot be followed: %s", error)

    def _take(self, places: Places) -> None:
        if any(self.places.get(name) != place for name, place in places.items()):
            self.places.update(places)
            # Whoever waits now is woken; whoever waits from now on waits for the next move.
            self._moved.set()
            self._moved = asyncio.Event()
