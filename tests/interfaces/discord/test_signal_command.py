"""Signals that are filled in: the same intake and booking as for what is posted."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import discord
import pytest

from application.access import LOCAL_OPERATOR
from application.administering import configure_room
from application.desk import Command, derived_id
from domain.grammar.reading import Room
from domain.messages import message_stream
from interfaces.discord.bot import Bot
from projections.signal_feed import signals
from tests.interfaces.discord.asking import SETTINGS, Community, told
from tests.interfaces.discord.gateway import LoopbackDiscord, until
from tests.interfaces.discord.listening import Record

FULL: dict[str, Any] = {
    "action": "BTO", "contract": "TSLA 11/20/26 250c", "price": "2.30", "quantity": "2",
    "stop": "1.50", "targets": "3.50, 4", "note": "swing  into\nearnings",
}  # fmt: skip


async def test_a_filled_in_signal_is_a_message_of_its_author_and_booked(
    community: Community, loopback: LoopbackDiscord, record: Record
) -> None:
    async with community.bot():
        given = await loopback.command("signal", "Nora", "options", **FULL)
        answer = await community.answered(given)
    ((_, body),) = [one for one in record.events() if one[0] == "message.captured"]
    assert body["content"] == (
        "BTO 2 TSLA 11/20/26 250c @ 2.30 SL 1.50 PT 3.50 4.00\nswing into earnings"
    )
    assert (body["message_id"], body["via"]) == (str(given.id), "slash")
    assert (body["channel"], body["author_name"]) == ("options", "Nora")
    assert body["author_id"] == str(loopback.guild.person("Nora").id)
    with community.house.reader.connection() as connection:
        (row,) = signals(connection)
    assert row.message == message_stream("discord", str(given.id))
    assert (row.title, row.quantity) == ("TSLA 250C 2026-11-20", Decimal(2))
    assert (row.claimed_px, row.stop, row.targets) == (
        Decimal("2.30"), Decimal("1.50"), "3.50 4.00",
    )  # fmt: skip
    assert f"Booked as signal `{str(row.signal)[:8]}`: buy TSLA 250C 2026-11-20." in told(answer)
    assert not row.late


async def test_it_needs_no_right_to_read_messages(
    community: Community, loopback: LoopbackDiscord, record: Record
) -> None:
    class Deaf(Bot):
        """The bot in a guild that was not granted the intent Message Content."""

        def __init__(self) -> None:
            super().__init__(community.house, SETTINGS, retry_s=0.1, guild_ready_timeout=0.1)
            self._connection._intents = discord.Intents(guilds=True, guild_messages=True)

    async with loopback.running(Deaf()):
        await until(lambda: bool(loopback.commands))
        answer = await community.asks("signal", "Nora", **FULL)
    assert "Booked as signal" in told(answer)
    assert len(record.events()) == 1


async def test_a_replayed_command_is_one_signal(
    community: Community, loopback: LoopbackDiscord, record: Record
) -> None:
    async with community.bot():
        given = await loopback.command("signal", "Nora", "options", **FULL)
        await community.answered(given)
        await community.replays(given)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(community.catch_up)
    assert len(record.events()) == 1
    assert community.events("signal.%") == ["signal.posted"]


async def test_a_restart_neither_misses_nor_deletes_what_was_filled_in(
    community: Community, loopback: LoopbackDiscord, record: Record
) -> None:
    async with community.bot():
        await loopback.say("options", "Nora", "hello")
        await until(lambda: len(record.events()) == 1)
        await community.asks("signal", "Nora", **FULL)
    await loopback.say("options", "Nora", "while away")
    async with community.bot():
        await until(lambda: len(record.events()) == 3)
        await asyncio.sleep(0.2)
    assert [name for name, _ in record.events()] == ["message.captured"] * 3
    assert record.told()[-1] == "captured while away"


async def test_an_exit_is_booked_on_what_is_open_and_told(
    community: Community, loopback: LoopbackDiscord
) -> None:
    exit_ = {"action": "STC", "contract": "TSLA 11/20/26 250c", "price": "3.30"}
    async with community.bot():
        nothing = await community.asks("signal", "Nora", **exit_)
        await community.asks("signal", "Nora", **FULL)
        sold = await community.asks("signal", "Nora", **exit_)
    assert "Recorded and not booked: " in told(nothing)
    assert "Booked on signal `" in told(sold)
    assert told(sold).endswith("exit.")
    assert community.events("signal.%") == ["signal.posted", "signal.exit_called"]


async def test_a_thread_of_a_watched_channel_counts_as_the_channel(
    community: Community, loopback: LoopbackDiscord, record: Record
) -> None:
    async with community.bot() as bot:
        await loopback.open_thread("tesla", "options")
        await until(lambda: any(t.name == "tesla" for g in bot.guilds for t in g.threads))
        answer = await community.asks("signal", "Nora", "tesla", **FULL)
    assert "Booked as signal" in told(answer)
    ((_, body),) = record.events()
    assert body["channel"] == "options"
    assert body["channel_id"] == str(loopback.guild.channel("tesla").id)


async def test_a_channel_is_read_by_its_own_settings(community: Community, record: Record) -> None:
    configure_room(
        community.house.desk,
        Command.given(derived_id("room"), actor="test", at=community.house.clock.now()),
        LOCAL_OPERATOR,
        channel="options",
        room=Room(language="en-GB"),
    )
    async with community.bot():
        answer = await community.asks("signal", "Nora", **{**FULL, "contract": "TSLA 12/11 250c"})
    assert "Booked as signal" in told(answer)
    assert "TSLA 250C 2026-12-11" in told(answer)


@pytest.mark.parametrize(
    ("channel", "changed", "why"),
    [
        ("lounge", {}, "Signals are given in a watched channel: #options, #stocks"),
        ("options", {"contract": "SOFI"}, None),
        ("options", {"contract": "TSLA"}, "'BTO 2 TSLA @ 2.30 SL 1.50 PT 3.50 4.00' cannot be"),
        ("options", {"contract": "TSLA 250c"}, "'TSLA 250c' names no contract"),
        ("options", {"contract": "TSLA 13/40 250c"}, "'13/40' is no day"),
        ("options", {"contract": "TSLA 11/13/26 250c"}, "TSLA 250C 2026-11-13 expired on"),
        ("options", {"price": "two"}, "The price 'two' is no number"),
        ("options", {"price": "0"}, "The price has to be above zero"),
        ("options", {"quantity": "-1"}, "The quantity has to be above zero"),
        ("options", {"stop": "nan"}, "The stop 'nan' is no number"),
        ("options", {"targets": "3 x"}, "The target 'x' is no number"),
        ("options", {"note": "STC 5 AAPL @ 190"}, "The note changes how the order reads"),
    ],
)
async def test_what_cannot_be_booked_is_refused_and_not_recorded(
    community: Community, record: Record, channel: str, changed: dict[str, str], why: str | None
) -> None:
    async with community.bot():
        answer = await community.asks("signal", "Nora", channel, **{**FULL, **changed})
    if why is None:
        assert "Booked as signal" in told(answer)
    else:
        assert answer.content.startswith(why)
        assert answer.is_ephemeral
        assert record.events() == []
