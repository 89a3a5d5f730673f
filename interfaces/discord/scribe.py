"""The scribe: the one thread that writes what was heard, in the order in which it was heard.

What has piled up while one transaction was written goes into the next one together; what comes
alone is written at once. A database that is away is waited for, with everything in its order.

The live line can be barred: what is put behind a bar waits until it is lifted. That is how a
history gets on record before anything that was said after it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import NamedTuple

import psycopg

from application.intake import LostMessage, SeenMessage
from application.ports import PortError

LINE_MAX = 20_000
"""How many live events may wait; what comes beyond them is for the history to bring."""

BATCH_MAX = 200
RETRY_S = 5.0
CLOSING_S = 5.0

_log = logging.getLogger(__name__)


class Heard(NamedTuple):
    """A message or its end, and whether it is surely the first that is heard of it."""

    what: SeenMessage | LostMessage
    is_new: bool = False


Write = Callable[[Sequence[Heard], str], None]
"""Stores what was heard, and how it was: `gateway` or `history`."""


class Bar:
    """A place in the live line that nothing passes until it is lifted."""

    def __init__(self) -> None:
        self.reached: Future[None] = Future()
        self.is_reached = False
        self.is_lifted = False


class _Told(NamedTuple):
    """Part of a history, and who waits until it is stored."""

    heard: Sequence[Heard]
    stored: Future[None]


class Scribe:
    """Writes in a thread of its own from `start` to `close`; its callers live in one event loop."""

    def __init__(self, write: Write, *, retry_s: float = RETRY_S, line_max: int = LINE_MAX) -> None:
        self._write = write
        self._retry_s = retry_s
        self._line_max = line_max
        self._changed = threading.Condition()
        self._live: deque[Heard | Bar] = deque()
        self._told: deque[_Told] = deque()
        self._closing = threading.Event()
        self._gives_up = threading.Event()
        self._thread: threading.Thread | None = None
        self.newest: dict[str, datetime] = {}
        """When the newest stored message of each place was posted."""

    def start(self) -> None:
        """Begins to write; a second start is none."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="discord scribe", daemon=True)
            self._thread.start()

    def put(self, *heard: Heard) -> bool:
        """Puts live events at the end of the line; False if it is full and they are let go."""
        with self._changed:
            if len(self._live) + len(heard) > self._line_max:
                return False
            self._live.extend(heard)
            self._changed.notify()
        return True

    def bar(self) -> Bar:
        """Bars the line at its end; it is reached when all before it is stored."""
        bar = Bar()
        with self._changed:
            self._live.append(bar)
            self._changed.notify()
        return bar

    def lift(self, bar: Bar) -> None:
        """Lets the line go on."""
        with self._changed:
            bar.is_lifted = True
            self._changed.notify()

    def first_waiting(self, channel_id: str) -> int | None:
        """The id of the first message in the live line that was posted in a place."""
        with self._changed:
            waiting = [one for one in self._live if isinstance(one, Heard) and one.is_new]
        ids = [
            int(what.message_id)
            for what, _ in waiting
            if isinstance(what, SeenMessage) and what.channel_id == channel_id
        ]
        return min(ids, default=None)

    async def write(self, heard: Sequence[Heard]) -> None:
        """Stores part of a history before anything that waits in the line."""
        told = _Told(heard, Future())
        with self._changed:
            self._told.append(told)
            self._changed.notify()
        await asyncio.wrap_future(told.stored)

    def close(self) -> None:
        """Ends when the line is stored, or after some seconds: the history will tell the rest."""
        self._closing.set()
        with self._changed:
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(CLOSING_S)
            self._gives_up.set()
            self._thread.join()

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            if isinstance(batch, _Told):
                if batch.stored.set_running_or_notify_cancel():
                    self._store(batch.heard, "history")
                    batch.stored.set_result(None)
            else:
                self._store(batch, "gateway")
        with self._changed:
            for told in self._told:
                told.stored.cancel()
            for waiting in self._live:
                if isinstance(waiting, Bar):
                    waiting.reached.cancel()

    def _next(self) -> _Told | list[Heard] | None:
        """What is to be written next; None if there will be nothing any more."""
        with self._changed:
            while not self._gives_up.is_set():
                if self._told:
                    return self._told.popleft()
                if live := self._take_live():
                    return live
                if self._closing.is_set():
                    break
                self._changed.wait()
        return None

    def _take_live(self) -> list[Heard]:
        taken: list[Heard] = []
        while self._live and len(taken) < BATCH_MAX:
            first = self._live[0]
            if isinstance(first, Heard):
                taken.append(first)
            elif taken:
                break
            elif not first.is_lifted:
                if not first.is_reached:
                    first.is_reached = True
                    if first.reached.set_running_or_notify_cancel():
                        first.reached.set_result(None)
                break
            self._live.popleft()
        return taken

    def _store(self, heard: Sequence[Heard], via: str) -> None:
        """Writes until it is written: what would be let go now would be missing for good.

        What can never be written, because nothing but the store may fail, is told and left out.
        """
        while not self._gives_up.is_set():
            try:
                self._write(heard, via)
                return self._note(heard)
            except (PortError, psycopg.OperationalError) as error:
                _log.warning("trying again in %.1f s to write: %s", self._retry_s, error)
                self._gives_up.wait(self._retry_s)
            except Exception:  # noqa: BLE001 - one bad message must not end the writing
                if len(heard) == 1:
                    _log.exception("not kept: %s", heard[0].what.stream)
                    return None
                for one in heard:
                    self._store([one], via)
                return None
        return None

    def _note(self, heard: Sequence[Heard]) -> None:
        for what, _ in heard:
            if isinstance(what, SeenMessage):
                newest = self.newest.get(what.channel_id, what.posted_at)
                self.newest[what.channel_id] = max(newest, what.posted_at)
