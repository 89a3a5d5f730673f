"""A time server on loopback whose clock is set by a test."""

from __future__ import annotations

import socket
import struct
import threading
import time
from types import TracebackType

SINCE_1900 = 2_208_988_800
PACKET = struct.Struct("!BBbb11I")


class TimeServerAt:
    """Answers NTP requests (RFC 5905) by the machine's clock and what it is ahead of it."""

    def __init__(self, ahead_s: float, *, leap: int = 0, stratum: int = 2) -> None:
        self._ahead_s = ahead_s
        self._first = leap << 6 | 4 << 3 | 4
        self._stratum = stratum
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._answer, daemon=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> TimeServerAt:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _answer(self) -> None:
        while True:
            asked, who = self._socket.recvfrom(512)
            if not asked:
                return
            sent = asked[40:48]
            now = self._stamp()
            head = PACKET.pack(self._first, self._stratum, 0, -20, 0, 0, 0, *now, 0, 0, *now, *now)
            self._socket.sendto(head[:24] + sent + head[32:], who)

    def _stamp(self) -> tuple[int, int]:
        seconds = time.time() + self._ahead_s + SINCE_1900
        return int(seconds), int(seconds % 1 * (1 << 32))
