"""The tape as who has the keys reads it: events with what is sealed in them opened."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from interfaces.compose import House


class Opened(NamedTuple):
    """An event and its body."""

    stream: UUID
    name: str
    body: dict[str, Any]


def opened_tape(house: House, where: str = "true", order: str = "position") -> list[Opened]:
    """The events that SQL's condition is true of."""
    bodies = house.subjects.bodies
    assert bodies is not None, "this house has keys"
    with house.reader.connection() as connection:
        rows = connection.execute(
            "SELECT name, body, stream, version FROM tape.events"
            f" WHERE {where} ORDER BY {order}".encode()
        ).fetchall()
    return [Opened(row[2], row[0], msgspec.json.decode(bodies.opened(*row))) for row in rows]
