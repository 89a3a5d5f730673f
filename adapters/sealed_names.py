"""Names of the people who did or decided something, sealed each for itself.

They stand in the envelope and in bodies where others have to be told apart by them, as the
database does where two people are needed: so the same name of the same person is always sealed to
the same text,

    ~ base64url of: key id (16) | commitment (32) | AES-256-SIV (RFC 5297) of the name ~

under keys that follow from that person's. The commitment is the SHA-256 of a salt, which follows
from key and name, and the name: who is shown both can check without a key that this name was
recorded. When the key is gone, `erased person` and a part of its id stand for all their names.

Who is meant is read off the name (`domain.subjects.subject_of`). What the program does by itself
names nobody and stays as it is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from msgspec.structs import force_setattr

from adapters.subject_keys import SubjectKey, SubjectKeys
from domain.catalogue import event_classes
from domain.shared import ERASED_PERSON, Event, is_erased_person
from domain.subjects import subject_of

MARK = "~"
SEALED_NAME = re.compile(r"~[0-9A-Za-z_-]{86,}~")
_IN_BODY = re.compile(SEALED_NAME.pattern.encode())
MEMBER = "member:"
"""Who acts is recorded with this before the name, so that an actor says of which kind it is."""

KEY_ID, SALT, COMMITMENT = 16, 16, 32
_SEALED_AT = KEY_ID + COMMITMENT
_USE = b"truetape names v1"
_SIV_KEY, _SALTING_KEY = 64, 32
TAG_DIGITS = 8
NAMES_MAX = 20_000
REMEMBERED_MAX = 400
"""No longer text is remembered: it is no name."""

OF_THE_PROGRAM = frozenset({"operator", "booking"})
"""Names of nobody: whoever starts the program, and the reaction that takes an edit for a
correction."""
_KINDS_OF_ACTOR = re.compile(r"(?:reaction|timer|broker|program|discord|trader):")

_quoted = msgspec.json.Encoder().encode


class _People(NamedTuple):
    """Which fields of an event say who did it."""

    fields: tuple[str, ...]
    texts: tuple[str, ...]


class _Known:
    """What was sealed and opened while so many keys were destroyed; no more is remembered."""

    def __init__(self, erasures: int) -> None:
        self.erasures = erasures
        self.sealed: dict[str, str] = {}
        self.opened: dict[str, str] = {}


@lru_cache(maxsize=1)
def kinds_with_people() -> Mapping[str, _People]:
    """Of each event that says who did it, by its stored name.

    Raises:
        TypeError: a class declares a field for people that it does not have.
    """
    found = {}
    for name, cls in event_classes().items():
        fields = tuple(field for field in cls.PEOPLE if field in cls.__struct_fields__)
        missing = {*cls.PEOPLE, *cls.TELLS} - {*cls.__struct_fields__, *Event.PEOPLE}
        if missing:
            raise TypeError(f"{cls.TOPIC} has no field {', '.join(sorted(missing))}")
        if fields:
            found[name] = _People(fields, cls.TELLS)
    return found


class SealedNames:
    """Seals and opens names; it can be sent to another process, which fetches its own keys."""

    def __init__(self, keys: SubjectKeys) -> None:
        self._keys = keys
        self._kinds = kinds_with_people()
        self._known = _Known(0)

    def __reduce__(self) -> tuple[Any, ...]:
        return SealedNames, (self._keys,)

    def actor(self, actor: str) -> str:
        """An actor as the envelope keeps it.

        Raises:
            Unavailable, PortRefused: the person's key cannot be had.
        """
        return self._text(actor) if actor.startswith(MEMBER) else actor

    def sealed(self, event: Any) -> Any:
        """The event with the names of people sealed; the same one if it has none.

        Raises:
            Unavailable, PortRefused: a person's key cannot be had.
        """
        kind = self._kinds.get(type(event).TOPIC)
        if kind is None:
            return event
        changes: dict[str, Any] = {}
        for field in kind.fields:
            value = getattr(event, field)
            if isinstance(value, str):
                found: Any = self._of_field(field, value)
            else:
                found = tuple(map(self._text, value))
            if found != value:
                changes[field] = found
        if not changes:
            return event
        for field in kind.texts:
            changes[field] = self._told(getattr(event, field), event, kind.fields)
        copy = event.__copy__()
        for field, value in changes.items():
            force_setattr(copy, field, value)
        return copy

    def open_event(self, event: Any) -> None:
        """Puts the names back into an event that was just read.

        Raises:
            Unavailable, PortRefused: a person's key cannot be had.
        """
        kind = self._kinds.get(type(event).TOPIC)
        if kind is None:
            return
        for field in (*kind.fields, *kind.texts):
            value = getattr(event, field)
            if isinstance(value, str):
                if MARK in value:
                    force_setattr(event, field, self.opened(value))
            elif value:
                force_setattr(event, field, tuple(map(self.opened, value)))

    def opened(self, text: str) -> str:
        """A text with the names that are sealed in it, as far as anybody may read them.

        Raises:
            Unavailable, PortRefused: a person's key cannot be had.
        """
        if MARK not in text:
            return text
        # Most are nothing but a name, and the same ones: a look-up is five times as fast.
        known = self._fresh()
        found = known.opened.get(text)
        if found is None:
            found = SEALED_NAME.sub(lambda sealed: self._name(sealed[0]), text)
            if len(text) <= REMEMBERED_MAX:
                _keep(known.opened, text, found)
        return found

    def opened_body(self, body: bytes) -> bytes:
        """A stored body with the names that are sealed in it.

        Raises:
            Unavailable, PortRefused: a person's key cannot be had.
        """
        if b"~" not in body:
            return body
        return _IN_BODY.sub(lambda found: _quoted(self._name(found[0].decode()))[1:-1], body)

    def said(self, token: str) -> bytes | None:
        """The salt and the name that were sealed, to show beside the text that commits to them;
        None where nobody can read it any more.

        Raises:
            Unavailable, PortRefused: the key cannot be had.
        """
        try:
            raw = _raw(token)
            key = self._keys.by_id(raw[:KEY_ID])
            if key is None:
                return None
            sealing = _Sealing(key)
            plain = sealing.opened(raw)
        except (ValueError, InvalidTag):
            return None
        return sealing.salt(plain) + plain

    def _of_field(self, field: str, text: str) -> str:
        # Who it is, whatever they are called, is a name only where there is no id.
        if field == "person" and not text.startswith(MEMBER):
            return text
        return self._text(text)

    def _told(self, text: str, event: Any, fields: Sequence[str]) -> str:
        """The text with the names in it sealed, the longest first: one may begin with another."""
        values = [getattr(event, field) for field in fields]
        names = [name for v in values for name in ((v,) if isinstance(v, str) else v)]
        sealed = {name: self._text(name) for name in names if name}
        if not sealed:
            return text
        either = "|".join(map(re.escape, sorted(sealed, key=len, reverse=True)))
        return re.sub(rf"(?<!\w)(?:{either})(?!\w)", lambda found: sealed[found[0]], text)

    def _text(self, text: str) -> str:
        """A name, with or without what says that it is a member's, as it is stored."""
        known = self._fresh()
        found = known.sealed.get(text)
        if found is None:
            name = text.removeprefix(MEMBER)
            found = text
            if _is_somebody(text, name):
                key = self._keys.of(*subject_of(name))
                found = text[: len(text) - len(name)] + _Sealing(key).sealed(name)
            _keep(known.sealed, text, found)
        return found

    def _name(self, token: str) -> str:
        """What a sealed name says, or stands there instead; what is none stays as it is."""
        known = self._fresh()
        found = known.opened.get(token)
        if found is None:
            found = self._looked_up(token)
            _keep(known.opened, token, found)
        return found

    def _looked_up(self, token: str) -> str:
        try:
            raw = _raw(token)
            key = self._keys.by_id(raw[:KEY_ID])
            if key is None:
                return f"{ERASED_PERSON}{raw[:KEY_ID].hex()[:TAG_DIGITS]}"
            return _Sealing(key).opened(raw).decode()
        except (ValueError, InvalidTag):
            # Anybody can write a text that looks like one.
            return token

    def _fresh(self) -> _Known:
        """What is remembered. Names that are found while a key is destroyed go to what is thrown
        away with it."""
        erasures, known = self._keys.erasures(), self._known
        if known.erasures != erasures:
            known = self._known = _Known(erasures)
        return known


class _Sealing:
    """Seals names under the keys that follow from one person's."""

    def __init__(self, key: SubjectKey) -> None:
        derived = key.derived(_USE, _SIV_KEY + _SALTING_KEY)
        self._id = key.id.bytes
        self._cipher, self._salting = AESSIV(derived[:_SIV_KEY]), derived[_SIV_KEY:]

    def sealed(self, name: str) -> str:
        plain = name.encode()
        commitment = hashlib.sha256(self.salt(plain) + plain).digest()
        secret = self._cipher.encrypt(plain, [self._id, commitment])
        raw = self._id + commitment + secret
        return f"{MARK}{urlsafe_b64encode(raw).decode().rstrip('=')}{MARK}"

    def opened(self, raw: bytes) -> bytes:
        """Raises:
        InvalidTag: nothing was sealed so under this key.
        """
        commitment = raw[KEY_ID:_SEALED_AT]
        return self._cipher.decrypt(raw[_SEALED_AT:], [self._id, commitment])

    def salt(self, plain: bytes) -> bytes:
        return hmac.digest(self._salting, plain, hashlib.sha256)[:SALT]


def key_ids_in(text: str) -> Iterator[UUID]:
    """The ids of the keys under which the names in a text are sealed."""
    for found in SEALED_NAME.finditer(text):
        try:
            yield UUID(bytes=_raw(found[0])[:KEY_ID])
        except ValueError:
            continue


def _raw(token: str) -> bytes:
    digits = token.strip(MARK)
    return urlsafe_b64decode(digits + "=" * (-len(digits) % 4))


def _is_somebody(text: str, name: str) -> bool:
    if not name or name in OF_THE_PROGRAM or is_erased_person(name):
        return False
    return text.startswith(MEMBER) or _KINDS_OF_ACTOR.match(text) is None


def _keep(remembered: dict[str, str], what: str, found: str) -> None:
    if len(remembered) >= NAMES_MAX:
        remembered.clear()
    remembered[what] = found
