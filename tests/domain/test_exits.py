"""A holding is guarded by its levels, and nothing of it is sold twice."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from domain.exit_changes import Concern
from domain.exit_events import ExitPlanSet, ExitPlanTriggered
from domain.exit_firing import fired
from domain.exit_terms import (
    ExitReason,
    Fired,
    Levels,
    Target,
    TimeStop,
    Trailing,
    closing_terms,
    parts,
)
from domain.exits import ExitPlan
from domain.fix import Side
from domain.shared import Impossible, InvalidInput
from tests.domain.exit_plans import AT, SHARES, TODAY, TRADE, plan, quote, targets

D = Decimal


def due(
    of: ExitPlan, bid: str, offer: str | None = None, *, best: str | None = None,
    at: datetime = AT, today: date = TODAY,
) -> Fired | None:  # fmt: skip
    known = None if best is None else D(best)
    return fired(of, quote(bid, offer), best=known, today=today, at=at)


def sell(of: ExitPlan, found: Fired | None, bid: str = "5") -> ExitPlanTriggered:
    assert found is not None
    terms = closing_terms(of.side, of.legs, found, quote(bid), 1)
    return of.trigger(found, quote(bid), terms, at=AT)


def test_a_stop_looks_at_the_bid() -> None:
    held = plan(stop="4.00")
    assert due(held, "4.01", "4.02") is None
    assert due(held, "4.00", "6.00") == Fired(
        reason=ExitReason.STOP, quantity=D(9), level=D("4.00")
    )


def test_the_stop_of_a_sold_trade_looks_at_the_offer() -> None:
    held = plan(side=Side.SELL, stop="8.00")
    assert due(held, "9.00", "7.99") is None
    found = due(held, "1.00", "8.20")
    assert found is not None
    assert (found.reason, found.gap) == (ExitReason.STOP, D("0.20"))


def test_a_gap_through_the_stop_is_said() -> None:
    held = plan(stop="4.00")
    triggered = sell(held, due(held, "3.10"), "3.10")
    assert (triggered.gapped, triggered.gap) == (True, D("0.90"))
    assert triggered.quote == quote("3.10")
    assert triggered.cl_ord_id == f"{TRADE.hex[:20]}-x1"


def test_a_stop_that_is_touched_did_not_gap() -> None:
    held = plan(stop="4.00")
    assert not sell(held, due(held, "4.00"), "4.00").gapped


def test_targets_take_equal_parts_and_the_last_one_the_rest() -> None:
    held = plan("10", prices=("6", "7", "8"))
    sold = []
    for bid in ("6", "7", "8"):
        triggered = sell(held, due(held, bid), bid)
        sold.append(triggered.quantity)
        held.fill(triggered.cl_ord_id, triggered.quantity, at=AT)
    assert sold == [D(3), D(3), D(4)]
    assert held.held == 0


def test_with_fewer_contracts_than_targets_the_first_ones_get_one_each() -> None:
    assert parts(targets("6", "7", "8"), D(2)) == (D(1), D(1), D(0))


def test_a_target_may_say_how_much_it_takes() -> None:
    wanted = (Target(price=D(6), quantity=D(5)), *targets("7", "8"))
    assert parts(wanted, D(9)) == (D(5), D(2), D(2))
    assert parts((*targets("6"), Target(price=D(7), quantity=D(8))), D(9)) == (D(1), D(8))


def test_the_parts_are_on_record() -> None:
    held = plan(prices=("6", "7"))
    (event,) = held.pending_events
    assert isinstance(event, ExitPlanSet)
    assert event.parts == (D(4), D(5))


def test_a_target_that_rests_is_not_asked_for_again_and_the_next_one_is() -> None:
    held = plan(prices=("6", "7", "8"))
    sell(held, due(held, "6"))
    assert due(held, "6.50") is None
    found = due(held, "7.10")
    assert found is not None
    assert (found.target, found.quantity) == (2, D(3))


def test_what_a_target_left_is_armed_again() -> None:
    held = plan(prices=("6", "7", "8"))
    name = sell(held, due(held, "6")).cl_ord_id
    held.fill(name, D(2), at=AT)
    held.release(name, "expired", failed=False, at=AT)
    assert due(held, "5.90") is None
    found = due(held, "6.05")
    assert found is not None
    assert (found.target, found.quantity) == (1, D(1))


def test_a_stop_waits_until_a_resting_target_was_taken_back() -> None:
    held = plan(stop="4.00", prices=("6", "7", "8"))
    resting = sell(held, due(held, "6")).cl_ord_id
    found = due(held, "3.90")
    assert found is not None
    assert held.in_the_way(found) == (resting,)
    with pytest.raises(Impossible, match="all but 6"):
        sell(held, found)
    assert held.postpone(found, "the cancel", quote=quote("3.90"), at=AT)
    assert not held.postpone(found, "the cancel", quote=quote("3.90"), at=AT)
    held.fill(resting, D(1), at=AT)
    held.release(resting, "canceled", failed=False, at=AT)
    # The market came back: what fired is sold all the same, and only what is left.
    again = due(held, "4.50")
    assert again is not None
    assert (again.reason, again.quantity) == (ExitReason.STOP, D(8))
    sell(held, again)
    assert due(held, "3.00") is None


def test_a_stop_takes_what_is_filled_later_too() -> None:
    held = plan(stop="4.00")
    sell(held, due(held, "4.00"))
    held.grow(D(3), D("5.60"), D("2.10"), at=AT)
    found = due(held, "4.20")
    assert found is not None
    assert found.quantity == 3


def test_other_levels_take_a_fired_stop_back() -> None:
    held = plan(stop="4.00")
    name = sell(held, due(held, "4.00")).cl_ord_id
    held.release(name, "canceled", failed=False, at=AT)
    held.change(Levels(stop=D("3.00")), by="ada", at=AT)
    assert due(held, "3.50") is None
    assert due(held, "3.00") is not None


def test_a_target_that_was_sold_is_not_sold_again_when_levels_move() -> None:
    held = plan(stop="4.00", prices=("6", "7", "8"))
    name = sell(held, due(held, "6")).cl_ord_id
    held.fill(name, D(3), at=AT)
    held.change(Levels(stop=D("5.00"), targets=targets("6", "7.50")), by="nora", at=AT)
    found = due(held, "7.60")
    assert found is not None
    assert (found.target, found.quantity) == (2, D(6))


@pytest.mark.parametrize(
    ("trailing", "level"),
    [(Trailing(amount=D("1.50")), "6.50"), (Trailing(share=D("0.25")), "6.00")],
)
def test_a_trailing_stop_follows_the_best_bid(trailing: Trailing, level: str) -> None:
    held = plan(trailing=trailing)
    assert due(held, "6.60", best="8.00") is None
    found = due(held, "6.00", best="8.00")
    assert found is not None
    assert (found.reason, found.level) == (ExitReason.TRAILING, D(level))


def test_the_trailing_stop_of_a_sold_trade_stands_above_the_lowest_offer() -> None:
    held = plan(side=Side.SELL, trailing=Trailing(amount=D(1)))
    assert due(held, "2.00", "2.90", best="2.00") is None
    assert due(held, "2.00", "3.00", best="2.00") is not None


def test_the_best_price_is_recorded_only_where_it_is_better() -> None:
    held = plan(trailing=Trailing(amount=D(1)))
    held.trail(D(6), quote("6"), at=AT)
    assert held.best == 6
    with pytest.raises(Impossible, match="not better"):
        held.trail(D(6), quote("6"), at=AT)
    with pytest.raises(Impossible, match="no trailing stop"):
        plan().trail(D(6), quote("6"), at=AT)


def test_a_time_stop_ends_the_trade_days_before_expiry() -> None:
    held = plan(time_stop=TimeStop(days_left=1))
    assert due(held, "5") is None
    found = due(held, "5", today=date(2026, 11, 19))
    assert found is not None
    assert found.reason is ExitReason.TIME


def test_a_time_stop_ends_the_trade_at_its_moment() -> None:
    held = plan(time_stop=TimeStop(at=AT + timedelta(hours=1)))
    assert due(held, "5") is None
    assert due(held, "5", at=AT + timedelta(hours=1)) is not None


def test_the_trader_sells_beside_a_target_where_there_is_room() -> None:
    held = plan(prices=("6", "7", "8"))
    sell(held, due(held, "6"))
    wanted = Fired(reason=ExitReason.TRADER, quantity=D(4))
    assert held.in_the_way(wanted) == ()
    sell(held, wanted)
    assert (held.called, held.leaving, held.free) == (D(4), D(4), D(2))


def test_the_trader_goes_before_a_target_where_there_is_none() -> None:
    held = plan(prices=("6",))
    resting = sell(held, due(held, "6")).cl_ord_id
    wanted = Fired(reason=ExitReason.TRADER, quantity=D(4))
    assert held.in_the_way(wanted) == (resting,)
    held.postpone(wanted, resting, quote=None, at=AT)
    held.release(resting, "canceled", failed=False, at=AT)
    assert due(held, "5.80") == wanted


def test_the_traders_part_is_asked_for_until_it_is_sold() -> None:
    held = plan()
    name = sell(held, Fired(reason=ExitReason.TRADER, quantity=D(4))).cl_ord_id
    assert due(held, "5") is None
    held.fill(name, D(1), at=AT)
    held.release(name, "canceled", failed=False, at=AT)
    found = due(held, "5")
    assert found is not None
    assert found.quantity == 3


def test_what_a_broker_refused_is_tried_later_each_time() -> None:
    held = plan(stop="4.00")
    waits = []
    at = AT
    for _ in range(9):
        found = due(held, "3.90", at=at)
        name = sell(held, found).cl_ord_id
        held.release(name, "no", failed=True, at=at)
        before = at
        while due(held, "3.90", at=at) is None:
            at += timedelta(seconds=6)
        waits.append((at - before).total_seconds())
    assert waits == [6, 12, 24, 48, 96, 192, 300, 300, 300]


def test_a_refused_target_does_not_keep_the_stop_from_firing() -> None:
    held = plan(stop="4.00", prices=("6",))
    name = sell(held, due(held, "6")).cl_ord_id
    held.release(name, "no", failed=True, at=AT)
    assert due(held, "6") is None
    assert due(held, "4") is not None


def test_a_late_fill_that_sells_more_than_is_held_says_so() -> None:
    held = plan("2")
    held.fill("somebody's", D(3), at=AT)
    (*_, event) = held.pending_events
    assert getattr(event, "oversold", None) == 1
    assert held.held == 0


def test_a_persons_order_takes_its_part() -> None:
    held = plan(prices=("6",))
    held.make_room("by-hand", D(5), at=AT)
    found = due(held, "6")
    assert found is not None
    assert found.quantity == 4
    with pytest.raises(Impossible, match="known"):
        held.make_room("by-hand", D(5), at=AT)


def test_the_commission_goes_with_what_is_sold() -> None:
    held = plan()
    held.reduce(D(3), "expired", at=AT)
    assert (held.commission, held.cost) == (D("4.20"), D("3312.00"))


def test_a_plan_ends_only_when_nothing_is_held() -> None:
    held = plan("1")
    with pytest.raises(Impossible, match="still held"):
        held.finish("over", at=AT)
    held.reduce(D(1), "expired", at=AT)
    held.finish("over", at=AT)
    assert held.is_done
    with pytest.raises(Impossible, match="nothing is held"):
        held.change(Levels(stop=D(1)), by="ada", at=AT)


def test_what_is_bought_again_is_guarded_again() -> None:
    held = plan("1", stop="4.00")
    held.reduce(D(1), "sold", at=AT)
    held.finish("over", at=AT)
    held.grow(D(2), D("5.00"), D("1.40"), at=AT)
    assert (held.is_done, held.avg_px, held.commission) == (False, D("5.00"), D("1.40"))
    assert due(held, "4.00") is not None


def test_the_same_levels_are_no_change() -> None:
    with pytest.raises(InvalidInput, match="already"):
        plan(stop="1").change(Levels(stop=D(1)), by="ada", at=AT)


def test_a_closing_order_never_works_for_less_than_it_has_traded() -> None:
    held = plan("9")
    held.make_room("by-hand", D(4), at=AT)
    held.fill("by-hand", D(3), at=AT)
    assert held.resize("by-hand", D(-3), None, "replaced", at=AT)
    assert (held.working, held.free) == ({}, D(6))
    with pytest.raises(Impossible, match="no closing order by-hand works"):
        held.resize("by-hand", D(1), None, "replaced", at=AT)


def test_the_same_terms_again_are_no_news() -> None:
    held = plan("9")
    held.make_room("by-hand", D(4), at=AT)
    assert not held.resize("by-hand", D(0), None, "replaced", at=AT)


def test_a_concern_is_told_once_a_day() -> None:
    held = plan("9")
    assert held.warn(Concern.THETA, "a day costs much", today=TODAY, at=AT)
    assert not held.warn(Concern.THETA, "a day costs more", today=TODAY, at=AT)
    assert held.warn(Concern.BLIND, "no quote", today=TODAY, at=AT)
    assert held.warn(Concern.THETA, "still", today=TODAY + timedelta(days=1), at=AT)


def test_of_what_is_not_held_nobody_is_warned() -> None:
    held = plan("9")
    held.reduce(D(9), "expired", at=AT)
    with pytest.raises(Impossible, match="nothing is held"):
        held.warn(Concern.THETA, "a day costs much", today=TODAY, at=AT)


def test_a_plan_follows_only_what_happens_to_its_own_legs() -> None:
    with pytest.raises(InvalidInput, match="the plan guards no NVDA"):
        plan("9").adjust("NVDA", "NVDA", from_quantity=D(1), to_quantity=D(10), why="split", at=AT)


def test_what_fired_before_a_split_is_due_at_the_new_price() -> None:
    held = plan("9", legs=SHARES, stop="4.00")
    found = due(held, "3.90")
    assert found is not None
    held.postpone(found, "the cancel of x1", quote=quote("3.90"), at=AT)
    held.adjust("TSLA", "TSLA", from_quantity=D(1), to_quantity=D(4), why="split", at=AT)
    assert held.due is not None
    assert (held.held, held.due.level) == (D(36), D("1.00"))
    again = due(held, "0.95")
    assert again is not None
    assert again.quantity == 36
