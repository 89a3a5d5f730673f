"""Whatever happened to the channels, a start and the moment itself put right what stands there."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

import pytest
from msgspec.structs import replace as changed

from application.noticing import find_notice
from domain.notices import Notice, NoticeKind
from interfaces.discord.cards import card_of
from tests.interfaces.discord.asking import SETTINGS
from tests.interfaces.discord.deck import Deck, shown, signal_of, until_shown
from tests.interfaces.discord.gateway import until
from tests.interfaces.discord.guild import Post
from tests.interfaces.discord.rest import UNAVAILABLE, Refusal

BUY = "BTO 2 TSLA 250c 11/20 @ 2.30"


def copied(deck: Deck, card: Post) -> Post:
    """The bot's same message once more."""
    post = deck.loopback.guild.post(card.channel, deck.loopback.bot)
    post.embeds, post.components = card.embeds, card.components
    return post


def unrecorded(deck: Deck, signal: UUID) -> Post:
    """A card that was posted, and its bot died before that was recorded."""
    with deck.house.reader.connection() as connection:
        card = card_of(connection, signal)
    assert card is not None
    channel = deck.loopback.guild.channel("signals")
    post = deck.loopback.guild.post(channel, deck.loopback.bot)
    post.embeds, post.components = [dict(card.embed.to_dict())], card.view.to_components()
    return post


async def away(deck: Deck) -> UUID:
    """A signal that came when the bot had been there once and was away."""
    async with deck.works():
        pass
    signal = await asyncio.to_thread(deck.says, "Nora", BUY)
    await asyncio.to_thread(deck.catch_up)
    return signal


async def notice_of(deck: Deck, signal: UUID) -> Notice:
    found = await asyncio.to_thread(
        find_notice, deck.house.desk, "discord", NoticeKind.CARD, signal
    )
    assert found is not None
    return found


async def test_what_became_due_while_the_bot_was_away_is_told(deck: Deck) -> None:
    signal = await away(deck)
    async with deck.works():
        await until(lambda: bool(deck.cards()))
    (card,) = deck.cards()
    assert signal_of(card) == signal


async def test_what_happened_before_there_was_a_bot_is_not_told(deck: Deck) -> None:
    await asyncio.to_thread(deck.says, "Nora", BUY)
    await asyncio.to_thread(deck.catch_up)
    async with deck.works():
        card = await deck.posts("BTO 1 SPY 11/20 600c @ 1.10")
    assert deck.cards() == [card]


async def test_a_card_that_nobody_recorded_is_adopted(deck: Deck) -> None:
    signal = await away(deck)
    card = unrecorded(deck, signal)
    async with deck.works():
        await until(lambda: bool(deck.thread(card)))
    assert deck.cards() == [card]
    assert (await notice_of(deck, signal)).message_id == str(card.id)


async def test_of_two_cards_one_stays(deck: Deck) -> None:
    async with deck.works():
        card = await deck.posts()
        await until(lambda: bool(deck.thread(card)))
    copied(deck, card)
    async with deck.works():
        await until(lambda: len(deck.cards()) == 1)
    assert deck.cards() == [card]


async def test_a_card_that_shows_something_else_is_edited(deck: Deck) -> None:
    async with deck.works():
        card = await deck.posts()
        await until(lambda: bool(deck.thread(card)))
    card.embeds = [{**card.embeds[0], "description": "all is well"}]
    async with deck.works():
        await until_shown(card, lambda fields: fields["told"].startswith("**Waiting**"))
    assert deck.cards() == [card]


async def test_a_deleted_card_is_posted_again_with_a_thread_of_its_own(deck: Deck) -> None:
    async with deck.works():
        card = await deck.posts()
        signal = signal_of(card)
        await until(lambda: bool(deck.thread(card)))
        await deck.loopback.delete(card)
        await until(lambda: bool(deck.cards()))
        (again,) = deck.cards()
        await deck.hears(again, "approve", "Olga")
        await until(lambda: any("approved" in line for line in deck.thread(again)))
    assert deck.events("notice.%").count("notice.reposted") == 1
    assert (await notice_of(deck, signal)).message_id == str(again.id)


async def test_a_card_that_was_deleted_meanwhile_is_posted_again(deck: Deck) -> None:
    async with deck.works():
        card = await deck.posts()
        await until(lambda: bool(deck.thread(card)))
    del card.channel.posts[card.id]
    async with deck.works():
        await until(lambda: bool(deck.cards()))
    (again,) = deck.cards()
    assert shown(again)["title"] == shown(card)["title"]


async def test_lines_that_a_thread_has_are_not_told_again(deck: Deck) -> None:
    """The bot died when it had written them and before they were crossed off."""
    async with deck.works():
        card = await deck.posts()
        await until(lambda: bool(deck.thread(card)))
    lines = deck.thread(card)
    deck.marks_again(signal_of(card))
    async with deck.works():
        await until(lambda: deck.due() == 0)
    assert deck.thread(card) == lines


async def test_a_thread_that_was_deleted_is_opened_again(deck: Deck) -> None:
    async with deck.works():
        card = await deck.posts()
        await until(lambda: bool(deck.thread(card)))
        thread = deck.loopback.guild.channel_of(card.id)
        assert thread is not None
        deck.loopback.guild.take_away(thread)
        await deck.hears(card, "approve", "Rob")
        await until(lambda: any("refused" in line for line in deck.thread(card)))


async def test_what_has_no_channel_waits_for_it(
    deck: Deck, caplog: pytest.LogCaptureFixture
) -> None:
    settings = changed(SETTINGS, signals="cards")
    with caplog.at_level(logging.WARNING):
        async with deck.works(settings):
            await deck.loopback.say("options", "Nora", "BTO 2 TSLA 11/20 250c @ 2.28")
            await until(lambda: "signal.posted" in deck.events())
            await until(lambda: deck.due() > 0)
            await deck.loopback.make_channel("cards")
            await until(lambda: bool(deck.loopback.guild.channel("cards").posts))
    assert "no channel #cards that the bot sees: what belongs there waits" in caplog.text


async def test_without_a_channel_in_the_settings_nothing_is_told(deck: Deck) -> None:
    async with deck.works(changed(SETTINGS, signals="", trades="")):
        await deck.loopback.say("options", "Nora", "BTO 2 TSLA 11/20 250c @ 2.28")
        await until(lambda: "signal.posted" in deck.events())
        await until(lambda: deck.due() == 0)
    assert deck.cards() == []


@pytest.mark.parametrize("refusal", [UNAVAILABLE, Refusal(403, 50013, "Missing Permissions")])
async def test_what_discord_does_not_take_stays_due(deck: Deck, refusal: Refusal) -> None:
    channel = deck.loopback.guild.channel("signals").id
    deck.loopback.troubles.add("POST", f"/channels/{channel}/messages", refusal)
    async with deck.works():
        card = await deck.posts()
        await until(lambda: bool(deck.thread(card)))
    assert deck.cards() == [card]


async def test_an_answer_that_got_lost_makes_no_second_card(deck: Deck) -> None:
    """Discord had taken the card, and said so on a connection that was gone."""
    signal = await away(deck)
    async with deck.works() as bot:
        await until(lambda: bool(deck.cards()))
        (card,) = deck.cards()
        bot.cards.gone(card.id)
        await bot.cards.show(signal)
    assert deck.cards() == [card]


async def test_a_trade_that_was_told_is_not_told_again(deck: Deck) -> None:
    await asyncio.to_thread(deck.quotes, "2.20", "2.30")
    async with deck.works():
        card = await deck.posts()
        await deck.hears(card, "approve", "Olga")
        await until(lambda: len(deck.trades()) == 1)
        await until(lambda: "notice.posted" in deck.events("notice.%")[1:])
    deck.marks_again(signal_of(card))
    async with deck.works():
        await until(lambda: deck.due() == 0)
    assert len(deck.trades()) == 1
