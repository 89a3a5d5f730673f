"""Every trader's story at once, for the log's index: which positions are whose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from psycopg import Connection

from projections.messages import Messages
from projections.timeline import Timeline

AT_ONCE = 50_000

RULES = 1_000 * Messages.edition + Timeline.edition
"""What makes an event part of a story: who changes either of the two changes the rules."""

# What `projections.timeline` tells of one subject.
_STORIES = """
WITH traders AS ({traders})
SELECT subject, position FROM read.timeline
WHERE subject IN (SELECT trader FROM traders) AND position <= %(until)s
UNION
SELECT e.stream, e.position
FROM traders t
JOIN tape.streams s ON s.stream = t.trader
JOIN tape.events e ON e.stream = s.stream
    AND e.position BETWEEN s.first_position AND s.last_position
WHERE e.position <= %(until)s
UNION
SELECT trader, valid_from FROM read.messages
WHERE trader IN (SELECT trader FROM traders) AND valid_from <= %(until)s
ORDER BY 1, 2
"""
_OF_ALL = _STORIES.format(
    traders="SELECT DISTINCT trader FROM read.trader_profiles WHERE valid_from <= %(until)s"
)
_OF_ONE = _STORIES.format(traders="SELECT %(trader)s::uuid AS trader")


def stories(connection: Connection[Any], until: int) -> Iterator[tuple[UUID, int]]:
    """Traders and positions up to one, in the order of both; in a transaction of its own."""
    with connection.transaction(), connection.cursor("stories") as cursor:
        cursor.itersize = AT_ONCE
        cursor.execute(_OF_ALL, {"until": until}, binary=True)
        yield from cursor


def story(connection: Connection[Any], trader: UUID, until: int) -> list[int]:
    """The positions of one trader's story up to one, in order."""
    found = connection.execute(_OF_ONE, {"until": until, "trader": trader}, binary=True)
    return [position for _, position in found.fetchall()]
