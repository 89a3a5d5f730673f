"""Opening: how queries read what is sealed in stored bodies.

Only adapters know the keys of people. Whoever opens a connection says how bodies that are read
over it are opened; over any other they are shown as they are stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from psycopg import Connection

Open = Callable[[str, bytes, UUID, int], bytes]
"""The body of a stored name, body, stream and version as people may read it."""

_OPENERS: WeakKeyDictionary[Connection[Any], Open] = WeakKeyDictionary()


def open_with(connection: Connection[Any], opener: Open) -> None:
    """Says how bodies that are read over this connection are opened."""
    _OPENERS[connection] = opener


def opened(
    connection: Connection[Any], name: str, body: bytes, stream: UUID, version: int
) -> bytes:
    """A stored body as it may be read; what nobody can read any more says so."""
    opener = _OPENERS.get(connection)
    return body if opener is None else opener(name, body, stream, version)
