"""What the transparency log costs beyond the hashing and storing that nobody could leave out.

The peer of hashing is `hashlib` in a plain loop over inputs that lie ready; the peer of taking
events in is the same hashing and a COPY of rows that lie ready, as large as the log's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from random import Random
from struct import Struct
from uuid import UUID

import psycopg

from domain.transparency.leaf import LoggedEvent, event_hashes, leaf_bytes
from domain.transparency.proofs import inclusion_proof, verify_inclusion
from domain.transparency.tree import Frontier, Node, Place, hash_at, leaf_hashes, place_of
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
BODY = b'{"at":"2026-01-05T14:30:00Z","text":"BTO 2 SPXW 5900C 01/05 @ 4.20, stop 2.10"}' * 3

LEAVES_TABLE = """
CREATE TEMPORARY TABLE leaves (index bigint PRIMARY KEY, hashes bytea NOT NULL)"""
COPY = "COPY leaves (index, hashes) FROM STDIN (FORMAT BINARY)"
COPY_BEGIN = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END = b"\xff\xff"
row_head = Struct("!hiqi").pack

Connection = psycopg.Connection[tuple[int, bytes]]


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


@benchmark("log_integrate", unit="of SHA-256 and COPY", limit=0.4, better="higher")
def log_integrate() -> Measured:
    """Events to leaves to rows of the table, against bare hashes and a COPY that lies ready."""
    events = _events()
    bodies = [event.body for event in events]
    inputs = [b"\x00" + leaf_bytes(event) for event in events]
    pairs = [b"\x01" + bytes(64)] * BATCH
    rows = Frontier().grown(event_hashes(events)).rows
    ready = copied(0, rows)
    with _leaves_table() as connection:

        def ours() -> None:
            growth = Frontier().grown(event_hashes(events))
            _store(connection, copied(0, growth.rows))

        def bare() -> None:
            for values in (bodies, inputs, pairs):
                _bare_hashes(values)
            _store(connection, ready)

        took, bare_took = in_turns(
            ROUNDS * 3,
            lambda: _seconds_emptied(connection, ours),
            lambda: _seconds_emptied(connection, bare),
        )
    return Measured(
        value=bare_took / took,
        note=f"{BATCH / took:,.0f} leaves/s in batches of {BATCH}; bare {BATCH / bare_took:,.0f}",
    )


@benchmark("log_prove", unit="ms", limit=0.5, better="lower")
def log_prove() -> Measured:
    """An inclusion proof of any leaf, made from the table; half of them take less."""
    hashes = event_hashes(_events())
    frontier = Frontier()
    with _leaves_table() as connection:
        for _ in range(LEAVES // BATCH):
            growth = frontier.grown(hashes)
            _store(connection, copied(frontier.size, growth.rows))
            frontier = growth.frontier
        connection.execute("ANALYZE leaves")

        def read(nodes: Sequence[Node]) -> list[bytes]:
            return _read(connection, [place_of(node) for node in nodes])

        chance = Random(11)
        indexes = [chance.randrange(LEAVES) for _ in range(PROOFS)]
        for index in indexes[:20]:
            proof = inclusion_proof(index, LEAVES, read)
            verify_inclusion(index, LEAVES, hashes[index % BATCH], proof, frontier.root)
        took = seconds_each(lambda index: inclusion_proof(index, LEAVES, read), indexes)
        trip = seconds_each(lambda _: connection.execute("SELECT 1").fetchone(), indexes)
    return Measured(
        value=took * 1000,
        note=f"of {LEAVES} leaves, {PROOFS} proofs; a bare round trip takes {trip * 1000:.2f} ms",
    )


def copied(start: int, rows: Sequence[bytes]) -> bytes:
    """The rows of these leaves in PostgreSQL's binary COPY format."""
    lines = [
        row_head(2, 8, index, len(hashes)) + hashes for index, hashes in enumerate(rows, start)
    ]
    return b"".join((COPY_BEGIN, *lines, COPY_END))


def _bare_hashes(inputs: Sequence[bytes]) -> list[bytes]:
    sha = sha256
    return [sha(value).digest() for value in inputs]


@contextmanager
def _leaves_table() -> Iterator[Connection]:
    with fresh_database() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(LEAVES_TABLE)
        yield connection


def _store(connection: Connection, rows: bytes) -> None:
    with connection.cursor().copy(COPY) as copy:
        copy.write(rows)


def _seconds_emptied(connection: Connection, work: Callable[[], None]) -> float:
    connection.execute("TRUNCATE leaves")
    return seconds(work)


def _read(connection: Connection, places: Sequence[Place]) -> list[bytes]:
    found = connection.execute(
        "SELECT index, hashes FROM leaves WHERE index = ANY(%b)",
        ([place.row for place in places],),
        prepare=True,
        binary=True,
    ).fetchall()
    rows = dict(found)
    return [hash_at(rows[place.row], place) for place in places]
