"""Tasks end when they are told to, even those that miss it."""

from __future__ import annotations

import asyncio

from interfaces.ending import ended
from tests.patience import PATIENCE_S


async def for_ever(misses: int) -> None:
    """Goes on although it was cancelled so many times."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if misses == 0:
                raise
            misses -= 1


async def test_a_task_that_misses_it_is_told_again() -> None:
    tasks = [asyncio.create_task(for_ever(misses)) for misses in (0, 1, 2)]
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_S):
        await ended(tasks)
    assert all(task.cancelled() for task in tasks)


async def test_a_task_that_ended_keeps_its_result() -> None:
    task = asyncio.create_task(asyncio.sleep(0, "done"))
    await task
    await ended([task])
    assert task.result() == "done"


async def test_there_may_be_nothing_to_end() -> None:
    await ended([])
    assert asyncio.all_tasks() == {asyncio.current_task()}
