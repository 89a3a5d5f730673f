"""Who was erased, and what outside the read models may still hold their words."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from adapters.postgres import Connection, translated
from adapters.sealed_bodies import key_id_of

_UNFINISHED = (
    "SELECT key_id, position, erased_at, clock_timestamp() - erased_at FROM tape.erased_keys"
    " WHERE cleaned_at IS NULL ORDER BY position"
)
_REGISTERED = "SELECT stream, name, body FROM tape.events WHERE name = 'trader.registered'"


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


def drop_copies(connection: Connection, erasures: Collection[Erasure]) -> None:
    """Throws away what reactions remember of these people, and all snapshots: either is made anew
    of the tape when it is needed.

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
        connection.execute("DELETE FROM tape.reaction_memory WHERE key = ANY(%s)", (known,))
        connection.execute("DELETE FROM tape.snapshots")
