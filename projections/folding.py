"""Folding: events into rows, rows into PostgreSQL; each failure with the projection it is of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast
from uuid import UUID

import psycopg

from domain.shared import Event
from projections.checkpoints import REASON_LENGTH_MAX, Connection
from projections.readmodel import Handler, Projection, Seen
from projections.shape import Shape
from projections.strip import Register
from projections.table import Source, Table, Writes

LOST = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.IdleInTransactionSessionTimeout,
)
"""The database did not answer: no event is to blame, and trying again may work."""


class RawEvent(Seen, Protocol):
    """An event as it was read: the body is still bytes."""

    @property
    def body(self) -> bytes: ...


Decode = Callable[[str, bytes, UUID, int], Event]
"""Makes the event of a stored name, body, stream and version."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the engine gets at the tape; handed in, because adapters know and projections do not."""

    connect: Callable[[], Connection]
    """Opens a connection that commits by itself."""
    read_after: Callable[[Connection, int, int], Sequence[RawEvent]]
    """The next events after a position, at most so many."""
    read_range: Callable[[Connection, int, int, Sequence[str]], Sequence[RawEvent]]
    """The events after a position, up to another, that have one of these names."""
    read_head: Callable[[Connection], int]
    """The last position, 0 before the first."""
    decode: Decode
    lost: tuple[type[Exception], ...] = LOST
    """What is raised when the database, or whoever keeps the keys, does not answer."""


class Culprit(Exception):
    """A batch failed, and these projections are why; at which position, if that is known."""

    def __init__(self, names: Collection[str], reason: str, seen: Seen | None) -> None:
        # All of them, so that it can be sent from one process to another.
        super().__init__(names, reason, seen)
        self.names = names
        self.reason = reason
        self.seen = seen

    def __str__(self) -> str:
        return f"{', '.join(self.names)}: {self.reason}"


LeftOut = Mapping[int, Collection[str]]
"""By position: the projections that do not fold the event."""


class StoredRows:
    """Reads stored rows over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, shape: Shape[Any], build: int, key: Sequence[Any]) -> list[Any]:
        return self._fetch(shape.find(build), key)

    def select(
        self, shape: Shape[Any], build: int, where: str, parameters: Sequence[Any]
    ) -> list[Any]:
        return self._fetch(shape.select(build, where), parameters)

    def _fetch(self, query: str, parameters: Sequence[Any]) -> list[Any]:
        return self._connection.execute(query, parameters, prepare=True, binary=True).fetchall()


class Folding:
    """Some projections that are at the same position and take the same events."""

    def __init__(self, projections: Sequence[Projection], reading: Reading) -> None:
        self.projections = tuple(projections)
        self._decode = reading.decode
        self._lost: tuple[type[Exception], ...] = (*LOST, *reading.lost)
        self._handlers = handlers_of(projections)
        taken = set[str]().union(*(projection.bodies() for projection in projections))
        self._undecoded = frozenset(self._handlers.keys() - taken)

    @property
    def names(self) -> list[str]:
        """The stored names of the events that somebody takes."""
        return list(self._handlers)

    def fold(self, events: Sequence[RawEvent], left_out: LeftOut | None = None) -> None:
        """Folds each event into every projection that takes it.

        Raises:
            Culprit: an event cannot be read, or a projection cannot fold it.
        """
        begin = 0
        left_out = left_out or {}
        for at in _places(events, left_out) if left_out else ():
            self._fold(events[begin:at], self._handlers)
            others = [p for p in self.projections if p.name not in left_out[events[at].position]]
            self._fold(events[at : at + 1], handlers_of(others))
            begin = at + 1
        self._fold(events[begin:] if begin else events, self._handlers)
        self._finish_batch()

    def _fold(
        self, events: Sequence[RawEvent], handlers: Mapping[str, tuple[Handler, ...]]
    ) -> None:
        decode, undecoded = self._decode, self._undecoded
        event: Event | None
        handle: Handler | None = None
        seen: RawEvent | None = None
        try:
            for seen in events:
                interested = handlers.get(seen.name)
                if interested is not None:
                    name, handle = seen.name, None
                    if name in undecoded:
                        event = None
                    else:
                        event = decode(name, seen.body, seen.stream, seen.version)
                    for handle in interested:
                        handle(event, seen)
        except self._lost:
            raise
        except Exception as error:
            assert seen is not None
            at_fault = _takers(handlers[seen.name]) if handle is None else (handle,)
            raise Culprit(_owners(at_fault), _said(error), seen) from error

    def _finish_batch(self) -> None:
        for projection in self.projections:
            try:
                projection.finish_batch()
            except self._lost:
                raise
            except Exception as error:
                raise Culprit((projection.name,), _said(error), None) from error

    def take(self, *, everything: bool) -> list[tuple[str, Writes]]:
        """What is to be written, with the name of whose it is."""
        return [
            (projection.name, writes)
            for projection in self.projections
            for table in projection.tables
            if (writes := table.take(everything=everything)) is not None
        ]


def _places(events: Sequence[RawEvent], left_out: LeftOut) -> list[int]:
    return [at for at, seen in enumerate(events) if seen.position in left_out]


def handlers_of(projections: Iterable[Projection]) -> dict[str, tuple[Handler, ...]]:
    """The bound handlers by the stored name of the event they take."""
    found: dict[str, list[Handler]] = {}
    for projection in projections:
        for topic, methods in projection.handlers().items():
            found.setdefault(topic, []).extend(getattr(projection, m) for m in methods)
    return {topic: tuple(handlers) for topic, handlers in found.items()}


def _takers(handlers: Iterable[Handler]) -> list[Handler]:
    """Those for which an event is decoded."""
    return [handler for handler in handlers if getattr(handler, "takes_body", True)]


def _owners(handlers: Iterable[Handler]) -> tuple[str, ...]:
    owners = (cast("Projection", getattr(handler, "__self__", None)) for handler in handlers)
    return tuple(dict.fromkeys(owner.name for owner in owners))


def attach(projection: Projection, source: Source, build: int, *, complete: bool = False) -> None:
    """Lets the projection's tables continue on a build's stored rows."""
    for table in projection.tables:
        if isinstance(table, Table | Register):
            table.attach(source, build, complete=complete)


class Ready(NamedTuple):
    """What one table of a projection has to write, and its rows as COPY takes them."""

    name: str
    writes: Writes
    encoded: bytes


def encode_all(taken: Iterable[tuple[str, Writes]]) -> list[Ready]:
    """What `Folding.take` gave, ready to be written.

    Raises:
        Culprit: the rows of a projection cannot be stored.
    """
    found = []
    for name, writes in taken:
        try:
            encoded = writes.shape.encoded(writes.rows) if writes.rows else b""
        except (TypeError, ValueError) as error:
            raise Culprit((name,), _said(error), None) from error
        found.append(Ready(name, writes, encoded))
    return found


def write_all(
    connection: Connection,
    found: Iterable[Ready],
    builds: Mapping[str, int],
    *,
    freeze: bool = False,
) -> None:
    """Writes what is ready.

    Raises:
        Culprit: the database refused the rows of a projection.
    """
    for ready in found:
        try:
            _write(connection, ready, builds[ready.name], freeze=freeze)
        except psycopg.errors.ProgramLimitExceeded as error:
            # Counted among the failures of operation, but it is the row that is too large.
            raise Culprit((ready.name,), _said(error), None) from error
        except LOST:
            raise
        except psycopg.Error as error:
            raise Culprit((ready.name,), _said(error), None) from error


def _write(connection: Connection, ready: Ready, build: int, *, freeze: bool) -> None:
    """Ends superseded versions, then adds the new ones."""
    shape, ended = ready.writes.shape, ready.writes.ended
    if ended:
        columns = [list(column) for column in zip(*ended, strict=True)]
        connection.execute(shape.close_versions(build), columns, prepare=True)
    if ready.encoded:
        with connection.cursor().copy(shape.copy_from(build, freeze=freeze)) as copy:
            copy.write(ready.encoded)


def reason_of(culprit: Culprit, seen: Seen | None = None) -> str:
    """Where a projection failed and why, in one line."""
    seen = culprit.seen or seen
    where = "" if seen is None else f"position {seen.position} ({seen.name}): "
    return (where + culprit.reason)[:REASON_LENGTH_MAX]


def _said(error: Exception) -> str:
    words = str(error).splitlines() if isinstance(error, psycopg.Error) else [str(error)]
    return f"{type(error).__name__}: {words[0] if words else ''}"
