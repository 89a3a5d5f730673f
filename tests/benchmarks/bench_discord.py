"""From the gateway's event to the committed one, and a burst that nobody can type.

The bot runs in a process of its own, as it does in production; the loopback Discord is in this
one. Committed is what PostgreSQL notifies another session of, which it does after the durable
commit. The bare cost is that of one row in one prepared statement on the same server, measured
between the posts.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec
import psycopg

from tests.benchmarks.bench_append import RAW_COLUMNS, raw_rows, raw_table
from tests.benchmarks.harness import Measured, benchmark, fresh_database, redis_url, seconds
from tests.interfaces.discord.bot import running_bot
from tests.interfaces.discord.gateway import LoopbackDiscord, until

POSTS = 2_000
BLOCK = 4
PACE_S = 0.005
BURST = 5_000
WARM_UP = 200
WORDS = "BTO 2 SPXW 5900C 01/05 @ 4.20, stop 2.10, first target 6.30"


class Latencies(NamedTuple):
    """Milliseconds: the median and the 99th percentile of the posts, the median of a bare row."""

    p50: float
    p99: float
    bare: float

    @property
    def note(self) -> str:
        return (
            f"{POSTS} posts: p50 {self.p50:.2f} ms, p99 {self.p99:.2f} ms; a bare durable row "
            f"{self.bare:.2f} ms, the median post is {self.p50 / self.bare:.1f} times that"
        )


@benchmark("discord_capture_p50", unit="ms", limit=5, better="lower")
def discord_capture_p50() -> Measured:
    """The median time from a gateway event to the committed one."""
    found = _latencies()
    return Measured(found.p50, found.note)


@benchmark("discord_capture_p99", unit="ms", limit=25, better="lower")
def discord_capture_p99() -> Measured:
    """What all but one of a hundred posts take at most."""
    found = _latencies()
    return Measured(found.p99, found.note)


@benchmark("discord_burst", unit="s for 5,000 messages", limit=10, better="lower")
def discord_burst() -> Measured:
    """As fast as the gateway can send them; each must be on the tape, once and in its order."""
    with fresh_database() as url:
        sent, took = asyncio.run(_burst(url))
    note = f"{BURST:,} messages were sent in {sent:.1f} s and all were kept, in their order"
    return Measured(took, note)


class _Commits:
    """When each position of the tape was committed, as another session is told."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], head: int) -> None:
        self._connection = connection
        self.first = self.head = head
        self.times: list[float] = []
        self.task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        async for told in self._connection.notifies():
            now = time.perf_counter()
            head = int(told.payload)
            self.times += [now] * (head - self.head)
            self.head = head


class _Measuring(NamedTuple):
    discord: LoopbackDiscord
    commits: _Commits
    bot: subprocess.Popen[bytes]

    async def say(self) -> float:
        """Posts, and tells when."""
        began = time.perf_counter()
        await self.discord.say("options", "Nora", WORDS)
        return began

    async def settled(self, said: int) -> None:
        """Waits until so many are committed."""
        assert self.bot.poll() is None, "the bot ended"
        await until(lambda: len(self.commits.times) >= said)


@asynccontextmanager
async def _measuring(url: str) -> AsyncIterator[_Measuring]:
    """A bot that listens and is warm."""
    async with (
        LoopbackDiscord(datetime.now(UTC)) as discord,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as connection,
    ):
        discord.guild.channel("options")
        await connection.execute("LISTEN tape")
        with running_bot(discord, url, redis_url(), "options") as bot:
            await until(lambda: discord.sessions.identified == 1)
            cursor = await connection.execute("SELECT max(position) FROM tape.events")
            (head,) = await cursor.fetchone() or (0,)
            measuring = _Measuring(discord, _Commits(connection, head), bot)
            for _ in range(WARM_UP):
                await measuring.say()
            await measuring.settled(WARM_UP)
            yield measuring
            measuring.commits.task.cancel()


@cache
def _latencies() -> Latencies:
    with fresh_database() as url:
        return asyncio.run(_measure(url))


async def _measure(url: str) -> Latencies:
    """Posts in a steady pace, and after every few of them one bare row."""
    took: list[float] = []
    bare: list[float] = []
    async with _measuring(url) as measuring:
        with raw_table(url) as connection:
            for row in raw_rows(POSTS // BLOCK, 1):
                before = len(measuring.commits.times)
                said = await _block(measuring)
                committed = measuring.commits.times[before:]
                took += [there - began for began, there in zip(said, committed, strict=True)]
                bare.append(_insert(connection, row[0]))
    percentiles = statistics.quantiles(took, n=100)
    return Latencies(1e3 * percentiles[49], 1e3 * percentiles[98], 1e3 * statistics.median(bare))


async def _block(measuring: _Measuring) -> list[float]:
    before = len(measuring.commits.times)
    said = []
    for _ in range(BLOCK):
        said.append(await measuring.say())
        await asyncio.sleep(PACE_S)
    await measuring.settled(before + BLOCK)
    return said


def _insert(connection: psycopg.Connection, row: tuple[Any, ...]) -> float:
    insert = f"INSERT INTO raw ({RAW_COLUMNS}) VALUES (%b, %b, %t, %b, %t, %b, %b)"
    return seconds(lambda: connection.execute(insert, row, prepare=True))


async def _burst(url: str) -> tuple[float, float]:
    """How long the sending took, and how long it was from there until all was committed."""
    async with _measuring(url) as measuring:
        began = time.perf_counter()
        for _ in range(BURST):
            await measuring.say()
        sent = time.perf_counter() - began
        await measuring.settled(WARM_UP + BURST)
        took = measuring.commits.times[-1] - began
        expected = [str(number) for number in measuring.discord.guild.channel("options").posts]
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT body FROM tape.events WHERE name = 'message.captured' ORDER BY position"
        ).fetchall()
    kept = [msgspec.json.decode(body)["message_id"] for (body,) in rows]
    assert kept == expected, "a message of the burst is missing, is there twice, or out of order"
    return sent, took
