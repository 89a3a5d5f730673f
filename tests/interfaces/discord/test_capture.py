"""The bot that only listens: what it keeps of a Discord on loopback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import discord
import msgspec
import psycopg
import pytest

from interfaces.clock import SetClock
from interfaces.compose import House, open_house
from interfaces.discord.capture import CaptureClient
from interfaces.settings import Settings
from tests.interfaces.discord.gateway import LoopbackDiscord, until
from tests.interfaces.discord.rest import UNAVAILABLE

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


class Record:
    """What the tape says of messages."""

    def __init__(self, url: str) -> None:
        self._url = url

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Name and body of each event, in their order."""
        with psycopg.connect(self._url) as connection:
            rows = connection.execute(
                "SELECT name, body FROM tape.events WHERE name LIKE 'message.%' ORDER BY position"
            ).fetchall()
        return [(name, msgspec.json.decode(body)) for name, body in rows]

    def told(self) -> list[str]:
        """Each event in a few words."""
        return [
            f"{name.removeprefix('message.')} {body.get('content', '')}".strip()
            for name, body in self.events()
        ]


@pytest.fixture
def house(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[House]:
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings, SetClock(NOON)) as opened:
        yield opened


@pytest.fixture
def record(house: House, database_url: str) -> Record:
    return Record(database_url)


@pytest.fixture
async def loopback() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord(NOON) as running:
        for name in ("options", "stocks", "lounge"):
            running.guild.channel(name)
        yield running


def listener(house: House, *, pause_s: float = 0.1) -> CaptureClient:
    """The bot, less patient than it is with the real Discord; ready after a pause."""
    channels = ["options", "stocks"]
    return CaptureClient(house, channels, retry_s=0.1, guild_ready_timeout=pause_s)


async def heard(record: Record, *told: str) -> None:
    """Waits for what the record says in the end, and that nothing follows."""
    try:
        await until(lambda: record.told() == list(told))
    except TimeoutError:
        assert record.told() == list(told)
    await asyncio.sleep(0.1)
    assert record.told() == list(told)


async def away(house: House, loopback: LoopbackDiscord, record: Record, *told: str) -> None:
    """A bot that heard `told` in one channel and went away, its record read to the end."""
    async with loopback.running(listener(house)):
        for words in told:
            await loopback.say("options", "Nora", words)
        await heard(record, *(f"captured {words}" for words in told))
    await asyncio.to_thread(house.catch_up)


async def test_a_message_is_kept_as_it_was_said(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        first = await loopback.say("options", "Nora", "BTO 2 TSLA 250c @ 2.28")
        card = {"title": "Entry", "description": "now", "fields": [{"name": "at", "value": "2"}]}
        second = await loopback.say("options", "Max", embeds=[card], reply_to=first)
        await until(lambda: len(record.events()) == 2)
    (_, said), (_, answered) = record.events()
    assert (said["message_id"], said["channel"]) == (str(first.id), "options")
    assert (said["author_id"], said["author_name"]) == (str(first.author.id), "Nora")
    assert said["posted_at"] == first.posted_at.isoformat().replace("+00:00", "Z")
    assert said["via"] == "gateway"
    assert (answered["message_id"], answered["reply_to"]) == (str(second.id), str(first.id))
    assert answered["embeds"] == [card]


async def test_changes_and_deletions_are_kept_the_moment_they_happen(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        post = await loopback.say("options", "Nora", "BTO TSLA 250c @ 2.28")
        await heard(record, "captured BTO TSLA 250c @ 2.28")
        await loopback.edit(post, "BTO TSLA 250c @ 2.18")
        await heard(record, "captured BTO TSLA 250c @ 2.28", "edited BTO TSLA 250c @ 2.18")
        await loopback.delete(post)
        await until(lambda: record.told()[2:] == ["deleted"])


async def test_other_channels_are_nobodys_business(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        post = await loopback.say("lounge", "Nora", "between us")
        await loopback.edit(post, "between you and me")
        await loopback.delete(post)
        await loopback.say("stocks", "Nora", "BTO SPY @ 600")
        await heard(record, "captured BTO SPY @ 600")


async def test_a_purge_takes_all_its_messages(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        posts = [await loopback.say("options", "Nora", words) for words in ("one", "two", "three")]
        await loopback.purge(posts[:2])
        await heard(record, "captured one", "captured two", "captured three", "deleted", "deleted")


async def test_what_was_never_kept_is_not_deleted(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    old = await loopback.say("options", "Nora", "long ago")
    async with loopback.running(listener(house)):
        await loopback.delete(old)
        await loopback.say("options", "Nora", "now")
        await heard(record, "captured now")


async def test_an_edit_of_a_message_from_before_keeps_the_message(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    old = await loopback.say("options", "Nora", "long ago")
    async with loopback.running(listener(house)):
        await loopback.edit(old, "not so long ago")
        await heard(record, "captured not so long ago")


async def test_events_are_kept_in_the_order_in_which_they_happened(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    """Bots and moderators change and delete within milliseconds."""
    async with loopback.running(listener(house)):
        for number in range(20):
            post = await loopback.say("options", "Nora", f"first words {number}")
            await loopback.edit(post, f"second words {number}")
            if number % 2:
                await loopback.delete(post)
        await loopback.say("options", "Nora", "the end")
        await until(lambda: "captured the end" in record.told())
    lives: dict[str, list[str]] = {}
    with psycopg.connect(house.database_url) as connection:
        for stream, name, body in connection.execute(
            "SELECT stream::text, name, body FROM tape.events"
            " WHERE name LIKE 'message.%' ORDER BY position"
        ):
            words = msgspec.json.decode(body).get("content", "").partition(" ")[0]
            lives.setdefault(stream, []).append(f"{name} {words}".strip())
    kept = list(lives.values())
    assert kept[:-1:2] == [["message.captured first", "message.edited second"]] * 10
    gone = ["message.captured first", "message.edited second", "message.deleted"]
    assert kept[1::2] == [gone] * 10


async def test_what_was_said_while_nobody_listened_is_fetched_once(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    await away(house, loopback, record, "one")
    for words in ("two", "three"):
        await loopback.say("options", "Nora", words)
    async with loopback.running(listener(house)):
        await heard(record, "captured one", "captured two", "captured three")
    await asyncio.to_thread(house.catch_up)
    async with loopback.running(listener(house)):
        await heard(record, "captured one", "captured two", "captured three")


async def test_a_channel_without_a_record_begins_with_what_is_said_now(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    await loopback.say("options", "Nora", "long ago")
    async with loopback.running(listener(house)):
        await loopback.say("options", "Nora", "now")
        await heard(record, "captured now")
    assert loopback.asked_for("/messages") == 0


async def test_what_is_live_waits_until_the_history_is_there(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    """Kept first, it would hide the gap before it: the next start asks from there on."""
    await away(house, loopback, record, "one")
    await loopback.say("options", "Nora", "missed")
    client = listener(house, pause_s=1.0)
    before = loopback.sessions.identified

    async def speak_at_once() -> None:
        await until(lambda: loopback.sessions.identified > before)
        await loopback.say("options", "Nora", "live")
        await asyncio.sleep(0.3)
        await asyncio.to_thread(house.catch_up)

    speaking = asyncio.create_task(speak_at_once())
    async with loopback.running(client):
        await speaking
        await heard(record, "captured one", "captured missed", "captured live")


async def test_a_lost_connection_loses_nothing(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        post = await loopback.say("options", "Nora", "before")
        await heard(record, "captured before")
        async with loopback.outage():
            await loopback.say("options", "Nora", "meanwhile")
            await loopback.delete(post)
        await heard(record, "captured before", "captured meanwhile", "deleted")
    assert loopback.sessions.resumed == 1


@pytest.mark.slow
async def test_a_forgotten_session_is_made_up_for_by_the_history(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    """The library waits five seconds before it identifies again."""
    await away(house, loopback, record, "one")
    async with loopback.running(listener(house)):
        async with loopback.outage(forgetting=True):
            await loopback.say("options", "Nora", "missed")
        await until(lambda: loopback.sessions.identified == 3)
        await loopback.say("options", "Nora", "live")
        await heard(record, "captured one", "captured missed", "captured live")
    assert loopback.sessions.resumed == 0


async def test_a_history_that_may_not_be_read_is_told_and_stops_nothing_else(
    house: House, loopback: LoopbackDiscord, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    await away(house, loopback, record, "one")
    loopback.guild.channel("options").is_readable = False
    with caplog.at_level(logging.WARNING, "interfaces.discord.capture"):
        async with loopback.running(listener(house)):
            await loopback.say("stocks", "Nora", "two")
            await heard(record, "captured one", "captured two")
    assert "Missing Access" in caplog.text


async def test_a_channel_that_is_not_there_is_told(
    house: House, loopback: LoopbackDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    client = CaptureClient(house, ["options", "optoins"], guild_ready_timeout=0.1)
    with caplog.at_level(logging.WARNING, "interfaces.discord.capture"):
        async with loopback.running(client):
            await until(lambda: "no right to see it: optoins" in caplog.text)


async def test_discord_is_asked_again_until_it_answers(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    await away(house, loopback, record, "one")
    await loopback.say("options", "Nora", "two")
    loopback.troubles.add("GET", "/messages", UNAVAILABLE, times=3)
    async with loopback.running(listener(house)):
        await heard(record, "captured one", "captured two")


@contextmanager
def no_database(administration: psycopg.Connection[Any], url: str) -> Iterator[None]:
    """In this block connections to the database are lost and refused."""
    name = urlsplit(url).path.removeprefix("/")
    administration.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    administration.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
    )
    yield
    administration.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


async def test_a_database_that_is_away_is_waited_for(
    house: House,
    loopback: LoopbackDiscord,
    record: Record,
    database_url: str,
    administration: psycopg.Connection[Any],
) -> None:
    await away(house, loopback, record, "one")
    await loopback.say("options", "Nora", "two")
    async with AsyncExitStack() as stack:
        with no_database(administration, database_url):
            await stack.enter_async_context(loopback.running(listener(house)))
            await asyncio.sleep(0.5)
        await heard(record, "captured one", "captured two")
        with no_database(administration, database_url):
            post = await loopback.say("options", "Nora", "three")
            await loopback.say("options", "Nora", "four")
            await loopback.delete(post)
            await asyncio.sleep(0.5)
        await heard(
            record, "captured one", "captured two", "captured three", "captured four", "deleted"
        )


async def test_a_wrong_token_ends_the_bot(house: House, loopback: LoopbackDiscord) -> None:
    with pytest.raises(discord.LoginFailure):
        async with loopback.running(listener(house), token="wrong"):
            pass
