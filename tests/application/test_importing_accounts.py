"""What an account did before anybody asked from here is put on record, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.postgres import open_pool
from adapters.trading_books import TradingBooks
from application.access import LOCAL_OPERATOR
from application.administering import open_account
from application.books import Book
from application.desk import Desk, Work
from application.importing_accounts import History, Imported, import_history
from application.ports import NotFound
from application.reconciling import record_activities
from application.reporting import book_reports
from domain.activities import Activity, ActivityKind
from domain.fix import OrdStatus, PositionEffect
from domain.orders import Order, order_stream
from domain.reports import ExecType, ExecutionReport
from domain.strays import Strays, stray_stream
from tests.application.acts import TSLA, catch_up, command, events, names
from tests.application.conftest import NOON, ShownMarket
from tests.application.exit_acts import accept, fill, order
from tests.application.floor import Floor, floor_on

D = Decimal
LONG_AGO = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
FILL = ActivityKind.FILL


def activity(number: int, kind: ActivityKind = FILL, **said: Any) -> Activity:
    """One activity, `number` minutes after the first."""
    at = said.pop("happened_at", LONG_AGO + timedelta(minutes=number))
    figures: dict[str, Any] = {
        name: D(said.pop(name)) for name in ("quantity", "price", "amount") if name in said
    }
    return Activity(activity_id=f"a-{number}", kind=kind, happened_at=at, **figures, **said)


def bought(number: int, quantity: str, price: str, order_id: str = "", **said: Any) -> Activity:
    """A fill of TSLA's call; a quantity below zero was sold."""
    said.setdefault("symbol", TSLA)
    return activity(
        number, quantity=quantity, price=price, order_id=order_id or f"b-{number}", **said
    )


class Importer:
    """An account at a broker outside, and imports into it."""

    def __init__(self, desk: Desk, floor: Floor, books: TradingBooks) -> None:
        self.desk = desk
        self.floor = floor
        self.books = books
        open_account(
            desk, command(), LOCAL_OPERATOR, name="paper", broker="alpaca", cash=D(50_000)
        )  # fmt: skip
        self.follow()

    def follow(self) -> None:
        catch_up(*self.floor.runners)

    def brings(self, *activities: Activity, **known: str) -> Imported:
        history = History(
            account="paper", broker="alpaca", activities=activities,
            held=self.books.holdings("paper"), orders=known,
        )  # fmt: skip
        found = import_history(self.desk, history, actor="member:ada", at=NOON)
        self.follow()
        return found

    def order(self, name: str) -> Order:
        return Work(self.desk).get(Order, order_stream(name))

    @property
    def book(self) -> Book:
        book = self.books.book("paper")
        assert book is not None
        return book

    @property
    def holdings(self) -> dict[str, Decimal]:
        return dict(self.books.holdings("paper"))


@pytest.fixture
def importer(desk: Desk, database_url: str, market: ShownMarket) -> Iterator[Importer]:
    pool = open_pool(database_url, size=1)
    with floor_on(desk, database_url, market) as floor:
        yield Importer(desk, floor, TradingBooks(pool))
    pool.close()


def test_fills_become_orders_and_positions_follow(importer: Importer) -> None:
    found = importer.brings(bought(1, "9", "5.52"), bought(2, "-4", "7.25"))
    assert (found.orders, found.fills, found.known) == (2, 2, 0)
    assert importer.holdings == {TSLA: D(5)}
    entry, way_out = importer.order("b-1"), importer.order("b-2")
    assert (entry.status, entry.avg_px) == (OrdStatus.FILLED, D("5.52"))
    assert way_out.position_effect is PositionEffect.CLOSE


def test_nothing_that_is_imported_is_sent(importer: Importer) -> None:
    importer.brings(bought(1, "9", "5.52"))
    assert not importer.floor.brokerages.step()
    assert "order.cleared" not in names(importer.desk)


def test_the_opening_cash_has_seen_it_all(importer: Importer) -> None:
    importer.brings(bought(1, "9", "5.52", amount="-4974.30"), bought(2, "-4", "7.25"))
    assert importer.book.cash == D(50_000)
    assert importer.book.invested == D(5) * 552


def test_what_was_traded_since_moves_the_cash(importer: Importer) -> None:
    later = NOON + timedelta(hours=1)
    importer.brings(bought(1, "9", "5.52", amount="-4974.30", happened_at=later))
    assert importer.book.cash == D(50_000) - D("4974.30")


def test_the_same_again_adds_nothing(importer: Importer) -> None:
    told = (
        bought(1, "9", "5.52"), bought(2, "-4", "7.25"),
        activity(3, ActivityKind.DEPOSIT, amount="500"),
        activity(4, ActivityKind.UNCLASSIFIED, amount="3", raw='{"odd": 1}'),
    )  # fmt: skip
    importer.brings(*told)
    before = len(events(importer.desk))
    found = importer.brings(*told)
    assert (found.orders, found.fills, found.facts, found.known) == (0, 0, 0, 4)
    assert len(events(importer.desk)) == before


def test_fills_of_one_order_are_one_order(importer: Importer) -> None:
    found = importer.brings(
        bought(1, "4", "5.50", "b", cum_qty=D(4)), bought(2, "5", "5.52", "b", cum_qty=D(9))
    )
    assert (found.orders, found.fills) == (1, 2)
    order = importer.order("b")
    assert (order.order_qty, order.cum_qty, order.status) == (D(9), D(9), OrdStatus.FILLED)


def test_the_next_file_goes_on_where_the_last_one_ended(importer: Importer) -> None:
    importer.brings(bought(1, "9", "5.52"))
    importer.brings(bought(2, "-9", "7.25"))
    assert importer.order("b-2").position_effect is PositionEffect.CLOSE
    assert importer.holdings == {}


def test_a_sale_of_more_than_was_held_closes_and_opens(importer: Importer) -> None:
    importer.brings(bought(1, "4", "5.50"), bought(2, "-6", "6.00"))
    assert importer.order("b-2").order_qty == 4
    turned = importer.order("b-2.open")
    assert (turned.position_effect, turned.order_qty) == (PositionEffect.OPEN, D(2))
    assert importer.holdings == {TSLA: D(-2)}


def test_each_leg_of_several_is_an_order_on_record(importer: Importer) -> None:
    other = "TSLA  261120C00260000"
    importer.brings(bought(1, "2", "5.50", "b"), bought(2, "-2", "2.20", "b", symbol=other))
    assert importer.holdings == {TSLA: D(2), other: D(-2)}


def test_history_is_taken_in_the_order_of_its_times(importer: Importer) -> None:
    importer.brings(
        activity(3, ActivityKind.EXPIRY, symbol=TSLA, quantity="-5"),
        bought(2, "-4", "7.25"),
        bought(1, "9", "5.52"),
    )
    assert importer.holdings == {}
    assert names(importer.desk).count("holding.expired") == 1


def test_deposits_from_before_are_in_the_opening_cash(importer: Importer) -> None:
    importer.brings(activity(1, ActivityKind.DEPOSIT, amount="50000"))
    assert importer.book.cash == D(50_000)


def test_what_nobody_understands_is_kept(importer: Importer) -> None:
    odd = activity(1, ActivityKind.UNCLASSIFIED, amount="3", raw='{"odd": 1}')
    nameless = activity(2, symbol="?!", quantity="1", price="1")
    assert importer.brings(odd, nameless).facts == 2
    assert importer.holdings == {}


def test_fills_of_our_own_orders_are_left_to_their_reports(importer: Importer) -> None:
    order(importer.desk, "ours", "9")
    accept(importer.desk, "ours")
    fill(importer.desk, "ours", "9", "5.52")
    importer.follow()
    own = bought(1, "9", "5.52", "b-9", happened_at=NOON)
    assert importer.brings(own, **{"b-9": "ours"}).known == 1
    assert importer.brings(replace_name(own, "ours")).known == 1
    assert importer.holdings == {TSLA: D(9)}


def replace_name(told: Activity, name: str) -> Activity:
    return Activity(
        activity_id=told.activity_id, kind=told.kind, happened_at=told.happened_at,
        symbol=told.symbol, quantity=told.quantity, price=told.price, cl_ord_id=name,
    )  # fmt: skip


def test_a_fill_that_was_kept_as_a_fact_becomes_an_order(importer: Importer) -> None:
    told = bought(1, "9", "5.52")
    record_activities(importer.desk, "paper", "alpaca", [told], at=NOON)
    importer.follow()
    assert importer.brings(told).orders == 1
    assert importer.holdings == {TSLA: D(9)}


def test_strays_are_claimed_by_the_order_that_they_are_of(importer: Importer) -> None:
    report = ExecutionReport(
        exec_type=ExecType.NEW, cl_ord_id="by-hand", exec_id="x", transact_time=LONG_AGO
    )
    book_reports(importer.desk, "paper", "alpaca", [report], at=NOON)
    importer.brings(bought(1, "9", "5.52", cl_ord_id="by-hand"))
    strays = Work(importer.desk).get(Strays, stray_stream("paper", "by-hand"))
    assert strays.claimed == order_stream("by-hand")


def test_a_file_and_the_broker_tell_of_one_order_by_its_id(importer: Importer) -> None:
    told = bought(1, "9", "5.52")
    importer.brings(told)
    again = bought(1, "9", "5.52", cl_ord_id="by-hand")
    assert importer.brings(again, **{"b-1": "b-1"}).known == 1


def test_an_account_that_nobody_opened_has_no_history(importer: Importer) -> None:
    history = History(account="else", broker="alpaca", activities=(), held={}, orders={})
    with pytest.raises(NotFound, match="no account"):
        import_history(importer.desk, history, actor="member:ada", at=NOON)
