"""Whether all figures of a trader with a thousand closed trades are there in milliseconds."""

from __future__ import annotations

import gc
import statistics
import time
from datetime import UTC, date, datetime, timedelta

from adapters.postgres import PROJECTOR_ROLE, connect
from projections.books import Books
from projections.exposure import Exposure
from projections.leaderboards import By, board
from projections.people import People
from projections.performance import performance
from projections.runner import Runner
from projections.signal_feed import SignalFeed
from projections.trader_profiles import TraderProfiles
from projections.windows import Window, span_of
from tests.benchmarks.bench_projections import reading
from tests.benchmarks.harness import Measured, benchmark, fresh_database
from tests.benchmarks.history import write_history

EVENTS, TRADERS, TRADES = 150_000, 5, 1_000
ROUNDS = 40


@benchmark("trader_performance", unit="ms", limit=20, better="lower")
def trader_performance() -> Measured:
    """The median of all performance figures of a record of a year, now and as once known."""
    with fresh_database() as url:
        written = write_history(url, EVENTS, traders=TRADERS)
        Runner(reading(url), [Books, Exposure, People, SignalFeed, TraderProfiles]).start()
        with connect(url, role=PROJECTOR_ROLE) as connection:
            connection.execute("VACUUM (ANALYZE)")
            at = datetime.combine(written.last_day, datetime.min.time(), UTC) + timedelta(hours=22)
            span, sessions = span_of(Window.ALL, at), _weekdays(written.first_day, written.last_day)
            standings = board(connection, span, By.RETURN, sessions).standings
            found = min(standings, key=lambda standing: abs(standing.closed - TRADES))
            seconds: dict[int | None, list[float]] = {None: [], EVENTS: []}
            own: list[float] = []
            performance(connection, found.trader, span, sessions)
            for _ in range(ROUNDS):
                for as_of, times in seconds.items():
                    gc.collect()
                    begun, used = time.perf_counter(), time.process_time()
                    performance(connection, found.trader, span, sessions, as_of=as_of)
                    times.append(time.perf_counter() - begun)
                    own.append(time.process_time() - used)
    now, then = (statistics.median(times) * 1e3 for times in seconds.values())
    note = (
        f"{found.closed} closed trades: now {now:.1f} ms, as once known {then:.1f} ms;"
        f" {statistics.median(own) * 1e3:.1f} ms of it in the asking process"
    )
    return Measured(max(now, then), note)


def _weekdays(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]
