"""What the brokers of the crash tests have: ours in the database, and a fake Alpaca of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol
from urllib.request import Request, urlopen

import psycopg

from tests.adapters.alpaca.updates import KEY, SECRET
from tests.patience import PATIENCE_S

ACCOUNT = "main"
CASH = Decimal(10_000_000)
SYMBOLS = tuple(f"TSLA  261120C00{strike}000" for strike in (240, 250, 260))
BY_HAND = "by-hand"
"""What the names of orders begin with that nobody here asked for."""

D = Decimal


class AtBroker(NamedTuple):
    """An order as its broker has it."""

    is_open: bool
    filled: Decimal


class Seen(NamedTuple):
    """All that a broker has; `fills` counts its executions."""

    orders: Mapping[str, AtBroker]
    positions: Mapping[str, Decimal]
    fills: int


class Market(Protocol):
    """A broker as a test sees it, with the quotes by which it fills."""

    name: str
    alpaca_url: str

    def quote(self, url: str, at: datetime, size: int) -> None: ...
    def disturb(self, url: str) -> None: ...
    def calm(self) -> None: ...
    def seen(self, url: str) -> Seen: ...


class Paper:
    """The broker in our own database."""

    name = "paper"
    alpaca_url = ""

    def quote(self, url: str, at: datetime, size: int) -> None:
        record(url, at, size)

    def disturb(self, url: str) -> None:
        """What disturbs it is that its database dies."""

    def calm(self) -> None:
        """There is nothing to calm."""

    def seen(self, url: str) -> Seen:
        with psycopg.connect(url) as connection:
            orders = connection.execute(
                "SELECT cl_ord_id, is_open, coalesce((state->>'cum_qty')::numeric, 0)"
                " FROM paper.orders"
            ).fetchall()
            held = connection.execute(
                "SELECT symbol, (state->>'quantity')::numeric FROM paper.positions"
            ).fetchall()
            fills = connection.execute(
                "SELECT count(*) FROM paper.executions WHERE report->>'exec_type' = 'trade'"
            ).fetchone()
        assert fills is not None
        return Seen(
            {name: AtBroker(*order) for name, *order in orders},
            {symbol: quantity for symbol, quantity in held if quantity},
            fills[0],
        )


class OutsideAlpaca:
    """A fake Alpaca as a process of its own, which misbehaves while a test lasts."""

    name = "alpaca"

    def __init__(self, url: str) -> None:
        self.alpaca_url = url
        self._by_hand = 0

    def quote(self, url: str, at: datetime, size: int) -> None:
        record(url, at, size)
        for symbol in SYMBOLS:
            self._tell("quote", symbol=symbol, bid="5.40", offer="5.50",
                       bid_size=size, offer_size=size)  # fmt: skip

    def begin(self, at: datetime, seed: int) -> None:
        """Sets the clock, and lets answers and messages get lost from now on."""
        self._tell("clock", now=at.isoformat())
        self._tell("quote", symbol="AAPL", bid="189", offer="189.2")
        orders = {"path": "orders", "times": None}
        self._tell(
            "faults",
            seed=seed,
            requests=[
                {"kind": "lose_answer", "method": "POST", "chance": 0.15, **orders},
                {"kind": "lose_request", "method": "POST", "chance": 0.10, **orders},
                {"kind": "lose_answer", "method": "DELETE", "chance": 0.15, **orders},
                {"kind": "lose_answer", "method": "GET", "chance": 0.03, **orders},
            ],
            stream={"lose_share": 0.1, "double_share": 0.1, "swap_share": 0.1},
        )

    def disturb(self, url: str) -> None:
        """Somebody trades by hand, so that reports come that are not ours; the stream is cut."""
        self.trade_by_hand()
        time.sleep(0.05)
        self._tell("cut")

    def trade_by_hand(self) -> None:
        """Somebody buys a share without us."""
        self._by_hand += 1
        self._ask("v2/orders", {
            "client_order_id": f"{BY_HAND}-{self._by_hand}", "symbol": "AAPL", "qty": "1",
            "side": "buy", "type": "market", "time_in_force": "day",
        }, patiently=True)  # fmt: skip

    def calm(self) -> None:
        self._tell("faults")

    def state(self) -> Any:
        return self._ask("control/state")

    def seen(self, url: str) -> Seen:
        state = self.state()
        assert state["breaches"] == []
        orders = {
            each["client_order_id"]: AtBroker(
                each["status"] in ("new", "accepted", "pending_new", "partially_filled"),
                D(each["filled_qty"]),
            )
            for each in state["orders"]
            if not each["client_order_id"].startswith(BY_HAND)
        }
        positions = {
            _padded(symbol): D(quantity)
            for symbol, quantity in state["positions"].items()
            if symbol != "AAPL"
        }
        fills = [fill for fill in state["fills"] if fill["symbol"] != "AAPL"]
        return Seen(orders, positions, len(fills))

    def _tell(self, what: str, **told: object) -> None:
        self._ask(f"control/{what}", told)

    def _ask(self, path: str, told: object = None, *, patiently: bool = False) -> Any:
        request = Request(
            f"{self.alpaca_url}/{path}",
            data=None if told is None else json.dumps(told).encode(),
            headers={
                "APCA-API-KEY-ID": KEY,
                "APCA-API-SECRET-KEY": SECRET,
                "Content-Type": "application/json",
            },
        )
        try:
            with urlopen(request, timeout=PATIENCE_S) as answer:
                return json.load(answer)
        except OSError:
            if not patiently:
                raise
            return None


@contextmanager
def outside_alpaca(at: datetime, seed: int) -> Iterator[OutsideAlpaca]:
    """A fake Alpaca while a block lasts."""
    command = [sys.executable, "-m", "tests.adapters.alpaca.server", "--cash", str(CASH)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        market = OutsideAlpaca(process.stdout.readline().strip())
        market.begin(at, seed)
        yield market
    finally:
        process.kill()
        process.wait()


def record(url: str, at: datetime, size: int) -> None:
    """Records a quote of every contract at a moment."""
    rows: Sequence[tuple[object, ...]] = [
        (symbol, at, D("5.40"), D("5.50"), size, size, "test") for symbol in SYMBOLS
    ]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO market.quotes VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            rows,
        )


def _padded(symbol: str) -> str:
    return f"{symbol[:-15]:<6}{symbol[-15:]}"
