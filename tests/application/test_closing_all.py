"""An account is emptied once a day, step by step, and says what it came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace
from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.reaction_runner import ReactionRunner
from adapters.trading_books import TradingBooks
from application.access import LOCAL_OPERATOR
from application.administering import open_account
from application.brokerage import BrokerPosition
from application.closing_all import ClosingAll, order_close_all, why_closing
from application.desk import Desk, Work
from application.exiting import Exiting
from application.hours import Session
from application.ports import Forbidden, NotFound
from domain.approvals import Role
from domain.close_alls import CloseAll, CloseAllFinished, ClosedPosition
from domain.exits import closing_name
from domain.order_events import OrderRequested
from domain.orders import Order, order_stream
from domain.shared import Impossible, InvalidInput
from tests.application.acts import TSLA, catch_up, command, events, last, member, names
from tests.application.conftest import NOON, ShownMarket
from tests.application.exit_acts import (
    accept,
    asked,
    cancel,
    enter,
    fill,
    order,
    plan_of,
    reject,
    sell_by_hand,
    signal_with,
    status,
)

D = Decimal
OPENS = NOON.replace(hour=14, minute=30)
CLOSES = NOON.replace(hour=21)


class Calendar:
    """One session on the day of these tests."""

    def __init__(self, closes_at: datetime = CLOSES) -> None:
        self.closes_at = closes_at

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        session = Session(NOON.date(), OPENS, self.closes_at)
        return [session] if first <= session.date <= last else []


class World:
    """An account that is emptied by a step now and then."""

    def __init__(
        self, desk: Desk, url: str, pool: ConnectionPool[Connection[object]], market: ShownMarket
    ) -> None:
        self.desk = desk
        self.market = market
        self.exiting = ReactionRunner(url, desk, Exiting(market))
        self.positions = TradingBooks(pool)
        self.orders: list[str] = []
        self.at_broker: list[BrokerPosition] = []
        self.now = NOON
        self.restart()

    def restart(self) -> None:
        self.closing = ClosingAll(
            self.desk, lambda: ["paper"], self, self.positions, self.market,
            at_broker=lambda _: self.at_broker,
        )  # fmt: skip

    def open_orders(self, account: str) -> Sequence[str]:
        """Those of the given orders, and of the closing ones, that are open."""
        mine = Work(self.desk)
        closing = [
            event.cl_ord_id
            for event in events(self.desk)
            if isinstance(event, OrderRequested) and "-x" in event.cl_ord_id
        ]
        return [name for name in [*self.orders, *closing]
                if mine.get(Order, order_stream(name)).status.is_open]  # fmt: skip

    def step(self, at: datetime | None = None) -> list[CloseAll]:
        catch_up(self.exiting)
        self.now = at or self.now + timedelta(seconds=3)
        found = self.closing.step(self.now)
        catch_up(self.exiting)
        return found

    def order(self, clock: time | None = None, calendar: Calendar | None = None) -> None:
        order_close_all(
            self.desk, command(at=self.now), LOCAL_OPERATOR, calendar or Calendar(),
            account="paper", clock=clock,
        )  # fmt: skip

    def refused(self, at: datetime | None = None) -> str:
        return why_closing(Work(self.desk), "paper", at or self.now)


@pytest.fixture
def world(desk: Desk, database_url: str, market: ShownMarket) -> Iterator[World]:
    open_account(desk, command(), LOCAL_OPERATOR, name="paper", broker="paper", cash=D(50_000))
    with ConnectionPool[Connection[object]](database_url, min_size=1, max_size=2) as pool:
        world = World(desk, database_url, pool, market)
        yield world
        world.exiting.close()


def test_orders_are_taken_back_all_is_sold_and_the_report_says_at_which_price(
    world: World,
) -> None:
    world.market.show(TSLA, "5.00", "5.10")
    held = signal_with(world.desk)
    enter(world.desk, held)
    world.orders.append(order(world.desk, "entry-in", "3", signal=signal_with(world.desk)))
    accept(world.desk, "entry-in")
    world.order()
    assert world.refused() == (
        "everything in paper is being closed: nothing is opened before the next session"
    )
    world.step()
    assert status(world.desk, "entry-in") == "pending_cancel"
    assert asked(world.desk) == [("x1", D(9), D("4.95"))]
    cancel(world.desk, "entry-in")
    fill(world.desk, closing_name(held, 1), "9", "5.00")
    world.step()
    assert "close_all.finished" not in names(world.desk)
    world.step()
    report = last(world.desk, CloseAllFinished)
    assert report.left_open == ()
    assert report.closed == (
        ClosedPosition(symbol=TSLA, quantity=D(9), avg_px=D("5.00"), reason="close_all"),
    )
    assert world.step() == []
    assert world.refused() == (
        "everything in paper is closed: nothing is opened before the next session"
    )
    assert world.refused(NOON + timedelta(days=1)) == ""


def test_a_step_more_asks_for_nothing_more(world: World) -> None:
    world.market.show(TSLA, "5.00", "5.10")
    enter(world.desk, signal_with(world.desk))
    world.order()
    world.step()
    before = names(world.desk)
    world.restart()
    world.step()
    world.step()
    assert names(world.desk) == before


def test_ordering_it_again_changes_nothing(world: World) -> None:
    world.order()
    before = names(world.desk)
    world.order()
    world.step()
    world.order()
    assert names(world.desk)[: len(before)] == before
    assert names(world.desk).count("close_all.ordered") == 1


def test_a_resting_target_is_taken_back_before_its_part_is_sold(world: World) -> None:
    world.market.show(TSLA, "6.00", "6.10")
    held = signal_with(world.desk)
    enter(world.desk, held)
    catch_up(world.exiting)
    plan = plan_of(world.desk, held)
    assert plan.free == 9
    by_hand = order_by_hand(world, "4")
    world.order()
    world.step()
    assert status(world.desk, by_hand) == "pending_cancel"
    assert asked(world.desk) == []
    cancel(world.desk, by_hand)
    world.step()
    assert asked(world.desk) == [("x1", D(9), D("5.95"))]


def order_by_hand(world: World, quantity: str) -> str:
    name = sell_by_hand(world.desk, quantity)
    accept(world.desk, name)
    world.orders.append(name)
    return name


def test_what_a_broker_refused_is_sold_later(world: World) -> None:
    world.market.show(TSLA, "5.00", "5.10")
    held = signal_with(world.desk)
    enter(world.desk, held)
    world.order()
    world.step()
    reject(world.desk, closing_name(held, 1), at=world.now)
    world.step()
    assert len(asked(world.desk)) == 1
    world.step()
    world.step()
    assert [name for name, _, _ in asked(world.desk)] == ["x1", "x2"]


def test_at_the_close_the_report_says_what_is_left_and_why(world: World) -> None:
    held = signal_with(world.desk)
    enter(world.desk, held)
    world.order()
    world.step()
    assert plan_of(world.desk, held).due is not None
    world.step(CLOSES)
    (left,) = last(world.desk, CloseAllFinished).left_open
    assert (left.symbol, left.quantity, left.why) == (TSLA, D(9), "no quote")


def test_what_only_the_broker_holds_is_not_flat(world: World) -> None:
    world.at_broker.append(BrokerPosition(symbol="AAPL", quantity=D(10), avg_px=D(190)))
    world.order()
    world.step()
    world.step()
    assert "close_all.finished" not in names(world.desk)
    world.step(CLOSES)
    (left,) = last(world.desk, CloseAllFinished).left_open
    assert left.why == "the broker holds it and no plan here knows of it"


def test_a_clock_time_waits_until_it_comes(world: World) -> None:
    world.market.show(TSLA, "5.00", "5.10")
    enter(world.desk, signal_with(world.desk))
    world.order(time(15, 30))
    assert world.step() == []
    assert world.refused() == ""
    assert world.refused(NOON.replace(hour=20, minute=30)) != ""
    later = NOON.replace(hour=20, minute=30)
    world.market.quotes[TSLA] = replace(world.market.quotes[TSLA], time=later)
    world.step(later)
    assert len(asked(world.desk)) == 1


def test_a_clock_time_comes_earlier_on_a_short_day(world: World) -> None:
    short = Calendar(NOON.replace(hour=18))
    world.order(time(15, 30), short)
    assert world.step(NOON.replace(hour=17, minute=44)) == []
    assert world.step(NOON.replace(hour=17, minute=45)) != []


def test_it_may_begin_earlier_than_was_ordered_and_not_later(world: World) -> None:
    world.order(time(15, 30))
    world.order(time(15, 0))
    with pytest.raises(Impossible, match="earlier only"):
        world.order(time(15, 30))
    world.order()
    assert world.step() != []
    with pytest.raises(Impossible, match="it began"):
        world.order(time(15, 30))


@pytest.mark.parametrize(
    ("at", "clock", "words"),
    [
        (NOON + timedelta(days=3), None, "is closed on Saturday"),
        (CLOSES, None, "the market closed at 21:00"),
        (NOON, time(11, 0), "it is past 11:00"),
        (OPENS - timedelta(hours=2), time(9, 0), "opens at 14:30"),
    ],
)
def test_without_a_session_there_is_nothing_to_close(
    world: World, at: datetime, clock: time | None, words: str
) -> None:
    world.now = at
    with pytest.raises(InvalidInput, match=words):
        world.order(clock)


def test_only_who_may_close_positions_orders_it(world: World) -> None:
    with pytest.raises(Forbidden):
        order_close_all(
            world.desk, command(), member("rob", Role.READER), Calendar(), account="paper"
        )
    with pytest.raises(NotFound):
        order_close_all(world.desk, command(), LOCAL_OPERATOR, Calendar(), account="nobody's")


def test_a_close_all_says_when_it_cannot_go_on() -> None:
    closing = CloseAll.order(
        account="paper", day=NOON.date(), begins_at=NOON, ends_at=CLOSES, by="ada", at=NOON
    )
    with pytest.raises(Impossible, match="has not begun"):
        closing.finish((), (), (), at=NOON)
    with pytest.raises(Impossible, match="it begins at"):
        closing.begin(at=NOON - timedelta(minutes=1))
    closing.begin(at=NOON)
    with pytest.raises(Impossible, match="begun already"):
        closing.begin(at=NOON)
    with pytest.raises(Impossible, match="not over"):
        closing.finish((), (), ("x",), at=NOON)
    closing.finish((), (), (), at=NOON)
    with pytest.raises(Impossible, match="it is over"):
        closing.finish((), (), (), at=NOON)
    with pytest.raises(InvalidInput, match="session ends"):
        CloseAll.order(
            account="paper", day=NOON.date(), begins_at=CLOSES, ends_at=CLOSES, by="a", at=NOON
        )
