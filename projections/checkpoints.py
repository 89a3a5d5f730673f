"""Checkpoints: how far each projection is, in which build, and what keeps it from going on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from projections.shape import Shape

Connection = psycopg.Connection[Any]

LEAD = 731030619
"""First key of the advisory locks that workers hold on the projections they lead."""

MAINTENANCE = 7310306190863
"""Advisory lock of whoever makes, rebuilds or drops read tables."""

REASON_LENGTH_MAX = 500

_BOOKKEEPING = """
CREATE TABLE IF NOT EXISTS read.checkpoints (
    projection text PRIMARY KEY,
    position bigint NOT NULL,
    build int NOT NULL,
    fingerprint text NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'rebuilding', 'stopped', 'parked')),
    reason text NOT NULL DEFAULT '',
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS read.rebuilds (
    projection text PRIMARY KEY,
    position bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE IF NOT EXISTS read.parked (
    projection text NOT NULL,
    position bigint NOT NULL,
    event text NOT NULL,
    reason text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (projection, position)
);
"""

_LEFTOVERS = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'r' AND c.relname ~ '_b[0-9]+$'
AND NOT EXISTS (
    SELECT FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.refobjid = c.oid
)
"""

_STATUS = """
SELECT c.projection, c.position, c.build, c.reason, c.updated_at,
    CASE WHEN r.projection IS NULL THEN c.state ELSE 'rebuilding' END,
    r.position,
    (SELECT count(*) FROM read.parked p WHERE p.projection = c.projection)
FROM read.checkpoints c LEFT JOIN read.rebuilds r USING (projection) ORDER BY c.projection
"""


class Maintained(Exception):
    """Somebody else is making or rebuilding read tables."""


class Checkpoint(NamedTuple):
    """The stored row: events up to `position` are folded into `build`."""

    projection: str
    position: int
    build: int
    fingerprint: str
    state: str


class ProjectionStatus(NamedTuple):
    """What an operator wants to know of a projection."""

    projection: str
    position: int
    build: int
    reason: str
    updated_at: datetime
    state: str
    rebuilt_to: int | None
    """How far the build that is made beside the live one has come."""
    parked: int
    """Events that were left out because they could not be folded."""


def make_bookkeeping(connection: Connection) -> None:
    """Makes the tables of this module where they are missing."""
    if connection.execute("SELECT to_regclass('read.parked')").fetchone() == (None,):
        connection.execute(_BOOKKEEPING)


def status(connection: Connection) -> list[ProjectionStatus]:
    """All projections by name."""
    return [ProjectionStatus(*row) for row in connection.execute(_STATUS).fetchall()]


def read_checkpoints(
    connection: Connection, names: Sequence[str], *, lock: bool = False
) -> dict[str, Checkpoint]:
    """The checkpoints by name; with `lock` nobody else moves them until the transaction ends."""
    rows = connection.execute(
        "SELECT projection, position, build, fingerprint, state FROM read.checkpoints"
        " WHERE projection = ANY(%s) ORDER BY projection" + (" FOR UPDATE" if lock else ""),
        (list(names),),
        prepare=True,
    ).fetchall()
    return {row[0]: Checkpoint(*row) for row in rows}


def move_checkpoints(connection: Connection, names: Sequence[str], position: int) -> None:
    """Says that these projections have folded everything up to the position."""
    connection.execute(
        "UPDATE read.checkpoints SET position = %s, updated_at = clock_timestamp(),"
        " reason = CASE state WHEN 'stopped' THEN '' ELSE reason END,"
        " state = CASE state WHEN 'stopped' THEN 'running' ELSE state END"
        " WHERE projection = ANY(%s)",
        (position, list(names)),
        prepare=True,
    )


def create_checkpoint(connection: Connection, name: str, fingerprint: str) -> None:
    """Begins a projection at the start of the tape, in build 1."""
    connection.execute(
        "INSERT INTO read.checkpoints (projection, position, build, fingerprint, state)"
        " VALUES (%s, 0, 1, %s, 'running')",
        (name, fingerprint),
    )


def swap_checkpoint(connection: Connection, new: Checkpoint) -> None:
    """Lets a projection go on in another build; what was wrong with the old one is over."""
    connection.execute(
        "UPDATE read.checkpoints SET position = %s, build = %s, fingerprint = %s, state = %s,"
        " reason = '', updated_at = clock_timestamp() WHERE projection = %s",
        (new.position, new.build, new.fingerprint, new.state, new.projection),
    )
    connection.execute("DELETE FROM read.parked WHERE projection = %s", (new.projection,))
    connection.execute("DELETE FROM read.rebuilds WHERE projection = %s", (new.projection,))


def stop(connection: Connection, name: str, reason: str) -> None:
    """Records why a projection of money waits for somebody to look."""
    _record_state(connection, name, "stopped", reason)


def park(connection: Connection, name: str, position: int, event: str, reason: str) -> None:
    """Records that an event is left out of a feed, and why."""
    connection.execute(
        "INSERT INTO read.parked (projection, position, event, reason) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (projection, position) DO UPDATE SET reason = excluded.reason",
        (name, position, event, reason),
    )
    _record_state(connection, name, "parked", reason)


def left_out(connection: Connection, names: Sequence[str]) -> dict[int, set[str]]:
    """The positions of parked events, and the read models that go without them."""
    found: dict[int, set[str]] = {}
    query = "SELECT position, projection FROM read.parked WHERE projection = ANY(%s)"
    for position, name in connection.execute(query, (list(names),)):
        found.setdefault(position, set()).add(name)
    return found


def _record_state(connection: Connection, name: str, state: str, reason: str) -> None:
    connection.execute(
        "UPDATE read.checkpoints SET state = %s, reason = %s, updated_at = clock_timestamp()"
        " WHERE projection = %s",
        (state, reason, name),
    )


def report_rebuild(connection: Connection, names: Sequence[str], position: int) -> None:
    """Says how far a rebuild has come."""
    connection.execute(
        "INSERT INTO read.rebuilds (projection, position)"
        " SELECT name, %s FROM unnest(%s::text[]) name"
        " ON CONFLICT (projection) DO UPDATE"
        " SET position = excluded.position, updated_at = clock_timestamp()",
        (position, list(names)),
    )


def forget_rebuilds(connection: Connection) -> None:
    """Says that no rebuild is under way."""
    connection.execute("DELETE FROM read.rebuilds")


def take_lead(connection: Connection, name: str) -> bool:
    """Whether this session now is the one that moves the projection; it is until it ends."""
    row = connection.execute(
        "SELECT pg_try_advisory_lock(%s, hashtext(%s))", (LEAD, name), prepare=True
    ).fetchone()
    return row is not None and bool(row[0])


@contextmanager
def maintaining(connection: Connection, *, wait: bool) -> Iterator[None]:
    """While this lasts, nobody else makes, rebuilds or drops read tables.

    Raises:
        Maintained: somebody else is at it, and there was to be no waiting.
    """
    if wait:
        connection.execute("SELECT pg_advisory_lock(%s)", (MAINTENANCE,))
    else:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (MAINTENANCE,)).fetchone()
        if row != (True,):
            raise Maintained("another process is rebuilding read models: wait until it is done")
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (MAINTENANCE,))


def drop_leftovers(connection: Connection) -> list[str]:
    """Drops the tables that no view shows: old builds and interrupted rebuilds.

    Only for who holds the maintenance lock. A table that is still being read is left for
    the next time.
    """
    forget_rebuilds(connection)
    dropped = []
    for (name,) in connection.execute(_LEFTOVERS).fetchall():
        try:
            with connection.transaction():
                connection.execute("SET LOCAL lock_timeout = '200ms'")
                # With it go policies of tables beside it, which then show readers nothing.
                connection.execute(f'DROP TABLE IF EXISTS read."{name}" CASCADE')
            dropped.append(name)
        except psycopg.errors.LockNotAvailable:
            continue
    return dropped


def has_leftovers(connection: Connection) -> bool:
    """Whether there are tables that no view shows."""
    return connection.execute(_LEFTOVERS).fetchone() is not None


def create_build(connection: Connection, shapes: Iterable[Shape[Any]], build: int) -> None:
    """Makes empty tables, and says who may see which of their rows."""
    for shape in shapes:
        connection.execute("; ".join((shape.create_table(build), *shape.create_policies(build))))


def show_build(connection: Connection, shapes: Iterable[Shape[Any]], build: int) -> None:
    """Lets the views show this build; in one transaction, readers see all or nothing of it."""
    for shape in shapes:
        connection.execute(f"DROP VIEW IF EXISTS {shape.view}")
        # Who asks the view is asked by the table whether they may see a row.
        connection.execute(
            f"CREATE VIEW {shape.view} WITH (security_invoker)"
            f" AS SELECT {shape.column_list} FROM {shape.table(build)}"
        )
