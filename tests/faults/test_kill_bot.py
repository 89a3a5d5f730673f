"""`truetape bot` is killed at any moment; once it is back the record and the channels are whole.

Every message is on record once and in order, every click decided once, every card shows what is
on record. Rounds by TRUETAPE_KILL_ROUNDS (3 unless told otherwise): the 500 posts, edits,
deletions and clicks are spread over them.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg
import pytest

from application.desk import derived_id
from domain.grammar.dates import third_friday
from interfaces.compose import House, open_house
from interfaces.discord.cards import card_of
from interfaces.discord.telling import lines_of
from interfaces.settings import Settings
from projections.timeline import timeline
from tests.faults.crowd import PLACES, Crowd
from tests.interfaces.discord.bot import running_command
from tests.interfaces.discord.deck import signal_of
from tests.interfaces.discord.gateway import TOKEN, LoopbackDiscord, until
from tests.interfaces.discord.guild import Channel, Json
from tests.opened_tape import opened_tape
from tests.patience import PATIENCE_S

FORESEEN = ("Checks", "It would move")
ROUNDS = int(os.environ.get("TRUETAPE_KILL_ROUNDS", "3"))
ACTS = 500
BEFORE = timedelta(minutes=15)
"""The guild's clock moves a second with each message: nothing is posted in the future."""
LIFE_S = 3.0
"""A bot that lives so long after it was let in has told what was due."""
STEP_S = 0.1
DECIDING = ("signal.approved", "signal.rejected", "signal.expired")


class Life(NamedTuple):
    """What is on record of a message: how it began, what it says, and how often it ended."""

    place: str
    is_hearsay: bool
    """First heard of when it was edited: it was posted and deleted while nobody listened."""
    words: str
    captured: int
    deleted: int


class Stage:
    """A guild, the record, and one bot after the other."""

    def __init__(self, discord: LoopbackDiscord, house: House, log: Path) -> None:
        self.discord = discord
        self.house = house
        self.log = log
        self.surroundings = {
            "TRUETAPE_DATABASE_URL": house.database_url,
            "TRUETAPE_REDIS_URL": house.redis_url,
            "TRUETAPE_MASTER_KEY": str(house.subjects.master_key),
            "TRUETAPE_DISCORD_TOKEN": TOKEN,
            "TRUETAPE_DISCORD_CHANNELS": "options,stocks",
            "TRUETAPE_DISCORD_APPROVERS": "Approver",
            "TRUETAPE_DISCORD_ALERTS": "",
            "TRUETAPE_DISCORD_OPERATORS": "",
            "TRUETAPE_DISCORD_BOARD": "",
            "TRUETAPE_DISCORD_RECORD": "",
        }

    def bot(self) -> AbstractContextManager[Any]:
        """`truetape bot` as long as a block lasts."""
        return running_command(self.discord, self.surroundings, self.log.open("ab"))

    async def back(self, before: int) -> None:
        """Waits until a bot is connected again."""
        await until(lambda: self.discord.sessions.identified > before)

    async def works(self, before: int) -> None:
        """Waits until a bot is connected again and records: however slow it is, it dies at work."""
        head = self.house.head()
        await self.back(before)
        await until(lambda: self.house.head() > head)

    def rows(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.house.database_url) as connection:
            return connection.execute(query.encode(), given).fetchall()

    def is_told(self) -> bool:
        """Whether the record says what the channels show, and all that follows is shown."""
        return shown(lives(self)) == standing(self.discord) and self._is_quiet() and not wrong(self)

    def _is_quiet(self) -> bool:
        head = self.house.head()
        reached = [one.position for one in self.house.reaction_statuses()]
        reached += [one.position for one in self.house.projection_statuses()]
        due = self.rows("SELECT 1 FROM tape.reaction_memory WHERE starts_with(key, 'due:')")
        return not due and set(reached) == {head}


def lives(stage: Stage) -> dict[int, Life]:
    """Every message on record by its id, in the order of the record."""
    found: dict[str, Life] = {}
    numbers: dict[str, int] = {}
    heard = "name IN ('message.captured', 'message.edited', 'message.deleted')"
    for event in opened_tape(stage.house, heard):
        stream, name, said = str(event.stream), event.name, event.body
        if name == "message.captured":
            numbers[stream] = int(said["message_id"])
            hearsay = said["via"] == "gateway" and said.get("edited_at") is not None
            before = found.get(stream, Life(said["channel_id"], hearsay, "", 0, 0))
            found[stream] = before._replace(words=said["content"], captured=before.captured + 1)
        elif name == "message.edited":
            found[stream] = found[stream]._replace(words=said["content"])
        else:
            found[stream] = found[stream]._replace(deleted=found[stream].deleted + 1)
    return {numbers[stream]: life for stream, life in found.items()}


def shown(recorded: dict[int, Life]) -> dict[int, str]:
    """What the record says can be read now."""
    return {number: life.words for number, life in recorded.items() if not life.deleted}


def standing(discord: LoopbackDiscord) -> dict[int, str]:
    """What can be read in the watched places now."""
    return {
        number: post.content
        for place in PLACES
        for number, post in discord.guild.channel(place).posts.items()
    }


def wrong(stage: Stage) -> list[str]:
    """What is otherwise in the channels than it is on record; a signal has one card."""
    found = []
    cards = Crowd.cards_of(stage.discord)
    signals = [row[0] for row in stage.rows("SELECT stream FROM tape.events"
                                            " WHERE name = 'signal.posted'")]  # fmt: skip
    if sorted(map(signal_of, cards)) != sorted(signals):
        found.append(f"{len(cards)} cards stand there of {len(signals)} signals")
    with stage.house.reader.connection() as connection:
        for post in cards:
            signal = signal_of(post)
            true = card_of(connection, signal)
            assert true is not None
            truth = as_sent(true.embed.to_dict())
            if [on_record(embed) for embed in post.embeds] != [on_record(truth)]:
                found.append(f"the card of {signal} shows {post.embeds} and not {truth}")
            if post.components != as_sent(true.view.to_components()):
                found.append(f"below the card of {signal}: {post.custom_ids}")
            story = timeline(connection, signal, descending=False, limit=500)
            lines = list(lines_of(connection, signal, [event.position for event in story]))
            thread = stage.discord.guild.channel_of(post.id)
            if thread is None or told_in(thread) != lines:
                found.append(f"the thread of {signal} tells otherwise than {lines}")
    return found


def on_record(embed: Json) -> Json:
    """A card without what was foreseen when it was drawn: that is of its moment."""
    fields = [field for field in embed.get("fields", ()) if field["name"] not in FORESEEN]
    return {**embed, "fields": fields}


def as_sent(value: Any) -> Any:
    """As it comes over HTTP."""
    decoded: list[Json] | Json = msgspec.json.decode(msgspec.json.encode(value))
    return decoded


def told_in(thread: Channel) -> list[int]:
    """The places on the tape that a thread tells of, in its order."""
    words = "\n".join(post.content for post in thread.posts.values())
    return [int(found) for found in re.findall(r"^`(\d+)` ", words, re.MULTILINE)]


async def eventually(condition: Callable[[], bool]) -> None:
    """Waits until something is true; what is wrong otherwise the caller's assertions say."""
    ends = time.monotonic() + PATIENCE_S

    def wait() -> None:
        while not condition() and time.monotonic() < ends:
            time.sleep(STEP_S)

    await asyncio.to_thread(wait)


def assert_every_message_once_and_in_order(stage: Stage) -> None:
    recorded = lives(stage)
    assert shown(recorded) == standing(stage.discord)
    assert Counter(life.captured for life in recorded.values()) == {1: len(recorded)}
    assert {life.deleted for life in recorded.values()} == {0, 1}
    for place in PLACES:
        number = str(stage.discord.guild.channel(place).id)
        order = [
            message
            for message, life in recorded.items()
            if life.place == number and not life.is_hearsay
        ]
        assert order == sorted(order)
    assert all(life.deleted for life in recorded.values() if life.is_hearsay)
    assert len(recorded) > ACTS / 4


def assert_every_click_decided_once(stage: Stage, crowd: Crowd) -> None:
    """By signal: one decision. By click: one command at most, with one answer on record."""
    decisions = Counter(
        row[0] for row in stage.rows(
            "SELECT stream FROM tape.events WHERE name = ANY(%s)", list(DECIDING)
        )
    )  # fmt: skip
    assert set(decisions.values()) == {1}
    assert crowd.wanted <= decisions.keys()
    commands = [derived_id("discord", str(one.id)) for one in stage.discord.interactions.values()]
    answers = Counter(
        row[0] for row in stage.rows(
            "SELECT command_id FROM tape.events WHERE command_id = ANY(%s)"
            " AND (name LIKE 'signal.approv%%' OR name LIKE 'signal.reject%%')", commands
        )
    )  # fmt: skip
    assert set(answers.values()) == {1}
    assert len(answers) > len(decisions)


@pytest.mark.slow
async def test_a_killed_bot_loses_nothing_and_does_nothing_twice(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    chance, now = random.Random(17), datetime.now(UTC)
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings) as house:
        async with LoopbackDiscord(now - BEFORE) as discord:
            discord.guild.thread("TSLA", discord.guild.channel("options"))
            for name in ("stocks", "signals", "trades"):
                discord.guild.channel(name)
            stage = Stage(discord, house, tmp_path / "bot.log")
            crowd = Crowd(discord, chance, third_friday(now.year + 2, 1))
            await play(stage, crowd, chance)
            assert_every_message_once_and_in_order(stage)
            assert wrong(stage) == []
            assert_every_click_decided_once(stage, crowd)
            assert "Traceback" not in stage.log.read_text()


async def play(stage: Stage, crowd: Crowd, chance: random.Random) -> None:
    """Kills bot after bot; the last one is left to put everything right."""
    with stage.bot():
        await stage.back(0)
        for place in PLACES:
            await stage.discord.say(place, "Nora", "the first words")
        await crowd.begin()
        await eventually(stage.is_told)
        assert crowd.cards(), "the first bot tells nothing"
    share = ACTS // ROUNDS
    for _ in range(ROUNDS):
        before = stage.discord.sessions.identified
        await crowd.act(share // 4, 0)
        with stage.bot():
            await asyncio.gather(stage.works(before), crowd.act(share // 4, LIFE_S / share))
            talk = asyncio.create_task(crowd.act(share - share // 4 * 2, LIFE_S / share))
            await asyncio.sleep(chance.uniform(0, LIFE_S))
        await talk
    before = stage.discord.sessions.identified
    with stage.bot():
        await stage.back(before)
        await crowd.insist()
        await eventually(stage.is_told)
        await crowd.decide()
        await eventually(stage.is_told)
