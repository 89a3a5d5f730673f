"""A bot that is killed at any moment posts each checkpoint once, and leaves none out unsaid.

Rounds by TRUETAPE_KILL_ROUNDS (3 unless told otherwise).
"""

from __future__ import annotations

import asyncio
import os
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from interfaces.compose import House, open_house
from interfaces.settings import Settings
from projections.log_checkpoints import recent_checkpoints
from tests.interfaces.discord.asking import Community
from tests.interfaces.discord.bot import running_command
from tests.interfaces.discord.gateway import TOKEN, LoopbackDiscord, until
from tests.interfaces.discord.guild import Post

ROUNDS = int(os.environ.get("TRUETAPE_KILL_ROUNDS", "3"))
BEFORE = timedelta(minutes=15)
"""The guild's clock moves a second with each message: nothing is posted in the future."""
LIFE_S = 2.0
PAUSE_S = 0.1
PLACE = re.compile(r"`(\d+)` \*\*Checkpoint\*\*")
LEFT_OUT = re.compile(r"([\d,]+) more checkpoints? w")


def surroundings(house: House, home: Path) -> dict[str, str]:
    """A bot that has one channel, and follows what this process moves along."""
    switched_off = ("SIGNALS", "TRADES", "ALERTS", "OPERATORS", "BOARD")
    return {
        "TRUETAPE_HOME": str(home),
        "TRUETAPE_DATABASE_URL": house.database_url,
        "TRUETAPE_REDIS_URL": house.redis_url,
        "TRUETAPE_WORKER": "elsewhere",
        "TRUETAPE_DISCORD_TOKEN": TOKEN,
        "TRUETAPE_DISCORD_CHANNELS": "options",
        **{f"TRUETAPE_DISCORD_{name}": "" for name in switched_off},
    }


def seal(house: House, community: Community) -> None:
    """Something happens and is signed."""
    community.says("Nora", "hello")
    sealer = house.log.sealer()
    sealer.seal(sealer.integrate(), house.clock.now())
    house.catch_up()


async def posts_more(channel: dict[int, Post], house: House, community: Community) -> None:
    """Waits until a bot is there and at work: however slow it is, it dies at it."""
    before = len(channel)
    await asyncio.to_thread(seal, house, community)
    await until(lambda: len(channel) > before)


async def seal_for(house: House, community: Community, lasting_s: float) -> None:
    deadline = asyncio.get_running_loop().time() + lasting_s
    while asyncio.get_running_loop().time() < deadline:
        await asyncio.to_thread(seal, house, community)
        await asyncio.sleep(PAUSE_S)


def positions(house: House) -> list[int]:
    with house.reader.connection() as connection:
        return [row.position for row in recent_checkpoints(connection, 10_000)][::-1]


def told(posts: list[Post]) -> list[int]:
    """The places on the tape of what is posted, in the order of the channel."""
    return [int(found[1]) for post in posts if (found := PLACE.match(post.content))]


def left_out(posts: list[Post]) -> int:
    words = [str(embed.get("description", "")) for post in posts for embed in post.embeds]
    return sum(int(found[1].replace(",", "")) for each in words if (found := LEFT_OUT.match(each)))


@pytest.mark.slow
async def test_each_checkpoint_is_posted_once_though_bots_are_killed(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    chance, log = random.Random(29), tmp_path / "bot.log"
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings) as house:
        async with LoopbackDiscord(datetime.now(UTC) - BEFORE) as discord:
            for name in ("options", "record"):
                discord.guild.channel(name)
            community = Community(house, discord, tmp_path)
            around = surroundings(house, tmp_path)
            channel = discord.guild.channel("record").posts
            for _ in range(ROUNDS):
                with running_command(discord, around, log.open("ab")):
                    await posts_more(channel, house, community)
                    await seal_for(house, community, chance.uniform(0, LIFE_S))
                await asyncio.to_thread(seal, house, community)
            with running_command(discord, around, log.open("ab")):
                last = await asyncio.to_thread(positions, house)
                await until(lambda: last[-1] in told(list(channel.values())))
    posts = list(channel.values())
    found = told(posts)
    assert found == sorted(set(found)), log.read_text()
    assert len(found) + left_out(posts) == len(last)
    assert set(found) <= set(last)
    assert len(found) > ROUNDS
    assert "Traceback" not in log.read_text()
