"""Reading the tape and waiting for more."""

from __future__ import annotations

import threading
import time
from uuid import uuid4

import pytest

from adapters.event_reader import (
    find_command,
    listen,
    read_after,
    read_head,
    read_range,
    read_stream,
    wait_for_events,
)
from adapters.postgres import AUDITOR_ROLE, connect
from application.ports import Appended, PortRefused, Unavailable
from tests.adapters.notes import append, as_owner, batch
from tests.patience import PATIENCE_S


def test_the_tail_comes_in_pieces_and_in_order(database_url: str) -> None:
    append(database_url, *[batch(uuid4(), 1, 2) for _ in range(10)])

    with connect(database_url, role=AUDITOR_ROLE) as connection:
        first = read_after(connection, 0, 15)
        rest = read_after(connection, first[-1].position, 15)
        beyond = read_after(connection, rest[-1].position, 15)

    assert [event.position for event in first + rest] == list(range(1, 21))
    assert beyond == []


def test_an_event_is_read_with_its_envelope(database_url: str) -> None:
    stream = uuid4()
    append(database_url, batch(stream, 1, actor="broker:paper"))

    with connect(database_url) as connection:
        (event,) = read_after(connection, 0, 10)

    assert event[:5] == (
        1,
        stream,
        1,
        "test_note.taken",
        b'{"timestamp":"2026-11-18T15:30:00Z","text":"1"}',
    )
    assert (event.actor, event.correlation, event.causation) == ("broker:paper", None, None)


def test_a_range_holds_the_events_of_the_names_asked_for(database_url: str) -> None:
    stream = uuid4()
    append(database_url, batch(stream, 1), batch(uuid4(), 1), batch(stream, 2))

    with connect(database_url) as connection:
        begun = read_range(connection, 0, 2, ["test_note.taken", "test_note.changed"])
        (last,) = read_range(connection, 0, 9, ["test_note.changed"])
        none = read_range(connection, 2, 9, ["test_note.taken"])

    assert [event.position for event in begun] == [1, 2]
    assert last == (
        3,
        stream,
        2,
        "test_note.changed",
        b'{"timestamp":"2026-11-18T15:30:00Z","text":"2"}',
    )
    assert none == []


def test_a_range_that_is_refused_or_lost_says_so(database_url: str) -> None:
    with (
        connect(database_url, role="pg_monitor") as stranger,
        pytest.raises(PortRefused, match="permission denied"),
    ):
        read_range(stranger, 0, 9, ["test_note.taken"])
    with connect(database_url) as connection:
        with connect(database_url, role=None) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        with pytest.raises(Unavailable):
            read_range(connection, 0, 9, ["test_note.taken"])
        with pytest.raises(Unavailable):
            read_range(connection, 0, 9, ["test_note.taken"])


def test_a_stream_is_read_alone(database_url: str) -> None:
    stream = uuid4()
    append(database_url, batch(stream, 1), batch(uuid4(), 1), batch(stream, 2))

    with connect(database_url) as connection:
        assert [event.position for event in read_stream(connection, stream)] == [1, 3]
        assert read_stream(connection, uuid4()) == []


def test_the_head_is_the_last_position(database_url: str) -> None:
    with connect(database_url) as connection:
        assert read_head(connection) == 0
        append(database_url, batch(uuid4(), 1, 2, 3))
        assert read_head(connection) == 3


def test_a_command_is_found_with_its_hash_and_place(database_url: str) -> None:
    command = uuid4()
    sent = batch(uuid4(), 1, 2, command=command, said="buy")
    append(database_url, batch(uuid4(), 1), sent)

    with connect(database_url) as connection:
        found = find_command(connection, command)
        assert find_command(connection, uuid4()) is None

    assert found is not None
    assert found.input_hash == sent.envelope.input_hash
    assert found.appended == Appended(2, 3, repeated=True)


def test_waiting_ends_when_something_is_appended(database_url: str) -> None:
    with connect(database_url) as connection:
        listen(connection)
        later = threading.Timer(0.2, append, args=(database_url, batch(uuid4(), 1, 2)))
        later.start()
        begun = time.monotonic()

        assert wait_for_events(connection, timeout=2 * PATIENCE_S) == 2
        assert time.monotonic() - begun < PATIENCE_S
        later.join()


def test_a_wait_answers_all_that_was_told_before(database_url: str) -> None:
    with connect(database_url) as connection:
        listen(connection)
        for _ in range(50):
            append(database_url, batch(uuid4(), 1))
        answers = [wait_for_events(connection, timeout=PATIENCE_S)]
        while answers[-1] != 50:
            answers.append(wait_for_events(connection, timeout=PATIENCE_S))

        assert len(answers) < 50
        assert wait_for_events(connection, timeout=0.05) is None


def test_waiting_for_nothing_ends_in_time(database_url: str) -> None:
    with connect(database_url) as connection:
        listen(connection)

        assert wait_for_events(connection, timeout=0.05) is None


def test_a_reader_whose_server_goes_away_is_told(database_url: str) -> None:
    with connect(database_url) as connection:
        listen(connection)
        with as_owner(database_url) as owner:
            owner.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))

        with pytest.raises(Unavailable):
            wait_for_events(connection, timeout=PATIENCE_S)
        with pytest.raises(Unavailable):
            read_after(connection, 0, 1)
