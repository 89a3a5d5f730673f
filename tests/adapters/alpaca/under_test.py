"""The broker of Alpaca with its fake: quick to try again, and connected before it is used."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from itertools import count

from adapters.alpaca.access import Access
from adapters.alpaca.broker import AlpacaBroker
from adapters.alpaca.rest import AlpacaRest
from adapters.alpaca.stream import TradeUpdates
from application.ports import Unavailable
from domain.reports import ExecutionReport
from tests.adapters.alpaca.faults import LOSE_ANSWER, LOSE_REQUEST, Fault
from tests.adapters.alpaca.server import FakeAlpaca
from tests.patience import PATIENCE_S


class Alpaca:
    """A fake Alpaca and the connections to its one account."""

    def __init__(self, fake: FakeAlpaca, stack: ExitStack) -> None:
        self.fake = fake
        self._marks = count()
        self.waits: list[float] = []
        self._stack = stack
        self.broker = self.another()

    def connect(self, access: Access | None = None, *, timeout_s: float = 5) -> AlpacaBroker:
        """A connection that has not been started."""
        found = access or self.fake.access
        return AlpacaBroker(
            found,
            rest=AlpacaRest(
                found, timeout_s=timeout_s, pause=self.waits.append, chance=lambda: 0.5
            ),
            updates=TradeUpdates(found, first_wait_s=0.01, chance=lambda: 0.5),
        )

    def another(self) -> AlpacaBroker:
        broker = self.connect()
        broker.start()
        self._stack.callback(broker.close)
        listens(broker)
        return broker

    def heard(self) -> list[ExecutionReport]:
        """Everything that the stream has told until now, and what had to be asked for then."""
        found: list[ExecutionReport] = []
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            # A mark that is told while the stream is cut is heard by nobody.
            assert self.broker.await_connection(PATIENCE_S)
            mark = f"mark-{next(self._marks)}"
            self.fake.mark(mark)
            for _ in range(10):
                with suppress(Unavailable):
                    found += self.broker.reports(0.02)
                if any(report.cl_ord_id == mark for report in found):
                    return [one for one in found if not one.cl_ord_id.startswith("mark-")]
        raise AssertionError("the mark was never heard")

    def now(self) -> datetime:
        return self.fake.exchange.now

    def show(
        self,
        symbol: str,
        bid: str,
        offer: str,
        *,
        bid_size: int | None = None,
        offer_size: int | None = None,
    ) -> None:
        self.fake.show(symbol, bid, offer, bid_size, offer_size)

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        with self.failing(Fault(LOSE_REQUEST, times=None)):
            yield

    @contextmanager
    def losing_answers(self) -> Iterator[None]:
        with self.failing(Fault(LOSE_ANSWER, times=None)):
            yield

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[None]:
        """While it lasts, requests that fit have this fault."""
        self.fake.faults.requests.append(fault)
        try:
            yield
        finally:
            if fault in self.fake.faults.requests:
                self.fake.faults.requests.remove(fault)


def listens(broker: AlpacaBroker) -> None:
    """Waits until the stream of updates is listened to and nothing of before is left."""
    broker.await_connection(PATIENCE_S)
    assert broker.is_connected
    broker.reports(0)


@contextmanager
def alpaca() -> Iterator[Alpaca]:
    """A fake Alpaca that is stopped in the end, after which nothing was but as described."""
    fake = FakeAlpaca()
    fake.start()
    with ExitStack() as stack:
        stack.callback(fake.stop)
        yield Alpaca(fake, stack)
        assert fake.rest.breaches == []
