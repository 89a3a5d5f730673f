"""The websocket of trade updates, kept open by a thread of its own.

By hand and not by alpaca-py's TradingStream, which tells nobody when its connection is lost or
back (orders have to wait meanwhile, and what was missed has to be asked for), reads figures as
floats, and tries a refused key for ever.
"""

from __future__ import annotations

import json
import logging
import random
import threading
from collections import deque
from collections.abc import Callable
from typing import Literal

import msgspec
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from adapters.alpaca.access import Access
from adapters.alpaca.wire import RawUpdate
from domain.shared import learned

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
OPEN_TIMEOUT_S = 10.0
PING_S = 10.0
LISTEN_S = 5.0
"""Seconds after which the thread looks whether it shall end."""

_log = logging.getLogger(__name__)


class _Message(msgspec.Struct):
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _Answer(msgspec.Struct):
    status: str = ""
    streams: list[str] = []


class TradeUpdates:
    """What the account's stream tells, in a queue: messages, and `True` for each new start."""

    def __init__(
        self,
        access: Access,
        *,
        first_wait_s: float = FIRST_WAIT_S,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._access = access
        self._first_wait_s = first_wait_s
        self._chance = chance
        self._queue: deque[RawUpdate | Literal[True]] = deque()
        self._news = threading.Condition()
        self._is_listening = False
        self._refusal = ""
        self._ending = threading.Event()
        self._socket: ClientConnection | None = None
        self._thread = threading.Thread(target=self._run, name="alpaca-updates", daemon=True)

    def __repr__(self) -> str:
        return f"TradeUpdates({self._access.stream_url!r})"

    def start(self) -> None:
        """Begins to listen."""
        self._thread.start()

    def close(self) -> None:
        """Ends the thread and its connection."""
        self._ending.set()
        socket = self._socket
        if socket is not None:
            # Who listens to it hears at once that it is over.
            socket.close()
        if self._thread.is_alive():
            self._thread.join(OPEN_TIMEOUT_S)

    @property
    def is_listening(self) -> bool:
        return self._is_listening

    def wait(self, timeout_s: float) -> bool:
        """Waits at most so long until it is listened; whether it is."""
        with self._news:
            return self._news.wait_for(lambda: self._is_listening, timeout_s)

    @property
    def refusal(self) -> str:
        """What Alpaca said when it last refused the key."""
        return self._refusal

    def take(self, timeout_s: float) -> list[RawUpdate | Literal[True]]:
        """What has come since the last call, after waiting at most so long for anything."""
        with self._news:
            self._news.wait_for(lambda: self._queue, timeout_s)
            found = list(self._queue)
            self._queue.clear()
            return found

    def _run(self) -> None:
        failures = 0
        while not self._ending.is_set():
            try:
                if self._listen():
                    failures = 0
            except (OSError, WebSocketException, msgspec.MsgspecError) as error:
                _log.warning("the stream of updates is lost: %s", type(error).__name__)
            failures += 1
            wait_s = min(self._first_wait_s * 2 ** min(failures - 1, 10), LONGEST_WAIT_S)
            self._ending.wait(wait_s * (1 + self._chance()) / 2)

    def _listen(self) -> bool:
        """One connection, until it is lost; whether it had come to listening."""
        with connect(
            self._access.stream_url,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=1,
            ping_interval=PING_S,
            ping_timeout=PING_S,
        ) as socket:
            self._socket = socket
            if not self._is_let_in(socket):
                return False
            try:
                self._tell(True, listening=True)
                self._hear(socket)
            except (OSError, WebSocketException) as error:
                if not self._ending.is_set():
                    _log.warning("the stream of updates is lost: %s", type(error).__name__)
            finally:
                with self._news:
                    self._is_listening = False
        return True

    def _is_let_in(self, socket: ClientConnection) -> bool:
        key = {"key_id": self._access.key, "secret_key": self._access.secret}
        socket.send(json.dumps({"action": "authenticate", "data": key}))
        answer = _answer(socket.recv(OPEN_TIMEOUT_S), "authorization")
        if answer.status != "authorized":
            self._refusal = f"Alpaca refuses the key for its stream: {answer.status}"
            _log.error("%s", self._refusal)
            return False
        self._refusal = ""
        listen = {"action": "listen", "data": {"streams": ["trade_updates"]}}
        socket.send(json.dumps(listen))
        return "trade_updates" in _answer(socket.recv(OPEN_TIMEOUT_S), "listening").streams

    def _hear(self, socket: ClientConnection) -> None:
        while not self._ending.is_set():
            try:
                message = socket.recv(LISTEN_S)
            except TimeoutError:
                continue
            update = _update(message)
            if update is not None:
                self._tell(update, listening=True)

    def _tell(self, what: RawUpdate | Literal[True], *, listening: bool) -> None:
        with self._news:
            self._is_listening = listening
            self._queue.append(what)
            self._news.notify_all()


def _answer(message: str | bytes, stream: str) -> _Answer:
    found = msgspec.json.decode(message, type=learned(_Message))
    if found.stream != stream:
        return _Answer(status=f"it answers with {found.stream!r}")
    return msgspec.json.decode(found.data, type=learned(_Answer))


def _update(message: str | bytes) -> RawUpdate | None:
    """The update that a message is; Alpaca sends texts as binary frames.

    A message that cannot be read loses nothing: the connection is given up, and what was told
    is asked for when the next one begins.
    """
    found = msgspec.json.decode(message, type=learned(_Message))
    if found.stream != "trade_updates":
        return None
    return msgspec.json.decode(found.data, type=learned(RawUpdate))
