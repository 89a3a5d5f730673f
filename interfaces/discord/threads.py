"""Threads: below each card the events of its signal, each told once and in their order.

A line begins with its event's place on the tape. What a thread has by now is read from the thread
itself, when it is first written to and after a failure, so nothing is told twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

import discord

from application.desk import Command, derived_id
from application.noticing import Due, Topic, record_thread
from application.ports import Unavailable
from domain.notices import Notice, NoticeKind
from domain.shared import Impossible
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.posting import ACTOR, Cards, look, nonce_of
from interfaces.discord.recognising import positions_of
from interfaces.discord.telling import lines_of

CONTENT_MAX, LOOK_BACK, KNOWN_MAX = 1_900, 100, 1_000
FOLLOWERS = discord.AllowedMentions(everyone=False, roles=False, users=True)
"""Only who follows the trader is called: what others wrote calls nobody."""
HAS_A_THREAD = 160_004
"""Discord's code for a message that has its thread already."""


class Threads:
    """Writes the lines that are due."""

    def __init__(self, house: House, client: discord.Client, cards: Cards) -> None:
        self._house = house
        self._client = client
        self._cards = cards
        self._told: dict[int, set[int]] = {}

    async def tell(self, due: Sequence[Due]) -> None:
        """Tells these events of one signal, unless the thread has them.

        Raises:
            Unavailable: the channel of the card cannot be seen.
            discord.HTTPException, OSError: Discord did not take them.
        """
        signal = due[0].about
        notice = await self._cards.standing(signal)
        if notice is None:
            return
        thread = int(notice.thread_id) if notice.thread_id else await self._open(notice)
        try:
            await self._write(thread, signal, due)
        except discord.NotFound:
            # Somebody deleted the thread; a message may have another one.
            self._told.pop(thread, None)
            await self._write(await self._open(notice), signal, due)

    async def _write(self, thread: int, signal: UUID, due: Sequence[Due]) -> None:
        place = self._client.get_partial_messageable(thread, type=discord.ChannelType.public_thread)
        known = await self._known(place)
        wanted = {one.position for one in due} - known
        lines = await look(self._house, lambda c: lines_of(c, signal, wanted))
        for block in _blocks(lines):
            try:
                content = "\n".join(lines[position] for position in block)
                nonce = nonce_of(Topic.LINE.value, signal, *block)
                await place.send(content, nonce=nonce, allowed_mentions=FOLLOWERS)
            except BaseException:
                # It may stand there or not: the thread says.
                self._told.pop(thread, None)
                raise
            known.update(block)

    async def _known(self, place: discord.PartialMessageable) -> set[int]:
        """What the thread tells by now."""
        known = self._told.get(place.id)
        if known is None:
            own = self._client.user
            known = {
                position
                async for message in place.history(limit=LOOK_BACK)
                if own is not None and message.author.id == own.id
                for position in positions_of(message)
            }
            self._told[place.id] = known
            if len(self._told) > KNOWN_MAX:
                del self._told[next(iter(self._told))]
        return known

    async def _open(self, notice: Notice) -> int:
        """Opens the thread of a card; on Discord it has the card's own id."""
        channel = self._client.get_channel(int(notice.channel_id))
        if not isinstance(channel, discord.TextChannel):
            raise Unavailable(f"the channel {notice.channel_id} cannot be seen")
        message = channel.get_partial_message(int(notice.message_id))
        try:
            thread = (await message.create_thread(name=f"Signal {str(notice.about)[:8]}")).id
        except discord.NotFound:
            # The card is gone: it is posted again, and the lines with it.
            await self._cards.show(notice.about)
            raise
        except discord.HTTPException as refusal:
            if refusal.code != HAS_A_THREAD:
                raise
            thread = message.id
        await asyncio.to_thread(self._keep, notice, thread)
        return thread

    def _keep(self, notice: Notice, thread: int) -> None:
        about, thread_id = notice.about, str(thread)
        command = Command.given(
            derived_id("thread", DISCORD, str(about), thread_id),
            about,
            thread_id,
            actor=ACTOR,
            at=self._house.clock.now(),
            correlation=about,
        )
        try:
            record_thread(
                self._house.desk, command, platform=DISCORD, kind=NoticeKind.CARD, about=about,
                thread_id=thread_id,
            )  # fmt: skip
        except Impossible:
            # It had one before, which somebody deleted.
            return


def _blocks(lines: Mapping[int, str]) -> Iterator[list[int]]:
    """The places of lines that fit into one message each."""
    block: list[int] = []
    length = 0
    for position, line in lines.items():
        if block and length + len(line) > CONTENT_MAX:
            yield block
            block, length = [], 0
        block.append(position)
        length += len(line) + 1
    if block:
        yield block
