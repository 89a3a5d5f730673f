"""Read model: a projection folds events into read tables; queries read their rows.

A read model is one file: its row types, its `Projection` with a handler for each event, and
the queries, which are plain functions over a connection.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Literal, Protocol, TypeVar
from uuid import UUID

from domain.shared import Event
from projections.shape import CURRENT, Index, Line, Private, Row
from projections.strip import Register, Strip
from projections.table import Table

__all__ = [
    "CURRENT",
    "Handler",
    "Index",
    "Line",
    "Private",
    "Projection",
    "Register",
    "Row",
    "Seen",
    "Strip",
    "Table",
    "known_at",
    "when",
]


class Seen(Protocol):
    """Where an event lies on the tape. The time that counts is in its body."""

    @property
    def position(self) -> int: ...
    @property
    def stream(self) -> UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def name(self) -> str: ...


Handler = Callable[[Any, Seen], None]
H = TypeVar("H", bound=Callable[..., None])


def when(*events: type[Event], body: bool = True) -> Callable[[H], H]:
    """Marks a method of a projection as the handler of these events.

    Without `body` it looks only at where an event was seen, and is given None unless another
    handler needs the event decoded.
    """

    def mark(handler: H) -> H:
        handler.__dict__["handles"] = events
        handler.__dict__["takes_body"] = body
        return handler

    return mark


class Projection:
    """Folds events into the rows of its tables.

    Handlers, methods marked with `@when(EventClass)`, look only at the event, at where it was
    seen, and at the projection's own tables and memory: no clock, no query, no other read
    model. What is kept in memory besides the tables is thrown away together with them (the
    engine makes a new object) and must come back in `load`.
    """

    name: ClassVar[str]
    kind: ClassVar[Literal["money", "feed"]]
    """`money` stops at an event it cannot fold, `feed` parks the event and goes on."""
    edition: ClassVar[int] = 1
    """Raised when a fold changes its mind, so that existing rows are rebuilt."""

    weight: ClassVar[int] = 1
    """How much work it is beside the others, for those who share it out."""

    tables: Sequence[Table[Any] | Strip[Any]]
    """Set by `__init__`, which takes no arguments."""

    def load(self) -> None:
        """Restores memory from the stored rows; called before the first event is folded."""

    def finish_batch(self) -> None:
        """Does what is cheaper for many events at once; rows must not depend on the batch."""

    @classmethod
    def handlers(cls) -> dict[str, list[str]]:
        """The names of the methods that handle an event, by the event's stored name."""
        found: dict[str, list[str]] = {}
        for method, topic, _ in cls._marked():
            found.setdefault(topic, []).append(method)
        return found

    @classmethod
    def bodies(cls) -> set[str]:
        """The stored names of the events that have to be decoded for it."""
        return {topic for _, topic, takes_body in cls._marked() if takes_body}

    @classmethod
    def _marked(cls) -> Iterator[tuple[str, str, bool]]:
        for name in dir(cls):
            method = getattr(cls, name)
            for event in getattr(method, "handles", ()):
                yield name, event.TOPIC, method.takes_body

    @property
    def fingerprint(self) -> str:
        """Changes when the stored rows are not what this program would make."""
        words = [str(self.edition), *(table.shape.fingerprint for table in self.tables)]
        return hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]


def known_at(as_of: int | None, table: str = "") -> str:
    """The SQL condition for the versions known at a position, None for now.

    `table` is the alias to prefix. The parameter is named `as_of`.
    """
    prefix = f"{table}." if table else ""
    if as_of is None:
        return f"{prefix}valid_to = {CURRENT}"
    return f"{prefix}valid_from <= %(as_of)s AND %(as_of)s < {prefix}valid_to"
