"""Watches channels live: new messages, edits and deletions are kept the moment they happen.

What was posted while nobody listened is fetched from the channel's history at the start.
Every message goes through the same intake as an import, so nothing is kept twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any

import discord

from application.intake import SeenMessage, capture, notice_deletions
from domain.grammar.reading import Embed, EmbedField
from domain.messages import message_stream
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from projections.messages import last_posted

ACTOR = "discord:capture"

_log = logging.getLogger(__name__)


class CaptureClient(discord.Client):
    """A bot that listens in some channels and says nothing.

    Needs the gateway intents Guilds, Guild Messages and Message Content, and in each channel
    the permissions View Channel and Read Message History.
    """

    def __init__(self, house: House, channels: Collection[str]) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        intents.guild_messages = True
        intents.message_content = True
        super().__init__(intents=intents, max_messages=None)
        self._house = house
        self._channels = frozenset(channels)

    async def on_ready(self) -> None:
        """Fetches what was posted since the last message on record, channel by channel."""
        found = [c for c in self.get_all_channels() if self._watches(c)]
        absent = self._channels - {channel.name for channel in found}
        if absent:
            _log.warning("no such channel, or no right to see it: %s", ", ".join(sorted(absent)))
        for channel in found:
            assert isinstance(channel, discord.TextChannel)
            since = await asyncio.to_thread(self._last_posted, channel.name)
            if since is not None:
                async for message in channel.history(after=since, limit=None, oldest_first=True):
                    await self._keep(message)
        _log.info("listening in %s", ", ".join(sorted(channel.name for channel in found)))

    async def on_message(self, message: discord.Message) -> None:
        """Keeps a new message."""
        if self._watches(message.channel):
            await self._keep(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Keeps the changed words; what the event lacks is fetched."""
        channel = self.get_channel(payload.channel_id)
        if isinstance(channel, discord.TextChannel) and self._watches(channel):
            try:
                await self._keep(await channel.fetch_message(payload.message_id))
            except discord.NotFound:
                _log.info("message %s was deleted before its edit was seen", payload.message_id)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Records that a message is gone."""
        await self._lose(payload.channel_id, {payload.message_id})

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Records that several messages are gone."""
        await self._lose(payload.channel_id, payload.message_ids)

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
            await asyncio.to_thread(self._notice, ids)

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
