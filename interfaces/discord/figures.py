"""Figures: what is shown of them in Discord moves with them, once a minute at most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from application.noticing import Due
from interfaces.discord.boards import Boards
from interfaces.discord.milestones import Milestones

PACE_S = 60.0


class Figures:
    """Boards and milestones, moved together."""

    def __init__(
        self,
        boards: Boards,
        milestones: Milestones,
        look_again: Callable[[], None],
        *,
        pace_s: float = PACE_S,
    ) -> None:
        self._boards = boards
        self._milestones = milestones
        self._look_again = look_again
        self._pace_s = pace_s
        self._next = 0.0

    async def tell(self, due: Sequence[Due]) -> None:
        """Shows the figures as they stand when it is their time again.

        Raises:
            discord.HTTPException, OSError, psycopg.OperationalError: somebody did not answer.
        """
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._next - loop.time()))
        self._next = loop.time() + self._pace_s
        # What keeps one of them back does not keep back the other.
        shown, is_more = await asyncio.gather(
            self._boards.tell(due), self._milestones.tell(), return_exceptions=True
        )
        for failure in (shown, is_more):
            if isinstance(failure, BaseException):
                raise failure
        if is_more:
            self._look_again()
