"""A person's key: what keeps it, and what destroys it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.shared import Impossible, InvalidInput
from domain.subjects import Subject, SubjectErased, UnderHold

NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
KEY = UUID("6f2d3c1e-0a57-4c1b-9d2e-7472756574a9")


@pytest.fixture
def subject() -> Subject:
    return Subject.open(KEY, at=NOON)


def test_a_person_is_erased_once(subject: Subject) -> None:
    subject.erase(reason="she asked", by="ada", at=NOON)
    assert subject.erased_at == NOON
    with pytest.raises(Impossible, match="erased already, on 2026-11-20 17:00:00"):
        subject.erase(reason="again", by="ada", at=NOON)


def test_the_event_names_nobody_but_who_decided(subject: Subject) -> None:
    subject.erase(reason="she asked", by="ada", at=NOON)
    event = subject.collect_events()[-1]
    assert isinstance(event, SubjectErased)
    assert (event.originator_id, event.reason, event.by) == (KEY, "she asked", "ada")


def test_a_hold_comes_before_an_erasure(subject: Subject) -> None:
    subject.place_hold("SEC 26-1", by="ada", at=NOON)
    subject.place_hold("FINRA 7", by="bea", at=NOON)
    subject.lift_hold("SEC 26-1", reason="settled", by="ada", at=NOON)
    with pytest.raises(UnderHold, match="kept for FINRA 7"):
        subject.erase(reason="she asked", by="ada", at=NOON)
    subject.lift_hold("FINRA 7", reason="closed", by="bea", at=NOON)
    subject.erase(reason="she asked", by="ada", at=NOON)
    assert subject.erased_at == NOON


def test_a_matter_holds_once(subject: Subject) -> None:
    subject.place_hold("SEC 26-1", by="ada", at=NOON)
    with pytest.raises(Impossible, match="in force already"):
        subject.place_hold(" SEC 26-1 ", by="bea", at=NOON)


def test_what_is_not_in_force_is_not_lifted(subject: Subject) -> None:
    subject.place_hold("SEC 26-1", by="ada", at=NOON)
    with pytest.raises(Impossible, match="in force: SEC 26-1"):
        subject.lift_hold("SEC 26-2", reason="settled", by="ada", at=NOON)


def test_nobody_who_was_erased_is_held(subject: Subject) -> None:
    subject.erase(reason="she asked", by="ada", at=NOON)
    with pytest.raises(Impossible, match="erased already"):
        subject.place_hold("SEC 26-1", by="ada", at=NOON)


@pytest.mark.parametrize("matter", ["", "  ", "two\nlines"])
def test_a_hold_is_for_a_matter_that_can_be_named(subject: Subject, matter: str) -> None:
    with pytest.raises(InvalidInput, match="in one line"):
        subject.place_hold(matter, by="ada", at=NOON)


def test_a_lifting_and_an_erasure_have_a_reason(subject: Subject) -> None:
    subject.place_hold("SEC 26-1", by="ada", at=NOON)
    with pytest.raises(InvalidInput, match="say why"):
        subject.lift_hold("SEC 26-1", reason=" ", by="ada", at=NOON)
    subject.lift_hold("SEC 26-1", reason="settled", by="ada", at=NOON)
    with pytest.raises(InvalidInput, match="say why"):
        subject.erase(reason="", by="ada", at=NOON)
