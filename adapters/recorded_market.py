"""Recorded market data in PostgreSQL: quotes and minute bars, asked for by moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.postgres import borrowed
from application.ports import QuoteRequest
from domain.market import EXCHANGE_ZONE, Quote

MAX_AGE = timedelta(minutes=15)
"""An older quote proves nothing about a price."""

OPENS, CLOSES = time(9, 30), time(16, 0)

_QUOTES = """
SELECT trim_scale(coalesce(q.bid, b.low)), trim_scale(coalesce(q.offer, b.high)),
       coalesce(q.quoted_at, b.begins_at), coalesce(q.source, b.source || ' bar'),
       q.bid_size, q.offer_size
FROM unnest(%(symbols)s::text[], %(moments)s::timestamptz[])
     WITH ORDINALITY AS r(symbol, moment, place)
LEFT JOIN LATERAL (
    SELECT * FROM (
        SELECT * FROM market.quotes q
        WHERE q.symbol = r.symbol AND q.quoted_at <= r.moment
          AND q.quoted_at >= r.moment - %(max_age)s
          AND q.offer > 0 AND q.bid BETWEEN 0 AND q.offer
        ORDER BY q.quoted_at DESC LIMIT 1
    ) q
    -- Who stopped to listen after this quote does not know whether it still stood.
    WHERE NOT EXISTS (
        SELECT FROM market.gaps g
        WHERE g.source = split_part(q.source, ' ', 1)
          AND g.since > q.quoted_at AND g.since <= r.moment
          AND (g.symbols = '{}' OR q.symbol = ANY (g.symbols))
    )
) q ON true
LEFT JOIN LATERAL (
    SELECT * FROM market.bars b
    WHERE q.symbol IS NULL AND b.symbol = r.symbol AND b.begins_at <= r.moment
      AND b.begins_at >= r.moment - %(max_age)s
    ORDER BY b.begins_at DESC LIMIT 1
) b ON true
ORDER BY r.place
"""

_BETWEEN = """
SELECT symbol, trim_scale(bid), trim_scale(offer), quoted_at, source, bid_size, offer_size
FROM market.quotes
WHERE symbol = ANY (%(symbols)s) AND quoted_at > %(after)s AND quoted_at <= %(until)s
  AND offer > 0 AND bid BETWEEN 0 AND offer
UNION ALL
SELECT symbol, trim_scale(low), trim_scale(high), begins_at, source || ' bar', NULL, NULL
FROM market.bars b
WHERE symbol = ANY (%(symbols)s) AND begins_at > %(after)s AND begins_at <= %(until)s
  AND NOT EXISTS (
      SELECT FROM market.quotes q
      WHERE q.symbol = b.symbol AND q.quoted_at <= b.begins_at
        AND q.quoted_at >= b.begins_at - %(max_age)s
        AND q.offer > 0 AND q.bid BETWEEN 0 AND q.offer
  )
ORDER BY quoted_at, symbol
"""

_SETTLEMENT = """
SELECT trim_scale(price) FROM (
    (SELECT close AS price, begins_at AS at FROM market.bars
     WHERE symbol = %(symbol)s AND begins_at >= %(opens)s AND begins_at < %(closes)s
     ORDER BY begins_at DESC LIMIT 1)
    UNION ALL
    (SELECT (bid + offer) / 2, quoted_at FROM market.quotes
     WHERE symbol = %(symbol)s AND quoted_at >= %(opens)s AND quoted_at <= %(closes)s
       AND bid > 0 AND bid <= offer
     ORDER BY quoted_at DESC LIMIT 1)
) last ORDER BY at DESC LIMIT 1
"""


class RecordedMarket:
    """What was recorded of the market.

    Where there are only bars, the bar of that minute stands in: its low as bid and its high
    as offer, so that nobody gains by a coarser record.
    """

    def __init__(
        self, pool: ConnectionPool[Connection[Any]], *, max_age: timedelta = MAX_AGE
    ) -> None:
        self._pool = pool
        self._max_age = max_age

    def quotes_at(self, requests: Sequence[QuoteRequest]) -> Sequence[Quote | None]:
        """The last usable quote of each request that is at most `max_age` old, if its source
        was heard from then on: a quote before a gap says nothing of a moment in it.

        Raises:
            Unavailable: the database did not answer.
        """
        if not requests:
            return ()
        with borrowed(self._pool) as conn:
            rows = conn.execute(
                _QUOTES,
                {
                    "symbols": [request.symbol for request in requests],
                    "moments": [request.at for request in requests],
                    "max_age": self._max_age,
                },
                prepare=True,
            ).fetchall()
        return [
            None if row[0] is None else _quote(request.symbol, *row)
            for request, row in zip(requests, rows, strict=True)
        ]

    def quotes_between(
        self, symbols: Sequence[str], after: datetime, until: datetime
    ) -> Sequence[Quote]:
        """All usable quotes of these instruments after a moment and up to another, in their
        order; bars stand in as in `quotes_at`.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as conn:
            rows = conn.execute(
                _BETWEEN,
                {
                    "symbols": list(symbols),
                    "after": after,
                    "until": until,
                    "max_age": self._max_age,
                },
                prepare=True,
            ).fetchall()
        return [_quote(*row) for row in rows]

    def settlement(self, symbol: str, day: date) -> Decimal | None:
        """The last price of the regular session of that day.

        A quote without a bid has no middle that anybody would pay.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as conn:
            row = conn.execute(
                _SETTLEMENT,
                {
                    "symbol": symbol,
                    "opens": datetime.combine(day, OPENS, EXCHANGE_ZONE),
                    "closes": datetime.combine(day, CLOSES, EXCHANGE_ZONE),
                },
                prepare=True,
            ).fetchone()
        return None if row is None else Decimal(row[0])


def _quote(
    symbol: str,
    bid: Decimal,
    offer: Decimal,
    at: datetime,
    source: str,
    bid_size: int | None,
    offer_size: int | None,
) -> Quote:
    return Quote(
        symbol=symbol,
        bid=bid,
        offer=offer,
        time=at,
        source=source,
        bid_size=bid_size,
        offer_size=offer_size,
    )
