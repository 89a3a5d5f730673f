"""Runner: keeps the read models in step with the tape, one transaction per batch.

Events are read and decoded once and folded by every projection at that position. Rows and
checkpoint are committed together, so whatever dies in between, nothing is folded twice or
left out. Each projection is led by one worker, which holds an advisory lock in its session;
the others stand by and take over when that session ends.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest

from projections import checkpoints
from projections.checkpoints import Checkpoint, Connection
from projections.folding import (
    Culprit,
    Folding,
    RawEvent,
    Reading,
    StoredRows,
    attach,
    encode_all,
    reason_of,
    write_all,
)
from projections.readmodel import Projection
from projections.rebuild import Classes, Progress, Rebuild, make_read_tables
from projections.replaying import Compared, Replay

BATCH_MAX = 5_000
SPLIT_FROM = 100_000
LEAD_EVERY_S = 1.0
RETRY_S_MAX = 5.0

_log = logging.getLogger(__name__)

Announce = Callable[[Mapping[str, int]], None]


class _Moved(Exception):
    """Somebody else changed a checkpoint: what is in memory is not the stored state."""


class _Led:
    """A projection that this worker moves, as its checkpoint was when last seen."""

    def __init__(self, projection: Projection, checkpoint: Checkpoint) -> None:
        self.projection = projection
        self.checkpoint = checkpoint
        self.stopped = False
        self.left_out = -1
        """The position of an event that is parked and not folded."""

    @property
    def position(self) -> int:
        return self.checkpoint.position


class Runner:
    """Follows the tape for some projections, given as classes so that each can begin afresh."""

    def __init__(
        self,
        reading: Reading,
        projections: Sequence[type[Projection]],
        *,
        announce: Announce | None = None,
        batch_max: int = BATCH_MAX,
        split_from: int = SPLIT_FROM,
    ) -> None:
        """`split_from` events or more are rebuilt by two processes."""
        self._reading = reading
        self._classes = {projection.name: projection for projection in projections}
        self._announce = announce
        self._batch_max = batch_max
        self._limit = batch_max
        self._split_from = split_from
        self._connection: Connection | None = None
        self._led: dict[str, _Led] = {}
        self._folding: Folding | None = None
        self._looked_for_lead = float("-inf")
        self._turn = 0
        # One process may have a worker's thread and a command that waits for it.
        self._moving = threading.RLock()

    def start(self, progress: Progress | None = None) -> None:
        """Makes what is missing: read tables, and rows that this program would make otherwise.

        Returns when every projection can be followed; that takes a rebuild after an update
        that changed a read model. Another worker's rebuild is waited for.
        """
        with (
            self._reading.connect() as connection,
            checkpoints.maintaining(connection, wait=True),
        ):
            outdated = make_read_tables(connection, self._reading, self._classes)
            if outdated:
                self._rebuild(connection, outdated, progress)

    def rebuild(self, names: Sequence[str] = (), progress: Progress | None = None) -> None:
        """Makes the rows anew from the first event, beside those that are read meanwhile.

        No name means every projection.

        Raises:
            KeyError: there is no projection of that name.
            Maintained: another process is rebuilding.
            RebuildFailed: an event cannot be folded; the rows that are read stay as they are.
        """
        chosen = {name: self._classes[name] for name in names or self._classes}
        with (
            self._reading.connect() as connection,
            checkpoints.maintaining(connection, wait=False),
        ):
            self._rebuild(connection, chosen, progress)

    def replay(
        self, until: int, names: Sequence[str] = (), progress: Progress = lambda _, __: None
    ) -> list[Compared]:
        """Makes the rows as of a position from the events alone and compares the stored ones.

        No name means every projection.

        Raises:
            KeyError: there is no projection of that name.
            Maintained: another process is rebuilding.
            NotReached: a projection has not come to the position.
        """
        chosen = {name: self._classes[name] for name in names or self._classes}
        with (
            self._reading.connect() as connection,
            checkpoints.maintaining(connection, wait=False),
        ):
            return Replay(self._reading, chosen, until, progress, self._split_from).run(connection)

    def _rebuild(self, connection: Connection, classes: Classes, progress: Progress | None) -> None:
        Rebuild(self._reading, classes, progress, self._batch_max, self._split_from).run(connection)

    def run(self, stop: threading.Event) -> None:
        """Follows the tape until told to stop; a lost database is waited for."""
        patience = 0.1
        while not stop.is_set():
            try:
                self._follow(stop)
                patience = 0.1
            except self._reading.lost as error:
                _log.warning("the read models wait for the database: %s", error)
                self.close()
                stop.wait(patience)
                patience = min(patience * 2, RETRY_S_MAX)
        self.close()

    def _follow(self, stop: threading.Event) -> None:
        connection = self._work_connection()
        connection.execute("LISTEN tape")
        while not stop.is_set():
            if self.step() == 0:
                for _ in connection.notifies(timeout=LEAD_EVERY_S, stop_after=1):
                    break

    def catch_up(self) -> int:
        """Folds until this worker has nothing left to do; says how many events it read."""
        total = 0
        while events := self.step():
            total += events
        return total

    def position(self) -> int:
        """How far everything is that this worker moves and that goes on; 0 if nothing is."""
        return min((led.position for led in self._led.values() if not led.stopped), default=0)

    def close(self) -> None:
        """Lets go of the lead, so that another worker takes over."""
        with self._moving:
            connection, self._connection = self._connection, None
            self._led.clear()
            self._folding = None
            self._looked_for_lead = float("-inf")
            if connection is not None:
                connection.close()

    def step(self) -> int:
        """Folds the next batch, if there is one; says how many events that were.

        Raises:
            Whatever `Reading.lost` lists: the database did not answer. Nothing is stored by
            half; `close` and go on.
        """
        with self._moving:
            return self._step()

    def _step(self) -> int:
        connection = self._work_connection()
        self._look_for_lead(connection)
        while True:
            for cohort, limit in self._cohorts():
                events = self._reading.read_after(connection, cohort[0].position, limit)
                if events:
                    break
            else:
                return 0
            if self._try_batch(connection, cohort, events):
                return len(events)

    def _work_connection(self) -> Connection:
        if self._connection is None:
            self._connection = self._reading.connect()
        return self._connection

    def _look_for_lead(self, connection: Connection) -> None:
        """Takes over what nobody leads, and what was rebuilt while it stood still."""
        now = time.monotonic()
        if now - self._looked_for_lead < LEAD_EVERY_S:
            return
        self._looked_for_lead = now
        for name in self._classes:
            led = self._led.get(name)
            if led is None:
                if checkpoints.take_lead(connection, name):
                    self._enter(connection, [name])
            elif led.stopped:
                stored = checkpoints.read_checkpoints(connection, [name])[name]
                if stored.build != led.checkpoint.build:
                    self._enter(connection, [name])

    def _enter(self, connection: Connection, names: Sequence[str]) -> None:
        """Begins with what is stored; forgets all that was in memory."""
        self._folding = None
        with connection.transaction():
            stored = checkpoints.read_checkpoints(connection, names, lock=True)
            for name in names:
                projection = self._classes[name]()
                checkpoint = stored[name]
                if checkpoint.fingerprint != projection.fingerprint:
                    self._led.pop(name, None)
                    continue
                attach(projection, StoredRows(connection), checkpoint.build)
                projection.load()
                self._led[name] = _Led(projection, checkpoint)

    def _cohorts(self) -> list[tuple[list[_Led], int]]:
        """Projections at one position each, and how far they may read; one that lags behind
        meets the next ahead of it, and those take turns meanwhile."""
        moving = [led for led in self._led.values() if not led.stopped]
        positions = sorted({led.position for led in moving})
        cohorts = []
        for position, ahead in zip_longest(positions, positions[1:]):
            limit = self._limit if ahead is None else min(self._limit, ahead - position)
            cohorts.append(([led for led in moving if led.position == position], limit))
        self._turn += 1
        turn = self._turn % max(1, len(cohorts))
        return cohorts[turn:] + cohorts[:turn]

    def _try_batch(
        self, connection: Connection, cohort: list[_Led], events: Sequence[RawEvent]
    ) -> bool:
        """Whether the batch is folded; if not, the next try is another one."""
        names = [led.projection.name for led in cohort]
        try:
            self._fold_batch(connection, cohort, events)
        except _Moved:
            self._enter(connection, names)
            return False
        except Culprit as culprit:
            left_out = {led.projection.name: led.left_out for led in cohort}
            self._enter(connection, names)
            for name in left_out.keys() & self._led.keys():
                self._led[name].left_out = left_out[name]
            self._cope(connection, culprit, events)
            return False
        except BaseException:
            # Memory is ahead of what is stored: only a new beginning is sure to be right.
            self.close()
            raise
        self._limit = min(self._limit * 2, self._batch_max)
        last = events[-1].position
        for led in cohort:
            led.checkpoint = led.checkpoint._replace(position=last)
        if self._announce is not None:
            self._announce(dict.fromkeys(names, last))
        return True

    def _fold_batch(
        self, connection: Connection, cohort: list[_Led], events: Sequence[RawEvent]
    ) -> None:
        names = [led.projection.name for led in cohort]
        folding = self._folding_of([led.projection for led in cohort])
        parked = {led.projection.name for led in cohort if led.left_out == events[0].position}
        left_out = {events[0].position: parked} if parked else None
        with connection.transaction():
            # After a crash rows and checkpoint are older together, and are folded again.
            connection.execute("SET LOCAL synchronous_commit = off")
            stored = checkpoints.read_checkpoints(connection, names, lock=True)
            if any(stored[led.projection.name][1:3] != led.checkpoint[1:3] for led in cohort):
                raise _Moved
            folding.fold(events, left_out)
            builds = {name: checkpoint.build for name, checkpoint in stored.items()}
            write_all(connection, encode_all(folding.take(everything=True)), builds)
            checkpoints.move_checkpoints(connection, names, events[-1].position)

    def _folding_of(self, projections: list[Projection]) -> Folding:
        if self._folding is None or self._folding.projections != tuple(projections):
            self._folding = Folding(projections, self._reading)
        return self._folding

    def _cope(self, connection: Connection, culprit: Culprit, events: Sequence[RawEvent]) -> None:
        """Makes the batch smaller until the event is alone, then gives up on it."""
        if len(events) > 1:
            before = None if culprit.seen is None else culprit.seen.position - events[0].position
            self._limit = max(1, len(events) // 2 if before is None else before)
            return
        event = events[0]
        reason = reason_of(culprit, event)
        for name in culprit.names:
            led = self._led[name]
            if led.projection.kind == "money":
                _log.error("%s stops at %s", name, reason)
                checkpoints.stop(connection, name, reason)
                led.stopped = True
            else:
                _log.warning("%s leaves out %s", name, reason)
                checkpoints.park(connection, name, event.position, event.name, reason)
                led.left_out = event.position
