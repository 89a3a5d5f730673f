"""A correction takes two people: in the domain, and in the database whoever writes to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from adapters.append import append_on
from adapters.postgres import MIGRATIONS, WRITER_ROLE, connect
from application.access import Member
from application.correcting import apply_correction, refuse_correction, request_correction
from application.desk import Desk
from application.ports import Batch, PortRefused
from domain.approvals import Role
from domain.corrections import CorrectionApplied, CorrectionRequested, OwnRequestRefused
from domain.shared import Impossible
from tests.application.acts import (
    ADA,
    BEA,
    NORA,
    command,
    last,
    member,
    names,
    of_signal,
    post,
    put_right,
)


def put_on(database_url: str, *events: tuple[UUID, int, str, dict[str, Any]]) -> None:
    """Stores events as any program could that acts as the writer."""
    stored = [
        StoredEvent(stream, version, name, msgspec.json.encode(body))
        for stream, version, name, body in events
    ]
    with connect(database_url, role=WRITER_ROLE) as connection, connection.transaction():
        append_on(connection, [Batch(stored, command().envelope)])


class TestTwoPeople:
    @pytest.mark.parametrize(
        "agrees",
        [
            BEA,
            Member(name="bea", roles=ADA.roles, at_console=True),
            Member(name="bea at home", roles=ADA.roles, trader=str(NORA)),
        ],
        ids=["the same", "on the server", "under another name"],
    )
    def test_nobody_approves_what_they_asked_for(self, desk: Desk, agrees: Member) -> None:
        wanted = of_signal(post(desk), price="5.05")
        asks = Member(name="bea", roles=BEA.roles, trader=agrees.trader)
        with pytest.raises(OwnRequestRefused, match="another admin has to"):
            put_right(desk, wanted, asks=asks, agrees=agrees)
        assert names(desk) == ["signal.posted", "correction.requested"]

    def test_the_console_is_one_person_by_whatever_name(self, desk: Desk) -> None:
        wanted = of_signal(post(desk), price="5.05")
        one, other = (
            Member(name=name, roles=ADA.roles, at_console=True) for name in ("ada", "bea")
        )
        with pytest.raises(OwnRequestRefused, match="is one person, whatever name"):
            put_right(desk, wanted, asks=one, agrees=other)
        assert put_right(desk, wanted, asks=one, agrees=BEA).version == 3

    def test_two_who_approve_at_once_correct_once(
        self, desk: Desk, overtaken: Callable[[Callable[[], object]], Desk]
    ) -> None:
        signal = post(desk)
        request = request_correction(desk, command(), BEA, of_signal(signal, price="1")).stream
        late = overtaken(lambda: apply_correction(desk, command(), ADA, request))
        cleo = member("cleo", Role.ADMIN)
        with pytest.raises(Impossible, match="decided already"):
            apply_correction(late, command(), cleo, request)
        assert names(desk).count("signal.corrected") == 1

    def test_who_asked_may_take_it_back(self, desk: Desk) -> None:
        request = request_correction(desk, command(), BEA, of_signal(post(desk), price="1")).stream
        refuse_correction(desk, command(), BEA, request, reason="it was right")
        with pytest.raises(Impossible, match="decided already"):
            apply_correction(desk, command(), ADA, request)

    def test_what_is_corrected_again_names_the_correction_before(self, desk: Desk) -> None:
        signal, first = post(desk), command()
        put_right(desk, of_signal(signal, price="5.05"), asked=first)
        put_right(desk, of_signal(signal, price="5.15"))
        asked = last(desk, CorrectionRequested)
        assert (asked.corrects, [str(changed) for changed in asked.changes]) == (
            first.id,
            ["price 5.05 -> 5.15"],
        )


class TestTheDatabase:
    """It takes two whoever writes to the tape, and with whatever program."""

    @pytest.mark.parametrize(
        ("by", "person"),
        [("bea", "member:bea"), ("bea", "console"), ("ada", "member:bea"), ("ada", "")],
    )
    def test_one_person_is_refused(
        self, desk: Desk, database_url: str, by: str, person: str
    ) -> None:
        request = request_correction(desk, command(), BEA, of_signal(post(desk), price="1")).stream
        approval = (request, 2, "correction.approved", {"by": by, "person": person})
        with pytest.raises(PortRefused, match=r"corrections_take_two|approved_by_check"):
            put_on(database_url, approval)
        assert names(desk) == ["signal.posted", "correction.requested"]

    def test_nothing_is_corrected_before_another_one_approved(
        self, desk: Desk, database_url: str
    ) -> None:
        signal = post(desk)
        request = request_correction(desk, command(), BEA, of_signal(signal, price="1")).stream
        effect = (signal, 2, "signal.corrected", {"correction": str(request)})
        end = (request, 2, "correction.applied", {"by": "ada"})
        for event in (effect, end):
            with pytest.raises(PortRefused, match="approved by nobody"):
                put_on(database_url, event)
        approval = (request, 2, "correction.approved", {"by": "ada", "person": "member:ada"})
        put_on(database_url, approval, effect)

    def test_nobody_approves_what_was_not_asked_for_or_twice(
        self, desk: Desk, database_url: str
    ) -> None:
        approval = {"by": "ada", "person": "member:ada"}
        with pytest.raises(PortRefused, match="was not asked for"):
            put_on(database_url, (uuid4(), 1, "correction.approved", approval))
        put_right(desk, of_signal(post(desk), price="1"))
        done = last(desk, CorrectionApplied).originator_id
        with pytest.raises(PortRefused, match="is approved"):
            put_on(database_url, (done, 4, "correction.approved", approval))

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO tape.corrections VALUES (gen_random_uuid(), 'a', 'a', 'a', 'a', true)",
            "UPDATE tape.corrections SET made_alone = true",
            "DELETE FROM tape.corrections",
            "TRUNCATE tape.corrections",
            "ALTER TABLE tape.events DISABLE TRIGGER take_two",
        ],
    )
    def test_the_program_cannot_write_there(
        self, desk: Desk, database_url: str, statement: str
    ) -> None:
        put_right(desk, of_signal(post(desk), price="1"))
        with (
            connect(database_url, role=WRITER_ROLE) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


def test_what_one_person_put_right_before_stays_and_is_marked(
    desk: Desk, database_url: str
) -> None:
    """The migration on a tape that has corrections from before the rule."""
    alone, waiting = uuid4(), uuid4()
    migration = (MIGRATIONS / "0010_corrections.sql").read_text()
    with connect(database_url, role=None) as connection:
        connection.execute(
            "DROP TRIGGER take_two ON tape.events; DROP FUNCTION tape.take_two;"
            " DROP TABLE tape.corrections"
        )
        signal = post(desk)
        for stream in (alone, waiting):
            put_on(database_url, (stream, 1, "correction.requested", {"by": "ada"}))
        put_on(database_url, (alone, 2, "correction.applied", {"by": "ada"}))
        with connection.transaction():
            connection.execute(migration.encode())
        rows = connection.execute(
            "SELECT correction, requested_by, approved_by, made_alone FROM tape.corrections"
        ).fetchall()
    assert set(rows) == {
        (alone, "member:ada", "member:ada", True), (waiting, "member:ada", None, False),
    }  # fmt: skip
    own = (waiting, 2, "correction.approved", {"by": "ada", "person": "member:ada"})
    with pytest.raises(PortRefused, match="corrections_take_two"):
        put_on(database_url, own)
    put_right(desk, of_signal(signal, price="1"))
