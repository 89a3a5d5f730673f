"""The noticeboard: takes what is due to be told in Discord, has it told, and crosses it off.

What is due lies in the database and stays there until it is told, so neither a crash nor an
outage of Discord loses a notice. Nothing is told before the read models are as far as the event
that made it due; a handler shows things as they stand by then, so telling twice shows the same.

A handler is put into the table of topics. It gets all that is due of its topic about one thing,
in the order of the tape (of a card that is always one), and returns when it is told; then it is
crossed off, unless it became due anew meanwhile. What it raises leaves it due::

    board.handlers[Topic.REPLY] = answer_message   # async def (due: Sequence[Due]) -> None

What nobody tells is crossed off unread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby
from typing import NamedTuple, TypeVar
from uuid import UUID

import aiohttp
import discord
import psycopg

from application.noticing import Due, Topic, decoded
from application.ports import PortError
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.ending import ended

POLL_S = 1.0
RETRY_S = 5.0
RETRY_S_MAX = 300.0

OUTSIDE = (
    discord.DiscordServerError,
    discord.RateLimited,
    aiohttp.ClientError,
    OSError,
    PortError,
    psycopg.OperationalError,
)
"""How Discord and the database fail when trying again may help."""

Handler = Callable[[Sequence[Due]], Awaitable[None]]
Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)


class _Remembered(NamedTuple):
    """Something due, and how it is crossed off; what is looked at again was never stored."""

    due: Due
    key: str
    value: bytes | None


_Subject = tuple[Topic, UUID]


class _Patience(NamedTuple):
    """When something that failed is tried again, by the loop's clock, and after how long."""

    until: float
    waited_s: float


class Noticeboard:
    """Tells what is due, each topic at its own pace; it lives in one event loop."""

    def __init__(self, house: House, *, retry_s: float = RETRY_S) -> None:
        self.handlers: dict[Topic, Handler] = {}
        self.held: set[Topic] = set()
        """Topics that have no channel now: what is due of them waits."""
        self._house = house
        self._retry_s = retry_s
        self._noticing = house.noticing(DISCORD)
        # The reaction's connection belongs to one thread.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="noticeboard")
        self._stirred = asyncio.Event()
        self._again: dict[_Subject, Due] = {}
        self._patience: dict[_Subject, _Patience] = {}
        self._telling: dict[Topic, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._is_closed = False

    async def prepare(self) -> None:
        """Begins to notice: what happens from now on is told sooner or later.

        Raises:
            Unavailable: the database did not answer.
        """
        await self._in_thread(self._noticing.step)

    def start(self) -> None:
        """Begins to tell; a second start is none."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._listen())]

    @property
    def is_telling(self) -> bool:
        """Whether it has begun to tell."""
        return bool(self._tasks)

    def look_again(self, topic: Topic, about: UUID) -> None:
        """Has a notice made anew although nothing happened on the tape: it is not as it should
        be. This is not stored, a start finds it again.
        """
        due = Due(topic=topic, about=about, position=0, happened_at=self._house.clock.now())
        self._again[topic, about] = due
        self._patience.pop((topic, about), None)
        self._stirred.set()

    async def close(self) -> None:
        """Stops telling; what is due stays due."""
        if self._is_closed:
            return
        self._is_closed = True
        await ended([*self._tasks, *self._telling.values()])
        await self._in_thread(self._noticing.close)
        self._thread.shutdown()

    async def _run(self) -> None:
        while not self._is_closed:
            self._stirred.clear()
            try:
                self._tell(await self._in_thread(self._due))
                pause_s = POLL_S
            except (PortError, psycopg.Error) as error:
                _log.warning("what is due cannot be read: %s", error)
                await self._in_thread(self._noticing.close)
                pause_s = self._retry_s
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._stirred.wait()

    def stir(self) -> None:
        """Has what is due looked at now."""
        self._stirred.set()

    async def _listen(self) -> None:
        """Stirs when read models have moved; without Redis the clock does."""
        async for _ in self._house.listener.moves():
            self._stirred.set()

    def _due(self) -> list[_Remembered]:
        """What can be told now, in the order of the tape."""
        self._noticing.catch_up()
        kept = [
            _Remembered(decoded(value), key, value)
            for key, value in self._noticing.remembered("due:").items()
        ]
        reached = self._house.read_until() if kept else 0
        ready = [one for one in kept if one.due.position <= reached]
        return sorted(ready, key=lambda one: one.due.position)

    def _tell(self, ready: Sequence[_Remembered]) -> None:
        """Lets every topic that is not being told go on in a task of its own."""
        again = [_Remembered(due, "", None) for due in self._again.values()]
        now = asyncio.get_running_loop().time()
        for topic in Topic:
            busy = self._telling.get(topic)
            if topic in self.held or (busy is not None and not busy.done()):
                continue
            waiting = [
                one
                for one in (*ready, *again)
                if one.due.topic is topic
                and self._patience.get((topic, one.due.about), _NOW).until <= now
            ]
            if waiting:
                self._telling[topic] = asyncio.create_task(self._tell_topic(waiting))

    async def _tell_topic(self, waiting: list[_Remembered]) -> None:
        """One subject after the other, in the order in which they became due."""
        first = {one.due.about: place for place, one in reversed(list(enumerate(waiting)))}
        waiting.sort(key=lambda one: first[one.due.about])
        for about, together in groupby(waiting, lambda one: one.due.about):
            of_one = list(together)
            await self._tell_one(of_one[0].due.topic, about, of_one)
        self._stirred.set()

    async def _tell_one(self, topic: Topic, about: UUID, ones: Sequence[_Remembered]) -> None:
        handler = self.handlers.get(topic)
        try:
            if handler is not None:
                await handler([one.due for one in ones])
            if self._again.get((topic, about)) is ones[-1].due:
                del self._again[topic, about]
            await self._in_thread(lambda: self._cross_off(ones))
            self._patience.pop((topic, about), None)
        except OUTSIDE as error:
            self._wait(topic, about)
            _log.warning("%s of %s stays due: %s", topic.value, about, error)
        except discord.HTTPException as refusal:
            self._wait(topic, about)
            _log.error("Discord refuses the %s of %s: %s", topic.value, about, refusal)
        except Exception:  # noqa: BLE001 - one bad notice must not keep the others back
            self._wait(topic, about)
            _log.exception("the %s of %s cannot be told", topic.value, about)

    def _cross_off(self, ones: Sequence[_Remembered]) -> None:
        for one in ones:
            if one.value is not None:
                self._noticing.cross_off(one.key, one.value)

    def _wait(self, topic: Topic, about: UUID) -> None:
        """Holds back what failed, longer each time."""
        before = self._patience.get((topic, about), _NOW).waited_s
        wait_s = min(max(2 * before, self._retry_s), RETRY_S_MAX)
        until = asyncio.get_running_loop().time() + wait_s
        self._patience[topic, about] = _Patience(until, wait_s)

    async def _in_thread(self, act: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)


_NOW = _Patience(0.0, 0.0)
