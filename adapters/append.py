"""The statements that put batches on the tape, and the bytes they take.

One event goes as plain values. Many go as ten arrays in PostgreSQL's binary form, written
here by hand: the general adaptation of lists costs more than the insert.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

from adapters.postgres import Connection, translated
from application.ports import Appended, Batch, Conflict

_APPEND_EVENT = "SELECT tape.append_event(%b, %b, %t, %b, %b, %b, %b, %t, %b)"
_APPEND = "SELECT tape.append(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b)"
_APPEND_EACH = (
    "SELECT outcome, first_position, last_position"
    " FROM tape.append_each(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b)"
)

_array_head = struct.Struct("!iiIii").pack
_int4 = struct.Struct("!ii").pack
_int8 = struct.Struct("!iq").pack
_size = struct.Struct("!i").pack
_UUID, _BYTEA, _TEXT, _INT8, _INT4 = 2950, 17, 25, 20, 23
_UUID_SIZE = _size(16)
_NULL = _size(-1)


class EncodedBatch(NamedTuple):
    """A batch as PostgreSQL takes it: an element of each per-command array, many per event.

    Made by the thread that appends, so that the one which writes only joins bytes.
    """

    batch: Batch
    size: int
    command_id: bytes
    input_hash: bytes
    actor: bytes
    correlation: bytes
    causation: bytes
    streams: bytes
    versions: bytes
    names: bytes
    bodies: bytes


def encode(batch: Batch) -> EncodedBatch:
    """The bytes of one batch.

    Raises:
        ValueError: the batch has no event.
    """
    events = batch.events
    if not events:
        raise ValueError("a batch without events has no place on the tape")
    envelope = batch.envelope
    return EncodedBatch(
        batch,
        len(events),
        _uuid(envelope.command_id),
        _bytes(envelope.input_hash),
        _bytes(envelope.actor.encode()),
        _NULL if envelope.correlation is None else _uuid(envelope.correlation),
        _NULL if envelope.causation is None else _int8(8, envelope.causation),
        b"".join([_uuid(event.originator_id) for event in events]),
        b"".join([_int4(4, event.originator_version) for event in events]),
        b"".join([_bytes(event.topic.encode()) for event in events]),
        b"".join([_bytes(event.state) for event in events]),
    )


def append_encoded(
    connection: Connection, batches: Sequence[EncodedBatch]
) -> list[Appended | Conflict]:
    """Appends many batches: in one statement when all of them fit, and if not each by itself.

    Raises:
        Unavailable: the connection is lost or the server is going down.
        PortRefused: the database understood and said no.
    """
    arrays = _arrays(batches)
    with translated():
        first = _only_value(connection.execute(_APPEND, arrays, prepare=True, binary=True))
        if first is None:
            rows = connection.execute(_APPEND_EACH, arrays, prepare=True, binary=True).fetchall()
            return [_outcome(sent.batch, *row) for sent, row in zip(batches, rows, strict=True)]
    stored: list[Appended | Conflict] = []
    for batch in batches:
        stored.append(Appended(first, first + batch.size - 1))
        first += batch.size
    return stored


def append_event(connection: Connection, batch: Batch) -> Appended | Conflict:
    """Appends a batch of one event.

    Raises:
        Unavailable: the connection is lost or the server is going down.
        PortRefused: the database understood and said no.
    """
    (event,) = batch.events
    envelope = batch.envelope
    values = (
        envelope.command_id,
        envelope.input_hash,
        envelope.actor,
        envelope.correlation,
        envelope.causation,
        event.originator_id,
        event.originator_version,
        event.topic,
        event.state,
    )
    with translated():
        position = _only_value(connection.execute(_APPEND_EVENT, values, prepare=True, binary=True))
    if position is None:
        return append_encoded(connection, [encode(batch)])[0]
    return Appended(position, position)


def append_on(connection: Connection, batches: Sequence[Batch]) -> list[Appended | Conflict]:
    """Appends inside the caller's own transaction, and decides nothing about its commit.

    From here to the commit no one else can append: whatever locks the caller needs besides
    must be held already.

    Raises:
        Unavailable: the connection is lost or the server is going down.
        PortRefused: the database understood and said no.
        ValueError: a batch has no event.
    """
    if not batches:
        return []
    if is_single(batches):
        return [append_event(connection, batches[0])]
    return append_encoded(connection, [encode(batch) for batch in batches])


def is_single(batches: Sequence[Batch]) -> bool:
    """Whether this is one event of one command, the commonest append."""
    return len(batches) == 1 and len(batches[0].events) == 1


def _only_value(cursor: psycopg.Cursor[Any]) -> Any:
    row = cursor.fetchone()
    assert row is not None
    return row[0]


def _outcome(batch: Batch, outcome: str, first: int, last: int) -> Appended | Conflict:
    if outcome == "stored":
        return Appended(first, last)
    if outcome == "repeated":
        return Appended(first, last, repeated=True)
    if outcome == "reused":
        command_id = batch.envelope.command_id
        return Conflict(f"command id {command_id} was used before for other input")
    return Conflict(f"somebody was faster: no longer {_expected_versions(batch.events)}")


def _expected_versions(events: Sequence[StoredEvent]) -> str:
    """The state that the events were decided on, for the person who has to look again."""
    first: dict[UUID | str, int] = {}
    for event in events:
        first.setdefault(event.originator_id, event.originator_version - 1)
    return ", ".join(f"stream {stream} at version {version}" for stream, version in first.items())


def _uuid(value: UUID | str) -> bytes:
    return _UUID_SIZE + (value if isinstance(value, UUID) else UUID(value)).bytes


def _bytes(value: bytes) -> bytes:
    return _size(len(value)) + value


def _arrays(batches: Sequence[EncodedBatch]) -> list[_Array]:
    """The arguments of the append function, in its order."""
    columns = list(zip(*batches, strict=True))
    sizes: tuple[int, ...] = columns[1]
    numbers = b"".join([_int4(4, number) * size for number, size in enumerate(sizes, start=1)])
    commands, events = len(batches), sum(sizes)
    return [
        _UuidArray(_head(_UUID, commands) + b"".join(columns[2])),
        _ByteaArray(_head(_BYTEA, commands) + b"".join(columns[3])),
        _TextArray(_head(_TEXT, commands) + b"".join(columns[4])),
        _UuidArray(_head(_UUID, commands) + b"".join(columns[5])),
        _Int8Array(_head(_INT8, commands) + b"".join(columns[6])),
        _Int4Array(_head(_INT4, events) + numbers),
        _UuidArray(_head(_UUID, events) + b"".join(columns[7])),
        _Int4Array(_head(_INT4, events) + b"".join(columns[8])),
        _TextArray(_head(_TEXT, events) + b"".join(columns[9])),
        _ByteaArray(_head(_BYTEA, events) + b"".join(columns[10])),
    ]


def _head(element_oid: int, length: int) -> bytes:
    """Before the elements: one dimension that may hold nulls and counts from 1."""
    return _array_head(1, 1, element_oid, length, 1)


class _Array(bytes):
    """An array in PostgreSQL's binary form, ready to be sent."""

    oid: ClassVar[int]


class _UuidArray(_Array):
    oid = 2951


class _ByteaArray(_Array):
    oid = 1001


class _TextArray(_Array):
    oid = 1009


class _Int8Array(_Array):
    oid = 1016


class _Int4Array(_Array):
    oid = 1007


class _ArrayDumper(Dumper):
    """Sends the bytes as they are; `oid` tells PostgreSQL which array they are."""

    format = Format.BINARY

    def __init__(self, cls: type[_Array], context: AdaptContext | None = None) -> None:
        super().__init__(cls, context)
        self.oid = cls.oid

    def dump(self, obj: _Array) -> bytes:
        return obj


for _array in _Array.__subclasses__():
    psycopg.adapters.register_dumper(_array, _ArrayDumper)
