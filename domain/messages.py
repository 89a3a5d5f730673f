"""Message: what was said in a watched channel, signal or not, kept so it can be read again."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.grammar.reading import Embed
from domain.shared import ERASED, Created, Event, Impossible, Value, stream_id

LAG_MAX = timedelta(seconds=5)
"""What takes longer from its author to us was not heard live."""


def is_late(lag: timedelta | None) -> bool:
    """Whether something that took so long to reach us was not heard live; a file has no lag."""
    return lag is not None and lag > LAG_MAX


def message_stream(platform: str, message_id: str) -> UUID:
    """The stream of a message, known from its platform and id alone."""
    return stream_id("message", platform, message_id)


@lru_cache(maxsize=65_536)
def author_stream(platform: str, author_id: str) -> UUID:
    """The stream of an author's record: a trader's, if they ever become one."""
    return stream_id("trader", platform, author_id)


class Words(Value, frozen=True, kw_only=True):
    """What a message said at one revision, and since when."""

    content: str
    embeds: tuple[Embed, ...] = ()
    worded_at: datetime


HISTORY = "history"
"""How a message was captured that nobody heard when it was posted."""


class MessageCaptured(Created, frozen=True, kw_only=True):
    """A message was seen for the first time; reading it may follow."""

    TOPIC: ClassVar[str] = "message.captured"
    class_version: ClassVar[int] = 5
    PERSONAL: ClassVar[tuple[str, ...]] = (
        "author_id", "author_name", "content", "embeds", "reply_to",
    )  # fmt: skip
    SUBJECT: ClassVar[tuple[str, str] | None] = ("platform", "author_id")

    platform: str
    message_id: str
    channel: str
    """The name of the watched channel; of a thread or forum post, that of the one above it."""
    channel_id: str = ""
    """The platform's id of the very place: the channel, or the thread; empty if not known."""
    author_id: str
    author_name: str
    content: str
    embeds: tuple[Embed, ...] = ()
    reply_to: str = ""
    posted_at: datetime
    """When the platform says it was; Discord writes it into the message's id."""
    edited_at: datetime | None = None
    """When it was worded like this, if it was edited before it was seen."""
    received_at: datetime | None = None
    """When it reached us, before it waited for anything; None if it came in a file."""
    via: str = "import"
    """`import` (an export file, long after), `gateway` (live), `history` (asked for after an
    absence), `slash` (filled in with a command, under the command's id) or `fix` (filled in to
    put right what could not be booked).
    """
    fixes: str = ""
    """The id of the message that this one puts right."""
    author: UUID | None = None
    """The stream of the author's record, there or not; None where that was not kept."""

    @property
    def trader(self) -> UUID:
        """Whose record it is part of, also when nobody can read any more who that is."""
        return self.author or author_stream(self.platform, self.author_id)

    @property
    def is_erased(self) -> bool:
        """Whether nobody can read any more who said what."""
        return self.author_id == ERASED

    @property
    def lag(self) -> timedelta | None:
        """How long it took from its author to us."""
        return None if self.received_at is None else self.received_at - self.posted_at

    @property
    def late(self) -> bool:
        """Whether it reached a listener too late to count as heard live."""
        return self.via == HISTORY or is_late(self.lag)

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        """At first nobody asked whether a message had been edited before it was seen."""
        body.setdefault("edited_at", None)

    @staticmethod
    def upcast_v2_v3(body: dict[str, Any]) -> None:
        """The place and the time of receipt were not kept."""
        body.setdefault("channel_id", "")
        _without_receipt(body)

    @staticmethod
    def upcast_v3_v4(body: dict[str, Any]) -> None:
        """Nobody could put a message right yet."""
        body.setdefault("fixes", "")

    @staticmethod
    def upcast_v4_v5(body: dict[str, Any]) -> None:
        """The author's record was known by the author's id alone."""
        body.setdefault("author", None)


class MessageEdited(Event, frozen=True, kw_only=True):
    """The author changed a captured message; the first words stay in the record."""

    TOPIC: ClassVar[str] = "message.edited"
    class_version: ClassVar[int] = 2
    PERSONAL: ClassVar[tuple[str, ...]] = ("content", "embeds")

    content: str
    embeds: tuple[Embed, ...] = ()
    edited_at: datetime
    """When the platform says it was; else when it was posted."""
    received_at: datetime | None = None
    """When the change reached us, before it waited for anything; None if it came in a file."""

    @property
    def lag(self) -> timedelta | None:
        """How long it took from its author to us."""
        return None if self.received_at is None else self.received_at - self.edited_at

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        _without_receipt(body)

    def apply(self, aggregate: Message) -> None:
        words = Words(content=self.content, embeds=self.embeds, worded_at=self.edited_at)
        aggregate.revisions = (*aggregate.revisions, words)


class MessageDeleted(Event, frozen=True, kw_only=True):
    """The message is gone from its channel; a trade it opened stays open for scoring."""

    TOPIC: ClassVar[str] = "message.deleted"
    class_version: ClassVar[int] = 2

    noticed_at: datetime
    """When it was noticed: no platform says when it was."""
    received_at: datetime | None = None
    """When the platform told us; None if the message was missing from a file."""

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        _without_receipt(body)

    def apply(self, aggregate: Message) -> None:
        aggregate.deleted = True


class MessageUnbooked(Event, frozen=True, kw_only=True):
    """The message looked like a trade but was not booked; says which part is missing."""

    TOPIC: ClassVar[str] = "message.unbooked"
    PERSONAL: ClassVar[tuple[str, ...]] = ("why",)

    kind: str
    missing: tuple[str, ...] = ()
    why: str
    parser: str
    revision: int


class Message(BaseAggregate[UUID]):
    """The life of one message."""

    TOPIC: ClassVar[str] = "message"

    def __init__(
        self,
        platform: str,
        message_id: str,
        channel: str,
        author_id: str,
        author_name: str,
        content: str,
        posted_at: datetime,
        embeds: tuple[Embed, ...] = (),
        reply_to: str = "",
        edited_at: datetime | None = None,
        fixes: str = "",
        author: UUID | None = None,
    ) -> None:
        self.platform = platform
        self.message_id = message_id
        self.channel = channel
        self.author_id = author_id
        self.author_name = author_name
        self.trader = author or author_stream(platform, author_id)
        self.reply_to = reply_to
        self.fixes = fixes
        self.posted_at = posted_at
        first = Words(content=content, embeds=embeds, worded_at=edited_at or posted_at)
        self.revisions: tuple[Words, ...] = (first,)
        self.deleted = False

    @property
    def is_erased(self) -> bool:
        """Whether nobody can read any more who said what."""
        return self.author_id == ERASED

    @property
    def said_first(self) -> UUID:
        """The stream of the message that this one puts right; else its own."""
        return message_stream(self.platform, self.fixes) if self.fixes else self.id

    @property
    def content(self) -> str:
        return self.revisions[-1].content

    @property
    def embeds(self) -> tuple[Embed, ...]:
        return self.revisions[-1].embeds

    @property
    def worded_at(self) -> datetime:
        return self.revisions[-1].worded_at

    @property
    def revision(self) -> int:
        """How often it was edited."""
        return len(self.revisions) - 1

    @classmethod
    def capture(
        cls,
        *,
        platform: str,
        message_id: str,
        channel: str,
        channel_id: str = "",
        author_id: str,
        author_name: str,
        content: str,
        embeds: tuple[Embed, ...],
        reply_to: str,
        posted_at: datetime,
        edited_at: datetime | None = None,
        received_at: datetime | None = None,
        via: str,
        fixes: str = "",
        at: datetime,
    ) -> Message:
        """Keeps a message as it was first seen."""
        return cls._create(
            MessageCaptured,
            id=message_stream(platform, message_id),
            platform=platform,
            message_id=message_id,
            channel=channel,
            channel_id=channel_id,
            author_id=author_id,
            author_name=author_name,
            content=content,
            embeds=embeds,
            reply_to=reply_to,
            posted_at=posted_at,
            edited_at=edited_at,
            received_at=received_at,
            via=via,
            fixes=fixes,
            author=author_stream(platform, author_id),
            timestamp=at,
        )

    def says(self, content: str, embeds: tuple[Embed, ...]) -> bool:
        """Whether these are the words already recorded."""
        return self.content == content and self.embeds == embeds

    def edit(
        self,
        content: str,
        embeds: tuple[Embed, ...],
        *,
        edited_at: datetime,
        received_at: datetime | None = None,
        at: datetime,
    ) -> None:
        """Records changed words.

        Raises:
            Impossible: the words are the same or older than those recorded, or the message
                was deleted, or its author erased.
        """
        if self.is_erased:
            raise Impossible("what an erased author changes is not kept")
        if self.deleted:
            raise Impossible("a deleted message cannot be edited")
        if self.says(content, embeds):
            raise Impossible("the message already says that")
        if edited_at < self.worded_at:
            raise Impossible("the message was worded anew since then")
        self.trigger_event(
            MessageEdited,
            content=content,
            embeds=embeds,
            edited_at=edited_at,
            received_at=received_at,
            timestamp=at,
        )

    def delete(
        self, *, noticed_at: datetime, received_at: datetime | None = None, at: datetime
    ) -> None:
        """Records that the message is gone.

        Raises:
            Impossible: it was already deleted.
        """
        if self.deleted:
            raise Impossible("the message is already deleted")
        self.trigger_event(
            MessageDeleted, noticed_at=noticed_at, received_at=received_at, timestamp=at
        )

    def leave_unbooked(
        self,
        *,
        kind: str,
        missing: tuple[str, ...],
        why: str,
        parser: str,
        revision: int | None = None,
        at: datetime,
    ) -> None:
        """Records why the message, as it stands or as it stood, is in nobody's book."""
        self.trigger_event(
            MessageUnbooked,
            kind=kind,
            missing=missing,
            why=why,
            parser=parser,
            revision=self.revision if revision is None else revision,
            timestamp=at,
        )


def _without_receipt(body: dict[str, Any]) -> None:
    """At first nobody noted when something reached us."""
    body.setdefault("received_at", None)
