"""The tape in pieces: new ones are made ahead of need, old ones can be put away."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from adapters.appender import Appender
from adapters.event_reader import read_after, read_stream
from adapters.event_store import TapeFactory
from adapters.postgres import connect
from application.ports import Appended
from application.recording import BATCH
from tests.adapters.notes import (
    append,
    as_owner,
    batch,
    on_tape,
    outcome_words,
    versions_on_tape,
)


@pytest.fixture
def in_pieces(database_url: str) -> str:
    """A tape whose partitions hold a hundred events each."""
    cut(database_url, 100)
    return database_url


def cut(url: str, size: int) -> None:
    """Makes the partitions of an empty tape anew, each for so many events."""
    with as_owner(url) as connection:
        connection.execute("UPDATE tape.settings SET partition_size = %s", (size,))
        connection.execute("DROP TABLE tape.events_from_1")
        connection.execute("DELETE FROM tape.partitions")
        connection.execute("SELECT tape.make_partitions(1)")


def ends_before(url: str) -> int:
    with as_owner(url) as connection:
        row = connection.execute("SELECT max(ends_before) FROM tape.partitions").fetchone()
    assert row is not None
    return int(row[0])


def partition_of(url: str, position: int) -> str:
    with as_owner(url) as connection:
        row = connection.execute(
            "SELECT tableoid::regclass::text FROM tape.events WHERE position = %s", (position,)
        ).fetchone()
    assert row is not None
    return str(row[0])


def test_a_batch_crosses_into_the_next_partitions(in_pieces: str) -> None:
    stream = uuid4()

    (outcome,) = append(in_pieces, batch(stream, *range(1, 251)))

    assert outcome == Appended(1, 250)
    assert partition_of(in_pieces, 100) == "tape.events_from_1"
    assert partition_of(in_pieces, 101) == "tape.events_from_101"
    assert partition_of(in_pieces, 250) == "tape.events_from_201"
    assert versions_on_tape(in_pieces, stream) == list(range(1, 251))


def test_single_events_cross_too_and_partitions_are_ahead(in_pieces: str) -> None:
    appender = Appender(in_pieces)
    stream = uuid4()
    for version in range(1, 1201):
        appender.append([batch(stream, version)])
    appender.close()

    assert [event.position for event in on_tape(in_pieces)] == list(range(1, 1201))
    assert ends_before(in_pieces) > 1200 + 512


def test_the_first_events_find_a_partition(database_url: str) -> None:
    """Who plans to read before a partition is there sees nothing in it, whatever was stored."""
    assert ends_before(database_url) > BATCH


def test_a_batch_finds_its_partition_made_before_it(database_url: str) -> None:
    cut(database_url, 20_000)
    reached = 0
    for _ in range(5):
        made_before = ends_before(database_url)
        append(database_url, batch(uuid4(), *range(1, BATCH + 1)))
        reached += BATCH
        assert made_before > reached


def test_a_partition_is_made_while_somebody_reads_the_tape(in_pieces: str) -> None:
    append(in_pieces, batch(uuid4(), 1))
    with connect(in_pieces, autocommit=False) as reader:
        read_after(reader, 0, 10)

        (outcome,) = append(in_pieces, batch(uuid4(), *range(1, 3001)))

        assert outcome == Appended(2, 3001)


def test_versions_are_unique_in_every_partition(in_pieces: str) -> None:
    """Even the owner cannot slip in a second version of an event."""
    stream = uuid4()
    append(in_pieces, batch(stream, *range(1, 151)))

    with as_owner(in_pieces) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(
            "INSERT INTO tape.events SELECT 199, stream, version, name, body, event_id,"
            " recorded_at, actor, correlation, causation, command_id"
            " FROM tape.events WHERE position = 150"
        )


def test_an_old_partition_is_put_away_and_the_rest_goes_on(in_pieces: str) -> None:
    old, spanning, young = uuid4(), uuid4(), uuid4()
    append(in_pieces, batch(old, *range(1, 81)), batch(spanning, *range(1, 41)))
    append(in_pieces, batch(young, *range(1, 31)))
    with as_owner(in_pieces) as connection:
        connection.execute("ALTER TABLE tape.events DETACH PARTITION tape.events_from_1")

    words = outcome_words(append(in_pieces, batch(young, 31), batch(spanning, 41), batch(old, 81)))

    assert words == ["stored"] * 3, "a stream's version does not depend on its old events"
    with connect(in_pieces) as connection:
        assert [e.version for e in read_stream(connection, young)] == list(range(1, 32))
        assert [e.version for e in read_stream(connection, spanning)] == list(range(21, 42))
        assert read_after(connection, 0, 1)[0].position == 101
    factory = TapeFactory(in_pieces)
    assert len(factory.application_recorder().select_events(young)) == 31
    factory.close()


def test_a_partition_that_was_put_away_is_still_behind_the_wall(in_pieces: str) -> None:
    append(in_pieces, batch(uuid4(), *range(1, 151)))
    with as_owner(in_pieces) as connection:
        connection.execute("ALTER TABLE tape.events DETACH PARTITION tape.events_from_1")

        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            connection.execute("DELETE FROM tape.events_from_1")


def test_a_partition_comes_back(in_pieces: str) -> None:
    append(in_pieces, batch(uuid4(), *range(1, 151)))
    before = on_tape(in_pieces)
    with as_owner(in_pieces) as connection:
        connection.execute("ALTER TABLE tape.events DETACH PARTITION tape.events_from_1")
        connection.execute(
            "ALTER TABLE tape.events ATTACH PARTITION tape.events_from_1"
            " FOR VALUES FROM (1) TO (101)"
        )

    assert on_tape(in_pieces) == before
