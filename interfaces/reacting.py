"""Reacting: the automatic steps follow the tape, those that lead to an order apart from the rest.

From an approval to its order nothing else is waited for: a thread of its own goes that way alone,
from the decision over the errand to the broker.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from application.ports import Unavailable

WAIT_S = 1.0
"""Told or not, the tape is looked at again after this time."""

LISTEN_S = 0.25
"""How long what the brokers of our own say by themselves may wait for the next look."""

_log = logging.getLogger(__name__)


class Follower(Protocol):
    """A reaction at its place on the tape."""

    def follow(self, head: int | None = None) -> bool:
        """Reacts to what comes next; whether there was anything. `head` is the last position of
        the tape, where that is known.
        """
        ...

    def close(self) -> None: ...


class News(Protocol):
    """Tells how far the tape goes."""

    def wait(self, timeout_s: float) -> int | None: ...
    def close(self) -> None: ...


class OwnBrokers(Protocol):
    """The brokers of our own."""

    def step(self) -> bool:
        """Runs the errands that are due and books what is reported; whether there was any."""
        ...

    def send(self) -> bool:
        """Runs the errands that are due; whether there was any."""
        ...


class Reacting:
    """All reactions of a house."""

    def __init__(
        self,
        ordering: Sequence[Follower],
        others: Sequence[Follower],
        brokers: OwnBrokers,
        news: Callable[[], News],
    ) -> None:
        """`ordering` are those that lead to an errand at a broker, in their order."""
        self._ordering = ordering
        self._others = others
        self._brokers = brokers
        self._news = news
        self._listened = float("-inf")

    def catch_up(self) -> None:
        """Reacts until there is nothing left that may be done here.

        Raises:
            Unavailable: the database did not answer; nothing was stored by half.
        """
        worked = True
        while worked:
            # Each step may give another one something to react to.
            worked = self._order(None) or self._brokers.step() or self._do_others(None)

    def run(self, stop: threading.Event) -> None:
        """Follows the tape until told to stop; a lost database is waited for."""
        beside = threading.Thread(
            target=self._follow, args=(self._others, self._do_others, stop),
            name="other reactions", daemon=True,
        )  # fmt: skip
        beside.start()
        self._follow(self._ordering, self._order_and_listen, stop)
        beside.join()

    def _follow(
        self,
        followers: Sequence[Follower],
        work: Callable[[int | None], bool],
        stop: threading.Event,
    ) -> None:
        news = self._news()
        while not stop.is_set():
            try:
                head = news.wait(WAIT_S)
                # What comes of it is news again.
                while work(head) and not stop.is_set():
                    continue
            except Unavailable as error:
                _log.warning("the reactions wait for the database: %s", error)
                news.close()
                for follower in followers:
                    follower.close()
                stop.wait(WAIT_S)
        news.close()

    def _order_and_listen(self, head: int | None) -> bool:
        worked = self._order(head)
        if time.monotonic() - self._listened < LISTEN_S:
            return worked
        self._listened = time.monotonic()
        return self._brokers.step() or worked

    def _order(self, head: int | None) -> bool:
        worked = any([each.follow(head) for each in self._ordering])  # noqa: C419 - all have a turn
        if worked:
            self._brokers.send()
        return worked

    def _do_others(self, head: int | None) -> bool:
        return any([each.follow(head) for each in self._others])  # noqa: C419 - all have a turn
