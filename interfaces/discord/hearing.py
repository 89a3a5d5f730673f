"""What Discord tells, as the intake takes it: which channels count, and what was said in them.

A thread or forum post below a watched channel is watched with it; its messages carry the
channel's name and the thread's own id. Other bots and webhooks are heard like members, because
their cards are alerts. What this bot says itself is not, nor are Discord's own lines (somebody
joined, a message was pinned).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import discord

from application.intake import SeenMessage
from domain.grammar.reading import Embed, EmbedField
from interfaces.chat_files import DISCORD
from projections.messages import Place

SAID = frozenset(
    {
        discord.MessageType.default,
        discord.MessageType.reply,
        discord.MessageType.chat_input_command,
        discord.MessageType.context_menu_command,
    }
)
"""The kinds of message that somebody said; all others are Discord's own."""

Watched = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel


class Watch:
    """The channels that are watched, each by its name or its id."""

    def __init__(self, channels: Collection[str]) -> None:
        self._channels = frozenset(name.removeprefix("#") for name in channels)

    def among(self, channels: Iterable[Any]) -> list[Watched]:
        """Those that are watched."""
        return [
            channel
            for channel in channels
            if isinstance(channel, Watched)
            and (channel.name in self._channels or str(channel.id) in self._channels)
        ]

    def absent(self, found: Iterable[Watched]) -> list[str]:
        """Those that are not among the ones found."""
        names = {name for channel in found for name in (channel.name, str(channel.id))}
        return sorted(self._channels - names)

    def place_of(self, channel: object) -> Place | None:
        """Where a message of this channel or thread stands; None if nobody watches it."""
        above = channel.parent if isinstance(channel, discord.Thread) else channel
        if not self.among([above]):
            return None
        assert isinstance(above, Watched)
        assert isinstance(channel, discord.Thread | Watched)
        return Place(above.name, str(channel.id), is_exact=channel is not above)


def is_said(message: discord.Message, own_id: int | None) -> bool:
    """Whether somebody else said it."""
    return message.type in SAID and message.author.id != own_id


def is_by_human(message: discord.Message) -> bool:
    """Whether a member wrote it by hand."""
    return not message.author.bot and message.webhook_id is None


def seen_message(message: discord.Message, place: Place, received_at: datetime) -> SeenMessage:
    """A message of the gateway, or of a history, as the intake takes it.

    Members cannot write cards: below their words there are only previews of links, which come
    and go without them.
    """
    reference = message.reference
    answered = None if reference is None else reference.message_id
    return SeenMessage(
        platform=DISCORD,
        message_id=str(message.id),
        channel=place.channel,
        channel_id=place.channel_id,
        author_id=str(message.author.id),
        author_name=message.author.display_name,
        content=message.content,
        embeds=() if is_by_human(message) else tuple(_embed(embed) for embed in message.embeds),
        reply_to="" if answered is None else str(answered),
        posted_at=message.created_at,
        edited_at=message.edited_at,
        received_at=received_at,
    )


def _embed(embed: discord.Embed) -> Embed:
    fields = tuple(EmbedField(name=f.name or "", value=f.value or "") for f in embed.fields)
    return Embed(title=embed.title or "", description=embed.description or "", fields=fields)
