"""The author of a message that cannot be booked hears why, once, and can say it again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from application.access import LOCAL_OPERATOR
from application.administering import configure_room
from application.desk import Command
from domain.grammar.reading import Room
from domain.messages import message_stream
from interfaces.clock import SetClock
from tests.interfaces.discord.deck import Deck
from tests.interfaces.discord.gateway import until
from tests.interfaces.discord.guild import Channel, Post
from tests.interfaces.discord.interactions import Interaction
from tests.interfaces.discord.listening import NOON, Record
from tests.interfaces.discord.rest import CREATE_THREADS

SLIP = "BTO 2 TSLA 250c @ 2.28"
WHOLE = "BTO 2 TSLA 11/20 250c @ 2.28"


def thread_below(deck: Deck, post: Post) -> Channel | None:
    return deck.loopback.guild.channel_of(post.id)


def replies_to(deck: Deck, post: Post) -> list[Post]:
    """What the bot says below a message, in a thread or beside it."""
    thread = thread_below(deck, post)
    beside = [one for one in post.channel.posts.values() if one.reply_to == post.id]
    return [*([] if thread is None else thread.posts.values()), *beside]


async def reply_to(deck: Deck, post: Post) -> Post:
    await until(lambda: bool(replies_to(deck, post)))
    (reply,) = replies_to(deck, post)
    return reply


async def told(reply: Post, words: str) -> str:
    """Waits until a reply says something."""
    try:
        await until(lambda: words in reply.content)
    except TimeoutError:
        raise AssertionError(reply.content) from None
    return reply.content


async def in_time(deck: Deck, post: Post) -> list[Post]:
    """The replies to a post, once what is said after it has been answered."""
    after = await deck.loopback.say(post.channel.name, "Zoe", SLIP)
    await reply_to(deck, after)
    return replies_to(deck, post)


async def presses_fix(deck: Deck, reply: Post, by: str) -> Interaction:
    (button,) = reply.custom_ids
    return await deck.loopback.press(reply, button, by)


async def says_again(deck: Deck, reply: Post, by: str, words: str) -> Post:
    form = await presses_fix(deck, reply, by)
    return await (await deck.loopback.submit(form, {"words": words})).answered()


class TestTelling:
    async def test_says_once_in_a_thread_what_the_message_lacks(self, deck: Deck) -> None:
        async with deck.works():
            post = await deck.loopback.say("options", "Nora", SLIP)
            reply = await reply_to(deck, post)
            assert f"<@{post.author.id}>" in reply.content
            assert "not booked" in reply.content
            assert "the expiry, such as 11/20" in reply.content
            assert thread_below(deck, post) is reply.channel
            assert reply.custom_ids == [f"tt:reword:{stream_of(post)}"]
        async with deck.works():
            await asyncio.sleep(0.3)
        assert replies_to(deck, post) == [reply]
        assert deck.events("notice.posted").count("notice.posted") == 1

    async def test_says_that_nothing_is_open_to_be_closed(self, deck: Deck) -> None:
        async with deck.works():
            post = await deck.loopback.say("options", "Nora", "STC TSLA 11/20 250c @ 3.00")
            reply = await reply_to(deck, post)
        assert "no open position in TSLA 250C" in reply.content
        assert "nothing of yours fits it in this channel" in reply.content

    async def test_says_that_a_ticker_is_not_known(self, deck: Deck) -> None:
        async with deck.works():
            words = "NAS100 SELL 25480\nSL 25560\nTP 25390"
            post = await deck.loopback.say("options", "Nora", words)
            reply = await reply_to(deck, post)
        assert "no instrument that is known here" in reply.content

    async def test_says_that_a_price_is_out_of_the_markets_range(self, deck: Deck) -> None:
        deck.quotes("3.20", "3.30")
        async with deck.works():
            post = await deck.loopback.say("options", "Nora", WHOLE)
            reply = await reply_to(deck, post)
        assert "out of the market's range" in reply.content
        assert "bid 3.20, offer 3.30" in reply.content
        assert "not scored" in reply.content
        assert reply.custom_ids == []

    async def test_replies_beside_the_message_where_threads_are_not_allowed(
        self, deck: Deck
    ) -> None:
        deck.loopback.guild.channel("options").denied = CREATE_THREADS
        async with deck.works():
            post = await deck.loopback.say("options", "Nora", SLIP)
            reply = await reply_to(deck, post)
        assert thread_below(deck, post) is None
        assert reply.reply_to == post.id

    async def test_replies_in_the_thread_in_which_it_was_said(self, deck: Deck) -> None:
        async with deck.works():
            await deck.loopback.open_thread("tesla", "options")
            post = await deck.loopback.say("tesla", "Nora", SLIP)
            reply = await reply_to(deck, post)
        assert reply.channel is post.channel
        assert reply.reply_to == post.id

    async def test_takes_up_a_reply_that_was_posted_by_a_bot_that_died(self, deck: Deck) -> None:
        guild = deck.loopback.guild
        post = guild.post(guild.channel("options"), guild.person("Nora"), content=SLIP)
        thread = guild.thread_of(post, "Not booked")
        button = {"type": 2, "style": 1, "label": "Fix", "custom_id": fix_of(post)}
        row = {"type": 1, "components": [button]}
        before = guild.post(thread, deck.loopback.bot, content="Not", components=[row])
        async with deck.works():
            await deck.loopback.tell_post("MESSAGE_CREATE", post)
            await told(before, "the expiry")
            await until(lambda: "notice.posted" in deck.events("notice.%"))
        assert replies_to(deck, post) == [before]


class TestSilence:
    @pytest.mark.parametrize(
        "words",
        [
            "if TSLA reclaims 250 I buy the 250c 11/20 around 2.30",
            "Watching TSLA 250c 11/20, no entry yet",
            "recap: TSLA 250c 2.28 to 4.00, what a day",
            "lunch?",
            "TSLA 250c looks great",
        ],
    )
    async def test_says_nothing_to_what_is_no_order(self, deck: Deck, words: str) -> None:
        async with deck.works():
            post = await deck.loopback.say("options", "Nora", words)
            assert await in_time(deck, post) == []

    async def test_says_nothing_where_the_channel_wants_no_replies(self, deck: Deck) -> None:
        configure_room(
            deck.house.desk,
            Command.given(uuid4(), actor="test", at=NOON),
            LOCAL_OPERATOR,
            channel="stocks",
            room=Room(),
            replies=False,
        )
        async with deck.works():
            post = await deck.loopback.say("stocks", "Nora", SLIP)
            await reply_to(deck, await deck.loopback.say("options", "Nora", SLIP))
            assert replies_to(deck, post) == []

    async def test_says_nothing_to_what_is_old(self, deck: Deck, clock: SetClock) -> None:
        guild = deck.loopback.guild
        old = guild.post(guild.channel("options"), guild.person("Nora"), content=SLIP)
        clock.set(NOON + timedelta(minutes=11))
        guild.now = NOON + timedelta(minutes=11)
        async with deck.works():
            await deck.loopback.tell_post("MESSAGE_CREATE", old)
            assert await in_time(deck, old) == []

    async def test_says_nothing_to_another_bot(self, deck: Deck) -> None:
        deck.loopback.guild.machine("Feed")
        async with deck.works():
            post = await deck.loopback.say("options", "Feed", SLIP)
            assert await in_time(deck, post) == []

    async def test_says_nothing_to_what_is_booked(self, deck: Deck) -> None:
        async with deck.works():
            post = await deck.loopback.say("options", "Nora", WHOLE)
            assert await in_time(deck, post) == []


class TestFixing:
    async def test_the_author_says_it_again_and_it_is_booked(
        self, deck: Deck, record: Record
    ) -> None:
        async with deck.works():
            post = await deck.loopback.say("options", "Nora", SLIP)
            reply = await reply_to(deck, post)
            form = await presses_fix(deck, reply, "Nora")
            shown = (await form.acknowledged())["data"]["components"][0]["component"]
            assert shown["value"] == SLIP
            given = await deck.loopback.submit(form, {"words": WHOLE})
            heard = await given.answered()
            assert heard.is_ephemeral
            assert "Booked: entry 2 of TSLA 250C 2026-11-20 at 2.28" in heard.content
            assert "after a fix" in await told(reply, "**Booked**")
            assert reply.custom_ids == []
            assert reply.edited_at is not None
            await until(lambda: len(deck.cards()) == 1)
        name, body = record.events()[-1]
        assert (name, body["via"], body["fixes"]) == ("message.captured", "fix", str(post.id))
        assert body["message_id"] == str(given.id)
        assert body["author_id"] == str(post.author.id)

    async def test_a_fix_that_is_told_twice_is_kept_once(self, deck: Deck, record: Record) -> None:
        async with deck.works():
            reply = await reply_to(deck, await deck.loopback.say("options", "Nora", SLIP))
            form = await presses_fix(deck, reply, "Nora")
            given = await deck.loopback.submit(form, {"words": WHOLE})
            await given.answered()
            await deck.replays(given)
            await told(reply, "**Booked**")
        assert [name for name, body in record.events() if body.get("via") == "fix"] == [
            "message.captured"
        ]

    async def test_nobody_else_may_say_it_again_but_an_admin(
        self, deck: Deck, record: Record
    ) -> None:
        async with deck.works():
            post = await deck.loopback.say("options", "Nora", SLIP)
            reply = await reply_to(deck, post)
            refused = await (await presses_fix(deck, reply, "Rob")).answered()
            assert refused.is_ephemeral
            assert refused.content.startswith("Only the author of a message, or an admin")
            heard = await says_again(deck, reply, "Ada", WHOLE)
            assert heard.content.startswith("Booked")
        _, body = record.events()[-1]
        assert (body["author_id"], body["author_name"]) == (str(post.author.id), "Nora")

    async def test_a_fix_that_cannot_be_booked_is_told_and_another_may_follow(
        self, deck: Deck
    ) -> None:
        async with deck.works():
            reply = await reply_to(deck, await deck.loopback.say("options", "Nora", SLIP))
            heard = await says_again(deck, reply, "Nora", "BTO 2 TSLA 11/20 250c")
            assert "the price per share" in heard.content
            assert "says no price" in await told(reply, "The fix of")
            heard = await says_again(deck, reply, "Nora", WHOLE)
            assert heard.content.startswith("Booked")
            await told(reply, "**Booked**")

    async def test_what_is_booked_is_not_said_again(self, deck: Deck) -> None:
        async with deck.works():
            reply = await reply_to(deck, await deck.loopback.say("options", "Nora", SLIP))
            first, second = [await presses_fix(deck, reply, "Nora") for _ in range(2)]
            await second.acknowledged()
            await (await deck.loopback.submit(first, {"words": WHOLE})).answered()
            heard = await (await deck.loopback.submit(second, {"words": WHOLE})).answered()
        assert heard.content.startswith("It is booked already, by the fix of")

    async def test_an_exit_said_again_is_of_what_the_first_one_replied_to(self, deck: Deck) -> None:
        async with deck.works():
            entry = await deck.loopback.say("options", "Nora", WHOLE)
            await until(lambda: len(deck.cards()) == 1)
            await deck.loopback.say("options", "Nora", "BTO 1 NVDA 11/20 190c @ 5.00")
            await until(lambda: len(deck.cards()) == 2)
            post = await deck.loopback.say(
                "options", "Nora", "STC AMD 11/20 250c @ 3.00", reply_to=entry
            )
            reply = await reply_to(deck, post)
            heard = await says_again(deck, reply, "Nora", "all out @ 3.00")
        assert "exit 2 of TSLA 250C 2026-11-20 at 3.00" in heard.content


class TestChanges:
    async def test_an_edit_into_a_trade_is_told_to_book_nothing(self, deck: Deck) -> None:
        async with deck.works():
            post = await deck.loopback.say("options", "Nora", SLIP)
            reply = await reply_to(deck, post)
            await deck.loopback.edit(post, WHOLE)
            await told(reply, "an edit books nothing")
            form = await presses_fix(deck, reply, "Nora")
            shown = (await form.acknowledged())["data"]["components"][0]["component"]
            assert shown["value"] == WHOLE

    async def test_a_message_that_is_gone_has_nothing_to_fix(self, deck: Deck) -> None:
        async with deck.works():
            post = await deck.loopback.say("options", "Nora", SLIP)
            reply = await reply_to(deck, post)
            await deck.loopback.delete(post)
            await told(reply, "The message is gone")
            assert reply.custom_ids == []

    async def test_a_reply_that_somebody_deleted_stays_away(self, deck: Deck) -> None:
        async with deck.works():
            post = await deck.loopback.say("options", "Nora", SLIP)
            await deck.loopback.delete(await reply_to(deck, post))
            await deck.loopback.edit(post, WHOLE)
            assert await in_time(deck, post) == []


def stream_of(post: Post) -> str:
    return str(message_stream("discord", str(post.id)))


def fix_of(post: Post) -> str:
    return f"tt:reword:{stream_of(post)}"
