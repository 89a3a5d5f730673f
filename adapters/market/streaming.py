"""Streams of quotes over websockets: kept open by threads, with every gap told.

By hand and not by the makers' own clients: those tell nobody when a connection was lost or is
back, so what is missing would not be known, and they read prices as floats. Here each server is
a `Channel` that knows its language; a `SocketStream` keeps one connection to each that something
is watched on, and holds what came in a queue with an end: who asks too late loses the oldest
quotes, and is told of it as of any other gap.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from application.market_data import FeedGap, Heard
from application.ports import Clock, PortError, PortRefused, Unavailable
from domain.market import Quote

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
OPEN_TIMEOUT_S = 10.0
PING_S = 10.0
LISTEN_S = 5.0
"""Seconds after which a thread looks whether it shall end."""
MANY_FAILURES = 6
MOST_WAITING = 100_000
"""Quotes that wait to be taken: some tens of megabytes, and seconds of a busy market."""

_log = logging.getLogger(__name__)


class Channel(Protocol):
    """One server: what it covers and how it is spoken to."""

    @property
    def url(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def covers(self, symbol: str) -> bool:
        """Whether quotes of this symbol come from this server."""
        ...

    def enter(self, socket: ClientConnection) -> None:
        """Shows the key.

        Raises:
            PortRefused: it is refused.
            Unavailable: not now.
        """
        ...

    def subscribe(self, socket: ClientConnection, symbols: Sequence[str], *, on: bool) -> None:
        """Asks for quotes of symbols, or for no more of them."""
        ...

    def read(self, message: str | bytes) -> Iterable[Quote]:
        """The quotes in a message.

        Raises:
            PortRefused: the server refuses what was asked for.
            Unavailable: the server gives this connection up.
        """
        ...


class SocketStream:
    """Quotes of the watched symbols from all channels, in one queue."""

    def __init__(
        self,
        source: str,
        channels: Sequence[Channel],
        clock: Clock,
        *,
        first_wait_s: float = FIRST_WAIT_S,
        chance: Callable[[], float] = random.random,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._waiting = Waiting(source, clock, most_waiting)
        self._connections = [
            _Connection(channel, self._waiting, first_wait_s, chance) for channel in channels
        ]

    @property
    def is_listening(self) -> bool:
        wanted = [each for each in self._connections if each.is_wanted]
        return bool(wanted) and all(each.is_listening for each in wanted)

    def watch(self, symbols: Collection[str]) -> None:
        """From now on these symbols; what no channel covers has no quotes here."""
        for each in self._connections:
            each.want(frozenset(symbol for symbol in symbols if each.channel.covers(symbol)))

    def take(self, timeout_s: float) -> Heard:
        """What has come since the last call, after waiting at most so long for anything.

        Raises:
            Unavailable: a connection is down and nothing else is there to be told.
            PortRefused: the source refuses the key or the subscription.
        """
        heard = self._waiting.take(timeout_s)
        if heard.quotes or heard.gaps:
            return heard
        for each in self._connections:
            if each.is_wanted and each.failure is not None:
                raise each.failure
            if each.is_wanted and not each.is_alive:
                raise Unavailable(f"the stream of {self._waiting.source} has ended")
        return heard

    def close(self) -> None:
        """Ends every connection."""
        for each in self._connections:
            each.close()


class Waiting:
    """What was heard and not yet taken; never more than so many quotes."""

    def __init__(self, source: str, clock: Clock, most: int) -> None:
        self.source = source
        self.clock = clock
        self._most = most
        self._quotes: deque[Quote] = deque()
        self._gaps: list[FeedGap] = []
        self._lost: list[Quote] = []
        self._lost_symbols: set[str] = set()
        self._news = threading.Condition()

    def put(self, quotes: Iterable[Quote]) -> None:
        with self._news:
            for quote in quotes:
                if len(self._quotes) >= self._most:
                    self._lose(self._quotes.popleft())
                self._quotes.append(quote)
            self._news.notify_all()

    def put_gap(self, since: datetime, why: str, symbols: Collection[str]) -> None:
        gap = FeedGap(self.source, since, self.clock.now(), why, tuple(sorted(symbols)))
        with self._news:
            self._gaps.append(gap)
            self._news.notify_all()

    def take(self, timeout_s: float) -> Heard:
        with self._news:
            self._news.wait_for(lambda: self._quotes or self._gaps, timeout_s)
            heard = Heard(list(self._quotes), [*self._gaps, *self._loss()])
            self._quotes.clear()
            self._gaps.clear()
            return heard

    def wake(self) -> None:
        """Has whoever waits look again."""
        with self._news:
            self._news.notify_all()

    def _lose(self, quote: Quote) -> None:
        # The first and the last of them are enough to say when.
        self._lost[1:] = [quote]
        self._lost_symbols.add(quote.symbol)

    def _loss(self) -> list[FeedGap]:
        if not self._lost:
            return []
        since, until = min(q.time for q in self._lost), max(q.time for q in self._lost)
        symbols = tuple(sorted(self._lost_symbols))
        self._lost.clear()
        self._lost_symbols.clear()
        return [FeedGap(self.source, since, until, "more came than could be kept", symbols)]


class _Connection:
    """The connection to one channel, and the thread that keeps it."""

    def __init__(
        self,
        channel: Channel,
        waiting: Waiting,
        first_wait_s: float,
        chance: Callable[[], float],
    ) -> None:
        self.channel = channel
        self.is_listening = False
        self.failure: PortError | None = None
        self._waiting = waiting
        self._first_wait_s = first_wait_s
        self._chance = chance
        self._wanted: frozenset[str] = frozenset()
        self._subscribed: frozenset[str] = frozenset()
        self._heard_at: datetime | None = None
        self._has_heard = False
        """Whether this connection told anything: then the next one is tried soon."""
        self._missing: frozenset[str] = frozenset()
        """What was listened to when the connection was lost."""
        self._telling = threading.Lock()
        self._ending = threading.Event()
        self._socket: ClientConnection | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_wanted(self) -> bool:
        return bool(self._wanted)

    @property
    def is_alive(self) -> bool:
        """Whether somebody keeps the connection."""
        return self._thread is not None and self._thread.is_alive()

    def want(self, symbols: frozenset[str]) -> None:
        with self._telling:
            self._wanted = symbols
            if self._thread is None and symbols:
                self._thread = threading.Thread(
                    target=self._run, name=f"quotes {self.channel.url}", daemon=True
                )
                self._thread.start()
            elif self.is_listening and self._socket is not None:
                try:
                    self._subscribe(self._socket)
                except (OSError, WebSocketException):
                    # The thread that listens hears of it as well, and begins anew.
                    self._socket.close()

    def close(self) -> None:
        self._ending.set()
        socket = self._socket
        if socket is not None:
            socket.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(OPEN_TIMEOUT_S)

    def _run(self) -> None:
        failures = 0
        while not self._ending.is_set():
            try:
                self._listen()
            except PortRefused as no:
                # A key that is refused now is refused for a while.
                failures = max(failures, MANY_FAILURES)
                self._failed(no)
            except Unavailable as error:
                self._failed(error)
            except (OSError, WebSocketException) as error:
                # The library's own words may hold what was sent, so only its name is passed on.
                source = self._waiting.source
                self._failed(Unavailable(f"the stream of {source} is down: {type(error).__name__}"))
            if self._has_heard:
                failures, self._has_heard = 0, False
            failures += 1
            wait_s = min(self._first_wait_s * 2 ** min(failures - 1, 10), LONGEST_WAIT_S)
            self._ending.wait(wait_s * (1 + self._chance()) / 2)

    def _failed(self, failure: PortError) -> None:
        if self._ending.is_set():
            return
        _log.warning("%s", failure)
        if not isinstance(self.failure, PortRefused) or isinstance(failure, PortRefused):
            # What was refused is told until it is listened again, whatever fails meanwhile.
            self.failure = failure
        self._waiting.wake()

    def _listen(self) -> None:
        """One connection, until it is lost."""
        with connect(
            self.channel.url,
            additional_headers=dict(self.channel.headers),
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=1,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            max_size=2**24,
        ) as socket:
            self._socket = socket
            self.channel.enter(socket)
            try:
                self._begin(socket)
                while not self._ending.is_set():
                    self._hear(socket)
            finally:
                self._lost()

    def _begin(self, socket: ClientConnection) -> None:
        with self._telling:
            self._subscribed = frozenset()
            self._subscribe(socket)
            self.is_listening = True
        self.failure = None
        if self._heard_at is not None and self._missing:
            self._waiting.put_gap(self._heard_at, "the stream was down", self._missing)
            self._missing = frozenset()
        self._heard_at = self._waiting.clock.now()

    def _lost(self) -> None:
        with self._telling:
            self.is_listening = False
            self._missing |= self._subscribed
            self._subscribed = frozenset()

    def _subscribe(self, socket: ClientConnection) -> None:
        fresh, stale = self._wanted - self._subscribed, self._subscribed - self._wanted
        if fresh:
            self.channel.subscribe(socket, sorted(fresh), on=True)
        if stale:
            self.channel.subscribe(socket, sorted(stale), on=False)
        self._subscribed = self._wanted

    def _hear(self, socket: ClientConnection) -> None:
        try:
            message = socket.recv(LISTEN_S)
        except TimeoutError:
            return
        try:
            quotes = list(self.channel.read(message))
        except (ValueError, ArithmeticError) as error:
            # A figure or a time that is none: who tells such is left, and asked anew.
            source = self._waiting.source
            raise Unavailable(f"{source} tells what cannot be read: {error}") from error
        self._heard_at = self._waiting.clock.now()
        self._has_heard = True
        if quotes:
            self._waiting.put(quotes)
