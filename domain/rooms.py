"""Room: what a channel takes for granted, as data that an admin records, never as code."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.approvals import ApprovalRules
from domain.grammar.reading import Room
from domain.shared import Created, Event, Impossible, InvalidInput, stream_id

DEFAULT_EXPIRIES = ("", "0dte", "weekly")
_LANGUAGE = re.compile(r"(?:[a-z]{2,3}(?:-[A-Z]{2})?)?")
_ROOT = re.compile(r"[A-Z]{1,5}[0-9]?")


TITLES_MAX = 100
TITLE_LENGTH_MAX = 256
"""What a chat platform lets a title be."""


def room_stream(channel: str, author: str = "") -> UUID:
    """The stream of a channel's settings, or of one author's in it."""
    return stream_id("room", channel, author) if author else stream_id("room", channel)


class RoomConfigured(Created, frozen=True, kw_only=True):
    """A channel's first settings; messages captured from here on are read by them."""

    TOPIC: ClassVar[str] = "room.configured"
    class_version: ClassVar[int] = 4
    PEOPLE: ClassVar[tuple[str, ...]] = ("author", "by")

    channel: str
    author: str = ""
    """Whose messages these settings are for, by id or name; empty: everybody's."""
    room: Room
    approvals: ApprovalRules = ApprovalRules()
    replies: bool = True
    """Whether the author of a message that cannot be booked is told why."""
    by: str

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        _at_first(body)

    @staticmethod
    def upcast_v2_v3(body: dict[str, Any]) -> None:
        _with_a_window_only(body)

    @staticmethod
    def upcast_v3_v4(body: dict[str, Any]) -> None:
        _unasked_about_replies(body)


class RoomChanged(Event, frozen=True, kw_only=True):
    """Other settings from here on; what was read before stays as it was read."""

    TOPIC: ClassVar[str] = "room.changed"
    class_version: ClassVar[int] = 4
    PEOPLE: ClassVar[tuple[str, ...]] = ("author", "by")

    channel: str
    author: str = ""
    """Whose messages these settings are for, by id or name; empty: everybody's."""
    room: Room
    approvals: ApprovalRules = ApprovalRules()
    replies: bool = True
    """Whether the author of a message that cannot be booked is told why."""
    by: str

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        _at_first(body)

    @staticmethod
    def upcast_v2_v3(body: dict[str, Any]) -> None:
        _with_a_window_only(body)

    @staticmethod
    def upcast_v3_v4(body: dict[str, Any]) -> None:
        _unasked_about_replies(body)

    def apply(self, aggregate: RoomSettings) -> None:
        aggregate.room = self.room
        aggregate.approvals = self.approvals
        aggregate.replies = self.replies


class RoomSettings(BaseAggregate[UUID]):
    """The settings of one channel, or of one author in it instead of the channel's."""

    TOPIC: ClassVar[str] = "room"

    def __init__(
        self,
        channel: str,
        room: Room,
        approvals: ApprovalRules = ApprovalRules(),  # noqa: B008
        author: str = "",
        replies: bool = True,
    ) -> None:
        self.channel = channel
        self.author = author
        self.room = room
        self.approvals = approvals
        self.replies = replies

    @classmethod
    def configure(
        cls,
        *,
        channel: str,
        author: str = "",
        room: Room,
        approvals: ApprovalRules,
        replies: bool = True,
        by: str,
        at: datetime,
    ) -> RoomSettings:
        """Records the first settings of a channel, or of one author in it.

        Raises:
            InvalidInput: no channel, or a setting that means nothing.
        """
        if not channel.strip():
            raise InvalidInput("room settings need the channel's name")
        require_sane(room)
        _require_its_own(approvals, author, replies=replies)
        return cls._create(
            RoomConfigured,
            id=room_stream(channel, author),
            channel=channel,
            author=author,
            room=room,
            approvals=approvals,
            replies=replies,
            by=by,
            timestamp=at,
        )

    def change(
        self,
        *,
        room: Room,
        approvals: ApprovalRules,
        replies: bool = True,
        by: str,
        at: datetime,
    ) -> None:
        """Records other settings.

        Raises:
            Impossible: they are the same.
            InvalidInput: a setting that means nothing.
        """
        require_sane(room)
        _require_its_own(approvals, self.author, replies=replies)
        if (room, approvals, replies) == (self.room, self.approvals, self.replies):
            raise Impossible(f"the settings of {self._spoken} are these already")
        self.trigger_event(
            RoomChanged,
            channel=self.channel,
            author=self.author,
            room=room,
            approvals=approvals,
            replies=replies,
            by=by,
            timestamp=at,
        )

    @property
    def _spoken(self) -> str:
        return f"{self.author} in {self.channel}" if self.author else self.channel


def _at_first(body: dict[str, Any]) -> None:
    """At first a room had no titles and no language of its own, nor its authors settings."""
    body["room"].setdefault("titles", [])
    body["room"].setdefault("language", "")
    body.setdefault("author", "")


def _with_a_window_only(body: dict[str, Any]) -> None:
    """Until then one approver was enough for any amount, within a time."""
    window_s = body.pop("approval_window_s", None)
    body["approvals"] = {} if window_s is None else {"window_s": window_s}


def _unasked_about_replies(body: dict[str, Any]) -> None:
    """At first nobody was told why a message was not booked."""
    body.setdefault("replies", True)


def _require_its_own(approvals: ApprovalRules, author: str, *, replies: bool) -> None:
    """Refuses rules that mean nothing, and for an author those that a channel has for all.

    Raises:
        InvalidInput: names the rule.
    """
    approvals.require_sane()
    if author and not replies:
        raise InvalidInput("whether authors are told what could not be booked is the channel's "
                           "rule: set it without an author")  # fmt: skip
    if author and approvals != ApprovalRules(window_s=approvals.window_s):
        raise InvalidInput("when a second approver is needed and how far a price may move are the "
                           "channel's rules: set them without an author")  # fmt: skip


def require_sane(room: Room) -> None:
    """Refuses settings by which nothing can be read.

    Raises:
        InvalidInput: names the setting.
    """
    if _LANGUAGE.fullmatch(room.language) is None:
        raise InvalidInput(f"the language is a tag such as en-GB or ru, not {room.language!r}")
    if room.default_root and _ROOT.fullmatch(room.default_root) is None:
        raise InvalidInput(f"the default root is a ticker such as SPX, not {room.default_root!r}")
    if room.default_expiry not in DEFAULT_EXPIRIES:
        raise InvalidInput(f"the default expiry is 'weekly', '0dte' or empty, "
                           f"not {room.default_expiry!r}")  # fmt: skip
    if not 0 < room.default_trim <= 1:
        raise InvalidInput(f"a trim is a fraction above 0 and at most 1, not {room.default_trim}")
    if room.default_quantity <= 0:
        raise InvalidInput("the default quantity is above zero")
    _require_plain_titles(room)


def _require_plain_titles(room: Room) -> None:
    """Each title is some words, said once: two kinds for one title would depend on their order."""
    texts = [" ".join(text.lower().split()) for text, _ in room.titles]
    if len(texts) > TITLES_MAX or any(len(text) > TITLE_LENGTH_MAX for text in texts):
        raise InvalidInput(f"a room has at most {TITLES_MAX} titles of {TITLE_LENGTH_MAX} letters")
    if not all(any(letter.isalnum() for letter in text) for text in texts):
        raise InvalidInput("a title of a room needs a word")
    twice = next((text for text in texts if texts.count(text) > 1), None)
    if twice is not None:
        raise InvalidInput(f"the title {twice!r} is there twice")
