"""Nobody changes what is on the tape: the grants stop the program, triggers stop the owner."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from adapters.postgres import READER_ROLE, RUNTIME_ROLE, connect
from tests.adapters.notes import append, as_owner, batch, on_tape

TABLES = ["events", "events_from_1", "streams", "commands", "partitions", "settings", "migrations"]
CHANGES = ["INSERT INTO tape.{0} TABLE tape.{0}", "DELETE FROM tape.{0}", "TRUNCATE tape.{0}"]


@pytest.fixture
def written(database_url: str) -> Iterator[str]:
    """A database with three events, which are all still there in the end."""
    append(database_url, batch(uuid4(), 1, 2), batch(uuid4(), 1))
    before = on_tape(database_url)
    yield database_url
    assert on_tape(database_url) == before


def assert_refused(
    url: str, role: str | None, *statements: str, because: str | None = None
) -> None:
    with connect(url, role=role) as connection:
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=because):
                connection.execute(statement)


@pytest.mark.parametrize("role", [RUNTIME_ROLE, READER_ROLE])
def test_roles_cannot_write_past_the_function(written: str, role: str) -> None:
    assert_refused(written, role, *[change.format(table) for table in TABLES for change in CHANGES])


def test_the_program_cannot_change_the_tape_or_its_rules(written: str) -> None:
    assert_refused(
        written,
        RUNTIME_ROLE,
        "UPDATE tape.events SET actor = 'nobody'",
        "UPDATE tape.events_from_1 SET actor = 'nobody'",
        "UPDATE tape.streams SET version = 0",
        "UPDATE tape.commands SET input_hash = ''",
        "UPDATE tape.settings SET partition_size = 1",
        "ALTER TABLE tape.events DISABLE TRIGGER ALL",
        "ALTER TABLE tape.events DETACH PARTITION tape.events_from_1",
        "DROP TABLE tape.events",
        "SELECT tape.make_partitions(10)",
        "GRANT truetape_owner TO truetape_runtime",
        "CREATE FUNCTION tape.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    )


def test_no_role_of_the_program_can_become_the_owner(written: str) -> None:
    with as_owner(written) as connection:
        members = connection.execute(
            "SELECT pg_has_role('truetape_runtime', 'truetape_owner', 'MEMBER'),"
            " pg_has_role('truetape_reader', 'truetape_runtime', 'MEMBER')"
        ).fetchone()
    assert members == (False, False)


def test_a_reader_reads_and_does_not_append(written: str) -> None:
    with connect(written, role=READER_ROLE) as connection:
        assert connection.execute("SELECT count(*) FROM tape.events").fetchone() == (3,)
    assert_refused(
        written,
        READER_ROLE,
        "SELECT tape.append_event(uuidv7(), 'h', 'm', NULL, NULL, uuidv7(), 1, 'n', 'b')",
    )


def test_the_owner_runs_into_the_second_wall(written: str) -> None:
    changes = [
        "UPDATE tape.{} SET command_id = uuidv7()",
        "DELETE FROM tape.{}",
        "TRUNCATE tape.{}",
    ]
    assert_refused(
        written,
        None,
        *[
            change.format(table)
            for table in ("events", "events_from_1", "commands")
            for change in changes
        ],
        "DELETE FROM tape.streams",
        "TRUNCATE tape.streams",
        because="append-only",
    )


def test_functions_of_the_caller_are_not_mistaken_for_the_servers(database_url: str) -> None:
    """The append function runs with the owner's rights, so it must not trust a search path."""
    with connect(database_url) as connection:
        connection.execute(
            "CREATE FUNCTION read.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            " AS $$ SELECT '2000-01-01Z'::timestamptz $$"
        )
        connection.execute("SET search_path = read, pg_catalog")
        connection.execute(
            "SELECT tape.append_event(uuidv7(), 'h', 'm', NULL, NULL, uuidv7(), 1, 'n', 'b')"
        )

    assert on_tape(database_url)[0].recorded_at.year > 2000


def test_read_tables_belong_to_the_program_and_are_shown_to_readers(database_url: str) -> None:
    with connect(database_url) as program:
        program.execute("CREATE TABLE read.board AS SELECT 1 AS place")
    with connect(database_url, role=READER_ROLE) as reader:
        assert reader.execute("SELECT place FROM read.board").fetchone() == (1,)
    assert_refused(database_url, READER_ROLE, "INSERT INTO read.board VALUES (2)")
