"""Writing behind a fold: what was given away is found again, wherever it is just then."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import astuple

from adapters.postgres import PROJECTOR_ROLE, Connection, connect
from projections import checkpoints
from projections.pipeline import WriteBehind
from projections.readmodel import Row, Table
from tests.projections.tape import Tape


class VisitRow(Row, frozen=True, kw_only=True):
    """How often somebody was at a place."""

    place: UUID
    guest: str
    visits: int


PLACES = [UUID(int=number) for number in range(1, 40)]
GUESTS = ("ana", "ben")


def visits(key: list[str], rows_in_memory: int) -> Table[VisitRow]:
    return Table("visits", VisitRow, key, rows_in_memory=rows_in_memory)


class Load:
    """A table that is loaded: what it gives away is written behind it."""

    def __init__(self, table: Table[VisitRow], behind: WriteBehind, connection: Connection) -> None:
        self.behind = behind
        self.connection = connection
        self._table = table

    def give_away(self, *, everything: bool) -> None:
        writes = self._table.take(everything=everything)
        assert writes is not None or not everything
        self.behind.submit([] if writes is None else [("visits", writes)])

    def indexes(self) -> int:
        found = self.connection.execute(
            "SELECT FROM pg_indexes WHERE schemaname = 'read' AND tablename = 'visits_b1'"
        )
        return len(found.fetchall())


@contextmanager
def loading(tape: Tape, table: Table[VisitRow]) -> Iterator[Load]:
    with connect(tape.url, role=PROJECTOR_ROLE) as connection, connection.transaction():
        checkpoints.create_build(connection, [table.shape], 1)
        with WriteBehind(connection, {"visits": 1}) as behind:
            table.attach(behind, 1, complete=True)
            yield Load(table, behind, connection)


@pytest.mark.parametrize("key", [["place"], ["place", "guest"]])
def test_a_fold_finds_every_row_that_it_gave_away(tape: Tape, key: list[str]) -> None:
    chance = random.Random(7)
    kept, given = visits(key, 10_000), visits(key, 6)

    def step(position: int) -> None:
        place, guest = chance.choice(PLACES), chance.choice(GUESTS[: len(key)])
        wanted: Any = place if len(key) == 1 else (place, guest)
        before = kept.current(wanted)
        assert given.current(wanted) == before
        for table in (kept, given):
            if before is not None and position % 7 == 0:
                table.remove(wanted, position)
            else:
                count = 1 if before is None else before.visits + 1
                row = VisitRow(place=place, guest=guest, visits=count)
                # Some folds hold the row until now, and others leave it to the table.
                table.put(row, position, before if position % 2 else None)

    with loading(tape, given) as load:
        for position in range(1, 3_000):
            step(position)
            load.give_away(everything=False)
        load.give_away(everything=True)
        load.behind.finish()
        stored = load.connection.execute(
            f"SELECT {given.shape.column_list} FROM read.visits_b1"
        ).fetchall()
    made = [astuple(row) for row in (*kept.closed(), *kept.in_memory())]
    assert sorted(stored) == sorted(made)


def test_a_look_for_many_rows_sees_those_that_wait(tape: Tape) -> None:
    given = visits(["place"], 6)
    with loading(tape, given) as load:
        for position, place in enumerate(PLACES, start=1):
            given.insert(VisitRow(place=place, guest="ana", visits=1), position)
            load.give_away(everything=False)
            stored = given.select_current("guest = %s", ("ana",))
            assert len(stored) + len(list(given.in_memory())) == position


def test_a_look_before_anything_was_given_away_makes_no_index(tape: Tape) -> None:
    given = visits(["place"], 6)
    with loading(tape, given) as load:
        assert given.select_current("guest = %s", ("ana",)) == []
        assert load.indexes() == 0
        given.insert(VisitRow(place=PLACES[0], guest="ana", visits=1), 1)
        load.give_away(everything=True)
        assert len(given.select_current("guest = %s", ("ana",))) == 1
        load.behind.finish()
        assert load.indexes() == 1
