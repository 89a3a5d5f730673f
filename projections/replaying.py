"""Replaying: what the read models were at a position, made from the events alone, and compared.

Rows are folded anew into tables of their own up to a position, and held against the versions
that are stored as known there. They are dropped afterwards, and nobody who reads meets them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from projections import checkpoints
from projections.checkpoints import Connection
from projections.folding import Reading
from projections.loading import Load, load_all, processes_for, shared
from projections.readmodel import Projection
from projections.rebuild import LOAD_CHUNK, Classes, Progress
from projections.shape import CURRENT, Shape

SAMPLES = 5
AT = ("position", "event")
"""How lines call the position at which they were added."""


class NotReached(Exception):
    """The stored rows have not come to that position."""


class Compared(NamedTuple):
    """A read table: how many rows the events make, and which of the stored ones differ.

    `missing` rows should be there and are not, `surplus` ones are there and should not be; a row
    that differs counts in both. `samples` are keys of such rows.
    """

    table: str
    rows: int
    missing: int
    surplus: int
    samples: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether the stored rows are what the events make."""
        return not self.missing and not self.surplus


class Replay:
    """One replay; the caller holds the maintenance lock."""

    def __init__(
        self, reading: Reading, classes: Classes, until: int, progress: Progress, split_from: int
    ) -> None:
        self._reading = reading
        self._classes = classes
        self._until = until
        self._progress = progress
        self._split_from = split_from

    def run(self, connection: Connection) -> list[Compared]:
        """Makes the rows, compares them, and drops them.

        Raises:
            NotReached: a read model has not come to the position.
            LoadFailed, Culprit: an event cannot be folded.
        """
        checkpoints.drop_leftovers(connection)
        stored = checkpoints.read_checkpoints(connection, list(self._classes))
        for name, checkpoint in stored.items():
            if checkpoint.position < self._until:
                raise NotReached(f"{name} has come to position {checkpoint.position} only")
        builds = {made: stored[name].build + 1 for name, made in self._classes.items()}
        try:
            self._load(builds, checkpoints.left_out(connection, list(stored)))
            return [
                compared(connection, table.shape, build, self._until)
                for made, build in builds.items()
                for table in made().tables
            ]
        finally:
            if not connection.closed:
                checkpoints.drop_leftovers(connection)

    def _load(
        self, builds: Mapping[type[Projection], int], left_out: Mapping[int, set[str]]
    ) -> None:
        load = Load(self._reading, builds, self._until, left_out, LOAD_CHUNK)
        groups = shared(builds, processes_for(self._until, self._split_from))
        load_all(
            [load._replace(builds=group) for group in groups],
            lambda position: self._progress(position, self._until),
        )


def compared(connection: Connection, shape: Shape[Any], build: int, until: int) -> Compared:
    """Holds the rows of a build against the live ones as known at a position."""
    names = {column.name for column in shape.columns}
    wanted = ", ".join(f'"{name}"' for name in sorted(names - {"valid_to"}))
    made = f"SELECT {wanted} FROM {shape.table(build)}"
    live = f"SELECT {wanted} FROM {shape.view}"
    # Lines that carry no position of the tape never change, so later ones are no surplus.
    timed = [name for name in AT if name in names and shape.sql_type(name) == "bigint"]
    if shape.versioned:
        made += f" WHERE valid_to = {CURRENT}"
        live += f" WHERE valid_from <= {until} AND {until} < valid_to"
    elif timed:
        live += f" WHERE {timed[0]} <= {until}"
    missing, lacking = _difference(connection, shape.key, made, live)
    surplus, extra = 0, list[str]()
    if shape.versioned or timed:
        surplus, extra = _difference(connection, shape.key, live, made)
    count = connection.execute(f"SELECT count(*) FROM ({made}) m".encode()).fetchone()
    samples = tuple(dict.fromkeys([*lacking, *extra]))[:SAMPLES]
    return Compared(shape.name, 0 if count is None else count[0], missing, surplus, samples)


def _difference(
    connection: Connection, key: Sequence[str], ones: str, others: str
) -> tuple[int, list[str]]:
    """How many of these rows are not among the others, and the keys of some."""
    names = ", ".join(key)
    query = f"""
SELECT count(*) OVER (), concat_ws(' ', {names})
FROM ({ones} EXCEPT ALL {others}) d ORDER BY {names} LIMIT {SAMPLES}
"""
    found = connection.execute(query.encode()).fetchall()
    return (found[0][0] if found else 0), [row[1] for row in found]
