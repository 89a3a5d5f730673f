"""Chat exports: DiscordChatExporter JSON, or JSON lines, read into messages.

A JSON line is `{id, channel, author, timestamp, content, embeds, reply_to, edited_at?}`;
`ts` and `text` are understood for `timestamp` and `content`. Without an id, one is made of
the channel, the time and the words; without an author, the channel's name stands for it.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from application.intake import SeenMessage
from domain.grammar.reading import Embed, EmbedField
from domain.shared import InvalidInput, learned

DISCORD = "discord"
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""How decoding fails: not the JSON expected, not UTF-8, or nested beyond all measure."""


class BadLine(NamedTuple):
    """A line or message that could not be used, and why."""

    line: int
    why: str


class ChatExport(NamedTuple):
    """What a file holds, in time order.

    `channel` is set when the file is a whole stretch of one channel, so that a message which
    is recorded but missing in it has been deleted.
    """

    messages: Sequence[SeenMessage]
    bad: Sequence[BadLine]
    channel: str | None
    channel_id: str = ""


class _Named(msgspec.Struct):
    id: str
    name: str
    nickname: str | None = None


class _ExportedField(msgspec.Struct):
    name: str = ""
    value: str = ""


class _ExportedEmbed(msgspec.Struct):
    title: str | None = None
    description: str | None = None
    fields: list[_ExportedField] = []


class _Reference(msgspec.Struct, rename="camel"):
    message_id: str | None = None


class _Exported(msgspec.Struct, rename="camel"):
    id: str
    timestamp: datetime
    author: _Named
    content: str = ""
    timestamp_edited: datetime | None = None
    embeds: list[_ExportedEmbed] = []
    reference: _Reference | None = None


class _Export(msgspec.Struct):
    channel: _Named
    messages: list[msgspec.Raw]


class _Line(msgspec.Struct):
    id: str | int | None = None
    channel: str | None = None
    author: str | _Named | None = None
    timestamp: datetime | None = None
    ts: datetime | None = None
    content: str | None = None
    text: str | None = None
    embeds: list[_ExportedEmbed] | None = None
    reply_to: str | int | None = None
    edited_at: datetime | None = None


_BLANK = codecs.BOM_UTF8 + b" \t\r\n"
_MESSAGE = msgspec.json.Decoder(learned(_Exported))
_LINE = msgspec.json.Decoder(learned(_Line))


def read_chat(path: Path) -> ChatExport:
    """Reads a chat export; what cannot be used is listed with its line or place and why.

    Raises:
        InvalidInput: no such file, or it is neither of the two formats.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.lstrip().startswith(b"{"):
        raise InvalidInput(
            f"{path} is no chat export: give DiscordChatExporter's JSON format (--format Json), "
            "or a JSON object per line with id, channel, author, timestamp and content"
        )
    try:
        export = msgspec.json.decode(data, type=learned(_Export))
    except UNREADABLE as error:
        found = _from_lines(data.splitlines())
        if not found.messages:
            raise InvalidInput(
                f"{path} is no chat export ({error}), and no line of it is a message "
                f"(the first: {found.bad[0].why})"
            ) from error
        return found
    return _from_export(export)


def each_message(source: BinaryIO, *, channel: str) -> Iterator[SeenMessage | BadLine]:
    """The messages of a chat export one by one, in the order of the file, bad lines among them.

    JSON lines are read as they come, so a pipe is answered line by line; `channel` stands for
    a channel that a line does not name.

    Raises:
        InvalidInput: it is neither of the two formats.
    """
    filled = ((n, line) for n, line in enumerate(source, start=1) if line.strip(_BLANK))
    first = next(filled, None)
    if first is None:
        return
    number, line = first[0], first[1].removeprefix(codecs.BOM_UTF8)
    if _is_part_of_export(line):
        yield from _exported_messages(line + source.read(), number, channel)
        return
    yield _line_or_bad(line, number, channel)
    for number, line in filled:
        yield _line_or_bad(line, number, channel)


def _is_part_of_export(line: bytes) -> bool:
    """Whether a first line is not whole: an export is one object over many lines."""
    try:
        return "messages" in msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return True


def _exported_messages(data: bytes, first: int, channel: str) -> Iterator[SeenMessage | BadLine]:
    try:
        export = msgspec.json.decode(data, type=learned(_Export))
    except UNREADABLE as error:
        for number, line in _filled(data.splitlines()):
            found = _line_or_bad(line, number + first - 1, channel)
            if number == 1 and isinstance(found, BadLine) and data.count(b"\n") < 2:
                raise InvalidInput(
                    f"this is no chat export ({error}): give DiscordChatExporter's JSON format, "
                    "or a JSON object per line with id, channel, author, timestamp and content"
                ) from error
            yield found
        return
    read = _from_export(export)
    yield from read.bad
    yield from read.messages


def _line_or_bad(line: bytes, number: int, channel: str) -> SeenMessage | BadLine:
    try:
        said = _LINE.decode(line)
        said.channel = said.channel or channel
        return _spoken(said)
    except (*UNREADABLE, InvalidInput) as error:
        return BadLine(number, str(error))


def _from_export(export: _Export) -> ChatExport:
    messages: list[SeenMessage] = []
    bad: list[BadLine] = []
    for place, raw in enumerate(export.messages, start=1):
        try:
            messages.append(_exported(_MESSAGE.decode(raw), export.channel))
        except (*UNREADABLE, InvalidInput) as error:
            bad.append(BadLine(place, str(error)))
    return ChatExport(_in_time_order(messages), bad, export.channel.name, export.channel.id)


def _exported(message: _Exported, channel: _Named) -> SeenMessage:
    reference = message.reference
    return SeenMessage(
        platform=DISCORD,
        message_id=message.id,
        channel=channel.name,
        channel_id=channel.id,
        author_id=message.author.id,
        author_name=message.author.nickname or message.author.name,
        content=message.content,
        embeds=_embeds(message.embeds),
        reply_to=(reference.message_id if reference else None) or "",
        posted_at=_utc(message.timestamp),
        edited_at=None if message.timestamp_edited is None else _utc(message.timestamp_edited),
    )


def _from_lines(lines: Iterable[bytes]) -> ChatExport:
    messages: list[SeenMessage] = []
    bad: list[BadLine] = []
    for number, line in _filled(lines):
        found = _line_or_bad(line, number, "")
        if isinstance(found, BadLine):
            bad.append(found)
        else:
            messages.append(found)
    return ChatExport(_in_time_order(messages), bad, None)


def _filled(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    return ((n, line) for n, line in enumerate(lines, start=1) if line.strip())


def _spoken(line: _Line) -> SeenMessage:
    posted_at = line.timestamp or line.ts
    if posted_at is None:
        raise InvalidInput("the message has no timestamp")
    if not line.channel:
        raise InvalidInput("the message has no channel")
    content = line.content if line.content is not None else line.text
    if content is None and not line.embeds:
        raise InvalidInput("the message has neither content nor embeds")
    author_id, author_name = _author(line)
    embeds = _embeds(line.embeds or [])
    return SeenMessage(
        platform=DISCORD,
        message_id=str(line.id) if line.id is not None else _made_id(line, content or "", embeds),
        channel=line.channel,
        author_id=author_id,
        author_name=author_name,
        content=content or "",
        embeds=embeds,
        reply_to="" if line.reply_to is None else str(line.reply_to),
        posted_at=_utc(posted_at),
        edited_at=None if line.edited_at is None else _utc(line.edited_at),
    )


def _author(line: _Line) -> tuple[str, str]:
    match line.author:
        case _Named() as author:
            return author.id, author.nickname or author.name
        case str() as name if name:
            return f"{line.channel}/{name}", name
        case _:
            return f"{line.channel}/{line.channel}", str(line.channel)


def _made_id(line: _Line, content: str, embeds: tuple[Embed, ...]) -> str:
    words: Any = (line.channel, line.timestamp or line.ts, content, embeds)
    return "made-" + hashlib.sha256(msgspec.json.encode(words)).hexdigest()[:24]


def _embeds(embeds: Iterable[_ExportedEmbed]) -> tuple[Embed, ...]:
    return tuple(
        Embed(
            title=embed.title or "",
            description=embed.description or "",
            fields=tuple(EmbedField(name=f.name, value=f.value) for f in embed.fields),
        )
        for embed in embeds
    )


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise InvalidInput(f"the time {moment.isoformat()} has no offset from UTC")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise InvalidInput(f"the time {moment.isoformat()} is beyond the calendar") from None


def _in_time_order(messages: list[SeenMessage]) -> list[SeenMessage]:
    return sorted(messages, key=lambda message: message.posted_at)
