"""A worker that is killed while it trades leaves no order doubled, no fill lost or counted twice.

Signals are approved and their exits called while the worker that trades them is killed again and
again: between the approval and the order, between the order and its answer, between a fill and
its booking. Rounds by TRUETAPE_KILL_ROUNDS (5 unless told otherwise), signals in all by
TRUETAPE_KILL_SIGNALS (30 unless told otherwise).
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.embedded import embedded_servers
from adapters.event_reader import read_head
from adapters.postgres import connect, migrate, open_pool
from adapters.reaction_runner import reaction_statuses
from adapters.trading_books import TradingBooks
from application.access import LOCAL_OPERATOR
from application.administering import open_account
from application.approving import approve
from application.desk import Command, Desk, Work
from application.limiting import set_limits
from application.ports import Unavailable
from domain.exits import ExitPlan, exit_plan_stream
from domain.fix import OrdStatus, PositionEffect, Side
from domain.legs import Leg
from domain.limits import Limits
from domain.orders import Order, entry_name, order_stream
from domain.signal_events import ClosedBy
from domain.signals import Signal
from tests.application.acts import BLIND, new_signal
from tests.application.conftest import desk_on
from tests.faults.markets import (
    ACCOUNT,
    BY_HAND,
    CASH,
    SYMBOLS,
    Market,
    OutsideAlpaca,
    Paper,
    Seen,
    outside_alpaca,
)
from tests.faults.test_kill_postgres import kill_postgres
from tests.faults.trading_worker import NOON, Place, RunningClock, work
from tests.forking import PROCESSES
from tests.patience import PATIENCE_S, wait_until

ROUNDS = int(os.environ.get("TRUETAPE_KILL_ROUNDS", "5"))
SIGNALS = int(os.environ.get("TRUETAPE_KILL_SIGNALS", "30"))
PLENTY = 100_000
LIMITS = Limits(
    trade_share=Decimal("0.0005"),
    daily_trades=PLENTY,
    open_positions=PLENTY,
    symbol_share=Decimal(1),
)
OVER = (OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.DENIED, OrdStatus.REJECTED)


T = TypeVar("T")


class Trial:
    """Signals, the worker that trades them, and who kills it."""

    def __init__(self, desk: Desk, url: str, redis_url: str, market: Market, seed: int) -> None:
        self.began = time.time()
        self.clock = RunningClock(self.began)
        self.chance = random.Random(seed)
        self._desk = desk
        self._url = url
        self._market = market
        self._place = Place(url, redis_url, self.began, market.alpaca_url)
        self.approved: list[UUID] = []
        self.left: Counter[UUID] = Counter()
        self._open()

    def _open(self) -> None:
        open_account(
            self._desk, self._command(), LOCAL_OPERATOR,
            name=ACCOUNT, broker=self._market.name, cash=CASH,
        )  # fmt: skip
        set_limits(self._desk, self._command(), LOCAL_OPERATOR, account=ACCOUNT, limits=LIMITS)
        self.quote(PLENTY)

    def storm(
        self,
        kill_server: Callable[[], None] | None = None,
        *,
        rounds: int = ROUNDS,
        signals: int = SIGNALS,
    ) -> None:
        """So many rounds in which everything happens, and the worker dies in each."""
        for number in range(rounds):
            share = signals * (number + 1) // rounds - len(self.approved)
            with self.worker(is_quick=True):
                self._act(share)
                time.sleep(self.chance.uniform(0, 0.4))
                self._market.disturb(self._url)
                if kill_server is not None:
                    kill_server()
                    time.sleep(self.chance.uniform(0, 0.4))
            if kill_server is None:
                self.check_nothing_is_sold_twice()

    def _act(self, signals: int) -> None:
        while signals > 0:
            act = self.chance.random()
            if act < 0.4:
                self._approve()
                signals -= 1
            elif act < 0.7 and self.approved:
                self._leave(self.chance.choice(self.approved))
            else:
                self.quote(self.chance.choice([1, 2, 5, 30]))
            time.sleep(self.chance.uniform(0, 0.03))

    def _approve(self) -> None:
        symbol = self.chance.choice(SYMBOLS)
        signal = new_signal(legs=(Leg(symbol=symbol, side=Side.BUY),), at=self.clock.now())
        begun = self._command()
        self._patiently(lambda: self._desk.run(begun, lambda work: work.begin(signal)))
        said = self._command()
        self._patiently(
            lambda: approve(
                self._desk, said, LOCAL_OPERATOR,
                signal=signal.id, account=ACCOUNT, via="test", assessor=BLIND,
            )
        )  # fmt: skip
        self.approved.append(signal.id)

    def _leave(self, stream: UUID) -> None:
        """The trader closes half of it, the first or the second one."""
        if self.left[stream] == 2:
            return
        self.left[stream] += 1
        at, message, said = self.clock.now(), uuid4(), self._command()

        def exit_half(work: Work) -> Signal:
            found = work.get(Signal, stream)
            found.call_exit(
                quantity=Decimal(1), price=None, reason=ClosedBy.EXIT, message=message,
                rules=(), posted_at=at, at=at,
            )  # fmt: skip
            return found

        self._patiently(lambda: self._desk.run(said, exit_half))

    def quote(self, size: int) -> None:
        self._market.quote(self._url, self.clock.now(), size)

    @contextmanager
    def worker(self, *, is_quick: bool = False) -> Iterator[BaseProcess]:
        """A worker while a block lasts, after which it is killed."""
        ready = PROCESSES.Event()
        process = PROCESSES.Process(target=work, args=(self._place, ready), daemon=True)
        process.start()
        try:
            wait_until(lambda: ready.is_set() or not process.is_alive())
            assert ready.is_set(), "the worker does not start"
            if is_quick:
                time.sleep(self.chance.uniform(0, 0.2))
            yield process
        finally:
            process.kill()
            process.join()
        assert process.exitcode == -signal.SIGKILL, f"the worker died of {process.exitcode}"

    def settle(self) -> None:
        """Lets everything come to rest, undisturbed."""
        self._market.calm()
        deadline = time.monotonic() + PATIENCE_S + SIGNALS / 20
        with self.worker() as worker:
            rested_at = -1
            while True:
                assert worker.is_alive(), f"the worker died of {worker.exitcode}"
                self.quote(PLENTY)
                time.sleep(0.8)
                with connect(self._url) as connection:
                    head = read_head(connection)
                open_ones = self._unfinished()
                if not open_ones and head == rested_at:
                    return
                rested_at = head
                if time.monotonic() > deadline:
                    pytest.fail(f"it does not come to rest: {open_ones}\n{self._doing(worker)}")

    def _doing(self, worker: BaseProcess) -> str:
        """What the sessions of the database do; the worker tells in its log what it does."""
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGUSR1)
        with connect(self._url, role=None) as connection:
            sessions = connection.execute(
                "SELECT pid, state, wait_event_type, wait_event, pg_blocking_pids(pid),"
                " clock_timestamp() - state_change, query FROM pg_stat_activity"
                " WHERE datname = current_database()"
            ).fetchall()
        return "\n".join(map(str, sessions))

    def _unfinished(self) -> list[str]:
        seen = self._market.seen(self._url)
        found = [f"{name} is open at the broker" for name, o in seen.orders.items() if o.is_open]
        with connect(self._url) as connection:
            head = read_head(connection)
            for step in reaction_statuses(connection):
                assert step.state == "running", f"{step.name}: {step.reason}"
                if step.position < head:
                    found.append(f"{step.name} lags")
            due = connection.execute(
                "SELECT key FROM tape.reaction_memory WHERE reaction = 'sending'"
                " AND (starts_with(key, 'due:') OR starts_with(key, 'working:'))"
            ).fetchall()
        found += [key for (key,) in due]
        found += [str(plan.id) for plan in self._plans() if plan.due is not None or plan.called]
        return found

    def check(self) -> None:
        """Everything that has to be true when all is at rest."""
        seen = self._market.seen(self._url)
        orders = self._orders(seen)
        entries: Counter[UUID] = Counter()
        for name, at_broker in seen.orders.items():
            order = orders[name]
            assert order.cum_qty == at_broker.filled, f"{name}: {order.cum_qty} of {at_broker}"
            if order.position_effect is PositionEffect.OPEN:
                assert order.signal is not None
                assert name == entry_name(order.signal)
                entries[order.signal] += 1
        assert max(entries.values()) == 1, "a signal has two entry orders at the broker"
        assert sum(len(order.fills) for order in orders.values()) == seen.fills
        self._check_nothing_is_forgotten()
        assert self._held() == seen.positions
        self.check_nothing_is_sold_twice()

    def _check_nothing_is_forgotten(self) -> None:
        """Each approved signal has its order, and it is over; what the trader left is sold."""
        work = Work(self._desk)
        for stream in self.approved:
            order = work.get(Order, order_stream(entry_name(stream)))
            assert order.status in OVER, f"{order.cl_ord_id} is {order.status.value}"
            if order.status is OrdStatus.CANCELED:
                assert self.left[stream], "it was canceled, and nobody left"
            plan = work.find(ExitPlan, exit_plan_stream(ACCOUNT, stream))
            held = Decimal(0) if plan is None else plan.held
            if self.left[stream] == 2:
                assert held == 0, f"{stream} was left, and {held} are held"
            if self.left[stream] == 0:
                assert held == order.cum_qty, f"nobody left {stream}, and {held} are held"

    def check_nothing_is_sold_twice(self) -> None:
        """What is sold or offered for a trade is never more than what was bought for it."""
        seen = self._market.seen(self._url)
        orders = self._orders(seen)
        bought: Counter[UUID] = Counter()
        promised: Counter[UUID] = Counter()
        for name, at_broker in seen.orders.items():
            order = orders[name]
            assert order.signal is not None
            if order.position_effect is PositionEffect.OPEN:
                bought[order.signal] += int(at_broker.filled)
            else:
                working = order.order_qty if at_broker.is_open else at_broker.filled
                promised[order.signal] += int(working)
        for stream, quantity in promised.items():
            assert quantity <= bought[stream], f"{quantity} sold of {bought[stream]} of {stream}"

    def _orders(self, seen: Seen) -> dict[str, Order]:
        """Our side of the broker's orders: each has one."""
        work = Work(self._desk)
        work.prefetch({order_stream(name) for name in seen.orders})
        return {name: work.get(Order, order_stream(name)) for name in seen.orders}

    def _plans(self) -> list[ExitPlan]:
        work = Work(self._desk)
        streams = [exit_plan_stream(ACCOUNT, stream) for stream in self.approved]
        work.prefetch(streams)
        found = [work.find(ExitPlan, stream) for stream in streams]
        return [plan for plan in found if plan is not None]

    def _held(self) -> dict[str, Decimal]:
        pool = open_pool(self._url, size=1)
        try:
            return dict(TradingBooks(pool).holdings(ACCOUNT))
        finally:
            pool.close()

    def _command(self) -> Command:
        return Command.given(uuid4(), actor="member:test", at=self.clock.now())

    def _patiently(self, act: Callable[[], T]) -> T:
        """Does something again while the database is away: the command's id stays the same."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return act()
            except (Unavailable, psycopg.Error):
                assert time.monotonic() < deadline, "the database does not come back"
                time.sleep(0.05)


def test_a_worker_that_trades_on_paper_is_killed(database_url: str, redis_url: str) -> None:
    with desk_on(database_url) as desk:
        trial = Trial(desk, database_url, redis_url, Paper(), seed=1)
        trial.storm()
        trial.settle()
        trial.check()


@pytest.mark.slow
def test_the_database_dies_with_the_worker(home: Path, redis_url: str) -> None:
    def kill_server() -> None:
        kill_postgres(home)
        with embedded_servers(home):
            # Started again by whoever comes first.
            pass

    with embedded_servers(home) as servers:
        url = servers.database_url
        migrate(url)
        with desk_on(url) as desk:
            trial = Trial(desk, url, redis_url, Paper(), seed=2)
            # A server takes seconds to come back: half of it has to do.
            trial.storm(kill_server, rounds=(ROUNDS + 1) // 2, signals=(SIGNALS + 1) // 2)
            trial.settle()
            trial.check()


def test_the_connection_to_alpaca_is_cut_and_the_worker_killed(
    database_url: str, redis_url: str
) -> None:
    with outside_alpaca(NOON, seed=3) as market, desk_on(database_url) as desk:
        trial = Trial(desk, database_url, redis_url, market, seed=3)
        trial.storm()
        with trial.worker():
            # What is traded while no worker listens yet is heard of by none.
            wait_until(lambda: bool(strays_after(market, database_url)))
        trial.settle()
        trial.check()
        assert all(name.startswith(BY_HAND) for name in strays(database_url))


def strays_after(market: OutsideAlpaca, url: str) -> list[str]:
    """What was heard of all that was traded by hand, after a share more."""
    market.trade_by_hand()
    time.sleep(0.2)
    return strays(url)


def strays(url: str) -> list[str]:
    """The names of orders that the broker told of and nobody here had placed."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT convert_from(body, 'UTF8')::jsonb->'report'->>'cl_ord_id'"
            " FROM tape.events WHERE name = 'report.stray'"
        ).fetchall()
    return [name for (name,) in rows]
