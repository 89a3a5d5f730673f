"""The signal feed, folded from what signals and orders decide."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from domain.fix import Side
from domain.legs import Leg
from domain.signal_events import ClosedBy, Decision
from projections.signal_feed import SignalFeed
from projections.signal_rows import Badge, ExecutionKind, PriceBasis, SignalRow, TradeState
from tests.projections import desk
from tests.projections.given import Story, current, fields, versions

CORRECTION = UUID(int=5)


class Feed:
    """One signal and its row."""

    def __init__(self, **posted: str) -> None:
        self.model = SignalFeed()
        self.story = Story(self.model)
        self.signal = desk.signal(**posted)  # type: ignore[arg-type]

    def row(self) -> SignalRow:
        self.story.tell(self.signal)
        return current(self.model.signals)[0]


def test_a_posted_signal_waits_open_at_the_claimed_price() -> None:
    row = Feed(quantity="4", price="2.00").row()
    assert fields(row, "state", "decision", "badge", "open_quantity", "average_px") == (
        TradeState.OPEN, Decision.PENDING, Badge.POSTED, 4, 2,
    )  # fmt: skip
    assert (row.title, row.channel, row.trader) == (
        "TSLA 250C 2026-11-20", "alerts", desk.TRADER,
    )  # fmt: skip


def test_legs_are_named_in_the_title() -> None:
    feed = SignalFeed()
    spread = (
        Leg(symbol=desk.CALL, side=Side.BUY),
        Leg(symbol=desk.LONGER_CALL, side=Side.SELL),
    )
    Story(feed).tell(desk.signal(legs=spread))
    assert current(feed.signals)[0].title == ("+1 TSLA 250C 2026-11-20 / -1 TSLA 260C 2026-11-20")


def test_evidence_for_the_entry_raises_the_badge_and_moves_the_price() -> None:
    feed = Feed(price="2.00")
    desk.check(feed.signal, 1, "2.10")
    row = feed.row()
    assert fields(row, "badge", "unattainable", "claimed_px", "average_px") == (
        Badge.PRICE_CHECKED, False, Decimal("2.00"), Decimal("2.10"),
    )  # fmt: skip


def test_a_price_nobody_could_have_had_is_marked() -> None:
    feed = Feed(price="2.00")
    desk.check(feed.signal, 1, "2.60", attainable=False)
    assert feed.row().unattainable


def test_evidence_for_the_exit_leaves_the_badge() -> None:
    feed = Feed()
    desk.leave(feed.signal, "4", "3.00")
    desk.check(feed.signal, 2, "2.90")
    row = feed.row()
    assert (row.badge, row.average_px) == (Badge.POSTED, Decimal("2.00"))
    executions = current(feed.model.executions)
    assert fields(executions[1], "number", "price", "basis") == (
        2, Decimal("2.90"), PriceBasis.CHECKED,
    )  # fmt: skip


def test_a_fill_of_its_order_is_the_highest_badge_and_a_bust_takes_it_back() -> None:
    feed = Feed()
    desk.check(feed.signal, 1, "2.00")
    feed.story.tell(feed.signal)
    order = desk.accepted(desk.order(of=feed.signal.id))
    desk.fill(order, "e-1", "10", "2.05")
    feed.story.tell(order)
    assert fields(feed.row(), "badge", "fills") == (Badge.BROKER_FILLED, 1)
    order.cancel_trade(correction=CORRECTION, exec_id="e-1", reason="bust", by="ana", at=desk.NOON)
    feed.story.tell(order)
    assert fields(feed.row(), "badge", "fills") == (Badge.PRICE_CHECKED, 0)


def test_a_manual_order_touches_no_signal() -> None:
    feed = Feed()
    feed.story.tell(feed.signal)
    order = desk.accepted(desk.order())
    desk.fill(order, "e-1", "10", "2.05")
    feed.story.tell(order)
    assert feed.row().fills == 0


def test_adds_count_by_quantity() -> None:
    feed = Feed(quantity="4", price="2.00")
    desk.add(feed.signal, "1", "1.00")
    row = feed.row()
    assert fields(row, "quantity", "open_quantity", "average_px") == (5, 5, Decimal("1.80"))


def test_exits_leave_less_open_and_an_unpriced_one_is_assumed() -> None:
    feed = Feed(quantity="4")
    desk.leave(feed.signal, "1", "3.00")
    desk.leave(feed.signal, "3", None)
    feed.signal.close(reason=ClosedBy.EXIT, closed_at=desk.minute(60), at=desk.minute(60))
    row = feed.row()
    assert fields(row, "state", "quantity", "open_quantity", "closed_by", "closed_at") == (
        TradeState.CLOSED, 4, 0, ClosedBy.EXIT, desk.minute(60),
    )  # fmt: skip
    executions = current(feed.model.executions)
    assert [(e.kind, int(e.quantity), e.basis) for e in executions] == [
        (ExecutionKind.ENTRY, 4, PriceBasis.CLAIMED),
        (ExecutionKind.EXIT, 1, PriceBasis.CLAIMED),
        (ExecutionKind.EXIT, 3, PriceBasis.ASSUMED),
    ]


def test_an_expiry_settles_what_is_open() -> None:
    feed = Feed(quantity="4")
    feed.signal.settle(
        price=Decimal(0), underlying_px=None, assumed=True, settled_at=desk.NOON, at=desk.NOON
    )
    assert feed.row().open_quantity == 0
    settled = current(feed.model.executions)[1]
    assert (settled.kind, settled.basis) == (ExecutionKind.SETTLEMENT, PriceBasis.ASSUMED)


def test_moved_levels_replace_only_what_was_said() -> None:
    feed = Feed()
    move = feed.signal.move_levels
    said = {"message": UUID(int=1), "posted_at": desk.NOON, "at": desk.NOON}
    move(stop=Decimal("1.50"), targets=(Decimal(3), Decimal("4.5")), **said)  # type: ignore[arg-type]
    move(stop=Decimal("2.00"), targets=(), **said)  # type: ignore[arg-type]
    row = feed.row()
    assert (row.stop, row.targets) == (Decimal("2.00"), "3 4.5")


def test_a_decision_says_by_whom_and_why() -> None:
    feed = Feed()
    feed.signal.reject(desk.ANA, reason="too wide", via="cli", at=desk.minute(5))
    assert fields(feed.row(), "decision", "decided_by", "decided_at", "reason") == (
        Decision.REJECTED, "ana", desk.minute(5), "too wide",
    )  # fmt: skip
    other = Feed()
    desk.approve(other.signal)
    assert fields(other.row(), "decision", "account") == (Decision.APPROVED, "main")


def test_nobody_deciding_in_time_is_a_decision_too() -> None:
    model = SignalFeed()
    signal = desk.signal(valid_until=desk.minute(10))
    signal.expire(at=desk.minute(11))
    Story(model).tell(signal)
    assert current(model.signals)[0].decision is Decision.EXPIRED


def test_a_correction_outweighs_evidence_whenever_that_comes() -> None:
    feed = Feed(quantity="4", price="2.00")
    feed.signal.correct(
        correction=CORRECTION, number=1, price=Decimal("2.50"), quantity=Decimal(2),
        reason="typo", by="ana", at=desk.NOON,
    )  # fmt: skip
    desk.check(feed.signal, 1, "2.10")
    row = feed.row()
    assert fields(row, "quantity", "open_quantity", "average_px", "corrections") == (
        2, 2, Decimal("2.50"), 1,
    )  # fmt: skip
    entry = current(feed.model.executions)[0]
    assert fields(entry, "claimed_px", "price", "basis", "attainable") == (
        Decimal("2.00"), Decimal("2.50"), PriceBasis.CORRECTED, True,
    )  # fmt: skip


def test_a_corrected_exit_changes_what_is_open() -> None:
    feed = Feed(quantity="4")
    desk.leave(feed.signal, "1", "3.00")
    feed.signal.correct(
        correction=CORRECTION, number=2, price=None, quantity=Decimal(2), reason="typo",
        by="ana", at=desk.NOON,
    )  # fmt: skip
    assert fields(feed.row(), "quantity", "open_quantity") == (4, 2)


def test_a_corrected_exit_opens_a_closed_trade_again() -> None:
    feed = Feed(quantity="4")
    desk.leave(feed.signal, "4", "3.00")
    feed.signal.close(reason=ClosedBy.EXIT, closed_at=desk.NOON, at=desk.NOON)
    assert fields(feed.row(), "state", "closed_by") == (TradeState.CLOSED, ClosedBy.EXIT)
    feed.signal.correct(
        correction=CORRECTION, number=2, price=None, quantity=Decimal(3), reason="typo",
        by="ana", at=desk.NOON,
    )  # fmt: skip
    assert fields(feed.row(), "state", "open_quantity", "closed_by", "closed_at") == (
        TradeState.OPEN, 1, None, None,
    )  # fmt: skip


def test_a_voided_signal_stays_visible_and_voided() -> None:
    feed = Feed()
    feed.signal.void(correction=CORRECTION, reason="test post", by="ana", at=desk.NOON)
    assert fields(feed.row(), "state", "reason") == (TradeState.VOIDED, "test post")


def test_every_event_of_the_signal_is_a_version_with_its_number() -> None:
    feed = Feed()
    desk.check(feed.signal, 1, "2.00")
    desk.approve(feed.signal)
    feed.row()
    found = versions(feed.model.signals)
    assert [(row.version, row.valid_from, row.valid_to) for row in found[:2]] == [
        (1, 1, 2),
        (2, 2, 3),
    ]
    assert [row.version for row in found] == [1, 2, 3]
