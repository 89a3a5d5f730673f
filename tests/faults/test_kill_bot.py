"""A bot that is killed at any moment has, once it is back, every message once and in order.

Rounds by TRUETAPE_KILL_ROUNDS (5 unless told otherwise): the 500 acts are spread over them.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import psycopg
import pytest

from tests.interfaces.discord.bot import running_bot
from tests.interfaces.discord.gateway import LoopbackDiscord, until
from tests.interfaces.discord.guild import Post

ROUNDS = int(os.environ.get("TRUETAPE_KILL_ROUNDS", "5"))
ACTS = 500
PLACES = ("options", "TSLA", "stocks")
RECENT = 30
NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
PATIENCE_S = 60.0


class Crowd:
    """People who post, change and take back what they said, whoever listens."""

    def __init__(self, discord: LoopbackDiscord, chance: random.Random) -> None:
        self._discord = discord
        self._chance = chance
        self._recent: list[Post] = []
        self._said = 0
        self._acts = {self._say: 6, self._edit: 3, self._delete: 1}

    async def act(self, times: int, pause_s: float) -> None:
        """Does so many things, at uneven moments that are a pause apart on average."""
        for _ in range(times):
            kinds, weights = zip(*self._acts.items(), strict=True)
            (act,) = self._chance.choices(kinds, weights)
            await act()
            await asyncio.sleep(self._chance.uniform(0, 2 * pause_s))

    async def _say(self) -> None:
        self._said += 1
        place = self._chance.choice(PLACES)
        post = await self._discord.say(place, "Nora", f"words {self._said}")
        self._recent = [*self._recent[-RECENT:], post]

    async def _edit(self) -> None:
        if self._recent:
            self._said += 1
            post = self._chance.choice(self._recent)
            await self._discord.edit(post, f"other words {self._said}")

    async def _delete(self) -> None:
        if self._recent:
            post = self._recent.pop(self._chance.randrange(len(self._recent)))
            await self._discord.delete(post)


class Life(NamedTuple):
    """What is on record of a message: how it began, what it says, and how often it ended."""

    place: str
    words: str
    captured: int
    deleted: int


def lives(database_url: str) -> dict[int, Life]:
    """Every message on record by its id, in the order of the record."""
    found: dict[str, Life] = {}
    numbers: dict[str, int] = {}
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT stream::text, name, body FROM tape.events"
            " WHERE name LIKE 'message.%' ORDER BY position"
        )
        for stream, name, body in rows:
            said: dict[str, Any] = msgspec.json.decode(body)
            if name == "message.captured":
                numbers[stream] = int(said["message_id"])
                before = found.get(stream, Life(said["channel_id"], "", 0, 0))
                found[stream] = before._replace(words=said["content"], captured=before.captured + 1)
            elif name == "message.edited":
                found[stream] = found[stream]._replace(words=said["content"])
            else:
                found[stream] = found[stream]._replace(deleted=found[stream].deleted + 1)
    return {numbers[stream]: life for stream, life in found.items()}


def standing(discord: LoopbackDiscord) -> dict[int, str]:
    """What can be read in the watched places now."""
    return {
        number: post.content
        for place in PLACES
        for number, post in discord.guild.channel(place).posts.items()
    }


def is_told(discord: LoopbackDiscord, database_url: str) -> bool:
    """Whether the record says what the channels show."""
    recorded = lives(database_url)
    shown = {number: life.words for number, life in recorded.items() if not life.deleted}
    return shown == standing(discord)


async def settled(discord: LoopbackDiscord, database_url: str) -> None:
    """Waits until the record is told; what is wrong with it the caller's assertions say."""
    with suppress(TimeoutError):
        await until(lambda: is_told(discord, database_url), PATIENCE_S)


async def back(discord: LoopbackDiscord, before: int) -> None:
    """Waits until a bot is connected again."""
    await until(lambda: discord.sessions.identified > before, PATIENCE_S)


@pytest.mark.slow
async def test_a_killed_bot_has_every_message_once_and_in_order(
    database_url: str, redis_url: str
) -> None:
    chance = random.Random(17)
    async with LoopbackDiscord(NOON) as discord:
        discord.guild.thread("TSLA", discord.guild.channel("options"))
        discord.guild.channel("stocks")
        crowd = Crowd(discord, chance)
        watched = (database_url, redis_url, "options", "stocks")
        with running_bot(discord, *watched):
            await back(discord, 0)
            for place in PLACES:
                await discord.say(place, "Nora", "the first words")
            await settled(discord, database_url)
        for _ in range(ROUNDS):
            before = discord.sessions.identified
            await crowd.act(ACTS // ROUNDS // 4, 0)
            with running_bot(discord, *watched):
                talk = asyncio.create_task(crowd.act(ACTS // ROUNDS * 3 // 4, 2.0 / ACTS * ROUNDS))
                await back(discord, before)
                await asyncio.sleep(chance.uniform(0, 1.2))
            await talk
        with running_bot(discord, *watched):
            await settled(discord, database_url)

        recorded = lives(database_url)
        shown = {number: life.words for number, life in recorded.items() if not life.deleted}
        assert shown == standing(discord)
        assert Counter(life.captured for life in recorded.values()) == {1: len(recorded)}
        assert {life.deleted for life in recorded.values()} == {0, 1}
        for place in PLACES:
            number = str(discord.guild.channel(place).id)
            order = [message for message, life in recorded.items() if life.place == number]
            assert order == sorted(order)
        assert len(recorded) > ACTS / 3

        before = discord.sessions.identified
        with running_bot(discord, *watched):
            await back(discord, before)
            await asyncio.sleep(1.0)
        assert lives(database_url) == recorded
