"""Batches in PostgreSQL's binary form, as the append functions take them.

Written by hand because this is the hot path: the general adaptation of values and lists costs
more than the insert.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from application.ports import Batch

# PostgreSQL's ids of the types; an array says which its elements are.
_UUID, _BYTEA, _TEXT, _INT8, _INT4 = 2950, 17, 25, 20, 23

_array_head = struct.Struct("!iiIii").pack
_int4 = struct.Struct("!i").pack
_sized_int4 = struct.Struct("!ii").pack
_sized_int8 = struct.Struct("!iq").pack
_UUID_SIZE = _int4(16)
_NULL = _int4(-1)


class EncodedBatch(NamedTuple):
    """A batch in parts of arrays: an element of some per command, of the others per event.

    Each element is its length and its bytes. Made by the thread that appends, so that the
    one which writes only joins bytes, and meets no mistake of another.
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


Seal = Callable[[str], str]
"""Makes of an actor what the envelope keeps."""


def encode(batch: Batch, seal: Seal = str) -> EncodedBatch:
    """The bytes of a batch.

    Raises:
        ValueError: the batch has no event.
        Unavailable, PortRefused: the actor cannot be sealed.
    """
    events = batch.events
    if not events:
        raise ValueError("a batch without events has no place on the tape")
    envelope = batch.envelope
    return EncodedBatch(
        batch,
        len(events),
        _UUID_SIZE + envelope.command_id.bytes,
        _sized(envelope.input_hash),
        _sized(seal(envelope.actor).encode()),
        _NULL if envelope.correlation is None else _UUID_SIZE + envelope.correlation.bytes,
        _NULL if envelope.causation is None else _sized_int8(8, envelope.causation),
        b"".join([_UUID_SIZE + _uuid(event.originator_id) for event in events]),
        b"".join([_sized_int4(4, event.originator_version) for event in events]),
        b"".join([_sized(event.topic.encode()) for event in events]),
        b"".join([_sized(event.state) for event in events]),
    )


def event_values(batch: EncodedBatch) -> list[bytes | None]:
    """The arguments of `tape.append_event` for a batch of one event."""
    return [None if element == _NULL else element[4:] for element in batch[2:]]


def batch_arrays(batches: Sequence[EncodedBatch]) -> tuple[bytes, ...]:
    """The arguments of `tape.append` and `tape.append_each`, which are empty for no batches."""
    columns = list(zip(*batches, strict=True)) or [()] * len(EncodedBatch._fields)
    sizes: tuple[int, ...] = columns[1]
    numbers = [_sized_int4(4, number) * size for number, size in enumerate(sizes, start=1)]
    commands, events = len(batches), sum(sizes)
    return (
        _array(_UUID, commands, columns[2]),
        _array(_BYTEA, commands, columns[3]),
        _array(_TEXT, commands, columns[4]),
        _array(_UUID, commands, columns[5]),
        _array(_INT8, commands, columns[6]),
        _array(_INT4, events, numbers),
        _array(_UUID, events, columns[7]),
        _array(_INT4, events, columns[8]),
        _array(_TEXT, events, columns[9]),
        _array(_BYTEA, events, columns[10]),
    )


def _array(element: int, length: int, parts: Sequence[bytes]) -> bytes:
    """One dimension that may hold nulls and counts from 1, then the elements."""
    return _array_head(1, 1, element, length, 1) + b"".join(parts)


def _uuid(value: UUID | str) -> bytes:
    return value.bytes if isinstance(value, UUID) else UUID(value).bytes


def _sized(value: bytes) -> bytes:
    return _int4(len(value)) + value
