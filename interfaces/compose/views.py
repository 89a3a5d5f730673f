"""Views: the connections on which rows are looked at, by the house itself or for a member."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.postgres import AUDITOR_ROLE, READER_ROLE, open_pool
from application.access import Member

ReadPool = ConnectionPool[Connection[Any]]

READ_CONNECTIONS = 8

_SEEN_BY = "SELECT set_config('truetape.viewer', %s, false)"


class Views:
    """Two pools: one sees everything, on the other the database leaves out what is others'."""

    def __init__(self, database_url: str, attend: Callable[[Connection[Any]], None]) -> None:
        """`attend` is told of each connection before it is used."""
        self.everything, self._shown = (
            open_pool(database_url, size=READ_CONNECTIONS, role=role, attend=attend)
            for role in (AUDITOR_ROLE, READER_ROLE)
        )

    @contextmanager
    def of(self, member: Member) -> Iterator[Connection[Any]]:
        """A connection that finds what the member may see: it is said anew each time whose it is.

        Raises:
            psycopg.Error, PoolTimeout: the database did not answer.
        """
        if member.sees_everything:
            with self.everything.connection() as connection:
                yield connection
            return
        with self._shown.connection() as connection:
            connection.execute(_SEEN_BY, (member.trader,), prepare=True)
            yield connection

    def close(self) -> None:
        """Gives the connections back."""
        self.everything.close()
        self._shown.close()
