"""The statement that puts batches on the tape, and the bytes it takes.

PostgreSQL receives the batches as ten arrays in its binary form. They are written here by
hand because that is the hot path: the general adaptation of lists costs more than the insert.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import ClassVar, NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

from adapters.postgres import Connection, translated
from application.ports import Appended, Batch, Conflict

_APPEND = (
    "SELECT first_position, outcomes, firsts, lasts"
    " FROM tape.append(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b)"
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
    """Runs the append function; with an autocommit connection that is one round trip.

    Raises:
        Unavailable: the connection is lost or the server is going down.
        PortRefused: the database understood and said no.
    """
    with translated():
        row = connection.execute(_APPEND, _arrays(batches), prepare=True, binary=True).fetchone()
    assert row is not None
    first, outcomes, firsts, lasts = row
    if outcomes is not None:
        return [_outcome(*found) for found in zip(batches, outcomes, firsts, lasts, strict=True)]
    stored: list[Appended | Conflict] = []
    for batch in batches:
        stored.append(Appended(first, first + batch.size - 1))
        first += batch.size
    return stored


def append_on(connection: Connection, batches: Sequence[Batch]) -> list[Appended | Conflict]:
    """Appends inside the caller's own transaction, and decides nothing about its commit.

    From here to the commit no one else can append: whatever locks the caller needs besides
    must be held already.

    Raises:
        Unavailable: the connection is lost or the server is going down.
        PortRefused: the database understood and said no.
    """
    return append_encoded(connection, [encode(batch) for batch in batches]) if batches else []


def _outcome(encoded: EncodedBatch, outcome: str, first: int, last: int) -> Appended | Conflict:
    if outcome in ("stored", "repeated"):
        return Appended(first, last, repeated=outcome == "repeated")
    envelope = encoded.batch.envelope
    if outcome == "reused":
        return Conflict(f"command id {envelope.command_id} was used before for other input")
    expected = _expected_versions(encoded.batch.events)
    return Conflict(f"somebody was faster: no longer {expected}")


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
