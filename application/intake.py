"""Intake: keeps every message of a watched channel, each revision once.

Capturing is repeatable: what is already recorded is recognised by its message id and words,
so the same export twice, or a gateway replay, adds nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from application.desk import Command, Desk, Work, derived_id
from application.ports import Conflict
from domain.grammar.reading import Embed
from domain.messages import Message, message_stream
from domain.shared import Value


class SeenMessage(Value, frozen=True, kw_only=True):
    """A message as an interface saw it."""

    platform: str
    message_id: str
    channel: str
    author_id: str
    author_name: str
    content: str = ""
    embeds: tuple[Embed, ...] = ()
    reply_to: str = ""
    posted_at: datetime
    edited_at: datetime | None = None

    @property
    def stream(self) -> UUID:
        return message_stream(self.platform, self.message_id)

    @property
    def fingerprint(self) -> str:
        """Names this revision of the message."""
        return hashlib.sha256(msgspec.json.encode((self.content, self.embeds))).hexdigest()


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


def capture(
    desk: Desk, seen: Sequence[SeenMessage], *, via: str, actor: str, at: datetime
) -> Tally:
    """Keeps the messages, in the order given, with one durable append.

    Raises:
        Unavailable: the store did not answer; nothing of this call is half-written.
    """
    work = Work(desk)
    work.prefetch({message.stream for message in seen})
    tally = Tally()
    for message in seen:
        known = work.find(Message, message.stream)
        if known is None:
            known = work.begin(_captured(message, via=via, at=at))
            tally.captured += 1
        elif known.deleted or known.says(message.content, message.embeds):
            tally.known += 1
            continue
        else:
            known.edit(message.content, message.embeds, edited_at=message.edited_at or at, at=at)
            tally.edited += 1
        work.save(_command(message, known.revision, actor=actor, at=at))
    lost = sum(isinstance(result, Conflict) for result in work.commit())
    if lost:
        # Another intake of the same channel was faster: on its state, most are known by now.
        return capture(desk, seen, via=via, actor=actor, at=at)
    return tally


def notice_deletions(desk: Desk, streams: Sequence[UUID], *, actor: str, at: datetime) -> Tally:
    """Records that messages are gone from their channel; those already known to be are left."""
    work = Work(desk)
    work.prefetch(streams)
    tally = Tally()
    for stream in streams:
        message = work.get(Message, stream)
        if message.deleted:
            tally.known += 1
            continue
        message.delete(noticed_at=at, at=at)
        work.save(Command.given(derived_id("delete", str(stream)), stream, actor=actor, at=at))
        tally.deleted += 1
    work.commit()
    return tally


def _captured(message: SeenMessage, *, via: str, at: datetime) -> Message:
    return Message.capture(
        platform=message.platform,
        message_id=message.message_id,
        channel=message.channel,
        author_id=message.author_id,
        author_name=message.author_name,
        content=message.content,
        embeds=message.embeds,
        reply_to=message.reply_to,
        posted_at=message.posted_at,
        via=via,
        at=at,
    )


def _command(message: SeenMessage, revision: int, *, actor: str, at: datetime) -> Command:
    stream = message.stream
    return Command.given(
        derived_id("capture", str(stream), str(revision), message.fingerprint),
        stream,
        message.fingerprint,
        actor=actor,
        at=at,
        correlation=stream,
    )
