"""The websocket side of the fake Alpaca: sessions that can be cut, and messages that go astray."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from aiohttp import WSMsgType, web

from tests.adapters.alpaca.book import Json
from tests.adapters.alpaca.faults import Faults

MARK = "mark"
"""Messages with this are lost by no fault: everything before them has been told."""
KEY, SECRET = "PK-LOOPBACK", "the-secret-of-the-loopback"


class Updates:
    """Tells every session that listens what the exchange publishes, one message at a time."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._sessions: dict[web.WebSocketResponse, asyncio.Transport] = {}
        self._listening: set[web.WebSocketResponse] = set()
        self._known: set[web.WebSocketResponse] = set()
        self._queue: asyncio.Queue[Json] = asyncio.Queue()
        self._held: list[Json] = []
        self.lets_in = True

    def put(self, message: Json) -> None:
        """Queues a message; only from the server's own loop."""
        self._queue.put_nowait(message)

    async def deliver(self) -> None:
        """Sends what is queued, for ever."""
        while True:
            message = await self._queue.get()
            if self._faults.stream.delay_s:
                await asyncio.sleep(self._faults.stream.delay_s)
            for each in self._fated(message):
                await self._send(each)

    def _fated(self, message: Json) -> list[Json]:
        if MARK in message:
            told = [*self._held, message]
            self._held.clear()
            return told
        fate = self._faults.of_message()
        if fate == "swap" and not self._held:
            self._held.append(message)
            return []
        told = [] if fate == "lose" else [message, message] if fate == "double" else [message]
        told += self._held
        self._held.clear()
        return told

    async def _send(self, message: Json) -> None:
        frame = json.dumps({"stream": "trade_updates", "data": message}).encode()
        for session in list(self._listening):
            with suppress(ConnectionError, RuntimeError):
                # Alpaca sends its texts as binary frames.
                await session.send_bytes(frame)

    async def cut(self, *, lets_in: bool = True) -> None:
        """Ends every session without a word; later ones are let in, or not."""
        self.lets_in = lets_in
        for session, transport in list(self._sessions.items()):
            self._listening.discard(session)
            transport.abort()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if not self.lets_in:
            return web.Response(status=503)
        session = web.WebSocketResponse()
        await session.prepare(request)
        assert request.transport is not None
        self._sessions[session] = request.transport
        try:
            async for message in session:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await self._answer(session, json.loads(message.data))
        finally:
            del self._sessions[session]
            self._known.discard(session)
            self._listening.discard(session)
        return session

    async def _answer(self, session: web.WebSocketResponse, asked: Json) -> None:
        action = asked.get("action")
        if action == "authenticate":
            given = asked.get("data", {})
            authorized = (given.get("key_id"), given.get("secret_key")) == (KEY, SECRET)
            status = "authorized" if authorized else "unauthorized"
            answer = {"stream": "authorization", "data": {"action": action, "status": status}}
            await session.send_bytes(json.dumps(answer).encode())
            if authorized:
                self._known.add(session)
        elif action == "listen" and session in self._known:
            streams = [each for each in asked["data"]["streams"] if each == "trade_updates"]
            answer = {"stream": "listening", "data": {"streams": streams}}
            await session.send_bytes(json.dumps(answer).encode())
            if streams:
                self._listening.add(session)
