"""What tests share: servers of their own, and a fresh migrated database for each test."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from hypothesis import settings
from psycopg.sql import SQL, Identifier

from adapters.embedded import Servers, embedded_servers, force_stop
from adapters.postgres import migrate
from interfaces.kernels import compiling

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Whoever runs tests in the background of a shell has it ignored, and some tests send it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

NUMBERS = count(1)
AHEAD = 3
"""How many databases wait for tests."""

KERNELS = pytest.StashKey[Any]()
"""The process that compiles what is not compiled yet; nobody begins it where none is kept."""

WORKERS_MAX = 8
"""More gain nothing, as each has servers of its own."""

ALONE = ("keyword", "markexpr", "lf", "stepwise", "usepdb", "trace", "collectonly")
"""Options that ask for a few tests, or for a terminal: one process is quicker, or needed."""

# No deadline: kernels are compiled at their first call. CI tries the same cases every time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Runs all tests side by side, unless `-n 0`, `-p no:xdist` or the tests named say otherwise.

    They wait more than they compute, so there are more processes than processors.
    """
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    alone = any(config.getoption(name, None) for name in ALONE)
    if not everything or alone or not config.pluginmanager.hasplugin("xdist"):
        return
    if config.option.numprocesses is None and not hasattr(config, "workerinput"):
        config.option.numprocesses = min(len(os.sched_getaffinity(0)) + 2, WORKERS_MAX)
        config.option.dist = "worksteal"


def pytest_configure(config: pytest.Config) -> None:
    """Lets several processes share compiled kernels: what most of them need is compiled once,
    while they collect their tests."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    cache: pytest.Cache | None = getattr(config, "cache", None)
    if cache is None:
        return
    common = cache.mkdir("numba")
    if worker is not None:
        os.environ.setdefault("NUMBA_CACHE_DIR", str(common))
    elif config.getoption("numprocesses", None):
        running = ExitStack()
        config.add_cleanup(running.close)
        config.stash[KERNELS] = running.enter_context(compiling({"NUMBA_CACHE_DIR": str(common)}))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any) -> None:
    """No test begins before the kernels are there."""
    if KERNELS in node.config.stash:
        node.config.stash[KERNELS].wait()


def pytest_collection_finish() -> None:
    """What was collected stays to the end: no search for garbage need look through it."""
    gc.collect()
    gc.freeze()


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
    """One PostgreSQL and one Valkey for the whole run, never those of .truetape.

    Nobody kills this PostgreSQL, so it waits for the disk at no commit and no copy; what outlives
    a crash is shown on servers of a test's own.
    """
    with temporary_home() as home, embedded_servers(home) as servers:
        with psycopg.connect(servers.database_url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync TO off")
            connection.execute("SELECT pg_reload_conf()")
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


@pytest.fixture(scope="session")
def furnished_template(
    servers: Servers, administration: psycopg.Connection, migrated_template: str
) -> str:
    """The same with the read tables that a house makes when it is opened for the first time."""
    # Most processes that run tests open no house, and it takes a second to load.
    from interfaces.clock import SystemClock
    from interfaces.compose import House

    copy_database(administration, migrated_template, "furnished")
    url = in_database(servers.database_url, "furnished")
    with closing(House(url, servers.redis_url, SystemClock())) as house:
        assert house.projections.catch_up() == 0
    return "furnished"


NewDatabase = Callable[[], AbstractContextManager[str]]


class Databases:
    """Fresh copies of the template, made ahead and dropped behind while tests run."""

    def __init__(self, url: str, template: str) -> None:
        self._url = url
        self._template = template
        self._hands = ThreadPoolExecutor(2)
        self._ready = deque(self._hands.submit(self._make) for _ in range(AHEAD))

    def take(self) -> str:
        """The name of a database that nobody has used."""
        self._ready.append(self._hands.submit(self._make))
        return self._ready.popleft().result()

    def give_back(self, name: str) -> None:
        """Has a database dropped."""
        self._hands.submit(self._drop, name)

    def close(self) -> None:
        """Waits for what is being done."""
        self._hands.shutdown(cancel_futures=True)

    def _make(self) -> str:
        name = f"test_{next(NUMBERS)}"
        with psycopg.connect(self._url, autocommit=True) as connection:
            copy_database(connection, self._template, name)
        return name

    def _drop(self, name: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def copy_database(connection: psycopg.Connection, template: str, name: str) -> None:
    """Makes a database that is as another one."""
    # Files are copied quicker than pages through the log, where nothing waits for the disk.
    connection.execute(
        SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
            Identifier(name), Identifier(template)
        )
    )
    # A template does not hand on the rights to the database itself.
    connection.execute(
        "UPDATE pg_database SET datacl = template.datacl FROM pg_database template"
        " WHERE pg_database.datname = %s AND template.datname = %s",
        (name, template),
    )


@contextmanager
def databases_like(servers: Servers, template: str) -> Iterator[NewDatabase]:
    """Makes fresh copies of a template while a block lasts."""
    databases = Databases(servers.database_url, template)

    @contextmanager
    def made() -> Iterator[str]:
        name = databases.take()
        yield in_database(servers.database_url, name)
        databases.give_back(name)

    yield made
    databases.close()


@pytest.fixture(scope="session")
def new_database(servers: Servers, migrated_template: str) -> Iterator[NewDatabase]:
    """Makes fresh, migrated databases, for tests that need one for every example."""
    with databases_like(servers, migrated_template) as made:
        yield made


@pytest.fixture(scope="session")
def new_furnished_database(servers: Servers, furnished_template: str) -> Iterator[NewDatabase]:
    """Makes them with the read tables of a house, for the rooms in which most tests open one."""
    with databases_like(servers, furnished_template) as made:
        yield made


@pytest.fixture
def database_url(new_database: NewDatabase) -> Iterator[str]:
    """A fresh, migrated database of the test's own."""
    with new_database() as url:
        yield url


def in_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()
