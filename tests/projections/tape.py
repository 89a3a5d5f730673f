"""A tape to fold from: events of real aggregates, appended as the program does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.domain import BaseAggregate, CanMutateAggregate

from adapters.appender import Appender
from adapters.event_reader import read_after, read_head, read_range
from adapters.mapper import TapeMapper, decode_body
from adapters.postgres import PROJECTOR_ROLE, Connection, connect
from application.ports import Appended, Batch, Envelope, Unavailable
from domain.messages import Message
from projections.folding import LOST, Reading
from projections.shape import CURRENT

NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


def reading(url: str) -> Reading:
    return Reading(
        connect=partial(connect, url, role=PROJECTOR_ROLE),
        read_after=read_after,
        read_range=read_range,
        read_head=read_head,
        decode=decode_body,
        lost=(*LOST, Unavailable),
    )


class Tape:
    """Appends to one database and looks into its read tables."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.connection: Connection = connect(url, role=PROJECTOR_ROLE)
        self._appender = Appender(url)
        self._mapper = TapeMapper()
        self._numbers = count(1)

    def save(self, *aggregates: BaseAggregate[UUID]) -> int:
        """Stores what the aggregates decided, in their order; returns the last position."""
        return self.append(
            [event for aggregate in aggregates for event in aggregate.collect_events()]
        )

    def append(self, events: Sequence[CanMutateAggregate[UUID]]) -> int:
        """Stores events in one batch; returns the last position."""
        envelope = Envelope(command_id=uuid4(), input_hash=bytes(32), actor="test")
        stored = [self._mapper.to_stored_event(event) for event in events]
        outcome = self._appender.append([Batch(stored, envelope)])[0]
        assert isinstance(outcome, Appended)
        return outcome.last_position

    def say(self, author: str, *contents: str) -> int:
        """Messages of an author, a command each."""
        position = 0
        for content in contents:
            position = self.save(said(author, content, next(self._numbers)))
        return position

    def versions(self, table: str) -> list[tuple[Any, ...]]:
        """Every version of every row, in an order of their own."""
        rows = self.connection.execute(f"SELECT * FROM read.{table}").fetchall()
        return sorted(rows, key=repr)

    def current(self, table: str, columns: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(
            f"SELECT {columns} FROM read.{table} WHERE valid_to = {CURRENT} ORDER BY 1"
        ).fetchall()

    def tables(self) -> set[str]:
        """The tables that hold rows of read models, shown or not."""
        found = self.connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'read'::regnamespace"
            " AND relkind = 'r' AND relname ~ '_b[0-9]+$'"
        )
        return {row[0] for row in found.fetchall()}


def said(author: str, content: str, number: int) -> Message:
    """A message as it is captured."""
    return Message.capture(
        platform="discord",
        message_id=str(number),
        channel="alerts",
        author_id=author,
        author_name=author.title(),
        content=content,
        embeds=(),
        reply_to="",
        posted_at=NOON + timedelta(seconds=number),
        via="import",
        at=NOON + timedelta(seconds=number),
    )
