"""Pages of positions and of a book's days: the queries beside the money tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from projections.pages import select_all, select_one
from projections.pnl import BookDay, BookRow, ContributionLine, Records
from projections.positions import FIRST_VERSION, BookKind, PositionRow, positions_table
from projections.readmodel import known_at
from projections.shape import Shape

_POSITIONS: Shape[PositionRow] = positions_table().shape
_RECORDS = Records()
_DAYS: Shape[BookDay] = _RECORDS.days.shape
_BOOKS: Shape[BookRow] = _RECORDS.books.shape
_CONTRIBUTIONS: Shape[ContributionLine] = _RECORDS.contributions.shape


def positions(
    connection: Connection[Any],
    *,
    kind: BookKind | None = None,
    book: UUID | None = None,
    underlying: str | None = None,
    open_only: bool = False,
    as_of: int | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[PositionRow]:
    """Positions, the newest first; `after` is (opened_at, position) of the last one seen."""
    wanted = {"kind": kind, "book": book, "underlying": underlying}
    given = {name: value for name, value in wanted.items() if value is not None}
    conditions = [f"v.{name} = %({name})s" for name in given]
    if open_only:
        conditions.append("v.quantity <> 0")
    if after is not None:
        conditions.append("(v.opened_at, v.position) < (%(after_at)s, %(after_id)s)")
    source = f"{_POSITIONS.view} v"
    if as_of is None:
        conditions.append(known_at(None, "v"))
    else:
        source = versions_at(book is not None)
    parameters: dict[str, Any] = {**given, "as_of": as_of, "limit": limit}
    parameters["after_at"], parameters["after_id"] = after or (None, None)
    rows = connection.execute(
        f"SELECT {', '.join(f'v.{column.name}' for column in _POSITIONS.columns)} FROM {source}"
        f" WHERE {' AND '.join(conditions) or 'true'}"
        " ORDER BY v.opened_at DESC, v.position DESC LIMIT %(limit)s",
        parameters,
        binary=True,
    ).fetchall()
    return [_POSITIONS.made_of(row) for row in rows]


def versions_at(of_one_book: bool) -> str:
    """Each position's version `v` at `as_of`, found from its first one; of `book` alone if so."""
    one = " AND c.book = %(book)s" if of_one_book else ""
    return (
        f"(SELECT position, valid_from, began FROM {_POSITIONS.view} c"
        f" WHERE c.{FIRST_VERSION} AND c.valid_from <= %(as_of)s{one}) c CROSS JOIN LATERAL"
        f" (SELECT * FROM {_POSITIONS.view} o WHERE o.position = c.position"
        " AND o.valid_from <= %(as_of)s ORDER BY o.valid_from DESC LIMIT 1) v"
    )


def running(connection: Connection[Any]) -> list[PositionRow]:
    """All trades of traders that are open, marked and scored, as they stand now."""
    rows = connection.execute(
        f"SELECT {', '.join(column.name for column in _POSITIONS.columns)} FROM {_POSITIONS.view}"
        f" WHERE {known_at(None)} AND quantity <> 0 AND kind = 'trader' AND scored"
        " AND mark IS NOT NULL ORDER BY opened_at, position",
        binary=True,
    ).fetchall()
    return [_POSITIONS.made_of(row) for row in rows]


def position(
    connection: Connection[Any], stream: UUID, *, as_of: int | None = None
) -> PositionRow | None:
    """One position."""
    return select_one(connection, _POSITIONS, {"position": stream}, as_of)


def books(
    connection: Connection[Any], *, kind: BookKind | None = None, as_of: int | None = None
) -> list[BookRow]:
    """All books: traders' records and accounts."""
    where = {} if kind is None else {"kind": kind}
    return select_all(connection, _BOOKS, where, as_of, "book")


def book_days(
    connection: Connection[Any],
    book: UUID,
    first: date,
    last: date,
    *,
    as_of: int | None = None,
) -> list[BookDay]:
    """The days of a book on which something moved, in order; both ends included."""
    rows = connection.execute(
        f"SELECT {_DAYS.column_list} FROM {_DAYS.view} WHERE book = %(book)s"
        f" AND day BETWEEN %(first)s AND %(last)s AND {known_at(as_of)} ORDER BY day",
        {"book": book, "first": first, "last": last, "as_of": as_of},
        binary=True,
    ).fetchall()
    return [_DAYS.made_of(row) for row in rows]


def contributions(
    connection: Connection[Any],
    stream: UUID,
    *,
    as_of: int | None = None,
) -> Sequence[ContributionLine]:
    """What each event moved of a position, in the order of the tape."""
    known = "" if as_of is None else " AND event <= %(as_of)s"
    rows = connection.execute(
        f"SELECT {_CONTRIBUTIONS.column_list} FROM {_CONTRIBUTIONS.view}"
        f" WHERE position = %(position)s{known} ORDER BY event, at",
        {"position": stream, "as_of": as_of},
        binary=True,
    ).fetchall()
    return [_CONTRIBUTIONS.made_of(row) for row in rows]
