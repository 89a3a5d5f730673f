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
    CorrectionRefused,
    CorrectionRequested,
    Target,
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
) -> Correction:
    return Correction.request(
        id=stream_id("correction", "1"),
        target=Target.SIGNAL,
        target_stream=SIGNAL,
        target_version=3,
        part="1",
        void=void,
        price=None if price is None else Decimal(price),
        quantity=None if quantity is None else Decimal(quantity),
        reason=reason,
        by="olga",
        at=NOON,
    )


def apply(correction: Correction) -> None:
    correction.apply_to_target(by="olga", at=NOON)


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
    ("end", "event"), [(apply, CorrectionApplied), (refuse, CorrectionRefused)]
)
@pytest.mark.parametrize("then", [apply, refuse])
def test_it_ends_once(
    end: Callable[[Correction], None], event: type, then: Callable[[Correction], None]
) -> None:
    correction = requested()
    end(correction)
    with pytest.raises(Impossible, match="decided already"):
        then(correction)
    told = told_by(correction)
    assert [type(one) for one in told] == [CorrectionRequested, event]
    assert state_of(replayed(told)) == state_of(correction)


def test_a_refusal_says_by_whom_and_why() -> None:
    correction = requested()
    refuse(correction)
    event = last_of(correction)
    assert isinstance(event, CorrectionRefused)
    assert (event.by, event.reason) == ("olga", "it was right")
