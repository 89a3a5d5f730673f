"""Watches channels live: new messages, edits and deletions are kept the moment they happen.

What was posted while nobody listened is fetched from the channel's history before anything
live is kept: the last message on record says from where on, so it must never lie behind a gap.
Every message goes through the same intake as an import, so nothing is kept twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
import discord
import psycopg

from application.intake import SeenMessage, capture, notice_deletions
from application.ports import Unavailable
from domain.grammar.reading import Embed, EmbedField
from domain.messages import message_stream
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from projections.messages import last_posted

ACTOR = "discord:capture"
RETRY_S = 5.0
MILLISECOND = timedelta(milliseconds=1)
OUTSIDE = (
    discord.HTTPException, aiohttp.ClientError, OSError, psycopg.OperationalError, Unavailable,
)  # fmt: skip
"""How Discord and the database fail when trying again may help."""

_log = logging.getLogger(__name__)


class CaptureClient(discord.Client):
    """A bot that listens in some channels and says nothing.

    Needs the gateway intents Guilds, Guild Messages and Message Content, and in each channel
    the permissions View Channel and Read Message History.
    """

    def __init__(
        self, house: House, channels: Collection[str], *, retry_s: float = RETRY_S, **options: Any
    ) -> None:
        """A bot for the channels of these names; `options` are the library's own."""
        intents = discord.Intents.none()
        intents.guilds = True
        intents.guild_messages = True
        intents.message_content = True
        super().__init__(intents=intents, max_messages=None, **options)
        self._house = house
        self._channels = frozenset(channels)
        self._retry_s = retry_s
        self._turn = asyncio.Lock()
        self._has_history = asyncio.Event()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """A new session does not tell what happened before it: the live waits for the history."""
        self._has_history.clear()
        await super().before_identify_hook(shard_id, initial=initial)

    async def on_ready(self) -> None:
        """Fetches what was posted since the last message on record, channel by channel."""
        found = [c for c in self.get_all_channels() if self._watches(c)]
        absent = self._channels - {channel.name for channel in found}
        if absent:
            _log.warning("no such channel, or no right to see it: %s", ", ".join(sorted(absent)))
        for channel in found:
            assert isinstance(channel, discord.TextChannel)
            await self._patiently(partial(self._fetch_missed, channel))
        self._has_history.set()
        _log.info("listening in %s", ", ".join(sorted(channel.name for channel in found)))

    async def on_message(self, message: discord.Message) -> None:
        """Keeps a new message."""
        if self._watches(message.channel):
            async with self._in_turn():
                await self._patiently(partial(self._keep, message))

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Keeps the changed words."""
        await self.on_message(payload.message)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Records that a message is gone."""
        await self._lose(payload.channel_id, {payload.message_id})

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Records that several messages are gone."""
        await self._lose(payload.channel_id, payload.message_ids)

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        """One event after the other, in the order of the gateway, once the history is there.

        A deletion that overtook its message, or first words that overtook an edit, would be
        recorded wrongly for good. The lock is fair, and events ask for it in their order.
        """
        async with self._turn:
            await self._has_history.wait()
            yield

    async def _patiently(self, step: Callable[[], Awaitable[None]]) -> None:
        """Tries until it works, or Discord refuses: what is let go now is never asked for again."""
        while True:
            try:
                return await step()
            except (discord.NotFound, discord.Forbidden) as refusal:
                _log.warning("not kept: %s", refusal)
                return None
            except OUTSIDE as error:
                _log.warning("trying again in %.0f s: %s", self._retry_s, error)
                await asyncio.sleep(self._retry_s)

    async def _fetch_missed(self, channel: discord.TextChannel) -> None:
        since = await asyncio.to_thread(self._last_posted, channel.name)
        if since is not None:
            # The library leaves out what has the very millisecond of `after`.
            after = since - MILLISECOND
            async for message in channel.history(after=after, limit=None, oldest_first=True):
                await self._keep(message)

    def _watches(self, channel: Any) -> bool:
        return isinstance(channel, discord.TextChannel) and channel.name in self._channels

    async def _keep(self, message: discord.Message) -> None:
        seen = seen_message(message)
        await asyncio.to_thread(
            capture,
            self._house.desk,
            [seen],
            via="gateway",
            actor=ACTOR,
            at=self._house.clock.now(),
        )

    async def _lose(self, channel_id: int, ids: Collection[int]) -> None:
        if self._watches(self.get_channel(channel_id)):
            async with self._in_turn():
                await self._patiently(partial(asyncio.to_thread, self._notice, ids))

    def _notice(self, ids: Collection[int]) -> None:
        streams = [message_stream(DISCORD, str(number)) for number in sorted(ids)]
        known = [stream for stream in streams if stream in self._house.desk.load([stream])]
        notice_deletions(self._house.desk, known, actor=ACTOR, at=self._house.clock.now())

    def _last_posted(self, channel: str) -> datetime | None:
        with self._house.reader.connection() as connection:
            return last_posted(connection, channel)


def seen_message(message: discord.Message) -> SeenMessage:
    """A message of the gateway as the intake takes it."""
    reference = message.reference
    answered = None if reference is None else reference.message_id
    return SeenMessage(
        platform=DISCORD,
        message_id=str(message.id),
        channel=getattr(message.channel, "name", str(message.channel.id)),
        author_id=str(message.author.id),
        author_name=message.author.display_name,
        content=message.content,
        embeds=tuple(_embed(embed) for embed in message.embeds),
        reply_to="" if answered is None else str(answered),
        posted_at=message.created_at,
        edited_at=message.edited_at,
    )


def _embed(embed: discord.Embed) -> Embed:
    fields = tuple(EmbedField(name=f.name or "", value=f.value or "") for f in embed.fields)
    return Embed(title=embed.title or "", description=embed.description or "", fields=fields)
