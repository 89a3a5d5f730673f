"""What the log says of an event: its envelope, and the hash of its body as it is stored.

A leaf is the RFC 8785 canonical JSON of exactly these members, none of them ever left out::

    actor         text: who did it, as in the envelope
    body_sha256   text: SHA-256 of the body's stored bytes, 64 lower-case hex digits
    causation     number or null: position of the event that this one follows from
    command_id    text: UUID of the command, 36 characters, lower case
    correlation   text or null: UUID of what the event is about
    event_id      text: UUID of the event
    leaf          number: 1, the version of this definition
    name          text: the stored name of the event
    position      number: the event's place on the tape, from 1; the leaf's index plus 1
    recorded_at   text: when it was recorded, UTC, always of the form 2026-11-21T19:59:47.123456Z
    stream        text: UUID of the stream
    version       number: the event's place in its stream

The body itself isn't in it: it can be encrypted, withheld or lost, and the chain stays whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import msgspec

from domain.transparency.canonical import INTEGER_MAX
from domain.transparency.refusals import Malformed
from domain.transparency.tree import leaf_hash, leaf_hashes

LEAF_VERSION = 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LoggedEvent(NamedTuple):
    """A row of the tape with its whole envelope, in the order of its columns."""

    position: int
    stream: UUID
    version: int
    name: str
    body: bytes
    event_id: UUID
    recorded_at: datetime
    actor: str
    correlation: UUID | None
    causation: int | None
    command_id: UUID


class Leaf(msgspec.Struct, frozen=True, gc=False):
    """A leaf's members in canonical order: msgspec writes them as they are declared here.

    Its JSON of text, UUIDs and integers is canonical in all else; the tests hold it against a
    general RFC 8785 library.
    """

    actor: str
    body_sha256: str
    causation: int | None
    command_id: UUID
    correlation: UUID | None
    event_id: UUID
    leaf: int
    name: str
    position: int
    recorded_at: str
    stream: UUID
    version: int


_encode = msgspec.json.Encoder().encode


def leaf_bytes(event: LoggedEvent) -> bytes:
    """The bytes of the leaf that stands for this event.

    Raises:
        Malformed: the time has no zone, a text can't be UTF-8, or a number is too large.
    """
    (
        position, stream, version, name, body, event_id,
        recorded_at, actor, correlation, causation, command_id,
    ) = event  # fmt: skip
    if position > INTEGER_MAX or (causation is not None and causation > INTEGER_MAX):
        raise Malformed(f"position {position} is too large for a number of canonical JSON")
    leaf = Leaf(
        actor,
        sha256(body).hexdigest(),
        causation,
        command_id,
        correlation,
        event_id,
        LEAF_VERSION,
        name,
        position,
        utc_text(recorded_at),
        stream,
        version,
    )
    try:
        return _encode(leaf)
    except UnicodeEncodeError as broken:
        raise Malformed("half a surrogate pair is no text") from broken


def event_hash(event: LoggedEvent) -> bytes:
    """The leaf hash that stands for this event in the tree."""
    return leaf_hash(leaf_bytes(event))


def event_hashes(events: Iterable[LoggedEvent]) -> list[bytes]:
    """The leaf hashes of many events, in order."""
    return leaf_hashes([leaf_bytes(event) for event in events])


def utc_text(at: datetime) -> str:
    """The moment in UTC, the same text whatever zone it was told in."""
    try:
        since = at - _EPOCH
        return f"{_second_text(since.days, since.seconds)}.{since.microseconds:06d}Z"
    except (TypeError, OverflowError) as broken:
        raise Malformed(f"{at} is no moment that UTC has") from broken


# Events of one second stand together on the tape: printing it once saves a third of a leaf.
@lru_cache(maxsize=64)
def _second_text(days: int, seconds: int) -> str:
    return (_EPOCH + timedelta(days, seconds)).isoformat()[: len("2026-11-21T19:59:47")]
