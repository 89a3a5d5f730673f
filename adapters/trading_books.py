"""What accounts have, as the trading reaction remembers it, for whoever has to size an order."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.postgres import borrowed
from application.books import Book, book_key, remembered_book
from application.trading import Trading


class TradingBooks:
    """The books of the accounts, where trading has come to on the tape."""

    def __init__(self, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def book(self, account: str) -> Book | None:
        """The account's cash and what its open trades cost, or None if there is none.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as connection:
            row = connection.execute(
                "SELECT value FROM tape.reaction_memory WHERE reaction = %s AND key = %s",
                (Trading.name, book_key(account)),
            ).fetchone()
        return None if row is None else remembered_book(row[0])
