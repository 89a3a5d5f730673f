"""Messages: one row for each message of a watched channel, to find it again by channel and time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection

from domain.messages import MessageCaptured, MessageDeleted, MessageEdited, MessageUnbooked
from projections.readmodel import CURRENT, Index, Projection, Row, Seen, Table, when
from projections.trader_profiles import trader_of


class MessageRow(Row, frozen=True, kw_only=True):
    """A message as it is now; its words stay on the tape."""

    message: UUID
    platform: str
    message_id: str
    channel: str
    author_id: str
    author_name: str
    trader: UUID
    """Whose record it is part of."""
    posted_at: datetime
    revision: int = 0
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    unbooked_why: str = ""


class Messages(Projection):
    """Folds what happens to messages."""

    name = "messages"
    kind = "feed"

    def __init__(self) -> None:
        self.rows = Table(
            "messages",
            MessageRow,
            ["message"],
            [
                Index("channel, posted_at, message"),
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
            author_id=event.author_id,
            author_name=event.author_name,
            trader=trader_of(event.platform, event.author_id),
            posted_at=event.posted_at,
            edited_at=event.edited_at,
        )
        self.rows.insert(row, seen.position)

    @when(MessageEdited)
    def edited(self, event: MessageEdited, seen: Seen) -> None:
        before = self._row(seen)
        self._change(seen, revision=before.revision + 1, edited_at=event.edited_at)

    @when(MessageDeleted)
    def deleted(self, event: MessageDeleted, seen: Seen) -> None:
        self._change(seen, deleted_at=event.noticed_at)

    @when(MessageUnbooked)
    def unbooked(self, event: MessageUnbooked, seen: Seen) -> None:
        self._change(seen, unbooked_why=event.why)

    def _row(self, seen: Seen) -> MessageRow:
        row = self.rows.current(seen.stream)
        if row is None:
            raise LookupError(f"message {seen.stream} was never captured")
        return row

    def _change(self, seen: Seen, **changes: Any) -> None:
        row = msgspec.structs.replace(self._row(seen), **changes)
        self.rows.put(row, seen.position)


def missing_from(
    connection: Connection[Any],
    channel: str,
    first: datetime,
    last: datetime,
    present: Collection[str],
) -> list[UUID]:
    """Streams of messages of a channel between two times that are not among the ids present."""
    rows = connection.execute(
        "SELECT message FROM read.messages"
        " WHERE channel = %s AND posted_at BETWEEN %s AND %s"
        f" AND valid_to = {CURRENT} AND deleted_at IS NULL AND NOT message_id = ANY(%s)"
        " ORDER BY posted_at, message",
        (channel, first, last, list(present)),
    ).fetchall()
    return [row[0] for row in rows]


def last_posted(connection: Connection[Any], channel: str) -> datetime | None:
    """When the newest recorded message of a channel was posted."""
    row = connection.execute(
        "SELECT posted_at FROM read.messages"
        f" WHERE channel = %s AND valid_to = {CURRENT}"
        " ORDER BY posted_at DESC, message DESC LIMIT 1",
        (channel,),
    ).fetchone()
    return None if row is None else row[0]
