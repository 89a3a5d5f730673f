"""The transparency log in PostgreSQL: takes the tape in, in its order, and hands out its hashes.

Events become leaves in the order of their positions, and the leaves and the log's new end are
stored in one transaction: a crash leaves the log where it was. One process at a time does it,
held by the row that says where the log ends.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from struct import Struct
from uuid import UUID

from adapters.postgres import SIGNER_ROLE, Connection, connect, translated
from application.ports import NotFound, PortRefused
from domain.transparency.leaf import LoggedEvent, event_hashes
from domain.transparency.tree import HASH_SIZE, Frontier, Node, frontier_at, hash_at, place_of

BATCH = 10_000

_EVENTS = """
SELECT position, stream, version, name, body, event_id, recorded_at, actor, correlation,
    causation, command_id
FROM tape.events WHERE position > %b ORDER BY position LIMIT %b
"""
_EVENTS_AT = """
SELECT position, stream, version, name, body, event_id, recorded_at, actor, correlation,
    causation, command_id
FROM tape.events WHERE position = ANY(%b) ORDER BY position
"""
_FRONTIER = "SELECT size, peaks FROM log.frontier"
_MOVE = "UPDATE log.frontier SET size = %b, peaks = %b"
_ROWS = "SELECT index, hashes FROM log.leaves WHERE index = ANY(%b)"
_COPY = b"COPY log.leaves (index, hashes) FROM STDIN (FORMAT BINARY)"
_RANGE = "SELECT index, hashes FROM log.leaves WHERE index >= %b AND index < %b"

_FIRST = "SELECT event_id FROM tape.events WHERE position = 1"
_OTHERS = """
SELECT EXISTS (
    SELECT FROM tape.events WHERE position > %b AND NOT name LIKE ANY(%b::text[])
)
"""

# PostgreSQL's binary COPY: a signature, rows of fields with their lengths before them, an end.
_COPY_BEGIN = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_END = b"\xff\xff"
_row_head = Struct("!hiqi").pack

_logged = partial(tuple.__new__, LoggedEvent)


class TapeLog:
    """The tape as a Merkle tree."""

    def __init__(self, url: str, role: str = SIGNER_ROLE) -> None:
        """Who only reads takes another role."""
        self._url = url
        self._role = role
        self._connection: Connection | None = None

    def close(self) -> None:
        """Gives the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def integrate(self, limit: int = BATCH) -> Frontier:
        """Takes the next events into the log; fewer than `limit` means: up to the head.

        Raises:
            Unavailable: the database did not answer; what was taken in before stays.
            PortRefused: the tape has a gap or goes back: somebody changed it.
        """
        with translated():
            connection = self._connected()
            with connection.transaction():
                ends = _frontier(connection, " FOR UPDATE")
                events = read_events(connection, ends.size, limit)
                if not events:
                    return ends
                _require_in_order(events, ends.size)
                growth = ends.grown(event_hashes(events))
                with connection.cursor() as cursor, cursor.copy(_COPY) as into:
                    into.write(_copied(growth.rows, ends.size))
                peaks = b"".join(growth.frontier.peaks)
                connection.execute(_MOVE, (growth.frontier.size, peaks))
                return growth.frontier

    def frontier(self) -> Frontier:
        """Where the log ends.

        Raises:
            Unavailable: the database did not answer.
        """
        with translated():
            return _frontier(self._connected())

    def at(self, size: int) -> Frontier:
        """The log when it had so many leaves, from its stored hashes.

        Raises:
            Malformed: it has not come to that size.
            Unavailable: the database did not answer.
        """
        return frontier_at(size, self.read)

    def read(self, nodes: Sequence[Node]) -> Sequence[bytes]:
        """The hashes of complete subtrees; empty for one that is not there.

        Raises:
            Unavailable: the database did not answer.
        """
        with translated():
            return read_nodes(self._connected(), nodes)

    def rows(self, start: int, end: int) -> dict[int, bytes]:
        """What is stored for the leaves from an index to before another.

        Raises:
            Unavailable: the database did not answer.
        """
        with translated():
            found = self._connected().execute(_RANGE, (start, end), prepare=True, binary=True)
            return dict(found.fetchall())

    def first_event(self) -> UUID:
        """The id of the first event, which no other tape has.

        Raises:
            NotFound: the tape is empty.
            Unavailable: the database did not answer.
        """
        with translated():
            row = self._connected().execute(_FIRST).fetchone()
        if row is None:
            raise NotFound("the tape is empty")
        event: UUID = row[0]
        return event

    def has_other_than(self, own: Sequence[str], after: int) -> bool:
        """Whether an event after a position has a name that begins otherwise.

        Raises:
            Unavailable: the database did not answer.
        """
        patterns = [f"{begin}%" for begin in own]
        with translated():
            row = self._connected().execute(_OTHERS, (after, patterns), prepare=True).fetchone()
        return bool(row and row[0])

    def events(self, after: int, limit: int) -> list[LoggedEvent]:
        """The next events of the tape with their whole envelopes.

        Raises:
            Unavailable: the database did not answer.
        """
        with translated():
            return read_events(self._connected(), after, limit)

    def events_at(self, positions: Sequence[int]) -> list[LoggedEvent]:
        """The events at these positions, in their order; one that is not there is left out.

        Raises:
            Unavailable: the database did not answer.
        """
        with translated():
            found = self._connected().execute(_EVENTS_AT, (list(positions),), binary=True)
            return list(map(_logged, found.fetchall()))

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.broken or self._connection.closed:
            self._connection = connect(self._url, role=self._role)
            self._connection.execute("SET TIME ZONE 'UTC'")
            # What a crash takes from the log's end is made of the tape again, and whatever is
            # signed is appended to the tape, which waits until all before it is on disk.
            self._connection.execute("SET synchronous_commit = off")
        return self._connection


def read_nodes(connection: Connection, nodes: Sequence[Node]) -> Sequence[bytes]:
    """The hashes of complete subtrees; empty for one that is not there."""
    places = [place_of(node) for node in nodes]
    found = connection.execute(_ROWS, ([place.row for place in places],), prepare=True, binary=True)
    rows: dict[int, bytes] = dict(found.fetchall())
    return [hash_at(rows.get(place.row, b""), place) for place in places]


def read_events(connection: Connection, after: int, limit: int) -> list[LoggedEvent]:
    """The next events after a position, with their whole envelopes; times in UTC."""
    with _without_garbage_collection():
        found = connection.execute(_EVENTS, (after, limit), prepare=True, binary=True)
        return list(map(_logged, found.fetchall()))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Rows hold no cycles, and looking for some takes three times as long as reading them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _copied(rows: Sequence[bytes], start: int) -> bytes:
    """The rows of the leaves from an index on; the driver would do each on its own."""
    heads = [_row_head(2, 8, index, len(row)) for index, row in enumerate(rows, start)]
    return b"".join((_COPY_BEGIN, *chain.from_iterable(zip(heads, rows, strict=True)), _COPY_END))


def _frontier(connection: Connection, lock: str = "") -> Frontier:
    row = connection.execute((_FRONTIER + lock).encode(), binary=True).fetchone()
    if row is None:
        raise PortRefused("the log has lost the row that says where it ends: restore the database")
    size, peaks = row
    starts = range(0, len(peaks), HASH_SIZE)
    return Frontier(size, tuple(bytes(peaks[at : at + HASH_SIZE]) for at in starts))


def _require_in_order(events: Sequence[LoggedEvent], size: int) -> None:
    """Refuses a tape whose positions do not follow on each other."""
    if events[-1].position == size + len(events):
        return
    wanted = next(
        place for place, event in enumerate(events, start=size + 1) if event.position != place
    )
    raise PortRefused(
        f"position {wanted} is missing on the tape: somebody took an event away; "
        "truetape fsck tells what else is wrong"
    )
