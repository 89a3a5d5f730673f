"""Whoever clicked hears what came of it, even if the bot died before it could answer."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import psycopg
import pytest

from interfaces.discord.bot import Bot
from interfaces.discord.owing import LOST, RECORDED, Owed
from interfaces.discord.posting import look
from tests.interfaces.discord.deck import Deck
from tests.interfaces.discord.gateway import until
from tests.interfaces.discord.interactions import Interaction


def owe(deck: Deck, bot: Bot, click: Interaction, number: int) -> None:
    """As a bot leaves it that dies before it answers."""
    assert bot.application_id is not None
    owed = Owed(number, bot.application_id, click.token)
    deck.house.announcer.owe(str(number), msgspec.json.encode(owed), within_s=60)


async def test_what_was_answered_is_owed_no_more(deck: Deck) -> None:
    async with deck.works():
        card = await deck.posts()
        assert "Approved" in await deck.hears(card, "approve", "Olga")
        await until(lambda: deck.house.announcer.owed() == {})


async def test_a_click_that_was_decided_is_answered_by_the_next_bot(deck: Deck) -> None:
    async with deck.works() as bot:
        click = await deck.clicks(await deck.posts(), "approve", "Olga")
        await click.answered()
        await until(lambda: deck.house.announcer.owed() == {})
        await asyncio.to_thread(owe, deck, bot, click, click.id)
    async with deck.works():
        await until(lambda: click.message is not None and click.message.content == RECORDED)
        assert deck.house.announcer.owed() == {}


async def test_a_click_that_was_not_decided_is_asked_for_again(deck: Deck) -> None:
    async with deck.works() as bot:
        click = await deck.clicks(await deck.posts(), "approve", "Olga")
        await click.answered()
        await asyncio.to_thread(owe, deck, bot, click, 4711)
    async with deck.works():
        await until(lambda: click.message is not None and click.message.content == LOST)
        assert deck.house.announcer.owed() == {}


@pytest.mark.parametrize("verb", ["reject", "fix"])
async def test_a_form_that_was_shown_already_is_no_failure(
    deck: Deck, verb: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with deck.works():
        card = await deck.posts()
        click = await deck.clicks(card, verb, "Olga")
        await until(lambda: deck.loopback.asked_for("/callback") == 1)
        # As a bot hears of it that begins after another one was killed.
        await deck.replays(click)
        await until(lambda: "already been acknowledged" in caplog.text)
    assert [record for record in caplog.records if record.exc_info] == []


async def test_what_another_bot_owes_is_left_to_it(deck: Deck) -> None:
    async with deck.works():
        other = msgspec.json.encode(Owed(1, 2, "token"))
        await asyncio.to_thread(deck.house.announcer.owe, "1", other, within_s=60)
    async with deck.works():
        assert list(deck.house.announcer.owed()) == ["1"]
    deck.house.announcer.paid("1")


async def test_a_card_is_read_in_one_snapshot(deck: Deck) -> None:
    def reads(connection: psycopg.Connection[Any]) -> Any:
        return connection.execute("SHOW transaction_isolation").fetchone()

    assert await look(deck.house, reads) == ("repeatable read",)
