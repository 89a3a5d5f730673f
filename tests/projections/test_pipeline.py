"""Writing behind a fold: what was given away is found again, wherever it is just then."""

from __future__ import annotations

import random
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

    with connect(tape.url, role=PROJECTOR_ROLE) as connection, connection.transaction():
        checkpoints.create_build(connection, [given.shape], 1)
        with WriteBehind(connection, {"visits": 1}) as behind:
            given.attach(behind, 1, complete=True)
            for position in range(1, 3_000):
                step(position)
                writes = given.take(everything=False)
                behind.submit([] if writes is None else [("visits", writes)])
            writes = given.take(everything=True)
            assert writes is not None
            behind.submit([("visits", writes)])
            behind.finish()
        stored = connection.execute(
            f"SELECT {given.shape.column_list} FROM read.visits_b1"
        ).fetchall()
    made = [astuple(row) for row in (*kept.closed(), *kept.in_memory())]
    assert sorted(stored) == sorted(made)


def test_a_look_for_many_rows_sees_those_that_wait(tape: Tape) -> None:
    given = visits(["place"], 6)
    with connect(tape.url, role=PROJECTOR_ROLE) as connection, connection.transaction():
        checkpoints.create_build(connection, [given.shape], 1)
        with WriteBehind(connection, {"visits": 1}) as behind:
            given.attach(behind, 1, complete=True)
            for position, place in enumerate(PLACES, start=1):
                given.insert(VisitRow(place=place, guest="ana", visits=1), position)
                writes = given.take(everything=False)
                behind.submit([] if writes is None else [("visits", writes)])
                stored = given.select_current("guest = %s", ("ana",))
                assert len(stored) + len(list(given.in_memory())) == position


def test_a_look_before_anything_was_given_away_makes_no_index(tape: Tape) -> None:
    given = visits(["place"], 6)
    with connect(tape.url, role=PROJECTOR_ROLE) as connection, connection.transaction():
        checkpoints.create_build(connection, [given.shape], 1)
        with WriteBehind(connection, {"visits": 1}) as behind:
            given.attach(behind, 1, complete=True)
            assert given.select_current("guest = %s", ("ana",)) == []
            assert _indexes(connection) == 0
            given.insert(VisitRow(place=PLACES[0], guest="ana", visits=1), 1)
            writes = given.take(everything=True)
            assert writes is not None
            behind.submit([("visits", writes)])
            assert len(given.select_current("guest = %s", ("ana",))) == 1
        assert _indexes(connection) == 1


def _indexes(connection: Connection) -> int:
    query = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'read' AND tablename = 'visits_b1'"
    (found,) = connection.execute(query).fetchone() or (0,)
    return int(found)
