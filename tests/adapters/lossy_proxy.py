"""A wire to PostgreSQL that can be cut at a chosen moment."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class LossyProxy:
    """Carries bytes between clients and the server's socket until an answer shall get lost."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._cut_before_answer = threading.Event()
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def lose_next_answer(self) -> None:
        """The next thing the server says is not delivered: the connection breaks instead."""
        self._cut_before_answer.set()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server))
                for source, target in (client, server), (server, client):
                    carry = threading.Thread(
                        target=self._carry, args=(source, target, source is server), daemon=True
                    )
                    carry.start()

    def _carry(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if is_answer and self._cut_before_answer.is_set():
                    self._cut_before_answer.clear()
                    self.cuts += 1
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def lossy_proxy(url: str) -> Iterator[tuple[LossyProxy, str]]:
    """A proxy in front of the server of this URL, and the URL through it."""
    words = conninfo_to_dict(url)
    proxy = LossyProxy(Path(str(words["host"])) / f".s.PGSQL.{words['port']}")
    try:
        yield proxy, make_conninfo(url, host="127.0.0.1", port=proxy.port, sslmode="disable")
    finally:
        proxy.close()
