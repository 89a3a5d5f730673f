"""Who decides is stored sealed: two people stay two people, before they are erased and after."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent

from adapters.append import append_on
from adapters.event_store import TapeFactory
from adapters.postgres import WRITER_ROLE, connect
from adapters.sealed_bodies import SealedBodies, SealingMapper
from adapters.subject_keys import SubjectKeys
from adapters.tape import PostgresTape
from application.access import Member
from application.approving import approve
from application.assessing import Assessor
from application.correcting import apply_correction, request_correction
from application.desk import Desk
from application.erasing import erase
from application.ports import Batch, PortRefused
from domain.approvals import AlreadyDecided, Role, SaidYesAlready
from domain.corrections import CorrectionApproved, OwnRequestRefused
from domain.shared import is_erased_person
from domain.signal_events import SignalApprovalGiven, SignalApprovalRefused, SignalApproved
from domain.traders import trader_stream
from tests.adapters.notes import on_tape
from tests.application.acts import ADA, TSLA, command, last, names, of_signal, post, put_right
from tests.application.approvers import APPROVED, GIVEN, Approvers, ask
from tests.application.conftest import ShownBooks, ShownMarket


def on_discord(name: str, person: str, *roles: Role) -> Member:
    return Member(
        name=f"{name} (discord:{person})",
        roles=frozenset(roles),
        trader=str(trader_stream("discord", person)),
    )


DANA = on_discord("dana", "551100", Role.ADMIN)
DANA_RENAMED = on_discord("dee", "551100", Role.ADMIN)
SAM = on_discord("sam", "662200", Role.ADMIN)
SECRETS = (b"dana", b"dee", b"551100", b"sam", b"662200")


@pytest.fixture
def keys(database_url: str, home: Path) -> Iterator[SubjectKeys]:
    keys = SubjectKeys(database_url, home / "keys" / "master.key", fresh_s=0)
    yield keys
    keys.close()


@pytest.fixture
def desk(database_url: str, keys: SubjectKeys) -> Iterator[Desk]:
    factory = TapeFactory(database_url, mapper=SealingMapper(SealedBodies(keys)))
    desk = Desk(factory, PostgresTape(factory.appender, factory.pool))
    yield desk
    desk.close()


@pytest.fixture
def approvers(desk: Desk, assessor: Assessor) -> Approvers:
    return Approvers(desk, assessor)


def gone(desk: Desk, keys: SubjectKeys, person: str) -> None:
    key = keys.find("discord", person)
    assert key is not None
    erase(desk, command(), ADA, subject=key, reason="they asked")


def on_the_tape(url: str) -> bytes:
    return b"\n".join(event.body + event.actor.encode() for event in on_tape(url))


def test_neither_body_nor_envelope_names_who_asked_and_who_approved(
    desk: Desk, database_url: str
) -> None:
    put_right(desk, of_signal(post(desk), price="5.05"), asks=DANA, agrees=SAM)
    assert not [secret for secret in SECRETS if secret in on_the_tape(database_url)]
    approved = last(desk, CorrectionApproved)
    assert (approved.by, approved.person) == (SAM.name, f"trader:{SAM.trader}")


def test_who_was_faster_is_told_and_not_stored_in_the_clear(
    desk: Desk, approvers: Approvers, database_url: str
) -> None:
    signal = post(desk)
    approvers.yes(signal, DANA)
    with pytest.raises(AlreadyDecided, match=r"approved by dana \(discord:551100\) at"):
        approvers.yes(signal, SAM)
    assert not [secret for secret in SECRETS if secret in on_the_tape(database_url)]
    assert DANA.name in last(desk, SignalApprovalRefused).reason


@pytest.mark.parametrize("agrees", [DANA, DANA_RENAMED])
def test_nobody_approves_what_they_asked_for_under_another_name(desk: Desk, agrees: Member) -> None:
    with pytest.raises(OwnRequestRefused):
        put_right(desk, of_signal(post(desk), price="5.05"), asks=DANA, agrees=agrees)


def past_the_program(url: str, desk: Desk, request: UUID, by: Member) -> None:
    """Stores an approval as any program could that acts as the writer, and seals as this does."""
    approval: Any = CorrectionApproved(
        originator_id=request, originator_version=2, timestamp=command().at, by=by.name,
        person=by.person,
    )  # fmt: skip
    with connect(url, role=WRITER_ROLE) as connection, connection.transaction():
        stored = desk.mapper.to_stored_event(approval)
        append_on(connection, [Batch([stored], command().envelope)])


@pytest.mark.parametrize(
    ("asks", "agrees"),
    [
        (DANA, DANA),
        (DANA, DANA_RENAMED),
        (ADA, ADA),
        (ADA, Member(name="ada", roles=ADA.roles, at_console=True)),
    ],
    ids=["the same", "renamed", "by a token", "at the console under the same name"],
)
def test_the_database_refuses_one_person_whatever_program_writes(
    desk: Desk, database_url: str, asks: Member, agrees: Member
) -> None:
    request = request_correction(desk, command(), asks, of_signal(post(desk), price="1")).stream
    with pytest.raises(PortRefused, match="corrections_take_two"):
        past_the_program(database_url, desk, request, agrees)
    past_the_program(database_url, desk, request, SAM)


def test_the_database_refuses_who_cannot_be_compared_with_a_request_from_before(
    desk: Desk, database_url: str
) -> None:
    signal = post(desk)
    request = request_correction(desk, command(), SAM, of_signal(signal, price="1")).stream
    before = UUID(int=7)
    body = {"by": "ada", "person": "member:ada"}
    old = StoredEvent(before, 1, "correction.requested", msgspec.json.encode(body))
    with connect(database_url, role=WRITER_ROLE) as connection, connection.transaction():
        append_on(connection, [Batch([old], command().envelope)])
    with pytest.raises(PortRefused, match="corrections_can_be_compared"):
        past_the_program(database_url, desk, before, ADA)
    past_the_program(database_url, desk, before, DANA)
    past_the_program(database_url, desk, request, ADA)


def test_who_asked_and_was_erased_still_cannot_approve_it(
    desk: Desk, keys: SubjectKeys, database_url: str
) -> None:
    request = request_correction(desk, command(), DANA, of_signal(post(desk), price="1")).stream
    gone(desk, keys, "551100")
    with pytest.raises(OwnRequestRefused):
        apply_correction(desk, command(), DANA_RENAMED, request)
    with pytest.raises(PortRefused, match="corrections_take_two"):
        past_the_program(database_url, desk, request, DANA)
    apply_correction(desk, command(), SAM, request)


def test_a_yes_of_who_was_erased_counts_no_more(
    desk: Desk,
    keys: SubjectKeys,
    approvers: Approvers,
    market: ShownMarket,
    books: ShownBooks,
) -> None:
    """Or whoever comes back could be the second approver beside themselves."""
    ask(desk, second_approver_above=Decimal(4_000))
    books.show("paper", "50000")
    market.show(TSLA, "5.40", "5.50")
    signal = post(desk)
    approvers.yes(signal, DANA)
    with pytest.raises(SaidYesAlready):
        approvers.yes(signal, DANA)
    gone(desk, keys, "551100")
    assert is_erased_person(last(desk, SignalApprovalGiven).by)
    approvers.yes(signal, DANA)
    assert names(desk).count(APPROVED) == 0
    assert names(desk).count(GIVEN) == 2
    approvers.yes(signal, SAM)
    assert last(desk, SignalApproved).by == SAM.name


def test_a_command_that_is_sent_twice_is_carried_out_once(
    desk: Desk, assessor: Assessor, keys: SubjectKeys
) -> None:
    signal = post(desk)
    asked = command(signal, actor=DANA.actor)

    def say_yes() -> int:
        return approve(
            desk, asked, DANA, signal=signal, account="paper", via="cli", assessor=assessor,
            accept_price=None,
        ).position  # fmt: skip

    first = say_yes()
    assert say_yes() == first
    gone(desk, keys, "551100")
    assert say_yes() == first
