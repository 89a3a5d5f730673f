"""A closing order that is replaced takes more or less of what is guarded, never too much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from uuid import UUID

import pytest

from adapters.postgres import open_pool
from adapters.reaction_runner import ReactionRunner
from adapters.trading_books import TradingBooks
from application.access import LOCAL_OPERATOR
from application.amending_orders import replace_order
from application.brokerage import Replacement
from application.desk import Desk, Outcome
from application.exiting import Exiting
from domain.exit_events import ExitPlanReleased
from domain.exits import closing_name
from domain.fix import OrdStatus, Side
from domain.legs import Leg
from domain.orders import Order, order_stream
from domain.reports import ExecType
from domain.shared import Impossible
from tests.application.acts import TSLA, call_exit, catch_up, change, command, last, names
from tests.application.conftest import NOON, ShownMarket
from tests.application.exit_acts import (
    accept,
    asked,
    cancel,
    enter,
    fill,
    order,
    plan_of,
    sell_by_hand,
    settle,
    signal_with,
    status,
)
from tests.application.scripted import report

D = Decimal
Replace = Callable[..., Outcome]


@pytest.fixture
def exiting(desk: Desk, database_url: str, market: ShownMarket) -> Iterator[ReactionRunner]:
    runner = ReactionRunner(database_url, desk, Exiting(market))
    yield runner
    runner.close()


@pytest.fixture
def replace(desk: Desk, database_url: str, exiting: ReactionRunner) -> Iterator[Replace]:
    """Somebody asks for another quantity or price of an order."""
    pool = open_pool(database_url, size=1)

    def ask(name: str, quantity: str | None = None, limit: str | None = None) -> Outcome:
        terms = Replacement(
            order_qty=None if quantity is None else D(quantity),
            limit_px=None if limit is None else D(limit),
        )
        outcome = replace_order(
            desk, command(), LOCAL_OPERATOR, order=order_stream(name), terms=terms,
            reason="other terms", positions=TradingBooks(pool),
        )  # fmt: skip
        catch_up(exiting)
        return outcome

    yield ask
    pool.close()


def held(desk: Desk, exiting: ReactionRunner) -> UUID:
    """Nine contracts of a signal."""
    signal = signal_with(desk)
    enter(desk, signal)
    catch_up(exiting)
    return signal


def by_hand(desk: Desk, exiting: ReactionRunner, quantity: str) -> str:
    name = sell_by_hand(desk, quantity)
    accept(desk, name)
    catch_up(exiting)
    return name


def told(desk: Desk, exiting: ReactionRunner, name: str, kind: ExecType, quantity: str) -> None:
    """The broker answers."""
    said = report(name, kind, exec_id=f"{kind}-{quantity}", order_qty=D(quantity), text="no")
    change(desk, Order, order_stream(name), lambda order: order.take(said, at=NOON))
    catch_up(exiting)


def test_more_is_taken_when_it_is_asked_for(
    desk: Desk, exiting: ReactionRunner, replace: Replace
) -> None:
    signal = held(desk, exiting)
    name = by_hand(desk, exiting, "2")
    outcome = replace(name, "5")
    assert outcome.stream == order_stream(name)
    assert plan_of(desk, signal).free == 4
    told(desk, exiting, name, ExecType.REPLACED, "5")
    assert plan_of(desk, signal).free == 4
    fill(desk, name, "5")
    catch_up(exiting)
    plan = plan_of(desk, signal)
    assert (plan.held, plan.free, plan.working) == (D(4), D(4), {})


def test_more_than_is_free_is_refused(
    desk: Desk, exiting: ReactionRunner, replace: Replace
) -> None:
    held(desk, exiting)
    first, second = by_hand(desk, exiting, "4"), by_hand(desk, exiting, "3")
    with pytest.raises(Impossible, match="no more than 2 beyond its 4 are held"):
        replace(first, "7")
    assert "order.replace_requested" not in names(desk)
    replace(first, "6")
    with pytest.raises(Impossible, match="no more than 0 beyond its 3"):
        replace(second, "4")


def test_what_the_broker_refuses_is_free_again(
    desk: Desk, exiting: ReactionRunner, replace: Replace
) -> None:
    signal = held(desk, exiting)
    name = by_hand(desk, exiting, "2")
    replace(name, "5")
    told(desk, exiting, name, ExecType.REPLACE_REJECTED, "2")
    assert plan_of(desk, signal).free == 7


def test_less_is_given_back_when_the_broker_has_said_yes(
    desk: Desk, exiting: ReactionRunner, replace: Replace
) -> None:
    signal = held(desk, exiting)
    name = by_hand(desk, exiting, "6")
    fill(desk, name, "1")
    replace(name, "3")
    assert plan_of(desk, signal).free == 3
    told(desk, exiting, name, ExecType.REPLACED, "3")
    plan = plan_of(desk, signal)
    assert (plan.held, plan.working[name].left, plan.free) == (D(8), D(2), D(6))


def test_a_fill_that_is_read_after_the_answer_counts_once(
    desk: Desk, exiting: ReactionRunner, replace: Replace
) -> None:
    """Both may be on the tape before the plan reads either."""
    signal = held(desk, exiting)
    name = by_hand(desk, exiting, "2")
    replace(name, "5")
    said = report(name, ExecType.REPLACED, order_qty=D(5))
    change(desk, Order, order_stream(name), lambda order: order.take(said, at=NOON))
    fill(desk, name, "4")
    catch_up(exiting)
    plan = plan_of(desk, signal)
    assert (plan.held, plan.working[name].left) == (D(5), D(1))


def test_an_order_over_several_holdings_grows_where_there_is_room(
    desk: Desk, exiting: ReactionRunner, replace: Replace
) -> None:
    first, second = held(desk, exiting), held(desk, exiting)
    name = by_hand(desk, exiting, "8")
    replace(name, "12")
    told(desk, exiting, name, ExecType.REPLACED, "12")
    assert sorted(plan_of(desk, each).free for each in (first, second)) == [D(0), D(6)]
    replace(name, "5")
    told(desk, exiting, name, ExecType.REPLACED, "5")
    assert sum(plan_of(desk, each).free for each in (first, second)) == 13


def test_a_larger_order_that_nobody_here_asked_for_takes_back_what_is_too_much(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket, replace: Replace
) -> None:
    """As somebody may change it in the broker's own program."""
    market.show(TSLA, "7.00", "7.20")
    signal = held(desk, exiting)
    name = by_hand(desk, exiting, "3")
    call_exit(desk, signal, "1")
    catch_up(exiting)
    (own,) = plan_of(desk, signal).working.keys() - {name}
    accept(desk, own)
    told(desk, exiting, name, ExecType.REPLACED, "7")
    assert plan_of(desk, signal).working[name].left == 7
    assert status(desk, own) == "pending_cancel"


def test_an_exit_that_follows_the_market_keeps_to_its_new_price(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket, replace: Replace
) -> None:
    market.show(TSLA, "7.00", "7.20")
    signal = held(desk, exiting)
    call_exit(desk, signal, "2")
    catch_up(exiting)
    (name,) = plan_of(desk, signal).working
    accept(desk, name)
    replace(name, limit="6.50")
    said = report(name, ExecType.REPLACED, limit_px=D("6.50"))
    change(desk, Order, order_stream(name), lambda order: order.take(said, at=NOON))
    catch_up(exiting)
    working = plan_of(desk, signal).working[name]
    assert (working.left, working.limit_px) == (D(9), D("6.50"))


def test_what_opens_takes_nothing_of_what_is_held(
    desk: Desk, exiting: ReactionRunner, replace: Replace
) -> None:
    signal = held(desk, exiting)
    name = order(desk, "more", "2", legs=(Leg(symbol=TSLA, side=Side.BUY),))
    accept(desk, name)
    replace(name, "20")
    told(desk, exiting, name, ExecType.REPLACED, "20")
    assert plan_of(desk, signal).free == 9


def test_an_end_after_a_replacement_gives_everything_back(
    desk: Desk, exiting: ReactionRunner, replace: Replace
) -> None:
    signal = held(desk, exiting)
    first, second = by_hand(desk, exiting, "2"), by_hand(desk, exiting, "1")
    replace(first, "5")
    cancel(desk, first)
    settle(desk, second, OrdStatus.EXPIRED, "0")
    catch_up(exiting)
    assert plan_of(desk, signal).free == 9
    assert asked(desk) == []


def test_an_exit_whose_end_was_only_found_by_asking_is_asked_for_again_too(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "7.00", "7.20")
    signal = signal_with(desk)
    enter(desk, signal)
    call_exit(desk, signal, "2")
    catch_up(exiting)
    name = closing_name(signal, 1)
    accept(desk, name)
    settle(desk, name, OrdStatus.NEW, "3")
    catch_up(exiting)
    assert len(asked(desk)) == 1
    settle(desk, name, OrdStatus.EXPIRED, "0")
    catch_up(exiting)
    assert [quantity for _, quantity, _ in asked(desk)] == [D(9), D(9)]
    assert last(desk, ExitPlanReleased).why == "expired, as its broker says"
