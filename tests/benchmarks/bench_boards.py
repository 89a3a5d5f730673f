"""Whether boards and traders' pages stay as quick when the record grows fifty times.

The same 500 traders and 250 days are told in 100,000, 1,000,000 and 5,000,000 events; every
board in every order, as now and as once known, and the pages behind it are asked of each in
turns, so that a busy machine slows all alike.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from itertools import product
from typing import Any
from uuid import UUID

from psycopg import Connection

from adapters.postgres import PROJECTOR_ROLE, connect
from projections.books import Books
from projections.leaderboards import By, board
from projections.people import People
from projections.position_pages import book_days, contributions, positions
from projections.runner import Runner
from projections.trader_profiles import TraderProfiles
from projections.windows import Window, span_of
from tests.benchmarks.bench_projections import reading
from tests.benchmarks.harness import Measured, benchmark, fresh_database
from tests.benchmarks.history import write_history

SIZES = (100_000, 1_000_000, 5_000_000)
ROUNDS = 12
TRADERS_ASKED = 10

Query = Callable[[Connection[Any]], object]


class Record:
    """A history of one size, folded, with the questions that are put to it."""

    def __init__(self, url: str, events: int) -> None:
        written = write_history(url, events)
        Runner(reading(url), [Books, People, TraderProfiles]).start()
        self.connection = connect(url, role=PROJECTOR_ROLE)
        self.connection.execute("VACUUM (ANALYZE)")
        at = datetime.combine(written.last_day, datetime.min.time(), UTC) + timedelta(hours=22)
        self.boards = _boards(at, _weekdays(written.first_day, written.last_day), events)
        ranked = board(self.connection, span_of(Window.ALL, at), By.RETURN, ())
        traders = [standing.trader for standing in ranked.standings]
        asked = traders[:: max(1, len(traders) // TRADERS_ASKED)][:TRADERS_ASKED]
        self.pages = [page for trader in asked for page in _pages(trader, at)]
        self.seconds: dict[str, list[float]] = {"boards": [], "pages": []}

    def ask(self) -> None:
        """Puts every question once."""
        for kind, queries in (("boards", self.boards), ("pages", self.pages)):
            for query in queries:
                begun = time.perf_counter()
                query(self.connection)
                self.seconds[kind].append(time.perf_counter() - begun)

    def p99_ms(self, kind: str) -> float:
        found = sorted(self.seconds[kind])
        return found[len(found) * 99 // 100] * 1e3


def _weekdays(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def _boards(at: datetime, sessions: Sequence[date], events: int) -> list[Query]:
    """Every window in every order, now; one order of each as known when half was told."""
    now = [
        partial(board, span=span_of(window, at), by=by, sessions=sessions, limit=50)
        for window, by in product(Window, By)
    ]
    then = at - timedelta(days=175)
    once = [
        partial(board, span=span_of(window, then), by=By.RETURN, sessions=sessions, limit=50,
                as_of=events // 2)
        for window in Window
    ]  # fmt: skip
    return [*now, *once]


def _pages(trader: UUID, at: datetime) -> list[Query]:
    """What a trader's page shows: figures, equity curve, trades, and what moved one of them."""
    last = at.date()

    def trades(connection: Connection[Any]) -> object:
        found = positions(connection, book=trader, limit=50)
        return contributions(connection, found[0].position)

    return [
        lambda connection: board(connection, span_of(Window.LAST_30D, at), By.RETURN, (),
                                 trader=trader),
        lambda connection: book_days(connection, trader, last - timedelta(days=90), last),
        trades,
    ]  # fmt: skip


@cache
def _asked() -> dict[int, dict[str, float]]:
    """The 99th percentile of boards and of pages in milliseconds, by size."""
    with ExitStack() as stack:
        records = {size: Record(stack.enter_context(fresh_database()), size) for size in SIZES}
        for record in records.values():
            stack.callback(record.connection.close)
            record.ask()
            for seconds in record.seconds.values():
                seconds.clear()
        gc.collect()
        for _ in range(ROUNDS):
            for record in records.values():
                record.ask()
        return {
            size: {kind: record.p99_ms(kind) for kind in record.seconds}
            for size, record in records.items()
        }


def _told(p99s: dict[int, dict[str, float]]) -> str:
    return "; ".join(
        f"{size:,} events: boards {p99['boards']:.1f} ms, pages {p99['pages']:.1f} ms"
        for size, p99 in p99s.items()
    )


@benchmark("board_growth", unit="x", limit=2.0, better="lower")
def board_growth() -> Measured:
    """The slowest against the quickest size, of boards or of pages, whichever grew more."""
    p99s = _asked()
    growths = [
        max(p99[kind] for p99 in p99s.values()) / min(p99[kind] for p99 in p99s.values())
        for kind in ("boards", "pages")
    ]
    return Measured(max(growths), f"p99 of {_told(p99s)}")


@benchmark("board_p99", unit="ms", limit=20, better="lower")
def board_p99() -> Measured:
    """The slowest of a hundred boards or pages at the size where that is worst."""
    p99s = _asked()
    return Measured(max(max(p99.values()) for p99 in p99s.values()), f"p99 of {_told(p99s)}")
