"""Listening: a connection over which subscriptions run, and who holds it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar, cast

from psycopg import Connection

from application.access import Member
from interfaces.compose import House, ReadPool
from interfaces.graphql.documents import Documents
from interfaces.graphql.errors import database_errors
from interfaces.graphql.marks import Marks
from interfaces.graphql.moves import Moves
from interfaces.graphql.reading import Asking

T = TypeVar("T")


class Listening(Asking):
    """The context of every resolver of one connection's subscriptions."""

    def __init__(
        self,
        house: House,
        documents: Documents,
        moves: Moves,
        marks: Marks,
        admit: Callable[[str | None], Awaitable[Member]],
        header: str | None,
    ) -> None:
        super().__init__(house, documents, None)
        self.moves = moves
        self.marks = marks
        self.connection_params: dict[str, Any] | None = None
        """What the client sent with connection_init; set by the protocol's handler."""
        self._admit = admit
        self._header = header

    async def check_entry(self) -> None:
        """Makes sure that whoever listens is still let in.

        Raises:
            Unauthenticated: the token was revoked meanwhile.
            Unavailable: that cannot be found out at the moment.
        """
        self.member = await self._admit(self._authorization())

    async def read(self, work: Callable[[Connection[Any]], T]) -> T:
        """Runs queries in a thread, as they would keep everybody else waiting.

        Raises:
            Unavailable: the database does not answer.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, partial(_read, self.house.reader, work))

    def _authorization(self) -> str | None:
        for name, value in (self.connection_params or {}).items():
            if name.lower() == "authorization":
                return str(value)
        return self._header


def _read(pool: ReadPool, work: Callable[[Connection[Any]], T]) -> T:
    with database_errors(), pool.connection() as connection:
        return work(connection)


def listening_of(info: Any) -> Listening:
    """The context of a subscription's resolver."""
    return cast("Listening", info.context)
