"""Related rows: those of another table that belong to the rows of a page, by one query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from psycopg import Connection

from projections.readmodel import known_at
from projections.shape import Line, Row, Shape

AnyRow = TypeVar("AnyRow", bound=Row | Line)


def rows_of(
    connection: Connection[Any],
    shape: Shape[AnyRow],
    column: str,
    keys: Sequence[UUID],
    as_of: int | None,
    order: str,
) -> dict[UUID, list[AnyRow]]:
    """The rows that belong to each of the keys, in an order; keys without any are left out."""
    found: dict[UUID, list[AnyRow]] = {}
    rows = connection.execute(
        f"SELECT {shape.column_list} FROM {shape.view}"
        f" WHERE {column} = ANY(%(keys)s) AND {known_at(as_of)} ORDER BY {column}, {order}",
        {"keys": list(keys), "as_of": as_of},
        binary=True,
    )
    for values in rows.fetchall():
        row = shape.made_of(values)
        found.setdefault(getattr(row, column), []).append(row)
    return found
