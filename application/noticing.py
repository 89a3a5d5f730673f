"""Noticing: which notices have to be posted or made anew, remembered until that is done.

The reaction only marks what is due; its memory is stored with its place on the tape, so nothing
due is forgotten by a crash. Whoever posts to the platform takes what is due, makes each notice
from the record as it stands by then, and crosses it off. Doing one twice shows the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from application.desk import Command, Desk, Outcome, Work
from application.reaction import Happened, Memory
from domain.catalogue import event_classes
from domain.corrections import (
    Correction,
    CorrectionApplied,
    CorrectionRefused,
    CorrectionRequested,
    Target,
)
from domain.market import MarkRecorded
from domain.messages import MessageUnbooked
from domain.notices import Notice, NoticeKind, notice_stream
from domain.order_events import OrderFilled
from domain.orders import Order
from domain.shared import Event
from domain.signal_events import SignalExitCalled, SignalSettled


class Topic(StrEnum):
    """What kind of notice is due."""

    CARD = "card"
    """`about` is a signal: its card has to show what is on record."""
    LINE = "line"
    """`about` is a signal: the event at `position` is told in its thread."""
    TRADE = "trade"
    """`about` is a signal: the fill or exit at `position` is told."""
    REPLY = "reply"
    """`about` is a message that could not be booked."""
    BOARD = "board"
    """The pinned leaderboard and the milestones: figures have moved."""


EVERYTHING = UUID(int=0)
"""What a notice is about that is about no one thing: the leaderboard."""

TOLD_ONE_BY_ONE = frozenset({Topic.LINE, Topic.TRADE})
_CORRECTIONS = (CorrectionRequested, CorrectionApplied, CorrectionRefused)
_TRADES = (OrderFilled, SignalExitCalled, SignalSettled)
_HANDLED = frozenset(
    kind
    for name, kind in event_classes().items()
    if name.startswith(("signal.", "order.", "correction."))
    or kind in (MessageUnbooked, MarkRecorded)
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
        work.prefetch(
            cause.stream
            for cause in happened
            if cause.event.TOPIC.startswith(("order.", "correction."))
        )
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
    if isinstance(event, MessageUnbooked):
        yield Topic.REPLY, cause.stream
        return
    signal = _signal_of(cause, work)
    if signal is None:
        return
    yield Topic.CARD, signal
    yield Topic.LINE, signal
    if isinstance(event, _TRADES):
        yield Topic.TRADE, signal
        yield Topic.BOARD, EVERYTHING


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
    return work.get(Order, correction.target_stream).signal


def decoded(value: bytes) -> Due:
    """A due notice as it was remembered."""
    return msgspec.json.decode(value, type=Due)


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
) -> Outcome:
    """Keeps where a notice stands, the first time and whenever it had to be posted again.

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
                    at=command.at,
                )
            )
        known.repost(channel_id=channel_id, message_id=message_id, at=command.at)
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
