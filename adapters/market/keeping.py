"""The record of market data in PostgreSQL: quotes, gaps, closes, and how far it goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.postgres import borrowed
from application.market_data import FeedGap
from domain.market import Quote

FEW = 500
"""So many quotes go in one statement; more are copied."""

_COLUMNS = "symbol, quoted_at, bid, offer, bid_size, offer_size, source"

_INSERT = f"""
INSERT INTO market.quotes ({_COLUMNS})
SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::numeric[], %s::numeric[], %s::int[],
                     %s::int[], %s::text[])
ON CONFLICT DO NOTHING
"""

_GAP = """
INSERT INTO market.gaps (source, since, until, why, symbols) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""

_HEARD = """
INSERT INTO market.recordings AS r (source, heard_until) VALUES (%s, %s)
ON CONFLICT (source) DO UPDATE SET heard_until = greatest(r.heard_until, excluded.heard_until)
"""

_QUOTES = """
SELECT symbol, quoted_at, trim_scale(bid), trim_scale(offer), bid_size, offer_size, source
FROM market.quotes
WHERE symbol = %s AND quoted_at >= %s AND quoted_at < %s
ORDER BY quoted_at
"""

_GAPS = """
SELECT source, since, until, why, symbols FROM market.gaps
WHERE until > %s AND since < %s ORDER BY since, source
"""


class MarketRecord:
    """Writes what was heard, and reads it back as it was heard, crossed quotes too."""

    def __init__(self, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def keep(
        self,
        quotes: Sequence[Quote],
        gaps: Sequence[FeedGap] = (),
        *,
        source: str = "",
        heard_until: datetime | None = None,
    ) -> int:
        """Records all of it or nothing; how many quotes were new. What is known stays as it is.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as conn, conn.transaction():
            added = _insert(conn, quotes) if len(quotes) <= FEW else _copy(conn, quotes)
            for gap in gaps:
                conn.execute(_GAP, (gap.source, gap.since, gap.until, gap.why, list(gap.symbols)))
            if heard_until is not None:
                conn.execute(_HEARD, (source, heard_until))
        return added

    def heard_until(self, source: str) -> datetime | None:
        """How far a source was recorded, if it ever was.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as conn:
            row = conn.execute(
                "SELECT heard_until FROM market.recordings WHERE source = %s", (source,)
            ).fetchone()
        return None if row is None else row[0]

    def quotes(self, symbol: str, since: datetime, until: datetime) -> Iterator[Quote]:
        """Every quote from one moment on and before another, as it was heard, oldest first.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as conn, conn.transaction(), conn.cursor("quotes") as cursor:
            for row in cursor.execute(_QUOTES, (symbol, since, until)):
                yield Quote(
                    symbol=row[0], time=row[1], bid=row[2], offer=row[3],
                    bid_size=row[4], offer_size=row[5], source=row[6],
                )  # fmt: skip

    def gaps(self, since: datetime, until: datetime) -> Sequence[FeedGap]:
        """What is missing of a stretch.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as conn:
            rows = conn.execute(_GAPS, (since, until)).fetchall()
        return [FeedGap(row[0], row[1], row[2], row[3], tuple(row[4])) for row in rows]

    def keep_close(self, symbol: str, day: date, price: Decimal, source: str) -> None:
        """Records a closing price; the first one stays.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as conn:
            conn.execute(
                "INSERT INTO market.closes VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (symbol, day, price, source),
            )

    def close_of(self, symbol: str, day: date) -> Decimal | None:
        """The closing price that a source told, if any did.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as conn:
            row = conn.execute(
                "SELECT trim_scale(price) FROM market.closes WHERE symbol = %s AND day = %s",
                (symbol, day),
            ).fetchone()
        return None if row is None else row[0]


def _row(quote: Quote) -> tuple[object, ...]:
    return (
        quote.symbol, quote.time, quote.bid, quote.offer,
        quote.bid_size, quote.offer_size, quote.source,
    )  # fmt: skip


def _insert(conn: Connection[Any], quotes: Sequence[Quote]) -> int:
    if not quotes:
        return 0
    columns = [list(column) for column in zip(*map(_row, quotes), strict=True)]
    return conn.execute(_INSERT, columns).rowcount


def _copy(conn: Connection[Any], quotes: Sequence[Quote]) -> int:
    conn.execute(
        "CREATE TEMP TABLE IF NOT EXISTS heard_quotes (LIKE market.quotes) ON COMMIT DELETE ROWS"
    )
    with conn.cursor().copy(f"COPY heard_quotes ({_COLUMNS}) FROM STDIN") as copy:
        for quote in quotes:
            copy.write_row(_row(quote))
    return conn.execute(
        f"INSERT INTO market.quotes ({_COLUMNS}) SELECT {_COLUMNS} FROM heard_quotes "
        "ON CONFLICT DO NOTHING"
    ).rowcount
