"""Alerts: each risk that the record tells of is told once in the alerts channel, and to the
operators what keeps the house and a broker from knowing the same (see `alert_words`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from application.noticing import Due, Topic, find_notice
from application.ports import Unavailable
from domain.notices import NoticeKind
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.alert_words import alert_told
from interfaces.discord.posting import FindChannel, keep, look, nonce_of
from interfaces.discord.trades import trade_at


class Alerts:
    """Tells what is due of one topic in the channel of those whom it concerns."""

    def __init__(self, house: House, topic: Topic, channel: FindChannel) -> None:
        self._house = house
        self._topic = topic
        self._channel = channel

    async def tell(self, due: Sequence[Due]) -> None:
        """Tells these events, each unless it was told before.

        Raises:
            Unavailable: there is no channel for them.
            discord.HTTPException, OSError: Discord did not take them.
        """
        for one in due:
            await self._tell(one)

    async def _tell(self, due: Due) -> None:
        about = trade_at(due.position)
        known = await asyncio.to_thread(
            find_notice, self._house.desk, DISCORD, NoticeKind.ALERT, about
        )
        words = await look(self._house, lambda c: alert_told(c, due.about, due.position))
        if known is not None or words is None:
            return
        channel = self._channel()
        if channel is None:
            raise Unavailable(f"there is no channel for an {self._topic.value} that the bot sees")
        message = await channel.send(words, nonce=nonce_of(self._topic.value, due.position))
        await keep(self._house, NoticeKind.ALERT, about, message)
