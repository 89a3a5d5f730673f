"""Performance: a trader's record as the figures want it, read from days, trades and marks.

Nothing is stored for it: the rows of the books are asked for the window, now or as they were
once known, and the figures are worked out from them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import Connection

from domain.instruments import instrument
from domain.market import EXCHANGE_ZONE
from domain.standings import wilson_interval
from projections.closed_trades import Closing, closing_of, moved_of, stops_of, trades_of
from projections.exposure import EVERY_MARK
from projections.leaderboards import rules_on
from projections.readmodel import known_at
from projections.windows import Span

if TYPE_CHECKING:
    from domain.quant.figures import Figure
    from domain.quant.held_trades import Held
    from domain.quant.performance import Market, Sessions, Trades

BENCHMARK = "SPY"
"""What a record is held against unless something else is asked for."""

BEFORE = timedelta(days=7)
"""How long before the window the benchmark's first price may be."""


def performance(
    connection: Connection[Any],
    book: UUID,
    span: Span,
    sessions: Sequence[date],
    *,
    benchmark: str = BENCHMARK,
    risk_free: Decimal = Decimal(0),
    as_of: int | None = None,
) -> list[Figure]:
    """Every figure of a trader's record in a window, in the order of the definitions.

    `sessions` are the exchange's trading days in order, at least those of the window. A window
    of hours has no days: figures of days are too few there.

    Raises:
        InvalidInput: the benchmark is no instrument, or the risk-free rate no rate.
    """
    # Compiled kernels take a second to load; only who asks for figures waits for them.
    from domain.quant.figures import Terms
    from domain.quant.performance import Flows, Record
    from domain.quant.performance import performance as figures

    rules = rules_on(connection, span.last, as_of)
    closing = closing_of(span)
    trades = trades_of(connection, book, closing, as_of)
    days = _sessions(connection, book, span, sessions, trades.held, as_of)
    first = days.days[0] if days.days else max(span.first, min(sessions, default=span.first))
    return figures(
        Record(
            terms=Terms(first, span.last, float(risk_free), rules.sessions_per_year),
            sessions=days,
            trades=_trades(connection, book, trades.held, closing, as_of),
            flows=Flows(trades.days, trades.flows),
            market=_market(days, _closes(connection, benchmark, days.days, as_of)),
            trials=_traders(connection, as_of),
        )
    )


def _sessions(
    connection: Connection[Any],
    book: UUID,
    span: Span,
    sessions: Sequence[date],
    held: Held,
    as_of: int | None,
) -> Sessions:
    """Each session since the first scored trade, and any other day on which something moved."""
    from domain.quant.performance import Sessions
    from domain.quant.series import series

    days, start, moved = _days(connection, book, span, sessions, as_of)
    returns, nav = [], [start]
    for day in days:
        r, after = moved.get(day, (0.0, nav[-1]))
        returns.append(r)
        nav.append(after)
    return Sessions(
        days,
        series("returns", returns),
        series("nav", nav),
        held.active(days),
    )


def _days(
    connection: Connection[Any],
    book: UUID,
    span: Span,
    sessions: Sequence[date],
    as_of: int | None,
) -> tuple[list[date], float, dict[date, tuple[float, float]]]:
    """The days, the index before them, and on those that moved it the return and the index."""
    if span.since is not None:
        return [], 1.0, {}
    parameters = {"book": book, "first": span.first, "last": span.last, "as_of": as_of}
    columns = "SELECT day, r::float8, nav::float8, first_day FROM read.book_days"
    mine = f"WHERE book = %(book)s AND {known_at(as_of)}"
    before = connection.execute(
        f"{columns} {mine} AND day < %(first)s ORDER BY day DESC LIMIT 1", parameters, binary=True
    ).fetchone()
    within = connection.execute(_days_within(as_of), parameters, binary=True).fetchall()
    last = within[-1] if within else before
    moved = {day: (r, nav) for day, r, nav, _ in within if r}
    days = set(moved)
    if last is not None and last[3] is not None:
        begin = bisect_left(sessions, max(span.first, last[3]))
        days.update(sessions[begin : bisect_right(sessions, span.last)])
    return sorted(days), 1.0 if before is None else before[2], moved


def _days_within(as_of: int | None) -> str:
    """The days of a book between two, in order. Most days of then are as they are now: only for
    the others is an older version looked up, among the many that a day has had.
    """
    columns = "day, r::float8, nav::float8, first_day"
    span = "day BETWEEN %(first)s AND %(last)s"
    now = f"FROM read.book_days c WHERE c.book = %(book)s AND {known_at(None, 'c')} AND c.{span}"
    if as_of is None:
        return f"SELECT {columns} {now} ORDER BY day"
    return (
        f"SELECT {columns} {now} AND c.valid_from <= %(as_of)s UNION ALL"
        f" SELECT o.* FROM (SELECT book, day {now} AND c.valid_from > %(as_of)s) c"
        f" CROSS JOIN LATERAL (SELECT {columns} FROM read.book_days o WHERE o.book = c.book"
        f" AND o.day = c.day AND {known_at(as_of, 'o')}) o ORDER BY day"
    )


def _trades(
    connection: Connection[Any], book: UUID, held: Held, closing: Closing, as_of: int | None
) -> Trades:
    """The trades that were closed in the window."""
    from domain.quant.excursions import Moved, excursions
    from domain.quant.performance import Trades

    closed = held.between(*closing)
    moved = Moved(b"", b"", b"")
    if closed.begun is not None:
        moved = moved_of(connection, book, closed.begun, closing.until, as_of)
    lowest, highest = excursions(moved, closed.names)
    wilson = wilson_interval(closed.wins, len(closed.pnl))
    return Trades(
        pnl=closed.pnl,
        ratio=closed.ratio,
        hours=closed.hours,
        lowest=lowest,
        highest=highest,
        risked=closed.risked(stops_of(connection, book, closing)),
        wilson=None if wilson is None else (float(wilson[0]), float(wilson[1])),
    )


def _market(sessions: Sessions, closes: Mapping[date, float]) -> Market:
    """Returns on the sessions for which there is a price, and one of the session before."""
    from domain.quant.performance import Market
    from domain.quant.series import series

    ours, theirs = [], []
    earlier = [day for day in closes if sessions.days and day < sessions.days[0]]
    before = closes[max(earlier)] if earlier else None
    for day, r in zip(sessions.days, sessions.returns.tolist(), strict=True):
        price = closes.get(day)
        if price is not None and before is not None:
            ours.append(r)
            theirs.append(price / before - 1.0)
        before = price
    return Market(series("ours", ours), series("theirs", theirs))


def _closes(
    connection: Connection[Any], symbol: str, days: Sequence[date], as_of: int | None
) -> dict[date, float]:
    """The benchmark's last price of each day: of its own marks, else of those of its options.

    Raises:
        InvalidInput: the symbol names no instrument.
    """
    named = instrument(symbol).symbol
    if not days:
        return {}
    parameters = {"symbol": named, "as_of": as_of, "first": days[0] - BEFORE, "last": days[-1]}
    marks = f"read.marks WHERE symbol = %(symbol)s AND {known_at(as_of)}"
    found = connection.execute(
        _closes_from("(bid + offer) / 2", marks), parameters, binary=True
    ).fetchall()
    if len(found) < 2:
        known = "true" if as_of is None else "valid_from <= %(as_of)s"
        options = (
            f"{EVERY_MARK} g WHERE symbol IN (SELECT symbol FROM read.greeks WHERE"
            f" underlying = %(symbol)s AND {known_at(None)}) AND underlying_px > 0 AND {known}"
        )
        found = connection.execute(
            _closes_from("underlying_px", options), parameters, binary=True
        ).fetchall()
    return {day: price for day, price in found if price > 0}


def _closes_from(price: str, source: str) -> str:
    day = f"(marked_at AT TIME ZONE '{EXCHANGE_ZONE.key}')::date"
    return (
        f"SELECT DISTINCT ON ({day}) {day}, ({price})::float8 FROM {source}"
        f" AND {day} BETWEEN %(first)s AND %(last)s ORDER BY {day}, marked_at DESC"
    )


def _traders(connection: Connection[Any], as_of: int | None) -> int:
    """How many traders there are to pick from: those with a trade."""
    row = connection.execute(
        "SELECT count(*) FROM read.books WHERE kind = 'trader' AND since IS NOT NULL"
        f" AND {known_at(as_of)}",
        {"as_of": as_of},
    ).fetchone()
    return 0 if row is None else int(row[0])
