"""Stored bodies in which a person's words and names are sealed under that person's key.

The personal fields of an event leave the body; its last member is then `"sealed"`, the base64 of

    version (1) | key id (16) | nonce (12) | commitment (32) | ciphertext

The ciphertext is AES-256-GCM of a salt (16) and the JSON object of the fields, and is bound to what
comes before it and to the stream, version and name of the event, so it opens nowhere else. The
commitment is the SHA-256 of the same salt and object: who is shown both can check without any key
that these are the words that were recorded; who is not learns nothing from it, not even by
guessing, once the key is gone.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import StoredEvent

from adapters.mapper import TapeMapper, decode_body, encode_body
from adapters.sealed_names import SealedNames
from adapters.subject_keys import SubjectKey, SubjectKeys
from application.ports import PortRefused, Unavailable
from domain.catalogue import event_classes
from domain.shared import ERASED, NO_STREAM, Event

VERSION = b"\x01"
SALT, NONCE, COMMITMENT = 16, 12, 32
_KEY_AT, _NONCE_AT = 1, 17
_COMMITMENT_AT = _NONCE_AT + NONCE
_CIPHERTEXT_AT = _COMMITMENT_AT + COMMITMENT
KEYS_OF_STREAMS_MAX = 20_000

_MEMBER = b',"sealed":"'
_parts_of = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
# Several times as fast as the standard library's.
_bytes_of = msgspec.json.Decoder(bytes).decode
_whole = msgspec.json.Encoder().encode


class BrokenSeal(ValueError):
    """What is sealed was changed, or belongs to another event."""


class Personal(NamedTuple):
    """What is personal of the events of one stored name."""

    cls: type[Event]
    name: bytes
    instead: bytes
    """The members that stand for the fields when the key is gone."""

    def bound(self, stream: UUID, version: int) -> bytes:
        """What says which event it is."""
        return b"%b%b%b" % (stream.bytes, version.to_bytes(4), self.name)


@lru_cache(maxsize=1)
def personal_kinds() -> Mapping[str, Personal]:
    """Of each event that has personal fields, by its stored name.

    Raises:
        TypeError: a class declares a field that it does not have, or that nothing can stand for.
    """
    return {name: _personal(cls) for name, cls in event_classes().items() if cls.PERSONAL}


def _personal(cls: type[Event]) -> Personal:
    fields = {field.name: field for field in msgspec.structs.fields(cls)}
    if "sealed" in fields:
        raise TypeError(f'{cls.TOPIC} has a field "sealed", the name kept for what is sealed')
    instead = {}
    for name in cls.PERSONAL:
        if name not in fields:
            raise TypeError(f"{cls.TOPIC} has no field {name!r}")
        if fields[name].required:
            if fields[name].type is not str:
                raise TypeError(f"{cls.TOPIC}.{name} has to be text, or to have a default")
            instead[name] = ERASED
    members = _whole(instead)[1:-1]
    return Personal(cls, cls.TOPIC.encode(), b"," + members if members else b"")


class SealedBodies:
    """Writes and reads bodies; it can be sent to another process, which fetches its own keys."""

    def __init__(self, keys: SubjectKeys) -> None:
        self._keys = keys
        self.names = SealedNames(keys)
        self._kinds = personal_kinds()
        self._of_stream: dict[UUID, UUID] = {}

    def encode(self, event: Any) -> bytes:
        """The stored body of an event, its personal fields and the names of people sealed.

        Raises:
            TypeError: a field holds a value of another type than it declares.
            Unavailable, PortRefused: the person's key cannot be had.
        """
        body = encode_body(self.names.sealed(event))
        kind = self._kinds.get(type(event).TOPIC)
        if kind is None:
            return body
        parts = _parts_of(body)
        personal = {name: parts.pop(name) for name in kind.cls.PERSONAL if name in parts}
        if not personal:
            return body
        key = self._key_for(kind.cls, event)
        version = parts.pop("v", None)
        salt, nonce, plain = secrets.token_bytes(SALT), secrets.token_bytes(NONCE), _whole(personal)
        bound = kind.bound(event.originator_id, event.originator_version)
        salted = salt + plain
        head = VERSION + key.id.bytes + nonce + hashlib.sha256(salted).digest()
        sealed = head + key.cipher.encrypt(nonce, salted, head + bound)
        tail = b"" if version is None else b',"v":' + bytes(version)
        return b"".join((_whole(parts)[:-1], _MEMBER[:-1], _whole(sealed), tail, b"}"))

    def decode(self, name: str, body: bytes, stream: UUID = NO_STREAM, version: int = 0) -> Any:
        """The event that a body says; what nobody can read any more reads `ERASED`.

        Raises:
            BrokenSeal: what is sealed was changed, or belongs to another event.
            Unavailable, PortRefused: the key cannot be had.
        """
        kind = self._kinds.get(name)
        if kind is not None:
            body = self._opened(kind, body, stream, version)
        event = decode_body(name, body)
        self.names.open_event(event)
        return event

    def opened(self, name: str, body: bytes, stream: UUID, version: int) -> bytes:
        """The body with what is sealed in it opened, as far as somebody may read it.

        Raises:
            BrokenSeal, Unavailable, PortRefused: as `decode`.
        """
        named = self.names.opened_body(body)
        kind = self._kinds.get(name)
        return named if kind is None else self._opened(kind, named, stream, version)

    def _opened(self, kind: Personal, body: bytes, stream: UUID, version: int) -> bytes:
        # A rebuild passes here once for each message: what is called costs.
        at = body.find(_MEMBER)
        if at < 0:
            return body
        end = body.find(b'"', at + len(_MEMBER)) + 1
        sealed = _sealed_bytes(body[at + len(_MEMBER) - 1 : end])
        key = self._keys.by_id(sealed[_KEY_AT:_NONCE_AT])
        if key is None:
            return body[:at] + kind.instead + body[end:]
        salted = _salted(key, sealed, kind.bound(stream, version))
        return b"%b,%b%b" % (body[:at], salted[SALT + 1 : -1], body[end:])

    def said(self, name: str, body: bytes, stream: UUID, version: int) -> bytes | None:
        """The salt and the personal fields as they were sealed, to show beside the body that
        commits to them; None where nothing is sealed, or nobody can read it any more.

        Raises:
            BrokenSeal, Unavailable, PortRefused: as `decode`.
        """
        sealed = sealed_part(name, body)
        if sealed is None:
            return None
        key = self._keys.by_id(sealed[_KEY_AT:_NONCE_AT])
        return (
            None if key is None else _salted(key, sealed, self._kinds[name].bound(stream, version))
        )

    def close(self) -> None:
        """Forgets every key."""
        self._keys.close()

    def _key_for(self, cls: type[Event], event: Any) -> SubjectKey:
        """The key of whom the event is about: whom it names, or whom its stream began with."""
        if cls.SUBJECT is not None:
            platform, person = (getattr(event, field) for field in cls.SUBJECT)
            if person == ERASED:
                raise PortRefused(f"{cls.TOPIC} is about a person who was erased")
            key = self._keys.of(platform, person)
            self._remember(event.originator_id, key.id)
            return key
        known = self._of_stream.get(event.originator_id)
        if known is None:
            known = self._key_of_first(cls, event.originator_id)
            self._remember(event.originator_id, known)
        found = self._keys.by_id(known.bytes)
        if found is None:
            raise Unavailable(f"{cls.TOPIC} is about a person who was erased meanwhile: look again")
        return found

    def _key_of_first(self, cls: type[Event], stream: UUID) -> UUID:
        first = self._keys.first_event(stream)
        if first is None:
            raise TypeError(f"{cls.TOPIC} names nobody, and its stream {stream} has not begun")
        name, body = first
        known = key_id_of(name, body)
        if known is not None:
            return known
        # Written before anything was sealed.
        begun = decode_body(name, body)
        if begun.SUBJECT is None:
            raise TypeError(f"{cls.TOPIC} names nobody, and nor does {name}")
        return self._keys.of(*(getattr(begun, field) for field in begun.SUBJECT)).id

    def _remember(self, stream: UUID, key_id: UUID) -> None:
        if len(self._of_stream) >= KEYS_OF_STREAMS_MAX:
            self._of_stream.clear()
        self._of_stream[stream] = key_id


class SealingMapper(TapeMapper):
    """The library's mapper over sealed bodies."""

    def __init__(self, bodies: SealedBodies) -> None:
        super().__init__()
        self.bodies = bodies

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        event: Any = domain_event
        return StoredEvent(
            event.originator_id, event.originator_version, event.TOPIC, self.bodies.encode(event)
        )

    def actor(self, actor: str) -> str:
        """An actor as the envelope keeps it."""
        return self.bodies.names.actor(actor)

    def decode(self, name: str, body: bytes, stream: UUID, version: int) -> Any:
        return self.bodies.decode(name, body, stream, version)


def sealed_part(name: str, body: bytes) -> bytes | None:
    """What is sealed in a body, if anything is.

    Raises:
        BrokenSeal: it is of no known form.
    """
    at = body.rfind(_MEMBER) if name in personal_kinds() else -1
    if at < 0:
        return None
    end = body.index(b'"', at + len(_MEMBER)) + 1
    return _sealed_bytes(body[at + len(_MEMBER) - 1 : end])


def key_id_of(name: str, body: bytes) -> UUID | None:
    """The id of the key under which a body is sealed, if it is.

    Raises:
        BrokenSeal: it is of no known form.
    """
    sealed = sealed_part(name, body)
    return None if sealed is None else UUID(bytes=sealed[_KEY_AT:_NONCE_AT])


def _sealed_bytes(quoted: bytes) -> bytes:
    try:
        sealed = _bytes_of(quoted)
    except msgspec.ValidationError as error:
        raise BrokenSeal(f"what is sealed cannot be read: {error}") from error
    if sealed[:1] != VERSION or len(sealed) <= _CIPHERTEXT_AT:
        raise BrokenSeal("what is sealed is of no form that this program knows: update it")
    return sealed


def _salted(key: SubjectKey, sealed: bytes, bound: bytes) -> bytes:
    head = sealed[:_CIPHERTEXT_AT]
    nonce = head[_NONCE_AT:_COMMITMENT_AT]
    try:
        return key.cipher.decrypt(nonce, sealed[_CIPHERTEXT_AT:], head + bound)
    except InvalidTag:
        raise BrokenSeal("what is sealed was changed, or belongs to another event") from None


def commits(sealed: bytes, salted: bytes) -> bool:
    """Whether what is sealed says that these were the salt and fields."""
    found = hashlib.sha256(salted).digest()
    return hmac.compare_digest(found, sealed[_COMMITMENT_AT:_CIPHERTEXT_AT])
