"""Replies: whole answers kept as bytes until a read model they used moves."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from application.access import Member
from interfaces.graphql.documents import Document
from interfaces.graphql.moves import Place, Places
from interfaces.graphql.reading import Reading

BYTES_MAX = 32_000_000
REPLIES_MAX = 4_096
REPLY_BYTES_MAX = 1_000_000

_variables_as_bytes = msgspec.json.Encoder(order="deterministic").encode


class Key(NamedTuple):
    """What an answer depends on besides the read models."""

    document: str
    operation: str | None
    variables: bytes
    access: str


class _Kept(NamedTuple):
    body: bytes
    used: tuple[tuple[str, Place], ...]
    builds: tuple[tuple[str, int], ...]
    holds_until: datetime | None


def key_of(
    document: Document, operation: str | None, variables: Mapping[str, Any], member: Member
) -> Key:
    """The key of a request."""
    encoded = _variables_as_bytes(variables) if variables else b""
    return Key(document.hash, operation, encoded, access_class(member))


def access_class(member: Member) -> str:
    """Members of one class get the same answers: what differs is whose accounts they may see."""
    return "everything" if member.sees_everything else f"seen by {member.trader}"


class Replies:
    """Answers by what was asked; the longest unused go when there are too many bytes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._bytes = 0
        self._builds: tuple[int, ...] = ()

    def find(self, key: Key, places: Places, now: datetime) -> bytes | None:
        """The answer, if everything it used is where it was."""
        self._follow(tuple(place.build for place in places.values()))
        kept = self._kept.get(key)
        if kept is None:
            return None
        if not _holds(kept, places, now):
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept.body

    def keep(self, key: Key, body: bytes, reading: Reading) -> None:
        """Keeps an answer for as long as it holds."""
        if reading.is_momentary or len(body) > REPLY_BYTES_MAX:
            return
        if key in self._kept:
            self._drop(key)
        self._kept[key] = _Kept(
            body,
            tuple(reading.used.items()),
            tuple((name, place.build) for name, place in reading.used_then.items()),
            reading.holds_until,
        )
        self._bytes += _size(key, body)
        while self._bytes > BYTES_MAX or len(self._kept) > REPLIES_MAX:
            self._drop(next(iter(self._kept)))

    def _follow(self, builds: tuple[int, ...]) -> None:
        """Drops everything when rows were made anew: the old ones may have held words that
        nobody is to read any more, and who asked once may not ask again.
        """
        if builds != self._builds:
            self._builds = builds
            self._kept.clear()
            self._bytes = 0

    def _drop(self, key: Key) -> None:
        self._bytes -= _size(key, self._kept.pop(key).body)


def _size(key: Key, body: bytes) -> int:
    return len(body) + len(key.variables)


def _holds(kept: _Kept, places: Places, now: datetime) -> bool:
    if kept.holds_until is not None and now >= kept.holds_until:
        return False
    return all(places.get(name) == place for name, place in kept.used) and all(
        name in places and places[name].build == build for name, build in kept.builds
    )
