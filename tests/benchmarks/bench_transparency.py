"""What the transparency log costs beyond the hashing and storing that nobody could leave out.

The peer of hashing is `hashlib` in a plain loop over inputs that lie ready; the peer of taking
events in is the same hashing and a COPY of rows that lie ready, as large as the log's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from random import Random
from struct import Struct
from uuid import UUID

import psycopg

from adapters.tape_log import TapeLog
from domain.transparency.leaf import LoggedEvent, event_hashes, leaf_bytes
from domain.transparency.proofs import inclusion_proof, verify_inclusion
from domain.transparency.tree import Frontier, leaf_hashes
from tests.benchmarks.harness import (
    Measured,
    benchmark,
    fresh_database,
    in_turns,
    seconds,
    seconds_each,
)

BATCH = 10_000
BATCHES = 50
LEAVES = 1_000_000
PROOFS = 2_000
ROUNDS = 5
TURNS = 15
BODY = b'{"at":"2026-01-05T14:30:00Z","text":"BTO 2 SPXW 5900C 01/05 @ 4.20, stop 2.10"}' * 3

FILL_TAPE = """
INSERT INTO tape.events
SELECT p, gen_random_uuid(), 1, 'signal.posted', %s, gen_random_uuid(),
    timestamptz '2026-01-05 14:30Z' + p * interval '977 microseconds',
    'member:123456789012345678', gen_random_uuid(), p - 1, gen_random_uuid()
FROM generate_series(1, %s::bigint) p"""
COPY_BEGIN = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END = b"\xff\xff"
row_head = Struct("!hiqi").pack

Connection = psycopg.Connection[tuple[object, ...]]


@cache
def _events() -> list[LoggedEvent]:
    """As many as are taken in at once, of ordinary size."""
    chance = Random(7)
    began = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
    return [
        LoggedEvent(
            position=position,
            stream=UUID(int=chance.getrandbits(128)),
            version=1,
            name="signal.posted",
            body=BODY,
            event_id=UUID(int=chance.getrandbits(128)),
            recorded_at=began + timedelta(microseconds=position * 977),
            actor="member:123456789012345678",
            correlation=UUID(int=chance.getrandbits(128)),
            causation=position - 1,
            command_id=UUID(int=chance.getrandbits(128)),
        )
        for position in range(1, BATCH + 1)
    ]


@benchmark("log_hash", unit="of hashlib", limit=0.5, better="higher")
def log_hash() -> Measured:
    """The tree's hashing, batch by batch, against the same number of bare hashes."""
    leaves = [leaf_bytes(event) for event in _events()]
    inputs = [b"\x00" + leaf for leaf in leaves]
    pairs = [b"\x01" + bytes(64)] * BATCH

    def ours() -> None:
        frontier = Frontier()
        for _ in range(BATCHES):
            frontier = frontier.grown(leaf_hashes(leaves)).frontier

    def bare() -> None:
        for _ in range(BATCHES):
            _bare_hashes(inputs)
            _bare_hashes(pairs)

    took, bare_took = in_turns(ROUNDS, lambda: seconds(ours), lambda: seconds(bare))
    hashes = 2 * BATCH * BATCHES
    return Measured(
        value=bare_took / took,
        note=f"{hashes} hashes of leaves and nodes in {took:.2f} s, by hashlib {bare_took:.2f} s",
    )


@benchmark("log_recompute", unit="s", limit=5, better="lower")
def log_recompute() -> Measured:
    """The root of a million events that were read already: what a check adds to reading."""
    events = _events()

    def batches() -> None:
        frontier = Frontier()
        for _ in range(BATCHES):
            frontier = frontier.grown(event_hashes(events)).frontier

    def core_seconds() -> float:
        begun = time.process_time()
        batches()
        return time.process_time() - begun

    (took,) = in_turns(ROUNDS, core_seconds)
    scaled = took * LEAVES / (BATCH * BATCHES)
    return Measured(value=scaled, note=f"{BATCH * BATCHES} events in {took:.2f} s of one core")


@benchmark("log_integrate", unit="of SHA-256 and COPY", limit=0.3, better="higher")
def log_integrate() -> Measured:
    """The tape into the log, reading and commit included, against what lies ready."""
    with _tape_of(BATCH * TURNS) as (log, connection):
        events = log.events(0, BATCH)
        bodies = [event.body for event in events]
        inputs = [b"\x00" + leaf_bytes(event) for event in events]
        pairs = [b"\x01" + bytes(64)] * BATCH
        ready = copied(0, Frontier().grown(event_hashes(events)).rows)

        def bare() -> None:
            connection.execute("TRUNCATE leaves")
            for values in (bodies, inputs, pairs):
                _bare_hashes(values)
            _store(connection, "leaves", ready)

        took, bare_took = in_turns(
            TURNS, lambda: seconds(lambda: log.integrate(BATCH)), lambda: seconds(bare)
        )
        assert log.frontier().size == BATCH * TURNS
    return Measured(
        value=bare_took / took,
        note=f"{BATCH / took:,.0f} leaves/s in batches of {BATCH}; bare {BATCH / bare_took:,.0f}",
    )


@benchmark("log_prove", unit="ms", limit=0.5, better="lower")
def log_prove() -> Measured:
    """An inclusion proof of any leaf, made from the table; half of them take less."""
    hashes = event_hashes(_events())
    with _tape_of(0) as (log, connection):
        frontier = Frontier()
        for _ in range(LEAVES // BATCH):
            growth = frontier.grown(hashes)
            _store(connection, "log.leaves", copied(frontier.size, growth.rows))
            frontier = growth.frontier
        connection.execute("ANALYZE log.leaves")
        chance = Random(11)
        indexes = [chance.randrange(LEAVES) for _ in range(PROOFS)]
        for index in indexes[:20]:
            proof = inclusion_proof(index, LEAVES, log.read)
            verify_inclusion(index, LEAVES, hashes[index % BATCH], proof, frontier.root)
        took = seconds_each(lambda index: inclusion_proof(index, LEAVES, log.read), indexes)
        trip = seconds_each(lambda _: connection.execute("SELECT 1").fetchone(), indexes)
    return Measured(
        value=took * 1000,
        note=f"of {LEAVES} leaves, {PROOFS} proofs; a bare round trip takes {trip * 1000:.2f} ms",
    )


@contextmanager
def _tape_of(events: int) -> Iterator[tuple[TapeLog, Connection]]:
    """A log over a tape of so many events, and its owner's connection with a table beside it."""
    with fresh_database() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT tape.make_partitions(%s)", (events + 1,))
        connection.execute(FILL_TAPE, (BODY, events))
        connection.execute("ANALYZE tape.events")
        connection.execute("CREATE TEMPORARY TABLE leaves (LIKE log.leaves INCLUDING ALL)")
        log = TapeLog(url)
        yield log, connection
        log.close()


def copied(start: int, rows: Sequence[bytes]) -> bytes:
    """The rows of these leaves in PostgreSQL's binary COPY format."""
    lines = [
        row_head(2, 8, index, len(hashes)) + hashes for index, hashes in enumerate(rows, start)
    ]
    return b"".join((COPY_BEGIN, *lines, COPY_END))


def _bare_hashes(inputs: Sequence[bytes]) -> list[bytes]:
    sha = sha256
    return [sha(value).digest() for value in inputs]


def _store(connection: Connection, table: str, rows: bytes) -> None:
    with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT BINARY)".encode()) as copy:
        copy.write(rows)
