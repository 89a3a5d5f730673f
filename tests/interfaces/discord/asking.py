"""What tests of commands share: a community with a record, its bot, and what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from msgspec.structs import replace

from application.access import LOCAL_OPERATOR
from application.approving import approve
from application.desk import Command
from application.intake import SeenMessage, capture
from domain.messages import message_stream
from domain.signals import signal_stream
from interfaces.compose import DEFAULT_ACCOUNT, House
from interfaces.discord.bot import Bot
from interfaces.discord.settings import DiscordSettings
from tests.interfaces.discord.gateway import LoopbackDiscord, until
from tests.interfaces.discord.guild import Json, Post
from tests.interfaces.discord.interactions import Interaction
from tests.interfaces.discord.listening import NOON
from tests.patience import PATIENCE_S

CALL = "TSLA  261120C00250000"
SETTINGS = DiscordSettings(
    channels=("options", "stocks"),
    record="",
    approvers=frozenset({"Approver"}),
    admins=frozenset({"Admin"}),
)


class Community:
    """A house, its members in Discord, and what happens before somebody asks."""

    def __init__(self, house: House, loopback: LoopbackDiscord, folder: Path) -> None:
        self.house = house
        self.loopback = loopback
        self._folder = folder
        self._said = 0
        loopback.guild.person("Olga", "Approver")
        loopback.guild.person("Ada", "Admin")
        loopback.guild.person("Rob")

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[Bot]:
        """The bot, ready and with its commands known to the guild."""
        bot = Bot(self.house, SETTINGS, retry_s=0.1, guild_ready_timeout=0.1)
        async with self.loopback.running(bot):
            await until(lambda: self.loopback.asked_for("/commands") > 0)
            await until(lambda: bool(self.loopback.commands))
            yield bot

    def says(self, author: str, content: str, *, at: datetime | None = None) -> UUID:
        """Somebody posts, a minute after the one before; returns the signal that comes of it."""
        self._said += 1
        person = self.loopback.guild.person(author)
        self._last = SeenMessage(
            platform="discord",
            message_id=str(self._said),
            channel="options",
            author_id=str(person.id),
            author_name=author,
            content=content,
            posted_at=at or NOON + timedelta(minutes=self._said),
        )
        self._keep(self._last)
        return signal_stream(message_stream("discord", self._last.message_id), 0)

    def edits(self, content: str) -> None:
        """Whoever posted last changes their words, ten minutes later."""
        edited_at = self._last.posted_at + timedelta(minutes=10)
        self._keep(replace(self._last, content=content, edited_at=edited_at))

    def _keep(self, message: SeenMessage) -> None:
        capture(self.house.desk, [message], via="import", actor="test", at=self.house.clock.now())

    def quotes(self, bid: str, offer: str, *, symbol: str = CALL) -> None:
        """What the market shows of a call from now on for some hours."""
        rows = [
            f"{symbol},{(NOON + timedelta(minutes=minute)).isoformat()},{bid},{offer},50,50"
            for minute in range(-5, 300)
        ]
        file = self._folder / f"quotes-{uuid4().hex}.csv"
        file.write_text("\n".join(["symbol,time,bid,offer,bid_size,offer_size", *rows]))
        assert not self.house.import_market(file).bad

    def approves(self, signal: UUID) -> None:
        """The signal is traded in the account."""
        approve(
            self.house.desk,
            Command.given(uuid4(), actor="member:test", at=self.house.clock.now()),
            LOCAL_OPERATOR,
            signal=signal,
            account=DEFAULT_ACCOUNT,
            via="test",
            assessor=self.house.assessor,
        )

    def buys(self, strike: int = 250, bid: str = "2.20", offer: str = "2.30") -> UUID:
        """A signal that is approved and filled: at 2.30 of 100,000 USD, 43 calls."""
        self.quotes(bid, offer, symbol=f"TSLA  261120C00{strike}000")
        signal = self.says("Nora", f"BTO 2 TSLA {strike}c 11/20 @ {offer}")
        self.catch_up()
        self.approves(signal)
        self.catch_up()
        return signal

    def catch_up(self) -> None:
        self.house.catch_up()

    async def asks(
        self, words: str, who: str = "Rob", channel: str = "options", /, **options: Any
    ) -> Post:
        """What the bot answers to a command."""
        return await self.answered(await self.loopback.command(words, who, channel, **options))

    async def replays(self, given: Interaction) -> None:
        """The gateway tells of something again that it told before."""
        payload = given.payload(self.loopback.application_id)
        await self.loopback.sessions.tell("INTERACTION_CREATE", payload)

    async def presses(self, post: Post, start: str, by: str = "Rob") -> Post:
        """What stands there after a button is pressed whose id begins like this."""
        (button,) = [one for one in post.custom_ids if one.startswith(start)]
        return await self.answered(await self.loopback.press(post, button, by))

    async def answered(self, given: Interaction) -> Post:
        """The answer; meanwhile everything follows the tape.

        Raises:
            TimeoutError: there is none.
        """
        await given.acknowledged()
        async with asyncio.timeout(PATIENCE_S):
            while not given.is_answered:
                await asyncio.to_thread(self.house.catch_up)
                await asyncio.sleep(0.02)
        found = await given.answered()
        await asyncio.to_thread(self.house.catch_up)
        return found

    async def refused(self, given: Interaction) -> str:
        """What the bot says beside an answer that stays as it was."""
        await until(lambda: bool(given.followups))
        (refusal,) = given.followups
        assert refusal.is_ephemeral
        return refusal.content

    async def suggests(self, words: str, focused: str, typed: str) -> list[Json]:
        """What is suggested to somebody who types."""
        options = {focused: typed}
        return await self.loopback.suggest(words, "Rob", "options", focused, **options)

    def events(self, like: str = "%") -> list[str]:
        """The names of the stored events."""
        with psycopg.connect(self.house.database_url) as connection:
            rows = connection.execute(
                "SELECT name FROM tape.events WHERE name LIKE %s ORDER BY position", (like,)
            ).fetchall()
        return [row[0] for row in rows]


def told(post: Post) -> str:
    """All words of an answer."""
    parts = [post.content]
    for embed in post.embeds:
        parts += [embed.get("title", ""), embed.get("description", "")]
        parts.append(embed.get("footer", {}).get("text", ""))
    return "\n".join(part for part in parts if part)
