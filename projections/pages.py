"""Pages: rows of a read table, filtered, in an order, from a place on; now or as once known.

Paging goes by the values of the last row seen, so a page costs the same wherever it begins
and rows that arrive meanwhile shift nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from psycopg import Connection

from projections.readmodel import known_at
from projections.shape import CURRENT, Line, Row, Shape

AnyRow = TypeVar("AnyRow", bound=Row | Line)


def select_one(
    connection: Connection[Any], shape: Shape[AnyRow], key: Mapping[str, Any], as_of: int | None
) -> AnyRow | None:
    """The row of these values, the key's or others that only one has, at that time."""
    if as_of is None or set(key) != set(shape.key):
        found = select_all(connection, shape, key, as_of)
        return found[0] if found else None
    match = " AND ".join(f"o.{name} = %({name})s" for name in shape.key)
    query = f"SELECT {shape.column_list} FROM ({_version(shape, match)}) v"
    row = connection.execute(query, {**key, "as_of": as_of}, binary=True).fetchone()
    return None if row is None else shape.made_of(row)


def select_all(
    connection: Connection[Any],
    shape: Shape[AnyRow],
    where: Mapping[str, Any],
    as_of: int | None,
    order: str = "",
) -> list[AnyRow]:
    """All rows that have these values; for what is known to be few."""
    conditions = [known_at(as_of), *(f"{name} = %({name})s" for name in where)]
    query = f"SELECT {shape.column_list} FROM {shape.view} WHERE {' AND '.join(conditions)}" + (
        f" ORDER BY {order}" if order else ""
    )
    found = connection.execute(query, {**where, "as_of": as_of}, binary=True)
    return [shape.made_of(row) for row in found.fetchall()]


class Past(NamedTuple):
    """What is known of a table's rows, so that an old page is found without looking at
    every version there ever was."""

    fixed: Collection[str] = ()
    """Columns that never change while a row lives."""
    first: str = ""
    """The condition of each row's first version, which an index in the page's order has."""
    is_lasting: bool = False
    """Rows are never removed, and few enough to look at all of them."""


def select_page(
    connection: Connection[Any],
    shape: Shape[AnyRow],
    *,
    where: Mapping[str, Any],
    order: Sequence[str],
    past: Past,
    as_of: int | None,
    after: Sequence[Any] | None,
    limit: int,
    descending: bool = True,
) -> list[AnyRow]:
    """A page of rows that have these values, where None means any.

    `order` names columns that end with the key; `after` holds their values in the last row
    seen. Asked `as_of` a position, it goes along the rows' first versions (or the current
    rows, if they last) and from each steps to its version of that time.
    """
    wanted = {name: value for name, value in where.items() if value is not None}
    conditions = [f"v.{name} = %({name})s" for name in wanted]
    along, source = "v", f"{shape.view} v"
    if as_of is None or not (past.first or past.is_lasting):
        conditions.append(known_at(as_of, "v"))
    else:
        source = _stepping(shape)
        if past.first:
            along = "c"
            conditions.append(f"c.{past.first} AND c.valid_from <= %(as_of)s")
            conditions += [f"c.{name} = %({name})s" for name in wanted if name in past.fixed]
        else:
            conditions.append(f"c.valid_to = {CURRENT}")
    columns = [f"{along}.{name}" for name in order]
    if after is not None:
        beyond = "<" if descending else ">"
        places = ", ".join(f"%(after_{at})s" for at in range(len(order)))
        conditions.append(f"({', '.join(columns)}) {beyond} ({places})")
    direction = " DESC" if descending else ""
    query = (
        f"SELECT {', '.join(f'v.{column.name}' for column in shape.columns)} FROM {source}"
        f" WHERE {' AND '.join(conditions)}"
        f" ORDER BY {', '.join(column + direction for column in columns)} LIMIT %(limit)s"
    )
    parameters = {
        **wanted,
        **{f"after_{at}": value for at, value in enumerate(after or ())},
        "as_of": as_of,
        "limit": limit,
    }
    found = connection.execute(query, parameters, binary=True)
    return [shape.made_of(row) for row in found.fetchall()]


def _stepping(shape: Shape[Any]) -> str:
    """Some version `c` of each row with its version `v` of that time."""
    match = " AND ".join(f"o.{name} = c.{name}" for name in shape.key)
    return f"{shape.view} c CROSS JOIN LATERAL ({_version(shape, match)}) v"


def _version(shape: Shape[Any], match: str) -> str:
    """The version of a row at a position: the newest that had begun, if it had not ended."""
    return (
        f"SELECT * FROM (SELECT * FROM {shape.view} o WHERE {match}"
        " AND o.valid_from <= %(as_of)s ORDER BY o.valid_from DESC LIMIT 1) o"
        " WHERE %(as_of)s < o.valid_to"
    )
