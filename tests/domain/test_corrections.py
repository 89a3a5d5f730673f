"""A correction: asked for with a reason, then applied or refused, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.corrections import (
    Correction,
    CorrectionApplied,
    CorrectionApproved,
    CorrectionRefused,
    CorrectionRequested,
    OwnRequestRefused,
    ReasonCode,
    Target,
    Wanted,
)
from domain.shared import Impossible, InvalidInput, stream_id
from tests.domain.told import last_of, replayed, state_of, told_by

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
SIGNAL = stream_id("signal", "1")


def requested(
    *,
    price: str | None = "2.50",
    quantity: str | None = None,
    void: bool = False,
    reason: str = "mistyped",
    **more: Any,
) -> Correction:
    return Correction.request(
        id=stream_id("correction", "1"),
        target=Target.SIGNAL,
        target_stream=SIGNAL,
        target_version=3,
        wanted=Wanted(
            part="1",
            void=void,
            price=None if price is None else Decimal(price),
            quantity=None if quantity is None else Decimal(quantity),
            **more,
        ),
        reason=reason,
        by="olga",
        at=NOON,
    )


def apply(correction: Correction) -> None:
    approve(correction)
    correction.apply_to_target(by="pia", at=NOON)


def approve(correction: Correction, by: str = "pia", person: str = "member:pia") -> None:
    correction.agree(by=by, person=person, at=NOON)


def refuse(correction: Correction) -> None:
    correction.refuse(by="olga", reason="it was right", at=NOON)


def test_a_request_says_what_of_which_record_as_it_was_seen() -> None:
    (event,) = told_by(requested(reason="  mistyped "))
    assert isinstance(event, CorrectionRequested)
    assert (event.target, event.target_stream, event.target_version) == (Target.SIGNAL, SIGNAL, 3)
    assert (event.part, event.price, event.reason, event.by) == (
        "1",
        Decimal("2.50"),
        "mistyped",
        "olga",
    )


@pytest.mark.parametrize(
    "wanted",
    [
        {"price": "2.50"},
        {"price": None, "quantity": "2"},
        {"price": "2.50", "quantity": "2"},
        {"price": None, "void": True},
    ],
)
def test_a_correction_voids_or_changes_a_figure_or_two(wanted: dict[str, Any]) -> None:
    correction = requested(**wanted)
    assert not correction.applied


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"price": None}, "either voids or changes"),
        ({"void": True}, "either voids or changes"),
        ({"price": None, "quantity": "2", "void": True}, "either voids or changes"),
        ({"reason": ""}, "needs a reason"),
        ({"reason": " \n"}, "needs a reason"),
    ],
)
def test_neither_and_both_and_without_a_reason_are_refused(
    wanted: dict[str, Any], why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        requested(**wanted)


@pytest.mark.parametrize(
    ("end", "events"),
    [(apply, [CorrectionApproved, CorrectionApplied]), (refuse, [CorrectionRefused])],
)
@pytest.mark.parametrize("then", [apply, refuse])
def test_it_ends_once(
    end: Callable[[Correction], None], events: list[type], then: Callable[[Correction], None]
) -> None:
    correction = requested()
    end(correction)
    with pytest.raises(Impossible, match="decided already"):
        then(correction)
    told = told_by(correction)
    assert [type(one) for one in told] == [CorrectionRequested, *events]
    assert state_of(replayed(told)) == state_of(correction)


def test_a_refusal_says_by_whom_and_why() -> None:
    correction = requested()
    refuse(correction)
    event = last_of(correction)
    assert isinstance(event, CorrectionRefused)
    assert (event.by, event.reason) == ("olga", "it was right")


@pytest.mark.parametrize(
    ("by", "person"),
    [("olga", "member:olga"), ("olga", "console"), ("pia", "member:olga"), ("Olga", "member:olga")],
)
def test_nobody_approves_what_they_asked_for_under_whatever_name(by: str, person: str) -> None:
    correction = requested()
    with pytest.raises(OwnRequestRefused, match="another admin has to"):
        approve(correction, by, person)
    assert correction.approved_by == ""


def test_what_nobody_approved_is_not_applied() -> None:
    with pytest.raises(Impossible, match="nobody has approved"):
        requested().apply_to_target(by="pia", at=NOON)


def test_it_is_approved_once() -> None:
    correction = requested()
    approve(correction)
    with pytest.raises(Impossible, match="decided already"):
        approve(correction, "quinn", "member:quinn")


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/a", "ftp://example.com", "javascript:alert(1)", "https://",
        "https://nowhere", "https://a b.com", "https://me:secret@example.com/", "example.com/a",
        "https://[::1", "https://example.com:99999/", "https://example.com/<script>",
        "https://example.com/" + "a" * 500,
    ],
)  # fmt: skip
def test_evidence_is_an_https_address(address: str) -> None:
    with pytest.raises(InvalidInput, match="https address"):
        requested(evidence=address)


def test_a_request_keeps_its_code_and_its_evidence() -> None:
    address = "https://discord.com/channels/1/2/3?x=1#y"
    (event,) = told_by(requested(code=ReasonCode.BUST_TRADE, evidence=f" {address} "))
    assert isinstance(event, CorrectionRequested)
    assert (event.code, event.evidence, event.person) == (
        ReasonCode.BUST_TRADE,
        address,
        "member:olga",
    )


@pytest.mark.parametrize("figure", ["bid", "offer", "amount"])
def test_figures_that_a_signal_has_not_are_refused(figure: str) -> None:
    wanted: dict[str, Any] = {figure: Decimal(1)}
    with pytest.raises(InvalidInput, match=f"no {figure}"):
        requested(**wanted)
