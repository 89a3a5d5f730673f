"""Putting batches on the tape: on a connection of the appender's own, or on a caller's.

One event of one command and many batches at once go through functions of their own, which
answer with a position when all of it fits. Only when not is each batch looked at for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg import errors, generators
from psycopg.adapt import Dumper
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from adapters.postgres import WRITER_ROLE, Connection, connect, translated
from adapters.wire import EncodedBatch, batch_arrays, encode, event_values
from application.ports import Appended, Batch, Conflict

Outcome = Appended | Conflict


_ONE = "SELECT tape.append_event($1, $2, $3, $4, $5, $6, $7, $8, $9)"
_MANY = "SELECT tape.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_EACH = (
    "SELECT outcome, first_position, last_position"
    " FROM tape.append_each($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
)


class TapeWriter:
    """A connection of its own that appends in one transaction and one round trip a call.

    It speaks to libpq directly, because the general adaptation of values takes half as long
    as the append itself.
    """

    def __init__(self, url: str) -> None:
        """Raises:
        Unavailable: the server does not answer.
        """
        self._connection = connect(url, role=WRITER_ROLE)
        with translated():
            for name, call in (b"one", _ONE), (b"many", _MANY):
                self._connection.pgconn.send_prepare(name, call.encode())
                self._result()

    def append(self, batches: Sequence[EncodedBatch]) -> list[Outcome]:
        """Appends one batch or many.

        Raises:
            Unavailable: the connection is lost or the server is going down.
            PortRefused: the database understood and said no.
        """
        with translated():
            if len(batches) == 1 and batches[0].size == 1:
                position = self._position(b"one", event_values(batches[0]))
            elif _repeats(batches):
                position = None
            else:
                position = self._position(b"many", batch_arrays(batches))
            if position is None:
                return _append_each(self._connection, batches)
        return _in_line(batches, position)

    def close(self) -> None:
        self._connection.close()

    def _position(self, name: bytes, values: Sequence[bytes | None]) -> int | None:
        self._connection.pgconn.send_query_prepared(
            name, values, [Format.BINARY] * len(values), result_format=Format.BINARY
        )
        value = self._result().get_value(0, 0)
        return None if value is None else int.from_bytes(value, "big")

    def _result(self) -> PGresult:
        """Waits as psycopg does, so that Ctrl-C still works."""
        result: PGresult
        (result,) = self._connection.wait(generators.execute(self._connection.pgconn))
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise errors.error_from_result(result)
        return result


def tape_arguments(batches: Sequence[Batch]) -> tuple[bool, list[bytes]]:
    """The batches as a function that appends them takes them, and whether it has to look at each
    of them for itself.

    Raises:
        ValueError: a batch has no event.
    """
    encoded = [encode(batch) for batch in batches]
    return _repeats(encoded), [_Binary(array) for array in batch_arrays(encoded)]


def append_on(connection: Connection, batches: Sequence[Batch]) -> list[Outcome]:
    """Appends inside the caller's own transaction, and decides nothing about its commit.

    From here to the commit no one else can append: whatever locks the caller needs besides
    must be held already.

    Raises:
        Unavailable: the connection is lost or the server is going down.
        PortRefused: the database understood and said no.
        ValueError: a batch has no event.
    """
    if not batches:
        return []
    encoded = [encode(batch) for batch in batches]
    with translated():
        position = None if _repeats(encoded) else _rows(connection, _MANY, encoded)[0][0]
        if position is None:
            return _append_each(connection, encoded)
    return _in_line(encoded, position)


def _repeats(batches: Sequence[EncodedBatch]) -> bool:
    """Whether a command id comes twice: two threads may be sent the same command."""
    return len({batch.command_id for batch in batches}) < len(batches)


def _append_each(connection: Connection, batches: Sequence[EncodedBatch]) -> list[Outcome]:
    rows = _rows(connection, _EACH, batches)
    return [_outcome(sent.batch, *row) for sent, row in zip(batches, rows, strict=True)]


def _rows(
    connection: Connection, call: str, batches: Sequence[EncodedBatch]
) -> list[tuple[Any, ...]]:
    cursor = psycopg.RawCursor(connection)
    arrays = [_Binary(array) for array in batch_arrays(batches)]
    return cursor.execute(call, arrays, prepare=True, binary=True).fetchall()


def _in_line(batches: Sequence[EncodedBatch], position: int) -> list[Outcome]:
    """Batches that went in together lie one behind the other."""
    stored: list[Outcome] = []
    for batch in batches:
        stored.append(Appended(position, position + batch.size - 1))
        position += batch.size
    return stored


def _outcome(batch: Batch, outcome: str, first: int, last: int) -> Outcome:
    if outcome == "stored":
        return Appended(first, last)
    if outcome == "repeated":
        return Appended(first, last, repeated=True)
    if outcome == "reused":
        command_id = batch.envelope.command_id
        return Conflict(f"command id {command_id} was used before for other input")
    return Conflict(f"somebody was faster: no longer {_expected_versions(batch.events)}")


def _expected_versions(events: Sequence[StoredEvent]) -> str:
    """The state that the events were decided on, for the person who has to look again."""
    first: dict[UUID | str, int] = {}
    for event in events:
        first.setdefault(event.originator_id, event.originator_version - 1)
    return ", ".join(f"stream {stream} at version {version}" for stream, version in first.items())


class _Binary(bytes):
    """A value in binary form; the function it is for says which type it is of."""


class _BinaryDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: _Binary) -> bytes:
        return obj


psycopg.adapters.register_dumper(_Binary, _BinaryDumper)
