"""The tape from its beginning, as reactions see it, a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from adapters.mapper import Decode
from adapters.postgres import Connection, translated
from application.reaction import Happened
from domain.shared import Event

PAGE = 2_000

_READ = """
SELECT position, stream, version, recorded_at, actor, correlation, name, body
FROM tape.events WHERE position > %b AND position <= %b AND name = ANY(%b)
ORDER BY position LIMIT %b
"""


def history(
    connection: Connection, events: Collection[type[Event]], head: int, decode: Decode
) -> Iterator[Happened]:
    """The events of these kinds up to a position, in order; a page of them is in memory.

    Raises:
        Unavailable: the database did not answer.
    """
    names = sorted(event.TOPIC for event in events)
    place = 0
    while True:
        with translated():
            rows = connection.execute(
                _READ, (place, head, names, PAGE), prepare=True, binary=True
            ).fetchall()
        for position, stream, version, recorded_at, actor, correlation, name, body in rows:
            event = decode(name, body, stream, version)
            yield Happened(position, stream, recorded_at, actor, correlation, event)
        if len(rows) < PAGE:
            return
        place = rows[-1][0]
