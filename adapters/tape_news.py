"""News of the tape: who waits for it is told at every append how far the tape goes."""

from __future__ import annotations

from adapters.event_reader import listen, wait_for_events
from adapters.postgres import Connection, connect


class TapeNews:
    """Hears over a connection of its own, which is opened when it is waited for."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None

    def wait(self, timeout_s: float) -> int | None:
        """The newest position told, None after the time or where some may have gone untold.

        Raises:
            Unavailable: the database did not answer.
        """
        if self._connection is None:
            self._connection = connect(self._url)
            listen(self._connection)
            return None
        return wait_for_events(self._connection, timeout_s)

    def close(self) -> None:
        """Hears nothing any more until it is waited for again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
