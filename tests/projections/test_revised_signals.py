"""What edits, deletions and later readings show of a signal, and what they count for."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from domain.corrections import Correction, Target, Wanted
from domain.messages import message_stream
from domain.shared import stream_id
from domain.signal_events import Source
from domain.signals import Signal
from domain.terms import HINDSIGHT, Changed
from domain.trades import Badge
from projections.approval_queue import ApprovalQueue
from projections.books import Books
from projections.corrections import Corrections, CorrectionState
from projections.signal_feed import SignalFeed
from projections.timeline import Timeline
from tests.projections import desk
from tests.projections.given import Story, current, fields, lines

CHANGE = (Changed(field="price", was="2.00", now="1.00"),)


def edit(signal: Signal) -> None:
    signal.note_edit(
        message=message_stream("discord", "1"), revision=1, edited_at=desk.minute(5),
        changes=CHANGE, parser="canonical-1", at=desk.minute(6),
    )  # fmt: skip


def delete(signal: Signal) -> None:
    signal.note_deletion(
        message=message_stream("discord", "1"), noticed_at=desk.minute(7), at=desk.minute(7)
    )


def hindsight() -> Signal:
    """A trade that was booked a month after it was said."""
    like = desk.signal()
    signal = Signal.post(
        place="later", origin=HINDSIGHT, trader=desk.TRADER,
        source=Source(platform="discord", channel="alerts", message=like.source.message),
        side=like.side, legs=like.legs, quantity=Decimal(4), price=Decimal("2.00"),
        price_to=None, stop=None, targets=(), valid_until=desk.minute(1), parser="canonical-2",
        rules=(), posted_at=desk.minute(1), at=desk.minute(99),
    )  # fmt: skip
    signal.note_late((1,), parser="canonical-2", reason="missed", by="ada", at=desk.minute(99))
    signal.expire(at=desk.minute(99))
    return signal


def requested() -> Correction:
    return Correction.request(
        id=stream_id("correction", "1"), target=Target.SIGNAL, target_stream=desk.signal().id,
        target_version=1,
        wanted=Wanted(part="1", price=Decimal("1.00"), changes=CHANGE,
                      message=message_stream("discord", "1"), revision=1),
        reason="edited", by="booking", at=desk.minute(6),
    )  # fmt: skip


def test_a_signal_shows_that_its_message_was_edited_and_deleted() -> None:
    model, signal = SignalFeed(), desk.signal()
    edit(signal)
    delete(signal)
    Story(model).tell(signal)
    (row,) = current(model.signals)
    assert (row.edited_at, row.deleted_at) == (desk.minute(5), desk.minute(7))
    assert (row.claimed_px, row.state, row.version) == (Decimal("2.00"), "open", 3)


def test_an_approver_sees_that_it_was_edited_and_deleted() -> None:
    model, signal = ApprovalQueue(), desk.signal()
    edit(signal)
    delete(signal)
    Story(model).tell(signal)
    assert fields(current(model.pending)[0], "edited_at", "deleted_at", "price") == (
        desk.minute(5), desk.minute(7), Decimal("2.00"),
    )  # fmt: skip


def test_they_are_in_the_story_of_the_trader_and_of_the_message() -> None:
    model, signal = Timeline(), desk.signal()
    edit(signal)
    delete(signal)
    Story(model).tell(signal)
    for subject in (desk.TRADER, message_stream("discord", "1")):
        assert [line.position for line in lines(model.events) if line.subject == subject] == [
            1, 2, 3,
        ]  # fmt: skip


def test_what_was_booked_with_hindsight_is_shown_and_waits_for_nobody() -> None:
    feed, queue = SignalFeed(), ApprovalQueue()
    Story(feed).tell(hindsight())
    Story(queue).tell(hindsight())
    assert fields(current(feed.signals)[0], "hindsight", "decision") == (True, "expired")
    assert current(queue.pending) == []


def test_what_was_booked_with_hindsight_is_on_no_board() -> None:
    model, signal = Books(), hindsight()
    desk.leave(signal, "4", "9.00")
    desk.check(signal, 1, "2.00")
    Story(model).tell(signal)
    (position,) = current(model.positions)
    assert fields(position, "badge", "scored", "quantity", "realised") == (
        Badge.HINDSIGHT, False, Decimal(0), Decimal(2_800),
    )  # fmt: skip
    assert current(model.records.days) == []


def test_a_crossed_out_exit_opens_the_trade_again() -> None:
    feed, books, signal = SignalFeed(), Books(), desk.signal()
    desk.leave(signal, "4", "9.00")
    signal.correct(
        correction=UUID(int=5), number=2, price=None, quantity=Decimal(0), reason="no exit",
        by="ada", at=desk.minute(99),
    )  # fmt: skip
    events = signal.collect_events()
    for model in (feed, books):
        signal._pending_events.extend(events)
        Story(model).tell(signal)
    assert fields(current(feed.signals)[0], "open_quantity", "state") == (Decimal(4), "open")
    assert fields(current(books.positions)[0], "quantity", "realised", "closed_at") == (
        Decimal(4), Decimal(0), None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("refusal", "state"), [("", CorrectionState.APPLIED), ("no", CorrectionState.REFUSED)]
)
def test_a_correction_waits_until_somebody_decides(refusal: str, state: CorrectionState) -> None:
    model, correction = Corrections(), requested()
    story = Story(model)
    story.tell(correction)
    assert fields(current(model.rows)[0], "state", "changes", "by", "revision") == (
        CorrectionState.PENDING, "price 2.00 -> 1.00", "booking", 1,
    )  # fmt: skip
    if refusal:
        correction.refuse(by="ada", reason=refusal, at=desk.minute(8))
    else:
        correction.agree(by="ada", person="member:ada", at=desk.minute(8))
        correction.apply_to_target(by="ada", at=desk.minute(8))
    story.tell(correction)
    assert fields(current(model.rows)[0], "state", "decided_by", "decided_at", "refusal") == (
        state, "ada", desk.minute(8), refusal,
    )  # fmt: skip
