"""How long tests wait for what has to come: nothing is lost by waiting longer on a slow machine.

What is bound to take less than a given time says so in its own test, and measures its own work
rather than the clock on the wall where it can.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 120.0
STEP_S = 0.01


def wait_until(is_so: Callable[[], bool], otherwise: str = "it did not come") -> None:
    """Waits for something to become true."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(STEP_S)


def quickest(takes: Callable[[], float], *, under: float, tries: int = 10) -> float:
    """The shortest of several times, in seconds: whatever else the machine does only adds to it.

    One that is short enough ends the tries.
    """
    best = float("inf")
    for _ in range(tries):
        best = min(best, takes())
        if best < under:
            break
    return best
