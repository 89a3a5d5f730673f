"""Marks: which holdings' P&L moved, told to whoever listens.

The position monitor tells them while it looks; nothing of it is on the tape, so what is missed is
missed, and the next look tells where it stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from application.position_reports import Marked
from interfaces.ending import ended

WAITING_MAX = 1_000
"""Marks that a listener may be behind; of a slower one the oldest are dropped."""


class Marks:
    """Hears the marks once and tells them to all; to be used from one event loop."""

    def __init__(self, heard: Callable[[], AsyncGenerator[Sequence[Marked], None]]) -> None:
        self._heard = heard
        self._listeners: set[asyncio.Queue[Marked]] = set()
        self._hearing: asyncio.Task[None] | None = None

    async def told(self) -> AsyncGenerator[Marked, None]:
        """Every mark from now on, for ever."""
        if self._hearing is None:
            self._hearing = asyncio.create_task(self._hear(), name="marks")
        waiting: asyncio.Queue[Marked] = asyncio.Queue(WAITING_MAX)
        self._listeners.add(waiting)
        try:
            while True:
                yield await waiting.get()
        finally:
            self._listeners.discard(waiting)

    async def close(self) -> None:
        """Stops hearing."""
        if self._hearing is not None:
            await ended([self._hearing])
            self._hearing = None

    async def _hear(self) -> None:
        async with aclosing(self._heard()) as heard:
            async for marks in heard:
                for waiting in self._listeners:
                    _tell(waiting, marks)


def _tell(waiting: asyncio.Queue[Marked], marks: Sequence[Marked]) -> None:
    for mark in marks:
        if waiting.full():
            waiting.get_nowait()
        waiting.put_nowait(mark)
