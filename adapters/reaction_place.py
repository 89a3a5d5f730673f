"""A reaction's place on the tape: taken with what comes next, moved with what came of it.

Either is one statement and one round trip: the way from an approval to its order passes here
several times. A lock of the session holds the place in between, so that others stand by; what is
decided is stored only if nobody has moved the place all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import errors

from adapters.append import tape_arguments
from adapters.mapper import Decode
from adapters.postgres import Connection, translated
from application.ports import Batch, Conflict
from application.reaction import Happened

HOLDS = 731030621
"""First key of the advisory locks that workers hold on the reactions they are at."""

_TAKE = f"""
WITH turn AS MATERIALIZED (
    SELECT pg_try_advisory_lock({HOLDS}, hashtext(%b)) AS is_mine
), here AS MATERIALIZED (
    SELECT position, state FROM tape.reactions WHERE reaction = %b
), head AS MATERIALIZED (
    SELECT coalesce(max(last_position), 0) AS position FROM (
        SELECT last_position FROM tape.commands ORDER BY last_position DESC LIMIT 1
    ) last
)
SELECT turn.is_mine, here.position, here.state, head.position,
    e.position, e.stream, e.version, e.name, e.body, e.recorded_at, e.actor, e.correlation
FROM turn CROSS JOIN here CROSS JOIN head LEFT JOIN LATERAL (
    SELECT position, stream, version, name, body, recorded_at, actor, correlation FROM tape.events
    WHERE position > here.position AND position <= head.position AND name = ANY(%b)
    ORDER BY position LIMIT %b
) e ON true
"""
_LET_GO = f"SELECT pg_advisory_unlock({HOLDS}, hashtext(%b))"
_MOVE = f"""
WITH moved AS (
    UPDATE tape.reactions SET position = %b, updated_at = clock_timestamp()
    WHERE reaction = %b AND position = %b
)
{_LET_GO}
"""
_REACT = f"""
WITH reacted AS MATERIALIZED (SELECT tape.react({", ".join(["%b"] * 17)}))
SELECT pg_advisory_unlock({HOLDS}, hashtext(%b)) FROM reacted
"""


class Taken(NamedTuple):
    """A place that is held until it is left, or what came of it is stored."""

    position: int
    state: str
    reached: int
    """The position up to which nothing that it handles is left out of `happened`."""
    happened: Sequence[Happened]


def take(
    connection: Connection, name: str, events: Sequence[str], limit: int, decode: Decode
) -> Taken | None:
    """Holds the place and says what comes next of the events of those names; None if another
    worker holds it.

    Raises:
        Unavailable: the database did not answer.
    """
    given = (name, name, list(events), limit)
    with translated():
        rows = connection.execute(_TAKE, given, prepare=True, binary=True).fetchall()
    if not rows or not rows[0][0]:
        return None
    position, state, head = rows[0][1:4]
    happened = [_happened(decode, *row[4:]) for row in rows if row[4] is not None]
    reached = happened[-1].position if len(happened) == limit else head
    return Taken(position, state, reached, happened)


def leave(connection: Connection, name: str, taken: Taken | None = None) -> None:
    """Lets go of the place, and moves it if something was passed by.

    Raises:
        Unavailable: the database did not answer.
    """
    with translated():
        if taken is None or taken.reached == taken.position:
            connection.execute(_LET_GO, (name,), prepare=True)
        else:
            connection.execute(_MOVE, (taken.reached, name, taken.position, name), prepare=True)


def store(
    connection: Connection,
    name: str,
    taken: Taken,
    changes: Mapping[str, bytes | None],
    batches: Sequence[Batch],
) -> None:
    """Stores all that came of the events, what is remembered and decided and the place, and lets
    go of it.

    Raises:
        Conflict: somebody else moved the place or changed a stream meanwhile; nothing is stored,
            and the place is still held.
        Unavailable: the database did not answer.
    """
    kept = {key: value for key, value in changes.items() if value is not None}
    gone = [key for key, value in changes.items() if value is None]
    is_single, arrays = tape_arguments(batches)
    moves = (name, taken.position, taken.reached)
    given = (*moves, list(kept), list(kept.values()), gone, is_single, *arrays, name)
    with translated():
        try:
            connection.execute(_REACT, given, prepare=True)
        except errors.SerializationFailure as error:
            raise Conflict(str(error.diag.message_primary)) from error


def let_go(connection: Connection) -> None:
    """Lets go of whatever the connection holds.

    Raises:
        Unavailable: the database did not answer.
    """
    with translated():
        connection.execute("SELECT pg_advisory_unlock_all()")


def _happened(
    decode: Decode,
    position: int,
    stream: UUID,
    version: int,
    name: str,
    body: bytes,
    recorded_at: datetime,
    actor: str,
    correlation: UUID | None,
) -> Happened:
    event = decode(name, body, stream, version)
    return Happened(position, stream, recorded_at, actor, correlation, event)
