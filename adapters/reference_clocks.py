"""The clocks beside the machine's: time servers on the network, and the database server's own."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import ntplib
from psycopg_pool import ConnectionPool

from adapters.postgres import Connection, borrowed
from application.ports import Unavailable
from application.timekeeping import Offset
from domain.shared import InvalidInput

TIMEOUT_S = 2.0
NTP_PORT = 123
UNSYNCHRONISED = 3
"""The leap indicator of a server that does not know the time itself (RFC 5905, figure 9)."""
STRATUM_MAX = 15


class TimeServer:
    """A server that speaks NTP (RFC 5905), asked once a comparison."""

    def __init__(self, address: str) -> None:
        """`address` is a host, or a host and a port after a colon.

        Raises:
            InvalidInput: it is no address.
        """
        host, _, port = address.partition(":")
        if not host or (port and not port.isdecimal()):
            raise InvalidInput(f"{address!r} is no time server: write host or host:port")
        self.name = address
        self._host = host
        self._port = int(port or NTP_PORT)

    def compare(self) -> Offset:
        """How far the server's clock is ahead of the machine's.

        Raises:
            Unavailable: no answer, or one that says that the server does not know the time.
        """
        try:
            answer = ntplib.NTPClient().request(
                self._host, version=4, port=self._port, timeout=TIMEOUT_S
            )
        except (ntplib.NTPException, OSError, socket.gaierror) as error:
            raise Unavailable(f"the time server {self.name} did not answer: {error}") from error
        if answer.leap == UNSYNCHRONISED or not 1 <= answer.stratum <= STRATUM_MAX:
            raise Unavailable(f"the time server {self.name} does not know the time itself")
        return Offset(answer.offset, max(answer.delay, 0.0))


def time_servers(words: Mapping[str, str]) -> tuple[TimeServer, ...]:
    """The servers of `TRUETAPE_TIME_SERVERS`, such as `time1.example.org, time2.example.org`.

    Raises:
        InvalidInput: one of them is no address.
    """
    listed = words.get("TRUETAPE_TIME_SERVERS", "").replace(",", " ").split()
    return tuple(TimeServer(address) for address in dict.fromkeys(listed))


class TapeClock:
    """The database server's clock, which gives every event its `recorded_at`."""

    name = "tape"

    def __init__(self, pool: ConnectionPool[Connection]) -> None:
        self._pool = pool

    def compare(self) -> Offset:
        """How far the database's clock is ahead of the machine's.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._pool) as connection:
            begun, asked_at = time.monotonic(), datetime.now(UTC)
            row = connection.execute("SELECT clock_timestamp()").fetchone()
            took = time.monotonic() - begun
        if row is None:
            raise Unavailable("the database did not say what time it is")
        return Offset((row[0] - asked_at).total_seconds() - took / 2, took)
