"""Whatever a superuser changes of the tape or the log, at random, fsck says so and where.

`TRUETAPE_TAMPERINGS` says how many changes are tried.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

import psycopg
import pytest

from application.desk import Desk
from tests.adapters.notes import as_owner
from tests.application.conftest import desk
from tests.application.test_log_checking import EVENTS, Room

__all__ = ["desk"]

COUNT = int(os.environ.get("TRUETAPE_TAMPERINGS", "60"))
LOGGED = EVENTS - 1
"""The last checkpoint is issued after it was signed, and taken in by nobody yet."""

KEPT = ("tape.events", "log.leaves", "log.frontier")
EDITS = (
    "body = set_byte(body, {byte} % length(body), get_byte(body, {byte} % length(body)) # {bit})",
    "body = body || '\\x20'", "body = substr(body, 2)",
    "actor = actor || 'x'", "name = name || 'x'", "version = version + {byte} + 1",
    "stream = gen_random_uuid()", "event_id = gen_random_uuid()", "command_id = gen_random_uuid()",
    "correlation = gen_random_uuid()", "causation = coalesce(causation, 0) + {bit}",
    "recorded_at = recorded_at + {bit} * interval '1 microsecond'",
)  # fmt: skip


class Change(NamedTuple):
    """What is done to the database, and the position that has to be named for it."""

    statements: list[str]
    position: int


def edited(chance: Random, at: int) -> Change:
    given = {"byte": chance.randrange(200), "bit": 1 << chance.randrange(8)}
    change = chance.choice(EDITS).format(**given)
    return Change([f"UPDATE tape.events SET {change} WHERE position = {at}"], at)


def deleted(chance: Random, at: int) -> Change:
    last = min(at + chance.choice((0, 0, 1, 3)), LOGGED)
    return Change([f"DELETE FROM tape.events WHERE position BETWEEN {at} AND {last}"], at)


def shifted(at: int, by: int) -> list[str]:
    """Later events get other numbers; on the way they lie where nobody is."""
    return [
        f"UPDATE tape.events SET position = position + 100000 WHERE position >= {at}",
        f"UPDATE tape.events SET position = position - 100000 + {by} WHERE position > 100000",
    ]


def inserted(chance: Random, at: int) -> Change:
    source = chance.randrange(1, LOGGED)
    source += source >= at
    forged = (
        f"INSERT INTO tape.events SELECT {at}, gen_random_uuid(), 1, name, body,"
        " gen_random_uuid(), recorded_at, actor, correlation, causation, command_id"
        f" FROM tape.events WHERE position = {source}"
    )
    return Change([*shifted(at, 1), forged], at)


def closed_up(chance: Random, at: int) -> Change:
    return Change([f"DELETE FROM tape.events WHERE position = {at}", *shifted(at, -1)], at)


def swapped(chance: Random, at: int) -> Change:
    other = chance.choice([place for place in range(1, LOGGED + 1) if place != at])
    moves = ((at, 90_000), (other, at), (90_000, other))
    words = [f"UPDATE tape.events SET position = {to} WHERE position = {of}" for of, to in moves]
    return Change(words, min(at, other))


def renumbered(chance: Random, at: int) -> Change:
    far = chance.choice((5, 1000, 500_000))
    return Change([f"UPDATE tape.events SET position = {EVENTS + far} WHERE position = {at}"], at)


def relogged(chance: Random, at: int) -> Change:
    """A leaf of the log, or one of the hashes over it, is another one."""
    byte = f"{chance.randrange(2**16)} % length(hashes)"
    changed = f"set_byte(hashes, {byte}, get_byte(hashes, {byte}) # {1 << chance.randrange(8)})"
    acts = (
        f"UPDATE log.leaves SET hashes = {changed} WHERE index = {at - 1}",
        f"DELETE FROM log.leaves WHERE index = {at - 1}",
    )
    return Change([chance.choice(acts)], at)


ACTS: tuple[Callable[[Random, int], Change], ...] = (
    edited, edited, edited, deleted, inserted, closed_up, swapped, renumbered, relogged,
)  # fmt: skip


@pytest.fixture
def room(database_url: str, desk: Desk) -> Iterator[Room]:
    found = Room(database_url, desk)
    yield found
    found.log.close()


@pytest.fixture
def superuser(room: Room) -> Iterator[psycopg.Connection]:
    """A connection that nothing holds back, and that has put aside how everything was."""
    with as_owner(room.url) as connection:
        connection.execute("SET session_replication_role = replica")
        for table in KEPT:
            kept = table.replace(".", "_")
            connection.execute(f"CREATE TEMPORARY TABLE {kept} AS SELECT * FROM {table}".encode())
        yield connection


def restore(superuser: psycopg.Connection) -> None:
    with superuser.transaction():
        for table in KEPT:
            kept = table.replace(".", "_")
            superuser.execute(f"DELETE FROM {table}".encode())
            superuser.execute(f"INSERT INTO {table} SELECT * FROM {kept}".encode())


@pytest.mark.slow
def test_no_change_of_the_tape_goes_unseen(room: Room, superuser: psycopg.Connection) -> None:
    assert room.check().is_sound
    for seed in range(COUNT):
        chance = Random(seed)
        statements, position = chance.choice(ACTS)(chance, chance.randrange(1, LOGGED + 1))
        with superuser.transaction():
            for statement in statements:
                superuser.execute(statement.encode())
        found = room.check()
        places = [fault.position for fault in found.faults]
        assert position in places, (seed, statements, found.faults)
        restore(superuser)
    assert room.check().is_sound
