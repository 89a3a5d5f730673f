"""What leads to an order goes its own way, whatever else there is to react to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

import pytest

from application.ports import Unavailable
from interfaces.reacting import Reacting
from tests.patience import PATIENCE_S, wait_until


class Script:
    """What happens to whom, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.tape: SimpleQueue[int] = SimpleQueue()

    def news(self) -> Heard:
        return Heard(self.tape)


class Heard:
    """News as they are put on a queue, for the first one who listens."""

    def __init__(self, tape: SimpleQueue[int]) -> None:
        self._tape = tape

    def wait(self, timeout_s: float) -> int | None:
        try:
            return self._tape.get(timeout=0.01)
        except Empty:
            return None

    def close(self) -> None:
        return


class Brokers:
    """Brokers of our own that have something to say so many times."""

    def __init__(self, script: Script, *, times: int = 0) -> None:
        self._script = script
        self.left = times

    def step(self) -> bool:
        self._script.told.append("listen")
        self.left -= 1
        return self.left >= 0

    def send(self) -> bool:
        self._script.told.append("send")
        return True


class Step:
    """A reaction that has something to do so many times."""

    def __init__(
        self, script: Script, name: str, *, times: int = 1, act: Callable[[], None] | None = None
    ) -> None:
        self._script = script
        self._name = name
        self._act = act
        self.left = times
        self.closed = 0

    def follow(self, head: int | None = None) -> bool:
        if self._act is not None:
            self._act()
        if self.left == 0:
            return False
        self.left -= 1
        self._script.told.append(self._name)
        return True

    def close(self) -> None:
        self.closed += 1


@contextmanager
def running(reacting: Reacting) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=reacting.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_to_catch_up_is_to_go_on_until_nobody_has_anything_left() -> None:
    script = Script()
    trading, sending = Step(script, "trading", times=2), Step(script, "sending")
    brokers, exiting = Brokers(script, times=1), Step(script, "exiting")
    Reacting([trading, sending], [exiting], brokers, script.news).catch_up()
    assert script.told == [
        *("trading", "sending", "send"),
        *("trading", "send"),
        "listen",
        *("listen", "exiting"),
        "listen",
    ]


def test_brokers_are_listened_to_although_nothing_happens() -> None:
    script = Script()
    with running(Reacting([], [], Brokers(script), script.news)):
        wait_until(lambda: script.told.count("listen") > 1)
    assert set(script.told) == {"listen"}


def test_orders_do_not_wait_for_what_else_is_reacted_to() -> None:
    script, busy, go_on = Script(), threading.Event(), threading.Event()

    def take_long() -> None:
        busy.set()
        assert go_on.wait(PATIENCE_S)

    trading, other = Step(script, "trading", times=0), Step(script, "other", act=take_long)
    reacting = Reacting([trading], [other], Brokers(script), script.news)
    with running(reacting):
        assert busy.wait(PATIENCE_S)
        trading.left = 1
        wait_until(lambda: "trading" in script.told)
        assert "other" not in script.told
        go_on.set()
        wait_until(lambda: "other" in script.told)


def test_what_else_is_reacted_to_does_not_wait_for_an_order_that_takes_long() -> None:
    script, go_on = Script(), threading.Event()

    def take_long() -> None:
        assert go_on.wait(PATIENCE_S)

    trading, other = Step(script, "trading", act=take_long), Step(script, "other")
    with running(Reacting([trading], [other], Brokers(script), script.news)):
        wait_until(lambda: "other" in script.told)
        assert "trading" not in script.told
        go_on.set()
        wait_until(lambda: "trading" in script.told)


def test_a_lost_database_is_waited_for() -> None:
    script, fails = Script(), [True]

    def lose() -> None:
        if fails:
            fails.pop()
            raise Unavailable("no answer")

    trading, other = Step(script, "trading", act=lose), Step(script, "other")
    with running(Reacting([trading], [other], Brokers(script), script.news)):
        wait_until(lambda: "trading" in script.told)
    assert (trading.closed, other.closed) == (1, 0)


def test_what_nobody_foresaw_is_told_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    script, fails = Script(), [True]

    def fail() -> None:
        if fails:
            fails.pop()
            raise ZeroDivisionError("a price of nothing")

    trading, other = Step(script, "trading"), Step(script, "other", act=fail)
    with running(Reacting([trading], [other], Brokers(script), script.news)):
        wait_until(lambda: "other" in script.told)
    assert (trading.closed, other.closed) == (0, 1)
    assert "a price of nothing" in caplog.text
