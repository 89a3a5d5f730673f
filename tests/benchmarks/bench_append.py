"""How much of a bare insert's speed is left when an event is put on the tape.

The path measured is the one of a save: the event is encoded and checked by the mapper and
handed with its envelope to the recorder. The peer is one table with the same columns and the
same two indexes, written by one prepared statement in one round trip, without any of the
checks. The server commits durably, for both.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, ClassVar
from uuid import UUID, uuid4

import psycopg
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import (
    DatetimeAsISO,
    DecimalAsStr,
    JSONTranscoder,
    Mapper,
    UUIDAsHex,
)
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from adapters.event_store import TapeFactory
from adapters.mapper import TapeMapper
from application.ports import Envelope
from domain.shared import Created, Event
from tests.benchmarks.harness import (
    Measured,
    benchmark,
    fresh_database,
    in_turns,
    seconds,
    seconds_each,
)

AT = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
TEXT = "BTO 2 SPXW 5900C 01/05 @ 4.20, stop 2.10, first target 6.30"
INPUT_HASH = sha256(TEXT.encode()).digest()

RAW_TABLE = """
CREATE TABLE raw (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream uuid NOT NULL,
    version int NOT NULL,
    name text NOT NULL,
    body bytea NOT NULL,
    event_id uuid NOT NULL DEFAULT uuidv7(),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    correlation uuid,
    causation bigint,
    command_id uuid NOT NULL,
    UNIQUE (stream, version)
)"""
RAW_COLUMNS = "stream, version, name, body, actor, correlation, command_id"


class OrderNoted(Created, frozen=True, kw_only=True):
    """An event of ordinary size."""

    TOPIC: ClassVar[str] = "benchmark_order.noted"

    trader: UUID
    symbol: str
    price: Decimal
    quantity: int
    text: str


class OrderMoved(Event, frozen=True, kw_only=True):
    """The same again for the later versions of a stream."""

    TOPIC: ClassVar[str] = "benchmark_order.moved"

    trader: UUID
    symbol: str
    price: Decimal
    quantity: int
    text: str


class StockOrder(Aggregate):
    """The same event for the library's own mapper and recorder."""

    class Noted(Aggregate.Created):
        trader: UUID
        symbol: str
        price: Decimal
        quantity: int
        text: str


TRADER = uuid4()
FIELDS: dict[str, Any] = {
    "trader": TRADER,
    "symbol": "SPXW  260105C05900000",
    "price": Decimal("4.20"),
    "quantity": 2,
    "text": TEXT,
    "timestamp": AT,
}
Save = tuple[list[Any], Envelope]


def our_saves(number: int, size: int) -> list[Save]:
    """So many saves, each of a new stream with `size` events."""
    return [(events_of(uuid4(), size), an_envelope()) for _ in range(number)]


def events_of(stream: UUID, size: int) -> list[Any]:
    first = OrderNoted(
        originator_id=stream, originator_version=1, originator_topic="benchmark_order", **FIELDS
    )
    return [first] + [
        OrderMoved(originator_id=stream, originator_version=version, **FIELDS)
        for version in range(2, size + 1)
    ]


def an_envelope() -> Envelope:
    return Envelope(
        command_id=uuid4(), input_hash=INPUT_HASH, actor="member:1", correlation=uuid4()
    )


def raw_rows(number: int, size: int) -> list[list[tuple[Any, ...]]]:
    """The same events as rows of the raw table, their bodies made beforehand."""
    mapper = TapeMapper()
    found = []
    for events, envelope in our_saves(number, size):
        stored = [mapper.to_stored_event(event) for event in events]
        beside = (envelope.actor, envelope.correlation, envelope.command_id)
        found.append(
            [(s.originator_id, s.originator_version, s.topic, s.state, *beside) for s in stored]
        )
    return found


@contextmanager
def tape(url: str) -> Iterator[Callable[[Save], object]]:
    """Saves as an application does."""
    factory = TapeFactory(url)
    mapper, recorder = factory.mapper(), factory.application_recorder()

    def save(what: Save) -> object:
        events, envelope = what
        stored = [mapper.to_stored_event(event) for event in events]
        return recorder.insert_events(stored, envelope=envelope)

    yield save
    factory.close()


@contextmanager
def raw_table(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(RAW_TABLE)
        yield connection


@benchmark("append_1", unit="of a raw insert", limit=0.40, better="higher")
def append_1() -> Measured:
    """One event a save, one thread."""
    with fresh_database() as url, raw_table(url) as connection, tape(url) as save:
        insert = f"INSERT INTO raw ({RAW_COLUMNS}) VALUES (%b, %b, %t, %b, %t, %b, %b)"
        cursor = connection.cursor()

        def raw_insert(rows: list[tuple[Any, ...]]) -> None:
            cursor.execute(insert, rows[0], prepare=True)

        raw_s, ours_s = in_turns(
            41,
            lambda: seconds_each(raw_insert, raw_rows(100, 1)),
            lambda: seconds_each(save, our_saves(100, 1)),
        )
    return Measured(raw_s / ours_s, f"{ours_s * 1e6:.0f} us a save, raw {raw_s * 1e6:.0f} us")


@benchmark("append_100", unit="of a raw copy", limit=0.50, better="higher")
def append_100() -> Measured:
    """A hundred events a save; raw is the binary COPY, the fastest of the ways tried."""
    with fresh_database() as url, raw_table(url) as connection, tape(url) as save:
        statement = f"COPY raw ({RAW_COLUMNS}) FROM STDIN (FORMAT BINARY)"
        types = ["uuid", "int4", "text", "bytea", "text", "uuid", "uuid"]

        def raw_copy(rows: list[tuple[Any, ...]]) -> None:
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)

        raw_s, ours_s = in_turns(
            41,
            lambda: seconds_each(raw_copy, raw_rows(8, 100)),
            lambda: seconds_each(save, our_saves(8, 100)),
        )
    return Measured(
        raw_s / ours_s, f"{ours_s * 1e6:.0f} us for 100 events, raw {raw_s * 1e6:.0f} us"
    )


THREADS = 16


@benchmark("append_16_threads", unit="times the library", limit=8, better="higher")
def append_16_threads() -> Measured:
    """Sixteen threads, one event a save; the library's recorder has a connection for each."""
    with fresh_database() as url, tape(url) as save, stock(url) as stock_save:
        stock_s, ours_s = in_turns(
            9,
            lambda: in_threads(stock_save, stock_events(1_600)) / 1_600,
            lambda: in_threads(save, our_saves(8_000, 1)) / 8_000,
        )
    return Measured(
        stock_s / ours_s, f"{1 / ours_s:,.0f} events a second, the library {1 / stock_s:,.0f}"
    )


def in_threads(save: Callable[[Any], object], items: Sequence[Any]) -> float:
    """Seconds until all threads have saved their share."""
    shares = [items[number::THREADS] for number in range(THREADS)]

    def work(share: Sequence[Any]) -> None:
        for item in share:
            save(item)

    threads = [threading.Thread(target=work, args=(share,)) for share in shares]

    def run() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return seconds(run)


def stock_events(number: int) -> list[Any]:
    """As many new events of the library's own kind."""
    return [
        StockOrder.Noted(
            originator_id=uuid4(), originator_version=1, originator_topic="stock", **FIELDS
        )
        for _ in range(number)
    ]


@contextmanager
def stock(url: str) -> Iterator[Callable[[Any], object]]:
    """Saves with the library's own mapper and recorder."""
    words = conninfo_to_dict(url)
    datastore = PostgresDatastore(
        dbname=str(words["dbname"]),
        host=str(words["host"]),
        port=str(words.get("port", 5432)),
        user=str(words.get("user", "")),
        password=str(words.get("password", "")),
        pool_size=THREADS,
    )
    transcoder = JSONTranscoder()
    for transcoding in (UUIDAsHex(), DecimalAsStr(), DatetimeAsISO()):
        transcoder.register(transcoding)
    mapper: Mapper[UUID] = Mapper(transcoder)
    recorder = PostgresApplicationRecorder(datastore)
    recorder.create_table()

    def save(event: Any) -> object:
        return recorder.insert_events([mapper.to_stored_event(event)])

    yield save
    datastore.close()
