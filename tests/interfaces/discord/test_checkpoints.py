"""Every checkpoint of the log is posted once, as it was signed, for anybody to keep."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import discord
import pytest
from msgspec.structs import replace

from adapters.signing import check_signature, new_signer
from application.desk import Command, Work
from application.noticing import find_notice
from domain.notices import NoticeKind
from domain.transparency.issued import IssuedCheckpoint
from domain.transparency.keys import SignatureType
from domain.transparency.notes import Note, parse_note
from domain.transparency.signatures import sign_note, verified
from interfaces.compose import House
from interfaces.discord.bot import Bot
from interfaces.discord.check import PERMISSIONS, guild_seen, missing_in
from interfaces.discord.checkpoints import CONTENT_MAX, TOGETHER, shown
from interfaces.discord.trades import trade_at
from projections.log_checkpoints import recent_checkpoints
from tests.interfaces.discord.asking import SETTINGS, Community
from tests.interfaces.discord.gateway import until
from tests.interfaces.discord.guild import Post
from tests.interfaces.discord.listening import NOON
from tests.interfaces.discord.rest import UNAVAILABLE

POSTING = replace(
    SETTINGS, record="record", signals="", trades="", alerts="", operators="", board=""
)


def seal(community: Community) -> IssuedCheckpoint:
    """Something happens, and what the log is then is signed; everything follows."""
    community.says("Nora", "hello")
    sealer = community.house.log.sealer()
    issued = sealer.seal(sealer.integrate(), community.house.clock.now())
    community.catch_up()
    return issued


def cosign(house: House, issued: IssuedCheckpoint) -> None:
    """A witness signs a checkpoint, by a key of its own."""
    signer = new_signer("example.com/witness", SignatureType.COSIGNATURE_ED25519)
    line = sign_note(issued.note.text, signer, int(NOON.timestamp()))

    def decide(work: Work) -> IssuedCheckpoint:
        known = work.get(IssuedCheckpoint, issued.id)
        known.cosign("example.com/witness", known.note.with_signatures(line), at=NOON)
        return known

    house.desk.run(Command.given(uuid4(), actor="test", at=NOON), decide)
    house.catch_up()


@asynccontextmanager
async def posting(community: Community) -> AsyncIterator[Bot]:
    """A bot that has the channel for checkpoints."""
    community.loopback.guild.channel("record")
    bot = Bot(community.house, POSTING, retry_s=0.1, guild_ready_timeout=0.1)
    async with community.loopback.running(bot):
        await until(lambda: bot.board.is_telling)
        yield bot


def posts(community: Community) -> list[Post]:
    return list(community.loopback.guild.channel("record").posts.values())


def copied(post: Post) -> Note:
    """What somebody has who copies the code block of a message."""
    _, block, _ = post.content.split("```")
    return parse_note(block.removeprefix("\n").encode())


def is_on_record(house: House, position: int) -> bool:
    about = trade_at(position)
    return find_notice(house.desk, "discord", NoticeKind.CHECKPOINT, about) is not None


def positions(house: House) -> list[int]:
    """Where the checkpoints lie on the tape, the oldest first."""
    with house.reader.connection() as connection:
        return [row.position for row in recent_checkpoints(connection, 1_000)][::-1]


async def test_a_checkpoint_is_posted_as_it_was_signed(community: Community) -> None:
    async with posting(community):
        issued = await asyncio.to_thread(seal, community)
        await until(lambda: len(posts(community)) == 1)
        (post,) = posts(community)
    head = f"**Checkpoint** of the first {issued.size:,} events, signed 2026-11-16 17:00:00 UTC\n"
    assert head in post.content
    ed25519, ml_dsa = community.house.log.keys
    assert copied(post).text == issued.note.text
    assert verified(copied(post), [ed25519], check_signature)
    (name, whole), = post.files.items()  # fmt: skip
    assert name == f"checkpoint-{issued.size}.txt"
    assert whole == bytes(issued.note)
    assert verified(parse_note(whole), [ml_dsa], check_signature)


async def test_checkpoints_come_in_their_order_and_each_once(community: Community) -> None:
    async with posting(community):
        for _ in range(3):
            await asyncio.to_thread(seal, community)
        await until(lambda: len(posts(community)) == 3)
    async with posting(community):
        await asyncio.to_thread(seal, community)
        await until(lambda: len(posts(community)) == 4)
        await asyncio.sleep(0.3)
    told = [int(post.content[1:].partition("`")[0]) for post in posts(community)]
    assert told == positions(community.house)
    assert all(is_on_record(community.house, position) for position in told)


async def test_a_witness_that_signs_late_is_added_to_the_post(community: Community) -> None:
    async with posting(community):
        issued = await asyncio.to_thread(seal, community)
        await until(lambda: len(posts(community)) == 1)
        (post,) = posts(community)
        await asyncio.to_thread(cosign, community.house, issued)
        await until(lambda: "cosigned by example.com/witness" in post.content)
    assert posts(community) == [post]
    assert [line.name for line in copied(post).signatures][1:] == ["example.com/witness"]
    (whole,) = post.files.values()
    assert len(parse_note(whole).signatures) == 3


async def test_what_was_cosigned_while_the_bot_was_away_is_edited_by_the_next_one(
    community: Community,
) -> None:
    async with posting(community):
        issued = await asyncio.to_thread(seal, community)
        await until(lambda: len(posts(community)) == 1)
    await asyncio.to_thread(cosign, community.house, issued)
    async with posting(community):
        await until(lambda: "cosigned" in posts(community)[0].content)
    assert len(posts(community)) == 1


async def test_what_a_bot_posted_that_died_is_posted_no_second_time(community: Community) -> None:
    async with posting(community):
        await asyncio.to_thread(seal, community)
        await until(lambda: len(posts(community)) == 1)
    await asyncio.to_thread(seal, community)
    with community.house.reader.connection() as connection:
        (row,) = recent_checkpoints(connection, 1)
    left = shown(row)
    channel = community.loopback.guild.channel("record")
    files = {left.name: left.whole}
    community.loopback.guild.post(channel, community.loopback.bot, content=left.words, files=files)
    async with posting(community):
        await until(lambda: is_on_record(community.house, row.position))
        await asyncio.to_thread(seal, community)
        await until(lambda: len(posts(community)) == 3)
    assert [post.files != {} for post in posts(community)] == [True] * 3


async def test_after_a_long_absence_the_latest_is_posted_with_how_many_are_left_out(
    community: Community,
) -> None:
    async with posting(community):
        await asyncio.to_thread(seal, community)
        await until(lambda: len(posts(community)) == 1)
    for _ in range(TOGETHER + 2):
        await asyncio.to_thread(seal, community)
    async with posting(community):
        await until(lambda: len(posts(community)) == 2)
        latest = await asyncio.to_thread(seal, community)
        await until(lambda: len(posts(community)) == 3)
    _, caught_up, after = posts(community)
    (embed,) = caught_up.embeds
    assert embed["description"].startswith(f"{TOGETHER + 1} more checkpoints were issued before")
    assert after.embeds == []
    assert copied(after).text == latest.note.text


async def test_a_bot_that_is_new_posts_the_latest_that_there_is(community: Community) -> None:
    for _ in range(TOGETHER + 1):
        issued = await asyncio.to_thread(seal, community)
    async with posting(community):
        await until(lambda: len(posts(community)) == 1)
    (post,) = posts(community)
    assert copied(post).text == issued.note.text
    assert post.embeds[0]["description"].startswith(f"{TOGETHER} more checkpoints were issued")


async def test_a_checkpoint_waits_for_discord(community: Community) -> None:
    channel = community.loopback.guild.channel("record")
    community.loopback.troubles.add("POST", f"/channels/{channel.id}/messages", UNAVAILABLE, 2)
    async with posting(community):
        await asyncio.to_thread(seal, community)
        await until(lambda: len(posts(community)) == 1)


async def test_one_that_was_deleted_stays_deleted(community: Community) -> None:
    async with posting(community):
        issued = await asyncio.to_thread(seal, community)
        await until(lambda: len(posts(community)) == 1)
        await community.loopback.delete(posts(community)[0])
        await asyncio.to_thread(cosign, community.house, issued)
        await asyncio.to_thread(seal, community)
        await until(lambda: len(posts(community)) == 1)
        assert copied(posts(community)[0]).text != issued.note.text


async def test_without_the_right_to_attach_the_message_stands_alone(community: Community) -> None:
    guild = community.loopback.guild
    guild.permissions = str(discord.Permissions(**dict.fromkeys(PERMISSIONS, True)).value)
    guild.channel("record").denied = discord.Permissions(attach_files=True).value
    async with posting(community) as bot:
        issued = await asyncio.to_thread(seal, community)
        await until(lambda: len(posts(community)) == 1)
        told = missing_in(POSTING, [guild_seen(guild) for guild in bot.guilds])
    assert "#record lacks Attach Files: needed for the log's checkpoints" in told
    assert posts(community)[0].files == {}
    assert copied(posts(community)[0]).text == issued.note.text


async def test_a_channel_that_is_not_there_is_told_and_keeps_nothing_else_back(
    community: Community, caplog: pytest.LogCaptureFixture
) -> None:
    settings = replace(POSTING, operators="operators")
    bot = Bot(community.house, settings, retry_s=0.1, guild_ready_timeout=0.1)
    community.loopback.guild.channel("operators")
    async with community.loopback.running(bot):
        await until(lambda: bot.board.is_telling)
        await asyncio.to_thread(seal, community)
        assert "no channel #record that the bot sees" in caplog.text
        told = missing_in(settings, [guild_seen(guild) for guild in bot.guilds])
        assert any(line.startswith("#record is not there, or hidden") for line in told)
        await community.loopback.make_channel("record")
        await until(lambda: len(posts(community)) == 1)


async def test_no_message_is_longer_than_discord_takes(community: Community) -> None:
    issued = await asyncio.to_thread(seal, community)
    with community.house.reader.connection() as connection:
        (row,) = recent_checkpoints(connection, 1)
    signer = new_signer("example.com/witness", SignatureType.COSIGNATURE_ML_DSA_44)
    names = [f"witness-{number}.example.com" for number in range(40)]
    lines = [
        sign_note(issued.note.text, new_signer(name, SignatureType.COSIGNATURE_ED25519), 1)
        for name in names
    ]
    note = issued.note.with_signatures(sign_note(issued.note.text, signer, 1), *lines)
    found = shown(replace(row, note=str(note), witnesses=", ".join(names)))
    assert len(found.words) <= CONTENT_MAX
    assert found.whole == bytes(note)
    short = shown(replace(row, note=str(Note(note.text, issued.note.signatures[:1]))))
    assert (short.whole, short.files) == (b"", [])
