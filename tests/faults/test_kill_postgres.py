"""PostgreSQL is killed while it is written to: what was acknowledged is there, and once.

Rounds: 5, or as many as TRUETAPE_KILL_ROUNDS says.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import psutil
import psycopg
import pytest

from adapters.appender import Appender
from adapters.embedded import embedded_servers
from adapters.embedded.place import settle
from adapters.event_reader import RawEvent, read_after
from adapters.postgres import connect, migrate
from application.ports import Appended, Conflict, Unavailable
from tests.adapters.notes import batch
from tests.patience import PATIENCE_S, wait_until

ROUNDS = int(os.environ.get("TRUETAPE_KILL_ROUNDS", "5"))
WRITERS = 6

Place = tuple[int, UUID, int]
"""Position, stream and version of an event."""


class Writer(threading.Thread):
    """Appends to its own stream until it is stopped, and remembers what was acknowledged."""

    def __init__(self, appender: Appender, seed: int) -> None:
        super().__init__()
        self._appender = appender
        self._chance = random.Random(seed)
        self.stream = uuid4()
        self.acknowledged: list[Place] = []
        self.failure: BaseException | None = None
        self.is_stopped = threading.Event()

    def run(self) -> None:
        try:
            version = 0
            while not self.is_stopped.is_set():
                version = self._write(version)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            self.failure = error

    def _write(self, version: int) -> int:
        size = self._chance.choice([1, 1, 1, 2, 5])
        versions = range(version + 1, version + size + 1)
        what = batch(self.stream, *versions)
        while True:
            try:
                (outcome,) = self._appender.append([what])
            except Unavailable:
                # The same command id again: it goes in once, whatever became of the first try.
                continue
            assert isinstance(outcome, Appended), outcome
            assert outcome.last_position - outcome.first_position + 1 == size
            places = range(outcome.first_position, outcome.last_position + 1)
            self.acknowledged += [
                (position, self.stream, number)
                for position, number in zip(places, versions, strict=True)
            ]
            return version + size


class Follower(threading.Thread):
    """Reads the tail across all crashes; what it has seen must never be taken back."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.seen: list[RawEvent] = []
        self.is_stopped = threading.Event()

    def run(self) -> None:
        while not self.is_stopped.is_set():
            try:
                with connect(self._url) as connection:
                    while not self.is_stopped.is_set():
                        position = self.seen[-1].position if self.seen else 0
                        self.seen += read_after(connection, position, 1_000)
            except (Unavailable, psycopg.Error):
                time.sleep(0.02)


@pytest.mark.slow
def test_what_was_acknowledged_survives_kill_9(home: Path) -> None:
    chance = random.Random(20261118)
    with embedded_servers(home) as servers:
        url = servers.database_url
        migrate(url)
        shared, own = Appender(url, patience_s=PATIENCE_S), Appender(url, patience_s=0.1)
        writers = [Writer(shared if n % 2 else own, seed=n) for n in range(WRITERS)]
        follower = Follower(url)
        for thread in (*writers, follower):
            thread.start()
        for _ in range(ROUNDS):
            written = sum(len(writer.acknowledged) for writer in writers)
            wait_for_more(writers, written + 200)
            time.sleep(chance.uniform(0.0, 0.2))
            kill_postgres(home)
            with embedded_servers(home):
                pass
        wait_for_more(writers, sum(len(writer.acknowledged) for writer in writers) + 200)
        for writer in writers:
            writer.is_stopped.set()
            writer.join()
        follower.is_stopped.set()
        follower.join()
        shared.close()
        own.close()
        with connect(url) as connection:
            on_tape = read_after(connection, 0, 10_000_000)

    assert [writer.failure for writer in writers] == [None] * WRITERS
    check(on_tape, writers, follower)


def check(on_tape: Sequence[RawEvent], writers: Sequence[Writer], follower: Follower) -> None:
    places = [(event.position, event.stream, event.version) for event in on_tape]
    acknowledged = [place for writer in writers for place in writer.acknowledged]

    assert set(acknowledged) <= set(places), "an acknowledged event is lost or moved"
    assert len(set(acknowledged)) == len(acknowledged)
    assert [place[0] for place in places] == list(range(1, len(places) + 1))
    for writer in writers:
        versions = [version for _, stream, version in places if stream == writer.stream]
        assert versions == list(range(1, len(versions) + 1)), "an event is in twice or missing"
        assert len(versions) == len(writer.acknowledged), "an event went in unacknowledged"
    assert on_tape[: len(follower.seen)] == follower.seen, "a reader saw what was not to stay"


def kill_postgres(home: Path) -> None:
    """As when the machine's memory killer strikes: the postmaster first, no goodbye."""
    pid_file = settle(home).cluster / "postmaster.pid"
    postmaster = psutil.Process(int(pid_file.read_text().split()[0]))
    postmaster.send_signal(signal.SIGKILL)
    postmaster.wait(timeout=PATIENCE_S)


def wait_for_more(writers: Sequence[Writer], number: int) -> None:
    def is_there() -> bool:
        assert all(writer.is_alive() for writer in writers)
        return sum(len(writer.acknowledged) for writer in writers) >= number

    wait_until(is_there, "the writers do not get on")


def test_a_refused_command_stays_refused_after_a_crash(home: Path) -> None:
    """The memory of commands is as durable as the events themselves."""
    stream, command = uuid4(), uuid4()
    with embedded_servers(home) as servers:
        migrate(servers.database_url)
        appender = Appender(servers.database_url, patience_s=PATIENCE_S)
        appender.append([batch(stream, 1, command=command, said="buy 1")])
        kill_postgres(home)
        with embedded_servers(home):
            (again,) = appender.append([batch(stream, 1, command=command, said="buy 1")])
            (other,) = appender.append([batch(stream, 2, command=command, said="buy 2")])
        appender.close()

    assert again == Appended(1, 1, repeated=True)
    assert isinstance(other, Conflict)
