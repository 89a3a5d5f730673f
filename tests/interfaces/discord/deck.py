"""What tests of cards share: a bot with a worker beside it, and what stands in its channels."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import msgspec
import psycopg

from application.access import LOCAL_OPERATOR
from application.desk import Command
from application.noticing import Due, Noticing, Topic
from interfaces.chat_files import DISCORD
from interfaces.cli.running import working
from interfaces.discord.bot import Bot
from interfaces.discord.settings import DiscordSettings
from projections.timeline import timeline
from tests.interfaces.discord.asking import SETTINGS, Community
from tests.interfaces.discord.gateway import until
from tests.interfaces.discord.guild import Post
from tests.interfaces.discord.interactions import Interaction

TIME_WIDTH = len("11-16 17:00:00 ")


class Deck(Community):
    """Signals are said in the channel, and everything follows the tape by itself."""

    @asynccontextmanager
    async def works(self, settings: DiscordSettings = SETTINGS) -> AsyncIterator[Bot]:
        """The bot and a worker, as `truetape bot` runs them."""
        bot = Bot(self.house, settings, retry_s=0.1, guild_ready_timeout=0.1)
        with working(self.house, threading.Event()):
            async with self.loopback.running(bot):
                await until(lambda: bot.board.is_telling)
                yield bot

    async def posts(self, words: str = "BTO 2 TSLA 11/20 250c @ 2.28", who: str = "Nora") -> Post:
        """A trader posts a signal; its card."""
        before = set(self.cards())
        await self.loopback.say("options", who, words)
        await until(lambda: len(self.cards()) > len(before))
        return next(card for card in self.cards() if card not in before)

    def cards(self) -> list[Post]:
        """The cards in the signals channel, in its order."""
        posts = self.loopback.guild.channel("signals").posts.values()
        return [post for post in posts if any("tt:why:" in one for one in post.custom_ids)]

    def trades(self) -> list[str]:
        """What is told in the trades channel, without the places on the tape."""
        posts = self.loopback.guild.channel("trades").posts.values()
        return [post.content.partition("` ")[2] for post in posts if "` " in post.content]

    def thread(self, card: Post) -> list[str]:
        """The lines below a card, without place and time."""
        found = self.loopback.guild.channel_of(card.id)
        posts = [] if found is None else found.posts.values()
        lines = [line for post in posts for line in post.content.split("\n")]
        return [line.partition("` ")[2][TIME_WIDTH:] for line in lines]

    def marks_again(self, signal: UUID) -> None:
        """Everything of a signal is due as if it had just happened."""
        noticing = Noticing(DISCORD)
        with self.house.reader.connection() as connection:
            story = timeline(connection, signal, descending=False)
        at = self.house.clock.now()
        due = [
            Due(topic=topic, about=signal, position=event.position, happened_at=at)
            for event in story
            for topic in (Topic.CARD, Topic.LINE, Topic.TRADE)
        ]
        with psycopg.connect(self.house.database_url) as connection, connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO tape.reaction_memory (reaction, key, value) VALUES (%s, %s, %s)"
                " ON CONFLICT (reaction, key) DO UPDATE SET value = excluded.value",
                [(noticing.name, one.key, msgspec.json.encode(one)) for one in due],
            )

    def due(self) -> int:
        """How much has yet to be told."""
        with psycopg.connect(self.house.database_url) as connection:
            row = connection.execute(
                "SELECT count(*) FROM tape.reaction_memory WHERE starts_with(key, 'due:')"
            ).fetchone()
        return 0 if row is None else int(row[0])

    def order(self, *words: object) -> Command:
        """A command that somebody gives elsewhere."""
        actor = LOCAL_OPERATOR.actor
        return Command.given(uuid4(), words, actor=actor, at=self.house.clock.now())

    async def clicks(self, card: Post, verb: str, by: str) -> Interaction:
        """A member presses a button of the card."""
        return await self.loopback.press(card, button(card, verb), by)

    async def hears(self, card: Post, verb: str, by: str) -> str:
        """What a member hears who presses a button."""
        answer = await (await self.clicks(card, verb, by)).answered()
        assert answer.is_ephemeral
        return answer.content


def signal_of(card: Post) -> UUID:
    """The signal of a card, as its buttons say."""
    (button,) = (one for one in card.custom_ids if one.startswith("tt:why:"))
    return UUID(button.removeprefix("tt:why:"))


def button(post: Post, verb: str) -> str:
    """The id of the button of that verb."""
    (found,) = (one for one in post.custom_ids if one.startswith(f"tt:{verb}:"))
    return found


def shown(card: Post) -> dict[str, str]:
    """The fields of a card by name; `title` and `told` are what stands above them."""
    (embed,) = card.embeds
    fields = {field["name"]: field["value"] for field in embed.get("fields", ())}
    return fields | {"title": embed["title"], "told": embed["description"]}


def pressable(card: Post) -> dict[str, bool]:
    """The verbs below a card, and whether they can be pressed."""
    return {
        button["custom_id"].split(":")[1]: not button.get("disabled", False)
        for row in card.components
        for button in row["components"]
    }


async def until_shown(card: Post, condition: Callable[[dict[str, str]], bool]) -> dict[str, str]:
    """Waits until a card shows something."""
    try:
        await until(lambda: condition(shown(card)))
    except TimeoutError as error:
        raise AssertionError(shown(card)) from error
    return shown(card)
