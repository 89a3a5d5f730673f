"""Databases beside each other on one server: made once, dropped whole."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from adapters.databases import beside, drop_database, ensure_database
from adapters.postgres import connect
from application.ports import PortRefused, Unavailable


@pytest.fixture
def name(database_url: str) -> Iterator[str]:
    """A name that no database has; what is made under it is dropped in the end."""
    name = f"beside_{uuid4().hex[:8]}"
    yield name
    drop_database(database_url, name)


@pytest.fixture
def guest_url(database_url: str, administration: psycopg.Connection) -> Iterator[str]:
    """Somebody who may log in and nothing else."""
    guest = f"guest_{uuid4().hex[:8]}"
    administration.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(guest)))
    yield database_url.replace("//truetape@", f"//{guest}@")
    administration.execute(SQL("DROP ROLE {}").format(Identifier(guest)))


def speaks_of(url: str) -> str:
    with connect(url, role=None) as connection:
        (name,) = connection.execute("SELECT current_database()").fetchone() or ("",)
    return str(name)


def test_another_database_of_the_server_differs_in_its_name_alone() -> None:
    url = "postgresql://u:p@127.0.0.1:5433/one?sslmode=disable"
    assert beside(url, "two") == "postgresql://u:p@127.0.0.1:5433/two?sslmode=disable"
    socket = "postgresql://u@/one?host=%2Frun%2Fpg&port=5432"
    assert beside(socket, "two") == "postgresql://u@/two?host=%2Frun%2Fpg&port=5432"


def test_a_missing_database_is_made_and_its_url_leads_there(database_url: str, name: str) -> None:
    made = ensure_database(database_url, name)
    assert made == beside(database_url, name)
    assert speaks_of(made) == name


def test_a_name_may_be_of_any_signs(database_url: str) -> None:
    odd = f'a "b"/c?d%e {uuid4().hex[:8]}'
    try:
        assert speaks_of(ensure_database(database_url, odd)) == odd
    finally:
        drop_database(database_url, odd)


def test_a_database_that_is_there_stays_as_it_is(database_url: str, name: str) -> None:
    with connect(ensure_database(database_url, name), role=None) as connection:
        connection.execute("CREATE TABLE kept (word text)")
    with connect(ensure_database(database_url, name), role=None) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_of_several_who_make_it_at_once_none_fails(database_url: str, name: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        made = {threads.submit(ensure_database, database_url, name) for _ in range(4)}
    assert {each.result() for each in made} == {beside(database_url, name)}


def test_a_dropped_database_is_gone_with_those_who_were_in_it(database_url: str, name: str) -> None:
    with psycopg.connect(ensure_database(database_url, name), autocommit=True) as inside:
        drop_database(database_url, name)
        with pytest.raises(psycopg.OperationalError):
            inside.execute("SELECT 1")
    with pytest.raises(Unavailable, match="does not exist"):
        speaks_of(beside(database_url, name))


def test_dropping_what_is_not_there_is_no_error(database_url: str, name: str) -> None:
    drop_database(database_url, name)
    with pytest.raises(Unavailable, match="does not exist"):
        speaks_of(beside(database_url, name))


def test_a_server_that_does_not_answer_is_unavailable(database_url: str) -> None:
    nowhere = database_url.replace("port=5432", "port=1")
    with pytest.raises(Unavailable):
        ensure_database(nowhere, "anything")
    with pytest.raises(Unavailable):
        drop_database(nowhere, "anything")


def test_who_may_not_make_or_drop_databases_is_refused(
    database_url: str, guest_url: str, name: str
) -> None:
    with pytest.raises(PortRefused, match="permission denied to create database"):
        ensure_database(guest_url, name)
    ensure_database(database_url, name)
    with pytest.raises(PortRefused, match="must be owner"):
        drop_database(guest_url, name)
    assert ensure_database(guest_url, name) == beside(guest_url, name)
