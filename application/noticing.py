"""Noticing: which notices have to be posted or made anew, remembered until that is done.

The reaction only marks what is due; its memory is stored with its place on the tape, so nothing
due is forgotten by a crash. Whoever posts to the platform takes what is due, makes each notice
from the record as it stands by then, and crosses it off. Doing one twice shows the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import msgspec

from application.desk import Command, Desk, Outcome, Work
from application.reaction import Happened, Memory
from domain.accounts import AccountAgreed, AccountDiffered
from domain.catalogue import event_classes
from domain.close_alls import CloseAllBegun, CloseAllFinished
from domain.corrections import (
    Correction,
    CorrectionApplied,
    CorrectionRefused,
    CorrectionRequested,
    Target,
)
from domain.exit_changes import ExitPlanWarned
from domain.exit_events import ExitPlanTrailed
from domain.exits import ExitPlan
from domain.market import MarkRecorded
from domain.messages import (
    Message,
    MessageDeleted,
    MessageEdited,
    MessageUnbooked,
)
from domain.notices import Notice, NoticeKind, notice_stream
from domain.order_changes import OrderOutcomeUnknown
from domain.order_events import (
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderTradeCanceled,
    OrderTradeCorrected,
)
from domain.orders import Order
from domain.risk_events import (
    RiskBreached,
    RiskCleared,
    RiskWarned,
    TradingHalted,
    TradingResumed,
)
from domain.shared import Event, learned
from domain.signal_events import (
    SignalAdded,
    SignalApprovalGiven,
    SignalCorrected,
    SignalExitCalled,
    SignalLevelsMoved,
    SignalPosted,
    SignalPriceChecked,
    SignalSettled,
    SignalVoided,
)
from domain.signals import Signal
from domain.strays import StrayReported
from domain.transparency.issued import CheckpointCosigned, CheckpointIssued


class Topic(StrEnum):
    """What kind of notice is due."""

    CARD = "card"
    """`about` is a signal: its card has to show what is on record."""
    LINE = "line"
    """`about` is a signal: the event at `position` is told in its thread."""
    TRADE = "trade"
    """`about` is a signal, or an order that was placed by hand: the fill or exit at `position` is
    told."""
    REPLY = "reply"
    """`about` is a message: what its author has to hear of it may have changed."""
    ALERT = "alert"
    """`about` is a signal, an order, or what an account is guarded by: the risk that the event at
    `position` tells of."""
    OPERATION = "operation"
    """`about` is an order, an account or an unknown order: what the event at `position` lets
    those look into who keep the house working."""
    BOARD = "board"
    """The pinned leaderboard and the milestones: figures have moved."""
    CHECKPOINT = "checkpoint"
    """The log's keys or a witness signed."""


EVERYTHING = UUID(int=0)
"""What a notice is about that is about no one thing: the leaderboard, the log."""

TOLD_ONE_BY_ONE = frozenset({Topic.LINE, Topic.TRADE, Topic.ALERT, Topic.OPERATION})
_STANDINGS = (
    RiskWarned, RiskBreached, RiskCleared, TradingHalted, TradingResumed,
    CloseAllBegun, CloseAllFinished,
)  # fmt: skip
RISKS = (
    OrderDenied, OrderRejected, OrderTradeCanceled, SignalApprovalGiven, ExitPlanWarned,
    *_STANDINGS,
)  # fmt: skip
"""What is told as an alert: our own check or the broker said no, a fill never happened, so much
is at risk that one approver is not enough, a holding is one to look at, how an account stands to
its limits, and that it is emptied."""

_BOOKKEEPING = (AccountDiffered, AccountAgreed, StrayReported)
OPERATIONS = (OrderOutcomeUnknown, *_BOOKKEEPING)
"""What is told to those who keep the house working: it and a broker do not know the same."""

_SIGNED = (CheckpointIssued, CheckpointCosigned)
_CORRECTIONS = (CorrectionRequested, CorrectionApplied, CorrectionRefused)
STALE = timedelta(days=7)
"""A fill that is told so late is imported history, and no news."""

_TRADES = (OrderFilled, SignalExitCalled, SignalSettled)
_FIGURES = (
    *_TRADES,
    SignalPriceChecked,
    SignalCorrected,
    SignalVoided,
    OrderTradeCorrected,
    OrderTradeCanceled,
)
"""What moves a figure on a board, beside a mark."""
_HANDLED = frozenset(
    kind
    for name, kind in event_classes().items()
    if name.startswith(("signal.", "order.", "correction.", "exit_plan."))
    or kind in (MessageUnbooked, MessageEdited, MessageDeleted, MarkRecorded)
    or kind in (*_STANDINGS, *_BOOKKEEPING, *_SIGNED)
)


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be told, because of the event at `position`."""

    topic: Topic
    about: UUID
    position: int
    happened_at: datetime

    @property
    def key(self) -> str:
        """Lines and trades are told one by one; of the rest only the latest counts."""
        each = f":{self.position:020}" if self.topic in TOLD_ONE_BY_ONE else ""
        return f"due:{self.topic.value}:{self.about}{each}"


class Noticing:
    """The reaction that marks what is due on a platform."""

    handles: frozenset[type[Event]] = _HANDLED

    def __init__(self, platform: str) -> None:
        self.name = f"noticing:{platform}"
        self._memory = Memory()

    def restore(self, state: Mapping[str, bytes]) -> None:  # noqa: ARG002 - the store keeps it
        """Nothing is decided by what is due already."""
        self._memory = Memory()

    def changes(self) -> Mapping[str, bytes | None]:
        return self._memory.take()

    def react(self, happened: Sequence[Happened], work: Work) -> None:
        """Marks the notices that the events make due."""
        work.prefetch(_needed(happened))
        for cause in happened:
            for topic, about in _told(cause, work):
                due = Due(
                    topic=topic,
                    about=about,
                    position=cause.position,
                    happened_at=cause.event.timestamp,
                )
                self._memory.put(due.key, due)


def _told(cause: Happened, work: Work) -> Iterator[tuple[Topic, UUID]]:
    event = cause.event
    if isinstance(event, MarkRecorded):
        yield Topic.BOARD, EVERYTHING
        return
    if isinstance(event, _SIGNED):
        yield Topic.CHECKPOINT, EVERYTHING
        return
    if isinstance(event, MessageUnbooked | MessageEdited | MessageDeleted):
        spoken = work.find(Message, cause.stream)
        yield Topic.REPLY, cause.stream if spoken is None else spoken.said_first
        return
    if isinstance(event, RISKS):
        yield Topic.ALERT, cause.stream
    if isinstance(event, OPERATIONS):
        yield Topic.OPERATION, cause.stream
    if isinstance(event, _STANDINGS + _BOOKKEEPING):
        return
    if event.TOPIC.startswith("exit_plan."):
        yield from _guarded(cause, work)
        return
    signal = _signal_of(cause, work)
    if signal is None:
        if isinstance(event, CorrectionApplied):
            # What has no card of its own is put right in the open all the same.
            yield Topic.ALERT, cause.stream
            yield Topic.BOARD, EVERYTHING
        if isinstance(event, OrderFilled) and event.timestamp - event.transact_time < STALE:
            yield Topic.TRADE, cause.stream
        return
    if (message := _put_right(cause, work)) is not None:
        yield Topic.REPLY, message
    yield Topic.CARD, signal
    yield Topic.LINE, signal
    if isinstance(event, _TRADES):
        yield Topic.TRADE, signal
    if isinstance(event, _FIGURES):
        yield Topic.BOARD, EVERYTHING


def _guarded(cause: Happened, work: Work) -> Iterator[tuple[Topic, UUID]]:
    """How a signal's holding is left is told below its card. The steps of a trailing stop are
    many, and stand on the record alone; what was opened by hand has no card.
    """
    if isinstance(cause.event, ExitPlanTrailed):
        return
    trade = work.get(ExitPlan, cause.stream).trade
    if work.find(Signal, trade) is not None:
        yield Topic.LINE, trade


def _needed(happened: Sequence[Happened]) -> Iterator[UUID]:
    """The streams that have to be looked at, so that they are read at once."""
    for cause in happened:
        if cause.event.TOPIC.startswith(("order.", "correction.", "message.", "exit_plan.")):
            yield cause.stream
        elif (said := _said_in(cause.event)) is not None:
            yield said
        elif isinstance(cause.event, SignalPriceChecked) and not cause.event.attainable:
            yield cause.stream


def _said_in(event: Event) -> UUID | None:
    """The message that a signal's event came of."""
    match event:
        case SignalPosted():
            return event.source.message
        case SignalAdded() | SignalExitCalled() | SignalLevelsMoved():
            return event.message
    return None


def _put_right(cause: Happened, work: Work) -> UUID | None:
    """The message whose author hears of an event of a signal: what they filled in anew was
    booked, or the price that they posted could not be had.
    """
    event = cause.event
    said = _said_in(event)
    if isinstance(event, SignalPriceChecked) and not event.attainable:
        said = work.get(Signal, cause.stream).messages.get(event.number)
    message = None if said is None else work.find(Message, said)
    if message is None:
        return None
    is_fix = message.said_first != message.id
    return message.said_first if is_fix or isinstance(event, SignalPriceChecked) else None


def _signal_of(cause: Happened, work: Work) -> UUID | None:
    """The signal that an event belongs to; manual orders belong to none."""
    name = cause.event.TOPIC
    if name.startswith("signal."):
        return cause.stream
    if name.startswith("order."):
        return work.get(Order, cause.stream).signal
    correction = work.get(Correction, cause.stream)
    if correction.target is Target.SIGNAL:
        return correction.target_stream
    if correction.target is Target.ORDER:
        return work.get(Order, correction.target_stream).signal
    return None


def decoded(value: bytes) -> Due:
    """A due notice as it was remembered."""
    return msgspec.json.decode(value, type=learned(Due))


def find_notice(desk: Desk, platform: str, kind: NoticeKind, about: UUID) -> Notice | None:
    """Where a notice stands, if it was posted."""
    return Work(desk).find(Notice, notice_stream(platform, kind, about))


def record_notice(
    desk: Desk,
    command: Command,
    *,
    platform: str,
    kind: NoticeKind,
    about: UUID,
    channel_id: str,
    message_id: str,
    figure: Decimal | None = None,
) -> Outcome:
    """Keeps where a notice stands, the first time and whenever it had to be posted again, and
    the figure that it tells, if it is told again when that has moved.

    Raises:
        InvalidInput, Impossible: it is no place, or stands there already.
    """

    def decide(work: Work) -> Notice:
        known = work.find(Notice, notice_stream(platform, kind, about))
        if known is None:
            return work.begin(
                Notice.post(
                    platform=platform,
                    kind=kind,
                    about=about,
                    channel_id=channel_id,
                    message_id=message_id,
                    figure=figure,
                    at=command.at,
                )
            )
        known.repost(channel_id=channel_id, message_id=message_id, figure=figure, at=command.at)
        return known

    return desk.run(command, decide)


def record_thread(
    desk: Desk, command: Command, *, platform: str, kind: NoticeKind, about: UUID, thread_id: str
) -> Outcome:
    """Keeps the thread of a notice.

    Raises:
        NotFound, Impossible: there is no such notice, or it has its thread.
    """

    def decide(work: Work) -> Notice:
        known = work.get(Notice, notice_stream(platform, kind, about))
        known.open_thread(thread_id, at=command.at)
        return known

    return desk.run(command, decide)
