"""PostgreSQL: connections, roles and migrations; how its failures are named outside.

`migrate` runs as the user of the database URL, everything else as a role that can do one kind of
work: migrations/roles.sql lists them.
"""

from __future__ import annotations

import hashlib
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool

from application.ports import PortRefused, Unavailable

Connection = psycopg.Connection[Any]

MIGRATIONS = Path(__file__).parent.parent / "migrations"

WRITER_ROLE = "truetape_writer"
PROJECTOR_ROLE = "truetape_projector"
RUNTIME_ROLE = "truetape_runtime"
SIGNER_ROLE = "truetape_signer"
READER_ROLE = "truetape_reader"
AUDITOR_ROLE = "truetape_auditor"

IDLE_S = 60
"""So long may a session leave its transaction waiting before the server ends it."""

MIGRATION_LOCK = 7310306190862
"""Advisory lock of migrations; the tape itself uses the number before."""


# A server that falls silent is given up after about half a minute, in seconds.
_PATIENCE = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
}


class Migration(NamedTuple):
    """A numbered file of plain SQL; once applied, it is never edited."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> bytes:
        return hashlib.sha256(self.text.encode()).digest()


@contextmanager
def translated() -> Iterator[None]:
    """Names the database's failures in the application's words.

    Raises:
        Unavailable: no connection, a lost one, a shutdown, a deadlock: trying again may work.
        PortRefused: the database understood and said no.
    """
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise Unavailable(f"the database did not answer: {error}") from error
    except psycopg.Error as error:
        raise PortRefused(f"the database refused: {error}") from error


def conninfo(url: str, role: str | None = None, idle_s: int = IDLE_S) -> str:
    """The connection string for this URL, acting as `role` when one is given."""
    words = conninfo_to_dict(url)
    # Compiling a query takes longer than any of ours should run.
    options = [str(words.get("options") or ""), "-c jit=off -c timezone=UTC"]
    if role == AUDITOR_ROLE:
        options.append("-c default_transaction_read_only=on")
    if role == RUNTIME_ROLE:
        # It asks the same few questions over and over, and to plan the search for a quote anew
        # takes longer than the search.
        options.append("-c plan_cache_mode=force_generic_plan")
    if role is not None:
        # Who hangs in a transaction after an append would hold up everybody's appends.
        options.append(f"-c role={role} -c idle_in_transaction_session_timeout={idle_s}s")
    for name, value in _PATIENCE.items():
        words.setdefault(name, value)
    words.setdefault("application_name", "truetape")
    words["options"] = " ".join(options).strip()
    return make_conninfo(**cast("dict[str, Any]", words))


def connect(
    url: str,
    *,
    role: str | None = RUNTIME_ROLE,
    autocommit: bool = True,
    idle_s: int = IDLE_S,
) -> Connection:
    """A connection of its own; `idle_s` is how long it may leave a transaction waiting.

    Raises:
        Unavailable: the server does not answer.
    """
    with translated():
        return psycopg.connect(conninfo(url, role, idle_s), autocommit=autocommit)


def open_pool(
    url: str,
    *,
    size: int = 4,
    role: str = RUNTIME_ROLE,
    attend: Callable[[Connection], None] | None = None,
) -> ConnectionPool[Connection]:
    """A pool of autocommit connections; broken ones are replaced when they are asked for.

    `attend` is told of each connection before it is used.
    """
    return ConnectionPool(
        conninfo(url, role),
        kwargs={"autocommit": True},
        min_size=0,
        max_size=size,
        timeout=10.0,
        check=_check_idle,
        configure=attend,
        open=True,
    )


@contextmanager
def borrowed(pool: ConnectionPool[Connection]) -> Iterator[Connection]:
    """A connection of the pool for a short while; failures in words of the application."""
    with translated(), pool.connection() as connection:
        yield connection


def migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """The numbered files of the folder in their order.

    Raises:
        PortRefused: two files have one number, or a number is missing.
    """
    found = [
        Migration(int(path.name.split("_")[0]), path.name, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("[0-9]*_*.sql"))
    ]
    numbers = [migration.number for migration in found]
    if numbers != list(range(1, len(found) + 1)):
        raise PortRefused(f"migrations must be numbered 1, 2, 3, ... once each; found {numbers}")
    return found


def migrate(url: str, folder: Path = MIGRATIONS) -> list[str]:
    """Brings the database to this version's schema and says which files were applied.

    Any number of processes may do so at once: the first one works, the others wait.

    Raises:
        PortRefused: an applied file was edited, the database is newer than the program, or
            the user lacks a right; the text says which.
        Unavailable: the server does not answer.
    """
    wanted = migrations(folder)
    with connect(url, role=None) as connection, translated():
        if _is_current(connection, wanted):
            return []
        _make_roles(connection, (folder / "roles.sql").read_text(encoding="utf-8"))
        return [m.name for m in wanted if _apply(connection, m, newest=wanted[-1].number)]


def _is_current(connection: Connection, wanted: list[Migration]) -> bool:
    """Whether the database has exactly these files: then a start has nothing to wait for."""
    if connection.execute("SELECT to_regclass('tape.migrations')").fetchone() == (None,):
        return False
    rows = connection.execute("SELECT number, checksum FROM tape.migrations").fetchall()
    return dict(rows) == {migration.number: migration.checksum for migration in wanted}


def _make_roles(connection: Connection, text: str, attempts: int = 10) -> None:
    """Runs the file of roles; other databases of the cluster may be making the same ones."""
    for attempt in range(attempts):
        try:
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
                connection.execute(text)
            return
        except psycopg.errors.InsufficientPrivilege as error:
            raise PortRefused(_missing_rights(connection, error)) from error
        except (
            psycopg.errors.DuplicateObject,
            psycopg.errors.UniqueViolation,
            psycopg.errors.InternalError_,
        ):
            # "Tuple concurrently updated": somebody else is granting the same role.
            if attempt == attempts - 1:
                raise
            time.sleep(0.05 * (attempt + 1))


def _missing_rights(connection: Connection, error: psycopg.Error) -> str:
    user = connection.info.user
    database = connection.info.dbname
    return (
        f"{user} may not set up the roles ({error}). Let an administrator run: "
        f'ALTER ROLE "{user}" CREATEROLE; GRANT CREATE ON DATABASE "{database}" TO "{user}"; '
        "and, if the roles exist already: "
        "GRANT truetape_owner, truetape_writer, truetape_projector, truetape_runtime,"
        f' truetape_signer, truetape_reader, truetape_auditor TO "{user}"'
    )


def _apply(connection: Connection, migration: Migration, newest: int) -> bool:
    """Applies one file unless it was applied before; the lock lets one process do it."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        applied = connection.execute(
            "SELECT name, checksum FROM tape.migrations WHERE number = %s OR number > %s"
            " ORDER BY number DESC LIMIT 1",
            (migration.number, newest),
        ).fetchone()
        if applied is None:
            connection.execute(migration.text)
            connection.execute("RESET ROLE")
            connection.execute(
                "INSERT INTO tape.migrations (number, name, checksum) VALUES (%s, %s, %s)",
                (migration.number, migration.name, migration.checksum),
            )
            return True
    name, checksum = applied
    if int(name.split("_")[0]) > newest:
        raise PortRefused(f"the database has {name}, which is newer than this program; update it")
    if checksum != migration.checksum:
        raise PortRefused(
            f"{migration.name} was edited after it was applied to this database;"
            " restore the file and write a new one for the change"
        )
    return False


def _check_idle(connection: Connection) -> None:
    """Finds out whether the server went away while the connection lay in the pool: then there is
    something to read, the end if nothing else. To ask takes as long as the question that follows.
    """
    heard = select.poll()
    heard.register(connection.pgconn.socket, select.POLLIN)
    if heard.poll(0):
        ConnectionPool.check_connection(connection)
