"""From the approval to the order that its broker has on its books, durably.

The worker runs in a process of its own, as it does in production; who approves is this one. An
order is at the paper broker when another session finds it in the broker's tables, where it is
durable before it is answered. The bare cost is that of as many single rows, each in one
prepared statement on the same server, inserted between the approvals.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg

from adapters.postgres import open_pool
from adapters.recorded_market import RecordedMarket
from adapters.trading_books import TradingBooks
from application.access import LOCAL_OPERATOR
from application.approving import approve
from application.assessing import Assessor
from application.desk import Command, Desk
from application.limiting import set_limits
from domain.fix import Side
from domain.legs import Leg
from domain.limits import Limits
from domain.orders import entry_name
from domain.traders import Trader
from interfaces.founding import found
from tests.application.acts import new_signal
from tests.application.conftest import desk_on
from tests.benchmarks.bench_append import RAW_COLUMNS, raw_rows, raw_table
from tests.benchmarks.harness import Measured, benchmark, fresh_database, redis_url, seconds

APPROVALS = 400
WARM_UP = 20
PACE_S = 0.02
LOOK_S = 0.001
PATIENCE_S = 30.0
ACCOUNT = "paper"
CASH = Decimal(100_000)
PLENTY = 1_000_000
LIMITS = Limits(
    trade_share=Decimal("0.001"),
    daily_trades=PLENTY,
    open_positions=PLENTY,
    regular_hours=False,
    pattern_equity=None,
)


class Latencies(NamedTuple):
    """Milliseconds: of the approvals, and of as many bare rows."""

    p50: float
    p99: float
    bare_p50: float
    bare_p99: float

    @property
    def note(self) -> str:
        return (
            f"{APPROVALS} approvals, one at a time: p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms "
            f"until the broker has the order; as many bare durable rows: p50 "
            f"{self.bare_p50:.2f} ms, p99 {self.bare_p99:.2f} ms each"
        )


@benchmark("approval_to_order", unit="ms", limit=15, better="lower")
def approval_to_order() -> Measured:
    """The median time from the call of an approval to its order at the broker."""
    latencies = _latencies()
    return Measured(latencies.p50, latencies.note)


@benchmark("approval_to_order_p99", unit="ms", limit=60, better="lower")
def approval_to_order_p99() -> Measured:
    """What all but one of a hundred approvals take at most."""
    latencies = _latencies()
    return Measured(latencies.p99, latencies.note)


@cache
def _latencies() -> Latencies:
    took, bare = [], []
    with fresh_database() as url, desk_on(url) as desk, raw_table(url) as raw:
        _prepare(desk)
        with _worker(url):
            approvals = _Approvals(url, desk)
            for _ in range(WARM_UP):
                approvals.one()
            for row in raw_rows(APPROVALS, 1):
                took.append(approvals.one())
                time.sleep(PACE_S)
                bare.append(_insert(raw, row[0]))
            approvals.close()
    ours, theirs = statistics.quantiles(took, n=100), statistics.quantiles(bare, n=100)
    return Latencies(*(1e3 * each for each in (ours[49], ours[98], theirs[49], theirs[98])))


def _prepare(desk: Desk) -> None:
    """An account that may trade at any hour and a trader to follow, before anybody works."""
    now = datetime.now(UTC)
    found(desk, now, account=ACCOUNT, cash=CASH)
    set_limits(desk, _command(), LOCAL_OPERATOR, account=ACCOUNT, limits=LIMITS)
    trader = Trader.register(platform="discord", author_id="77", name="Nora", at=now)
    desk.run(_command(), lambda work: work.begin(trader))


class _Approvals:
    """Somebody who says yes, and sees when the order is at the broker."""

    def __init__(self, url: str, desk: Desk) -> None:
        self._url = url
        self._desk = desk
        self._contract = _contract(datetime.now(UTC).date() + timedelta(days=30))
        self._listening = psycopg.connect(url, autocommit=True)
        self._listening.execute("LISTEN tape")
        self._pool = open_pool(url, size=1)
        self._assessor = Assessor(RecordedMarket(self._pool), TradingBooks(self._pool))

    def one(self) -> float:
        """Seconds from a yes to the order at the broker."""
        self._quote()
        signal = new_signal(
            legs=(Leg(symbol=self._contract, side=Side.BUY),), price="0.50", at=datetime.now(UTC)
        )
        self._desk.run(_command(), lambda work: work.begin(signal))
        self._hear(signal.id, "signal.posted")
        time.sleep(PACE_S)
        said = _command()
        began = time.perf_counter()
        approve(
            self._desk, said, LOCAL_OPERATOR,
            signal=signal.id, account=ACCOUNT, via="benchmark", assessor=self._assessor,
        )  # fmt: skip
        self._await_order(entry_name(signal.id))
        return time.perf_counter() - began

    def close(self) -> None:
        self._listening.close()
        self._pool.close()

    def _await_order(self, name: str) -> None:
        """Waits until the broker has the order on its books."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            row = self._listening.execute(
                "SELECT FROM paper.orders WHERE account = %s AND cl_ord_id = %s", (ACCOUNT, name),
                prepare=True,
            ).fetchone()  # fmt: skip
            if row is not None:
                return
            time.sleep(LOOK_S)
        raise AssertionError(f"{name} never comes to the broker")

    def _hear(self, stream: UUID, name: str) -> None:
        """Waits until an event of a stream is committed."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            row = self._listening.execute(
                "SELECT FROM tape.events WHERE stream = %s AND name = %s", (stream, name),
                prepare=True,
            ).fetchone()  # fmt: skip
            if row is not None:
                return
            for _ in self._listening.notifies(timeout=1.0, stop_after=1):
                continue
        raise AssertionError(f"there is no {name}")

    def _quote(self) -> None:
        self._listening.execute(
            "INSERT INTO market.quotes VALUES (%s, %s, 0.45, 0.50, %s, %s, 'benchmark')",
            (self._contract, datetime.now(UTC), PLENTY, PLENTY),
        )


@contextmanager
def _worker(url: str) -> Iterator[None]:
    """`truetape work` on a database, once it follows the tape."""
    settings = {"TRUETAPE_DATABASE_URL": url, "TRUETAPE_REDIS_URL": redis_url()}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "interfaces.cli", "work"],
        env={**os.environ, **settings},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        assert b"working" in process.stdout.readline()
        yield
        assert process.poll() is None, "the worker ended"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _contract(expiry: date) -> str:
    return f"TSLA  {expiry:%y%m%d}C00250000"


def _command() -> Command:
    return Command.given(uuid4(), actor="member:benchmark", at=datetime.now(UTC))


def _insert(connection: psycopg.Connection, row: tuple[Any, ...]) -> float:
    insert = f"INSERT INTO raw ({RAW_COLUMNS}) VALUES (%b, %b, %t, %b, %t, %b, %b)"
    return seconds(lambda: connection.execute(insert, row, prepare=True))
