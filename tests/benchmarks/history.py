"""A made-up history of a community, written straight onto the tape: for measuring at size.

The events are real ones in a realistic mix: per trade the post, its price check, approval and
paper order, the exit with the same, or the expiry; marks at each close; now and then a
correction; the rest is chatter. Their bodies are made by the real mapper. The same arguments
give the same history.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import NamedTuple

import psycopg

from adapters.mapper import encode_body
from tests.benchmarks.trading_life import Recorded, Trade, Trading

FIRST_DAY = date(2026, 1, 5)
TRADES_PER_EVENT = 1 / 21
"""About as many events come of one trade, with the marks and the chatter around it."""

ROWS_PER_COPY = 20_000
POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Written(NamedTuple):
    """What was written."""

    events: int
    trades: int
    traders: int
    first_day: date
    last_day: date


def write_history(
    database_url: str, events: int, *, traders: int = 500, days: int = 250, seed: int = 1
) -> Written:
    """Puts so many events on an empty tape, over so many trading days, as a superuser."""
    life = Trading(random.Random(seed), traders)
    trading_days = list(islice(_weekdays(FIRST_DAY), days))
    history = islice(_history(life, events, trading_days), events)
    position = write_tape(database_url, history, events)
    return Written(position, life.trades, traders, trading_days[0], trading_days[-1])


def write_tape(database_url: str, history: Iterator[Recorded], events_max: int) -> int:
    """Puts a history on an empty tape, as a superuser; says how many events that were."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SELECT tape.make_partitions(%s)", (events_max + 512,))
        position = 0
        while chunk := list(islice(history, ROWS_PER_COPY)):
            _copy(connection, chunk, position + 1)
            position += len(chunk)
        _index_streams(connection)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) tape.events, tape.streams, tape.commands")
    return position


def _weekdays(day: date) -> Iterator[date]:
    while True:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)


def _history(life: Trading, events: int, days: list[date]) -> Iterator[Recorded]:
    """Day by day; what the trades of a day leave of its share is filled with chatter."""
    told = 0
    opening = datetime.combine(days[0], time(13, 0), UTC)
    for recorded in life.found(opening):
        told += 1
        yield recorded
    leaving: dict[date, list[Trade]] = {}
    for number, day in enumerate(days, start=1):
        due = events * number // len(days)
        for recorded in _day(life, day, days[number : number + 8], due - told, leaving):
            told += 1
            yield recorded


def _day(
    life: Trading, day: date, ahead: list[date], share: int, leaving: dict[date, list[Trade]]
) -> Iterator[Recorded]:
    stories: list[tuple[datetime, int, Iterator[Recorded]]] = []

    def tell(at: datetime, story: Iterator[Recorded]) -> None:
        stories.append((at, len(stories), story))

    for trade in leaving.pop(day, ()):
        tell(trade.leaves_at, life.exit(trade))
    for _ in range(max(1, round(share * TRADES_PER_EVENT))):
        trade = life.next_trade(day, ahead)
        tell(trade.enters_at, life.entry(trade))
        if trade.leaves_at.date() == day:
            tell(trade.leaves_at, life.exit(trade))
        else:
            leaving.setdefault(trade.leaves_at.date(), []).append(trade)
    told = 0
    for _, _, story in sorted(stories, key=lambda found: found[:2]):
        for recorded in story:
            told += 1
            yield recorded
            if told % 7 == 0:
                told += 1
                yield from life.chatter(recorded.at + timedelta(seconds=1))
    close = datetime.combine(day, time(21, 0), UTC)
    for recorded in life.marks(close):
        told += 1
        yield recorded
    for at in range(share - told):
        yield from life.chatter(close + timedelta(seconds=5 + at))


_COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + struct.pack("!ii", 0, 0)
_COPY_END = struct.pack("!h", -1)
_FIELDS = struct.pack("!h", 11)
_POSITION = struct.Struct("!iqi16sii").pack
_SIZE = struct.Struct("!i").pack
_TIME = struct.Struct("!iq").pack
_UUID_SIZE = _SIZE(16)
_NULL = _SIZE(-1)


def _copy(connection: psycopg.Connection, chunk: list[Recorded], first: int) -> None:
    """Writes events in PostgreSQL's binary form, each as a command of its own."""
    rows, commands = [_COPY_HEAD], [_COPY_HEAD]
    for position, recorded in enumerate(chunk, start=first):
        command = _UUID_SIZE + (0xC0 << 120 | position).to_bytes(16, "big")
        at = _TIME(8, (recorded.at - POSTGRES_EPOCH) // timedelta(microseconds=1))
        rows.append(_row(position, recorded, command, at))
        place = _TIME(8, position)
        commands.append(struct.pack("!h", 5) + command + _HASH + place + place + at)
    for table, made in (("tape.events", rows), ("tape.commands", commands)):
        made.append(_COPY_END)
        with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
            copy.write(b"".join(made))


_HASH = _SIZE(32) + bytes(32)


def _row(position: int, recorded: Recorded, command: bytes, at: bytes) -> bytes:
    name, body = recorded.event.TOPIC.encode(), encode_body(recorded.event)
    actor = recorded.actor.encode()
    return b"".join(
        (
            _FIELDS,
            _POSITION(8, position, 16, recorded.stream.bytes, 4, recorded.version),
            _SIZE(len(name)),
            name,
            _SIZE(len(body)),
            body,
            _UUID_SIZE + (0xE0 << 120 | position).to_bytes(16, "big"),
            at,
            _SIZE(len(actor)),
            actor,
            _NULL if recorded.correlation is None else _UUID_SIZE + recorded.correlation.bytes,
            _NULL,
            command,
        )
    )


def _index_streams(connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO tape.streams SELECT stream, max(version), min(position), max(position)"
        " FROM tape.events GROUP BY stream"
    )
