"""Pages: rows of a read table, filtered, in an order, from a place on; now or as once known.

Paging goes by the values of the last row seen, so a page costs the same wherever it begins
and rows that arrive meanwhile shift nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from psycopg import Connection

from projections.readmodel import known_at
from projections.shape import CURRENT, Line, Row, Shape

AnyRow = TypeVar("AnyRow", bound=Row | Line)


def select_one(
    connection: Connection[Any], shape: Shape[AnyRow], key: Mapping[str, Any], as_of: int | None
) -> AnyRow | None:
    """The row of a key, if there is one at that time."""
    found = select_all(connection, shape, key, as_of)
    return found[0] if found else None


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


def select_page(
    connection: Connection[Any],
    shape: Shape[AnyRow],
    *,
    where: Mapping[str, Any],
    order: Sequence[str],
    fixed: Collection[str],
    as_of: int | None,
    after: Sequence[Any] | None,
    limit: int,
    descending: bool = True,
) -> list[AnyRow]:
    """A page of rows that have these values, where None means any.

    `order` names columns that end with the key; `after` holds their values in the last row
    seen. `fixed` names the columns that never change while a row lives. When the order is
    fixed and rows are never removed, a page as once known is found along the index of the
    current rows, stepping back in each to its version of that time.
    """
    wanted = {name: value for name, value in where.items() if value is not None}
    stepping_back = as_of is not None and set(order) <= set(fixed)
    along = "c" if stepping_back else "v"
    conditions = [f"v.{name} = %({name})s" for name in wanted]
    if stepping_back:
        match = " AND ".join(f"o.{name} = c.{name}" for name in shape.key)
        source = (
            f"{shape.view} c CROSS JOIN LATERAL (SELECT * FROM {shape.view} o"
            f" WHERE {match} AND {known_at(as_of, 'o')}) v"
        )
        conditions += [f"c.valid_to = {CURRENT}"]
        conditions += [f"c.{name} = %({name})s" for name in wanted if name in fixed]
    else:
        source = f"{shape.view} v"
        conditions.append(known_at(as_of, "v"))
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
