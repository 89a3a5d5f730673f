"""Rebuild: makes rows anew from the first event, beside the live ones, and swaps.

Rows go into tables of the next build (`projections.loading`); then comes what was appended
meanwhile, and in the end the views change over together with the checkpoints. What is
interrupted leaves nothing that anybody sees.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import psycopg

from projections import checkpoints
from projections.checkpoints import Checkpoint, Connection
from projections.folding import (
    Culprit,
    Folding,
    LeftOut,
    RawEvent,
    Reading,
    StoredRows,
    attach,
    encode_all,
    reason_of,
    write_all,
)
from projections.loading import Load, LoadFailed, load_all, processes_for, shared
from projections.readmodel import Projection

REBUILD_FROM = 20_000
"""A projection that is new is folded live on a shorter tape than this."""
LOAD_CHUNK = 2_000
"""So many positions of the tape are read at once for a load: several such chunks wait in memory,
of each process, and larger ones are no faster."""
LEFT_OUT_MAX = 20
REPORT_EVERY_S = 1.0
SWAP_ATTEMPTS = 60

Progress = Callable[[int, int], None]
"""Told the position reached and the head of the tape."""

Classes = Mapping[str, type[Projection]]


class RebuildFailed(Exception):
    """The new rows cannot be made; the live ones are untouched."""


def make_read_tables(connection: Connection, reading: Reading, classes: Classes) -> Classes:
    """Makes what is missing and drops what is left over; only under the maintenance lock.

    Returns the projections whose rows have to be made anew before they can be followed.
    """
    checkpoints.make_bookkeeping(connection)
    checkpoints.drop_leftovers(connection)
    stored = checkpoints.read_checkpoints(connection, list(classes))
    outdated = {}
    for name, projection_class in classes.items():
        projection = projection_class()
        if name not in stored:
            with connection.transaction():
                _begin(connection, projection)
            if reading.read_head(connection) >= REBUILD_FROM:
                outdated[name] = projection_class
        elif stored[name].fingerprint != projection.fingerprint:
            outdated[name] = projection_class
    return outdated


def _begin(connection: Connection, projection: Projection) -> None:
    shapes = [table.shape for table in projection.tables]
    checkpoints.create_build(connection, shapes, 1)
    for shape in shapes:
        for statement in shape.create_indexes(1):
            connection.execute(statement)
    checkpoints.show_build(connection, shapes, 1)
    checkpoints.create_checkpoint(connection, projection.name, projection.fingerprint)


class _Parked(NamedTuple):
    """An event that a feed cannot fold."""

    name: str
    position: int
    event: str
    reason: str


class _Rest:
    """Folds what comes after a load; memory is restored only when there is something to fold."""

    def __init__(
        self,
        projections: Sequence[Projection],
        builds: Mapping[str, int],
        connection: Connection,
        reading: Reading,
    ) -> None:
        self.projections = projections
        self.builds = builds
        self._connection = connection
        self._folding = Folding(projections, reading)
        self._is_loaded = False

    def load(self) -> None:
        """Restores memory from the rows that the load left."""
        if self._is_loaded:
            return
        for projection in self.projections:
            attach(projection, StoredRows(self._connection), self.builds[projection.name])
            projection.load()
        self._is_loaded = True

    def fold(self, events: Sequence[RawEvent], left_out: LeftOut) -> None:
        """Folds and writes the next events."""
        self.load()
        self._folding.fold(events, left_out)
        write_all(self._connection, encode_all(self._folding.take(everything=True)), self.builds)


class Rebuild:
    """One rebuild of some projections together; the caller holds the maintenance lock."""

    def __init__(
        self,
        reading: Reading,
        classes: Classes,
        progress: Progress | None,
        chunk: int,
        split_from: int,
    ) -> None:
        self._reading = reading
        self._chunk = chunk
        self._split_from = split_from
        self._classes = classes
        self._progress = progress
        self._parked: list[_Parked] = []
        self._reported = float("-inf")

    def run(self, connection: Connection) -> None:
        """Makes, fills and shows the next builds.

        Raises:
            RebuildFailed: money cannot be folded, or too much of a feed cannot.
        """
        while True:
            checkpoints.drop_leftovers(connection)
            try:
                self._attempt(connection)
                return
            except Culprit as culprit:
                self._leave_out(culprit)
            except LoadFailed as failure:
                raise RebuildFailed(str(failure)) from failure
            finally:
                if not connection.closed:
                    checkpoints.drop_leftovers(connection)

    def _leave_out(self, culprit: Culprit) -> None:
        """Lets the next attempt go without an event that a feed cannot fold."""
        seen, reason = culprit.seen, reason_of(culprit)
        feeds = all(self._classes[name].kind == "feed" for name in culprit.names)
        if seen is None or not feeds or len(self._parked) >= LEFT_OUT_MAX:
            raise RebuildFailed(f"{', '.join(culprit.names)}: {reason}") from culprit
        self._parked += [_Parked(n, seen.position, seen.name, reason) for n in culprit.names]

    def _left_out(self) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for parked in self._parked:
            found.setdefault(parked.position, set()).add(parked.name)
        return found

    def _attempt(self, connection: Connection) -> None:
        stored = checkpoints.read_checkpoints(connection, list(self._classes))
        builds = {name: checkpoint.build + 1 for name, checkpoint in stored.items()}
        head = self._load(connection, builds)
        with self._reading.connect() as own:
            rest = _Rest([made() for made in self._classes.values()], builds, own, self._reading)
            position = self._go_on(own, rest, head)
            self._swap(own, rest, position)

    def _load(self, connection: Connection, builds: Mapping[str, int]) -> int:
        """Folds up to the head into new tables; says how far that was."""
        head = self._reading.read_head(connection)
        made = {projection: builds[name] for name, projection in self._classes.items()}
        load = Load(self._reading, made, head, self._left_out(), min(self._chunk, LOAD_CHUNK))
        groups = shared(made, processes_for(head, self._split_from))

        def report(position: int) -> None:
            self._report(connection, list(builds), position, head)

        load_all([load._replace(builds=group) for group in groups], report)
        return head

    def _go_on(self, connection: Connection, rest: _Rest, position: int) -> int:
        """Folds what came meanwhile, until less than a chunk is left."""
        while True:
            events = self._reading.read_after(connection, position, self._chunk)
            if events:
                # Not while others wait for the swap.
                rest.load()
            if len(events) < self._chunk:
                return position
            with connection.transaction():
                rest.fold(events, self._left_out())
            position = events[-1].position

    def _swap(self, connection: Connection, rest: _Rest, position: int) -> None:
        """Shows the new builds while nobody moves the old ones."""
        for attempt in range(SWAP_ATTEMPTS):
            try:
                with connection.transaction():
                    connection.execute("SET LOCAL lock_timeout = '1s'")
                    checkpoints.read_checkpoints(connection, list(rest.builds), lock=True)
                    for projection in rest.projections:
                        shapes = [table.shape for table in projection.tables]
                        checkpoints.show_build(connection, shapes, rest.builds[projection.name])
                    self._fold_the_rest(connection, rest, position)
                return
            except psycopg.errors.LockNotAvailable:
                # Somebody reads the old rows in a long transaction.
                time.sleep(min(0.1 * (attempt + 1), 1.0))
        raise RebuildFailed("the old rows are being read all the time: try again later")

    def _fold_the_rest(self, connection: Connection, rest: _Rest, position: int) -> None:
        while events := self._reading.read_after(connection, position, self._chunk):
            rest.fold(events, self._left_out())
            position = events[-1].position
        for projection in rest.projections:
            name = projection.name
            state = "parked" if any(name == parked.name for parked in self._parked) else "running"
            checkpoints.swap_checkpoint(
                connection,
                Checkpoint(name, position, rest.builds[name], projection.fingerprint, state),
            )
        for parked in self._parked:
            checkpoints.park(connection, *parked)

    def _report(
        self, connection: Connection, names: Sequence[str], position: int, head: int
    ) -> None:
        if self._progress is not None:
            self._progress(position, head)
        now = time.monotonic()
        if now - self._reported >= REPORT_EVERY_S:
            self._reported = now
            checkpoints.report_rebuild(connection, names, position)
