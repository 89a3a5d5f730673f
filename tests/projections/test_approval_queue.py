"""The approval queue, folded from what signals decide."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest

from domain.approvals import ApprovalRules, Approver, Assessment, Attempt, PriceMoved, Role
from domain.signal_events import ClosedBy
from domain.signals import Signal
from projections.approval_queue import ApprovalQueue
from tests.projections import desk
from tests.projections.given import Story, current, fields, versions


def test_a_posted_signal_waits_until_its_time_is_over() -> None:
    model = ApprovalQueue()
    Story(model).tell(desk.signal(valid_until=desk.minute(10)))
    assert fields(current(model.pending)[0], "title", "price", "valid_until") == (
        "TSLA 250C 2026-11-20", Decimal("2.00"), desk.minute(10),
    )  # fmt: skip


def reject(signal: Signal) -> None:
    signal.reject(desk.ANA, reason="too wide", via="cli", at=desk.NOON)


def expire(signal: Signal) -> None:
    signal.expire(at=desk.minute(11))


def void(signal: Signal) -> None:
    signal.void(correction=UUID(int=5), reason="test post", by="ana", at=desk.NOON)


def close(signal: Signal) -> None:
    desk.leave(signal, "4", "3.00")
    signal.close(reason=ClosedBy.EXIT, closed_at=desk.NOON, at=desk.NOON)


@pytest.mark.parametrize("end", [desk.approve, reject, expire, void, close])
def test_what_is_decided_or_over_waits_no_longer(end: Callable[[Signal], None]) -> None:
    model = ApprovalQueue()
    signal = desk.signal(valid_until=desk.minute(10))
    if end is desk.approve:
        signal = desk.signal()
    end(signal)
    last = Story(model).tell(signal)
    assert current(model.pending) == []
    assert max(row.valid_to for row in versions(model.pending)) == last


def test_an_approver_sees_what_the_market_said() -> None:
    model = ApprovalQueue()
    signal = desk.signal()
    desk.check(signal, 1, "2.60", attainable=False)
    Story(model).tell(signal)
    assert fields(current(model.pending)[0], "market_px", "attainable", "version") == (
        Decimal("2.60"), False, 2,
    )  # fmt: skip


def test_evidence_after_the_decision_brings_nothing_back() -> None:
    model = ApprovalQueue()
    signal = desk.signal()
    desk.approve(signal)
    desk.check(signal, 1, "2.00")
    Story(model).tell(signal)
    assert current(model.pending) == []


def test_the_version_to_expect_follows_every_event() -> None:
    model = ApprovalQueue()
    signal = desk.signal()
    desk.add(signal, "1", "1.00")
    desk.leave(signal, "1", "3.00")
    signal.move_levels(
        stop=Decimal("1.5"), targets=(), message=UUID(int=1), posted_at=desk.NOON, at=desk.NOON
    )
    Story(model).tell(signal)
    assert fields(current(model.pending)[0], "version", "stop") == (4, Decimal("1.5"))


SAM = Approver(name="sam", roles=frozenset({Role.APPROVER}))
LARGE = Assessment(rules=ApprovalRules(second_approver_above=Decimal(100)), at_risk=Decimal(900))


def say_yes(signal: Signal, who: Approver = desk.ANA) -> None:
    signal.approve(who, via="cli", account="main", assessed=LARGE, at=desk.minute(30))


def test_a_yes_that_needs_another_is_counted_and_goes_on_waiting() -> None:
    model = ApprovalQueue()
    signal = desk.signal()
    story = Story(model)
    story.tell(signal)
    assert fields(current(model.pending)[0], "given", "needed", "still_needed") == (0, 1, "")
    say_yes(signal)
    story.tell(signal)
    assert fields(current(model.pending)[0], "given", "given_by", "needed", "still_needed") == (
        1, "ana", 2, "one more approver is needed: 900 USD would be at risk, over 100 USD",
    )  # fmt: skip
    say_yes(signal, SAM)
    story.tell(signal)
    assert current(model.pending) == []


def test_a_correction_takes_the_yeses_back() -> None:
    model = ApprovalQueue()
    signal = desk.signal()
    say_yes(signal)
    signal.correct(
        correction=UUID(int=5), number=1, price=Decimal("2.10"), quantity=None, reason="a slip",
        by="ada", at=desk.NOON,
    )  # fmt: skip
    Story(model).tell(signal)
    row = current(model.pending)[0]
    assert fields(row, "given", "given_by", "needed", "still_needed", "version") == (
        0, "", 1, "", 3,
    )  # fmt: skip


def test_refused_attempts_are_counted_and_the_last_is_told() -> None:
    model = ApprovalQueue()
    signal = desk.signal()
    for who in (desk.ANA, SAM):
        signal.refuse(who, Attempt.APPROVE, PriceMoved("it moved"), via="cli", at=desk.NOON)
    Story(model).tell(signal)
    row = current(model.pending)[0]
    assert fields(row, "refusals", "last_refusal", "version") == (2, "sam: it moved", 3)


def test_what_is_tried_after_the_decision_brings_nothing_back() -> None:
    model = ApprovalQueue()
    signal = desk.signal()
    desk.approve(signal)
    signal.refuse(SAM, Attempt.REJECT, PriceMoved("too late"), via="cli", at=desk.NOON)
    Story(model).tell(signal)
    assert current(model.pending) == []
