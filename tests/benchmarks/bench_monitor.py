"""Whether one core is half idle while 5,000 holdings are watched every three seconds.

Each look has all quotes new, one in ten holdings trails its best price and one in twenty moves
far enough to be told; no exit is due, as in nearly every look. What counts is the processor time
of this process, with holdings and quotes in memory, and with both out of PostgreSQL.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from statistics import median
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.event_store import TapeFactory
from adapters.postgres import WRITER_ROLE, connect
from adapters.recorded_market import RecordedMarket
from adapters.tape import PostgresTape
from adapters.trading_books import TradingBooks
from application.desk import Desk
from application.exiting import Exiting
from application.guarded import PREFIX, Guarded, OpenPositions
from application.monitoring import PositionMonitor
from application.ports import MarketPrices, QuoteRequest
from application.position_reports import Marked, Warned
from domain.exit_terms import Trailing
from domain.fix import Side
from domain.instruments import Option, Right
from domain.legs import Leg
from domain.market import Quote
from tests.benchmarks.harness import Measured, benchmark, fresh_database

HOLDINGS = 5_000
UNDERLYINGS = 100
LOOKS = 12
EVERY_S = 3
HALF_A_CORE_MS = EVERY_S * 1000 / 2
BEGIN = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)


class Held:
    """Positions by hand: calls and puts of a hundred underlyings, each with a stop and a target."""

    def __init__(self) -> None:
        self.rows = [_row(number) for number in range(HOLDINGS)]

    def guarded(self) -> list[Guarded]:
        return self.rows


class Memory:
    """A market in memory: `look` changes all quotes."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self._symbols = symbols
        self._quotes: dict[str, Quote] = {}

    def look(self, number: int, at: datetime) -> None:
        self._quotes = {
            symbol: Quote(
                symbol=symbol, bid=bid, offer=bid + Decimal("0.10"), time=at, source="memory",
                bid_size=10, offer_size=10,
            )
            for place, symbol in enumerate(self._symbols)
            for bid in (_bid(symbol, place, number),)
        }  # fmt: skip

    def quotes_at(self, requests: Sequence[QuoteRequest]) -> Sequence[Quote | None]:
        return [self._quotes.get(request.symbol) for request in requests]

    def settlement(self, symbol: str, day: date) -> Decimal | None:
        return None


class Nobody:
    """Where nothing is told."""

    def __init__(self) -> None:
        self.marks = 0

    def moved(self, marks: Sequence[Marked]) -> None:
        self.marks += len(marks)

    def warned(self, warnings: Sequence[Warned]) -> None:
        """Nobody is warned here."""


@cache
def _figures() -> dict[str, tuple[float, str]]:
    """Processor time per look in ms with each market, and a note on it."""
    with fresh_database() as url:
        factory = TapeFactory(url)
        desk = Desk(factory, PostgresTape(factory.appender, factory.pool))
        held = Held()
        symbols = sorted({leg.symbol for row in held.rows for leg in row.legs})
        symbols += [f"U{_letters(number)}" for number in range(UNDERLYINGS)]
        memory = Memory(symbols)
        in_memory = _per_look(desk, held, memory, memory.look)
        with ConnectionPool[Connection[Any]](url, min_size=1, max_size=2, open=True) as pool:
            _record(url, symbols)
            _remember(url, held.rows)
            recorded = RecordedMarket(pool, max_age=timedelta(minutes=15))
            in_postgres = _per_look(desk, TradingBooks(pool), recorded, lambda *_: None)
        desk.close()
        return {"memory": in_memory, "postgres": in_postgres}


def _per_look(
    desk: Desk, held: OpenPositions, market: MarketPrices, change: Callable[[int, datetime], object]
) -> tuple[float, str]:
    """The median of the processor time of a look in ms; the first one, which compiles, apart."""
    told = Nobody()
    monitor = PositionMonitor(desk, held, market, told)
    spent, walls = [], []
    for number in range(LOOKS + 1):
        at = BEGIN + timedelta(seconds=EVERY_S * number)
        change(number, at)
        begun = time.process_time()
        looked = monitor.step(at)
        spent.append((time.process_time() - begun) * 1000)
        walls.append(looked.ms)
        assert (looked.holdings, looked.unusable, looked.acted) == (HOLDINGS, {}, 0)
    note = (
        f"{HOLDINGS} holdings a look: {median(spent[1:]):.0f} ms of processor time, "
        f"{median(walls[1:]):.0f} ms in all; the first look {spent[0]:.0f} ms; "
        f"{told.marks} changes told in {LOOKS + 1} looks"
    )
    return median(spent[1:]), note


@benchmark("monitor", unit="of half a core", limit=1.0, better="lower")
def monitor() -> Measured:
    """Every holding looked at within a look, the quotes in memory."""
    ms, note = _figures()["memory"]
    return Measured(ms / HALF_A_CORE_MS, note)


@benchmark("monitor_recorded", unit="of half a core", limit=1.0, better="lower")
def monitor_recorded() -> Measured:
    """The same with holdings and quotes out of PostgreSQL."""
    ms, note = _figures()["postgres"]
    return Measured(ms / HALF_A_CORE_MS, note)


def _row(number: int) -> Guarded:
    underlying = f"U{_letters(number % UNDERLYINGS)}"
    right = Right.CALL if number % 2 else Right.PUT
    strike = Decimal(80 + number // UNDERLYINGS)
    symbol = Option(underlying, date(2027, 1, 15), right, strike).symbol
    return Guarded(
        plan=UUID(int=number + 1),
        account=f"account {number % 10}",
        trade=UUID(int=number + 100_001),
        side=Side.BUY,
        legs=(Leg(symbol=symbol, side=Side.BUY),),
        held=Decimal(1 + number % 9),
        avg_px=Decimal("30.00"),
        commission=Decimal("0.70") * (1 + number % 9),
        stop=Decimal("2.00"),
        targets=(Decimal(90), Decimal(120)),
        trailing=Trailing(share=Decimal("0.90")) if number % 10 == 0 else None,
        best=Decimal(40) if number % 10 == 0 else None,
    )


def _bid(symbol: str, place: int, number: int) -> Decimal:
    if len(symbol) < 21:
        return Decimal(100)
    jump = Decimal(place % 20 == number % 20) * 3
    return Decimal(30) + Decimal((place * 7 + number * 3) % 11) / 100 + jump


def _letters(number: int) -> str:
    return chr(65 + number // 26) + chr(65 + number % 26)


def _remember(url: str, rows: Sequence[Guarded]) -> None:
    """The holdings as the reaction keeps them."""
    with connect(url, role=WRITER_ROLE) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tape.reactions (reaction, position) VALUES (%s, 0)", (Exiting.name,)
        )
        cursor.executemany(
            "INSERT INTO tape.reaction_memory (reaction, key, value) VALUES (%s, %s, %s)",
            [(Exiting.name, f"{PREFIX}{row.plan}", msgspec.json.encode(row)) for row in rows],
        )


def _record(url: str, symbols: Sequence[str]) -> None:
    """Quotes of every instrument at every look."""
    with connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy(
            "COPY market.quotes (symbol, quoted_at, bid, offer, bid_size, offer_size, source)"
            " FROM STDIN"
        ) as copy:
            for number in range(LOOKS + 1):
                at = BEGIN + timedelta(seconds=EVERY_S * number)
                for place, symbol in enumerate(symbols):
                    bid = _bid(symbol, place, number)
                    copy.write_row((symbol, at, bid, bid + Decimal("0.10"), 10, 10, "bench"))
        connection.execute("ANALYZE market.quotes")
