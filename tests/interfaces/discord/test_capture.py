"""The bot that only listens: what it keeps of a Discord on loopback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import discord
import psycopg
import pytest

from interfaces.clock import SetClock
from interfaces.compose import House
from interfaces.discord.capture import CaptureClient
from projections.messages import Lag, lags
from tests.interfaces.discord.gateway import LoopbackDiscord, until
from tests.interfaces.discord.listening import NOON, Record, assert_heard, away, listener, told
from tests.opened_tape import opened_tape


async def test_a_message_is_kept_as_it_was_said(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        first = await loopback.say("options", "Nora", "BTO 2 TSLA 250c @ 2.28")
        card = {"title": "Entry", "description": "now", "fields": [{"name": "at", "value": "2"}]}
        loopback.guild.machine("Scanner")
        second = await loopback.say("options", "Scanner", embeds=[card], reply_to=first)
        await until(lambda: len(record.events()) == 2)
    (_, said), (_, answered) = record.events()
    assert (said["message_id"], said["channel"]) == (str(first.id), "options")
    assert (said["author_id"], said["author_name"]) == (str(first.author.id), "Nora")
    assert said["posted_at"] == first.posted_at.isoformat().replace("+00:00", "Z")
    assert said["via"] == "gateway"
    assert (answered["message_id"], answered["reply_to"]) == (str(second.id), str(first.id))
    assert answered["embeds"] == [card]


async def test_each_event_says_when_it_happened_and_when_it_reached_us(
    house: House, loopback: LoopbackDiscord, record: Record, clock: SetClock
) -> None:
    """Five seconds are live; the second message and the edit of the first took six."""
    async with loopback.running(listener(house)):
        clock.set(loopback.guild.now + timedelta(seconds=6))
        post = await loopback.say("options", "Nora", "one")
        await assert_heard(record, "captured one")
        clock.set(loopback.guild.now + timedelta(seconds=7))
        late = await loopback.say("options", "Nora", "two")
        await assert_heard(record, "captured one", "captured two")
        await loopback.edit(post, "uno")
        await loopback.delete(late)
        await assert_heard(record, "captured one", "captured two", "edited uno", "deleted")
    await asyncio.to_thread(house.catch_up)
    posted, _, edited, deleted = (body for _, body in record.events())
    now = told(clock.now())
    assert (posted["posted_at"], posted["received_at"]) == (
        told(post.posted_at), told(post.posted_at + timedelta(seconds=5)),
    )  # fmt: skip
    assert (edited["edited_at"], edited["received_at"]) == (told(loopback.guild.now), now)
    assert (deleted["noticed_at"], deleted["received_at"]) == (now, now)
    with house.reader.connection() as connection:
        assert lags(connection, NOON) == [Lag("options", 2, 6_000, late.posted_at)]


async def test_other_machines_are_heard_and_the_bots_own_words_are_not(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    loopback.guild.machine("Scanner")
    loopback.guild.machine("Hook", is_webhook=True)
    client = listener(house)
    async with loopback.running(client):
        for author in ("Scanner", "truetape", "Hook"):
            await loopback.say("options", author, f"by {author}")
        await assert_heard(record, "captured by Scanner", "captured by Hook")


async def test_a_pinned_message_is_not_said_again(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        await loopback.say("options", "Nora", "one")
        pinned = loopback.guild.post(
            loopback.guild.channel("options"), loopback.guild.person("Nora"), kind=6
        )
        await loopback.tell_post("MESSAGE_CREATE", pinned)
        await loopback.say("options", "Nora", "two")
        await assert_heard(record, "captured one", "captured two")


async def test_the_preview_of_a_link_is_no_edit(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        post = await loopback.say("options", "Nora", "see https://example.com")
        post.embeds = [{"type": "link", "title": "Example"}]
        await loopback.tell_post("MESSAGE_UPDATE", post)
        await loopback.say("options", "Nora", "two")
        await assert_heard(record, "captured see https://example.com", "captured two")
    assert "embeds" not in record.events()[0][1]


async def test_threads_and_forum_posts_belong_to_the_channel_above_them(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    loopback.guild.forum("stocks")
    async with loopback.running(listener(house)):
        await loopback.open_thread("TSLA", "options")
        await loopback.open_thread("SPY", "stocks")
        await loopback.open_thread("gossip", "lounge")
        said = [await loopback.say(place, "Nora", place) for place in ("TSLA", "SPY", "gossip")]
        await loopback.edit(said[0], "TSLA!")
        await loopback.delete(said[1])
        await assert_heard(record, "captured TSLA", "captured SPY", "edited TSLA!", "deleted")
    bodies = [body for _, body in record.events()[:2]]
    assert [(body["channel"], body["channel_id"]) for body in bodies] == [
        ("options", str(said[0].channel.id)), ("stocks", str(said[1].channel.id)),
    ]  # fmt: skip


async def test_a_channel_may_be_named_by_its_id(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    number = loopback.guild.channel("options").id
    client = CaptureClient(house, [str(number), "#stocks"], guild_ready_timeout=0.1)
    async with loopback.running(client):
        await loopback.say("options", "Nora", "one")
        await loopback.say("stocks", "Nora", "two")
        await assert_heard(record, "captured one", "captured two")
    assert [body["channel"] for _, body in record.events()] == ["options", "stocks"]


async def test_changes_and_deletions_are_kept_the_moment_they_happen(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        post = await loopback.say("options", "Nora", "BTO TSLA 250c @ 2.28")
        await assert_heard(record, "captured BTO TSLA 250c @ 2.28")
        await loopback.edit(post, "BTO TSLA 250c @ 2.18")
        await assert_heard(record, "captured BTO TSLA 250c @ 2.28", "edited BTO TSLA 250c @ 2.18")
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
        await assert_heard(record, "captured BTO SPY @ 600")


async def test_a_purge_takes_all_its_messages(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    async with loopback.running(listener(house)):
        posts = [await loopback.say("options", "Nora", words) for words in ("one", "two", "three")]
        await loopback.purge(posts[:2])
        await assert_heard(
            record, "captured one", "captured two", "captured three", "deleted", "deleted"
        )


async def test_what_was_never_kept_is_not_deleted(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    old = await loopback.say("options", "Nora", "long ago")
    async with loopback.running(listener(house)):
        await loopback.delete(old)
        await loopback.say("options", "Nora", "now")
        await assert_heard(record, "captured now")


async def test_an_edit_of_a_message_from_before_keeps_the_message(
    house: House, loopback: LoopbackDiscord, record: Record
) -> None:
    old = await loopback.say("options", "Nora", "long ago")
    async with loopback.running(listener(house)):
        await loopback.edit(old, "not so long ago")
        await assert_heard(record, "captured not so long ago")


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
    for event in opened_tape(house, "name LIKE 'message.%'"):
        words = event.body.get("content", "").partition(" ")[0]
        lives.setdefault(str(event.stream), []).append(f"{event.name} {words}".strip())
    kept = list(lives.values())
    assert kept[:-1:2] == [["message.captured first", "message.edited second"]] * 10
    gone = ["message.captured first", "message.edited second", "message.deleted"]
    assert kept[1::2] == [gone] * 10


async def test_a_channel_that_is_not_there_is_told(
    house: House, loopback: LoopbackDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    client = CaptureClient(house, ["options", "optoins"], guild_ready_timeout=0.1)
    with caplog.at_level(logging.WARNING, "interfaces.discord.capture"):
        async with loopback.running(client):
            await until(lambda: "no right to see it" in caplog.text)
    assert "no right to see it: optoins" in caplog.text


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
        await assert_heard(record, "captured one", "captured two")
        with no_database(administration, database_url):
            post = await loopback.say("options", "Nora", "three")
            await loopback.say("options", "Nora", "four")
            await loopback.delete(post)
            await asyncio.sleep(0.5)
        await assert_heard(
            record, "captured one", "captured two", "captured three", "captured four", "deleted"
        )


async def test_a_wrong_token_ends_the_bot(house: House, loopback: LoopbackDiscord) -> None:
    with pytest.raises(discord.LoginFailure):
        async with loopback.running(listener(house), token="wrong"):
            pass


async def test_more_than_can_wait_is_fetched_from_the_history(
    house: House,
    loopback: LoopbackDiscord,
    record: Record,
    database_url: str,
    administration: psycopg.Connection[Any],
) -> None:
    client = CaptureClient(house, ["options"], retry_s=0.1, line_max=3, guild_ready_timeout=0.1)
    async with loopback.running(client):
        gone = await loopback.say("options", "Nora", "one")
        await assert_heard(record, "captured one")
        await asyncio.to_thread(house.catch_up)
        with no_database(administration, database_url):
            for number in range(9):
                await loopback.say("options", "Nora", str(number))
            await loopback.delete(gone)
            await asyncio.sleep(0.3)
        numbers = [f"captured {number}" for number in range(9)]
        expected = sorted(["captured one", *numbers, "deleted"])
        await until(lambda: sorted(record.told()) == expected)
        await loopback.say("options", "Nora", "the end")
        await until(lambda: record.told()[-1] == "captured the end")
    said = [body["content"] for name, body in record.events() if name == "message.captured"]
    assert said == ["one", *map(str, range(9)), "the end"]
