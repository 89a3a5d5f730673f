"""Holds and erasures as a read model tells them, and what reads without a key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from application.ports import Unavailable
from domain.shared import Event
from domain.subjects import Subject
from projections.folding import Folding
from projections.messages import Messages
from projections.opening import open_with
from projections.runner import Runner
from projections.subjects import Subjects, subject, subjects
from projections.timeline import Timeline, timeline
from tests.projections.tape import Tape, reading

SINCE = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def test_a_row_tells_what_holds_whom_and_who_was_erased(tape: Tape) -> None:
    one, other = uuid4(), uuid4()
    held, erased = Subject.open(one, at=SINCE), Subject.open(other, at=SINCE + timedelta(1))
    held.place_hold("SEC 26-1", by="ada", at=SINCE)
    held.place_hold("FINRA 7", by="bea", at=SINCE)
    before = tape.save(held)
    held.lift_hold("SEC 26-1", reason="settled", by="ada", at=SINCE)
    tape.save(held)
    runner = Runner(reading(tape.url), [Subjects])
    runner.start()
    runner.catch_up()
    row = subject(tape.connection, one)
    assert row is not None
    assert (row.holds, row.reason, row.by) == (["FINRA 7"], "settled", "ada")
    then = subject(tape.connection, one, as_of=before)
    assert then is not None
    assert then.holds == ["SEC 26-1", "FINRA 7"]
    erased.place_hold("x", by="ada", at=SINCE)
    tape.save(erased)
    runner.catch_up()
    assert [row.subject for row in subjects(tape.connection)] == [one, other]
    runner.close()


def test_what_a_query_reads_is_opened_as_the_connection_is_told(tape: Tape) -> None:
    said = message_of(tape, tape.say("7", "hello"))
    runner = Runner(reading(tape.url), [Timeline, Messages])
    runner.start()
    runner.catch_up()
    found = timeline(tape.connection, said)
    assert b"hello" in found[0].body, "as it is stored, where nobody says otherwise"
    open_with(tape.connection, shouted, str.upper)
    told = timeline(tape.connection, said)[0]
    assert b"HELLO" in told.body
    assert told.actor == found[0].actor.upper() != found[0].actor
    runner.close()


def shouted(_name: str, body: bytes, _stream: UUID, _version: int) -> bytes:
    return body.upper()


def message_of(tape: Tape, position: int) -> UUID:
    row = tape.connection.execute(
        "SELECT stream FROM tape.events WHERE position = %s", (position,)
    ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def test_a_key_that_cannot_be_had_is_nobodys_fault(tape: Tape) -> None:
    """The event is neither left out nor does anything stop: it is read again later."""

    def away(_name: str, _body: bytes, _stream: UUID, _version: int) -> Event:
        raise Unavailable("who keeps the keys does not answer")

    tape.say("7", "hello")
    given = reading(tape.url)
    folding = Folding([Messages()], replace(given, decode=away))
    with pytest.raises(Unavailable):
        folding.fold(given.read_after(tape.connection, 0, 10))
