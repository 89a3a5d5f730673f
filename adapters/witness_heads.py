"""What a witness remembers: the last tree of each log that it signed, in a file of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from application.ports import Unavailable
from domain.transparency.witnessing import Cosign, Head, Refusal

_TABLE = """
CREATE TABLE IF NOT EXISTS heads (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL
) STRICT
"""
_KEEP = """
INSERT INTO heads VALUES (?, ?, ?) ON CONFLICT (origin) DO UPDATE
SET size = excluded.size, root = excluded.root
"""


class WitnessHeads:
    """The heads in a SQLite file. Each decision reads and writes under one lock of the file."""

    def __init__(self, file: Path) -> None:
        """Opens the file, or makes it.

        Raises:
            Unavailable: it cannot be opened.
        """
        self._file = file
        with self._opened() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_TABLE)

    def decide(self, origin: str, decide: Callable[[Head], Cosign | Refusal]) -> Cosign | Refusal:
        """Decides by the head that is kept, and keeps the new one before anybody hears of it.

        Raises:
            Unavailable: the file cannot be read or written.
        """
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute(
                "SELECT size, root FROM heads WHERE origin = ?", (origin,)
            ).fetchone()
            decided = decide(Head() if row is None else Head(*row))
            if isinstance(decided, Cosign):
                connection.execute(_KEEP, (origin, decided.head.size, decided.head.root))
            connection.execute("COMMIT")
            return decided

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._file, timeout=10, isolation_level=None)) as opened:
                # A head that was signed and is forgotten would be signed differently once more.
                opened.execute("PRAGMA synchronous = FULL")
                yield opened
        except sqlite3.Error as error:
            raise Unavailable(
                f"the witness's file {self._file} does not answer: {error}"
            ) from error
