"""Roles of the database: what each one is for works, and nothing else, whatever is tried.

Each role is tried by a login that has no other, as a thief of one connection would have it: the
user that migrates could become any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from adapters.appender import Appender
from adapters.postgres import (
    AUDITOR_ROLE,
    PROJECTOR_ROLE,
    READER_ROLE,
    RUNTIME_ROLE,
    SIGNER_ROLE,
    WRITER_ROLE,
    connect,
)
from adapters.tape_log import TapeLog
from application.ports import Appended
from projections.models import READ_MODELS
from projections.runner import Runner
from tests.adapters.notes import append, as_owner, batch, on_tape
from tests.projections.tape import reading

ROLES = (WRITER_ROLE, PROJECTOR_ROLE, RUNTIME_ROLE, SIGNER_ROLE, READER_ROLE, AUDITOR_ROLE)

ROWS = (
    "UPDATE {0} SET command_id = uuidv7()",
    "DELETE FROM {0}",
    "TRUNCATE {0}",
    "INSERT INTO {0} TABLE {0}",
    "MERGE INTO {0} e USING (VALUES (1)) AS v ON e.position = 1 WHEN MATCHED THEN DELETE",
    "WITH gone AS (DELETE FROM {0} RETURNING *) SELECT count(*) FROM gone",
    "SELECT * FROM {0} FOR UPDATE",
    "DO $$ BEGIN LOCK TABLE {0} IN EXCLUSIVE MODE; END $$",
)
"""What would change rows, or keep others from adding some."""

RULES = (
    "ALTER TABLE {0} DISABLE TRIGGER ALL",
    "DROP TRIGGER refuse_change ON {0}",
    "CREATE TRIGGER mine BEFORE INSERT ON {0} EXECUTE FUNCTION tape.refuse_change()",
    "CREATE RULE mine AS ON INSERT TO {0} DO INSTEAD NOTHING",
    "ALTER TABLE {0} DISABLE ROW LEVEL SECURITY",
    "CREATE POLICY mine ON {0} USING (true)",
    "ALTER TABLE {0} OWNER TO CURRENT_USER",
    "ALTER TABLE {0} RENAME TO other",
    "ALTER TABLE {0} ALTER COLUMN actor SET DEFAULT 'nobody'",
    "DROP TABLE {0}",
)
"""What would take down a wall."""

AROUND = (
    "ALTER TABLE tape.events DETACH PARTITION tape.events_from_1",
    "DROP POLICY shown ON tape.events",
    "SELECT tape.make_partitions(10)",
    "CREATE TABLE tape.mine (LIKE tape.events)",
    "CREATE FUNCTION tape.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION tape.append() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "ALTER FUNCTION tape.append_event OWNER TO CURRENT_USER",
    "UPDATE tape.streams SET version = 0",
    "DELETE FROM tape.streams",
    "UPDATE tape.commands SET input_hash = ''",
    "DELETE FROM tape.commands",
    "UPDATE tape.settings SET partition_size = 1",
    "UPDATE tape.partitions SET ends_before = 9",
    "UPDATE tape.migrations SET checksum = ''",
    "UPDATE tape.corrections SET approved_by = 'nobody'",
    "DELETE FROM tape.subject_keys",
    "UPDATE tape.erased_keys SET position = 0",
    "DROP SCHEMA tape CASCADE",
    "SET ROLE truetape_owner",
    "SET SESSION AUTHORIZATION truetape_owner",
    "GRANT truetape_owner TO CURRENT_USER",
    "CREATE ROLE mine SUPERUSER",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "SET session_replication_role = replica",
    "ALTER SYSTEM SET session_replication_role = replica",
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "SELECT pg_read_file('postgresql.conf')",
)
"""Other ways to what one may not do."""


@pytest.fixture
def written(database_url: str) -> Iterator[str]:
    """A database with three events, which are all still there in the end."""
    append(database_url, batch(uuid4(), 1, 2), batch(uuid4(), 1))
    before = on_tape(database_url)
    yield database_url
    assert on_tape(database_url) == before


def only(url: str, *roles: str) -> str:
    """The URL of a login that has these roles and no other."""
    login = "only_" + "_".join(role.removeprefix("truetape_") for role in roles)
    with as_owner(url) as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (login,))
        if known.fetchone() is None:
            connection.execute(f"CREATE ROLE {login} LOGIN IN ROLE {', '.join(roles)}")
    return make_conninfo(url, user=login)


def assert_refused(url: str, *statements: str) -> None:
    """Each is refused for want of a right, on a session as it is after the login."""
    allowed = []
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            try:
                connection.execute(statement)
            except psycopg.errors.InsufficientPrivilege:
                continue
            except psycopg.Error as error:
                allowed.append(f"{statement}: {error}")
            else:
                allowed.append(statement)
    assert not allowed


@pytest.mark.parametrize("role", ROLES)
class TestNoRoleOfTheProgram:
    def test_changes_what_is_on_the_tape(self, written: str, role: str) -> None:
        tables = ("tape.events", "tape.events_from_1")
        assert_refused(
            only(written, role),
            *(statement.format(table) for table in tables for statement in (*ROWS, *RULES)),
        )

    def test_finds_a_way_around(self, written: str, role: str) -> None:
        assert_refused(only(written, role), *AROUND)

    def test_changes_it_through_a_view_of_its_own(self, written: str, role: str) -> None:
        with psycopg.connect(only(written, role), autocommit=True) as connection:
            connection.execute("CREATE TEMP VIEW mine AS SELECT * FROM tape.events")
            for change in ROWS[:2]:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(change.format("mine"))

    def test_changes_it_through_a_function_of_its_own(self, written: str, role: str) -> None:
        """A function with its maker's rights has no more than the maker."""
        with psycopg.connect(only(written, role), autocommit=True) as connection:
            connection.execute(
                "CREATE FUNCTION pg_temp.mine() RETURNS void LANGUAGE sql SECURITY DEFINER"
                " AS 'DELETE FROM tape.events'"
            )
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT pg_temp.mine()")

    def test_is_or_becomes_another(self, written: str, role: str) -> None:
        others = [each for each in (*ROLES, "truetape_owner") if each != role]
        assert_refused(only(written, role), *(f"SET ROLE {other}" for other in others))

    def test_reads_a_partition_past_its_table(self, written: str, role: str) -> None:
        assert_refused(only(written, role), "SELECT count(*) FROM tape.events_from_1")


MAY = {
    "SELECT tape.append_event(uuidv7(), 'h', 'm', NULL, NULL, uuidv7(), 1, 'n', 'b')": {
        WRITER_ROLE
    },
    "SELECT * FROM tape.append('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')": {
        WRITER_ROLE
    },
    "INSERT INTO tape.reactions (reaction) VALUES ('x')": {WRITER_ROLE},
    "INSERT INTO tape.reaction_memory VALUES ('x', 'y', 'z')": {WRITER_ROLE},
    "INSERT INTO tape.snapshots VALUES (uuidv7(), 1, 'n', 'b')": {RUNTIME_ROLE},
    "INSERT INTO market.closes VALUES ('X', '2026-11-20', 1, 'test')": {RUNTIME_ROLE},
    "INSERT INTO paper.entries VALUES ('x', 1, now(), '{}')": {RUNTIME_ROLE},
    "CREATE TABLE read.mine (number int)": {PROJECTOR_ROLE},
    "UPDATE read.accounts SET name = 'x'": {PROJECTOR_ROLE},
    "UPDATE read.checkpoints SET position = 0": {PROJECTOR_ROLE},
    "INSERT INTO log.leaves VALUES (99, sha256(''))": {SIGNER_ROLE},
    "UPDATE log.frontier SET size = size": {SIGNER_ROLE},
    "SELECT count(*) FROM tape.events": set(ROLES),
    "SELECT count(*) FROM tape.reaction_memory": {WRITER_ROLE, RUNTIME_ROLE, AUDITOR_ROLE},
    "SELECT count(*) FROM tape.snapshots": {WRITER_ROLE, RUNTIME_ROLE, AUDITOR_ROLE},
    "DELETE FROM tape.snapshots": {WRITER_ROLE, RUNTIME_ROLE},
    "SELECT count(*) FROM tape.subject_keys": {
        WRITER_ROLE,
        PROJECTOR_ROLE,
        RUNTIME_ROLE,
        AUDITOR_ROLE,
    },
    "UPDATE tape.erased_keys SET cleaned_at = now()": {WRITER_ROLE},
    "SELECT count(*) FROM tape.corrections": {AUDITOR_ROLE},
    "SELECT count(*) FROM read.accounts": {PROJECTOR_ROLE, READER_ROLE, AUDITOR_ROLE},
    "SELECT count(*) FROM market.closes": {RUNTIME_ROLE, READER_ROLE, AUDITOR_ROLE},
    "SELECT count(*) FROM paper.accounts": {RUNTIME_ROLE, AUDITOR_ROLE},
    "SELECT count(*) FROM log.leaves": {SIGNER_ROLE, READER_ROLE, AUDITOR_ROLE},
}
"""Who may do what, of all that the program does."""


@pytest.mark.parametrize("role", ROLES)
def test_a_role_does_what_it_is_for_and_nothing_else(database_url: str, role: str) -> None:
    Runner(reading(database_url), READ_MODELS).start()
    may = set()
    with psycopg.connect(only(database_url, role), autocommit=True) as connection:
        for statement in MAY:
            try:
                connection.execute(statement)
            except psycopg.errors.InsufficientPrivilege:
                continue
            except psycopg.errors.RaiseException:
                # It was let in, and found nothing to append.
                assert "tape.append(" in statement
            may.add(statement)
    assert may == {statement for statement, roles in MAY.items() if role in roles}


def test_the_writer_appends_and_the_signer_takes_it_into_the_log(database_url: str) -> None:
    with closing(Appender(only(database_url, WRITER_ROLE))) as appender:
        assert appender.append([batch(uuid4(), 1, 2)]) == [Appended(1, 2)]
    with closing(TapeLog(only(database_url, SIGNER_ROLE))) as log:
        assert log.integrate().size == 2


def test_an_auditors_session_refuses_to_write_before_any_grant_is_asked(database_url: str) -> None:
    with connect(database_url, role=AUDITOR_ROLE) as connection:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("INSERT INTO tape.snapshots VALUES (uuidv7(), 1, 'n', 'b')")
        assert connection.execute("SELECT count(*) FROM tape.events").fetchone() == (0,)
