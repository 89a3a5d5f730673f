"""How fast orders meet quotes, and what a paper order costs until it is durable.

`match_quotes` lets six resting orders, a spread among them, look at every quote of their
instruments, in seconds of work of one core. `paper_submit` is one order at the paper broker,
taken, filled and stored; what a bare durable commit on the same server takes, in turns with
it, does not count.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count

import psycopg

from adapters.exchange_calendar import NewYork
from adapters.paper import PaperBroker
from adapters.postgres import Connection, open_pool
from adapters.recorded_market import RecordedMarket
from application.brokerage import OrderTicket
from domain.fix import OrdType, PositionEffect, Side
from domain.legs import Leg
from domain.market import Quote
from domain.matching.book import Book
from domain.matching.engine import Engine
from tests.benchmarks.harness import (
    Measured,
    benchmark,
    fresh_database,
    in_turns,
    seconds_each,
)

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
TICK = timedelta(milliseconds=10)
CALL, HIGHER = "TSLA  261120C00250000", "TSLA  261120C00260000"
ROUNDS = 25
QUOTES = 4_000
ORDERS = 20
NAMES = count(1)


def ticket(
    symbol: str, side: Side, at: datetime, *, limit: str | None = None, closing: bool = False,
    legs: tuple[Leg, ...] = (),
) -> OrderTicket:  # fmt: skip
    return OrderTicket(
        cl_ord_id=f"order-{next(NAMES)}",
        side=side,
        position_effect=PositionEffect.CLOSE if closing else PositionEffect.OPEN,
        legs=legs or (Leg(symbol=symbol, side=side),),
        order_qty=Decimal(1),
        ord_type=OrdType.MARKET if limit is None else OrdType.LIMIT,
        limit_px=None if limit is None else Decimal(limit),
        sent_at=at,
    )


def quote(symbol: str, number: int) -> Quote:
    offer = Decimal("5.50") + Decimal(number % 40) / 100
    return Quote(
        symbol=symbol, bid=offer - Decimal("0.10"), offer=offer, time=NOON + number * TICK,
        source="bench", bid_size=9, offer_size=9,
    )  # fmt: skip


def engine_with_resting_orders() -> Engine:
    engine = Engine(Book(cash=Decimal(100_000)))
    for cents in range(10, 15):
        engine.take(ticket(CALL, Side.BUY, NOON, limit=f"4.{cents}"), [], NOON)
    legs = (Leg(symbol=CALL, side=Side.BUY), Leg(symbol=HIGHER, side=Side.SELL))
    engine.take(ticket("", Side.BUY, NOON, limit="-2", legs=legs), [], NOON)
    return engine


@benchmark("match_quotes", unit="quotes/s", limit=50_000, better="higher")
def match_quotes() -> Measured:
    def look() -> float:
        engine = engine_with_resting_orders()
        quotes = [quote((CALL, HIGHER)[number % 2], number) for number in range(QUOTES)]
        begun = time.process_time()
        engine.look(quotes)
        return QUOTES / (time.process_time() - begun)

    (rate,) = in_turns(ROUNDS, look)
    return Measured(
        rate, f"{rate:,.0f} quotes a second of work, 5 limit orders and a spread resting"
    )


class OneClock:
    """The moment of the order that is sent."""

    at = NOON

    def now(self) -> datetime:
        return self.at


@benchmark("paper_submit", unit="ms beyond a commit", limit=2.0, better="lower")
def paper_submit() -> Measured:
    with (
        fresh_database() as url,
        open_pool(url) as pool,
        psycopg.connect(url, autocommit=True) as bare,
    ):
        bare.execute("CREATE TABLE bare (number bigint)")
        with pool.connection() as recording:
            record_quotes(recording, ROUNDS * ORDERS + 1)
        clock = OneClock()
        broker = PaperBroker(pool, RecordedMarket(pool), clock, NewYork(), account="bench")
        broker.open(Decimal(1_000_000))
        numbers = count(1)
        submitted, committed = in_turns(
            ROUNDS,
            lambda: seconds_each(partial(send, broker, clock), sides(numbers)),
            lambda: seconds_each(commit(bare), range(ORDERS)),
        )
    note = f"{submitted * 1e3:.2f} ms an order, a bare commit {committed * 1e3:.2f} ms"
    return Measured((submitted - committed) * 1e3, note)


def record_quotes(connection: Connection, many: int) -> None:
    for number in range(many):
        shown = quote(CALL, number)
        connection.execute(
            "INSERT INTO market.quotes VALUES (%s, %s, %s, %s, 9, 9, 'bench')",
            (CALL, shown.time, shown.bid, shown.offer),
        )


def sides(numbers: count[int]) -> list[tuple[datetime, bool]]:
    """When each order is sent, and whether it closes what the one before opened."""
    return [(NOON + next(numbers) * TICK, place % 2 == 1) for place in range(ORDERS)]


def send(broker: PaperBroker, clock: OneClock, given: tuple[datetime, bool]) -> None:
    clock.at, closing = given
    side = Side.SELL if closing else Side.BUY
    _, fill = broker.submit(ticket(CALL, side, clock.at, closing=closing))
    if fill.last_qty != 1:
        raise ValueError(f"the order did not trade: {fill}")


def commit(connection: Connection) -> Callable[[int], object]:
    return lambda number: connection.execute("INSERT INTO bare VALUES (%s)", (number,))
