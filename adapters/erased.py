"""Who was erased, and what outside the read models may still hold their words."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from adapters.mapper import decode_body
from adapters.postgres import Connection, translated
from adapters.sealed_bodies import key_id_of

_UNFINISHED = (
    "SELECT key_id, position, erased_at, clock_timestamp() - erased_at FROM tape.erased_keys"
    " WHERE cleaned_at IS NULL ORDER BY position"
)
_REGISTERED = "SELECT stream, name, body FROM tape.events WHERE name = 'trader.registered'"
_ROOMS = "SELECT name, body FROM tape.events WHERE name IN ('room.configured', 'room.changed')"
_ROOMS_OF_AUTHORS = "SELECT key FROM tape.reaction_memory WHERE key LIKE E'room:%\n%'"
_NAMED = (
    "SELECT count(*) FROM tape.events WHERE actor LIKE 'member:%' AND actor NOT LIKE 'member:~%'"
    " AND actor <> 'member:operator'"
)


class Erasure(NamedTuple):
    """A key that was destroyed, where that is on the tape, and for how long it is gone."""

    key_id: UUID
    position: int
    erased_at: datetime
    age: timedelta


def unfinished(connection: Connection) -> list[Erasure]:
    """The erasures after which not everything that held the words was made anew.

    Raises:
        Unavailable: the database did not answer.
    """
    with translated():
        return [Erasure(*row) for row in connection.execute(_UNFINISHED).fetchall()]


def finish(connection: Connection, erasures: Collection[Erasure]) -> None:
    """Says that nothing here holds any more what was sealed under these keys.

    Raises:
        Unavailable: the database did not answer.
    """
    with translated():
        connection.execute(
            "UPDATE tape.erased_keys SET cleaned_at = clock_timestamp() WHERE key_id = ANY(%s)",
            ([erasure.key_id for erasure in erasures],),
        )


def named_readably(connection: Connection) -> int:
    """How many events name who did them for good: these were recorded before names were sealed.

    Raises:
        Unavailable: the database did not answer.
    """
    with translated():
        found = connection.execute(_NAMED).fetchone()
    return 0 if found is None else int(found[0])


def drop_copies(
    connection: Connection, erasures: Collection[Erasure], opened: Callable[[str], str]
) -> None:
    """Throws away what reactions remember of these people, and all snapshots: either is made anew
    of the tape when it is needed. `opened` reads the names that are sealed in a text.

    Raises:
        Unavailable: the database did not answer.
    """
    keys = {erasure.key_id for erasure in erasures}
    with translated(), connection.transaction():
        known = [
            f"trader:{stream}"
            for stream, name, body in connection.execute(_REGISTERED, binary=True)
            if key_id_of(name, body) in keys
        ]
        known += _rooms_of_nobody(connection, opened)
        connection.execute("DELETE FROM tape.reaction_memory WHERE key = ANY(%s)", (known,))
        connection.execute("DELETE FROM tape.snapshots")


def _rooms_of_nobody(connection: Connection, opened: Callable[[str], str]) -> list[str]:
    """Where a reaction keeps settings of authors of whom the tape does not tell any more."""
    told = set()
    for name, body in connection.execute(_ROOMS, binary=True):
        settings = decode_body(name, body)
        told.add(f"room:{settings.channel}\n{opened(settings.author)}")
    return [key for (key,) in connection.execute(_ROOMS_OF_AUTHORS) if key not in told]
