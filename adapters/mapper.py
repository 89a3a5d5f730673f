"""Events to stored bodies and back: JSON of the business fields, straight into the struct.

Stream, version and the aggregate's name live in the envelope, not in the body. A class
version above 1 is written as the body's last field, `"v"`; older bodies are brought up by the
class itself when they are read. What is written is read back first, so that a value of the
wrong type never gets onto the tape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from msgspec.structs import force_setattr

from domain.shared import NO_STREAM, Event, learned

_encode = msgspec.json.Encoder().encode
_decode_any = msgspec.json.Decoder().decode
_VERSION_AT_END = re.compile(rb',"v":(\d+)\}\Z')


class UnknownEvent(LookupError):
    """A stored name that no loaded class carries; the catalogue lacks its module."""


class NewerEvent(ValueError):
    """A body written by a newer version of the program than this one."""


class _Kind(NamedTuple):
    """What is known of one stored name."""

    cls: type[Any]
    decode: Callable[[bytes], Any]
    version: int
    tail: bytes
    """How bodies of this version end, if it is above 1."""
    aggregate: str | None
    """Name of the aggregate that the event begins; None for all later events."""


def _kind_of(name: str) -> _Kind:
    # The library's own search by name would import whatever module a stored name mentions.
    cls = next((cls for cls in _subclasses(Event) if cls.__dict__.get("TOPIC") == name), None)
    if cls is None:
        raise UnknownEvent(f"no event has the stored name {name!r}: is its module imported?")
    fields = cls.__struct_fields__
    if "v" in fields:
        raise TypeError(f'{cls.__qualname__} has a field "v", the name kept for class versions')
    # The noun before the dot is the stored name of the aggregate: signal.posted begins a signal.
    aggregate = name.partition(".")[0] if "originator_topic" in fields else None
    version: int = getattr(cls, "class_version", 1)
    tail = b',"v":%d}' % version
    return _Kind(cls, msgspec.json.Decoder(learned(cls)).decode, version, tail, aggregate)


def _subclasses(cls: type[Event]) -> Iterator[type[Event]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


class _Kinds(dict[str, _Kind]):
    """Kinds by stored name, made when first asked for."""

    def __missing__(self, name: str) -> _Kind:
        kind = self[name] = _kind_of(name)
        return kind


_kinds = _Kinds()


Decode = Callable[[str, bytes, UUID, int], Any]
"""Makes the event of a stored name, body, stream and version."""


def decode_body(name: str, body: bytes, _stream: UUID = NO_STREAM, _version: int = 0) -> Any:
    """The event of this name, without stream and version: all that a fold needs.

    Nothing may be sealed in it: `adapters.sealed_bodies` opens what is.

    Raises:
        UnknownEvent: no loaded class has this name.
        NewerEvent: the body's class version is above the one this program knows.
        msgspec.ValidationError: the body does not fit the class.
    """
    kind = _kinds[name]
    _, decode, version, tail, _ = kind
    if body.endswith(tail) if version > 1 else body.find(b'"v":', len(body) - 16) < 0:
        return decode(body)
    return _decode_versioned(name, kind, body)


def encode_body(event: Any) -> bytes:
    """The stored body of an event, checked to read back as the same event.

    Raises:
        TypeError: a field holds a value of another type than it declares; or the stored name
            of the class belongs to another class.
    """
    cls = type(event)
    kind = _kinds[cls.TOPIC]
    if kind.cls is not cls:
        raise TypeError(f"{cls.TOPIC} is the stored name of {kind.cls}, not of {cls}")
    bare = event.__copy__()
    force_setattr(bare, "originator_id", NO_STREAM)
    force_setattr(bare, "originator_version", 0)
    if kind.aggregate is not None:
        if event.originator_topic != kind.aggregate:
            raise TypeError(
                f"{cls.TOPIC} must begin an aggregate whose TOPIC is {kind.aggregate!r},"
                f" not {event.originator_topic!r}"
            )
        force_setattr(bare, "originator_topic", "")
    body = _encode(bare)
    try:
        same = kind.decode(body) == bare
    except msgspec.ValidationError as error:
        raise TypeError(f"{cls.TOPIC}: {error}") from error
    if not same:
        raise TypeError(_difference(cls, bare, kind.decode(body)))
    if event.timestamp.tzinfo is None:
        raise TypeError(f"{cls.TOPIC}: timestamp has no time zone")
    return body if kind.version == 1 else body[:-1] + kind.tail


def _decode_versioned(name: str, kind: _Kind, body: bytes) -> Any:
    found = _VERSION_AT_END.search(body, max(0, len(body) - 16))
    stored_version = int(found[1]) if found else 1
    if stored_version == kind.version:
        return kind.decode(body)
    if stored_version > kind.version:
        raise NewerEvent(
            f"{name} is stored in version {stored_version}, this program knows"
            f" {kind.version}: update the program"
        )
    old = _decode_any(body)
    old.pop("v", None)
    return msgspec.convert(
        kind.cls.upcast(old, stored_version), learned(kind.cls), builtin_types=()
    )


def _difference(cls: type[Any], written: Any, read: Any) -> str:
    for field in cls.__struct_fields__:
        before, after = getattr(written, field), getattr(read, field)
        if before != after:
            return f"{cls.TOPIC}: {field} is {before!r}, which would be read back as {after!r}"
    return f"{cls.TOPIC} would not be read back as it is written"


class TapeMapper(Mapper[UUID]):
    """The library's mapper over these bodies; it takes no transcoder, cipher or compressor."""

    def __init__(self) -> None:
        super().__init__(transcoder=JSONTranscoder())

    def actor(self, actor: str) -> str:
        """An actor as the envelope keeps it: sealed, where anything is."""
        return actor

    def decode(self, name: str, body: bytes, stream: UUID, version: int) -> Any:
        """The event that a stored body says, without stream and version."""
        return decode_body(name, body, stream, version)

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        event = cast("Any", domain_event)
        return StoredEvent(
            event.originator_id, event.originator_version, event.TOPIC, encode_body(event)
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        event = self.decode(
            stored_event.topic,
            stored_event.state,
            cast("UUID", stored_event.originator_id),
            stored_event.originator_version,
        )
        force_setattr(event, "originator_id", stored_event.originator_id)
        force_setattr(event, "originator_version", stored_event.originator_version)
        aggregate = _kinds[stored_event.topic].aggregate
        if aggregate is not None:
            force_setattr(event, "originator_topic", aggregate)
        return cast("DomainEventProtocol[UUID]", event)


def decode_of(mapper: Mapper[Any]) -> Decode:
    """How whoever uses this mapper reads what it wrote."""
    if not isinstance(mapper, TapeMapper):
        raise TypeError(f"{type(mapper).__qualname__} writes no bodies of this tape")
    return mapper.decode
