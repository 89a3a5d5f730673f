"""Listening: a connection over which subscriptions run, and who holds it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar, cast

from psycopg import Connection

from application.access import Member
from interfaces.compose import House
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
        return await loop.run_in_executor(None, partial(_read, self.house, self.member, work))

    async def sees_account(self, name: str) -> bool:
        """Whether whoever listens may see the account, for what comes from no read model.

        Raises:
            Unavailable: the database does not answer.
        """
        if self.member is not None and self.member.sees_everything:
            return True
        return await self.read(lambda connection: _is_shown(connection, name))

    def _authorization(self) -> str | None:
        for name, value in (self.connection_params or {}).items():
            if name.lower() == "authorization":
                return str(value)
        return self._header


def _read(house: House, member: Member | None, work: Callable[[Connection[Any]], T]) -> T:
    assert member is not None, "who listens was let in"
    with database_errors(), house.seen_by(member) as connection:
        return work(connection)


def _is_shown(connection: Connection[Any], account: str) -> bool:
    query = "SELECT %s::text <> ALL (tape.hidden_names())"
    row = connection.execute(query, (account,), prepare=True).fetchone()
    return row is not None and bool(row[0])


def listening_of(info: Any) -> Listening:
    """The context of a subscription's resolver."""
    return cast("Listening", info.context)
