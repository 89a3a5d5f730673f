"""The bot: it listens, shows a card for every signal, and lets members decide and ask.

One client of discord.py with everything in it. Commands go through the application like those of
every other interface; a click is durable before Discord shows it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import discord
from discord import app_commands

from application.access import Member
from interfaces.compose import House
from interfaces.discord.capture import CaptureClient, listening
from interfaces.discord.members import member_of
from interfaces.discord.noticeboard import Noticeboard
from interfaces.discord.scribe import LINE_MAX, RETRY_S
from interfaces.discord.settings import DiscordSettings
from interfaces.discord.slash.commands import add_commands, register

_log = logging.getLogger(__name__)


def intents() -> discord.Intents:
    """What the gateway has to tell: Guilds, Guild Messages, Message Content, Guild Message
    Reactions.
    """
    asked = listening()
    asked.guild_reactions = True
    return asked


class Bot(CaptureClient):
    """Capture, noticeboard and commands in one client.

    Needs, beside the right to read the watched channels: View Channel, Send Messages, Embed Links,
    Read Message History, Create Public Threads and Send Messages in Threads where it posts.
    """

    def __init__(
        self,
        house: House,
        settings: DiscordSettings,
        *,
        retry_s: float = RETRY_S,
        line_max: int = LINE_MAX,
        **options: Any,
    ) -> None:
        """`options` are the library's own."""
        super().__init__(
            house,
            settings.channels,
            retry_s=retry_s,
            line_max=line_max,
            intents=intents(),
            # Nothing that somebody wrote may call anybody when we repeat it.
            allowed_mentions=discord.AllowedMentions.none(),
            **options,
        )
        self.house = house
        self.settings = settings
        self.tree = app_commands.CommandTree(self)
        self.board = Noticeboard(house, retry_s=retry_s)
        add_commands(self, self.tree)

    async def setup_hook(self) -> None:
        """What happens from here on is told, even if the connection takes its time."""
        await self.board.prepare()

    async def on_ready(self) -> None:
        """Tells what is due while the history of the watched channels is fetched."""
        self.board.start()
        # Neither may keep the other waiting.
        await asyncio.gather(super().on_ready(), register(self.tree, self.guilds))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Brings the commands along."""
        await register(self.tree, [guild])

    async def close(self) -> None:
        """Stops telling, and ends when all that was heard is written."""
        await self.board.close()
        await super().close()

    def member(self, person: discord.Member | discord.User) -> Member:
        """Who somebody is to the application, with the roles they hold at this moment."""
        return member_of(person, self.settings)

    def channel_named(self, name: str) -> discord.TextChannel | None:
        """The text channel of this name or id that the bot sees; None if there is none."""
        return next(self._channels_named(name), None) if name else None

    def _channels_named(self, name: str) -> Iterator[discord.TextChannel]:
        return (
            channel
            for channel in self.get_all_channels()
            if isinstance(channel, discord.TextChannel) and name in (channel.name, str(channel.id))
        )
