"""Migrations and roles: applied once, by one process, and never edited afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from adapters.embedded import Servers
from adapters.postgres import (
    MIGRATIONS,
    PROJECTOR_ROLE,
    READER_ROLE,
    RUNTIME_ROLE,
    borrowed,
    connect,
    migrate,
    open_pool,
    translated,
)
from application.ports import PortRefused, Unavailable
from tests.adapters.notes import append, as_owner, batch, outcome_words

ALL = sorted(path.name for path in MIGRATIONS.glob("0*.sql"))
NUMBERS = count(1)

ROLES = (
    "truetape_owner, truetape_writer, truetape_projector, truetape_runtime, truetape_signer,"
    " truetape_reader, truetape_auditor"
)


@pytest.fixture
def empty_database(servers: Servers) -> Iterator[str]:
    """A database that nobody has migrated."""
    name = Identifier(f"empty_{next(NUMBERS)}")
    with as_owner(servers.database_url) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(name))
        yield make_conninfo(servers.database_url, dbname=name.as_string().strip('"'))
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the migrations to play with."""
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


def test_every_file_is_applied_once_and_the_tape_works(empty_database: str) -> None:
    assert migrate(empty_database) == ALL
    assert migrate(empty_database) == []
    assert outcome_words(append(empty_database, batch(uuid4(), 1))) == ["stored"]


def test_processes_that_start_together_share_the_work(empty_database: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        applied = list(pool.map(lambda _: migrate(empty_database), range(6)))

    assert sorted(name for names in applied for name in names) == ALL


def test_databases_of_one_cluster_migrate_at_the_same_time(servers: Servers) -> None:
    names = [f"together_{number}" for number in range(4)]
    with as_owner(servers.database_url) as connection:
        for name in names:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        urls = [make_conninfo(servers.database_url, dbname=name) for name in names]
        with ThreadPoolExecutor(4) as pool:
            applied = list(pool.map(migrate, urls))
        for name in names:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    assert applied == [ALL] * 4


def test_a_new_file_is_applied_to_an_old_database(empty_database: str, folder: Path) -> None:
    migrate(empty_database, folder)
    new = f"{len(ALL) + 1:04}_more.sql"
    (folder / new).write_text("CREATE TABLE tape.more (number int);")

    assert migrate(empty_database, folder) == [new]


def test_what_one_role_had_goes_over_to_those_that_came_after(
    empty_database: str, folder: Path
) -> None:
    for newer in ALL[10:]:
        (folder / newer).rename(folder / f"{newer}.later")
    migrate(empty_database, folder)
    with as_owner(empty_database) as connection:
        for statement in (
            "ALTER SCHEMA read OWNER TO truetape_runtime",
            "GRANT USAGE ON SCHEMA read TO truetape_reader",
            "SET ROLE truetape_runtime",
            "CREATE TABLE read.board_b1 AS SELECT 1 AS place",
            "CREATE VIEW read.board AS SELECT * FROM read.board_b1",
            "SELECT tape.append_event(uuidv7(), 'h', 'm', NULL, NULL, uuidv7(), 1, 'n', 'b')",
        ):
            connection.execute(statement)

    assert migrate(empty_database) == ALL[10:]

    with connect(empty_database, role=PROJECTOR_ROLE) as connection:
        connection.execute("DROP VIEW read.board; ALTER TABLE read.board_b1 RENAME TO board")
        connection.execute("CREATE TABLE read.new AS SELECT 2 AS place")
    with connect(empty_database, role=READER_ROLE) as connection:
        both = "SELECT place FROM read.board UNION SELECT place FROM read.new ORDER BY 1"
        assert connection.execute(both).fetchall() == [(1,), (2,)]
    for role, table in (
        (RUNTIME_ROLE, "read.board"),
        (READER_ROLE, "tape.events_from_1"),
        (RUNTIME_ROLE, "tape.events_from_1"),
    ):
        with (
            connect(empty_database, role=role) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(f"SELECT * FROM {table}")
    assert outcome_words(append(empty_database, batch(uuid4(), 1))) == ["stored"]


def test_an_edited_file_is_refused_by_name(empty_database: str, folder: Path) -> None:
    migrate(empty_database, folder)
    edited = folder / ALL[1]
    edited.write_text(edited.read_text() + "\n-- one more thing")

    with pytest.raises(PortRefused, match=f"{ALL[1]} was edited after it was applied"):
        migrate(empty_database, folder)


def test_a_database_of_a_newer_program_is_refused(empty_database: str, folder: Path) -> None:
    newer = f"{len(ALL) + 1:04}_newer.sql"
    (folder / newer).write_text("SELECT 1;")
    migrate(empty_database, folder)
    (folder / newer).unlink()

    with pytest.raises(PortRefused, match=f"{newer}, which is newer than this program"):
        migrate(empty_database, folder)


def test_a_file_that_fails_leaves_nothing_of_itself(empty_database: str, folder: Path) -> None:
    broken = folder / f"{len(ALL) + 1:04}_broken.sql"
    broken.write_text("CREATE TABLE tape.half (number int); SELECT no_such_thing;")

    with pytest.raises(PortRefused, match="no_such_thing"):
        migrate(empty_database, folder)

    with as_owner(empty_database) as connection:
        assert connection.execute("SELECT to_regclass('tape.half')").fetchone() == (None,)
        assert connection.execute("SELECT count(*) FROM tape.migrations").fetchone() == (len(ALL),)


@pytest.mark.parametrize("name", ["0002_again.sql", "0099_far.sql"])
def test_a_number_is_used_once_and_none_is_left_out(folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1;")

    with pytest.raises(PortRefused, match="numbered 1, 2, 3"):
        migrate("postgresql://nobody@127.0.0.1:1/none", folder)


def test_a_user_who_may_create_roles_needs_no_superuser(empty_database: str) -> None:
    url = as_user(empty_database, "CREATEROLE", may_create=True)
    with as_owner(empty_database) as connection:
        # The roles are there from other databases: then an administrator must share them.
        connection.execute(f"GRANT {ROLES} TO plain_user")

    assert migrate(url) == ALL
    assert outcome_words(append(url, batch(uuid4(), 1))) == ["stored"]


def test_missing_rights_are_named_with_the_remedy(empty_database: str) -> None:
    url = as_user(empty_database, "NOCREATEROLE", may_create=False)

    with pytest.raises(PortRefused, match=r"GRANT truetape_owner, truetape_writer.* TO \"plain_u"):
        migrate(url)


def test_the_program_runs_as_a_role_with_few_rights(database_url: str) -> None:
    with connect(database_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("truetape_runtime",)
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)
    pool = open_pool(database_url)
    with borrowed(pool) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("truetape_runtime",)
    pool.close()


def test_a_pool_replaces_a_connection_that_broke(database_url: str) -> None:
    pool = open_pool(database_url, size=1)
    with borrowed(pool) as connection:
        process = connection.info.backend_pid
    with as_owner(database_url) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (process,))

    with borrowed(pool) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    pool.close()


def test_no_server_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        connect("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        migrate("postgresql://nobody@127.0.0.1:1/none")


def test_a_lost_connection_is_unavailable_and_a_wrong_statement_is_refused(
    database_url: str,
) -> None:
    pool = open_pool(database_url)
    with pytest.raises(PortRefused), borrowed(pool) as connection:
        connection.execute("SELECT no_such_column")
    with as_owner(database_url) as owner, borrowed(pool) as connection:
        process = connection.info.backend_pid
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", (process,))
        with pytest.raises(Unavailable), translated():
            connection.execute("SELECT 1")
    pool.close()


def as_user(url: str, rights: str, *, may_create: bool) -> str:
    """The URL of a fresh user who is no superuser."""
    with as_owner(url) as connection:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'plain_user'").fetchone():
            connection.execute(f"REVOKE {ROLES} FROM plain_user")
        else:
            connection.execute("CREATE ROLE plain_user LOGIN")
        connection.execute(f"ALTER ROLE plain_user {rights}")
        if may_create:
            database = Identifier(str(conninfo_to_dict(url)["dbname"]))
            connection.execute(SQL("ALTER DATABASE {} OWNER TO plain_user").format(database))
    return make_conninfo(url, user="plain_user")
