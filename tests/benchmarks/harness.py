"""What benchmarks share: how one is declared, how two things are compared, and a database.

Every benchmark says one number with a limit. The thing it is compared with is measured in the
same run, in turns, so that a busy machine slows both alike; each side's median counts.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import pkgutil
import shutil
import statistics
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from adapters.embedded import Servers, embedded_servers
from adapters.postgres import migrate


class PeerAbsent(Exception):
    """What a benchmark compares with is not installed; the text says how to install it."""


def peer(module: str, requirement: str) -> Any:
    """The module of a peer.

    Raises:
        PeerAbsent: it is not installed; the benchmark is skipped and says so.
    """
    try:
        return importlib.import_module(module)
    except ImportError as absent:
        raise PeerAbsent(f"skipped: install it by uv pip install '{requirement}'") from absent


@dataclass(frozen=True, slots=True)
class Measured:
    """What a benchmark found; the note says what was compared, in absolute figures."""

    value: float
    note: str


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A declared benchmark; `ratio` of its outcome is 1 or more when the limit is met."""

    name: str
    unit: str
    limit: float
    better: Literal["higher", "lower"]
    measure: Callable[[], Measured]

    def ratio(self, value: float) -> float:
        return value / self.limit if self.better == "higher" else self.limit / value

    def run(self) -> dict[str, Any]:
        """The outcome as it is written to JSON; without a value where it was skipped or failed.

        A failure is printed and counts as a missed limit; the figures of others are not lost.
        """
        try:
            measured = self.measure()
        except PeerAbsent as absent:
            return self._outcome(None, None, str(absent))
        except Exception as failure:  # noqa: BLE001 - whatever it is, it is told
            traceback.print_exc()
            return self._outcome(None, 0.0, f"failed: {type(failure).__name__}: {failure}")
        return self._outcome(measured.value, self.ratio(measured.value), measured.note)

    def _outcome(self, value: float | None, ratio: float | None, note: str) -> dict[str, Any]:
        return {
            "value": value, "unit": self.unit, "limit": self.limit, "ratio": ratio, "note": note
        }  # fmt: skip


_benchmarks: dict[str, Benchmark] = {}
_open = ExitStack()
"""The server of this run, if one was started, and its files: gone when the run ends."""
atexit.register(_open.close)
_numbers = count(1)


def benchmark(
    name: str, *, unit: str, limit: float, better: Literal["higher", "lower"]
) -> Callable[[Callable[[], Measured]], Callable[[], Measured]]:
    """Declares the function as the benchmark of this name."""

    def declare(measure: Callable[[], Measured]) -> Callable[[], Measured]:
        if name in _benchmarks:
            raise ValueError(f"two benchmarks are called {name}")
        _benchmarks[name] = Benchmark(name, unit, limit, better, measure)
        return measure

    return declare


def benchmarks() -> dict[str, Benchmark]:
    """All declared benchmarks by name: those of every `bench_*.py` of this folder."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith("bench_"):
            importlib.import_module(f"tests.benchmarks.{module.name}")
    return dict(sorted(_benchmarks.items()))


def in_turns(rounds: int, *sides: Callable[[], float]) -> list[float]:
    """The median of each side's figure, the sides being measured one after the other."""
    figures: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, found in zip(sides, figures, strict=True):
            gc.collect()
            found.append(side())
    return [statistics.median(found) for found in figures]


def seconds(work: Callable[[], object]) -> float:
    """How long the work takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def seconds_each(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    """How long the work takes for one item, the median of all: a checkpoint does not count."""
    clock = time.perf_counter
    found = []
    for item in items:
        begun = clock()
        work(item)
        found.append(clock() - begun)
    return statistics.median(found)


@contextmanager
def fresh_database() -> Iterator[str]:
    """The URL of a new, migrated database on a durable server of this run's own."""
    server = _server().database_url
    name = f"benchmark_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as administration:
        administration.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        url = make_conninfo(server, dbname=name)
        migrate(url)
        yield url
        administration.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def redis_url() -> str:
    """The Valkey of this run."""
    return _server().redis_url


_servers: list[Servers] = []


def _server() -> Servers:
    if not _servers:
        parent = Path(tempfile.mkdtemp(prefix="truetape-bench-", dir="/tmp"))
        parent.chmod(0o755)
        _open.callback(shutil.rmtree, parent)
        _servers.append(_open.enter_context(embedded_servers(parent / "home")))
    return _servers[0]
