"""A paper account under test: its clock, its market, shown or recorded, and its lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.exchange_calendar import NewYork
from adapters.paper import PaperBroker
from adapters.postgres import open_pool
from adapters.recorded_market import RecordedMarket
from application.ports import MarketPrices, QuoteRequest, Unavailable
from domain.market import Quote
from domain.matching.rules import Rules
from tests.adapters.brokers.under_test import (
    OPENING_CASH,
)

D = Decimal
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
TODAY, TOMORROW = date(2026, 11, 18), date(2026, 11, 19)
CLOSE = datetime(2026, 11, 18, 21, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NEW_YORK = NewYork()

Pool = ConnectionPool[Connection[Any]]


class SetClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


class ShownMarket:
    """A live market by hand: it knows what is quoted now, and nothing of before."""

    def __init__(self) -> None:
        self.quotes: dict[str, Quote] = {}
        self.closes: dict[tuple[str, date], Decimal] = {}

    def show(self, quote: Quote) -> None:
        self.quotes[quote.symbol] = quote

    def close_at(self, symbol: str, day: date, price: str) -> None:
        self.closes[symbol, day] = D(price)

    def quotes_at(self, requests: Sequence[QuoteRequest]) -> Sequence[Quote | None]:
        return [self.quotes.get(request.symbol) for request in requests]

    def settlement(self, symbol: str, day: date) -> Decimal | None:
        return self.closes.get((symbol, day))


class RecordedQuotes(RecordedMarket):
    """The recorded market, and the recording of it."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self._writer = pool

    def show(self, quote: Quote) -> None:
        with self._writer.connection() as connection:
            connection.execute(
                "INSERT INTO market.quotes VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (
                    quote.symbol, quote.time, quote.bid, quote.offer,
                    10**6 if quote.bid_size is None else quote.bid_size,
                    10**6 if quote.offer_size is None else quote.offer_size,
                    quote.source,
                ),
            )  # fmt: skip

    def close_at(self, symbol: str, day: date, price: str) -> None:
        opens = NEW_YORK.sessions(day, day)[0].opens_at
        with self._writer.connection() as connection:
            connection.execute(
                "INSERT INTO market.bars VALUES (%s, %s, %s, %s, %s, %s, 1, 'test')",
                (symbol, opens, D(price), D(price), D(price), D(price)),
            )


class PaperUnderTest:
    """A paper account whose clock goes on by a second with every move of the market."""

    def __init__(
        self,
        url: str,
        market: Callable[[Pool], ShownMarket | RecordedQuotes],
        rules: Rules | None = None,
    ) -> None:
        self._url = url
        self._pools: list[Pool] = []
        self.clock = SetClock()
        self.market = market(self._pool())
        self._rules = rules or Rules()
        self.pool = self._pool()
        self._losing = LosingPool(self.pool)
        self.broker = self._made(self._losing)  # type: ignore[arg-type]
        self.broker.open(OPENING_CASH)

    def _pool(self) -> Pool:
        pool = open_pool(self._url, size=3)
        self._pools.append(pool)
        return pool

    def _made(self, pool: Pool) -> PaperBroker:
        market: MarketPrices = self.market
        return PaperBroker(pool, market, self.clock, NEW_YORK, account="p", rules=self._rules)

    def now(self) -> datetime:
        return self.clock.at

    def show(
        self,
        symbol: str,
        bid: str,
        offer: str,
        *,
        bid_size: int | None = None,
        offer_size: int | None = None,
    ) -> None:
        self.clock.at += SECOND
        self.market.show(
            Quote(
                symbol=symbol, bid=D(bid), offer=D(offer), time=self.clock.at, source="test",
                bid_size=bid_size, offer_size=offer_size,
            )
        )  # fmt: skip
        self.broker.step(self.clock.at)

    def until(self, at: datetime) -> None:
        self.clock.at = at
        self.broker.step(at)

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        self._losing.is_down = True
        yield
        self._losing.is_down = False

    @contextmanager
    def losing_answers(self) -> Iterator[None]:
        self._losing.loses_answers = True
        yield
        self._losing.loses_answers = False

    def another(self) -> PaperBroker:
        return self._made(self._pool())

    def close(self) -> None:
        for pool in self._pools:
            pool.close()


class LosingPool:
    """A pool whose connections fail before a statement, or after the one that stores."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.is_down = False
        self.loses_answers = False

    @contextmanager
    def connection(self) -> Iterator[LosingConnection]:
        if self.is_down:
            raise Unavailable("the line is down")
        with self._pool.connection() as connection:
            yield LosingConnection(self, connection)


class LosingConnection:
    def __init__(self, pool: LosingPool, connection: Connection[Any]) -> None:
        self._pool = pool
        self._connection = connection
        self.transaction = connection.transaction

    def execute(self, statement: str, *given: Any, **options: Any) -> Any:
        answer = self._connection.execute(statement, *given, **options)
        if self._pool.loses_answers and "UPDATE paper.accounts" in statement:
            raise Unavailable("the answer is lost")
        return answer
