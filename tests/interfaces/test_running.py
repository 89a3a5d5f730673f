"""The threads of a worker go on, whatever nobody foresaw."""

from __future__ import annotations

import threading

import pytest

from interfaces.cli.running import last
from tests.patience import PATIENCE_S


def test_work_that_fails_is_told_and_begun_again(caplog: pytest.LogCaptureFixture) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(len(tries))
        if len(tries) < 3:
            raise ZeroDivisionError("a price of nothing")

    last("timers", work, threading.Event(), again_s=0)
    assert tries == [0, 1, 2]
    assert caplog.messages == ["timers: failed, and is begun again"] * 2
    assert "a price of nothing" in caplog.text


def test_work_that_comes_to_its_end_is_not_begun_again() -> None:
    tries: list[int] = []
    last("timers", lambda: tries.append(1), threading.Event(), again_s=0)
    assert tries == [1]


def test_who_is_told_to_stop_does_not_wait_for_the_next_try() -> None:
    stop, failed = threading.Event(), threading.Event()

    def work() -> None:
        failed.set()
        raise ZeroDivisionError

    thread = threading.Thread(target=last, args=("timers", work, stop, 10 * PATIENCE_S))
    thread.start()
    assert failed.wait(PATIENCE_S)
    stop.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
