"""What is held and guarded, as the exiting reaction remembers it, for the position monitor."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.postgres import borrowed
from application.exiting import Exiting
from application.guarded import PREFIX, Guarded, remembered_plan


class GuardedPositions:
    """The plans, where exiting has come to on the tape; those unchanged are the same objects."""

    def __init__(self, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool
        self._known: dict[str, tuple[bytes, Guarded]] = {}

    def guarded(self) -> list[Guarded]:
        """Every holding with its plan.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                "SELECT key, value FROM tape.reaction_memory"
                " WHERE reaction = %b AND starts_with(key, %b) ORDER BY key",
                (Exiting.name, PREFIX),
                binary=True,
            ).fetchall()
        known, self._known = self._known, {}
        for key, value in rows:
            before = known.get(key)
            same = before is not None and before[0] == value
            self._known[key] = before if before and same else (value, remembered_plan(value))
        return [row for _, row in self._known.values()]
