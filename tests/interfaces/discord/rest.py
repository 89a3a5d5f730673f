"""The HTTP side of the loopback Discord: what a bot asks for and what it sends."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from aiohttp import web

from tests.interfaces.discord.guild import (
    CHAT_COMMAND,
    DEFAULT,
    LOADING,
    REPLY,
    Channel,
    Json,
    Post,
)
from tests.interfaces.discord.interactions import (
    ANSWERED,
    THINKING,
    UPDATED,
    UPDATES_LATER,
    Interaction,
)
from tests.interfaces.discord.rest_bodies import Overlong, body_of, commands_of
from tests.interfaces.discord.rest_guild import GuildRoutes

if TYPE_CHECKING:
    from tests.interfaces.discord.gateway import LoopbackDiscord

NONCE_KEPT = timedelta(minutes=5)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refusal(Exception):
    """Discord's no: an HTTP status and a code of its own."""

    def __init__(
        self, status: int, code: int, message: str, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s

    def response(self) -> web.Response:
        """The refusal as it is sent; a limit says how long it lasts, and that Discord set it."""
        body: Json = {"message": str(self), "code": self.code}
        if self.retry_after_s is None:
            return reply(body, self.status)
        body |= {"retry_after": self.retry_after_s, "global": False}
        response = reply(body, self.status)
        response.headers["Via"] = "1.1 google"
        response.headers["Retry-After"] = str(self.retry_after_s)
        response.headers["X-RateLimit-Scope"] = "shared"
        return response


def limited(retry_after_s: float) -> Refusal:
    """Too much was asked for: it may be asked again after so long."""
    return Refusal(429, 0, "You are being rate limited.", retry_after_s)


UNAUTHORIZED = Refusal(401, 0, "401: Unauthorized")
MISSING_ACCESS = Refusal(403, 50001, "Missing Access")
UNKNOWN_CHANNEL = Refusal(404, 10003, "Unknown Channel")
UNKNOWN_MESSAGE = Refusal(404, 10008, "Unknown Message")
UNKNOWN_INTERACTION = Refusal(404, 10062, "Unknown interaction")
ACKNOWLEDGED = Refusal(400, 40060, "Interaction has already been acknowledged.")
EMPTY_MESSAGE = Refusal(400, 50006, "Cannot send an empty message")
HAS_A_THREAD = Refusal(400, 160004, "A thread has already been created for this message")
UNAVAILABLE = Refusal(503, 0, "503: Service Unavailable")
BAD_GATEWAY = Refusal(502, 0, "502: Bad Gateway")
MISSING_PERMISSIONS = Refusal(403, 50013, "Missing Permissions")
CREATE_THREADS = 1 << 35


def reply(value: object, status: int = 200) -> web.Response:
    """A JSON reply; the client only takes a content type without a charset for JSON."""
    return web.Response(
        body=json.dumps(value).encode(), status=status, headers={"Content-Type": "application/json"}
    )


class Rest:
    """The routes of Discord's HTTP API that bots use here."""

    def __init__(self, discord: LoopbackDiscord) -> None:
        self._discord = discord
        self.application = web.Application(middlewares=[self._guard])
        for method, path, handler in (
            ("GET", "/users/@me", self._me),
            ("GET", "/oauth2/applications/@me", self._about),
            ("GET", "/channels/{channel}", self._channel),
            ("GET", "/channels/{channel}/messages", self._history),
            ("GET", "/channels/{channel}/threads/archived/public", self._archived),
            ("POST", "/channels/{channel}/messages", self._post),
            ("POST", "/channels/{channel}/typing", self._typing),
            ("GET", "/channels/{channel}/messages/{message}", self._message),
            ("PATCH", "/channels/{channel}/messages/{message}", self._edit),
            ("DELETE", "/channels/{channel}/messages/{message}", self._delete),
            ("POST", "/channels/{channel}/messages/{message}/threads", self._thread),
            (
                "DELETE",
                "/channels/{channel}/messages/{message}/reactions/{emoji}/{user}",
                self._unreact,
            ),
            ("GET", "/applications/{id}/commands", self._commands),
            ("PUT", "/applications/{id}/commands", self._register),
            ("GET", "/applications/{id}/guilds/{guild}/commands", self._commands),
            ("PUT", "/applications/{id}/guilds/{guild}/commands", self._register),
            ("POST", "/interactions/{id}/{token}/callback", self._call_back),
            ("POST", "/webhooks/{id}/{token}", self._follow_up),
            ("GET", "/webhooks/{id}/{token}/messages/{message}", self._answer),
            ("PATCH", "/webhooks/{id}/{token}/messages/{message}", self._edit_answer),
            ("DELETE", "/webhooks/{id}/{token}/messages/{message}", self._delete_answer),
        ):
            self.application.router.add_route(method, path, handler)
        GuildRoutes(discord).add_to(self.application)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._discord.requests.append((request.method, request.path))
        # What belongs to an interaction is let in by the interaction's own token.
        by_token = request.path.split("/")[3] in ("interactions", "webhooks")
        try:
            if refusal := self._discord.troubles.pop(request.method, request.path):
                raise refusal
            if not by_token and request.headers.get("Authorization") != self._discord.authorization:
                raise UNAUTHORIZED
            return await handler(request)
        except Refusal as refusal:
            return refusal.response()
        except Overlong as overlong:
            return Refusal(400, 50035, f"Invalid Form Body: {overlong}").response()

    async def _me(self, _: web.Request) -> web.Response:
        return reply(self._discord.bot.user())

    async def _about(self, _: web.Request) -> web.Response:
        return reply(
            {
                "id": str(self._discord.application_id),
                "name": self._discord.bot.name,
                "description": "",
                "icon": None,
                "bot_public": False,
                "bot_require_code_grant": False,
                "verify_key": "",
                "flags": self._discord.flags,
                "owner": self._discord.guild.person("Owner").user(),
            }
        )

    async def _channel(self, request: web.Request) -> web.Response:
        return reply(self._channel_of(request).payload())

    async def _history(self, request: web.Request) -> web.Response:
        channel = self._channel_of(request)
        if not channel.is_readable:
            raise MISSING_ACCESS
        page = channel.page(
            limit=int(request.query.get("limit", 50)),
            after=_number(request, "after"),
            before=_number(request, "before"),
        )
        return reply([post.payload() for post in page])

    async def _archived(self, request: web.Request) -> web.Response:
        above = self._channel_of(request)
        if not above.is_readable:
            raise MISSING_ACCESS
        found = sorted(
            ((c.archived_at, c) for c in self._discord.guild.channels.values()
             if c.above is above and c.archived_at is not None),
            key=lambda pair: pair[0], reverse=True,
        )  # fmt: skip
        threads = [thread.payload() for _, thread in found]
        return reply({"threads": threads, "members": [], "has_more": False})

    async def _post(self, request: web.Request) -> web.Response:
        channel = self._channel_of(request)
        body, files = await body_of(request)
        if (said := self._said_before(channel, body)) is not None:
            return reply(said.payload())
        post = self._made(channel, body, files, DEFAULT)
        self._discord.posted.append(post)
        await self._discord.tell_post("MESSAGE_CREATE", post)
        return reply(post.payload())

    def _said_before(self, channel: Channel, body: Json) -> Post | None:
        """The bot's message of a few minutes that has the nonce of this one."""
        if not (body.get("enforce_nonce") and body.get("nonce")):
            return None
        since = self._discord.guild.now - NONCE_KEPT
        return next(
            (
                post
                for post in channel.posts.values()
                if post.nonce == body["nonce"]
                and post.author is self._discord.bot
                and post.posted_at > since
            ),
            None,
        )

    async def _thread(self, request: web.Request) -> web.Response:
        post = self._post_of(request)
        if self._discord.guild.channel_of(post.id) is not None:
            raise HAS_A_THREAD
        if post.channel.denied & CREATE_THREADS:
            raise MISSING_PERMISSIONS
        body, _ = await body_of(request)
        thread = self._discord.guild.thread_of(post, body["name"])
        await self._discord.sessions.tell("THREAD_CREATE", thread.payload())
        return reply(thread.payload(), 201)

    async def _unreact(self, request: web.Request) -> web.Response:
        post = self._post_of(request)
        emoji, user = request.match_info["emoji"], int(request.match_info["user"])
        post.reactions.discard((emoji, user))
        return web.Response(status=204)

    async def _typing(self, request: web.Request) -> web.Response:
        self._channel_of(request)
        return web.Response(status=204)

    async def _message(self, request: web.Request) -> web.Response:
        return reply(self._post_of(request).payload())

    async def _edit(self, request: web.Request) -> web.Response:
        post = self._own(request)
        body, files = await body_of(request)
        if "attachments" in body:
            kept = {one.get("filename") for one in body["attachments"]}
            post.files = {n: f for n, f in {**post.files, **files}.items() if n in kept}
        await self._discord.change(post, body)
        return reply(post.payload())

    async def _delete(self, request: web.Request) -> web.Response:
        await self._discord.delete(self._post_of(request))
        return web.Response(status=204)

    async def _commands(self, _: web.Request) -> web.Response:
        return reply(self._discord.commands)

    async def _register(self, request: web.Request) -> web.Response:
        registered = await commands_of(request)
        given = {"application_id": str(self._discord.application_id), "version": "1"}
        if "guild" in request.match_info:
            given["guild_id"] = request.match_info["guild"]
        self._discord.commands = [
            {"description": "", **command, "id": str(self._discord.guild.new_id()), **given}
            for command in registered
        ]
        return reply(self._discord.commands)

    async def _call_back(self, request: web.Request) -> web.Response:
        interaction = self._discord.interactions.get(request.match_info["token"])
        if interaction is None or str(interaction.id) != request.match_info["id"]:
            raise UNKNOWN_INTERACTION
        if interaction.callback is not None:
            raise ACKNOWLEDGED
        body, files = await body_of(request)
        kind, data = body["type"], body.get("data") or {}
        if kind == ANSWERED:
            interaction.said(self._made(interaction.channel, data, files, CHAT_COMMAND))
        elif kind == THINKING:
            data["flags"] = data.get("flags", 0) | LOADING
            interaction.message = self._kept(interaction.channel, data, files, CHAT_COMMAND)
        elif kind in (UPDATED, UPDATES_LATER):
            interaction.message = interaction.on
        interaction.take(body)
        if kind == UPDATED:
            await self._say(interaction, interaction.message, data)
        return reply(_told(interaction, kind))

    async def _follow_up(self, request: web.Request) -> web.Response:
        interaction = self._interaction_of(request)
        body, files = await body_of(request)
        thinking = interaction.message
        if thinking is not None and thinking.flags & LOADING:
            await self._say(interaction, thinking, body, files)
            return reply(thinking.payload())
        post = self._made(interaction.channel, body, files, CHAT_COMMAND)
        interaction.followups.append(post)
        return reply(post.payload())

    async def _answer(self, request: web.Request) -> web.Response:
        return reply(self._answer_of(request).payload())

    async def _edit_answer(self, request: web.Request) -> web.Response:
        post = self._answer_of(request)
        body, files = await body_of(request)
        await self._say(self._interaction_of(request), post, body, files)
        return reply(post.payload())

    async def _delete_answer(self, request: web.Request) -> web.Response:
        await self._discord.delete(self._answer_of(request))
        return web.Response(status=204)

    async def _say(
        self,
        interaction: Interaction,
        post: Post | None,
        body: Json,
        files: dict[str, bytes] | None = None,
    ) -> None:
        """Lets an answer say something else; what was thought about is said now."""
        assert post is not None
        post.files = files or post.files
        await self._discord.change(post, {"flags": post.flags & ~LOADING, **body})
        if post is interaction.message:
            interaction.said(post)

    def _made(self, channel: Channel, body: Json, files: dict[str, bytes], kind: int) -> Post:
        if not (body.get("content") or body.get("embeds") or body.get("components") or files):
            raise EMPTY_MESSAGE
        return self._kept(channel, body, files, kind)

    def _kept(self, channel: Channel, body: Json, files: dict[str, bytes], kind: int) -> Post:
        reference = body.get("message_reference")
        return self._discord.guild.post(
            channel,
            self._discord.bot,
            content=body.get("content") or "",
            embeds=body.get("embeds") or [],
            components=body.get("components") or [],
            flags=body.get("flags") or 0,
            nonce=body.get("nonce"),
            reply_to=int(reference["message_id"]) if reference else None,
            files=files,
            kind=REPLY if reference else kind,
        )

    def _channel_of(self, request: web.Request) -> Channel:
        channel = self._discord.guild.channel_of(int(request.match_info["channel"]))
        if channel is None:
            raise UNKNOWN_CHANNEL
        return channel

    def _post_of(self, request: web.Request) -> Post:
        post = self._channel_of(request).posts.get(int(request.match_info["message"]))
        if post is None:
            raise UNKNOWN_MESSAGE
        return post

    def _own(self, request: web.Request) -> Post:
        post = self._post_of(request)
        if post.author is not self._discord.bot:
            raise Refusal(403, 50005, "Cannot edit a message authored by another user")
        return post

    def _interaction_of(self, request: web.Request) -> Interaction:
        interaction = self._discord.interactions.get(request.match_info["token"])
        if interaction is None or interaction.callback is None:
            raise UNKNOWN_INTERACTION
        return interaction

    def _answer_of(self, request: web.Request) -> Post:
        interaction = self._interaction_of(request)
        name = request.match_info["message"]
        answers = [interaction.message, *interaction.followups]
        for post in answers:
            if post is not None and (name == "@original" or name == str(post.id)):
                return post
        raise UNKNOWN_MESSAGE


def _told(interaction: Interaction, kind: int) -> Json:
    """How Discord replies to a callback."""
    told: Json = {"id": str(interaction.id), "type": interaction.kind}
    found: Json = {"interaction": told}
    if interaction.message is not None:
        told["response_message_id"] = str(interaction.message.id)
        told["response_message_loading"] = kind == THINKING
        told["response_message_ephemeral"] = interaction.message.is_ephemeral
        found["resource"] = {"type": kind, "message": interaction.message.payload()}
    return found


def _number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    return None if text is None else int(text)
