"""The tape as the application's port: appends in groups, reads many streams at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from psycopg_pool import ConnectionPool

from adapters.appender import Appender
from adapters.event_reader import find_command
from adapters.postgres import Connection, borrowed
from application.ports import Appended, Batch, Conflict

# The first and last position of the wanted streams keep the search out of other partitions.
_READ_STREAMS = """
SELECT e.stream, e.version, e.name, e.body
FROM tape.streams s JOIN tape.events e
  ON e.stream = s.stream AND e.position BETWEEN s.first_position AND s.last_position
WHERE s.stream = ANY(%b)
ORDER BY e.position
"""


class PostgresTape:
    """Appends through the group-commit appender and reads from a pool."""

    def __init__(self, appender: Appender, pool: ConnectionPool[Connection]) -> None:
        self._appender = appender
        self._pool = pool

    def append(self, batches: Sequence[Batch]) -> Sequence[Appended | Conflict]:
        """Stores each batch or says why not."""
        return self._appender.append(batches)

    def outcome_of(self, command_id: UUID) -> tuple[bytes, Appended] | None:
        """The input hash and place of a command that is in, or None."""
        with borrowed(self._pool) as connection:
            return find_command(connection, command_id)

    def read_streams(self, streams: Sequence[UUID]) -> Mapping[UUID, Sequence[StoredEvent]]:
        """All events of each stream that exists, in order."""
        if not streams:
            return {}
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                _READ_STREAMS, (list(streams),), prepare=True, binary=True
            ).fetchall()
        found: dict[UUID, list[StoredEvent]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(StoredEvent(*row))
        return found
