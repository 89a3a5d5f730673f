"""Whether boards and traders' pages stay as quick when the record grows fifty times.

The same 500 traders and 250 days are told in 100,000, 1,000,000 and 5,000,000 events. In every
round some trade, and the worker folds it; then every board in every order and the pages behind
it are asked of each record in turns, as a server asks that keeps what it read. Boards as they
were once known are asked beside them, each for the first time.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from itertools import product
from typing import Any
from uuid import UUID

from psycopg import Connection

from adapters.postgres import PROJECTOR_ROLE, WRITER_ROLE, connect
from projections.books import Books
from projections.kept_records import KeptRecords
from projections.leaderboards import By, alone, board
from projections.people import People
from projections.position_pages import book_days, contributions, positions
from projections.runner import Runner
from projections.trader_profiles import TraderProfiles
from projections.windows import Window, span_of
from tests.benchmarks.bench_kept_boards import Market
from tests.benchmarks.bench_projections import append, reading
from tests.benchmarks.harness import Measured, benchmark, fresh_database
from tests.benchmarks.history import write_history

SIZES = (100_000, 1_000_000, 5_000_000)
ROUNDS = 12
TRADERS = 500
TRADERS_ASKED = 10
TRADES_A_ROUND = 10
A_MINUTE = timedelta(minutes=1)

Query = Callable[[Connection[Any]], object]


class Record:
    """A history of one size, followed, with the questions that are put to it."""

    def __init__(self, url: str, events: int) -> None:
        written = write_history(url, events, traders=TRADERS)
        self._runner = Runner(reading(url), [Books, People, TraderProfiles])
        self._runner.start()
        self._writer = connect(url, role=WRITER_ROLE)
        self._reader = connect(url, role=PROJECTOR_ROLE)
        self._reader.execute("VACUUM (ANALYZE)")
        self._market = Market(TRADERS)
        self._kept = KeptRecords()
        self._half = events // 2
        self._at = datetime.combine(written.last_day, datetime.min.time(), UTC)
        self._at += timedelta(hours=22)
        self._sessions = _weekdays(written.first_day, written.last_day)
        ranked = board(self._reader, span_of(Window.ALL, self._at), By.RETURN, ())
        traders = [standing.trader for standing in ranked.standings]
        self._asked = traders[:: max(1, len(traders) // TRADERS_ASKED)][:TRADERS_ASKED]
        self.seconds: dict[str, list[float]] = {"boards": [], "pages": [], "once known": []}

    def close(self) -> None:
        """Lets go of the database."""
        self._runner.close()
        self._writer.close()
        self._reader.close()

    def go_on(self) -> None:
        """A minute later, and some traders have bought and sold."""
        self._at += A_MINUTE
        self._half -= 1
        for number in range(TRADES_A_ROUND):
            trader = number * 7 % TRADERS
            post, posted = self._market.posted(trader, self._at - timedelta(hours=1))
            append(self._writer, posted)
            append(self._writer, self._market.exited(post, trader))
        self._runner.catch_up()

    def ask(self) -> None:
        """Puts every question once."""
        self._measure("boards", self._boards(self._kept))
        self._measure("pages", (page for trader in self._asked for page in self._pages(trader)))
        self._measure("once known", self._once_known())

    def check(self) -> None:
        """Holds every board that was kept against a whole reading."""
        for kept, whole in zip(self._boards(self._kept), self._boards(None), strict=True):
            assert kept(self._reader) == whole(self._reader), "what is kept differs from the rows"

    def _measure(self, kind: str, queries: Iterable[Query]) -> None:
        for query in queries:
            begun = time.perf_counter()
            query(self._reader)
            self.seconds[kind].append(time.perf_counter() - begun)

    def p99_ms(self, kind: str) -> float:
        """The slowest of a hundred."""
        found = sorted(self.seconds[kind])
        return found[len(found) * 99 // 100] * 1e3

    def _boards(self, kept: KeptRecords | None) -> list[Query]:
        """Every window in every order."""
        return [
            partial(board, span=span_of(window, self._at), by=by, sessions=self._sessions,
                    limit=50, kept=kept)
            for window, by in product(Window, By)
        ]  # fmt: skip

    def _once_known(self) -> list[Query]:
        """Every window, as known when half was told and a little before."""
        then = self._at - timedelta(days=175)
        return [
            partial(board, span=span_of(window, then), by=By.RETURN, sessions=self._sessions,
                    limit=50, as_of=as_of)
            for window, as_of in product(Window, (self._half, self._half - 100))
        ]  # fmt: skip

    def _pages(self, trader: UUID) -> list[Query]:
        """What is shown of a trader: the place on a board, the figures of all windows, the
        equity curve, the trades, and what moved one of them."""
        last, month = self._at.date(), span_of(Window.LAST_30D, self._at)
        spans = {span_of(window, self._at): self._sessions for window in Window}

        def trades(connection: Connection[Any]) -> object:
            found = positions(connection, book=trader, limit=50)
            return contributions(connection, found[0].position)

        return [
            lambda connection: board(connection, month, By.RETURN, self._sessions,
                                     trader=trader, kept=self._kept),
            lambda connection: alone(connection, trader, spans),
            lambda connection: book_days(connection, trader, last - timedelta(days=90), last),
            trades,
        ]  # fmt: skip


def _weekdays(first: date, last: date) -> Sequence[date]:
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


@cache
def _asked() -> dict[int, dict[str, float]]:
    """The 99th percentile of each kind of question in milliseconds, by size."""
    with ExitStack() as stack:
        records = {size: Record(stack.enter_context(fresh_database()), size) for size in SIZES}
        for record in records.values():
            stack.callback(record.close)
            record.ask()
            for seconds in record.seconds.values():
                seconds.clear()
        gc.collect()
        for _ in range(ROUNDS):
            for record in records.values():
                record.go_on()
                record.ask()
        for record in records.values():
            record.check()
        return {
            size: {kind: record.p99_ms(kind) for kind in record.seconds}
            for size, record in records.items()
        }


def _told(p99s: dict[int, dict[str, float]], *kinds: str) -> str:
    figures = (
        (f"{size:,} events", *(f"{kind} {p99[kind]:.1f} ms" for kind in kinds))
        for size, p99 in p99s.items()
    )
    return "; ".join(f"{size}: {', '.join(each)}" for size, *each in figures)


@benchmark("board_growth", unit="x", limit=2.0, better="lower")
def board_growth() -> Measured:
    """The slowest against the quickest size, of boards or of pages, whichever grew more."""
    p99s = _asked()
    growths = [
        max(p99[kind] for p99 in p99s.values()) / min(p99[kind] for p99 in p99s.values())
        for kind in ("boards", "pages")
    ]
    return Measured(max(growths), f"p99 of {_told(p99s, 'boards', 'pages')}")


@benchmark("board_p99", unit="ms", limit=20, better="lower")
def board_p99() -> Measured:
    """The slowest of a hundred boards or pages at the size where that is worst."""
    p99s = _asked()
    worst = max(p99[kind] for p99 in p99s.values() for kind in ("boards", "pages"))
    return Measured(worst, f"p99 of {_told(p99s, 'boards', 'pages')}")


@benchmark("board_once_known", unit="ms", limit=100, better="lower")
def board_once_known() -> Measured:
    """The slowest of a hundred boards as once known that nobody asked for before."""
    p99s = _asked()
    worst = max(p99["once known"] for p99 in p99s.values())
    return Measured(worst, f"p99 of {_told(p99s, 'once known')}")
