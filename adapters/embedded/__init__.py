"""PostgreSQL and Valkey for a machine that has neither, kept under one folder.

Every process that uses the servers holds a shared lock on `servers.lock`; starting and
stopping happen one at a time under `start.lock`. Who leaves and can take `servers.lock`
for itself was the last one and stops the servers. Nothing listens on a network: both
servers are reached by sockets in a private folder, and PostgreSQL asks the kernel who is
calling, so there is no password to keep.
"""

from __future__ import annotations

import fcntl
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import quote

from adapters.embedded import postgres, valkey
from adapters.embedded.place import Place, in_words, open_home, settle

__all__ = ["Servers", "embedded_servers", "force_stop"]


@dataclass(frozen=True, slots=True)
class Servers:
    """How to reach the running servers."""

    database_url: str
    redis_url: str


@contextmanager
def embedded_servers(home: Path) -> Iterator[Servers]:
    """Starts the servers under `home`, or joins those that run; the last to leave stops them.

    While this lasts, SIGTERM and SIGHUP end the process in order, as Ctrl-C does.

    Raises:
        Unavailable: they cannot be started; the text says why and what to do.
    """
    home = open_home(home)
    with _ended_in_order(), _lock(home / "servers.lock", fcntl.LOCK_SH) as users:
        place: Place | None = None
        try:
            with _lock(home / "start.lock", fcntl.LOCK_EX):
                place = settle(home)
                _start(place)
            yield _addresses(place)
        finally:
            with _lock(home / "start.lock", fcntl.LOCK_EX):
                if place is not None and _is_last(users):
                    _stop(place)


def force_stop(home: Path) -> None:
    """Stops the servers under `home`, whoever is using them."""
    home = open_home(home)
    with _lock(home / "start.lock", fcntl.LOCK_EX):
        _stop(settle(home))


def _start(place: Place) -> None:
    with in_words("The embedded servers cannot be started"):
        postgres.start(place)
        valkey.start(place)


def _stop(place: Place) -> None:
    valkey.stop(place)
    postgres.stop(place)


def _addresses(place: Place) -> Servers:
    folder = quote(str(place.sockets), safe="")
    return Servers(
        database_url=f"postgresql://truetape@/truetape?host={folder}&port=5432",
        redis_url=f"unix://{quote(str(place.valkey_socket))}?db=0",
    )


@contextmanager
def _lock(file: Path, kind: int) -> Iterator[int]:
    with in_words("The home of Truetape cannot be locked"):
        held = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(held, kind)
    try:
        yield held
    finally:
        os.close(held)


def _is_last(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Makes SIGTERM and SIGHUP unwind the stack, where nobody else handles them."""

    def end(number: int, _: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    ours: list[signal.Signals] = []
    if threading.current_thread() is threading.main_thread():
        deadly = (signal.SIGTERM, signal.SIGHUP)
        ours = [number for number in deadly if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
