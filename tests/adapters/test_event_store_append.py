"""What becomes of a batch on its way to the tape."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from adapters.append import append_on
from adapters.postgres import WRITER_ROLE, connect
from application.ports import Appended, Batch, Conflict, PortRefused
from tests.adapters.notes import (
    append,
    as_owner,
    batch,
    batch_of,
    envelope,
    on_tape,
    outcome_words,
    stored,
    versions_on_tape,
)
from tests.patience import PATIENCE_S


def test_events_lie_without_gaps_in_the_order_they_came(database_url: str) -> None:
    first, second = uuid4(), uuid4()

    outcomes = append(database_url, batch(first, 1, 2), batch(second, 1), batch(first, 3))

    assert outcomes == [Appended(1, 2), Appended(3, 3), Appended(4, 4)]
    assert [(e.position, e.stream, e.version) for e in on_tape(database_url)] == [
        (1, first, 1),
        (2, first, 2),
        (3, second, 1),
        (4, first, 3),
    ]


def test_the_envelope_lies_beside_every_event(database_url: str) -> None:
    stream, signal = uuid4(), uuid4()
    who = envelope(actor="reaction:settle", correlation=signal, causation=17)

    append(database_url, Batch([stored(stream, 1), stored(stream, 2)], who))

    for event in on_tape(database_url):
        assert (event.actor, event.correlation, event.causation) == ("reaction:settle", signal, 17)
    with as_owner(database_url) as connection:
        rows = connection.execute("SELECT command_id, event_id FROM tape.events").fetchall()
    assert {row[0] for row in rows} == {who.command_id}
    assert len({row[1] for row in rows}) == 2


def test_a_repeated_command_answers_as_the_first_time_and_stores_nothing(
    database_url: str,
) -> None:
    stream, command = uuid4(), uuid4()
    append(database_url, batch(uuid4(), 1))
    append(database_url, batch(stream, 1, 2, command=command))

    (again,) = append(database_url, batch(stream, 1, 2, command=command))

    assert again == Appended(2, 3, repeated=True)
    assert versions_on_tape(database_url, stream) == [1, 2]


def test_a_repeated_command_is_known_even_when_its_events_differ_now(database_url: str) -> None:
    stream, command = uuid4(), uuid4()
    append(database_url, batch(stream, 1, command=command))

    (again,) = append(database_url, batch(stream, 2, command=command))

    assert again == Appended(1, 1, repeated=True)


def test_a_command_id_with_other_input_is_refused(database_url: str) -> None:
    stream, command = uuid4(), uuid4()
    append(database_url, batch(stream, 1, command=command, said="buy 1"))

    (outcome,) = append(database_url, batch(stream, 2, command=command, said="buy 100"))

    assert isinstance(outcome, Conflict)
    assert str(command) in str(outcome)
    assert "other input" in str(outcome)
    assert versions_on_tape(database_url, stream) == [1]


def test_who_was_slower_is_told_the_state_they_decided_on(database_url: str) -> None:
    stream = uuid4()
    append(database_url, batch(stream, 1, 2))

    (outcome,) = append(database_url, batch(stream, 2))

    assert isinstance(outcome, Conflict)
    assert f"stream {stream} at version 1" in str(outcome)
    assert versions_on_tape(database_url, stream) == [1, 2]


@pytest.mark.parametrize("versions", [(2,), (1, 3), (2, 1), (1, 1), (0,)])
def test_a_stream_has_each_version_once_and_in_order(
    database_url: str, versions: tuple[int, ...]
) -> None:
    (outcome,) = append(database_url, batch(uuid4(), *versions))

    assert isinstance(outcome, Conflict)
    assert on_tape(database_url) == []


def test_a_conflict_leaves_its_neighbours_alone(database_url: str) -> None:
    taken = uuid4()
    append(database_url, batch(taken, 1))

    outcomes = append(database_url, batch(uuid4(), 1), batch(taken, 1), batch(uuid4(), 1, 2))

    assert outcome_words(outcomes) == ["stored", "refused", "stored"]
    assert outcomes[2] == Appended(3, 4)
    assert [event.position for event in on_tape(database_url)] == [1, 2, 3, 4]


def test_a_repeated_or_reused_command_leaves_its_neighbours_alone(database_url: str) -> None:
    command = uuid4()
    append(database_url, batch(uuid4(), 1, command=command))

    outcomes = append(
        database_url,
        batch(uuid4(), 1),
        batch(uuid4(), 1, command=command),
        batch(uuid4(), 1, command=command, said="something else"),
        batch(uuid4(), 1),
    )

    assert outcome_words(outcomes) == ["stored", "repeated", "refused", "stored"]


def test_what_was_decided_after_a_refused_event_is_refused_with_it(database_url: str) -> None:
    """Somebody else wrote version 2 meanwhile, so our version 3 would fit, and mean nonsense."""
    stream, other = uuid4(), uuid4()
    append(database_url, batch(stream, 1, 2))

    outcomes = append(database_url, batch(stream, 2), batch(stream, 3), batch(other, 1))

    assert outcome_words(outcomes) == ["refused", "refused", "stored"]
    assert versions_on_tape(database_url, stream) == [1, 2]


def test_a_refusal_spreads_through_batches_of_several_streams(database_url: str) -> None:
    first, second = uuid4(), uuid4()
    append(database_url, batch(first, 1))

    outcomes = append(
        database_url,
        batch_of([stored(first, 1), stored(second, 1)]),
        batch_of([stored(second, 1)]),
    )

    assert outcome_words(outcomes) == ["refused", "refused"]


def test_posted_and_closed_in_one_call(database_url: str) -> None:
    stream = uuid4()

    outcomes = append(database_url, batch(stream, 1), batch(uuid4(), 1), batch(stream, 2, 3))

    assert outcome_words(outcomes) == ["stored"] * 3
    assert versions_on_tape(database_url, stream) == [1, 2, 3]


def test_what_follows_a_repeated_batch_builds_on_it(database_url: str) -> None:
    stream, command = uuid4(), uuid4()
    append(database_url, batch(stream, 1, command=command))

    outcomes = append(database_url, batch(stream, 1, command=command), batch(stream, 2))

    assert outcome_words(outcomes) == ["repeated", "stored"]


def test_the_same_command_twice_in_one_call_is_stored_once(database_url: str) -> None:
    stream, command = uuid4(), uuid4()

    outcomes = append(
        database_url, batch(stream, 1, command=command), batch(stream, 1, command=command)
    )

    assert outcomes == [Appended(1, 1), Appended(1, 1, repeated=True)]


def test_five_hundred_batches_on_few_streams_go_in_as_one_transaction(database_url: str) -> None:
    streams = [uuid4() for _ in range(50)]
    batches = [batch(stream, version) for version in range(1, 11) for stream in streams]

    outcomes = append(database_url, *batches)

    assert outcomes == [Appended(n, n) for n in range(1, 501)]
    with as_owner(database_url) as connection:
        (streams_row,) = connection.execute(
            "SELECT count(DISTINCT e.xmin::text), min(s.version), max(s.last_position)"
            " FROM tape.events e JOIN tape.streams s USING (stream)"
        ).fetchall()
    assert streams_row == (1, 10, 500)


def test_a_batch_without_events_is_a_mistake(database_url: str) -> None:
    with pytest.raises(ValueError, match="without events"):
        append(database_url, batch_of([]))


def test_no_batches_are_no_work(database_url: str) -> None:
    assert append(database_url) == []


def test_in_the_callers_transaction_all_of_it_is_undone(database_url: str) -> None:
    stream = uuid4()
    with connect(database_url, role=WRITER_ROLE, autocommit=False) as connection:
        assert append_on(connection, [batch(stream, 1)]) == [Appended(1, 1)]
        assert append_on(connection, [batch(stream, 2)]) == [Appended(2, 2)]
        connection.rollback()

    assert on_tape(database_url) == []
    assert append(database_url, batch(uuid4(), 1)) == [Appended(1, 1)], "no position is lost"


def test_recorded_at_never_runs_backwards(database_url: str) -> None:
    for _ in range(20):
        append(database_url, batch(uuid4(), 1), batch(uuid4(), 1, 2))

    times = [event.recorded_at for event in on_tape(database_url)]

    assert times == sorted(times)
    assert all(time.utcoffset() is not None for time in times)


def test_recorded_at_stays_when_the_servers_clock_is_set_back(database_url: str) -> None:
    append(database_url, batch(uuid4(), 1))
    ahead = "clock_timestamp() + interval '1 hour'"
    with as_owner(database_url) as connection:
        connection.execute("ALTER TABLE tape.commands DISABLE TRIGGER refuse_change")
        connection.execute(f"UPDATE tape.commands SET recorded_at = {ahead}")
        (later,) = connection.execute("SELECT recorded_at FROM tape.commands").fetchone() or ()

    append(database_url, batch(uuid4(), 1))
    append(database_url, batch(uuid4(), 1), batch(uuid4(), 1))

    assert [event.recorded_at for event in on_tape(database_url)][1:] == [later] * 3


def test_an_append_is_told_to_those_who_listen(database_url: str) -> None:
    with as_owner(database_url) as listener:
        listener.execute("LISTEN tape")
        append(database_url, batch(uuid4(), 1, 2), batch(uuid4(), 1))

        told = [n.payload for n in listener.notifies(timeout=PATIENCE_S, stop_after=1)]

    assert told == ["3"]


def test_what_the_database_cannot_keep_is_refused_in_words(database_url: str) -> None:
    with pytest.raises(PortRefused, match="the database refused"):
        append(database_url, batch(uuid4(), 1, actor="nul\0byte"))


def test_the_function_itself_refuses_a_batch_without_events(database_url: str) -> None:
    with as_owner(database_url) as connection, pytest.raises(psycopg.Error, match="without events"):
        connection.execute(
            "SELECT tape.append(ARRAY[uuidv7(), uuidv7()], ARRAY['a'::bytea, 'b'], ARRAY['m', 'm'],"
            " ARRAY[NULL, NULL]::uuid[], ARRAY[NULL, NULL]::bigint[], ARRAY[1], ARRAY[uuidv7()],"
            " ARRAY[1], ARRAY['n'], ARRAY['{}'::bytea])"
        )
    assert on_tape(database_url) == []
