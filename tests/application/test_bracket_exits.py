"""The stop and the target of a bracket belong to the trade of the order that brought them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from adapters.postgres import open_pool
from adapters.trading_books import TradingBooks
from application.access import LOCAL_OPERATOR
from application.administering import open_account
from application.desk import Desk, Work
from application.reporting import book_reports
from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.orders import Order, order_stream
from domain.reports import ExecType, ExecutionReport
from domain.strays import stray_stream
from tests.application.acts import begin, catch_up, command, names
from tests.application.conftest import NOON, ShownMarket
from tests.application.floor import Floor, floor_on

D = Decimal


@pytest.fixture
def floor(desk: Desk, database_url: str, market: ShownMarket) -> Iterator[Floor]:
    """An account at a broker outside holds 100 shares that it bought with a bracket."""
    with floor_on(desk, database_url, market) as floor:
        open_account(
            desk, command(), LOCAL_OPERATOR, name="main", broker="alpaca", cash=D(50_000)
        )  # fmt: skip
        _enter(desk, "o-1", stop="240", target="270")
        catch_up(*floor.runners)
        yield floor


def _enter(desk: Desk, name: str, *, stop: str | None = None, target: str | None = None) -> None:
    entry = Order.request(
        cl_ord_id=name, account="main", signal=None, side=Side.BUY,
        position_effect=PositionEffect.OPEN, legs=(Leg(symbol="TSLA", side=Side.BUY),),
        order_qty=D(100), ord_type=OrdType.MARKET, limit_px=None,
        time_in_force=TimeInForce.GTC, stop_loss_px=None if stop is None else D(stop),
        take_profit_px=None if target is None else D(target), at=NOON,
    )  # fmt: skip
    entry.clear(at=NOON)
    entry.submit("alpaca", at=NOON)
    begin(desk, entry)
    told(desk, name, ExecType.NEW)
    told(desk, name, ExecType.TRADE, last_qty=D(100), last_px=D(250), cum_qty=D(100))


def told(desk: Desk, name: str, kind: ExecType, account: str = "main", **figures: Any) -> int:
    """The broker reports of an order."""
    report = ExecutionReport(
        exec_type=kind, cl_ord_id=name, exec_id=f"{name} {kind.value}", transact_time=NOON,
        order_id=f"b {name}", **figures,
    )  # fmt: skip
    return book_reports(desk, account, "alpaca", [report], at=NOON)


def order(desk: Desk, name: str) -> Order:
    return Work(desk).get(Order, order_stream(name))


def test_they_are_orders_on_record_from_their_first_report(desk: Desk, floor: Floor) -> None:
    for name in ("o-1.sl", "o-1.tp"):
        told(desk, name, ExecType.NEW)
    stop, target = order(desk, "o-1.sl"), order(desk, "o-1.tp")
    assert (stop.ord_type, stop.stop_px) == (OrdType.STOP, D(240))
    assert (target.ord_type, target.limit_px) == (OrdType.LIMIT, D(270))
    for exit_ in (stop, target):
        assert (exit_.side, exit_.position_effect) == (Side.SELL, PositionEffect.CLOSE)
        assert (exit_.order_qty, exit_.status) == (D(100), OrdStatus.NEW)


def test_nobody_here_sends_or_denies_them(desk: Desk, floor: Floor) -> None:
    before = len(names(desk))
    told(desk, "o-1.sl", ExecType.PENDING_NEW)
    catch_up(*floor.runners)
    assert {"order.cleared", "order.denied"}.isdisjoint(names(desk)[before:])


def test_what_they_sell_leaves_the_books(desk: Desk, floor: Floor, database_url: str) -> None:
    for name in ("o-1.sl", "o-1.tp"):
        told(desk, name, ExecType.NEW)
    told(desk, "o-1.tp", ExecType.TRADE, last_qty=D(100), last_px=D(270), cum_qty=D(100))
    told(desk, "o-1.sl", ExecType.CANCELED)
    catch_up(*floor.runners)
    with open_pool(database_url, size=1) as pool:
        books = TradingBooks(pool)
        book = books.book("main")
        assert dict(books.holdings("main")) == {}
    assert book is not None
    assert book.cash == D(52_000)
    assert "exit_plan.done" in names(desk)


@pytest.mark.parametrize(
    ("name", "account"),
    [("o-2.sl", "main"), ("o-1.sl", "else"), ("o-1.xx", "main"), (".sl", "main")],
)
def test_what_no_bracket_of_the_account_brought_is_a_stray(
    desk: Desk, floor: Floor, name: str, account: str
) -> None:
    _enter(desk, "o-2", target="270")
    told(desk, name, ExecType.NEW, account)
    assert Work(desk).find(Order, order_stream(name)) is None
    assert stray_stream(account, name) in Work(desk).prefetch([stray_stream(account, name)])
