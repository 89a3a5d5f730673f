"""Checkpoints: whatever the log's keys signed is posted, for anybody to copy and keep.

Each is posted once, in their order, and edited once a witness has cosigned it. What stands in the
channel is found again at a start, so a bot that died in between posts nothing twice. After a long
absence only the latest is posted, with how many there were meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from io import BytesIO
from typing import Any, NamedTuple

import discord
from psycopg import Connection

from application.noticing import Due, Topic
from application.ports import Unavailable
from domain.notices import Notice, NoticeKind, notice_stream
from domain.transparency.notes import Note, Signature, parse_note
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.posting import FindChannel, keep, look, nonce_of
from interfaces.discord.recognising import positions_of
from interfaces.discord.slash.answers import plain
from interfaces.discord.trades import trade_at
from projections.log_checkpoints import CheckpointRow, issued_after, recent_checkpoints

CONTENT_MAX = 2_000
TOGETHER = 10
"""So many that wait are posted one by one; of more, the latest alone."""
LOOK_BACK = 200
AMENDED = 20
"""How many of the latest are edited when a witness signs late."""


class Shown(NamedTuple):
    """A checkpoint as it is posted: its message, and the file with all of its signatures where
    the message has no room for them.
    """

    words: str
    name: str
    whole: bytes

    @property
    def sign(self) -> tuple[str, int]:
        """What tells two posts apart."""
        return self.words, len(self.whole)

    @property
    def files(self) -> list[discord.File]:
        return [discord.File(BytesIO(self.whole), self.name)] if self.whole else []


class Missed(NamedTuple):
    """What waits to be posted, the oldest first, and how many before it are left out."""

    rows: Sequence[CheckpointRow]
    left_out: int


def shown(row: CheckpointRow) -> Shown:
    """What is posted of a checkpoint; the signatures that do not fit are in the file alone."""
    note = parse_note(row.note.encode())
    at = f"{row.issued_at:%Y-%m-%d %H:%M:%S} UTC"
    by = f", cosigned by {plain(row.witnesses, 200)}" if row.witnesses else ""
    head = f"`{row.position}` **Checkpoint** of the first {row.size:,} events, signed {at}{by}"
    fitting = _fitting(note, CONTENT_MAX - len(_framed(head, "")))
    words = _framed(head, str(Note(note.text, fitting)))
    whole = b"" if fitting == note.signatures else bytes(note)
    return Shown(words, f"checkpoint-{row.size}.txt", whole)


def _framed(head: str, note: str) -> str:
    return f"{head}\n```\n{note}```"


def _fitting(note: Note, room: int) -> tuple[Signature, ...]:
    """The signatures that there is room for; those of ML-DSA-44 are longer than a message."""
    found: list[Signature] = []
    room -= len(str(Note(note.text, ())))
    for line in note.signatures:
        if len(str(line)) <= room:
            found.append(line)
            room -= len(str(line))
    return tuple(found)


class Checkpoints:
    """Brings the channel to what was issued."""

    def __init__(self, house: House, client: discord.Client, channel: FindChannel) -> None:
        self._house = house
        self._client = client
        self._channel = channel
        self._told: int | None = None
        """The place on the tape of the latest that was posted; None until it is looked up."""
        self._standing: dict[int, tuple[int, tuple[str, int]]] = {}
        """Message and look of what is posted, by place on the tape."""

    async def tell(self, _due: Sequence[Due]) -> None:
        """Posts what was issued, and edits what was cosigned since.

        Raises:
            Unavailable: there is no channel for checkpoints.
            discord.HTTPException, OSError, psycopg.OperationalError: somebody did not answer.
        """
        channel = self._channel()
        if channel is None:
            raise Unavailable("there is no channel for checkpoints that the bot sees")
        try:
            await self._tell(channel)
        except BaseException:
            # Whether the last one was posted is seen in the channel.
            self._told = None
            raise

    async def _tell(self, channel: discord.TextChannel) -> None:
        if self._told is None:
            self._told = await self._look_back(channel)
        missed = await look(self._house, partial(_missed, told=self._told))
        for row in missed.rows:
            await self._post(channel, row, missed.left_out)
            self._told = row.position
        for row in await look(self._house, partial(recent_checkpoints, limit=AMENDED)):
            await self._amend(channel, row)

    async def _look_back(self, channel: discord.TextChannel) -> int:
        """Where the latest that was posted lies, by the channel and by the record; 0 if none was.

        What a bot posted that died before it was recorded is recorded now.
        """
        own = self._client.user
        self._standing = {}
        found: dict[int, discord.Message] = {}
        async for message in channel.history(limit=LOOK_BACK):
            if own is not None and message.author.id == own.id:
                found.update((position, message) for position in positions_of(message))
        for position, message in found.items():
            self._standing[position] = (message.id, _sign_of(message))
        rows = await look(self._house, partial(recent_checkpoints, limit=LOOK_BACK))
        known = await self._known([row.position for row in rows])
        for row in rows:
            if row.position in found and row.position not in known:
                await self._keep(row.position, found[row.position])
        return max((*known, *found), default=0)

    async def _known(self, positions: Sequence[int]) -> Mapping[int, Notice]:
        """The notices of these checkpoints that are on record."""
        streams = {
            notice_stream(DISCORD, NoticeKind.CHECKPOINT, trade_at(position)): position
            for position in positions
        }
        loaded = await asyncio.to_thread(self._house.desk.load, streams)
        return {
            streams[stream]: notice
            for stream, notice in loaded.items()
            if isinstance(notice, Notice)
        }

    async def _post(self, channel: discord.TextChannel, row: CheckpointRow, left_out: int) -> None:
        made = shown(row)
        told: dict[str, Any] = {"embed": _of_left_out(left_out)} if left_out else {}
        files = made.files if _may_attach(channel) else []
        message = await channel.send(
            made.words,
            files=files,
            nonce=nonce_of(Topic.CHECKPOINT.value, row.position),
            **told,
        )
        await self._keep(row.position, message)
        self._standing[row.position] = (message.id, made.sign)
        if len(self._standing) > LOOK_BACK:
            del self._standing[min(self._standing)]

    async def _amend(self, channel: discord.TextChannel, row: CheckpointRow) -> None:
        """Edits a checkpoint that has got signatures since; one that was deleted stays so."""
        made, standing = shown(row), self._standing.get(row.position)
        if standing is None or standing[1] == made.sign:
            return
        attached: dict[str, Any] = {"attachments": made.files} if _may_attach(channel) else {}
        try:
            await channel.get_partial_message(standing[0]).edit(content=made.words, **attached)
        except discord.NotFound:
            del self._standing[row.position]
            return
        self._standing[row.position] = (standing[0], made.sign)

    async def _keep(self, position: int, message: discord.Message) -> None:
        await keep(self._house, NoticeKind.CHECKPOINT, trade_at(position), message)


def _missed(connection: Connection[Any], told: int) -> Missed:
    """What was issued after a place on the tape."""
    count = issued_after(connection, told)
    limit = count if count <= TOGETHER else 1
    rows = recent_checkpoints(connection, limit) if limit else []
    return Missed(rows[::-1], count - limit)


def _of_left_out(count: int) -> discord.Embed:
    """That there are others, and where."""
    others = "checkpoint was" if count == 1 else "checkpoints were"
    return discord.Embed(
        description=f"{count:,} more {others} issued before this one and not posted here. "
        "They are on the tape, which `truetape export --all` writes."
    )


def _may_attach(channel: discord.TextChannel) -> bool:
    return channel.permissions_for(channel.guild.me).attach_files


def _sign_of(message: discord.Message) -> tuple[str, int]:
    """How a posted checkpoint looks."""
    return message.content, sum(file.size for file in message.attachments)
