"""Trades: each fill and exit is told once in the trades channel, with what it earned."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from application.noticing import Due, Topic, find_notice
from application.ports import Unavailable
from domain.notices import NoticeKind
from domain.shared import stream_id
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.cards import card_of
from interfaces.discord.posting import Cards, FindChannel, keep, look, nonce_of
from interfaces.discord.telling import trade_told
from projections.blotter import order


def trade_at(position: int) -> UUID:
    """What the notice of a trade is about: the event at a place on the tape."""
    return stream_id("event", str(position))


class Trades:
    """Tells the fills and exits that are due."""

    def __init__(self, house: House, cards: Cards, channel: FindChannel) -> None:
        self._house = house
        self._cards = cards
        self._channel = channel

    async def tell(self, due: Sequence[Due]) -> None:
        """Tells these trades of one signal or order, if people can know of it.

        Raises:
            Unavailable: there is no channel for trades.
            discord.HTTPException, OSError: Discord did not take them.
        """
        if not await self._is_shown(due[0].about):
            return
        for one in due:
            await self._tell(one)

    async def _is_shown(self, about: UUID) -> bool:
        """Whether the signal has a card, or gets one; what was placed by hand needs none."""
        if await self._cards.notice_of(about) is not None:
            return True
        card = await look(self._house, partial(card_of, signal=about))
        if card is None:
            return await look(self._house, partial(order, stream=about)) is not None
        return card.is_timely(self._house.clock.now())

    async def _tell(self, due: Due) -> None:
        about = trade_at(due.position)
        known = await asyncio.to_thread(
            find_notice, self._house.desk, DISCORD, NoticeKind.TRADE, about
        )
        if known is not None:
            return
        words = await look(self._house, lambda c: trade_told(c, due.about, due.position))
        channel = self._channel()
        if words is None:
            return
        if channel is None:
            raise Unavailable("there is no channel for trades that the bot sees")
        message = await channel.send(words, nonce=nonce_of(Topic.TRADE.value, due.position))
        await keep(self._house, NoticeKind.TRADE, about, message)
