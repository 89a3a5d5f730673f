"""The record as a source like any other: what was imported, or what the demo's market showed.

"Now" is the clock's, so a simulated one plays the record back as if it came live. Greeks are not
on record. The bar of a day is made of the minutes of its regular session.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.market.keeping import MarketRecord
from adapters.postgres import borrowed
from adapters.recorded_market import CLOSES, MAX_AGE, OPENS, RecordedMarket
from application.brokerage import ChainQuote
from application.market_data import Bar, Heard, Interval, QuoteStream
from application.ports import Clock, QuoteRequest
from domain.instruments import Option, instrument
from domain.market import EXCHANGE_ZONE, Quote, exchange_day
from domain.shared import InvalidInput

NAME = "recorded"

_BARS = """
SELECT begins_at, trim_scale(open), trim_scale(high), trim_scale(low), trim_scale(close),
       volume, source
FROM market.bars WHERE symbol = %s AND begins_at >= %s AND begins_at < %s ORDER BY begins_at
"""

_CHAIN = """
SELECT DISTINCT symbol FROM market.quotes
WHERE symbol LIKE %s AND quoted_at <= %s AND quoted_at >= %s
"""


class RecordedFeed:
    """A source of what is on record."""

    name = NAME

    def __init__(self, pool: ConnectionPool[Connection[Any]], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._market = RecordedMarket(pool)
        self._record = MarketRecord(pool)

    def snapshots(self, symbols: Collection[str]) -> Mapping[str, Quote]:
        """The last quotes, or bars where there are none, as far as they are fresh.

        Raises:
            Unavailable: the database did not answer.
        """
        now = self._clock.now()
        found = self._market.quotes_at([QuoteRequest(symbol, now) for symbol in symbols])
        return {quote.symbol: quote for quote in found if quote is not None}

    def chain(self, underlying: str, *, expiry: date | None = None) -> Sequence[ChainQuote]:
        """The contracts that are quoted on record, by expiry, strike and right.

        Raises:
            Unavailable: the database did not answer.
        """
        now = self._clock.now()
        root = instrument(underlying).underlying.replace(".", "")
        with borrowed(self._pool) as conn:
            rows = conn.execute(_CHAIN, (f"{root}%", now, now - MAX_AGE)).fetchall()
        contracts = {}
        for (symbol,) in rows:
            contract = _option(symbol)
            if contract is None or contract.underlying != underlying:
                continue
            if expiry is None or contract.expiry == expiry:
                contracts[contract.symbol] = contract
        quotes = self.snapshots(contracts)
        found = [_contract(contracts[symbol], quote) for symbol, quote in quotes.items()]
        return sorted(found, key=lambda each: (each.expiry, each.strike, each.right))

    def bars(
        self, symbol: str, interval: Interval, since: datetime, until: datetime
    ) -> Sequence[Bar]:
        """The bars that begin from one moment on and before another.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as conn:
            rows = conn.execute(_BARS, (symbol, since, until)).fetchall()
        minutes = [
            Bar(
                symbol=symbol, start=row[0], open=row[1], high=row[2], low=row[3],
                close=row[4], volume=row[5], source=row[6],
            )
            for row in rows
        ]  # fmt: skip
        return minutes if interval is Interval.MINUTE else _days(minutes)

    def quotes(self, symbol: str, since: datetime, until: datetime) -> Iterator[Quote]:
        """Every quote from one moment on and before another, oldest first.

        Raises:
            Unavailable: the database did not answer.
        """
        return self._record.quotes(symbol, since, until)

    def stream(self) -> QuoteStream:
        """What the record shows while the clock goes on."""
        return _Replay(self._market, self._clock)


class _Replay:
    """Hands out what was quoted since the last time it was asked."""

    def __init__(self, market: RecordedMarket, clock: Clock) -> None:
        self._market = market
        self._clock = clock
        self._symbols: list[str] = []
        self._until: datetime | None = None
        self._ending = threading.Event()

    @property
    def is_listening(self) -> bool:
        return bool(self._symbols) and not self._ending.is_set()

    def watch(self, symbols: Collection[str]) -> None:
        self._symbols = sorted(symbols)
        if self._until is None:
            self._until = self._clock.now()

    def take(self, timeout_s: float) -> Heard:
        """What was quoted since.

        Raises:
            Unavailable: the database did not answer.
        """
        found = self._new()
        if not found and timeout_s > 0:
            self._ending.wait(timeout_s)
            found = self._new()
        return Heard(found, [])

    def close(self) -> None:
        self._ending.set()

    def _new(self) -> list[Quote]:
        now = self._clock.now()
        if self._until is None or now <= self._until:
            return []
        found = list(self._market.quotes_between(self._symbols, self._until, now))
        self._until = now
        return found


def _option(symbol: str) -> Option | None:
    try:
        found = instrument(symbol)
    except InvalidInput:
        return None
    return found if isinstance(found, Option) else None


def _contract(contract: Option, quote: Quote) -> ChainQuote:
    return ChainQuote(
        symbol=contract.symbol,
        right=contract.right,
        strike=contract.strike,
        expiry=contract.expiry,
        bid=quote.bid,
        offer=quote.offer,
        bid_size=quote.bid_size or 0,
        offer_size=quote.offer_size or 0,
        time=quote.time,
    )


def _days(minutes: Sequence[Bar]) -> list[Bar]:
    """One bar for each day, of the minutes of its regular session."""
    by_day: dict[date, list[Bar]] = {}
    for bar in minutes:
        if OPENS <= bar.start.astimezone(EXCHANGE_ZONE).time() < CLOSES:
            by_day.setdefault(exchange_day(bar.start), []).append(bar)
    return [
        Bar(
            symbol=bars[0].symbol,
            start=datetime.combine(day, time(), EXCHANGE_ZONE),
            open=bars[0].open,
            high=max(bar.high for bar in bars),
            low=min(bar.low for bar in bars),
            close=bars[-1].close,
            volume=sum(bar.volume for bar in bars),
            source=bars[0].source,
        )
        for day, bars in by_day.items()
    ]
