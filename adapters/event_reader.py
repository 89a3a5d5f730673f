"""Reading the tape: the tail after a position, one stream, one command."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache, partial
from struct import Struct
from typing import NamedTuple
from uuid import UUID

import psycopg
from psycopg import errors
from psycopg.adapt import Transformer
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.sql import SQL, Literal

from adapters.postgres import Connection, translated
from application.ports import Appended

CHANNEL = "tape"
_COLUMNS = "position, stream, version, name, body, recorded_at, actor, correlation, causation"

_READ_AFTER = f"SELECT {_COLUMNS} FROM tape.events WHERE position > %b ORDER BY position LIMIT %b"

# Folds look at nothing else; what is not read is not sent and not made into objects. The names
# stand in the query: the server looks a row up in a list that it knows, and searches any other.
_READ_RANGE = SQL(
    "SELECT position, stream, version, name, body FROM tape.events"
    " WHERE position > $1 AND position <= $2 AND name = ANY({names}) ORDER BY position"
)
_POSITION = Struct("!q").pack
_BIGINT = 20
"""Its number among PostgreSQL's types."""
_BINARY = 1

_RECORDED_AT = "SELECT recorded_at FROM tape.events WHERE position = %s"

# The stream's own positions keep the search out of all other partitions.
_READ_STREAM = (
    f"SELECT {_COLUMNS} FROM tape.events WHERE stream = %b"
    " AND position >= (SELECT first_position FROM tape.streams WHERE stream = %b)"
    " AND position <= (SELECT last_position FROM tape.streams WHERE stream = %b)"
    " ORDER BY version"
)


class RawEvent(NamedTuple):
    """An event as it lies on the tape: the envelope, and the body still as bytes."""

    position: int
    stream: UUID
    version: int
    name: str
    body: bytes
    recorded_at: datetime
    actor: str
    correlation: UUID | None
    causation: int | None


class FoldedEvent(NamedTuple):
    """An event with as much of its envelope as folding takes."""

    position: int
    stream: UUID
    version: int
    name: str
    body: bytes


# Without a call of Python's for each row.
_raw_event = partial(tuple.__new__, RawEvent)
_folded_event = partial(tuple.__new__, FoldedEvent)


class Command(NamedTuple):
    """What the tape knows of a command id."""

    input_hash: bytes
    appended: Appended


def read_after(connection: Connection, position: int, limit: int) -> list[RawEvent]:
    """The next events after a position, in order; fewer than `limit` means: up to the head.

    A position that is visible has all smaller ones before it visible too, so the last
    position read is a safe checkpoint.

    Raises:
        Unavailable: the database did not answer.
    """
    with translated():
        found = connection.execute(_READ_AFTER, (position, limit), prepare=True, binary=True)
        return list(map(_raw_event, found.fetchall()))


def read_range(
    connection: Connection, position: int, until: int, names: Sequence[str]
) -> list[FoldedEvent]:
    """The events after a position and up to another that have one of the names, in order.

    Waits in one piece for the whole answer and lets other threads run meanwhile. psycopg's own
    way asks for the interpreter at each of the hundred pieces that an answer arrives in; while
    another thread folds, each of them waits for its turn.

    Raises:
        Unavailable: the database did not answer.
    """
    query = _range_of(tuple(names))
    bounds = [_POSITION(position), _POSITION(until)]
    with translated():
        found = connection.pgconn.exec_params(
            query, bounds, [_BIGINT, _BIGINT], [_BINARY, _BINARY], _BINARY
        )
        if found.status != ExecStatus.TUPLES_OK:
            raise _failure(found)
        rows = Transformer(connection)
        rows.set_pgresult(found)
        return list(map(_folded_event, rows.load_rows(0, found.ntuples, tuple)))


def _failure(found: PGresult) -> psycopg.Error:
    """What psycopg raises for an answer that is none; a lost connection has no code."""
    said = found.error_message.decode(errors="replace").strip()
    code = found.error_field(DiagnosticField.SQLSTATE)
    if code is None:
        return psycopg.OperationalError(said)
    try:
        return errors.lookup(code.decode())(said)
    except KeyError:
        return psycopg.DatabaseError(said)


@lru_cache(maxsize=64)
def _range_of(names: tuple[str, ...]) -> bytes:
    return _READ_RANGE.format(names=Literal(list(names))).as_bytes()


def read_stream(connection: Connection, stream: UUID) -> list[RawEvent]:
    """All events of one stream, oldest first.

    Raises:
        Unavailable: the database did not answer.
    """
    with translated():
        found = connection.execute(
            _READ_STREAM, (stream, stream, stream), prepare=True, binary=True
        )
        return list(map(_raw_event, found.fetchall()))


def position_at(connection: Connection, moment: datetime) -> int:
    """The last position that was recorded up to a moment; 0 before the first one.

    Times never fall along the tape, so a search by halves finds it in some twenty looks.

    Raises:
        Unavailable: the database did not answer.
    """
    low, high = 0, read_head(connection)
    with translated():
        while low < high:
            middle = (low + high + 1) // 2
            row = connection.execute(_RECORDED_AT, (middle,), prepare=True).fetchone()
            if row is not None and row[0] <= moment:
                low = middle
            else:
                high = middle - 1
    return low


def read_head(connection: Connection) -> int:
    """The last position on the tape; 0 while it is empty.

    Raises:
        Unavailable: the database did not answer.
    """
    with translated():
        row = connection.execute(
            "SELECT last_position FROM tape.commands ORDER BY last_position DESC LIMIT 1",
            prepare=True,
        ).fetchone()
    return 0 if row is None else int(row[0])


def find_command(connection: Connection, command_id: UUID) -> Command | None:
    """What came of a command id, if it is on the tape.

    Raises:
        Unavailable: the database did not answer.
    """
    with translated():
        row = connection.execute(
            "SELECT input_hash, first_position, last_position FROM tape.commands"
            " WHERE command_id = %b",
            (command_id,),
            prepare=True,
        ).fetchone()
    return None if row is None else Command(row[0], Appended(row[1], row[2], repeated=True))


def listen(connection: Connection) -> None:
    """Subscribes this connection to the tape: call it before the first read, so that no
    append falls between reading and waiting.

    Raises:
        Unavailable: the database did not answer.
    """
    with translated():
        connection.execute(f"LISTEN {CHANNEL}")


def wait_for_events(connection: Connection, timeout: float) -> int | None:
    """Waits until something was appended and returns the newest position told, else None.

    The connection must be listening and in autocommit. A missed notification costs only
    time: read again after the timeout whatever the answer.

    Raises:
        Unavailable: the connection is lost.
    """
    newest: int | None = None
    with translated():
        for notification in connection.notifies(timeout=timeout, stop_after=1):
            newest = int(notification.payload)
        if newest is not None:
            # One read answers all that were told in the meantime.
            for notification in connection.notifies(timeout=0):
                newest = int(notification.payload)
    return newest


def wake(connection: Connection) -> None:
    """Has everybody who waits for events look up once.

    Raises:
        Unavailable: the database did not answer.
    """
    with translated():
        connection.execute("SELECT pg_notify(%s, '0')", (CHANNEL,))
