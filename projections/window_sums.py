"""Window sums: what rankings need of the trades of a window, by book.

Closed trades come from the sums that are kept by day. What is open at the end of the window and
under water counts as if it had been closed at its mark, which is the bid of what was bought.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from operator import add
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg import Connection

from domain.executions import Execution
from domain.fix import Side
from domain.legs import legs_of
from domain.lots import ZERO
from domain.stakes import Measured, Stake, measured, stake_of, tied_up
from projections.board_figures import bounds_of, some_books
from projections.closed_trades import closing_of
from projections.positions import FIRST_VERSION, executions_of
from projections.readmodel import known_at
from projections.trade_sums import NOTHING, Terms, terms_of
from projections.windows import Span

Sums = tuple[float, ...]
"""Nine numbers in the order of `Terms`."""

_ENTRY_FIRST = "[{'number':1,"
"""How executions begin unless an exit is said to have been before the entry."""

OSI_LENGTH = 21
"""How many characters the symbol of a single option has."""

NO_SUMS: Sums = (0.0,) * len(Terms._fields)


def sums_of(
    connection: Connection[Any],
    span: Span,
    as_of: int | None,
    books: Collection[UUID] | None = None,
) -> dict[UUID, Sums]:
    """The sums of every trader who closed a trade in the window or is under water at its end,
    or of some."""
    parameters = {
        **bounds_of(span), "as_of": as_of, "books": list(books or ()),
        "until": closing_of(span).until,
        "day_ends": closing_of(Span(span.window, span.last, span.last, span.at)).until,
    }  # fmt: skip
    marked = _open_losers(connection, as_of, books, parameters)
    if span.since is not None:
        for book, terms in _closed_in_hours(connection, as_of, books, parameters).items():
            marked[book] = marked.get(book, NOTHING).plus(terms)
        return {book: _numbers(terms) for book, terms in marked.items()}
    found = dict.fromkeys(marked, NO_SUMS)
    query = _closed_in_days(as_of, books)
    closed = connection.execute(query, parameters, prepare=True, binary=True).fetchall()
    found.update((book, tuple(sums)) for book, *sums in closed)
    for book, terms in marked.items():
        found[book] = tuple(map(add, found[book], _numbers(terms)))
    return found


def _numbers(terms: Terms) -> Sums:
    return tuple(float(term) for term in terms)


def _closed_in_days(as_of: int | None, books: Collection[UUID] | None) -> str:
    sums = ", ".join(f"(e.{name} - coalesce(s.{name}, 0))::float8" for name in Terms._fields)
    return f"""
SELECT b.book, {sums}
FROM read.books b
CROSS JOIN LATERAL (
    SELECT * FROM read.trade_sums d
    WHERE d.book = b.book AND d.day <= %(last)s AND {known_at(as_of, "d")}
    ORDER BY d.day DESC LIMIT 1
) e
LEFT JOIN LATERAL (
    SELECT * FROM read.trade_sums d
    WHERE d.book = b.book AND d.day < %(first)s AND {known_at(as_of, "d")}
    ORDER BY d.day DESC LIMIT 1
) s ON true
WHERE b.kind = 'trader' AND {known_at(as_of, "b")} {some_books(books)}
  AND e.trades > coalesce(s.trades, 0)
"""


def _closed_in_hours(
    connection: Connection[Any],
    as_of: int | None,
    books: Collection[UUID] | None,
    parameters: dict[str, Any],
) -> dict[UUID, Terms]:
    query = f"""
SELECT v.book, v.pnl, v.pnl_ratio, v.entry_cost, v.side, v.symbol, v.multiplier, true,
    v.executions
FROM read.books b JOIN read.positions v ON v.book = b.book
WHERE b.kind = 'trader' AND {known_at(as_of, "b")} {some_books(books)}
  AND {known_at(as_of, "v")} AND v.scored
  AND v.closed_at > %(since)s AND v.closed_at <= %(at)s
"""
    found = connection.execute(query, parameters, prepare=True, binary=True).fetchall()
    return _by_book(found, parameters["until"])


def _open_losers(
    connection: Connection[Any],
    as_of: int | None,
    books: Collection[UUID] | None,
    parameters: dict[str, Any],
) -> dict[UUID, Terms]:
    """What is open at the end of the window and under water.

    A book's days tell how many trades it has open then; its trades are gone through from the
    newest back until that many are found. A trade that was marked or closed after the window,
    or may have been executed then, has the ratio that was contributed until its end;
    contributed dollars may be capped.
    """
    query = f"""
SELECT v.book, v.pnl, v.ratio, v.entry_cost, v.side, v.symbol, v.multiplier, v.is_closed,
    v.executions
FROM read.books b
CROSS JOIN LATERAL (
    SELECT d.opened - d.closed AS held FROM read.book_days d
    WHERE d.book = b.book AND d.day <= %(last)s AND {known_at(as_of, "d")}
    ORDER BY d.day DESC LIMIT 1
) e
CROSS JOIN LATERAL (
    SELECT count(*) AS later FROM read.positions t
    WHERE %(since)s::timestamptz IS NOT NULL AND t.book = b.book AND {known_at(as_of, "t")}
      AND t.scored AND t.closed_at > %(until)s AND t.closed_at <= %(day_ends)s
) x
CROSS JOIN LATERAL (
    SELECT w.book, w.entry_cost, w.side, w.symbol, w.multiplier, w.executions, w.opened_at,
        w.closed_at IS NOT NULL AS is_closed,
        CASE WHEN w.is_past THEN NULL ELSE w.pnl END AS pnl,
        CASE WHEN w.is_past THEN (
            SELECT coalesce(sum(c.ratio), 0) FROM read.contributions c
            WHERE c.position = w.position AND c.at <= %(until)s
              {"" if as_of is None else "AND c.event <= %(as_of)s"}
        ) ELSE w.pnl_ratio END AS ratio
    FROM (
        SELECT *, coalesce(marked_at > %(until)s, false) OR closed_at IS NOT NULL
            OR strpos(executions, '''number'':2') > 0 AS is_past
        FROM ({_walked(as_of)} LIMIT e.held + x.later) t
    ) w
) v
WHERE b.kind = 'trader' AND {known_at(as_of, "b")} {some_books(books)}
  AND e.held + x.later > 0 AND v.opened_at <= %(until)s AND coalesce(v.pnl, v.ratio) < 0
"""
    found = connection.execute(query, parameters, prepare=True, binary=True).fetchall()
    return _by_book(found, parameters["until"])


def _walked(as_of: int | None) -> str:
    """A book's trades that were not closed by the end of the window, the newest first: opened
    last, or as once known, last on record. So far back from a position leads an index."""
    is_open = (
        "o.scored AND o.opened_at <= %(day_ends)s"
        " AND (o.closed_at IS NULL OR o.closed_at > %(until)s)"
    )
    if as_of is None:
        return (
            f"SELECT o.* FROM read.positions o WHERE o.book = b.book AND {known_at(None, 'o')}"
            f" AND {is_open} ORDER BY o.opened_at DESC, o.position DESC"
        )
    return (
        "SELECT o.* FROM read.positions f CROSS JOIN LATERAL (SELECT * FROM read.positions n"
        " WHERE n.position = f.position AND n.valid_from <= %(as_of)s"
        " ORDER BY n.valid_from DESC LIMIT 1) o"
        f" WHERE f.book = b.book AND f.{FIRST_VERSION.replace('= ', '= f.')}"
        f" AND f.valid_from <= %(as_of)s AND {is_open} ORDER BY f.valid_from DESC"
    )


class _Trade(NamedTuple):
    """A trade as it is read; `pnl` is None where only its ratio at that time is known, and
    `is_closed` if it was by then or later."""

    pnl: Decimal | None
    ratio: Decimal
    entry_cost: Decimal
    side: str
    symbol: str
    multiplier: int
    is_closed: bool
    executions: str

    @property
    def is_one_purchase(self) -> bool:
        """Whether it is a single option bought at once, and sold at once if it was: most are."""
        first_other = "'number':3" if self.is_closed else "'number':2"
        return (
            self.side == Side.BUY
            and len(self.symbol) == OSI_LENGTH
            and self.symbol[0] not in "+-"
            and self.executions.startswith(_ENTRY_FIRST)
            and first_other not in self.executions
        )


def _by_book(rows: Iterable[tuple[Any, ...]], until: datetime) -> dict[UUID, Terms]:
    found: dict[UUID, Terms] = {}
    for book, *columns in rows:
        each = _measured(_Trade(*columns), until)
        if each is not None:
            own, others = terms_of(each), found.get(book)
            found[book] = own if others is None else others.plus(own)
    return found


def _measured(trade: _Trade, until: datetime) -> Measured | None:
    """A trade by what was executed until a moment."""
    if trade.is_one_purchase:
        tied = trade.entry_cost
        stake = Stake(tied, tied)
    else:
        side = Side(trade.side)
        legs = legs_of(trade.symbol)
        if side is Side.SELL:
            legs = tuple(msgspec.structs.replace(leg, side=leg.side.opposite) for leg in legs)
        executions = executions_of(trade.executions)
        moves = [(each.quantity, _price(each)) for each in executions if each.at <= until]
        tied = tied_up(side, legs, trade.multiplier, moves) if trade.pnl is None else ZERO
        stake = stake_of(side, legs, trade.multiplier, moves)
    return measured(trade.ratio * tied if trade.pnl is None else trade.pnl, stake)


def _price(execution: Execution) -> Decimal:
    """What it counts at; an assumed price is told by the row."""
    price = execution.price
    if price is None:
        price = execution.assumed
    return ZERO if price is None else price
