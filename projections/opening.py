"""Opening: how queries read what is sealed in stored bodies and envelopes.

Only adapters know the keys of people. Whoever opens a connection says how bodies and actors that
are read over it are opened; over any other they are shown as they are stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from psycopg import Connection

Open = Callable[[str, bytes, UUID, int], bytes]
"""The body of a stored name, body, stream and version as people may read it."""

OpenName = Callable[[str], str]
"""A text with the names of people that are sealed in it, as people may read it."""

_OPENERS: WeakKeyDictionary[Connection[Any], tuple[Open, OpenName]] = WeakKeyDictionary()


def open_with(connection: Connection[Any], body: Open, name: OpenName) -> None:
    """Says how bodies, and names of people, that are read over this connection are opened."""
    _OPENERS[connection] = body, name


def opened(
    connection: Connection[Any], name: str, body: bytes, stream: UUID, version: int
) -> bytes:
    """A stored body as it may be read; what nobody can read any more says so."""
    openers = _OPENERS.get(connection)
    return body if openers is None else openers[0](name, body, stream, version)


def opened_actor(connection: Connection[Any], actor: str) -> str:
    """Who did something, as it may be read; for whoever was erased stands what is the same
    wherever it is them."""
    openers = _OPENERS.get(connection)
    return actor if openers is None else openers[1](actor)
