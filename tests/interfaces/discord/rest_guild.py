"""The HTTP routes by which a bot looks at its guilds, and pins messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from tests.interfaces.discord.gateway import LoopbackDiscord


def reply(value: object, status: int = 200) -> web.Response:
    """A JSON reply; the client only takes a content type without a charset for JSON."""
    return web.Response(
        body=json.dumps(value).encode(), status=status, headers={"Content-Type": "application/json"}
    )


class GuildRoutes:
    """What is asked of a guild and of its pins."""

    def __init__(self, discord: LoopbackDiscord) -> None:
        self._discord = discord

    def add_to(self, application: web.Application) -> None:
        for method, path, handler in (
            ("GET", "/users/@me/guilds", self._guilds),
            ("GET", "/guilds/{guild}", self._guild),
            ("GET", "/guilds/{guild}/channels", self._channels),
            ("GET", "/guilds/{guild}/members/{user}", self._member),
            ("PUT", "/channels/{channel}/messages/pins/{message}", self._pin),
        ):
            application.router.add_route(method, path, handler)

    async def _guilds(self, _: web.Request) -> web.Response:
        guild = self._discord.guild
        if not self._discord.is_member:
            return reply([])
        told = {"id": str(guild.id), "name": guild.name, "owner": False, "permissions": "0",
                "features": [], "icon": None}  # fmt: skip
        return reply([told])

    async def _guild(self, _: web.Request) -> web.Response:
        alone = ("channels", "members", "threads", "member_count", "unavailable")
        payload = self._discord.guild.payload()
        return reply({name: value for name, value in payload.items() if name not in alone})

    async def _channels(self, _: web.Request) -> web.Response:
        return reply(self._discord.guild.payload()["channels"])

    async def _member(self, request: web.Request) -> web.Response:
        wanted = request.match_info["user"]
        for person in self._discord.guild.people.values():
            if str(person.id) == wanted:
                return reply({**person.member(), "user": person.user()})
        return reply({"message": "Unknown Member", "code": 10007}, 404)

    async def _pin(self, request: web.Request) -> web.Response:
        channel = self._discord.guild.channel_of(int(request.match_info["channel"]))
        post = None if channel is None else channel.posts.get(int(request.match_info["message"]))
        if post is None:
            return reply({"message": "Unknown Message", "code": 10008}, 404)
        if post.channel.denied & PIN:
            return reply({"message": "Missing Permissions", "code": 50013}, 403)
        post.is_pinned = True
        return web.Response(status=204)


PIN = 1 << 51
