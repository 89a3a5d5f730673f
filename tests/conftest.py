"""What tests share: servers of their own, and a fresh migrated database for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from hypothesis import settings
from psycopg.sql import SQL, Identifier

from adapters.embedded import Servers, embedded_servers, force_stop
from adapters.postgres import migrate

NUMBERS = count(1)

# No deadline: kernels are compiled at their first call. CI tries the same cases every time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A home that every user can pass through, as pytest's own folders are not."""
    parent = Path(tempfile.mkdtemp(prefix="truetape-test-", dir="/tmp"))
    parent.chmod(0o755)
    home = parent / "home"
    try:
        yield home
    finally:
        if home.exists() and home.stat().st_uid == os.geteuid():
            force_stop(home)
            stand_in = home / "elsewhere"
            if stand_in.is_symlink():
                shutil.rmtree(stand_in.resolve())
        shutil.rmtree(parent)


@pytest.fixture
def home() -> Iterator[Path]:
    """A home without servers yet; they are stopped and removed in the end."""
    with temporary_home() as home:
        yield home


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """One PostgreSQL and one Valkey for the whole run, never those of .truetape."""
    with temporary_home() as home, embedded_servers(home) as servers:
        yield servers


@pytest.fixture
def redis_url(servers: Servers) -> str:
    return servers.redis_url


@pytest.fixture(scope="session")
def administration(servers: Servers) -> Iterator[psycopg.Connection]:
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def migrated_template(servers: Servers, administration: psycopg.Connection) -> str:
    """The database that every test's own is copied from."""
    administration.execute("CREATE DATABASE migrated")
    migrate(in_database(servers.database_url, "migrated"))
    return "migrated"


NewDatabase = Callable[[], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def new_database(
    servers: Servers, administration: psycopg.Connection, migrated_template: str
) -> NewDatabase:
    """Makes fresh, migrated databases, for tests that need one for every example."""

    @contextmanager
    def made() -> Iterator[str]:
        name = f"test_{next(NUMBERS)}"
        own, template = Identifier(name), Identifier(migrated_template)
        administration.execute(
            SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(own, template)
        )
        # A template does not hand on the rights to the database itself.
        administration.execute(
            "UPDATE pg_database SET datacl = template.datacl FROM pg_database template"
            " WHERE pg_database.datname = %s AND template.datname = %s",
            [name, migrated_template],
        )
        yield in_database(servers.database_url, name)
        administration.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(own))

    return made


@pytest.fixture
def database_url(new_database: NewDatabase) -> Iterator[str]:
    """A fresh, migrated database of the test's own."""
    with new_database() as url:
        yield url


def in_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()
