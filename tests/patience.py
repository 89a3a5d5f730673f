"""How long tests wait for what has to come: nothing is lost by waiting longer on a slow machine.

What is bound to take less than a given time says so in its own test, and measures its own work
rather than the clock on the wall where it can.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 120.0
STEP_S = 0.01
PROBE_S = 0.05


def wait_until(is_so: Callable[[], bool], otherwise: str = "it did not come") -> None:
    """Waits for something to become true."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(STEP_S)


def quickest(takes: Callable[[], float], *, under: float, tries: int = 10) -> float:
    """The shortest of several times, in seconds: whatever else the machine does only adds to it.

    They are told as if a processor had been free, which it may not be for as long as tests run.
    One that is short enough ends the tries.
    """
    best = float("inf")
    for _ in range(tries):
        shares = [_share_of_a_processor()]
        took = takes()
        shares.append(_share_of_a_processor())
        best = min(best, took * sum(shares) / 2)
        if best < under:
            break
    return best


def _share_of_a_processor() -> float:
    """How much of the time a thread that computes is let compute just now, 1 being all of it."""
    began, computed = time.perf_counter(), time.thread_time()
    while time.thread_time() - computed < PROBE_S:
        pass
    return min(1.0, PROBE_S / (time.perf_counter() - began))
