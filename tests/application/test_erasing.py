"""Who may hold and erase people, and what the database says to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from adapters.subject_keys import SubjectKeys
from application.desk import Desk
from application.erasing import erase, lift_hold, place_hold
from application.ports import Forbidden, NotFound, PortRefused
from domain.shared import Impossible
from domain.subjects import UnderHold
from tests.application.acts import ADA, ROB, command, names


@pytest.fixture
def keys(database_url: str, home: Path) -> Iterator[SubjectKeys]:
    found = SubjectKeys(database_url, home / "master.key", fresh_s=0.0)
    yield found
    found.close()


@pytest.fixture
def nora(keys: SubjectKeys) -> UUID:
    return keys.of("discord", "77").id


def test_an_erasure_is_recorded_and_destroys_the_key(
    desk: Desk, keys: SubjectKeys, nora: UUID
) -> None:
    outcome = erase(desk, command(nora), ADA, subject=nora, reason="she asked")
    assert (outcome.stream, outcome.version) == (nora, 2)
    assert names(desk) == ["subject.opened", "subject.erased"]
    assert keys.by_id(nora.bytes) is None


def test_the_same_command_erases_once(desk: Desk, nora: UUID) -> None:
    asked = command(nora)
    first = erase(desk, asked, ADA, subject=nora, reason="she asked")
    assert erase(desk, asked, ADA, subject=nora, reason="she asked") == first
    with pytest.raises(Impossible, match="erased already"):
        erase(desk, command(nora), ADA, subject=nora, reason="she asked")


def test_a_hold_keeps_the_key(desk: Desk, keys: SubjectKeys, nora: UUID) -> None:
    place_hold(desk, command(nora), ADA, subject=nora, matter="SEC 26-1")
    with pytest.raises(UnderHold):
        erase(desk, command(nora), ADA, subject=nora, reason="she asked")
    assert keys.by_id(nora.bytes) is not None
    lift_hold(desk, command(nora), ADA, subject=nora, matter="SEC 26-1", reason="settled")
    erase(desk, command(nora), ADA, subject=nora, reason="she asked")
    assert keys.by_id(nora.bytes) is None


def test_without_a_key_there_is_no_erasure(desk: Desk) -> None:
    with pytest.raises(PortRefused, match="there is no key"):
        erase(desk, command(), ADA, subject=uuid4(), reason="she asked")
    assert names(desk) == []


def test_what_was_never_held_is_not_lifted(desk: Desk) -> None:
    with pytest.raises(NotFound):
        lift_hold(desk, command(), ADA, subject=uuid4(), matter="SEC 26-1", reason="settled")


Act = Callable[[Desk, UUID], object]
ACTS: dict[str, Act] = {
    "hold": lambda desk, who: place_hold(desk, command(), ROB, subject=who, matter="x"),
    "release": lambda desk, who: lift_hold(
        desk, command(), ROB, subject=who, matter="x", reason="x"
    ),
    "erase": lambda desk, who: erase(desk, command(), ROB, subject=who, reason="x"),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_it_takes_an_admin(desk: Desk, nora: UUID, act: Act) -> None:
    with pytest.raises(Forbidden, match="may not administer"):
        act(desk, nora)
