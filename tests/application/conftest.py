"""A desk on a real tape, and a market that shows what a test says it shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from adapters.event_store import TapeFactory
from adapters.tape import PostgresTape
from application.desk import Desk
from application.ports import QuoteRequest
from domain.market import Quote

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)


class ShownMarket:
    """A market data port by hand: the same quote at every moment until it is changed."""

    def __init__(self) -> None:
        self.quotes: dict[str, Quote] = {}
        self.closes: dict[tuple[str, date], Decimal] = {}

    def show(self, symbol: str, bid: str, offer: str) -> None:
        self.quotes[symbol] = Quote(
            symbol=symbol, bid=Decimal(bid), offer=Decimal(offer), time=NOON, source="test"
        )

    def quotes_at(self, requests: Sequence[QuoteRequest]) -> Sequence[Quote | None]:
        return [self.quotes.get(request.symbol) for request in requests]

    def settlement(self, symbol: str, day: date) -> Decimal | None:
        return self.closes.get((symbol, day))


@pytest.fixture
def market() -> ShownMarket:
    return ShownMarket()


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    factory = TapeFactory(database_url)
    desk = Desk(factory, PostgresTape(factory.appender, factory.pool))
    yield desk
    desk.close()
