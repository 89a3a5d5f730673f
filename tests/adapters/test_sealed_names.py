"""Who did something is stored so that only their key tells who, and the same person is the same."""

from __future__ import annotations

import hashlib
import pickle
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import force_setattr

from adapters.mapper import TapeMapper
from adapters.sealed_bodies import SealedBodies, SealingMapper
from adapters.sealed_names import SEALED_NAME, SealedNames, kinds_with_people
from adapters.subject_keys import SubjectKeys
from domain.approvals import Attempt
from domain.catalogue import event_classes
from domain.corrections import CorrectionApproved
from domain.rooms import RoomConfigured
from domain.shared import Event, is_erased_person
from domain.signal_events import SignalApprovalRefused, SignalRejected
from domain.subjects import subject_of
from tests.adapters.handed_keys import HandedKeys
from tests.domain.samples import event_of

NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
NORA = "nora (discord:4711)"


@pytest.fixture
def keys() -> HandedKeys:
    return HandedKeys()


@pytest.fixture
def names(keys: HandedKeys) -> SealedNames:
    return SealedNames(keys)


@pytest.fixture
def mapper(keys: HandedKeys) -> SealingMapper:
    return SealingMapper(SealedBodies(keys))


def rejected(by: str) -> Event:
    return SignalRejected(
        originator_id=uuid4(), originator_version=2, timestamp=NOON, by=by, via="discord",
        reason="too late",
    )  # fmt: skip


def refused(by: str, reason: str, *others: str) -> SignalApprovalRefused:
    return SignalApprovalRefused(
        originator_id=uuid4(), originator_version=2, timestamp=NOON, by=by, others=others,
        via="discord", attempt=Attempt.APPROVE, code="already_decided", reason=reason,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "whom"),
    [
        (NORA, ("discord", "4711")),
        ("no (really) (discord:4711)", ("discord", "4711")),
        ("4711", ("member", "4711")),
        ("770077", ("discord", "770077")),
        ("Ann Auditor", ("member", "Ann Auditor")),
        ("ann (auditor)", ("member", "ann (auditor)")),
    ],
)
def test_whom_a_name_means_is_read_off_it(name: str, whom: tuple[str, str]) -> None:
    assert subject_of(name) == whom


def test_no_name_or_id_is_left_of_an_actor(names: SealedNames) -> None:
    sealed = names.actor(f"member:{NORA}")
    assert sealed.startswith("member:~")
    assert "nora" not in sealed
    assert "4711" not in sealed
    assert names.opened(sealed) == f"member:{NORA}"


def test_the_same_name_is_always_sealed_to_the_same_text(names: SealedNames) -> None:
    again = SealedNames(names._keys)
    assert names.actor(f"member:{NORA}") == again.actor(f"member:{NORA}")
    assert names.actor("member:olga (discord:88)") != names.actor(f"member:{NORA}")
    assert names.actor("member:nora (discord:88)") != names.actor(f"member:{NORA}")


@pytest.mark.parametrize(
    "actor",
    [
        "reaction:booking", "timer:approvals", "broker:alpaca", "discord:capture", "fsck", "log",
        "member:operator", "member:erased person 0a1b2c3d", "member:",
    ],
)  # fmt: skip
def test_what_nobody_did_stays_as_it_is(names: SealedNames, actor: str) -> None:
    assert names.actor(actor) == actor


@pytest.mark.parametrize("by", ["reaction:exits", "timer:close", "operator", "booking", ""])
def test_what_the_program_decided_names_nobody(mapper: SealingMapper, by: str) -> None:
    event = rejected(by)
    assert mapper.to_stored_event(event) == TapeMapper().to_stored_event(event)


@given(st.text())
def test_any_name_is_read_as_it_was_written(name: str) -> None:
    sealing = SealingMapper(SealedBodies(HandedKeys()))
    event = rejected(name)
    assert sealing.to_domain_event(sealing.to_stored_event(event)) == event
    actor = f"member:{name}"
    assert sealing.bodies.names.opened(sealing.actor(actor)) == actor


@pytest.mark.parametrize("name", kinds_with_people())
def test_every_event_that_says_who_did_it_is_sealed_and_opened(
    mapper: SealingMapper, keys: HandedKeys, name: str
) -> None:
    cls, people = event_classes()[name], kinds_with_people()[name]
    event: Any = event_of(cls)
    said = {
        field: "member:nora" if field == "person" else "nora"
        for field in people.fields
        if isinstance(getattr(event, field), str)
    }
    for field, value in said.items():
        force_setattr(event, field, value)
    begun = TapeMapper().to_stored_event(event_of(event_classes()["trader.registered"]))
    keys.events[event.originator_id] = (begun.topic, begun.state)
    row = mapper.to_stored_event(event)
    assert b"nora" not in row.state
    assert mapper.to_domain_event(row) == event
    stream = UUID(str(row.originator_id))
    opened = mapper.bodies.opened(name, row.state, stream, row.originator_version)
    assert b"nora" in opened


def test_a_person_known_by_an_id_stays_told_apart_by_it(mapper: SealingMapper) -> None:
    event = CorrectionApproved(
        originator_id=uuid4(), originator_version=2, timestamp=NOON, by=NORA, person="trader:1"
    )
    assert b'"person":"trader:1"' in mapper.to_stored_event(event).state


def test_names_in_what_somebody_was_told_are_sealed_too(mapper: SealingMapper) -> None:
    event = refused(
        "dana (discord:5)", f"the signal was approved by {NORA} and rob at 15:00", NORA, "rob"
    )
    row = mapper.to_stored_event(event)
    for secret in (b"nora", b"4711", b"rob", b"dana"):
        assert secret not in row.state
    assert b"the signal was approved by ~" in row.state
    assert mapper.to_domain_event(row) == event


def test_a_short_name_is_not_found_within_words(mapper: SealingMapper) -> None:
    event = refused("a", "a was asked again; so was dana, by a", "dana")
    row = mapper.to_stored_event(event)
    assert b" was asked again; so was ~" in row.state
    assert mapper.to_domain_event(row) == event


def test_after_an_erasure_everybody_is_still_told_apart(
    mapper: SealingMapper, keys: HandedKeys
) -> None:
    rows = [
        mapper.to_stored_event(rejected(by))
        for by in (NORA, "nora b (discord:4711)", "olga (discord:88)")
    ]
    assert mapper.to_domain_event(rows[0]).by == NORA  # type: ignore[attr-defined]
    gone = keys.erase("discord", "4711")
    first, renamed, other = (mapper.to_domain_event(row).by for row in rows)  # type: ignore[attr-defined]
    assert first == renamed == f"erased person {gone.hex[:8]}"
    assert is_erased_person(first)
    assert other == "olga (discord:88)"


def test_who_comes_back_is_sealed_under_another_key(names: SealedNames, keys: HandedKeys) -> None:
    before = names.actor(f"member:{NORA}")
    keys.erase("discord", "4711")
    after = names.actor(f"member:{NORA}")
    assert before != after
    assert names.opened(f"{before} {after}").startswith("member:erased person ")
    assert names.opened(after) == f"member:{NORA}"


def test_an_author_in_the_settings_of_a_room_is_sealed(mapper: SealingMapper) -> None:
    event: Any = event_of(RoomConfigured)
    force_setattr(event, "author", "770077")
    row = mapper.to_stored_event(event)
    assert b"770077" not in row.state
    assert mapper.to_domain_event(row) == event


def test_whoever_is_shown_a_name_can_check_it_without_a_key(
    names: SealedNames, keys: HandedKeys
) -> None:
    token = names.actor(f"member:{NORA}").removeprefix("member:")
    shown = names.said(token)
    assert shown is not None
    assert shown[16:].decode() == NORA
    digits = token.strip("~")
    raw = urlsafe_b64decode(digits + "=" * (-len(digits) % 4))
    assert hashlib.sha256(shown).digest() == raw[16:48]
    keys.erase("discord", "4711")
    assert names.said(token) is None


@pytest.mark.parametrize("at", [1, 30, 70, 100])
def test_a_text_that_only_looks_like_one_stays_as_it_is(names: SealedNames, at: int) -> None:
    token = names.actor(f"member:{NORA}").removeprefix("member:")
    changed = f"{token[:at]}{'A' if token[at] != 'A' else 'B'}{token[at + 1 :]}"
    assert SEALED_NAME.fullmatch(changed)
    opened = names.opened(changed)
    assert opened == changed or is_erased_person(opened), "another key, or none"
    assert names.said(changed) is None


def test_events_from_before_stay_readable(mapper: SealingMapper) -> None:
    event = rejected(NORA)
    assert mapper.to_domain_event(TapeMapper().to_stored_event(event)) == event


def test_another_process_is_told_no_names(database_url: str, home: Path) -> None:
    keys = SubjectKeys(database_url, home / "keys" / "master.key")
    names = SealedNames(keys)
    actor = names.actor(f"member:{NORA}")
    sent = pickle.dumps(names)
    assert b"nora" not in sent
    other: SealedNames = pickle.loads(sent)
    assert other.opened(actor) == f"member:{NORA}"
    other._keys.close()
    keys.close()
