"""Messages: one row for each message of a watched channel, to find it again by channel and time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg import Connection

from domain.messages import (
    MessageCaptured,
    MessageDeleted,
    MessageEdited,
    MessageUnbooked,
    is_late,
    message_stream,
)
from projections.pages import select_all, select_one
from projections.readmodel import CURRENT, Index, Projection, Row, Seen, Table, when

MILLISECOND = timedelta(milliseconds=1)


class MessageRow(Row, frozen=True, kw_only=True):
    """A message as it is now; its words stay on the tape."""

    message: UUID
    platform: str
    message_id: str
    channel: str
    channel_id: str = ""
    """The very place: the channel's id, or that of a thread in it; empty if not known."""
    author_id: str
    author_name: str
    trader: UUID
    """Whose record it is part of."""
    posted_at: datetime
    received_at: datetime | None = None
    via: str = "import"
    lag_ms: int | None = None
    """How long the first words or an edit took to reach us, the longest of them."""
    late: bool = False
    """Whether one of them came too late to count as heard live."""
    revision: int = 0
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    unbooked_why: str = ""
    unbooked_kind: str = ""
    unbooked_missing: str = ""
    """What it lacks, separated by commas."""
    fixes: UUID | None = None
    """The message that this one was filled in to put right."""


class Messages(Projection):
    """Folds what happens to messages."""

    name = "messages"
    kind = "feed"
    weight = 5

    def __init__(self) -> None:
        self.rows = Table(
            "messages",
            MessageRow,
            ["message"],
            [
                Index("channel, posted_at, message"),
                Index("channel_id, posted_at", where="channel_id <> ''"),
                Index("channel, posted_at", where="channel_id = ''"),
                Index("posted_at", where="late"),
                Index("fixes, posted_at", where="fixes IS NOT NULL"),
                # One version for each event, so the versions are an author's story.
                Index("trader, valid_from", every_version=True),
            ],
        )
        self.tables = (self.rows,)

    @when(MessageCaptured)
    def captured(self, event: MessageCaptured, seen: Seen) -> None:
        row = MessageRow(
            message=seen.stream,
            platform=event.platform,
            message_id=event.message_id,
            channel=event.channel,
            channel_id=event.channel_id,
            author_id=event.author_id,
            author_name=event.author_name,
            trader=event.trader,
            posted_at=event.posted_at,
            received_at=event.received_at,
            via=event.via,
            lag_ms=_milliseconds(event.lag),
            late=event.late,
            edited_at=event.edited_at,
            fixes=message_stream(event.platform, event.fixes) if event.fixes else None,
        )
        self.rows.insert(row, seen.position)

    @when(MessageEdited)
    def edited(self, event: MessageEdited, seen: Seen) -> None:
        before = self._row(seen)
        lags = (before.lag_ms, _milliseconds(event.lag))
        self._change(
            seen,
            revision=before.revision + 1,
            edited_at=event.edited_at,
            lag_ms=max((lag for lag in lags if lag is not None), default=None),
            late=before.late or is_late(event.lag),
        )

    @when(MessageDeleted)
    def deleted(self, event: MessageDeleted, seen: Seen) -> None:
        self._change(seen, deleted_at=event.noticed_at)

    @when(MessageUnbooked)
    def unbooked(self, event: MessageUnbooked, seen: Seen) -> None:
        self._change(
            seen,
            unbooked_why=event.why,
            unbooked_kind=event.kind,
            unbooked_missing=", ".join(event.missing),
        )

    def _row(self, seen: Seen) -> MessageRow:
        row = self.rows.current(seen.stream)
        if row is None:
            raise LookupError(f"message {seen.stream} was never captured")
        return row

    def _change(self, seen: Seen, **changes: Any) -> None:
        row = msgspec.structs.replace(self._row(seen), **changes)
        self.rows.put(row, seen.position)


def _milliseconds(lag: timedelta | None) -> int | None:
    return None if lag is None else lag // MILLISECOND


_MESSAGES = Messages().rows.shape


def message(
    connection: Connection[Any], stream: UUID, *, as_of: int | None = None
) -> MessageRow | None:
    """One message."""
    return select_one(connection, _MESSAGES, {"message": stream}, as_of)


def fixes_of(connection: Connection[Any], message: UUID) -> list[MessageRow]:
    """What was filled in to put a message right, the latest first."""
    return select_all(connection, _MESSAGES, {"fixes": message}, None, "posted_at DESC, message")


_POSTED = "via NOT IN ('slash', 'fix')"
"""What was filled in never stood in the channel: its history neither has it nor lacks it."""


class Place(NamedTuple):
    """Where messages stand: a watched channel by its name, and the id of that very channel or
    of a thread in it. What is on record without an id was said in the channel itself, unless
    `is_exact` leaves it out.
    """

    channel: str
    channel_id: str
    is_exact: bool = False

    @property
    def conditions(self) -> tuple[str, ...]:
        """In SQL, which messages these are; each condition has an index of its own."""
        known = f"channel_id = %(channel_id)s AND channel_id <> '' AND {_POSTED}"
        if self.is_exact:
            return (known,)
        return (known, f"channel = %(channel)s AND channel_id = '' AND {_POSTED}")


class Span(NamedTuple):
    """When the first and the last recorded message of a place were posted."""

    first: datetime
    last: datetime


class Lag(NamedTuple):
    """What came late of a channel: how often, how much at worst, and when that was posted."""

    channel: str
    late: int
    worst_ms: int
    newest: datetime


def missing_from(
    connection: Connection[Any],
    place: Place,
    first: datetime,
    last: datetime,
    present: Collection[str],
) -> list[UUID]:
    """Streams of messages of a place between two times that are not among the ids present."""
    rows = connection.execute(
        f"SELECT message FROM read.messages WHERE ({' OR '.join(place.conditions)})"
        " AND posted_at BETWEEN %(first)s AND %(last)s"
        f" AND valid_to = {CURRENT} AND deleted_at IS NULL AND NOT message_id = ANY(%(present)s)"
        " ORDER BY posted_at, message",
        {**place._asdict(), "first": first, "last": last, "present": list(present)},
    ).fetchall()
    return [row[0] for row in rows]


def span_of(connection: Connection[Any], place: Place) -> Span | None:
    """From when to when there are recorded messages of a place, however they came."""
    ends = " UNION ALL ".join(
        f"(SELECT posted_at FROM read.messages WHERE {condition} AND valid_to = {CURRENT}"
        f" ORDER BY posted_at {order} LIMIT 1)"
        for condition in place.conditions
        for order in ("ASC", "DESC")
    )
    row = connection.execute(
        f"SELECT min(posted_at), max(posted_at) FROM ({ends}) ends", place._asdict()
    ).fetchone()
    return None if row is None or row[0] is None else Span(*row)


def listened_until(connection: Connection[Any], channel: str) -> datetime | None:
    """When the newest message of a channel or its threads was posted that nobody had to ask for.

    A history is fetched before anything live is kept, so up to then there are no gaps.
    """
    row = connection.execute(
        "SELECT posted_at FROM read.messages"
        f" WHERE channel = %s AND via <> 'history' AND {_POSTED} AND valid_to = {CURRENT}"
        " ORDER BY posted_at DESC, message DESC LIMIT 1",
        (channel,),
    ).fetchone()
    return None if row is None else row[0]


def lags(connection: Connection[Any], since: datetime) -> list[Lag]:
    """The channels of which messages posted since then came late, the latest first."""
    rows = connection.execute(
        "SELECT channel, count(*), max(lag_ms), max(posted_at)"
        f" FROM read.messages WHERE late AND posted_at >= %s AND valid_to = {CURRENT}"
        " GROUP BY channel ORDER BY max(posted_at) DESC, channel",
        (since,),
    ).fetchall()
    return [Lag(*row) for row in rows]
