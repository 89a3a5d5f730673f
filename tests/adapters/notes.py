"""A small life to put on the tape in tests: notes that are taken and changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import ClassVar
from uuid import UUID, uuid4

import psycopg
from eventsourcing.domain import BaseAggregate
from eventsourcing.persistence import StoredEvent

from adapters.append import append_on
from adapters.event_reader import RawEvent, read_after
from adapters.postgres import WRITER_ROLE, connect
from application.ports import Appended, Batch, Conflict, Envelope
from domain.shared import Created, Event

AT = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)


class NoteTaken(Created, frozen=True, kw_only=True):
    """Something was worth a note."""

    TOPIC: ClassVar[str] = "test_note.taken"

    text: str
    price: Decimal | None = None
    tags: tuple[str, ...] = ()


class NoteChanged(Event, frozen=True, kw_only=True):
    """The note says something else now."""

    TOPIC: ClassVar[str] = "test_note.changed"

    text: str

    def apply(self, aggregate: Note) -> None:
        aggregate.text = self.text


class Note(BaseAggregate[UUID]):
    TOPIC: ClassVar[str] = "test_note"

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def take(cls, text: str) -> Note:
        return cls._create(NoteTaken, id=uuid4(), text=text, timestamp=AT)

    def change(self, text: str) -> None:
        self.trigger_event(NoteChanged, text=text, timestamp=AT)


def envelope(
    *,
    command: UUID | None = None,
    said: str = "",
    actor: str = "member:1",
    correlation: UUID | None = None,
    causation: int | None = None,
) -> Envelope:
    return Envelope(
        command_id=command or uuid4(),
        input_hash=sha256(said.encode()).digest(),
        actor=actor,
        correlation=correlation,
        causation=causation,
    )


def stored(stream: UUID, version: int) -> StoredEvent:
    name = "test_note.taken" if version == 1 else "test_note.changed"
    body = b'{"timestamp":"2026-11-18T15:30:00Z","text":"%d"}' % version
    return StoredEvent(stream, version, name, body)


def batch(
    stream: UUID, *versions: int, command: UUID | None = None, said: str = "", actor: str = "m"
) -> Batch:
    """One command's events: these versions of one stream."""
    return batch_of(
        [stored(stream, version) for version in versions], command=command, said=said, actor=actor
    )


def batch_of(
    events: Sequence[StoredEvent], command: UUID | None = None, said: str = "", actor: str = "m"
) -> Batch:
    return Batch(events, envelope(command=command, said=said, actor=actor))


def append(url: str, *batches: Batch) -> list[Appended | Conflict]:
    """One call, on a connection of its own that commits at once."""
    with connect(url, role=WRITER_ROLE) as connection:
        return append_on(connection, batches)


def outcome_words(outcomes: Sequence[Appended | Conflict]) -> list[str]:
    """stored, repeated or refused, for each."""
    return [
        "refused" if isinstance(o, Conflict) else "repeated" if o.repeated else "stored"
        for o in outcomes
    ]


def on_tape(url: str) -> list[RawEvent]:
    with connect(url) as connection:
        return read_after(connection, 0, 100_000)


def versions_on_tape(url: str, stream: UUID) -> list[int]:
    return [event.version for event in on_tape(url) if event.stream == stream]


def as_owner(url: str) -> psycopg.Connection:
    """A connection of the user that migrates."""
    return psycopg.connect(url, autocommit=True)


def drop_connections(url: str) -> None:
    """Every connection to the test's database breaks, as when the server restarts."""
    with as_owner(url) as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
