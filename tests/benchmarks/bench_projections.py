"""How fast a simple projection follows, and how soon rows show what happened.

Everything runs on a made-up history with bodies and mix of real ones.
"""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cache, partial
from multiprocessing.connection import Connection as Pipe
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, DomainEventProtocol
from eventsourcing.persistence import StoredEvent, Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection as StockProjection
from eventsourcing.projection import ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL

from adapters.append import append_on
from adapters.event_reader import read_after, read_head, read_range
from adapters.mapper import decode_body, encode_body
from adapters.postgres import PROJECTOR_ROLE, WRITER_ROLE, Connection, connect
from application.ports import Appended, Batch, Envelope, Unavailable
from domain.catalogue import event_classes
from domain.traders import TraderRegistered
from projections.folding import LOST, Reading
from projections.models import READ_MODELS
from projections.readmodel import Projection, Row, Seen, Table, when
from projections.runner import Runner
from tests.benchmarks.harness import Measured, benchmark, fresh_database, in_turns, seconds
from tests.benchmarks.history import write_history
from tests.benchmarks.trading_life import Recorded, Trading

EVENTS = 1_000_000
CHUNK = 5_000
STOCK_EVENTS = 3_000
LIVE_EVENTS = 100_000
SAMPLES = 600
"""So many appends are waited for; the sixth slowest is the 99th of a hundred."""

RAW = (
    "SELECT position, stream, version, name, body, recorded_at, actor, correlation, causation"
    " FROM tape.events WHERE position > %b ORDER BY position LIMIT %b"
)


class StreamRow(Row, frozen=True, kw_only=True):
    """How many events a stream has."""

    stream: UUID
    events: int


class Streams(Projection):
    """As simple as a projection gets that takes every event and keeps every version."""

    name = "streams"
    kind = "feed"

    def __init__(self) -> None:
        self.rows = Table("streams", StreamRow, ["stream"], rows_in_memory=65_536)
        self.tables = (self.rows,)

    @when(*event_classes().values(), body=False)
    def happened(self, event: object, seen: Seen) -> None:
        row = StreamRow(stream=seen.stream, events=seen.version)
        if seen.version == 1:
            self.rows.insert(row, seen.position)
        else:
            self.rows.put(row, seen.position)


def reading(url: str) -> Reading:
    return Reading(
        connect=partial(connect, url, role=PROJECTOR_ROLE),
        read_after=read_after,
        read_range=read_range,
        read_head=read_head,
        decode=decode_body,
        lost=(*LOST, Unavailable),
    )


def read_raw(url: str) -> None:
    """All the rows as psycopg gives them, a chunk at a time, with nothing done to them."""
    position = 0
    with connect(url) as connection:
        while True:
            cursor = connection.execute(RAW, (position, CHUNK), prepare=True, binary=True)
            rows = cursor.fetchall()
            if not rows:
                return
            position = rows[-1][0]


@cache
def _replayed() -> tuple[float, float]:
    """Events a second of a raw read and of a replay."""
    with fresh_database() as url:
        write_history(url, EVENTS)
        runner = Runner(reading(url), [Streams])
        runner.start()
        raw, replay = in_turns(
            3, lambda: seconds(lambda: read_raw(url)), lambda: seconds(runner.rebuild)
        )
    return EVENTS / raw, EVENTS / replay


@benchmark("replay_simple", unit="of raw", limit=0.30, better="higher")
def replay_simple() -> Measured:
    """A projection of every event, replayed, beside a raw binary SELECT of the same rows."""
    raw, replay = _replayed()
    return Measured(
        replay / raw,
        f"{EVENTS:,} events: {replay:,.0f}/s replayed into rows, {raw:,.0f}/s only read",
    )


class StockNote(Aggregate):
    """An event for the library's own application."""

    class Taken(Aggregate.Created):
        text: str


class StockStreams(PostgresTrackingRecorder):
    """The same rows as the library's manual keeps them: with the tracking, in one transaction."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS stock_streams (stream uuid PRIMARY KEY, events int)"
            ).format()
        )

    def count(self, stream: UUID, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO stock_streams AS s VALUES (%s, 1)"
                " ON CONFLICT (stream) DO UPDATE SET events = s.events + 1",
                (stream,),
                prepare=True,
            )


class StockCounter(StockProjection[StockStreams]):
    """The simple projection again."""

    topics = ()
    name = "counter"

    def process_event(self, domain_event: DomainEventProtocol[Any], tracking: Tracking) -> None:
        self.view.count(domain_event.originator_id, tracking)


@benchmark("replay_library", unit="x library", limit=100, better="higher")
def replay_library() -> Measured:
    """The same replay beside the library's ProjectionRunner, which keeps no old versions."""
    _, replay = _replayed()
    with fresh_database() as url:
        rate = STOCK_EVENTS / seconds_of_the_library(url)
    return Measured(
        replay / rate,
        f"{replay:,.0f}/s replayed into rows; the library's ProjectionRunner {rate:,.0f}/s",
    )


def seconds_of_the_library(url: str) -> float:
    words = conninfo_to_dict(url)
    env = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(words["dbname"]),
        "POSTGRES_HOST": str(words["host"]),
        "POSTGRES_PORT": str(words.get("port", "5432")),
        "POSTGRES_USER": str(words["user"]),
        "POSTGRES_PASSWORD": str(words.get("password", "none")),
    }
    application: Application[UUID] = Application(env)
    for _ in range(STOCK_EVENTS // 100):
        notes = [StockNote._create(StockNote.Taken, id=uuid4(), text="note") for _ in range(100)]
        application.save(*notes)
    begun = time.perf_counter()
    with ProjectionRunner(
        application_class=Application,
        projection_class=StockCounter,
        view_class=StockStreams,
        env=env,
    ) as runner:
        runner.wait(STOCK_EVENTS, timeout=300)
        took = time.perf_counter() - begun
    application.close()
    return took


@benchmark("visible_p99", unit="ms", limit=50, better="lower")
def visible_p99() -> Measured:
    """From the acknowledged append of an event to its row, while a worker follows live."""
    with fresh_database() as url:
        write_history(url, LIVE_EVENTS)
        Runner(reading(url), READ_MODELS).start()
        with in_a_process(_follow, url) as answer:
            answer.recv()
            with (
                connect(url, role=WRITER_ROLE) as writer,
                connect(url, role=PROJECTOR_ROLE) as reader,
            ):
                waits = sorted(_waits(writer, reader))
        median, p99 = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
    return Measured(
        p99 * 1e3,
        f"{len(waits)} appends, {len(READ_MODELS)} read models: median {median * 1e3:.1f} ms,"
        f" slowest {waits[-1] * 1e3:.1f} ms",
    )


def _follow(url: str, answer: Pipe) -> None:
    runner = Runner(reading(url), READ_MODELS)
    runner.catch_up()
    answer.send("following")
    runner.run(threading.Event())


def _waits(writer: Connection, reader: Connection) -> Iterator[float]:
    """How long each of some signals' events takes to its row."""
    chance = random.Random(3)
    samples = 0
    for recorded in _live_trading():
        if recorded.event.TOPIC == TraderRegistered.TOPIC:
            # They are all registered already.
            continue
        append(writer, recorded)
        begun = time.perf_counter()
        if not recorded.event.TOPIC.startswith("signal."):
            continue
        while not _shows(reader, recorded):
            time.sleep(0.0005)
        yield time.perf_counter() - begun
        samples += 1
        if samples == SAMPLES:
            return
        # People do not post in step with the worker.
        time.sleep(0.02 * chance.random())


def append(connection: Connection, recorded: Recorded) -> None:
    """Puts an event on the tape as a command does."""
    event = recorded.event
    envelope = Envelope(command_id=uuid4(), input_hash=bytes(32), actor=recorded.actor)
    stored = StoredEvent(recorded.stream, recorded.version, event.TOPIC, encode_body(event))
    outcome = append_on(connection, [Batch([stored], envelope)])[0]
    assert isinstance(outcome, Appended), outcome


def _shows(connection: Connection, recorded: Recorded) -> bool:
    row = connection.execute(
        "SELECT 1 FROM read.signal_feed WHERE signal = %s AND version >= %s LIMIT 1",
        (recorded.stream, recorded.version),
        prepare=True,
    ).fetchone()
    return row is not None


def _live_trading() -> Iterator[Recorded]:
    """More trades of the same people, one after the other."""
    life = Trading(random.Random(99), 500, first=10**12)
    day = date(2027, 1, 4)
    ahead = [day + timedelta(days=number) for number in range(1, 9)]
    while True:
        trade = life.next_trade(day, ahead)
        yield from life.entry(trade)
        yield from life.exit(trade)


@contextmanager
def in_a_process(work: Callable[[str, Pipe], None], url: str) -> Iterator[Pipe]:
    """Runs the work in another process, which answers over a pipe, and ends it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    # Not a daemon: a rebuild starts a process of its own.
    process = context.Process(target=work, args=(url, theirs))
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        process.terminate()
        process.join()
