"""A Discord on loopback: the HTTP API and the gateway, as far as bots use them here.

A test says what people do (`say`, `edit`, `delete`, `press`, `command`, `submit`) and looks at
what the bot did (`posted`, `commands`, and what an interaction was answered). A client meets it
by its usual addresses::

    async with LoopbackDiscord(NOON) as discord, discord.running(client):
        await discord.say("options", "Nora", "BTO 2 TSLA 250c @ 2.28")
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import discord
import yarl
from aiohttp import web
from discord.gateway import DiscordWebSocket
from discord.http import Route

from interfaces.ending import ended
from tests.interfaces.discord.guild import Guild, Json, Person, Post
from tests.interfaces.discord.interactions import (
    AUTOCOMPLETE,
    BUTTON,
    COMMAND,
    COMPONENT,
    MODAL,
    Interaction,
    chosen,
    commanded,
    filled_in,
    pressed,
)
from tests.interfaces.discord.rest import Refusal, Rest
from tests.interfaces.discord.sessions import Sessions
from tests.patience import PATIENCE_S

TOKEN = "loopback.token"
STEP_S = 0.02
MESSAGE_CONTENT_LIMITED = 1 << 19
"""The flag of an application in few guilds that may read what is said."""


class Troubles:
    """Refusals that wait for the next requests of their kind."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str, Refusal]] = []

    def add(self, method: str, path_end: str, refusal: Refusal, times: int = 1) -> None:
        self._waiting += [(method, path_end, refusal)] * times

    def pop(self, method: str, path: str) -> Refusal | None:
        for place, (of_method, path_end, refusal) in enumerate(self._waiting):
            if method == of_method and path.endswith(path_end):
                del self._waiting[place]
                return refusal
        return None


class LoopbackDiscord:
    """One guild, one bot, and everything between them."""

    def __init__(self, now: datetime) -> None:
        self.guild = Guild(now)
        self.application_id = self.guild.new_id()
        self.bot = Person(self.guild.new_id(), "truetape", bot=True)
        self.guild.people["truetape"] = self.bot
        self.authorization = f"Bot {TOKEN}"
        self.sessions = Sessions(self.guild, self.bot, self.application_id, TOKEN)
        self.flags = MESSAGE_CONTENT_LIMITED
        self.is_member = True
        self.troubles = Troubles()
        self.requests: list[tuple[str, str]] = []
        self.posted: list[Post] = []
        self.commands: list[Json] = []
        self.interactions: dict[str, Interaction] = {}
        self._rest = Rest(self)
        self._usual = (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY)

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self._application(), shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.sessions.url = f"ws://{host}:{port}/gateway/"
        self.api_url = f"http://{host}:{port}/api/v10"
        Route.BASE = self.api_url
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(self.sessions.url)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = self._usual
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/gateway/", self.sessions.handle)
        application.add_subapp("/api/v10", self._rest.application)
        return application

    @asynccontextmanager
    async def running(self, client: discord.Client, token: str = TOKEN) -> AsyncIterator[None]:
        """Lets a client run until the block ends; it is ready when the block begins."""
        async with client:
            task = asyncio.create_task(client.start(token))
            ready = asyncio.create_task(client.wait_until_ready())
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
                if task.done():
                    task.result()
                yield
            finally:
                # Whatever hangs is to fail here, with a traceback.
                async with asyncio.timeout(PATIENCE_S):
                    await client.close()
                    await ended([ready])
                    await asyncio.wait({task})

    async def say(
        self,
        channel: str,
        author: str,
        content: str = "",
        *,
        embeds: Sequence[Json] = (),
        reply_to: Post | None = None,
    ) -> Post:
        """A member posts a message."""
        post = self.guild.post(
            self.guild.channel(channel),
            self.guild.person(author),
            content=content,
            embeds=list(embeds),
            reply_to=None if reply_to is None else reply_to.id,
        )
        await self.tell_post("MESSAGE_CREATE", post)
        return post

    async def open_thread(self, name: str, above: str) -> None:
        """A member begins a thread in a channel, or a post in a forum."""
        thread = self.guild.thread(name, self.guild.channel(above))
        await self.sessions.tell("THREAD_CREATE", {**thread.payload(), "newly_created": True})

    async def archive(self, name: str) -> None:
        """A thread is put away."""
        thread = self.guild.channel(name)
        thread.archived_at = self.guild.now
        await self.sessions.tell("THREAD_UPDATE", thread.payload())

    async def edit(self, post: Post, content: str) -> None:
        """The author changes their words."""
        await self.change(post, {"content": content})

    async def change(self, post: Post, body: Json) -> None:
        """A message stands differently from now on."""
        post.change(body, self.guild.now)
        await self.tell_post("MESSAGE_UPDATE", post)

    async def delete(self, post: Post) -> None:
        """A message goes away."""
        del post.channel.posts[post.id]
        await self.sessions.tell("MESSAGE_DELETE", {"id": str(post.id), **self._place(post)})

    async def purge(self, posts: Sequence[Post]) -> None:
        """Several messages of one channel go away at once."""
        for post in posts:
            del post.channel.posts[post.id]
        ids = [str(post.id) for post in posts]
        await self.sessions.tell("MESSAGE_DELETE_BULK", {"ids": ids, **self._place(posts[0])})

    async def react(self, post: Post, emoji: str, by: str) -> None:
        """A member puts an emoji below a message."""
        person = self.guild.person(by)
        post.reactions.add((emoji, person.id))
        await self.sessions.tell(
            "MESSAGE_REACTION_ADD",
            {
                **self._place(post),
                "user_id": str(person.id),
                "message_id": str(post.id),
                "message_author_id": str(post.author.id),
                "member": {**person.member(), "user": person.user()},
                "emoji": {"id": None, "name": emoji},
                "burst": False,
                "type": 0,
            },
        )

    async def make_channel(self, name: str) -> None:
        """Somebody makes a channel while the bot is there."""
        await self.sessions.tell("CHANNEL_CREATE", self.guild.channel(name).payload())

    async def press(self, post: Post, custom_id: str, by: str) -> Interaction:
        """A member presses a button."""
        return await self._interact(COMPONENT, by, post, pressed(post, custom_id))

    async def press_stale(self, post: Post, custom_id: str, by: str) -> Interaction:
        """A member presses a button that is not there any more."""
        data = {"custom_id": custom_id, "component_type": BUTTON}
        return await self._interact(COMPONENT, by, post, data)

    async def choose(self, post: Post, custom_id: str, values: list[str], by: str) -> Interaction:
        """A member chooses from a list."""
        return await self._interact(COMPONENT, by, post, chosen(post, custom_id, values))

    async def command(self, words: str, by: str, channel: str, /, **options: Any) -> Interaction:
        """A member gives a slash command."""
        data = commanded(self.commands, words, options)
        return await self._interact(COMMAND, by, channel, data)

    async def suggest(
        self, words: str, by: str, channel: str, focused: str, /, **options: Any
    ) -> list[Json]:
        """What the bot suggests while a member types an option."""
        data = commanded(self.commands, words, options, focused)
        asked = await self._interact(AUTOCOMPLETE, by, channel, data)
        callback = await asked.acknowledged()
        choices: list[Json] = callback["data"]["choices"]
        return choices

    async def submit(self, asked: Interaction, fields: Mapping[str, str]) -> Interaction:
        """The member who was asked fills in the form that the bot showed."""
        form = await asked.acknowledged()
        place = asked.on or asked.channel.name
        return await self._interact(MODAL, asked.by, place, filled_in(form, fields))

    @asynccontextmanager
    async def outage(self, *, forgetting: bool = False) -> AsyncIterator[None]:
        """Nobody is connected in this block; `forgetting` lets no session be resumed after it."""
        await self.sessions.cut(forgetting=forgetting)
        try:
            yield
        finally:
            self.sessions.mend()

    async def tell_post(self, event: str, post: Post) -> None:
        """Tells the gateway's sessions of a message; what only one member sees is not told."""
        if not post.is_ephemeral:
            data = {**post.payload(), **self._place(post)}
            if not post.author.is_webhook:
                data["member"] = post.author.member()
            await self.sessions.tell(event, data)

    def asked_for(self, path_end: str) -> int:
        """How often a path was requested."""
        counted = Counter(path for _, path in self.requests)
        return sum(times for path, times in counted.items() if path.endswith(path_end))

    async def _interact(
        self, kind: int, by: str | Person, place: Post | str, data: Json
    ) -> Interaction:
        person = self.guild.person(by) if isinstance(by, str) else by
        channel = place.channel if isinstance(place, Post) else self.guild.channel(place)
        made = Interaction(self.guild.new_id(), kind, person, channel, data)
        made.on = place if isinstance(place, Post) else None
        self.interactions[made.token] = made
        await self.sessions.tell("INTERACTION_CREATE", made.payload(self.application_id))
        return made

    def _place(self, post: Post) -> Json:
        return {"channel_id": str(post.channel.id), "guild_id": str(self.guild.id)}


async def until(condition: Callable[[], bool]) -> None:
    """Waits for something to become true.

    Raises:
        TimeoutError: it did not.
    """
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if condition():
                return
            await asyncio.sleep(STEP_S)
