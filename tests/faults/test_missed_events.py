"""Eight writers, and readers that follow: none of them may miss or reorder an event.

A store that hands out positions before it knows the order of commits loses events for readers
that tail it. This one holds a lock from the position to the commit.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Sequence
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.append import append_on
from adapters.appender import Appender
from adapters.event_reader import RawEvent, listen, read_after, read_head, wait_for_events
from adapters.postgres import AUDITOR_ROLE, WRITER_ROLE, connect
from application.ports import Appended
from tests.adapters.notes import batch
from tests.patience import PATIENCE_S

WRITERS = 8
EVENTS_EACH = 1_500


def write(url: str, stream: UUID, threads: int) -> None:
    """One writing process: its stream's events, some alone and some in batches, and some
    from threads that share an appender and so end up in groups.
    """
    appender = Appender(url)
    mine = EVENTS_EACH // threads

    def write_stream(stream: UUID) -> None:
        version = 0
        while version < mine:
            size = min(1 + version % 3, mine - version)
            versions = range(version + 1, version + size + 1)
            (outcome,) = appender.append([batch(stream, *versions)])
            assert isinstance(outcome, Appended)
            version += size

    streams = [stream] + [uuid4() for _ in range(threads - 1)]
    workers = [threading.Thread(target=write_stream, args=(each,)) for each in streams]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    appender.close()


class Follower(threading.Thread):
    """Reads the tail as fast as it can, from the last position it has seen."""

    def __init__(self, url: str, *, limit: int, listens: bool) -> None:
        super().__init__()
        self._url = url
        self._limit = limit
        self._listens = listens
        self.seen: list[RawEvent] = []
        self.is_done = threading.Event()

    def run(self) -> None:
        with connect(self._url, role=AUDITOR_ROLE) as connection:
            if self._listens:
                listen(connection)
            position = 0
            while True:
                last_look = self.is_done.is_set()
                found = read_after(connection, position, self._limit)
                self.seen += found
                position = found[-1].position if found else position
                if not found and last_look:
                    return
                if self._listens and not found:
                    wait_for_events(connection, timeout=0.2)


@pytest.mark.slow
def test_nothing_is_missed_or_out_of_order(database_url: str) -> None:
    followers = [
        Follower(database_url, limit=1, listens=False),
        Follower(database_url, limit=7, listens=True),
        Follower(database_url, limit=5_000, listens=False),
    ]
    for follower in followers:
        follower.start()
    in_processes = multiprocessing.get_context("spawn")
    writers = [
        in_processes.Process(target=write, args=(database_url, uuid4(), 1 + number % 2 * 2))
        for number in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    for follower in followers:
        follower.is_done.set()
        follower.join()

    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    everything = range(1, WRITERS * EVENTS_EACH + 1)
    for follower in followers:
        assert [event.position for event in follower.seen] == list(everything)
        assert versions_are_in_order(follower.seen)


def versions_are_in_order(events: Sequence[RawEvent]) -> bool:
    last: dict[UUID, int] = {}
    for event in events:
        if event.version != last.get(event.stream, 0) + 1:
            return False
        last[event.stream] = event.version
    return True


def test_an_append_waits_for_the_commit_of_the_one_before(database_url: str) -> None:
    """The rule that the test above rests on, without chance: positions appear in order."""
    later = threading.Thread(target=append_alone, args=(database_url,))
    with (
        connect(database_url, role=WRITER_ROLE, autocommit=False) as slow,
        connect(database_url) as reader,
    ):
        append_on(slow, [batch(uuid4(), 1)])
        later.start()
        time.sleep(0.3)

        assert later.is_alive(), "the second append has no position yet"
        assert read_after(reader, 0, 10) == []
        assert read_head(reader) == 0

        slow.commit()
        later.join(PATIENCE_S)
        assert [event.position for event in read_after(reader, 0, 10)] == [1, 2]


def append_alone(url: str) -> None:
    with connect(url, role=WRITER_ROLE) as connection:
        append_on(connection, [batch(uuid4(), 1)])


def test_a_table_that_numbers_by_itself_does_lose_events(database_url: str) -> None:
    """What the lock is for: an ordinary identity column shows 2 before 1, and 1 is missed."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE plain (position bigint GENERATED ALWAYS AS IDENTITY)")
        with psycopg.connect(database_url) as slow:
            slow.execute("INSERT INTO plain DEFAULT VALUES")
            owner.execute("INSERT INTO plain DEFAULT VALUES")
            seen = owner.execute("SELECT max(position) FROM plain").fetchone()
            slow.commit()
        missed = owner.execute("SELECT position FROM plain WHERE position < 2").fetchall()

    assert seen == (2,)
    assert missed == [(1,)]
