"""Who decides on a signal, until when, and what the slower one hears."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.approvals import AlreadyDecided, Approver, Assessment, NotAnApprover, Role, SignalLapsed
from domain.shared import Impossible, InvalidInput
from domain.signal_events import (
    Decision,
    SignalApproved,
    SignalRejected,
)
from domain.signals import Signal
from tests.domain.signal_acts import (
    LAPSES,
    NOON,
    approve,
    posted,
    reject,
)
from tests.domain.told import last_of


def test_an_approval_says_who_where_and_for_which_account() -> None:
    signal = posted()
    approve(signal)
    event = last_of(signal)
    assert isinstance(event, SignalApproved)
    assert (event.by, event.via, event.account) == ("olga", "cli", "paper")
    assert signal.decision is Decision.APPROVED


def test_a_rejection_gives_a_reason_the_trader_can_learn_from() -> None:
    signal = posted()
    for nothing in ("", "  "):
        with pytest.raises(InvalidInput, match="needs a reason"):
            reject(signal, nothing)
    reject(signal, "  too large ")
    event = last_of(signal)
    assert isinstance(event, SignalRejected)
    assert event.reason == "too large"


def test_it_is_decided_until_its_time_is_over_and_lapses_after_it() -> None:
    signal = posted()
    with pytest.raises(Impossible, match="is not over"):
        signal.expire(at=LAPSES)
    late = LAPSES + timedelta(microseconds=1)
    with pytest.raises(SignalLapsed):
        approve(signal, late)
    signal.expire(at=late)
    assert signal.decision is Decision.EXPIRED
    approve(posted(), LAPSES)


def test_a_signal_without_an_end_never_lapses() -> None:
    signal = posted(valid_until=None)
    with pytest.raises(Impossible, match="is not over"):
        signal.expire(at=NOON + timedelta(days=1000))
    approve(signal, NOON + timedelta(days=1000))


def test_the_policies_decide_who_may() -> None:
    reader = Approver(name="rob", roles=frozenset({Role.READER}))
    signal = posted()
    with pytest.raises(NotAnApprover):
        signal.approve(reader, via="cli", account="paper", assessed=Assessment(), at=NOON)
    with pytest.raises(NotAnApprover):
        signal.reject(reader, reason="no", via="cli", at=NOON)
    assert signal.decision is Decision.PENDING


LATE = LAPSES + timedelta(seconds=1)
DECISIONS: list[tuple[Callable[[Signal], None], str]] = [
    (approve, "approved by olga at 2026-11-16 17:00:00 UTC"),
    (reject, "rejected by olga at 2026-11-16 17:00:00 UTC"),
    (lambda signal: signal.expire(at=LATE), "expired by nobody by 2026-11-16 18:00:01 UTC"),
]


@pytest.mark.parametrize(("first", "told"), DECISIONS)
@pytest.mark.parametrize("then", [decide for decide, _ in DECISIONS])
def test_whoever_is_slower_hears_who_decided_and_when(
    first: Callable[[Signal], None], told: str, then: Callable[[Signal], None]
) -> None:
    signal = posted()
    first(signal)
    with pytest.raises(AlreadyDecided, match=told):
        then(signal)
