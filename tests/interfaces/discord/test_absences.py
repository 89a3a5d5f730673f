"""What happened in a channel while the bot was away is on record once it is back."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interfaces.cli.app import app
from interfaces.compose import House
from interfaces.discord.history import BACK
from tests.interfaces.discord.gateway import LoopbackDiscord, until
from tests.interfaces.discord.listening import Record, assert_heard, away, listener
from tests.interfaces.discord.rest import UNAVAILABLE


async def test_what_was_said_while_nobody_listened_is_fetched_once(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    await away(house, loopback, record, "one")
    for words in ("two", "three"):
        await loopback.say("options", "Nora", words)
    async with loopback.running(listener(house)):
        await assert_heard(record, "captured one", "captured two", "captured three")
    await asyncio.to_thread(house.catch_up)
    async with loopback.running(listener(house)):
        await assert_heard(record, "captured one", "captured two", "captured three")


async def test_a_channel_without_a_record_begins_with_what_is_said_now(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    await loopback.say("options", "Nora", "long ago")
    async with loopback.running(listener(house)):
        await loopback.say("options", "Nora", "now")
        await assert_heard(record, "captured now")
    assert loopback.asked_for("/messages") == 0


async def test_what_is_taken_back_before_the_history_is_there_keeps_its_place(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    await away(house, loopback, record, "one")
    await loopback.say("options", "Nora", "missed")
    before = loopback.sessions.identified

    async def speak_at_once() -> None:
        await until(lambda: loopback.sessions.identified > before)
        said = await loopback.say("options", "Nora", "hasty")
        await loopback.delete(said)
        await loopback.say("options", "Nora", "calm")

    speaking = asyncio.create_task(speak_at_once())
    async with loopback.running(listener(house, pause_s=1.0)):
        await speaking
        await assert_heard(
            record,
            "captured one", "captured missed", "captured hasty", "deleted", "captured calm",
        )  # fmt: skip


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
        await assert_heard(record, "captured one", "captured missed", "captured live")


async def test_a_lost_connection_loses_nothing(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        post = await loopback.say("options", "Nora", "before")
        await assert_heard(record, "captured before")
        async with loopback.outage():
            await loopback.say("options", "Nora", "meanwhile")
            await loopback.delete(post)
        await assert_heard(record, "captured before", "captured meanwhile", "deleted")
    assert loopback.sessions.resumed == 1


async def test_what_a_resumed_session_leaves_out_is_fetched_as_well(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        await loopback.say("options", "Nora", "before")
        await assert_heard(record, "captured before")
        async with loopback.outage():
            nora, options = loopback.guild.person("Nora"), loopback.guild.channel("options")
            loopback.guild.post(options, nora, content="never told")
            await loopback.say("options", "Nora", "told again")
        await until(lambda: len(record.told()) == 3)
    assert loopback.sessions.resumed == 1
    assert {body["content"]: body["via"] for _, body in record.events()} == {
        "before": "gateway", "told again": "gateway", "never told": "history",
    }  # fmt: skip


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
        await assert_heard(record, "captured one", "captured missed", "captured live")
    assert loopback.sessions.resumed == 0


async def test_a_history_that_may_not_be_read_is_told_and_stops_nothing_else(
    house: House, loopback: LoopbackDiscord, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    await away(house, loopback, record, "one")
    loopback.guild.channel("options").is_readable = False
    with caplog.at_level(logging.WARNING, "interfaces.discord.capture"):
        async with loopback.running(listener(house)):
            await loopback.say("stocks", "Nora", "two")
            await assert_heard(record, "captured one", "captured two")
    assert "Missing Access" in caplog.text


async def test_discord_is_asked_again_until_it_answers(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    await away(house, loopback, record, "one")
    await loopback.say("options", "Nora", "two")
    loopback.troubles.add("GET", "/messages", UNAVAILABLE, times=3)
    async with loopback.running(listener(house)):
        await assert_heard(record, "captured one", "captured two")


async def test_what_was_missed_is_late_even_if_it_was_said_a_moment_ago(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    await away(house, loopback, record, "one")
    await loopback.say("options", "Nora", "two")
    async with loopback.running(listener(house)):
        await assert_heard(record, "captured one", "captured two")
    await asyncio.to_thread(house.catch_up)
    with house.reader.connection() as connection:
        rows = connection.execute(
            "SELECT via, late FROM read.messages ORDER BY posted_at"
        ).fetchall()
    assert rows == [("gateway", False), ("history", True)]


async def test_status_tells_what_was_not_heard_live(
    database_url: str, redis_url: str, house: House, loopback: LoopbackDiscord, record: Record,
    tmp_path: Path,
) -> None:  # fmt: skip
    loopback.guild.now = datetime.now(UTC)
    await away(house, loopback, record, "one")
    await loopback.say("options", "Nora", "two")
    async with loopback.running(listener(house)):
        await assert_heard(record, "captured one", "captured two")
    await asyncio.to_thread(house.catch_up)
    surroundings = {
        "TRUETAPE_HOME": str(tmp_path),
        "TRUETAPE_DATABASE_URL": database_url,
        "TRUETAPE_REDIS_URL": redis_url,
    }
    told = await asyncio.to_thread(CliRunner().invoke, app, ["status"], env=surroundings)
    assert "not heard live in options: 1 in the last day" in told.output


async def test_edits_and_deletions_are_noticed_afterwards(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        await loopback.open_thread("TSLA", "options")
        await loopback.say("TSLA", "Nora", "below")
        posts = [await loopback.say("options", "Nora", words) for words in ("one", "two", "three")]
        before = ["captured below", *(f"captured {post.content}" for post in posts)]
        await assert_heard(record, *before)
    await asyncio.to_thread(house.catch_up)
    await loopback.edit(posts[0], "uno")
    await loopback.delete(posts[1])
    await loopback.say("options", "Nora", "four")
    async with loopback.running(listener(house)):
        await assert_heard(record, *before, "edited uno", "deleted", "captured four")
    _, edited = record.events()[4]
    assert edited["received_at"] != edited["edited_at"]
    await asyncio.to_thread(house.catch_up)
    async with loopback.running(listener(house)):
        await assert_heard(record, *before, "edited uno", "deleted", "captured four")


async def test_further_back_than_a_day_nobody_looks(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        old = await loopback.say("options", "Nora", "long ago")
        loopback.guild.now += BACK
        await loopback.say("options", "Nora", "yesterday")
        await assert_heard(record, "captured long ago", "captured yesterday")
    await asyncio.to_thread(house.catch_up)
    await loopback.edit(old, "other words")
    loopback.guild.now += timedelta(minutes=1)
    await loopback.say("options", "Nora", "now")
    async with loopback.running(listener(house)):
        await assert_heard(record, "captured long ago", "captured yesterday", "captured now")


async def test_threads_are_asked_too_also_new_ones_and_those_put_away(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        await loopback.say("options", "Nora", "one")
        await loopback.open_thread("known", "options")
        await loopback.say("known", "Nora", "two")
        await assert_heard(record, "captured one", "captured two")
    await asyncio.to_thread(house.catch_up)
    for name in ("new", "put away"):
        await loopback.open_thread(name, "options")
        await loopback.say(name, "Nora", name)
    await loopback.archive("put away")
    await loopback.say("known", "Nora", "three")
    async with loopback.running(listener(house)):
        await until(lambda: len(record.told()) == 5)
    assert sorted(record.told()[2:]) == ["captured new", "captured put away", "captured three"]
    assert {body["channel"] for _, body in record.events()} == {"options"}


async def test_a_gap_within_the_last_day_is_filled(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    """What only a history of afterwards has was missed, whatever came behind it."""
    async with loopback.running(listener(house)):
        await loopback.say("options", "Nora", "one")
        nora, options = loopback.guild.person("Nora"), loopback.guild.channel("options")
        loopback.guild.post(options, nora, content="never told")
        await loopback.say("options", "Nora", "two")
        await assert_heard(record, "captured one", "captured two")
    await asyncio.to_thread(house.catch_up)
    async with loopback.running(listener(house)):
        await assert_heard(record, "captured one", "captured two", "captured never told")
