"""Group commit: threads that append at the same time share transactions.

The first thread that comes leads: it takes from those that wait, runs one transaction on the
one connection, hands out the answers and passes the lead to a thread that came meanwhile. A
thread that is alone writes at once, without a switch to any other thread.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from adapters.append import Outcome, TapeWriter
from adapters.wire import EncodedBatch, Seal, encode
from application.ports import Batch, PortRefused, Unavailable

GROUP_EVENTS_MAX = 5_000
"""A transaction takes no more than this, so that nobody waits long for the ones before."""

RETRY_STEP_S = 0.05


class _Request:
    """What one thread wants on the tape, and what became of it."""

    __slots__ = ("batches", "failure", "is_woken", "outcomes", "size", "turn", "wakes")

    def __init__(self, batches: list[EncodedBatch]) -> None:
        self.batches = batches
        self.size = sum(batch.size for batch in batches)
        self.turn = threading.Lock()
        self.is_woken = False
        self.wakes: _Request | None = None
        self.outcomes: list[Outcome] | None = None
        self.failure: BaseException | None = None

    def wake(self) -> None:
        """Lets the thread that sent it go on, with the answer or with the lead."""
        self.is_woken = True
        self.turn.release()

    @property
    def is_answered(self) -> bool:
        return self.outcomes is not None or self.failure is not None


class Appender:
    """The tape as the application sees it: durable when `append` returns, from any thread."""

    def __init__(self, url: str, *, patience_s: float = 5.0, seal: Seal = str) -> None:
        """`patience_s` is how long a lost connection is tried again before giving up; `seal`
        makes of an actor what is stored.
        """
        self._url = url
        self._seal = seal
        self._patience_s = patience_s
        self._writer: TapeWriter | None = None
        self._mutex = threading.Lock()
        self._waiting: deque[_Request] = deque()
        self._is_led = False
        self._last_group = 0
        self._is_closed = False

    def append(self, batches: Sequence[Batch]) -> list[Outcome]:
        """Stores each batch or says why not; a conflict in one leaves the others alone.

        Raises:
            Unavailable: the store did not answer in time. Whether the batches are in it is
                unknown; the same command ids can be sent again and go in once.
            PortRefused: the store understood and said no.
            ValueError: a batch has no event.
        """
        if not batches:
            return []
        request = _Request([encode(batch, self._seal) for batch in batches])
        self._carry_out(request)
        if request.failure is not None:
            raise request.failure
        assert request.outcomes is not None
        return request.outcomes

    def close(self) -> None:
        """Closes the connection; who appends after that is told that it is closed."""
        with self._mutex:
            self._is_closed = True
            if not self._is_led:
                self._disconnect()

    def _carry_out(self, request: _Request) -> None:
        """Leads, or waits to be answered or given the lead; an interrupt waits for that too,
        because the threads behind this one are woken by it.
        """
        with self._mutex:
            if self._is_closed:
                raise Unavailable("the appender is closed")
            self._waiting.append(request)
            leads, self._is_led = not self._is_led, True
            if not leads:
                request.turn.acquire()
        interrupt: BaseException | None = None
        # An interrupt may strike when the lock is taken already: the flag says whether it is.
        while not (leads or request.is_woken):
            try:
                request.turn.acquire()
            except BaseException as error:  # noqa: BLE001 - raised below
                interrupt = error
        if not request.is_answered:
            self._lead()
        elif request.wakes is not None:
            request.wakes.wake()
        if interrupt is not None:
            raise interrupt

    def _lead(self) -> None:
        """Writes what waits, answers it, and passes the lead on if more came meanwhile."""
        with self._mutex:
            group = self._take_group()
        # Each of the group wakes the next one. Woken all at once, they would only fight for
        # the interpreter, which costs more than the transaction.
        for request, following in pairwise(group):
            request.wakes = following
        try:
            self._write(group)
        except BaseException as error:
            self._disconnect()
            for request in group:
                if not request.is_answered:
                    request.failure = Unavailable(f"the thread that wrote was stopped: {error!r}")
            raise
        finally:
            with self._mutex:
                if self._waiting:
                    self._waiting[0].wake()
                else:
                    self._is_led = False
                    if self._is_closed:
                        self._disconnect()
            if group[0].wakes is not None:
                group[0].wakes.wake()

    def _take_group(self) -> list[_Request]:
        """Half of those who are appending at the moment: while they are written, the other
        half prepares.
        """
        appending = len(self._waiting) + self._last_group
        group = [self._waiting.popleft()]
        events = group[0].size
        while self._waiting and len(group) < (appending + 1) // 2:
            events += self._waiting[0].size
            if events > GROUP_EVENTS_MAX:
                break
            group.append(self._waiting.popleft())
        self._last_group = len(group)
        return group

    def _write(self, group: list[_Request]) -> None:
        """Puts the group on the tape; if the store refuses it whole, each request on its own."""
        try:
            outcomes = self._append([batch for request in group for batch in request.batches])
        except Unavailable as error:
            for request in group:
                request.failure = error
        except PortRefused as error:
            if len(group) == 1:
                group[0].failure = error
            else:
                for request in group:
                    self._write([request])
        else:
            start = 0
            for request in group:
                request.outcomes = outcomes[start : start + len(request.batches)]
                start += len(request.batches)

    def _append(self, batches: list[EncodedBatch]) -> list[Outcome]:
        """Appends, on a new connection if the old one breaks.

        A connection lost at the commit leaves open whether the batches are in. Sending them
        again settles it: the function waits for the lost session to end, knows its command
        ids if it committed, and stores them if it did not.
        """
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                if self._writer is None:
                    self._writer = TapeWriter(self._url)
                return self._writer.append(batches)
            except Unavailable:
                self._disconnect()
                if time.monotonic() >= deadline:
                    raise
                time.sleep(RETRY_STEP_S)

    def _disconnect(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
