"""Intake: keeps every message of a watched channel, each revision once.

Capturing is repeatable: what is already recorded is recognised by its message id and words,
so the same export twice, or a gateway replay, adds nothing. Nor does an older export undo a
newer edit, as far as the platform tells when words were changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from application.desk import Blind, Command, Desk, Work, derived_id
from application.ports import Appended, Conflict
from domain.grammar.reading import Embed
from domain.messages import Message, message_stream
from domain.shared import Value


class SeenMessage(Value, frozen=True, kw_only=True):
    """A message as an interface saw it."""

    platform: str
    message_id: str
    channel: str
    channel_id: str = ""
    author_id: str
    author_name: str
    content: str = ""
    embeds: tuple[Embed, ...] = ()
    reply_to: str = ""
    fixes: str = ""
    """The id of the message that this one puts right."""
    posted_at: datetime
    edited_at: datetime | None = None
    received_at: datetime | None = None

    @property
    def stream(self) -> UUID:
        return message_stream(self.platform, self.message_id)

    @property
    def answered(self) -> UUID | None:
        """The stream of the message that it replies to."""
        return message_stream(self.platform, self.reply_to) if self.reply_to else None

    @property
    def worded_at(self) -> datetime:
        """When it got the words it has: unless edited, when it was posted."""
        return self.edited_at or self.posted_at

    @property
    def fingerprint(self) -> bytes:
        """Names this revision of the message; whoever has it can try which words fit it."""
        return hashlib.sha256(msgspec.json.encode((self.content, self.embeds))).digest()


class LostMessage(Value, frozen=True, kw_only=True):
    """A message that an interface saw go."""

    stream: UUID
    received_at: datetime | None = None


class Tally(msgspec.Struct):
    """How many messages of an intake were new, changed, already known, or gone."""

    captured: int = 0
    edited: int = 0
    known: int = 0
    deleted: int = 0

    def __iadd__(self, other: Tally) -> Tally:
        self.captured += other.captured
        self.edited += other.edited
        self.known += other.known
        self.deleted += other.deleted
        return self

    def count(self, one: SeenMessage | LostMessage, revision: int, stored: Appended) -> None:
        """Counts what is on the tape now, unless another intake put it there."""
        if stored.repeated:
            self.known += 1
        elif isinstance(one, LostMessage):
            self.deleted += 1
        elif revision:
            self.edited += 1
        else:
            self.captured += 1


def capture(
    desk: Desk,
    seen: Sequence[SeenMessage | LostMessage],
    *,
    via: str,
    actor: str,
    at: datetime,
    expected_new: Collection[UUID] = (),
) -> Tally:
    """Keeps the messages, in the order given, with one durable append.

    What is lost and was never kept is left out. `expected_new` spares the look whether these
    streams exist; one that does after all is looked at then.

    Raises:
        Unavailable: the store did not answer; nothing of this call is half-written.
    """
    work = Work(desk)
    work.expect_new(expected_new)
    work.prefetch({one.stream for one in seen})
    return _take_in(desk, work, seen, via=via, actor=actor, at=at)


def notice_deletions(desk: Desk, streams: Sequence[UUID], *, actor: str, at: datetime) -> Tally:
    """Records that messages are gone from their channel; those already known to be are left.

    Raises:
        NotFound: a message was never captured.
        Unavailable: the store did not answer; nothing of this call is half-written.
    """
    work = Work(desk)
    work.prefetch(streams)
    lost = []
    for stream in streams:
        work.get(Message, stream)
        lost.append(LostMessage(stream=stream))
    return _take_in(desk, work, lost, via="", actor=actor, at=at)


def _take_in(
    desk: Desk,
    work: Work,
    seen: Sequence[SeenMessage | LostMessage],
    *,
    via: str,
    actor: str,
    at: datetime,
) -> Tally:
    tally = Tally()
    saved: list[tuple[SeenMessage | LostMessage, int]] = []
    for one in seen:
        if isinstance(one, LostMessage):
            revision = _lose(work, one, actor=actor, at=at)
        else:
            revision = _keep(work, one, via=via, actor=actor, at=at)
        if revision is None:
            tally.known += 1
        else:
            saved.append((one, revision))
    overtaken = []
    for (one, revision), result in zip(saved, work.commit(), strict=True):
        if isinstance(result, Conflict):
            overtaken.append(one)
        else:
            tally.count(one, revision, result)
    if overtaken:
        # Another intake, or the reading of a message, was faster: on the state that it left
        # most are known by now, and what is gone is gone all the same.
        tally += capture(desk, overtaken, via=via, actor=actor, at=at)
    return tally


def _keep(work: Work, message: SeenMessage, *, via: str, actor: str, at: datetime) -> int | None:
    """Saves what is new in a message; returns its revision, None if nothing is."""
    known = work.find(Message, message.stream)
    if known is None:
        known = work.begin(_captured(message, via=via, at=at))
    elif _is_known(message, known):
        return None
    else:
        known.edit(
            message.content,
            message.embeds,
            edited_at=message.worded_at,
            received_at=message.received_at,
            at=at,
        )
    work.save(_command(message, known.revision, work.blinded, actor=actor, at=at))
    return known.revision


def _lose(work: Work, lost: LostMessage, *, actor: str, at: datetime) -> int | None:
    """Saves that a message is gone; None if that is known, or nobody ever kept it."""
    known = work.find(Message, lost.stream)
    if known is None or known.deleted:
        return None
    known.delete(noticed_at=lost.received_at or at, received_at=lost.received_at, at=at)
    work.save(_deletion(lost.stream, actor=actor, at=at))
    return known.revision


def _is_known(message: SeenMessage, known: Message) -> bool:
    """Whether there is nothing new in it: the recorded words, or older ones; or nothing that may
    be kept, as its author was erased.
    """
    if known.is_erased or known.deleted or known.says(message.content, message.embeds):
        return True
    return message.worded_at < known.worded_at


def _captured(message: SeenMessage, *, via: str, at: datetime) -> Message:
    return Message.capture(
        platform=message.platform,
        message_id=message.message_id,
        channel=message.channel,
        channel_id=message.channel_id,
        author_id=message.author_id,
        author_name=message.author_name,
        content=message.content,
        embeds=message.embeds,
        reply_to=message.reply_to,
        posted_at=message.posted_at,
        edited_at=message.edited_at,
        received_at=message.received_at,
        via=via,
        fixes=message.fixes,
        at=at,
    )


def _command(
    message: SeenMessage, revision: int, blinded: Blind, *, actor: str, at: datetime
) -> Command:
    """Ids of commands stay, for all to see: nothing is to be learnt of the words by them."""
    stream, words = message.stream, blinded(message.fingerprint).hex()
    return Command.given(
        derived_id("capture", str(stream), str(revision), words),
        stream,
        words,
        actor=actor,
        at=at,
        correlation=stream,
    )


def _deletion(stream: UUID, *, actor: str, at: datetime) -> Command:
    return Command.given(
        derived_id("delete", str(stream)), stream, actor=actor, at=at, correlation=stream
    )
