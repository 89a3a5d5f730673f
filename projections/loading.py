"""Loading: the rows of some projections, made from the first event up to a position.

A thread reads ahead, this one folds, and a thread writes: into tables that are made in the same
transaction, as COPY that is frozen from the start. Python folds on one core at a time, so on a
long tape the projections are shared between this process and another one.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain, zip_longest
from multiprocessing.connection import Connection as Pipe
from typing import Any, NamedTuple

from projections import checkpoints
from projections.checkpoints import Connection
from projections.folding import Culprit, Folding, LeftOut, Reading, attach
from projections.pipeline import WriteBehind, in_parallel, read_ahead
from projections.readmodel import Projection
from projections.shape import Shape

LESS_URGENT = 10
"""Steps of `nice`: with so many, the process that has less to fold is done a little before the
first one. With fewer, a core is idle for longer at the end."""
TURN_S = 0.0005
"""Python's threads run in turns of five milliseconds otherwise, and those that read and write
ask for one each time that the server has taken or sent a little: a COPY took twice as long."""

Report = Callable[[int], None]
"""Told the position up to which everything is folded."""


class LoadFailed(Exception):
    """A process that loads ended, or failed in a way that no event is to blame for."""


class Load(NamedTuple):
    """What is to be loaded; a process can be told it."""

    reading: Reading
    builds: Mapping[type[Projection], int]
    """The projections, and the number of the build that is made of each."""
    head: int
    left_out: LeftOut
    chunk: int
    """So many positions of the tape are read at once."""

    def run(self, report: Report) -> None:
        """Makes the tables, fills them in one transaction, and adds their indexes.

        Raises:
            Culprit: an event cannot be read or folded.
        """
        with _without_garbage_collection(), _in_short_turns():
            self._run(report)

    def _run(self, report: Report) -> None:
        folding = Folding([made() for made in self.builds], self.reading)
        builds = {projection.name: build for projection, build in self.builds.items()}
        with self.reading.connect() as reader, self.reading.connect() as writer:
            with writer.transaction():
                # Nobody waits for it, and on a busy machine a fold may pause for long.
                writer.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                self._fill(folding, builds, reader, writer, report)
            _make_indexes((reader, writer), _tables(folding, builds))

    def _fill(
        self,
        folding: Folding,
        builds: Mapping[str, int],
        reader: Connection,
        writer: Connection,
        report: Report,
    ) -> None:
        for shape, build in _tables(folding, builds):
            checkpoints.create_build(writer, [shape], build)
        with (
            WriteBehind(writer, builds) as behind,
            read_ahead(self.reading, reader, self.head, self.chunk, folding.names) as chunks,
        ):
            for projection in folding.projections:
                attach(projection, behind, builds[projection.name], complete=True)
            for until, events in chunks:
                folding.fold(events, self.left_out)
                behind.submit(folding.take(everything=False))
                report(until)
            behind.submit(folding.take(everything=True))
            behind.finish()


def _tables(folding: Folding, builds: Mapping[str, int]) -> list[tuple[Shape[Any], int]]:
    return [(table.shape, builds[p.name]) for p in folding.projections for table in p.tables]


def _make_indexes(
    connections: Sequence[Connection], tables: Sequence[tuple[Shape[Any], int]]
) -> None:
    for connection in connections:
        connection.execute("SET maintenance_work_mem = '128MB'")
        # All cores have work already; helpers of the server's would cost their own beginning.
        connection.execute("SET max_parallel_maintenance_workers = 0")
        # Which index to take is clear from a small sample; the server looks closer later.
        connection.execute("SET default_statistics_target = 10")
    each_table = [list(shape.create_indexes(build)) for shape, build in tables]
    # Making a primary key keeps everybody else off the table.
    in_turn = chain.from_iterable(zip_longest(*each_table))
    in_parallel(connections, [statement for statement in in_turn if statement is not None])
    in_parallel(connections, [f"ANALYZE {shape.table(build)}" for shape, build in tables])


def shared(
    builds: Mapping[type[Projection], int], processes: int
) -> list[dict[type[Projection], int]]:
    """The projections in so many groups that are about as much work each, the last the most."""
    groups: list[dict[type[Projection], int]] = [{} for _ in range(processes)]
    for projection in sorted(builds, key=lambda each: (-each.weight, each.name)):
        lightest = min(groups, key=lambda group: sum(each.weight for each in group))
        lightest[projection] = builds[projection]
    by_weight = sorted(groups, key=lambda group: sum(each.weight for each in group))
    return [group for group in by_weight if group]


def load_all(loads: Sequence[Load], report: Report) -> None:
    """Loads the last one in this process and each other in one of its own.

    Raises:
        Culprit: an event cannot be read or folded.
        LoadFailed: another process died, or could not reach the database.
    """
    *others, own = loads
    with ExitStack() as running:
        elsewhere = [running.enter_context(_elsewhere(load)) for load in others]

        def tell(position: int) -> None:
            for other in elsewhere:
                other.listen(wait=False)
            report(min([position, *(other.reached for other in elsewhere)]))

        own.run(tell)
        for other in elsewhere:
            while not other.is_done:
                other.listen(wait=True)
                tell(own.head)


def processes_for(head: int, split_from: int) -> int:
    """How many processes a load is worth: a second one takes about a second to begin."""
    may_run_on = len(os.sched_getaffinity(0))
    # A daemon of the standard library's may not have children.
    is_alone = multiprocessing.current_process().daemon
    return 1 if head < split_from or may_run_on < 2 or is_alone else 2


class _Elsewhere:
    """A load in another process, as it is seen from this one."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self.reached = 0
        self.is_done = False
        """Whether all of it is stored."""

    def listen(self, *, wait: bool) -> None:
        """Hears what it has said since; with `wait`, at least one thing.

        Raises:
            Culprit, LoadFailed: what it failed of.
        """
        while not self.is_done and (wait or self._pipe.poll()):
            wait = False
            try:
                said = self._pipe.recv()
            except EOFError:
                raise LoadFailed("the process that helped to make the rows was killed") from None
            if isinstance(said, Exception):
                raise said
            self.is_done = said is None
            self.reached = self.reached if said is None else said


@contextmanager
def _elsewhere(load: Load) -> Iterator[_Elsewhere]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(load, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield _Elsewhere(ours)
    finally:
        process.terminate()
        process.join()
        ours.close()


def _work(load: Load, pipe: Pipe) -> None:
    """What the other process does: it ends with the one that started it, which closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The first process has the most to fold, and both are to be done at the same time.
    os.nice(LESS_URGENT)
    try:
        load.run(pipe.send)
    except Exception as error:  # noqa: BLE001 - the other process raises it
        pipe.send(_sendable(error))
    else:
        pipe.send(None)


def _sendable(error: Exception) -> Exception:
    """What is not to be understood in another process is told in words."""
    return error if isinstance(error, Culprit) else LoadFailed(f"{type(error).__name__}: {error}")


@contextmanager
def _in_short_turns() -> Iterator[None]:
    """Lets the threads that wait for the server go on soon after it has answered."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(TURN_S, usual))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Events and rows hold no cycles, and looking for some would cost a tenth of the time; what
    was in memory for the load is looked through when all old objects are."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            # From the young objects, all of which the next one would have looked through, to the
            # old ones.
            gc.freeze()
            gc.unfreeze()
        if was_enabled:
            gc.enable()
