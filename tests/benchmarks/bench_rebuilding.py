"""How fast read models are made anew, and in how much memory.

A rebuild happens in a process of its own, so that its memory is its own as well.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from functools import cache
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import NamedTuple

from projections.approval_queue import ApprovalQueue
from projections.blotter import Blotter
from projections.books import Books
from projections.exposure import Exposure
from projections.models import READ_MODELS
from projections.runner import Runner
from projections.signal_feed import SignalFeed
from projections.timeline import Timeline
from projections.trader_profiles import TraderProfiles
from tests.benchmarks.bench_projections import EVENTS, in_a_process, reading
from tests.benchmarks.harness import Measured, benchmark, fresh_database
from tests.benchmarks.history import write_history

CORE = (ApprovalQueue, Blotter, Books, Exposure, SignalFeed, Timeline, TraderProfiles)
"""Signal feed, approval queue, blotter, positions, P&L and leaderboards (which are one fold, the
books), exposure, trader profiles, timeline."""


class Rebuilt(NamedTuple):
    """What a rebuild of some read models took."""

    seconds: float
    megabytes: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return EVENTS / self.seconds


@cache
def _rebuilt() -> tuple[Rebuilt, Rebuilt]:
    """Rebuilds of the core, and of everything there is."""
    with fresh_database() as url:
        write_history(url, EVENTS)
        with in_a_process(_compile, url) as answer:
            answer.recv()
        with in_a_process(_start_everything, url) as answer:
            everything: Rebuilt = answer.recv()
        with in_a_process(_rebuild_core, url) as answer:
            core: Rebuilt = answer.recv()
    return core, everything


def _compile(_url: str, answer: Pipe) -> None:
    """Compiles the kernels, should nobody have done it on this machine: it takes memory once."""
    # The process that rebuilds loads this module as well, and need not have the compiler in it.
    from domain.quant.valuing import value_options

    found = value_options([8.0, 8.0], 100.0, 100.0, 1.0, 0.04, 0.0, [True, False], True)
    answer.send(found.delta.tolist())


def _start_everything(url: str, answer: Pipe) -> None:
    # Nothing is there yet, so the start makes it all.
    answer.send(_measured(Runner(reading(url), READ_MODELS).start))


def _rebuild_core(url: str, answer: Pipe) -> None:
    answer.send(_measured(Runner(reading(url), CORE).rebuild))


def _measured(rebuild: Callable[[], None]) -> Rebuilt:
    begun = time.perf_counter()
    rebuild()
    took = time.perf_counter() - begun
    # The peaks of both processes, as if they came at the same moment.
    helped = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return Rebuilt(took, (_own_peak() + helped) / 1024)


def _own_peak() -> int:
    """The most memory that this program had, in kB.

    `getrusage` would answer with what the process was before it became this program: a copy of
    the one that made the history, which is larger.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


@benchmark("rebuild_core", unit="events/s", limit=30_000, better="higher")
def rebuild_core() -> Measured:
    """The read models of the core, made together from the first event to the last index."""
    core, _ = _rebuilt()
    return Measured(
        core.rate,
        f"{len(CORE)} projections from {EVENTS:,} events in {core.seconds:.1f} s,"
        f" at most {core.megabytes:.0f} MB of memory",
    )


@benchmark("rebuild_everything", unit="s", limit=60, better="lower")
def rebuild_everything() -> Measured:
    """What an update waits for that changes every read model there is."""
    _, everything = _rebuilt()
    return Measured(
        everything.seconds,
        f"{len(READ_MODELS)} projections from {EVENTS:,} events: {everything.rate:,.0f}/s",
    )


@benchmark("rebuild_memory", unit="MB", limit=500, better="lower")
def rebuild_memory() -> Measured:
    """What the processes take at most that rebuild everything."""
    _, everything = _rebuilt()
    return Measured(
        everything.megabytes,
        f"peaks of both processes while they rebuild from {EVENTS:,} events",
    )
