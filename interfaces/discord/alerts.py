"""Alerts: each risk that the record tells of is told once in the alerts channel.

Today these are: an order that our own check denied, one that the broker rejected, a fill that
never happened after all, and a yes that is not enough because too much money is at risk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection

from application.noticing import Due, Topic, find_notice
from application.ports import Unavailable
from domain.notices import NoticeKind
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.members import called
from interfaces.discord.posting import FindChannel, keep, look, nonce_of
from interfaces.discord.slash.answers import plain, short
from interfaces.discord.trades import trade_at
from interfaces.wording import order_told
from projections.blotter import order
from projections.signal_feed import signal as signal_row
from projections.timeline import timeline

WORDS_MAX = 700

_HEADS = {
    "order.denied": "Order denied by our own check",
    "order.rejected": "Order rejected by the broker",
    "order.trade_canceled": "A fill never happened",
    "signal.approval_given": "Another approver is needed",
}


def alert_told(connection: Connection[Any], about: UUID, at: int) -> str | None:
    """The risk that an event tells of; None if it tells of none."""
    page = timeline(connection, about, after=at - 1, limit=1, descending=False)
    if not page or page[0].position != at or page[0].name not in _HEADS:
        return None
    event = page[0]
    body = msgspec.json.decode(event.body)
    said = _of_signal(connection, event.stream, body) or _of_order(connection, event.stream, body)
    return f"`{at}` \N{WARNING SIGN} **{_HEADS[event.name]}**: {said}"


def _of_signal(connection: Connection[Any], stream: UUID, body: dict[str, Any]) -> str:
    row = signal_row(connection, stream)
    if row is None:
        return ""
    by = plain(called(str(body.get("by", ""))))
    at_risk = body.get("at_risk")
    money = "" if at_risk is None else f", {plain(str(at_risk))} USD at risk"
    return f"{by} said yes to {row.side.value} {row.title} ({short(stream)}){money}"


def _of_order(connection: Connection[Any], stream: UUID, body: dict[str, Any]) -> str:
    row = order(connection, stream)
    told = "" if row is None else f"{row.account}: {order_told(row)}"
    reason = str(body.get("reason", ""))
    if reason and reason not in told:
        told = f"{told}: {reason}"
    return plain(called(told), WORDS_MAX)


class Alerts:
    """Tells the risks that are due."""

    def __init__(self, house: House, channel: FindChannel) -> None:
        self._house = house
        self._channel = channel

    async def tell(self, due: Sequence[Due]) -> None:
        """Tells these risks, each unless it was told before.

        Raises:
            Unavailable: there is no channel for alerts.
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
            raise Unavailable("there is no channel for alerts that the bot sees")
        message = await channel.send(words, nonce=nonce_of(Topic.ALERT.value, due.position))
        await keep(self._house, NoticeKind.ALERT, about, message)
