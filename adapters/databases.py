"""Databases of one server: the community's own, and one beside it for the demo."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import errors
from psycopg.sql import SQL, Identifier

from adapters.postgres import connect, translated


def beside(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlsplit(url)._replace(path=f"/{quote(name, safe='')}").geturl()


def ensure_database(url: str, name: str) -> str:
    """Makes the database if it is missing and returns its URL.

    Raises:
        Unavailable: the server does not answer.
        PortRefused: the user of the URL may not make databases.
    """
    with connect(url, role=None) as connection, translated():
        if not _exists(connection, name):
            # Another process that starts at the same time may have made it meanwhile.
            with suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    return beside(url, name)


def drop_database(url: str, name: str) -> None:
    """Drops the database with everything in it, if it is there.

    Raises:
        Unavailable: the server does not answer.
        PortRefused: the user of the URL may not drop it.
    """
    with connect(url, role=None) as connection, translated():
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def _exists(connection: psycopg.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
    return found.fetchone() is not None
