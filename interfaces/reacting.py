"""Reacting: the automatic steps follow the tape, those that lead to an order before the rest.

From an approval to its order nothing else is waited for: a thread of its own goes that way alone,
from the decision over the errand to the broker, and the others go on when it is through.
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

POLITE_S = 0.05
"""How long any other step lets what leads to an order go first."""

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


class _HandedOn:
    """News that somebody else has heard, and for how long they are busy with it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_busy = False
        self._is_new = False
        self._head: int | None = None

    def begin(self) -> None:
        with self._changed:
            self._is_busy = True

    def end(self, head: int | None) -> None:
        """Who heard the news is through with it."""
        with self._changed:
            self._is_busy, self._is_new, self._head = False, True, head
            self._changed.notify_all()

    def wait(self, timeout_s: float) -> int | None:
        with self._changed:
            told = self._changed.wait_for(lambda: self._is_new, timeout_s)
            self._is_new = False
            return self._head if told else None

    def let_pass(self) -> None:
        """Waits a while for who is busy."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_busy, POLITE_S)

    def close(self) -> None:
        """There is nothing to close: who heard it has the connection."""


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
        self._handed_on = _HandedOn()
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
            target=self._follow, name="other reactions", daemon=True,
            args=(self._handed_on, self._others, self._do_others_politely, stop),
        )  # fmt: skip
        beside.start()
        self._follow(self._news(), self._ordering, self._lead, stop)
        self._handed_on.end(None)
        beside.join()

    def _follow(
        self,
        news: News,
        followers: Sequence[Follower],
        work: Callable[[int | None], object],
        stop: threading.Event,
    ) -> None:
        while not stop.is_set():
            try:
                work(news.wait(WAIT_S))
            except Unavailable as error:
                _log.warning("the reactions wait for the database: %s", error)
            except Exception:  # noqa: BLE001 - told with its traceback
                # Nobody else goes this way: what nobody foresaw must not be the end of it.
                _log.exception("the reactions failed, and begin again")
            else:
                continue
            news.close()
            for follower in followers:
                follower.close()
            stop.wait(WAIT_S)
        news.close()

    def _lead(self, head: int | None) -> None:
        self._handed_on.begin()
        try:
            # What comes of it is news again.
            while self._order_and_listen(head):
                continue
        finally:
            self._handed_on.end(head)

    def _do_others_politely(self, head: int | None) -> None:
        for each in self._others:
            self._handed_on.let_pass()
            while each.follow(head):
                self._handed_on.let_pass()

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
