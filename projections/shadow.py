"""Shadow: read models as they would be after events that nobody has recorded.

The projections themselves fold the events, on top of what is stored, and what they write goes to
temporary tables of one transaction that is rolled back. Views beside them show stored rows and
these as one, and every query over this connection reads the views. The live tables are only read,
from one snapshot: nobody who follows the tape waits for a shadow, or is waited for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.sql import Composable

from projections.checkpoints import Checkpoint, Connection, read_checkpoints
from projections.folding import Culprit, Folding, RawEvent, Reading, StoredRows, attach
from projections.readmodel import Projection
from projections.shape import CURRENT, Line, Shape
from projections.table import Writes

TIMEOUT_S = 60


class CannotForesee(Exception):
    """What would be cannot be told; the text says why."""


class Unrecorded(NamedTuple):
    """An event that is not on the tape, as a fold sees it."""

    position: int
    stream: UUID
    version: int
    name: str
    body: bytes


class Moved(NamedTuple):
    """A row before and after: None where there is none."""

    shape: Shape[Any]
    before: Any
    after: Any


class Shadow:
    """Some projections that go on from what is stored; queries over `connection` see it."""

    def __init__(self, connection: Connection, reading: Reading, folding: Folding, head: int):
        self.connection = connection
        self.head = head
        self._reading = reading
        self._folding = folding

    def fold(self, events: Sequence[RawEvent]) -> list[Moved]:
        """Folds events that are not on the tape; returns the rows that they move.

        Raises:
            CannotForesee: a projection cannot fold one of them.
        """
        try:
            self._folding.fold(events)
        except Culprit as culprit:
            raise CannotForesee(f"this would stop a read model: {culprit}") from culprit
        taken = [writes for _, writes in self._folding.take(everything=True)]
        moved = [one for writes in taken for one in self._moved(writes)]
        for writes in taken:
            self._write(writes)
        return moved

    def _moved(self, writes: Writes) -> Iterator[Moved]:
        """Each row that changes, with its shadow of now; lines are only added."""
        shape = writes.shape
        if not shape.versioned:
            yield from (Moved(shape, None, row) for row in writes.rows)
            return
        after = {_key(shape, row): row for row in writes.rows if row.valid_to == CURRENT}
        ended = {tuple(values[: len(shape.key)]) for values in writes.ended}
        for key in {**dict.fromkeys(ended), **dict.fromkeys(after)}:
            found = self.connection.execute(shape.find(0), key, binary=True).fetchall()
            before = shape.made_of(found[0]) if found else None
            yield Moved(shape, before, after.get(key))

    def _write(self, writes: Writes) -> None:
        shape = writes.shape
        if writes.ended:
            columns = [list(c) for c in zip(*(e[:-1] for e in writes.ended), strict=True)]
            names = (*shape.key, "valid_from")
            arrays = ", ".join(f"%s::{shape.sql_type(name)}[]" for name in names)
            self.connection.execute(
                f"INSERT INTO pg_temp.ended_{shape.name} SELECT * FROM unnest({arrays})", columns
            )
        if writes.rows:
            into = shape.copy_from(0).replace(shape.table(0), f"pg_temp.added_{shape.name}", 1)
            with self.connection.cursor().copy(into) as copy:
                copy.write(shape.encoded(writes.rows))


@contextmanager
def shadow(
    reading: Reading, connection: Connection, classes: Sequence[type[Projection]]
) -> Iterator[Shadow]:
    """The projections brought to the head of the tape, on a connection of the caller's that does
    nothing else meanwhile; nothing of it is left when this ends.

    Raises:
        CannotForesee: a projection stands still, or is made anew by another program.
    """
    projections = [made() for made in classes]
    names = [projection.name for projection in projections]
    usual = connection.cursor_factory
    with connection.transaction(force_rollback=True):
        # Its tables are temporary, and who may write nothing else may write those.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE")
        connection.execute(f"SET LOCAL statement_timeout = '{TIMEOUT_S}s'")
        stored = read_checkpoints(connection, names)
        _require_usable(projections, stored)
        _make_views(connection, projections, stored)
        connection.cursor_factory = _shadowing(projections)
        try:
            head = reading.read_head(connection)
            made = Shadow(connection, reading, Folding(projections, reading), head)
            for projection in projections:
                attach(projection, StoredRows(connection), stored[projection.name].build)
                projection.load()
                _catch_up(connection, reading, projection, stored[projection.name].position, head)
            made.fold(())
            yield made
        finally:
            connection.cursor_factory = usual


def _catch_up(
    connection: Connection, reading: Reading, projection: Projection, position: int, head: int
) -> None:
    """Folds what the live projection has not come to yet."""
    folding = Folding([projection], reading)
    try:
        folding.fold(reading.read_range(connection, position, head, folding.names))
    except Culprit as culprit:
        raise CannotForesee(f"a read model cannot be brought to the head: {culprit}") from culprit


def _require_usable(projections: Sequence[Projection], stored: dict[str, Checkpoint]) -> None:
    for projection in projections:
        checkpoint = stored.get(projection.name)
        if checkpoint is None or checkpoint.fingerprint != projection.fingerprint:
            raise CannotForesee(f"the read model {projection.name} is not made yet")
        if checkpoint.state == "stopped":
            raise CannotForesee(
                f"the read model {projection.name} stands still: see truetape status"
            )


def _make_views(
    connection: Connection, projections: Sequence[Projection], stored: dict[str, Checkpoint]
) -> None:
    statements: list[str] = []
    for projection in projections:
        for table in projection.tables:
            statements += _view(table.shape, stored[projection.name].build)
    connection.execute("; ".join(statements).encode())


def _view(shape: Shape[Any], build: int) -> Iterator[str]:
    """Stored rows and added ones without those that ended; only what holds now is right."""
    name, live, all_columns = shape.name, shape.table(build), shape.column_list
    added, ended = f"pg_temp.added_{name}", f"pg_temp.ended_{name}"
    yield f"CREATE TEMP TABLE added_{name} (LIKE {live})"
    if not shape.versioned:
        both = " UNION ALL ".join(f"SELECT {all_columns} FROM {rows}" for rows in (live, added))
        yield f"CREATE TEMP VIEW shadow_{name} AS {both}"
        return
    keys = (*shape.key, "valid_from")
    columns = ", ".join(f'"{key}" {shape.sql_type(key)}' for key in keys)
    yield f"CREATE TEMP TABLE ended_{name} ({columns})"
    match = " AND ".join(f'e."{key}" = t."{key}"' for key in keys)
    stands = f"WHERE NOT EXISTS (SELECT FROM {ended} e WHERE {match})"
    both = " UNION ALL ".join(
        f"SELECT {all_columns} FROM {rows} t {stands}" for rows in (live, added)
    )
    yield f"CREATE TEMP VIEW shadow_{name} AS {both}"


def _shadowing(projections: Sequence[Projection]) -> type[psycopg.Cursor[Any]]:
    """Cursors for which the read tables of these projections are their shadows."""
    names = "|".join(table.shape.name for each in projections for table in each.tables)
    table = re.compile(rf"\bread\.({names})(?:_b\d+)?\b")

    def redirected(query: Any) -> Any:
        if isinstance(query, Composable):
            query = query.as_string(None)
        if isinstance(query, bytes):
            query = query.decode()
        return table.sub(r"pg_temp.shadow_\1", query)

    class Shadowing(psycopg.Cursor[Any]):
        def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
            # A plan that was kept would be one for tables that are gone by the next time.
            kwargs["prepare"] = False
            return super().execute(redirected(query), *args, **kwargs)

        def copy(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
            return super().copy(redirected(statement), *args, **kwargs)

    return Shadowing


def _key(shape: Shape[Any], row: Any) -> tuple[Any, ...]:
    key = shape.key_of(row)
    return key if len(shape.key) > 1 else (key,)


def lines_of(moved: Sequence[Moved], name: str) -> list[Line]:
    """The lines that a table of nothing but lines got."""
    return [one.after for one in moved if one.shape.name == name]
