"""The second wall: triggers stop even the owner, whom no grant stops."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from adapters.postgres import PROJECTOR_ROLE, WRITER_ROLE, connect
from tests.adapters.notes import append, batch, on_tape


@pytest.fixture
def written(database_url: str) -> Iterator[str]:
    """A database with three events, which are all still there in the end."""
    append(database_url, batch(uuid4(), 1, 2), batch(uuid4(), 1))
    before = on_tape(database_url)
    yield database_url
    assert on_tape(database_url) == before


def test_the_owner_runs_into_the_second_wall(written: str) -> None:
    changes = [
        "UPDATE tape.{} SET command_id = uuidv7()",
        "DELETE FROM tape.{}",
        "TRUNCATE tape.{}",
    ]
    tables = ("events", "events_from_1", "commands")
    statements = [change.format(table) for table in tables for change in changes]
    with connect(written, role=None) as connection:
        for statement in (*statements, "DELETE FROM tape.streams", "TRUNCATE tape.streams"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                connection.execute(statement)


def test_functions_of_the_caller_are_not_mistaken_for_the_servers(database_url: str) -> None:
    """The append function runs with the owner's rights, so it must not trust a search path."""
    with connect(database_url, role=PROJECTOR_ROLE) as connection:
        connection.execute(
            "CREATE FUNCTION read.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            " AS $$ SELECT '2000-01-01Z'::timestamptz $$"
        )
        connection.execute("GRANT USAGE ON SCHEMA read TO truetape_writer")
    with connect(database_url, role=WRITER_ROLE) as connection:
        connection.execute("SET search_path = read, pg_catalog")
        connection.execute(
            "SELECT tape.append_event(uuidv7(), 'h', 'm', NULL, NULL, uuidv7(), 1, 'n', 'b')"
        )

    assert on_tape(database_url)[0].recorded_at.year > 2000
