"""A kept GraphQL reply of 50 rows against the same rows over plain REST, through real HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from interfaces.clock import SetClock
from interfaces.compose import open_house
from interfaces.settings import Settings
from tests.benchmarks.graphql_server import ROWS
from tests.benchmarks.harness import Measured, benchmark, fresh_database, in_turns, redis_url
from tests.interfaces.graphql.world import NOON, World

CONNECTIONS = 8
SECONDS = 2.0
SIGNALS = 200
PATIENCE_S = 30

DOCUMENT = """
query ($first: Int!) {
  signals(first: $first) {
    nodes {
      id version trader { name } channel symbol side quantity openQuantity claimedPrice
      averagePrice badge decision state postedAt
    }
  }
}
"""

Make = Callable[[], bytes]


@benchmark("graphql_cached_50", unit="of REST", limit=0.5, better="higher")
def graphql_cached_50() -> Measured:
    """Requests a second of a kept reply over those of a plain endpoint that queries."""
    with fresh_database() as url, _server(url) as port:
        rest, kept, executed = in_turns(
            5,
            lambda: _rate(port, _get),
            lambda: _rate(port, _same()),
            lambda: _rate(port, _other()),
        )
    return Measured(
        value=kept / rest,
        note=f"{ROWS} rows, {CONNECTIONS} connections: kept {kept:,.0f}/s, executed "
        f"{executed:,.0f}/s ({executed / rest:.2f} of REST), REST {rest:,.0f}/s",
    )


def _get() -> bytes:
    return f"GET /rest/signals?first={ROWS} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


def _same() -> Make:
    request = _post({"first": ROWS})
    return lambda: request


def _other() -> Make:
    """Each request has variables of its own, so that no reply was kept for it."""
    numbers = count(time.monotonic_ns())
    return lambda: _post({"first": ROWS, "number": next(numbers)})


def _post(variables: dict[str, int]) -> bytes:
    body = json.dumps({"query": DOCUMENT, "variables": variables}).encode()
    head = (
        "POST /graphql HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _rate(port: int, make: Make) -> float:
    """Requests a second that are answered over so many connections."""
    return asyncio.run(_measure(port, make))


async def _measure(port: int, make: Make) -> float:
    ends_at = time.perf_counter() + SECONDS
    began = time.perf_counter()
    answered = await asyncio.gather(*(_ask(port, make, ends_at) for _ in range(CONNECTIONS)))
    return sum(answered) / (time.perf_counter() - began)


async def _ask(port: int, make: Make, ends_at: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answered = 0
    while time.perf_counter() < ends_at:
        writer.write(make())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        assert head.startswith(b"http/1.1 200"), body[:500]
        assert body.count(b'"symbol"') == ROWS, body[:500]
        answered += 1
    writer.close()
    return answered


@contextmanager
def _server(url: str) -> Iterator[int]:
    """The server in a process of its own, over a record of some signals; hands out its port."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), database_url=url, redis_url=redis_url())
        clock = SetClock(NOON)
        with open_house(settings, clock) as house:
            world = World(house, clock, Path(folder))
            for number in range(SIGNALS):
                world.post(f"trader {number % 10}")
            world.catch_up()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.benchmarks.graphql_server", url, redis_url(), str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as server:
        try:
            _wait_for(port, server)
            yield port
        finally:
            assert server.stdin is not None
            server.stdin.close()
            server.wait(timeout=PATIENCE_S)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.05)
