"""The websocket side of the loopback Discord: sessions that can be cut, resumed and forgotten."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from uuid import uuid4

from aiohttp import WSMsgType, web

from tests.interfaces.discord.guild import Guild, Json, Person

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 9, 10, 11
GUILDS, GUILD_MESSAGES, REACTIONS, MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 10, 1 << 15
AUTHENTICATION_FAILED, GOING_AWAY = 4004, 1001
HEARTBEAT_MS = 41_250

NEEDED = {
    "GUILD_CREATE": GUILDS,
    "THREAD_CREATE": GUILDS,
    "THREAD_UPDATE": GUILDS,
    "CHANNEL_CREATE": GUILDS,
    "MESSAGE_CREATE": GUILD_MESSAGES,
    "MESSAGE_UPDATE": GUILD_MESSAGES,
    "MESSAGE_DELETE": GUILD_MESSAGES,
    "MESSAGE_DELETE_BULK": GUILD_MESSAGES,
    "MESSAGE_REACTION_ADD": REACTIONS,
}
"""The intent without which Discord does not tell of an event."""

WORDS: Json = {"content": "", "embeds": [], "components": [], "attachments": []}
"""What is left of others' messages without the intent Message Content."""


class Session:
    """What one client was told, kept so that it can be told again after a lost connection."""

    def __init__(self, intents: int) -> None:
        self.id = uuid4().hex
        self.intents = intents
        self.told: list[Json] = []
        self.socket: web.WebSocketResponse | None = None

    async def tell(self, name: str, data: Json) -> None:
        frame = {"op": DISPATCH, "t": name, "s": len(self.told) + 1, "d": data}
        self.told.append(frame)
        await self._send(frame)

    async def tell_again(self, after: int) -> None:
        """Everything after a sequence number."""
        for frame in self.told[after:]:
            await self._send(frame)

    async def _send(self, frame: Json) -> None:
        if self.socket is not None and not self.socket.closed:
            # A client that was killed this moment has not said goodbye.
            with suppress(ConnectionError):
                await self.socket.send_json(frame)


class Sessions:
    """Every session of the gateway."""

    def __init__(self, guild: Guild, bot: Person, application: int, token: str) -> None:
        self.identified = 0
        self.resumed = 0
        self.heartbeats = 0
        self.url = ""
        self._guild = guild
        self._bot = bot
        self._application = application
        self._token = token
        self._known: dict[str, Session] = {}
        self._open = asyncio.Event()
        self._open.set()

    async def tell(self, name: str, data: Json) -> None:
        """Dispatches an event to every session that may hear of it."""
        for session in list(self._known.values()):
            needed = NEEDED.get(name, 0)
            if session.intents & needed != needed:
                continue
            shown = data
            if "content" in data and not session.intents & MESSAGE_CONTENT:
                own = data["author"]["id"] == str(self._bot.id)
                shown = data if own else {**data, **WORDS}
            await session.tell(name, shown)

    async def cut(self, *, forgetting: bool) -> None:
        """Loses every connection, and lets none in again until `mend`."""
        self._open.clear()
        sockets = [session.socket for session in self._known.values()]
        if forgetting:
            self._known.clear()
        for socket in sockets:
            if socket is not None:
                await socket.close(code=GOING_AWAY)

    def mend(self) -> None:
        """Lets clients connect again."""
        self._open.set()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, from HELLO on."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await self._open.wait()
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": HEARTBEAT_MS}})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._heard(socket, json.loads(message.data))
        return socket

    async def _heard(self, socket: web.WebSocketResponse, frame: Json) -> None:
        match frame["op"]:
            case 1:
                self.heartbeats += 1
                await socket.send_json({"op": HEARTBEAT_ACK})
            case 2:
                await self._identify(socket, frame["d"])
            case 6:
                await self._resume(socket, frame["d"])

    async def _identify(self, socket: web.WebSocketResponse, asked: Json) -> None:
        if asked["token"] != self._token:
            await socket.close(code=AUTHENTICATION_FAILED)
            return
        session = Session(asked["intents"])
        session.socket = socket
        self._known[session.id] = session
        self.identified += 1
        await session.tell("READY", self._ready(session))
        if session.intents & GUILDS:
            await session.tell("GUILD_CREATE", self._guild.payload())

    async def _resume(self, socket: web.WebSocketResponse, asked: Json) -> None:
        session = self._known.get(asked["session_id"] or "")
        if session is None:
            await socket.send_json({"op": INVALID_SESSION, "d": False})
            return
        session.socket = socket
        self.resumed += 1
        await session.tell_again(asked["seq"])
        await session.tell("RESUMED", {})

    def _ready(self, session: Session) -> Json:
        return {
            "v": 10,
            "user": self._bot.user(),
            "guilds": [{"id": str(self._guild.id), "unavailable": True}],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "application": {"id": str(self._application), "flags": 0},
        }
