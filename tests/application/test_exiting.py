"""What is held is guarded from its first fill, and left when its trader leaves."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from adapters.reaction_runner import ReactionRunner
from application.desk import Desk, Work
from application.exiting import Exiting
from application.guarded import PREFIX, remembered_plan
from domain.exit_events import ExitPlanSet, ExitPlanTriggered
from domain.exit_terms import Levels, Trailing
from domain.exits import closing_name
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.holdings import Holding
from domain.legs import Leg
from domain.orders import Order, entry_name, order_stream
from domain.signal_events import ClosedBy
from domain.signals import Signal
from tests.application.acts import TSLA, begin, call_exit, catch_up, change, events, last, names
from tests.application.conftest import NOON, ShownMarket
from tests.application.exit_acts import (
    accept,
    asked,
    cancel,
    enter,
    fill,
    guard,
    move,
    order,
    plan_of,
    reject,
    sell_by_hand,
    signal_with,
    status,
)

D = Decimal


@pytest.fixture
def exiting(desk: Desk, database_url: str, market: ShownMarket) -> Iterator[ReactionRunner]:
    runner = ReactionRunner(database_url, desk, Exiting(market))
    yield runner
    runner.close()


def rows(runner: ReactionRunner) -> list[tuple[Decimal, Decimal | None]]:
    """What the monitor will find: held and stop."""
    found = map(remembered_plan, runner.remembered(PREFIX).values())
    return [(row.held, row.stop) for row in found]


def test_the_first_fill_sets_the_plan_and_others_grow_it(
    desk: Desk, exiting: ReactionRunner
) -> None:
    signal = signal_with(desk, "4.00", "6.00", "7.00")
    name = order(desk, entry_name(signal), "9", signal=signal)
    fill(desk, name, "4", "5.50", commission="2.80")
    catch_up(exiting)
    plan = last(desk, ExitPlanSet)
    assert (plan.held, plan.parts, plan.levels.stop) == (D(4), (D(2), D(2)), D("4.00"))
    fill(desk, name, "5", "5.60", commission="3.50")
    catch_up(exiting)
    held = plan_of(desk, signal)
    assert (held.held, held.avg_px, held.commission) == (D(9), D("5.555556"), D("6.30"))
    assert rows(exiting) == [(D(9), D("4.00"))]


def test_levels_that_would_fire_at_the_entry_are_left_out(
    desk: Desk, exiting: ReactionRunner
) -> None:
    signal = signal_with(desk, "245", "260")
    enter(desk, signal)
    catch_up(exiting)
    plan = last(desk, ExitPlanSet)
    assert plan.levels == Levels(targets=plan.levels.targets)
    assert plan.left_out == ("the stop 245 would fire at once",)


def test_the_traders_exit_sells_the_same_part_through_the_bid(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "7.00", "7.20")
    signal = signal_with(desk, "4.00")
    enter(desk, signal)
    call_exit(desk, signal, "1")
    catch_up(exiting)
    assert asked(desk) == [("x1", D(4), D("6.95"))]
    fill(desk, closing_name(signal, 1), "4", "7.00")
    call_exit(desk, signal, "1")
    catch_up(exiting)
    assert asked(desk)[1:] == [("x2", D(5), D("6.95"))]
    fill(desk, closing_name(signal, 2), "5", "7.00")
    catch_up(exiting)
    assert names(desk)[-1] == "exit_plan.done"
    assert rows(exiting) == []


def test_a_second_exit_before_the_first_was_filled_sells_the_rest(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "7.00", "7.20")
    signal = signal_with(desk)
    enter(desk, signal)
    catch_up(exiting)
    call_exit(desk, signal, "1")
    call_exit(desk, signal, "1")
    catch_up(exiting)
    assert [quantity for _, quantity, _ in asked(desk)] == [D(4), D(5)]


def test_without_a_quote_the_exit_stays_due(desk: Desk, exiting: ReactionRunner) -> None:
    signal = signal_with(desk)
    enter(desk, signal)
    call_exit(desk, signal, "2")
    catch_up(exiting)
    assert asked(desk) == []
    assert (plan_of(desk, signal).called, names(desk)[-1]) == (D(9), "exit_plan.postponed")
    (row,) = map(remembered_plan, exiting.remembered(PREFIX).values())
    assert row.owed == 9


def test_what_an_exit_left_is_asked_for_again_at_once(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "7.00", "7.20")
    signal = signal_with(desk)
    enter(desk, signal)
    call_exit(desk, signal, "2")
    catch_up(exiting)
    first = closing_name(signal, 1)
    fill(desk, first, "2", "7.00")
    market.show(TSLA, "6.00", "6.20")
    cancel(desk, first)
    catch_up(exiting)
    assert asked(desk)[1:] == [("x2", D(7), D("5.95"))]


def test_what_a_broker_refused_waits_for_the_monitor(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "7.00", "7.20")
    signal = signal_with(desk)
    enter(desk, signal)
    call_exit(desk, signal, "2")
    catch_up(exiting)
    reject(desk, closing_name(signal, 1))
    catch_up(exiting)
    assert len(asked(desk)) == 1
    assert plan_of(desk, signal).free == 9


def test_a_trader_who_leaves_before_the_fill_is_followed_out(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "5.40", "5.50")
    signal = signal_with(desk)
    name = order(desk, entry_name(signal), "9", signal=signal)
    accept(desk, name)
    call_exit(desk, signal, "2")
    catch_up(exiting)
    assert status(desk, name) == "pending_cancel"
    fill(desk, name, "3", "5.50")
    catch_up(exiting)
    assert asked(desk) == [("x1", D(3), D("5.35"))]


def test_a_trader_who_closed_the_trade_is_followed_at_the_fill(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "5.40", "5.50")
    signal = signal_with(desk)
    name = order(desk, entry_name(signal), "9", signal=signal)
    call_exit(desk, signal, "2")
    change(
        desk,
        Signal,
        signal,
        lambda found: found.close(reason=ClosedBy.EXIT, closed_at=NOON, at=NOON),
    )
    fill(desk, name, "9", "5.50")
    catch_up(exiting)
    assert asked(desk) == [("x1", D(9), D("5.35"))]


def test_moved_levels_guard_from_then_on_and_a_resting_target_is_taken_back(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    signal = signal_with(desk, "4.00", "6.00", "7.00")
    enter(desk, signal)
    catch_up(exiting)
    guard(
        desk,
        signal,
        Levels(
            stop=D("4.00"),
            targets=plan_of(desk, signal).levels.targets,
            trailing=Trailing(amount=D(1)),
        ),
    )
    move(desk, signal, "5.00")
    catch_up(exiting)
    levels = plan_of(desk, signal).levels
    assert (levels.stop, len(levels.targets)) == (D("5.00"), 2)
    assert levels.trailing == Trailing(amount=D(1))
    assert rows(exiting) == [(D(9), D("5.00"))]


def test_a_sale_by_hand_takes_its_part_and_gives_it_back(
    desk: Desk, exiting: ReactionRunner
) -> None:
    first, second = signal_with(desk, "4.00"), signal_with(desk, "4.00")
    enter(desk, first)
    enter(desk, second)
    name = sell_by_hand(desk, "10")
    catch_up(exiting)
    assert sorted(plan_of(desk, each).free for each in (first, second)) == [D(0), D(8)]
    fill(desk, name, "9")
    cancel(desk, name)
    catch_up(exiting)
    plans = [plan_of(desk, each) for each in (first, second)]
    assert sorted((plan.held, plan.free, plan.is_done) for plan in plans) == [
        (D(0), D(0), True),
        (D(9), D(9), False),
    ]


def test_a_denied_sale_by_hand_takes_nothing(desk: Desk, exiting: ReactionRunner) -> None:
    signal = signal_with(desk, "4.00")
    enter(desk, signal)
    name = uuid4().hex
    denied = Order.request(
        cl_ord_id=name, account="paper", signal=None, side=Side.SELL,
        position_effect=PositionEffect.CLOSE, legs=(Leg(symbol=TSLA, side=Side.SELL),),
        order_qty=D(9), ord_type=OrdType.MARKET, limit_px=None,
        time_in_force=TimeInForce.DAY, at=NOON,
    )  # fmt: skip
    denied.deny("no", at=NOON)
    begin(desk, denied)
    catch_up(exiting)
    assert plan_of(desk, signal).free == 9


def test_what_was_opened_by_hand_is_guarded_too(desk: Desk, exiting: ReactionRunner) -> None:
    fill(desk, order(desk, "by-hand", "3"), "3", "5.00")
    catch_up(exiting)
    assert rows(exiting) == [(D(3), None)]
    fill(desk, sell_by_hand(desk, "3"), "3", "5.00")
    catch_up(exiting)
    assert rows(exiting) == []
    fill(desk, order(desk, "again", "2"), "2", "5.00")
    catch_up(exiting)
    assert rows(exiting) == [(D(2), None)]


def test_an_expiry_ends_the_plan(desk: Desk, exiting: ReactionRunner) -> None:
    signal = signal_with(desk, "4.00")
    enter(desk, signal)
    catch_up(exiting)
    holding = Holding.open(account="paper", symbol=TSLA, at=NOON)
    holding.expire(
        signal=signal, quantity=D(9), price=D(0), underlying_px=None, assumed=False,
        settled_at=NOON, at=NOON,
    )  # fmt: skip
    begin(desk, holding)
    catch_up(exiting)
    assert plan_of(desk, signal).is_done


def test_an_exercise_takes_from_the_bought_and_an_assignment_from_the_sold(
    desk: Desk, exiting: ReactionRunner
) -> None:
    signal = signal_with(desk, "4.00")
    enter(desk, signal)
    catch_up(exiting)
    holding = Holding.open(account="paper", symbol=TSLA, at=NOON)
    holding.assign(D(4), assigned_at=NOON, at=NOON)
    holding.exercise(D(4), exercised_at=NOON, at=NOON)
    begin(desk, holding)
    catch_up(exiting)
    assert plan_of(desk, signal).held == 5


def test_a_busted_fill_is_held_again_or_no_more(desk: Desk, exiting: ReactionRunner) -> None:
    signal = signal_with(desk, "4.00")
    entry = enter(desk, signal)
    catch_up(exiting)
    stream = order_stream(entry)
    (exec_id,) = Work(desk).get(Order, stream).fills

    def correct(found: Order) -> None:
        found.correct_trade(
            correction=uuid4(), exec_id=exec_id, last_qty=D(8), last_px=None,
            reason="busted in part", by="ada", at=NOON,
        )  # fmt: skip

    change(desk, Order, stream, correct)
    catch_up(exiting)
    assert plan_of(desk, signal).held == 8

    def reprice(found: Order) -> None:
        found.correct_trade(
            correction=uuid4(), exec_id=exec_id, last_qty=None, last_px=D("5.00"),
            reason="price", by="ada", at=NOON,
        )  # fmt: skip

    change(desk, Order, stream, reprice)
    catch_up(exiting)
    assert plan_of(desk, signal).avg_px == D("5.00")


def test_an_exit_that_had_its_order_before_there_were_plans_gets_no_other(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "7.00", "7.20")
    signal = signal_with(desk)
    enter(desk, signal)
    call_exit(desk, signal, "2")
    name = order(
        desk, f"{signal.hex[:20]}-x2", "9", signal=signal, side=Side.SELL,
        effect=PositionEffect.CLOSE, legs=(Leg(symbol=TSLA, side=Side.SELL),),
    )  # fmt: skip
    fill(desk, name, "9")
    catch_up(exiting)
    assert len(asked(desk)) == 1
    assert plan_of(desk, signal).is_done


def test_a_restart_remembers_every_plan(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "7.00", "7.20")
    signal = signal_with(desk, "4.00")
    enter(desk, signal)
    catch_up(exiting)
    exiting.close()
    call_exit(desk, signal, "2")
    catch_up(exiting)
    assert len(asked(desk)) == 1
    before = names(desk)
    exiting.close()
    catch_up(exiting)
    assert names(desk) == before


def test_a_trigger_and_its_order_are_one_batch(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "7.00", "7.20")
    signal: UUID = signal_with(desk)
    enter(desk, signal)
    call_exit(desk, signal, "2")
    catch_up(exiting)
    triggered = last(desk, ExitPlanTriggered)
    found = [event.TOPIC for event in events(desk)]
    place = found.index("exit_plan.triggered")
    assert set(found[place : place + 3]) == {
        "exit_plan.triggered",
        "order.requested",
        "order.cleared",
    }
    assert triggered.quote is not None


def test_a_late_fill_of_a_canceled_order_takes_back_what_would_sell_too_much(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    market.show(TSLA, "7.00", "7.20")
    signal = signal_with(desk)
    enter(desk, signal)
    call_exit(desk, signal, "2")
    catch_up(exiting)
    first, second = closing_name(signal, 1), closing_name(signal, 2)
    accept(desk, first)
    cancel(desk, first)
    catch_up(exiting)
    accept(desk, second)
    fill(desk, first, "3", "7.00")
    catch_up(exiting)
    assert status(desk, second) == "pending_cancel"
    cancel(desk, second)
    catch_up(exiting)
    assert [quantity for _, quantity, _ in asked(desk)] == [D(9), D(9), D(6)]
