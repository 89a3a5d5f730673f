"""Trail: the events of a story that somebody looks for, and single events whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.transparency.leaf import LoggedEvent
from projections.opening import opened_actor
from projections.timeline import STORY, TimelineEvent, readable, timeline

HAPPENED = (
    "posted_at", "transact_time", "marked_at", "edited_at", "noticed_at", "settled_at",
    "exercised_at", "assigned_at", "effective_at", "closed_at", "happened_at", "timestamp",
)  # fmt: skip
"""The fields of a body that say when it was true in the world; the first that is there counts."""


class Sought(NamedTuple):
    """Which events are looked for: None, or nothing, is all of them.

    `kinds` are stored names, or what they begin with before the dot. `after` and `until` are
    positions; `since` and `before` say when it happened.
    """

    kinds: Sequence[str] = ()
    actor: str = ""
    since: datetime | None = None
    before: datetime | None = None
    after: int | None = None
    until: int | None = None

    @property
    def looks_inside(self) -> bool:
        """Whether more than the place on the tape has to be known of an event."""
        return bool(self.kinds or self.actor or self.since or self.before)


def trail(
    connection: Connection[Any],
    subject: UUID,
    sought: Sought,
    *,
    as_of: int | None = None,
    after: int | None = None,
    limit: int = 50,
    descending: bool = True,
) -> list[TimelineEvent]:
    """The events of a subject's story that are looked for; `after` is the last position seen."""
    last = min((known for known in (as_of, sought.until) if known is not None), default=None)
    if not sought.looks_inside and sought.after is None:
        return timeline(
            connection, subject, as_of=last, after=after, limit=limit, descending=descending
        )
    begin, end = (sought.after, after) if descending else (_later(sought.after, after), None)
    # Filters may leave nothing of a part, so all of each is looked through.
    story = STORY.format(limits=_limits(begin, end, last), order="")
    direction = "DESC" if descending else "ASC"
    query = f"{story} WHERE {_conditions(sought)} ORDER BY position {direction} LIMIT %(limit)s"
    found = connection.execute(
        query,
        {
            "since": sought.since,
            "before": sought.before,
            "subject": subject,
            "begin": begin,
            "end": end,
            "last": last,
            "limit": limit,
            "actors": _actors(connection, subject, sought.actor) if sought.actor else [],
            "kinds": list(sought.kinds),
        },
        binary=True,
    )
    return [readable(connection, TimelineEvent(*row)) for row in found.fetchall()]


def _actors(connection: Connection[Any], subject: UUID, wanted: str) -> list[str]:
    """The actors of a story, as they are stored, in whose readable name a text is found."""
    query = f"SELECT DISTINCT actor FROM ({STORY.format(limits='', order='')}) told"
    stored = [row[0] for row in connection.execute(query, {"subject": subject}).fetchall()]
    part = wanted.lower()
    return [actor for actor in stored if part in opened_actor(connection, actor).lower()]


def _later(one: int | None, other: int | None) -> int | None:
    return max((place for place in (one, other) if place is not None), default=None)


def _limits(begin: int | None, end: int | None, last: int | None) -> str:
    named = (("> %(begin)s", begin), ("< %(end)s", end), ("<= %(last)s", last))
    return "".join(f" AND position {which}" for which, place in named if place is not None)


def _conditions(sought: Sought) -> str:
    conditions = ["true"]
    if sought.kinds:
        conditions.append(
            "(e.name = ANY(%(kinds)s) OR split_part(e.name, '.', 1) = ANY(%(kinds)s))"
        )
    if sought.actor:
        conditions.append("e.actor = ANY(%(actors)s)")
    if sought.since is not None:
        conditions.append(f"{_HAPPENED} >= %(since)s")
    if sought.before is not None:
        conditions.append(f"{_HAPPENED} < %(before)s")
    return " AND ".join(conditions)


_HAPPENED = (
    "(SELECT coalesce("
    + ", ".join(f"b ->> '{name}'" for name in HAPPENED)
    + ")::timestamptz FROM (SELECT convert_from(e.body, 'UTF8')::json AS b) body)"
)


def event_at(connection: Connection[Any], position: int) -> LoggedEvent | None:
    """The event at a position with its whole envelope."""
    return _one(connection, "= %(position)s", position)


def last_event(connection: Connection[Any], position: int) -> LoggedEvent | None:
    """The last event up to a position that is shown over this connection."""
    return _one(connection, "<= %(position)s ORDER BY position DESC LIMIT 1", position)


def _one(connection: Connection[Any], which: str, position: int) -> LoggedEvent | None:
    row = connection.execute(
        "SELECT position, stream, version, name, body, event_id, recorded_at, actor, correlation,"
        f" causation, command_id FROM tape.events WHERE position {which}",
        {"position": position},
        binary=True,
    ).fetchone()
    return None if row is None else LoggedEvent(*row)


def names_at(connection: Connection[Any], positions: Collection[int]) -> Mapping[int, str]:
    """The stored names of the events at these positions."""
    rows = connection.execute(
        "SELECT position, name FROM tape.events WHERE position = ANY(%(positions)s)",
        {"positions": list(positions)},
        binary=True,
    ).fetchall()
    return dict(rows)


def first_of(connection: Connection[Any], stream: UUID) -> tuple[int, str] | None:
    """The position and the name of the event that a stream begins with."""
    row = connection.execute(
        "SELECT e.position, e.name FROM tape.streams s"
        " JOIN tape.events e ON e.position = s.first_position WHERE s.stream = %(stream)s",
        {"stream": stream},
        binary=True,
    ).fetchone()
    return None if row is None else (row[0], row[1])


def streams_among(connection: Connection[Any], ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of the ids that are streams of the tape."""
    rows = connection.execute(
        "SELECT stream FROM tape.streams WHERE stream = ANY(%(ids)s)",
        {"ids": list(ids)},
        binary=True,
    ).fetchall()
    return frozenset(row[0] for row in rows)
