"""Pipeline: reading ahead of the fold and writing behind it, each in a thread of its own.

PostgreSQL works on another core while Python folds; what waits in between is bounded.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import Empty, Queue
from typing import Any

from msgspec.structs import astuple

from projections.checkpoints import Connection
from projections.folding import RawEvent, Reading, Ready, StoredRows, encode_all, write_all
from projections.shape import CURRENT, Line, Row, Shape
from projections.table import Writes

AHEAD = 2
BEHIND = 1


@contextmanager
def read_ahead(
    reading: Reading, connection: Connection, head: int, size: int, names: Sequence[str]
) -> Iterator[Iterator[tuple[int, Sequence[RawEvent]]]]:
    """The events of these names from the first to the head, with how far they go, so many
    positions at a time."""
    chunks: Queue[tuple[int, Sequence[RawEvent]] | BaseException] = Queue(AHEAD)
    stop = threading.Event()

    def read() -> None:
        position = 0
        try:
            while position < head and not stop.is_set():
                until = min(position + size, head)
                chunks.put((until, reading.read_range(connection, position, until, names)))
                position = until
        except BaseException as error:  # noqa: BLE001 - the other thread raises it
            chunks.put(error)

    def each() -> Iterator[tuple[int, Sequence[RawEvent]]]:
        position = 0
        while position < head:
            chunk = chunks.get()
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk
            position, _ = chunk

    thread = threading.Thread(target=read, name="read-ahead", daemon=True)
    thread.start()
    try:
        yield each()
    finally:
        stop.set()
        while thread.is_alive():
            try:
                chunks.get(timeout=0.05)
            except Empty:
                continue


class WriteBehind:
    """Writes what was taken, in order, while the next events are folded.

    It owns the connection meanwhile. A fold that looks for a row it gave away finds it among
    those that still wait, or has its turn on the connection between the writes of two tables:
    a fold that waited until everything is written would stand still for a tenth of a rebuild.
    """

    def __init__(self, connection: Connection, builds: Mapping[str, int]) -> None:
        self._connection = connection
        self._builds = builds
        self._queue: Queue[list[Ready] | None] = Queue(BEHIND)
        self._waiting: deque[Writes] = deque()
        """What is not known to be written, the oldest first."""
        self._turn = threading.Lock()
        self._may_write = threading.Event()
        self._may_write.set()
        self._begun: set[str] = set()
        """The tables of which anything was handed over."""
        self._indexed: set[str] = set()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="write-behind", daemon=True)

    def __enter__(self) -> WriteBehind:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.put(None)
        self._thread.join()

    def submit(self, taken: list[tuple[str, Writes]]) -> None:
        """Hands rows over; waits when too much is waiting already.

        They are encoded here: only one thread can do anything in Python, and who has just made
        the rows has them at hand. The thread that writes asks for its turn far less often.

        Raises:
            Culprit: rows cannot be stored; or whatever writing earlier rows raised.
        """
        if taken:
            found = encode_all(taken)
            self._waiting.extend(writes for _, writes in taken)
            self._begun.update(writes.shape.name for _, writes in taken)
            self._queue.put(found)
        self._check()

    def finish(self) -> None:
        """Returns when everything is written.

        Raises:
            Whatever writing raised.
        """
        self._queue.join()
        self._check()

    def find(self, shape: Shape[Any], build: int, key: Sequence[Any]) -> list[Any]:
        """Most tables never look back while they are loaded; the first look makes the index."""
        waiting, wanted = self._waiting_of(shape), tuple(key)
        if any(version[:-2] == wanted for writes in waiting for version in writes.ended):
            # The stored version is about to end.
            self.finish()
        elif (row := _current(waiting, shape, wanted)) is not None:
            return [astuple(row)]
        with self._between_writes():
            self._index(shape.create_current_index(build))
            return StoredRows(self._connection).find(shape, build, key)

    def select(
        self, shape: Shape[Any], build: int, where: str, parameters: Sequence[Any]
    ) -> list[Any]:
        """The first look at what is stored makes all that may be looked along."""
        if shape.name not in self._begun:
            return []
        if self._waiting_of(shape):
            self.finish()
        with self._between_writes():
            for statement in shape.create_search_indexes(build):
                self._index(statement)
            return StoredRows(self._connection).select(shape, build, where, parameters)

    def _waiting_of(self, shape: Shape[Any]) -> list[Writes]:
        return [writes for writes in list(self._waiting) if writes.shape is shape]

    @contextmanager
    def _between_writes(self) -> Iterator[None]:
        self._may_write.clear()
        try:
            with self._turn:
                self._check()
                yield
        finally:
            self._may_write.set()

    def _index(self, statement: str) -> None:
        if statement not in self._indexed:
            self._connection.execute(statement)
            self._indexed.add(statement)

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        while (found := self._queue.get()) is not None:
            try:
                for ready in found:
                    self._write(ready)
            except BaseException as error:  # noqa: BLE001 - the other thread raises it
                self._failure = error
            finally:
                self._queue.task_done()

    def _write(self, ready: Ready) -> None:
        # Without this the lock would be taken again before anybody who waits for it wakes up.
        self._may_write.wait()
        with self._turn:
            if self._failure is None:
                if ready.writes.ended:
                    # One made after rows have changed is of no use in the same transaction.
                    build = self._builds[ready.name]
                    self._index(ready.writes.shape.create_current_index(build))
                write_all(self._connection, [ready], self._builds, freeze=True)
        self._waiting.popleft()


def _current(
    waiting: Sequence[Writes], shape: Shape[Any], key: tuple[Any, ...]
) -> Row | Line | None:
    """The key's current row among those that wait."""
    wanted = key if len(key) > 1 else key[0]
    key_of, versioned = shape.key_of, shape.versioned
    for writes in reversed(waiting):
        for row in writes.rows:
            if (not versioned or row.valid_to == CURRENT) and key_of(row) == wanted:
                found: Row | Line = row
                return found
    return None


def in_parallel(connections: Sequence[Connection], statements: Sequence[str]) -> None:
    """Executes all the statements, one at a time on each connection.

    Raises:
        Whatever the first statement that failed raised; those not begun are left.
    """
    waiting: Queue[str] = Queue()
    for statement in statements:
        waiting.put(statement)
    failures: list[BaseException] = []

    def execute(connection: Connection) -> None:
        try:
            while not failures:
                connection.execute(waiting.get_nowait())
        except Empty:
            return
        except BaseException as error:  # noqa: BLE001 - the other thread raises it
            failures.append(error)

    threads = [threading.Thread(target=execute, args=(c,), daemon=True) for c in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
