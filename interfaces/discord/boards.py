"""Boards: one pinned leaderboard in each guild, kept in step with the record.

It is edited and never posted again, unless somebody took it away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

import discord
from discord import ui
from psycopg import Connection

from application.noticing import Due, find_notice
from domain.notices import Notice, NoticeKind
from domain.shared import stream_id
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.posting import keep, look, nonce_of
from interfaces.discord.slash.leaderboard import leaderboard_answer
from interfaces.discord.slash.pages import DefinitionsButton
from projections.windows import Window

LOOK_BACK = 50
FOOTER = "live: edited when figures move · /leaderboard for other windows"

_log = logging.getLogger(__name__)


class Shown(NamedTuple):
    """The board as it is posted."""

    embed: discord.Embed
    figures: tuple[str, ...]

    @property
    def view(self) -> ui.View:
        view = ui.View(timeout=None)
        view.add_item(DefinitionsButton(self.figures))
        return view

    @property
    def sign(self) -> tuple[object, ...]:
        """What tells two boards apart."""
        return (self.embed.title, self.embed.description)


def guild_stream(guild_id: int) -> UUID:
    """What the notice of a guild's board is about."""
    return stream_id("guild", DISCORD, str(guild_id))


def shown(house: House, connection: Connection[object]) -> Shown:
    """The first page of the board of the last 30 days, by score if the rules have one."""
    found = leaderboard_answer(house, connection, Window.LAST_30D, None, at=house.clock.now())
    (embed,) = found.embeds
    embed.set_footer(text=FOOTER)
    return Shown(embed, found.figures)


class Boards:
    """Keeps the board of each guild that has the channel for it."""

    def __init__(self, house: House, client: discord.Client, channel: str) -> None:
        """`channel` is the name or id of the channel that the board is pinned in."""
        self._house = house
        self._client = client
        self._channel = channel
        self._standing: dict[int, tuple[int, tuple[object, ...]]] = {}

    async def tell(self, _due: Sequence[Due]) -> None:
        """Has the boards show what is on record.

        Raises:
            discord.HTTPException, OSError, psycopg.OperationalError: somebody did not answer.
        """
        board = await look(self._house, partial(shown, self._house))
        for guild in self._client.guilds:
            channel = self._channel_in(guild)
            if channel is not None:
                await self._show(board, channel)

    def gone(self, message_id: int) -> bool:
        """Whether a message that was deleted was a board."""
        guild = next((g for g, (known, _) in self._standing.items() if known == message_id), None)
        if guild is not None:
            del self._standing[guild]
        return guild is not None

    def _channel_in(self, guild: discord.Guild) -> discord.TextChannel | None:
        return next(
            (each for each in guild.text_channels if self._channel in (each.name, str(each.id))),
            None,
        )

    async def _show(self, board: Shown, channel: discord.TextChannel) -> None:
        guild = channel.guild.id
        known = self._standing.get(guild)
        if known is not None and known[1] == board.sign:
            return
        notice = await asyncio.to_thread(
            find_notice, self._house.desk, DISCORD, NoticeKind.BOARD, guild_stream(guild)
        )
        message = None if notice is None else await self._amended(board, channel, notice)
        if message is None:
            message = await self._post(board, channel, 0 if notice is None else notice.version)
        await _pinned(message)
        self._standing[guild] = (message.id, board.sign)

    async def _amended(
        self, board: Shown, channel: discord.TextChannel, notice: Notice
    ) -> discord.Message | None:
        """Edits the board where it stands; None if it is gone, or belongs elsewhere by now."""
        place = self._client.get_partial_messageable(int(notice.channel_id))
        message = place.get_partial_message(int(notice.message_id))
        try:
            if notice.channel_id != str(channel.id):
                await message.delete()
                return None
            return await message.edit(embed=board.embed, view=board.view)
        except discord.NotFound:
            return None

    async def _post(
        self, board: Shown, channel: discord.TextChannel, version: int
    ) -> discord.Message:
        """Posts the board, or takes up one that a bot posted which died before it was kept."""
        about = guild_stream(channel.guild.id)
        own = self._client.user
        message = None
        async for one in channel.history(limit=LOOK_BACK):
            if own is not None and one.author.id == own.id and is_board(one):
                message = await one.edit(embed=board.embed, view=board.view)
                break
        if message is None:
            nonce = nonce_of("board", channel.guild.id, version)
            message = await channel.send(embed=board.embed, view=board.view, nonce=nonce)
        await keep(self._house, NoticeKind.BOARD, about, message)
        return message


def is_board(message: discord.Message) -> bool:
    """Whether a message of ours is a leaderboard that is kept in step."""
    return any(embed.footer.text == FOOTER for embed in message.embeds)


async def _pinned(message: discord.Message) -> None:
    """Pins the board; without the right to, it stands unpinned."""
    if message.pinned:
        return
    try:
        await message.pin()
    except discord.HTTPException as refusal:
        _log.warning("the leaderboard in #%s cannot be pinned: %s", message.channel, refusal)
