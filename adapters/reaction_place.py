"""A reaction's place on the tape: taken with what comes next, moved with what came of it.

Either is one round trip, however many statements it takes: the way from an approval to its order
passes here several times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import errors

from adapters.append import tape_arguments
from adapters.mapper import decode_body
from adapters.postgres import Connection, translated
from application.ports import Batch, Conflict
from application.reaction import Happened

# The row of the place is locked and the tape read in one statement. Where the place was moved at
# that very moment, the head that the statement sees may lie before it.
_TAKE = """
WITH here AS MATERIALIZED (
    SELECT position, state FROM tape.reactions WHERE reaction = %b FOR UPDATE SKIP LOCKED
), head AS MATERIALIZED (
    SELECT coalesce(max(last_position), 0) AS position FROM (
        SELECT last_position FROM tape.commands ORDER BY last_position DESC LIMIT 1
    ) last
)
SELECT here.position, here.state, greatest(head.position, here.position),
    e.position, e.stream, e.name, e.body, e.recorded_at, e.actor, e.correlation
FROM here CROSS JOIN head LEFT JOIN LATERAL (
    SELECT position, stream, name, body, recorded_at, actor, correlation FROM tape.events
    WHERE position > here.position AND position <= head.position AND name = ANY(%b)
    ORDER BY position LIMIT %b
) e ON true
"""
_MOVE = (
    "UPDATE tape.reactions SET position = %b, updated_at = clock_timestamp() WHERE reaction = %b"
)
_REACT = f"SELECT tape.react({', '.join(['%b'] * 16)})"


class Taken(NamedTuple):
    """A place that is held until the transaction ends."""

    position: int
    state: str
    reached: int
    """The position up to which nothing that it handles is left out of `happened`."""
    happened: Sequence[Happened]


def take(connection: Connection, name: str, events: Sequence[str], limit: int) -> Taken | None:
    """Begins a transaction that holds the place, with the next events of those names; None if
    another worker holds it.

    Raises:
        Unavailable: the database did not answer.
    """
    with translated():
        with connection.pipeline():
            connection.execute("BEGIN", prepare=True)
            found = connection.execute(
                _TAKE, (name, list(events), limit), prepare=True, binary=True
            )
        rows = found.fetchall()
    if not rows:
        return None
    position, state, head = rows[0][:3]
    happened = [_happened(*row[3:]) for row in rows if row[3] is not None]
    reached = happened[-1].position if len(happened) == limit else head
    return Taken(position, state, reached, happened)


def leave(connection: Connection, name: str, reached: int | None = None) -> None:
    """Ends the transaction, the place moved if it is told where to.

    Raises:
        Unavailable: the database did not answer.
    """
    with translated(), connection.pipeline():
        if reached is not None:
            connection.execute(_MOVE, (reached, name), prepare=True)
        connection.execute("COMMIT", prepare=True)


def store(
    connection: Connection,
    name: str,
    reached: int,
    changes: Mapping[str, bytes | None],
    batches: Sequence[Batch],
) -> None:
    """Ends the transaction with all that came of the events: what is remembered and decided,
    and the place.

    Raises:
        Conflict: somebody else changed a stream meanwhile; the transaction is still to be ended.
        Unavailable: the database did not answer.
    """
    kept = {key: value for key, value in changes.items() if value is not None}
    gone = [key for key, value in changes.items() if value is None]
    is_single, arrays = tape_arguments(batches)
    given = (name, reached, list(kept), list(kept.values()), gone, is_single, *arrays)
    with translated():
        try:
            with connection.pipeline():
                connection.execute(_REACT, given, prepare=True)
                connection.execute("COMMIT", prepare=True)
        except errors.SerializationFailure as error:
            raise Conflict(str(error.diag.message_primary)) from error


def _happened(
    position: int,
    stream: UUID,
    name: str,
    body: bytes,
    recorded_at: datetime,
    actor: str,
    correlation: UUID | None,
) -> Happened:
    return Happened(position, stream, recorded_at, actor, correlation, decode_body(name, body))
