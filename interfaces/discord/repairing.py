"""Repairing: what a bot that died, or a hand, left otherwise in the channels than it is on record.

At a start the last messages of the channels are looked through. A card that nobody recorded is
adopted, a double one deleted, one that shows something else is edited, and one that is gone is
posted again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from uuid import UUID

import discord

from application.noticing import Topic
from domain.notices import Notice, NoticeKind, notice_stream
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.noticeboard import Noticeboard
from interfaces.discord.posting import Cards, keep, look
from interfaces.discord.recognising import positions_of, signal_of
from interfaces.discord.trades import trade_at
from projections.signal_feed import signals

LOOK_BACK = 200

_log = logging.getLogger(__name__)


class Repair:
    """Looks through the channels once at each start."""

    def __init__(self, house: House, own_id: int, board: Noticeboard, cards: Cards) -> None:
        self._house = house
        self._own_id = own_id
        self._board = board
        self._cards = cards

    async def cards(self, channel: discord.TextChannel) -> None:
        """Puts the cards right.

        Raises:
            discord.HTTPException, OSError, Unavailable: it could not look; try again.
        """
        messages = [message async for message in channel.history(limit=LOOK_BACK)]
        found: dict[UUID, list[discord.Message]] = {}
        for message in messages:
            signal = signal_of(message) if message.author.id == self._own_id else None
            if signal is not None:
                found.setdefault(signal, []).append(message)
        for signal, copies in found.items():
            await self._settle(signal, copies)
        # A channel that is shorter than the look back was looked through to its beginning.
        begins = messages[-1].id if len(messages) == LOOK_BACK else 0
        present = {message.id for message in messages}
        for notice in await self._recent(channel):
            if int(notice.message_id) >= begins and int(notice.message_id) not in present:
                self._board.look_again(Topic.CARD, notice.about)

    async def told(self, channel: discord.TextChannel, kind: NoticeKind) -> None:
        """Keeps which trades or alerts were told.

        Raises:
            discord.HTTPException, OSError, Unavailable: it could not look; try again.
        """
        told = {
            position: message
            async for message in channel.history(limit=LOOK_BACK)
            if message.author.id == self._own_id
            for position in positions_of(message)
        }
        known = await self._notices(kind, map(trade_at, told))
        for position, message in told.items():
            if trade_at(position) not in known:
                await keep(self._house, kind, trade_at(position), message)

    async def _settle(self, signal: UUID, copies: list[discord.Message]) -> None:
        """Lets one card of a signal stand, the one on record or else the newest."""
        async with self._cards.lock(signal):
            notice = await self._cards.notice_of(signal)
            standing = next(
                (copy for copy in copies if notice and str(copy.id) == notice.message_id), None
            )
            if standing is None and notice is None:
                standing = max(copies, key=lambda copy: copy.id)
                await keep(self._house, NoticeKind.CARD, signal, standing)
                _log.info("the card of %s is adopted", signal)
            for copy in copies:
                if copy is not standing:
                    await copy.delete()
            if standing is not None:
                self._cards.seen(signal, standing)
        self._board.look_again(Topic.CARD, signal)

    async def _recent(self, channel: discord.TextChannel) -> list[Notice]:
        """Where the cards of the latest signals stand in the channel, as it is on record."""
        rows = await look(self._house, lambda c: signals(c, limit=LOOK_BACK))
        known = await self._notices(NoticeKind.CARD, (row.signal for row in rows))
        return [notice for notice in known.values() if notice.channel_id == str(channel.id)]

    async def _notices(self, kind: NoticeKind, about: Iterable[UUID]) -> dict[UUID, Notice]:
        """The notices about these, by what they are about."""
        streams = [notice_stream(DISCORD, kind, each) for each in about]
        loaded = await asyncio.to_thread(self._house.desk.load, streams)
        return {each.about: each for each in loaded.values() if isinstance(each, Notice)}
