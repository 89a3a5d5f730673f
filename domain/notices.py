"""Notice: a message of our own on a platform, so that it is posted once and found again.

What it shows is made anew from the record whenever that moves; only where it stands is kept.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, Event, Impossible, InvalidInput, stream_id


class NoticeKind(StrEnum):
    """What a notice is for."""

    CARD = "card"
    """A signal with its buttons."""
    TRADE = "trade"
    """One fill or exit."""
    REPLY = "reply"
    """Why a message could not be booked."""
    MILESTONE = "milestone"
    """How far a position has come."""
    BOARD = "board"
    """The leaderboard that is kept in step."""
    ALERT = "alert"
    """One risk that somebody has to know of."""
    CHECKPOINT = "checkpoint"
    """What the log's keys signed."""


def notice_stream(platform: str, kind: NoticeKind, about: UUID) -> UUID:
    """The stream of the one notice of a kind about something."""
    return stream_id("notice", platform, kind.value, str(about))


class NoticePosted(Created, frozen=True, kw_only=True):
    """A notice was posted."""

    TOPIC: ClassVar[str] = "notice.posted"
    class_version: ClassVar[int] = 2

    platform: str
    kind: NoticeKind
    about: UUID
    channel_id: str
    message_id: str
    figure: Decimal | None = None
    """What it tells, if a later figure is only told when it is far enough from this one."""

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        _without_figure(body)


class NoticeReposted(Event, frozen=True, kw_only=True):
    """The notice was posted again: it was gone from the platform, or its figure has moved."""

    TOPIC: ClassVar[str] = "notice.reposted"
    class_version: ClassVar[int] = 2

    channel_id: str
    message_id: str
    figure: Decimal | None = None

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        _without_figure(body)

    def apply(self, aggregate: Notice) -> None:
        aggregate.channel_id = self.channel_id
        aggregate.message_id = self.message_id
        aggregate.figure = self.figure
        aggregate.thread_id = ""


class NoticeThreadOpened(Event, frozen=True, kw_only=True):
    """A thread under the notice takes its audit lines."""

    TOPIC: ClassVar[str] = "notice.thread_opened"

    thread_id: str

    def apply(self, aggregate: Notice) -> None:
        aggregate.thread_id = self.thread_id


class Notice(BaseAggregate[UUID]):
    """Where one notice stands."""

    TOPIC: ClassVar[str] = "notice"

    def __init__(
        self,
        kind: NoticeKind,
        about: UUID,
        channel_id: str,
        message_id: str,
        figure: Decimal | None = None,
    ) -> None:
        self.kind = kind
        self.about = about
        self.channel_id = channel_id
        self.message_id = message_id
        self.figure = figure
        self.thread_id = ""

    @classmethod
    def post(
        cls,
        *,
        platform: str,
        kind: NoticeKind,
        about: UUID,
        channel_id: str,
        message_id: str,
        figure: Decimal | None = None,
        at: datetime,
    ) -> Notice:
        """Keeps where a notice was posted.

        Raises:
            InvalidInput: no channel or no message.
        """
        if not (platform and channel_id and message_id):
            raise InvalidInput("a notice stands on a platform, in a channel, under a message id")
        return cls._create(
            NoticePosted,
            id=notice_stream(platform, kind, about),
            platform=platform,
            kind=kind,
            about=about,
            channel_id=channel_id,
            message_id=message_id,
            figure=figure,
            timestamp=at,
        )

    def repost(
        self, *, channel_id: str, message_id: str, figure: Decimal | None = None, at: datetime
    ) -> None:
        """Keeps where the notice stands now.

        Raises:
            Impossible: it stands there already.
        """
        if (channel_id, message_id) == (self.channel_id, self.message_id):
            raise Impossible("the notice stands there already")
        self.trigger_event(
            NoticeReposted,
            channel_id=channel_id,
            message_id=message_id,
            figure=figure,
            timestamp=at,
        )

    def open_thread(self, thread_id: str, *, at: datetime) -> None:
        """Keeps the thread of the notice.

        Raises:
            Impossible: it has one already.
        """
        if self.thread_id:
            raise Impossible("the notice has its thread already")
        self.trigger_event(NoticeThreadOpened, thread_id=thread_id, timestamp=at)


def _without_figure(body: dict[str, Any]) -> None:
    """At first no notice was told again because a figure had moved."""
    body.setdefault("figure", None)
