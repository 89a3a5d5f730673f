"""Ending: tasks that run for ever end when they are told to, even if they miss it once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_S = 0.1


async def ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels tasks until they are done.

    Python 3.11 loses a cancellation that meets the very moment at which `wait_for` has its
    result. A client of Redis or Discord that is just connecting then goes on for ever.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_S)
