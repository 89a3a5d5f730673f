"""What both fake sources are made of: a market in memory, and a server in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from domain.instruments import Option, instrument
from tests.patience import PATIENCE_S

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Shown:
    """A quote that stood at the fake's market, in the words it was shown with."""

    symbol: str
    bid: str
    offer: str
    at: datetime
    bid_size: int = 1
    offer_size: int = 1


@dataclass
class Traded:
    """A bar: the words of its prices, `minute` or `day`."""

    symbol: str
    interval: str
    start: datetime
    open: str
    high: str
    low: str
    close: str
    volume: int


@dataclass
class Market:
    """What a fake source knows, and how it fails."""

    now: datetime
    shown: list[Shown] = field(default_factory=list)
    traded: list[Traded] = field(default_factory=list)
    greeks: dict[str, Json] = field(default_factory=dict)
    key: str = "key-of-the-test"
    page: int = 3
    """Rows on a page, whatever more is asked for."""
    faults: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    """Statuses and headers with which the next requests are answered."""
    refused_plan: str = ""
    """What the plan does not include: "options", "quotes" or "stream"."""
    asked: list[str] = field(default_factory=list)
    """Paths of the requests, with their queries."""

    def latest(self, symbol: str) -> Shown | None:
        found = [each for each in self.shown if each.symbol == symbol]
        return max(found, key=lambda each: each.at) if found else None

    def of(self, symbol: str, since: datetime, until: datetime) -> list[Shown]:
        found = [s for s in self.shown if s.symbol == symbol and since <= s.at < until]
        return sorted(found, key=lambda each: each.at)

    def bars_of(self, symbol: str, interval: str) -> list[Traded]:
        found = [t for t in self.traded if (t.symbol, t.interval) == (symbol, interval)]
        return sorted(found, key=lambda each: each.start)

    def contracts(self, underlying: str, expiry: str) -> list[Shown]:
        """The options of an underlying that are quoted, in the order of their symbols."""
        found: dict[str, Shown] = {}
        for shown in self.shown:
            contract = instrument(shown.symbol)
            if not isinstance(contract, Option) or contract.underlying != underlying:
                continue
            if expiry in ("", contract.expiry.isoformat()):
                found[shown.symbol] = shown
        return [found[symbol] for symbol in sorted(found)]


class Sockets:
    """The open streams of a fake and what each has subscribed to."""

    def __init__(self) -> None:
        self.open: dict[web.WebSocketResponse, set[str]] = {}
        self.lets_in = True
        self.changed = threading.Condition()

    def change(self, socket: web.WebSocketResponse, add: set[str], drop: set[str]) -> None:
        with self.changed:
            self.open[socket] = (self.open.get(socket, set()) | add) - drop
            self.changed.notify_all()

    def leave(self, socket: web.WebSocketResponse) -> None:
        with self.changed:
            self.open.pop(socket, None)
            self.changed.notify_all()

    def wait_for(self, *topics: str) -> None:
        """Waits until all of these are subscribed to."""
        with self.changed:
            assert self.changed.wait_for(lambda: set(topics) <= self.topics(), PATIENCE_S), topics

    def wait_without(self, topic: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: topic not in self.topics(), PATIENCE_S), topic

    async def cut(self) -> None:
        """Ends every connection as a broken line does: without a word."""
        for socket in list(self.open):
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()
            self.leave(socket)

    def topics(self) -> set[str]:
        return set().union(*self.open.values())


class Loopback:
    """A web application on a free port of this machine, in a thread."""

    def __init__(self, application: web.Application) -> None:
        self._application = application
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fake source", daemon=True)
        self.url = ""

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(PATIENCE_S), "the fake did not start"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)

    def do(self, act: Awaitable[None]) -> None:
        """Does something on the server's own loop, and waits until it is done."""

        async def done() -> None:
            await act

        asyncio.run_coroutine_threadsafe(done(), self._loop).result(PATIENCE_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._runner.cleanup())
            self._loop.close()

    async def _serve(self) -> None:
        self._runner = web.AppRunner(self._application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0][:2])
        self._ready.set()
