"""A stateful Alpaca on loopback: HTTP, websocket, and a way to move its market and break it.

In tests it runs in a thread (`FakeAlpaca`). As a process of its own it is started with
`python -m tests.adapters.alpaca.server --port 8123`, prints its address, and is told what to do
over HTTP: POST /control/{quote,faults,cut,clock,cash,settle} and GET /control/state.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from aiohttp import web

from adapters.alpaca.access import Access
from tests.adapters.alpaca.book import Json, Quote, text
from tests.adapters.alpaca.exchange import Exchange
from tests.adapters.alpaca.faults import Fault, Faults, StreamFaults
from tests.adapters.alpaca.rest import Rest, reply
from tests.adapters.alpaca.settlement import move_cash, settle
from tests.adapters.alpaca.updates import KEY, MARK, SECRET, Updates
from tests.patience import PATIENCE_S

Act = Callable[[web.Request], Awaitable[web.Response]]


class FakeAlpaca:
    """One account at a fake Alpaca, on a server in a thread of its own."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.exchange = Exchange()
        self.faults = Faults()
        self.rest = Rest(self.exchange, self.faults, self.lock)
        self.url = ""
        self._updates: Updates | None = None
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fake-alpaca", daemon=True)

    @property
    def updates(self) -> Updates:
        assert self._updates is not None, "the server has not started"
        return self._updates

    @property
    def access(self) -> Access:
        return Access(key=KEY, secret=SECRET, trading_url=self.url, data_url=self.url)

    def start(self, port: int = 0) -> None:
        self._port = port
        self._thread.start()
        assert self._ready.wait(PATIENCE_S), "the fake Alpaca did not start"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)

    def join(self) -> None:
        """Waits until the server is stopped."""
        self._thread.join()

    @contextmanager
    def market(self) -> Iterator[Exchange]:
        """The exchange, while nobody else looks at it."""
        with self.lock:
            yield self.exchange

    def show(
        self,
        symbol: str,
        bid: str,
        offer: str,
        bid_size: int | None = None,
        offer_size: int | None = None,
    ) -> None:
        sizes = [None if size is None else Decimal(size) for size in (bid_size, offer_size)]
        with self.market() as exchange:
            exchange.show(symbol, Quote(Decimal(bid), Decimal(offer), *sizes))

    def cut(self, *, lets_in: bool = True) -> None:
        """Cuts the stream of every session."""
        asyncio.run_coroutine_threadsafe(self.updates.cut(lets_in=lets_in), self._loop).result(
            PATIENCE_S
        )

    def mark(self, name: str) -> None:
        """Tells of an order that nobody sent, after everything that was told before."""
        order = {"id": name, "client_order_id": name}
        self._publish({"event": "calculated", "order": order, MARK: True})

    def let_in(self) -> None:
        self.updates.lets_in = True

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        delivery = self._loop.run_until_complete(self._serve())
        try:
            self._loop.run_forever()
        finally:
            delivery.cancel()
            self._loop.run_until_complete(self.updates.cut())
            self._loop.run_until_complete(self._runner.cleanup())
            self._loop.close()

    async def _serve(self) -> asyncio.Task[None]:
        self._updates = Updates(self.faults)
        application = web.Application(middlewares=[self.rest.guard])
        self.rest.add_to(application)
        application.router.add_get("/stream", self._updates.handle)
        Control(self).add_to(application)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0][:2])
        self.exchange.publish = self._publish
        self._ready.set()
        return asyncio.create_task(self._updates.deliver())

    def _publish(self, message: Json) -> None:
        self._loop.call_soon_threadsafe(self.updates.put, message)


class Control:
    """Orders from outside, for a fake that runs as a process of its own."""

    def __init__(self, fake: FakeAlpaca) -> None:
        self._fake = fake

    def add_to(self, application: web.Application) -> None:
        add = application.router.add_post
        add("/control/quote", self._told(self._quote))
        add("/control/faults", self._told(self._faults))
        add("/control/clock", self._told(self._clock))
        add("/control/cash", self._told(self._cash))
        add("/control/settle", self._told(self._settle))
        add("/control/cut", self._cut)
        application.router.add_get("/control/state", self._state)

    def _told(
        self, act: Callable[[Json], None]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            told = await request.json()
            with self._fake.lock:
                act(told)
            return reply({})

        return handle

    def _quote(self, told: Json) -> None:
        self._fake.show(**told)

    def _faults(self, told: Json) -> None:
        """{"requests": [{"kind": "lose_answer", "path": "orders", "chance": 0.1, "times": null}],
        "stream": {"lose_share": 0.05}, "delay_s": 0.0, "seed": 7}; what is left out ends."""
        faults = self._fake.faults
        faults.clear()
        faults.requests += [Fault(**fault) for fault in told.get("requests", [])]
        faults.stream = StreamFaults(**told.get("stream", {}))
        faults.delay_s = told.get("delay_s", 0.0)
        if "seed" in told:
            faults.chance.seed(told["seed"])

    def _clock(self, told: Json) -> None:
        """{"now": "2026-11-20T15:00:00Z"}, {"open": true} or {"end_day": true}."""
        exchange = self._fake.exchange
        if "now" in told:
            exchange.now = datetime.fromisoformat(told["now"])
        if told.get("end_day"):
            exchange.end_day()
        if "open" in told:
            exchange.open_market() if told["open"] else setattr(exchange, "is_open", False)

    def _cash(self, told: Json) -> None:
        move_cash(self._fake.exchange, told.get("kind", "CSD"), told["amount"])

    def _settle(self, told: Json) -> None:
        settle(self._fake.exchange, told["symbol"], Decimal(told["spot"]))

    async def _cut(self, request: web.Request) -> web.Response:
        told = await request.json()
        await self._fake.updates.cut(lets_in=told.get("lets_in", True))
        return reply({})

    async def _state(self, _: web.Request) -> web.Response:
        with self._fake.market() as exchange:
            return reply(
                {
                    "cash": text(exchange.cash),
                    "positions": {
                        symbol: text(held.quantity) for symbol, held in exchange.positions.items()
                    },
                    "orders": [
                        {
                            "client_order_id": order.client_order_id,
                            "status": order.status,
                            "filled_qty": text(order.filled_qty),
                            "replaces": order.replaces,
                        }
                        for order in exchange.orders.values()
                    ],
                    "fills": [
                        each for each in exchange.activities if each["activity_type"] == "FILL"
                    ],
                    "requests": len(self._fake.rest.requests),
                    "breaches": self._fake.rest.breaches,
                }
            )


def main() -> None:
    """Serves until it is killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--cash", type=Decimal, default=Decimal(100_000))
    told = parser.parse_args()
    fake = FakeAlpaca()
    fake.exchange.cash = told.cash
    fake.start(told.port)
    print(fake.url, flush=True)  # noqa: T201 - whoever started it reads its address here
    fake.join()


if __name__ == "__main__":
    main()
