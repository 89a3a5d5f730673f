"""The approval queue, folded from what signals decide."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest

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
