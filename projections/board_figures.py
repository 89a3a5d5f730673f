"""Board figures: what each trader did in a window, as it is stored by book.

A window of days is the difference of a book's last row in it and its last row before it; one of
hours is summed from the facts in it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.shared import WIDE
from domain.standings import ONE, day_return, grown, window_return
from projections.readmodel import known_at
from projections.windows import Span

ZERO = Decimal(0)


class BookFigures(NamedTuple):
    """A trader's figures in a window; `days` are those with a return, `total` and `squares` the
    sums of their returns, and `moved` what its trades moved in a window of hours."""

    book: UUID
    name: str
    return_: Decimal
    pnl: Decimal
    total: Decimal
    squares: Decimal
    days: int
    first_day: date | None
    opened: int
    closed: int
    wins: int
    posted: int
    checked: int
    filled: int
    assumed: int
    unattainable: int
    moved: Decimal = ZERO
    accounts: int = 1


_COUNTS = ("opened", "closed", "wins", "posted", "checked", "filled", "assumed", "unattainable")
_SUMS = ("cum_pnl", "sum_r", "sum_r2", "days")


def figures_of(
    connection: Connection[Any],
    span: Span,
    nav_fraction: Decimal,
    as_of: int | None,
    books: Collection[UUID] | None = None,
) -> dict[UUID, BookFigures]:
    """The figures of every trader for whom something happened in the window, or of some."""
    parameters = {**bounds_of(span), "as_of": as_of, "books": list(books or ())}
    query = _of_days(as_of, books) if span.since is None else _of_hours(as_of, books)
    found = connection.execute(query, parameters, prepare=True, binary=True).fetchall()
    if span.since is None:
        return {
            book: BookFigures(book, name, window_return(ONE if before is None else before, nav),
                              *rest)
            for book, name, nav, before, *rest in found
        }  # fmt: skip
    return {
        book: BookFigures(book, name, day_return(nav_fraction, moved), pnl, ZERO, ZERO, 0, None,
                          *counts)._replace(moved=moved)
        for book, name, moved, pnl, *counts in found
    }  # fmt: skip


def bounds_of(span: Span) -> dict[str, Any]:
    """The window as parameters of a query."""
    return {"first": span.first, "last": span.last, "since": span.since, "at": span.at}


def some_books(books: Collection[UUID] | None) -> str:
    """The condition for some books alone."""
    return "" if books is None else "AND b.book = ANY(%(books)s)"


def _names(as_of: int | None) -> str:
    """The name that a book's trader went by."""
    if as_of is None:
        return f"LEFT JOIN read.trader_profiles p ON p.trader = b.book AND {known_at(None, 'p')}"
    return (
        "LEFT JOIN LATERAL (SELECT name FROM read.trader_profiles o WHERE o.trader = b.book"
        " AND o.valid_from <= %(as_of)s ORDER BY o.valid_from DESC LIMIT 1) p ON true"
    )


def _of_days(as_of: int | None, books: Collection[UUID] | None) -> str:
    sums = ", ".join(f"e.{name} - coalesce(s.{name}, 0)" for name in _SUMS)
    counts = ", ".join(f"e.{name} - coalesce(s.{name}, 0)" for name in _COUNTS)
    took_part = " OR ".join(
        f"e.{name} > coalesce(s.{name}, 0)" for name in ("days", "opened", "closed", "unattainable")
    )
    return f"""
SELECT b.book, coalesce(p.name, b.book::text), e.nav, s.nav, {sums}, e.first_day, {counts}
FROM read.books b {_names(as_of)}
CROSS JOIN LATERAL (
    SELECT * FROM read.book_days d
    WHERE d.book = b.book AND d.day <= %(last)s AND {known_at(as_of, "d")}
    ORDER BY d.day DESC LIMIT 1
) e
LEFT JOIN LATERAL (
    SELECT * FROM read.book_days d
    WHERE d.book = b.book AND d.day < %(first)s AND {known_at(as_of, "d")}
    ORDER BY d.day DESC LIMIT 1
) s ON true
WHERE b.kind = 'trader' AND {known_at(as_of, "b")} {some_books(books)} AND ({took_part})
"""


def _of_hours(as_of: int | None, books: Collection[UUID] | None) -> str:
    known = "AND c.event <= %(as_of)s" if as_of is not None else ""
    return f"""
SELECT b.book, coalesce(p.name, b.book::text), m.moved, m.earned, o.opened,
       x.closed, x.wins, x.posted, x.checked, x.filled, x.assumed, o.unattainable
FROM read.books b {_names(as_of)}
CROSS JOIN LATERAL (
    SELECT coalesce(sum(c.ratio), 0) AS moved, coalesce(sum(c.pnl), 0) AS earned
    FROM read.contributions c
    WHERE c.book = b.book AND c.at > %(since)s AND c.at <= %(at)s {known}
) m
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE t.scored) AS opened,
        count(*) FILTER (WHERE t.badge = 'unattainable') AS unattainable
    FROM read.positions t
    WHERE t.book = b.book AND {known_at(as_of, "t")}
      AND t.opened_at > %(since)s AND t.opened_at <= %(at)s
) o
CROSS JOIN LATERAL (
    SELECT count(*) AS closed,
        count(*) FILTER (WHERE t.pnl > 0) AS wins,
        count(*) FILTER (WHERE t.badge = 'posted') AS posted,
        count(*) FILTER (WHERE t.badge = 'checked') AS checked,
        count(*) FILTER (WHERE t.badge = 'filled') AS filled,
        count(*) FILTER (WHERE t.badge = 'assumed') AS assumed
    FROM read.positions t
    WHERE t.book = b.book AND {known_at(as_of, "t")} AND t.scored
      AND t.closed_at > %(since)s AND t.closed_at <= %(at)s
) x
WHERE b.kind = 'trader' AND {known_at(as_of, "b")} {some_books(books)}
  AND (m.moved <> 0 OR m.earned <> 0 OR o.opened > 0 OR o.unattainable > 0 OR x.closed > 0)
"""


def turns_of(
    connection: Connection[Any], span: Span, books: Collection[UUID] | None = None
) -> dict[UUID, datetime]:
    """When time alone changes the figures of a trader, or of some, in a window of hours: what
    is in it leaves, or what has a later moment enters. Whom it never changes is left out."""
    trades = f"FROM read.positions m WHERE m.book = b.book AND {known_at(None, 'm')} AND"
    moments = (
        "SELECT m.at FROM read.contributions m WHERE m.book = b.book AND m.at",
        f"SELECT m.opened_at {trades} m.opened_at",
        f"SELECT m.closed_at {trades} m.closed_at",
    )
    leaves = (f"({of} > %(since)s ORDER BY 1 LIMIT 1) + (%(at)s - %(since)s)" for of in moments)
    enters = (f"({of} > %(at)s ORDER BY 1 LIMIT 1)" for of in moments)
    query = f"""
SELECT * FROM (
    SELECT b.book, least({", ".join((*leaves, *enters))}) AS turn FROM read.books b
    WHERE b.kind = 'trader' AND {known_at(None, "b")} {some_books(books)}
) t
WHERE t.turn IS NOT NULL
"""
    parameters = {**bounds_of(span), "books": list(books or ())}
    return dict(connection.execute(query, parameters, prepare=True, binary=True).fetchall())


def of_one_person(
    connection: Connection[Any],
    person: BookFigures,
    parts: Collection[BookFigures],
    span: Span,
    nav_fraction: Decimal,
    as_of: int | None,
) -> BookFigures:
    """The figures of a person from those of their accounts, of which one gives the name.

    The return is that of one record with the trades of all: a day's is the sum of theirs.
    """
    books = [part.book for part in parts]
    days = {part.first_day for part in parts if part.first_day is not None}
    moved = sum((part.moved for part in parts), ZERO)
    counts = {name: sum(getattr(part, name) for part in parts) for name in (*_COUNTS, "pnl")}
    own: dict[str, Any] = {"return_": day_return(nav_fraction, moved)}
    if span.since is None:
        own = _summed_days(connection, books, span, as_of)
    return person._replace(
        **counts, **own, moved=moved, first_day=min(days, default=None), accounts=len(books)
    )


def _summed_days(
    connection: Connection[Any], books: Collection[UUID], span: Span, as_of: int | None
) -> dict[str, Any]:
    """Return, sums and number of days of several books as one."""
    found = connection.execute(
        "SELECT day, sum(r) FROM read.book_days WHERE book = ANY(%(books)s) AND day <= %(last)s"
        f" AND {known_at(as_of)} GROUP BY day ORDER BY day",
        {**bounds_of(span), "books": list(books), "as_of": as_of},
    ).fetchall()
    before, nav, total, squares, days = ONE, ONE, ZERO, ZERO, 0
    for day, r in found:
        nav = grown(nav, r)
        if day < span.first:
            before = nav
        elif r:
            total, squares, days = total + r, WIDE.add(squares, WIDE.multiply(r, r)), days + 1
    return {
        "return_": window_return(before, nav), "total": total, "squares": squares, "days": days
    }  # fmt: skip
