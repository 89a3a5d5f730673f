"""Group commit: threads that append at the same time share one transaction.

The first thread that comes writes for all: it takes whatever waits, runs one transaction on
the one connection, hands out the answers and passes the lead to a thread that came meanwhile.
A thread that is alone writes at once, without a switch to any other thread.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence

from adapters.append import EncodedBatch, append_encoded, append_event, encode, is_single
from adapters.postgres import Connection, connect
from application.ports import Appended, Batch, Conflict, PortRefused, Unavailable

GROUP_EVENTS_MAX = 5_000
"""A transaction takes no more than this, so that nobody waits long for the ones before."""

RETRY_STEP_S = 0.05


class _Request:
    """What one thread wants on the tape, and what became of it."""

    __slots__ = ("_encoded", "batches", "failure", "outcomes", "size", "turn")

    def __init__(self, batches: Sequence[Batch]) -> None:
        self.batches = batches
        self.size = sum(len(batch.events) for batch in batches)
        self.turn = threading.Lock()
        self._encoded: list[EncodedBatch] | None = None
        self.outcomes: list[Appended | Conflict] | None = None
        self.failure: BaseException | None = None

    def encoded(self) -> list[EncodedBatch]:
        if self._encoded is None:
            self._encoded = [encode(batch) for batch in self.batches]
        return self._encoded

    @property
    def is_answered(self) -> bool:
        return self.outcomes is not None or self.failure is not None


class Appender:
    """The tape as the application sees it: durable when `append` returns, from any thread."""

    def __init__(self, url: str, *, patience_s: float = 5.0) -> None:
        """`patience_s` is how long a lost connection is tried again before giving up."""
        self._url = url
        self._patience_s = patience_s
        self._connection: Connection | None = None
        self._mutex = threading.Lock()
        self._waiting: deque[_Request] = deque()
        self._is_led = False
        self._is_closed = False

    def append(self, batches: Sequence[Batch]) -> list[Appended | Conflict]:
        """Stores each batch or says why not; a conflict in one leaves the others alone.

        Raises:
            Unavailable: the store did not answer in time. Whether the batches are in it is
                unknown; the same command ids can be sent again and go in once.
            PortRefused: the store understood and said no.
        """
        if not batches:
            return []
        request = _Request(batches)
        if self._is_led:
            # There is time: somebody else is writing.
            request.encoded()
        with self._mutex:
            if self._is_closed:
                raise Unavailable("the appender is closed")
            self._waiting.append(request)
            leads, self._is_led = not self._is_led, True
            if not leads:
                request.turn.acquire()
        if not leads:
            # Released by the leader, either with the answer or to take over the lead.
            request.turn.acquire()
        if not request.is_answered:
            self._lead()
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

    def _lead(self) -> None:
        """Writes what waits, answers it, and passes the lead on if more came meanwhile."""
        with self._mutex:
            group = self._take_group()
        try:
            self._write(group)
        except BaseException as error:
            for request in group:
                if not request.is_answered:
                    request.failure = error
            raise
        finally:
            with self._mutex:
                if self._waiting:
                    self._waiting[0].turn.release()
                else:
                    self._is_led = False
                    if self._is_closed:
                        self._disconnect()
            # The first of the group is the leader itself, which waits for nothing.
            for request in group[1:]:
                request.turn.release()

    def _take_group(self) -> list[_Request]:
        group = [self._waiting.popleft()]
        events = group[0].size
        while self._waiting and events + self._waiting[0].size <= GROUP_EVENTS_MAX:
            group.append(self._waiting.popleft())
            events += group[-1].size
        return group

    def _write(self, group: list[_Request]) -> None:
        """Puts the group on the tape; if the store refuses it whole, each request on its own."""
        try:
            outcomes = self._append(group)
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

    def _append(self, group: list[_Request]) -> list[Appended | Conflict]:
        """Appends, on a new connection if the old one breaks.

        A connection lost at the commit leaves open whether the batches are in. Sending them
        again settles it: the function waits for the lost session to end, knows its command
        ids if it committed, and stores them if it did not.
        """
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                if self._connection is None:
                    self._connection = connect(self._url)
                if len(group) == 1 and is_single(group[0].batches):
                    return [append_event(self._connection, group[0].batches[0])]
                return append_encoded(
                    self._connection, [batch for request in group for batch in request.encoded()]
                )
            except Unavailable:
                self._disconnect()
                if time.monotonic() >= deadline:
                    raise
                time.sleep(RETRY_STEP_S)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
