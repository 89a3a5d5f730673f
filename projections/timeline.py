"""Timeline: which events belong to a trader, signal, order, message or account.

A row says that an event of another stream is part of a subject's story and where it lies on
the tape. The events of its own stream the tape finds by itself, as it does those of the few
streams that belong to a signal; and those of an author's messages are the versions of the rows
that `projections.messages` keeps. So a page of the story is four scans of indexes joined to the
events.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection

from domain.accounts import AccountOwnerNamed, account_stream
from domain.corrections import (
    CorrectionApplied,
    CorrectionApproved,
    CorrectionRefused,
    CorrectionRequested,
    Target,
)
from domain.exit_changes import ExitPlanAdjusted, ExitPlanResized, ExitPlanWarned
from domain.exit_events import (
    ExitPlanChanged,
    ExitPlanDone,
    ExitPlanGrown,
    ExitPlanPostponed,
    ExitPlanReduced,
    ExitPlanReleased,
    ExitPlanSet,
    ExitPlanTrailed,
    ExitPlanTriggered,
)
from domain.holdings import (
    HoldingAdjusted,
    HoldingAssigned,
    HoldingExercised,
    HoldingExpired,
    HoldingOpened,
)
from domain.order_changes import (
    OrderCancelPending,
    OrderDoneForDay,
    OrderOutcomeUnknown,
    OrderReconciled,
    OrderReplaced,
    OrderReplacePending,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderReportKept,
    OrderSuspended,
)
from domain.order_events import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderCancelRequested,
    OrderCleared,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderRequested,
    OrderSubmitted,
    OrderTradeCanceled,
    OrderTradeCorrected,
    OrderTriggered,
)
from domain.signal_events import (
    SignalAdded,
    SignalApprovalGiven,
    SignalApprovalRefused,
    SignalApproved,
    SignalBookedLate,
    SignalClosed,
    SignalCorrected,
    SignalExitCalled,
    SignalExpired,
    SignalLevelsMoved,
    SignalPosted,
    SignalPriceChecked,
    SignalRejected,
    SignalSettled,
    SignalSourceDeleted,
    SignalSourceEdited,
    SignalVoided,
)
from domain.strays import StrayReported, StrayReportedAgain, StraysClaimed
from domain.traders import TraderLinked, TraderUnlinked
from projections.opening import opened, opened_actor
from projections.readmodel import Index, Line, Projection, Register, Seen, Strip, when

Said = SignalAdded | SignalExitCalled | SignalLevelsMoved | SignalSourceEdited | SignalSourceDeleted
"""What an author does to a trade by a message."""

account_of = lru_cache(maxsize=4_096)(account_stream)


_SUBJECTS = {
    Target.SIGNAL: "signal",
    Target.ORDER: "order_stream",
    Target.ACCOUNT: "account",
    Target.TRADER: "trader",
}
"""Whose story a correction belongs to; a mark's is told by what it moves."""


class TimelineLine(Line, frozen=True, kw_only=True):
    """An event of another stream in a subject's story."""

    subject: UUID
    position: int


class BelongsLine(Line, frozen=True, kw_only=True):
    """Whose stories the events of a stream are part of."""

    stream: UUID
    trader: UUID | None = None
    signal: UUID | None = None
    order_stream: UUID | None = None
    account: UUID | None = None


class Timeline(Projection):
    """Notes every event for each other subject it is about."""

    name = "timeline"
    kind = "feed"
    weight = 5
    edition = 4
    """The second one has the exit plans in it, the third who was linked to whom, the fourth no
    rows for what the streams of a signal's orders and plans say."""

    def __init__(self) -> None:
        self.events = Strip("timeline", TimelineLine, ["subject", "position"])
        self.belongs = Register(
            "timeline_belongs", BelongsLine, "stream", [Index("signal", where="signal IS NOT NULL")]
        )
        self.tables = (self.events, self.belongs)

    @when(SignalPosted)
    def posted(self, event: SignalPosted, seen: Seen) -> None:
        self._begin(BelongsLine(stream=seen.stream, trader=event.trader), seen)
        self._note(event.source.message, seen)

    @when(OrderRequested)
    def order_requested(self, event: OrderRequested, seen: Seen) -> None:
        signal = None if event.signal is None else self.belongs.find(event.signal)
        row = BelongsLine(
            stream=seen.stream,
            trader=None if signal is None else signal.trader,
            signal=event.signal,
            account=account_of(event.account),
        )
        self._begin(row, seen)

    @when(ExitPlanSet)
    def exit_plan_set(self, event: ExitPlanSet, seen: Seen) -> None:
        # What was opened by hand is the trade of no signal.
        signal = self.belongs.find(event.trade)
        row = BelongsLine(
            stream=seen.stream,
            trader=None if signal is None else signal.trader,
            signal=None if signal is None else event.trade,
            account=account_of(event.account),
        )
        self._begin(row, seen)

    @when(StrayReported)
    def stray_reported(self, event: StrayReported, seen: Seen) -> None:
        self._begin(BelongsLine(stream=seen.stream, account=account_of(event.account)), seen)

    @when(CorrectionRequested)
    def correction_requested(self, event: CorrectionRequested, seen: Seen) -> None:
        target = self.belongs.find(event.target_stream)
        row = BelongsLine(stream=seen.stream) if target is None else target
        subject = _SUBJECTS.get(event.target)
        changes = {} if subject is None else {subject: event.target_stream}
        self._begin(replace(row, stream=seen.stream, **changes), seen)

    @when(HoldingOpened)
    def holding_opened(self, event: HoldingOpened, seen: Seen) -> None:
        self._begin(BelongsLine(stream=seen.stream, account=account_of(event.account)), seen)

    @when(HoldingExpired)
    def holding_expired(self, event: HoldingExpired, seen: Seen) -> None:
        self._follow(event, seen)
        signal = None if event.signal is None else self.belongs.find(event.signal)
        if signal is not None:
            self._note(signal.stream, seen)
            if signal.trader is not None:
                self._note(signal.trader, seen)

    @when(TraderLinked, TraderUnlinked)
    def linked(self, event: TraderLinked | TraderUnlinked, seen: Seen) -> None:
        self._note(event.to, seen)

    @when(AccountOwnerNamed)
    def owner_named(self, event: AccountOwnerNamed, seen: Seen) -> None:
        if event.owner is not None:
            self._note(event.owner, seen)

    @when(SignalAdded, SignalExitCalled, SignalLevelsMoved, SignalSourceEdited, SignalSourceDeleted)
    def said(self, event: Said, seen: Seen) -> None:
        self._follow(event, seen)
        self._note(event.message, seen)

    @when(
        SignalApprovalGiven, SignalApprovalRefused,
        SignalApproved, SignalBookedLate, SignalClosed, SignalCorrected, SignalExpired,
        SignalPriceChecked, SignalRejected, SignalSettled, SignalVoided,
        OrderAccepted, OrderCanceled, OrderCancelPending, OrderCancelRejected,
        OrderCancelRequested, OrderCleared,
        OrderDenied, OrderDoneForDay, OrderExpired, OrderFilled, OrderOutcomeUnknown,
        OrderReconciled, OrderRejected, OrderReplaced, OrderReplacePending, OrderReplaceRejected,
        OrderReplaceRequested, OrderReportKept, OrderSubmitted, OrderSuspended,
        OrderTradeCanceled, OrderTradeCorrected, OrderTriggered,
        StrayReportedAgain, StraysClaimed,
        ExitPlanAdjusted, ExitPlanChanged, ExitPlanDone, ExitPlanGrown, ExitPlanPostponed,
        ExitPlanReduced, ExitPlanReleased, ExitPlanResized, ExitPlanTrailed, ExitPlanTriggered,
        ExitPlanWarned,
        HoldingAdjusted, HoldingAssigned, HoldingExercised,
        CorrectionApplied, CorrectionApproved, CorrectionRefused,
        body=False,
    )  # fmt: skip
    def _follow(self, event: object, seen: Seen) -> None:  # noqa: ARG002
        row = self.belongs.find(seen.stream)
        if row is None:
            raise LookupError(f"the stream {seen.stream} never began")
        self._note_all(row, seen)

    def _begin(self, row: BelongsLine, seen: Seen) -> None:
        self.belongs.append(row)
        self._note_all(row, seen)

    def _note_all(self, row: BelongsLine, seen: Seen) -> None:
        position, append = seen.position, self.events.append
        for subject in (row.trader, row.order_stream, row.account):
            if subject is not None:
                append(TimelineLine(subject=subject, position=position))

    def _note(self, subject: UUID, seen: Seen) -> None:
        self.events.append(TimelineLine(subject=subject, position=seen.position))


class TimelineEvent(NamedTuple):
    """An event as it lies on the tape; the body is JSON, with what was sealed opened."""

    position: int
    stream: UUID
    version: int
    name: str
    body: bytes
    recorded_at: datetime
    actor: str
    correlation: UUID | None
    causation: int | None


# The first and last position of a stream keep the search out of all other partitions.
STORY = """
SELECT position, e.stream, e.version, e.name, e.body, e.recorded_at, e.actor,
    e.correlation, e.causation
FROM (
    (SELECT position FROM read.timeline WHERE subject = %(subject)s{limits} {order})
    UNION ALL
    (SELECT position FROM tape.events
     WHERE stream = %(subject)s
       AND position >= (SELECT first_position FROM tape.streams WHERE stream = %(subject)s)
       AND position <= (SELECT last_position FROM tape.streams WHERE stream = %(subject)s)
       {limits} {order})
    UNION ALL
    (SELECT position
     FROM (SELECT valid_from AS position FROM read.messages WHERE trader = %(subject)s) said
     WHERE true{limits} {order})
    UNION ALL
    (SELECT part.position
     FROM read.timeline_belongs b JOIN tape.streams s USING (stream)
     CROSS JOIN LATERAL (
         SELECT position FROM tape.events
         WHERE stream = b.stream AND position BETWEEN s.first_position AND s.last_position
         {limits} {order}
     ) part
     WHERE b.signal = %(subject)s)
) story JOIN tape.events e USING (position)
"""
"""The events of a subject's story. `limits` are conditions of their positions, each behind AND;
`order`, which of each part are enough."""


def timeline(
    connection: Connection[Any],
    subject: UUID,
    *,
    as_of: int | None = None,
    after: int | None = None,
    limit: int = 50,
    descending: bool = True,
) -> list[TimelineEvent]:
    """Events of a subject's story, the newest first unless told otherwise; `after` is the
    position of the last one seen."""
    limits = []
    if as_of is not None:
        limits.append(" AND position <= %(as_of)s")
    if after is not None:
        limits.append(f" AND position {'<' if descending else '>'} %(after)s")
    order = f"ORDER BY position {'DESC' if descending else 'ASC'} LIMIT %(limit)s"
    query = STORY.format(limits="".join(limits), order=order) + order
    parameters = {"subject": subject, "as_of": as_of, "after": after, "limit": limit}
    found = connection.execute(query, parameters, binary=True)
    return [readable(connection, TimelineEvent(*row)) for row in found.fetchall()]


def readable(connection: Connection[Any], event: TimelineEvent) -> TimelineEvent:
    """The event with who did it and what is sealed in its body opened."""
    body = opened(connection, event.name, event.body, event.stream, event.version)
    return event._replace(body=body, actor=opened_actor(connection, event.actor))
