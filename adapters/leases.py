"""Leases: of several processes that could do a job, one does it and the others stand by.

A lease is an advisory lock of a database session. It ends with the session, so when a process
dies, however it does, the next one that asks has it.
"""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import suppress

from adapters.postgres import Connection, connect, translated
from application.ports import Unavailable

PING_S = 1.0
"""For how long a session that has just answered is believed to be there."""


class Lease:
    """The right to do one job, asked for by name."""

    def __init__(self, url: str, job: str) -> None:
        self.job = job
        self._url = url
        self._key = int.from_bytes(
            hashlib.sha256(f"lease {job}".encode()).digest()[:8], signed=True
        )
        self._connection: Connection | None = None
        self._mine = False
        self._seen = 0.0
        self._turn = threading.Lock()

    def is_mine(self) -> bool:
        """Takes the lease if nobody has it; whether this process has it now.

        Raises:
            Unavailable: the database did not answer; the lease may be somebody else's by now.
        """
        with self._turn:
            if self._mine and time.monotonic() - self._seen < PING_S:
                return True
            try:
                self._ask()
            except BaseException:
                self._let_go()
                raise
            self._seen = time.monotonic()
            return self._mine

    def close(self) -> None:
        """Gives the lease back."""
        with self._turn:
            if self._mine and self._connection is not None:
                # A closed session lets go only when the server notices.
                with suppress(Unavailable), translated():
                    self._connection.execute("SELECT pg_advisory_unlock(%s)", (self._key,))
            self._let_go()

    def _ask(self) -> None:
        """Has the session answer; one that holds the lease goes on holding it."""
        if self._connection is None:
            self._connection = connect(self._url)
        with translated():
            if self._mine:
                self._connection.execute("SELECT 1")
                return
            row = self._connection.execute(
                "SELECT pg_try_advisory_lock(%s)", (self._key,)
            ).fetchone()
            self._mine = row is not None and bool(row[0])

    def _let_go(self) -> None:
        self._mine = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None
