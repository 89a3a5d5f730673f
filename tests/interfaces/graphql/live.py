"""A server on a port of this machine, and a client of its subscriptions."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from interfaces.compose import House
from interfaces.http import serve
from tests.patience import PATIENCE_S


@contextmanager
def served(house: House, *, open_reading: bool = False) -> Iterator[str]:
    """Serves the house in a thread; hands out the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    stop = threading.Event()
    server = threading.Thread(
        target=serve,
        args=(house, "127.0.0.1", port),
        kwargs={"open_reading": open_reading, "stop": stop},
    )
    server.start()
    try:
        _wait_for(port)
        yield f"127.0.0.1:{port}"
    finally:
        stop.set()
        server.join(timeout=PATIENCE_S)
        assert not server.is_alive()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.02)


class Socket:
    """A connection that speaks graphql-transport-ws."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0

    async def send(self, kind: str, **rest: Any) -> None:
        await self._connection.send(json.dumps({"type": kind, **rest}))

    async def receive(self, *, within: float = PATIENCE_S) -> dict[str, Any]:
        async with asyncio.timeout(within):
            message: dict[str, Any] = json.loads(await self._connection.recv())
        return message

    async def closed(self) -> tuple[int | None, str | None]:
        """Code and reason with which the server ends the connection."""
        async with asyncio.timeout(PATIENCE_S):
            await self._connection.wait_closed()
        return self._connection.close_code, self._connection.close_reason

    async def subscribe(self, query: str, **variables: Any) -> str:
        self._number += 1
        number = str(self._number)
        payload = {"query": query, "variables": variables}
        await self.send("subscribe", id=number, payload=payload)
        return number

    async def next(self, field: str, *, within: float = PATIENCE_S) -> Any:
        """What the subscription tells next."""
        message = await self.receive(within=within)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"][field]


@asynccontextmanager
async def opened(
    address: str, secret: str | None = None, *, in_header: bool = False, **headers: str
) -> AsyncIterator[Socket]:
    """A connection; the token comes with connection_init unless it is to be in the header."""
    bearer = f"Bearer {secret}"
    if in_header:
        headers["Authorization"] = bearer
    async with connect(
        f"ws://{address}/graphql",
        subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
        additional_headers=headers,
    ) as connection:
        socket = Socket(connection)
        payload = {} if secret is None or in_header else {"Authorization": bearer}
        await socket.send("connection_init", payload=payload)
        yield socket
