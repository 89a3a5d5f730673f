"""A desk on a real tape, and a market that shows what a test says it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from adapters.event_store import TapeFactory
from adapters.tape import PostgresTape
from application.assessing import Assessor
from application.books import Book
from application.desk import Desk
from application.ports import Appended, Batch, Conflict, QuoteRequest, Tape
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


class ShownBooks:
    """The books of accounts by hand: those that a test says there are."""

    def __init__(self) -> None:
        self.books: dict[str, Book] = {}

    def show(self, account: str, cash: str) -> None:
        self.books[account] = Book(Decimal(cash))

    def book(self, account: str) -> Book | None:
        return self.books.get(account)


class OvertakenTape:
    """A tape on which somebody else acts after the first look at it."""

    def __init__(self, tape: Tape, act: Callable[[], object]) -> None:
        self._tape = tape
        self._acts = [act]

    def read_streams(self, streams: Sequence[UUID]) -> Mapping[UUID, Sequence[StoredEvent]]:
        found = self._tape.read_streams(streams)
        if self._acts:
            self._acts.pop()()
        return found

    def append(self, batches: Sequence[Batch]) -> Sequence[Appended | Conflict]:
        return self._tape.append(batches)

    def outcome_of(self, command_id: UUID) -> tuple[bytes, Appended] | None:
        return self._tape.outcome_of(command_id)


@pytest.fixture
def market() -> ShownMarket:
    return ShownMarket()


@pytest.fixture
def books() -> ShownBooks:
    return ShownBooks()


@pytest.fixture
def assessor(market: ShownMarket, books: ShownBooks) -> Assessor:
    return Assessor(market, books)


Overtaken = Callable[[Callable[[], object]], Desk]


@contextmanager
def desk_on(url: str) -> Iterator[Desk]:
    """A desk of its own, as another process would have it."""
    factory = TapeFactory(url)
    desk = Desk(factory, PostgresTape(factory.appender, factory.pool))
    try:
        yield desk
    finally:
        desk.close()


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with desk_on(database_url) as desk:
        yield desk


@pytest.fixture
def overtaken(database_url: str, desk: Desk) -> Iterator[Overtaken]:
    """Makes a desk on the same tape that is overtaken: somebody acts after its first look."""
    factory = TapeFactory(database_url)
    yield lambda act: Desk(factory, OvertakenTape(desk.tape, act))
    factory.close()
