"""What tests of boards, milestones, alerts and alarms share: a bot that is quick to tell."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from application.desk import Command, Work
from domain.market import Mark, Quote
from interfaces.cli.running import working
from interfaces.discord.bot import Bot
from tests.interfaces.discord.asking import CALL, SETTINGS
from tests.interfaces.discord.deck import Deck
from tests.interfaces.discord.gateway import until
from tests.interfaces.discord.guild import Post
from tests.interfaces.discord.listening import NOON

PACE_S = 0.1


@asynccontextmanager
async def moving(deck: Deck, *, pace_s: float = PACE_S) -> AsyncIterator[Bot]:
    """The bot and a worker; figures move as often as they can."""
    for name in ("leaderboard", "alerts", "operators"):
        deck.loopback.guild.channel(name)
    bot = Bot(deck.house, SETTINGS, retry_s=0.1, pace_s=pace_s, guild_ready_timeout=0.1)
    with working(deck.house, threading.Event()):
        async with deck.loopback.running(bot):
            await until(lambda: bot.board.is_telling)
            yield bot


def marks(deck: Deck, bid: str, *, minute: int, symbol: str = CALL) -> None:
    """An instrument is marked at a minute after noon."""
    at = NOON + timedelta(minutes=minute)
    price = Decimal(bid)
    quote = Quote(symbol=symbol, bid=price, offer=price + Decimal("0.10"), time=at, source="test")
    work = Work(deck.house.desk)
    work.begin(Mark.record(quote, underlying_px=None, rate=Decimal(0), marked_at=at, at=at))
    work.save(Command.given(uuid4(), actor="test", at=at))
    work.commit()


def posts_in(deck: Deck, channel: str) -> list[Post]:
    """What the bot says in a channel."""
    own = deck.loopback.bot
    posts = deck.loopback.guild.channel(channel).posts.values()
    return [post for post in posts if post.author is own]
