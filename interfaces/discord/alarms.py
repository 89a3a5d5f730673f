"""Alarms: what keeps the house from working is told to the operators alone, once for each cause.

Causes: a reaction or read model that stands still, messages that are not heard live, a database
that has been away for half a minute. When a cause is mended that is told too. What stands in the
channel is the memory of it, because the database may be what is away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta

import discord
import psycopg

from application.ports import PortError
from interfaces.compose import House
from interfaces.discord.members import called
from interfaces.discord.posting import FindChannel
from interfaces.discord.slash.answers import GAIN, LOSS, plain
from interfaces.ending import ended
from projections.clocks import clocks
from projections.messages import lags

EVERY_S = 5.0
AWAY_S = 30.0
LATELY = timedelta(minutes=10)
"""So long after the last late message, messages count as heard live again."""

LOOK_BACK = 100
WORDS_MAX = 1_000
DATABASE = "database"

STANDING, MENDED = "alarm", "mended"

LOST = (discord.HTTPException, discord.ClientException, OSError)

_log = logging.getLogger(__name__)


def causes_of(house: House) -> dict[str, str]:
    """What keeps the house from working, by a key that stays the same while it lasts.

    Raises:
        Unavailable, psycopg.Error: the database did not answer.
    """
    found = {}
    for step in house.reaction_statuses():
        if step.state == "stopped":
            found[f"reaction {step.name}"] = (
                f"The reaction **{step.name}** stands still at position {step.position}: "
                f"{plain(step.reason, WORDS_MAX)}"
            )
    for model in house.projection_statuses():
        if model.state in ("stopped", "parked"):
            verb = "stands still" if model.state == "stopped" else "left an event out"
            found[f"read model {model.projection}"] = (
                f"The read model **{model.projection}** {verb} at position {model.position}: "
                f"{plain(model.reason, WORDS_MAX)}"
            )
    with house.reader.connection() as connection:
        late = lags(connection, house.clock.now() - LATELY)
        told = clocks(connection)
    for clock in told:
        if clock.alarming:
            found[f"clock {clock.clock}"] = clock.in_words
    for lag in late:
        found[f"capture {lag.channel}"] = (
            f"Messages in **#{plain(lag.channel)}** are not heard live: {lag.late} in the last "
            f"{LATELY.seconds // 60} minutes, the worst {lag.worst_ms / 1_000:.1f} s late"
        )
    return found


class Alarms:
    """Looks every few seconds, and tells the operators what is new and what is over."""

    def __init__(
        self,
        house: House,
        client: discord.Client,
        channel: FindChannel,
        *,
        every_s: float = EVERY_S,
        away_s: float = AWAY_S,
        find: Callable[[House], Mapping[str, str]] = causes_of,
    ) -> None:
        self._house = house
        self._client = client
        self._channel = channel
        self._every_s = every_s
        self._away_s = away_s
        self._find = find
        self._standing: dict[str, int] | None = None
        self._lost_at: float | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look; a second start is none."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stops looking."""
        if self._task is not None:
            await ended([self._task])

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except LOST as error:
                _log.warning("the operators cannot be told: %s", error)
            await asyncio.sleep(self._every_s)

    async def look(self) -> None:
        """Tells what changed since the last look.

        Raises:
            discord.HTTPException, OSError: Discord did not take it; the next look tells it.
        """
        channel = self._channel()
        if channel is None:
            return
        if self._standing is None:
            self._standing = await self._told(channel)
        causes = await self._causes()
        if causes is None:
            return
        for key in causes.keys() - self._standing.keys():
            message = await channel.send(embed=_embed(causes[key], STANDING, key))
            self._standing[key] = message.id
            _log.error("told the operators: %s", key)
        for key in self._standing.keys() - causes.keys():
            if key == DATABASE or DATABASE not in causes:
                await self._mend(channel, key, self._standing[key])
                del self._standing[key]

    async def _causes(self) -> Mapping[str, str] | None:
        """What is wrong now; None while a lost database may come back soon."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            found = await asyncio.to_thread(self._find, self._house)
        except (PortError, psycopg.Error) as error:
            self._lost_at = self._lost_at or began
            away_s = loop.time() - self._lost_at
            _log.warning("the database has been away for %.0f s: %s", away_s, error)
            if away_s < self._away_s:
                return None
            words = f"The database does not answer: {plain(str(error), WORDS_MAX)}"
            return {DATABASE: f"{words}\nWhat is heard waits, and nothing is decided meanwhile."}
        self._lost_at = None
        return found

    async def _mend(self, channel: discord.TextChannel, key: str, alarm: int) -> None:
        reference = discord.MessageReference(
            message_id=alarm, channel_id=channel.id, fail_if_not_exists=False
        )
        embed = _embed(f"Mended: {called(key)}", MENDED, key)
        await channel.send(embed=embed, reference=reference)

    async def _told(self, channel: discord.TextChannel) -> dict[str, int]:
        """What the operators were told and not that it is mended, by the channel itself."""
        own = self._client.user
        latest: dict[str, tuple[str, int]] = {}
        async for message in channel.history(limit=LOOK_BACK):
            if own is None or message.author.id != own.id:
                continue
            for embed in message.embeds:
                state, _, key = (embed.footer.text or "").partition(" · ")
                if state in (STANDING, MENDED):
                    latest.setdefault(key, (state, message.id))
        return {key: number for key, (state, number) in latest.items() if state == STANDING}


def _embed(words: str, state: str, key: str) -> discord.Embed:
    embed = discord.Embed(description=words, colour=LOSS if state == STANDING else GAIN)
    return embed.set_footer(text=f"{state} · {key}")
