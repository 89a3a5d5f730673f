"""Milestones: how far open positions have come, told when that has moved by five points.

Each position is compared with what was told of it last, or with its entry; all that have moved
far enough go into one message. Told are positions of signals that have a card: of what was
imported long after, nobody wants to hear.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import discord
from psycopg import Connection

from domain.notices import Notice, NoticeKind, notice_stream
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.fitting import joined
from interfaces.discord.posting import FindChannel, keep, look, nonce_of
from interfaces.discord.slash.answers import plain, short
from interfaces.wording import moment, money, percent, price
from projections.naming import title_of
from projections.position_pages import running
from projections.positions import PositionRow
from projections.trader_profiles import names_of

STEP = Decimal("0.05")
"""How far a position's P&L has to move, over what was paid to enter, to be told again."""

LINES_MAX = 8
KNOWN_MAX = 10_000

ZERO = Decimal(0)


class Milestone(NamedTuple):
    """A position that has moved far enough, and the figure that was told of it last."""

    row: PositionRow
    trader: str
    last: Decimal | None

    @property
    def moved(self) -> Decimal:
        return self.row.pnl_ratio - (self.last or ZERO)

    @property
    def words(self) -> str:
        row = self.row
        before = "" if self.last is None else f"; it was {percent(self.last)} when last told"
        return (
            f"**{plain(self.trader)}** {row.side.upper()} {title_of(row.symbol)}: "
            f"**{percent(row.pnl_ratio)}**, P&L {money(row.pnl, sign=True)}, "
            f"mark {price(row.mark)} of {moment(row.marked_at)} UTC{before} "
            f"({short(row.position)})"
        )


def is_due(ratio: Decimal, last: Decimal | None) -> bool:
    """Whether a P&L of this ratio is told, after that one was."""
    return abs(ratio - (last or ZERO)) >= STEP


class Milestones:
    """Tells how far positions have come."""

    def __init__(self, house: House, channel: FindChannel) -> None:
        self._house = house
        self._channel = channel
        self._told: dict[UUID, Decimal | None] = {}
        self._carded: set[UUID] = set()

    async def tell(self) -> bool:
        """Tells the positions that moved most, in one message; whether there are more to tell.

        Raises:
            discord.HTTPException, OSError, psycopg.OperationalError: somebody did not answer.
        """
        channel = self._channel()
        if channel is None:
            return False
        moved = await look(self._house, running)
        await asyncio.to_thread(self._learn, [row.position for row in moved])
        due = await look(self._house, lambda connection: self._due(connection, moved))
        if not due:
            return False
        return await self._post(channel, due) < len(due)

    def _due(self, connection: Connection[Any], rows: Iterable[PositionRow]) -> list[Milestone]:
        """What is to be told, the farthest moved first."""
        due = [
            row
            for row in rows
            if row.position in self._carded and is_due(row.pnl_ratio, self._told.get(row.position))
        ]
        names = names_of(connection, {row.book for row in due})
        found = [
            Milestone(row, names.get(row.book, ""), self._told.get(row.position)) for row in due
        ]
        return sorted(found, key=lambda one: (-abs(one.moved), one.row.position))

    def _learn(self, positions: Sequence[UUID]) -> None:
        """Looks up what was told of positions, and which of them have a card."""
        if len(self._told) > KNOWN_MAX:
            self._told.clear()
            self._carded.clear()
        wanted = [one for one in positions if one not in self._told or one not in self._carded]
        streams = {
            notice_stream(DISCORD, kind, position): (kind, position)
            for position in wanted
            for kind in (NoticeKind.CARD, NoticeKind.MILESTONE)
        }
        loaded = self._house.desk.load(streams)
        for stream, (kind, position) in streams.items():
            notice = loaded.get(stream)
            if kind is NoticeKind.MILESTONE:
                self._told[position] = notice.figure if isinstance(notice, Notice) else None
            elif notice is not None:
                self._carded.add(position)

    async def _post(self, channel: discord.TextChannel, due: Sequence[Milestone]) -> int:
        """Posts as many as fit into one message; how many those were."""
        words, count = joined([one.words for one in due[:LINES_MAX]])
        figures = [f"{one.row.position} {one.row.pnl_ratio}" for one in due[:count]]
        message = await channel.send(words, nonce=nonce_of("milestones", *figures))
        for one in due[:count]:
            position, figure = one.row.position, one.row.pnl_ratio
            await keep(self._house, NoticeKind.MILESTONE, position, message, figure)
            self._told[position] = figure
        return count
