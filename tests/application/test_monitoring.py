"""Everything held is marked, guarded and told about, and nothing by a bad quote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from psycopg import Connection
from psycopg_pool import ConnectionPool

from application.desk import Desk
from application.position_reports import Terms
from domain.exit_changes import Concern, ExitPlanWarned
from domain.exit_events import ExitPlanTrailed, ExitPlanTriggered
from domain.exit_terms import ExitReason, Levels, TimeStop, Trailing
from domain.exits import closing_name
from domain.fix import Side
from domain.legs import Leg
from domain.orders import entry_name
from tests.application.acts import (
    TSLA,
    TSLA_HIGHER,
    begin,
    call_exit,
    catch_up,
    events,
    last,
    names,
    new_signal,
)
from tests.application.exit_acts import (
    accept,
    asked,
    cancel,
    fill,
    guard,
    order,
    plan_of,
    reject,
    signal_with,
    status,
)
from tests.application.watching import Chain, World

D = Decimal
SOLD = (Leg(symbol=TSLA, side=Side.SELL), Leg(symbol=TSLA_HIGHER, side=Side.BUY))
"""A call spread that was sold for a credit."""


@pytest.fixture
def world(desk: Desk, database_url: str) -> Iterator[World]:
    with ConnectionPool[Connection[object]](database_url, min_size=1, max_size=2) as pool:
        world = World(desk, database_url, pool)
        yield world
        world.exiting.close()


def test_a_stop_sells_through_the_bid_and_says_what_it_saw(world: World) -> None:
    signal = world.hold("4.00")
    assert world.show("4.05", "4.10").acted == 0
    assert world.show("3.50", "3.70").acted == 1
    triggered = last(world.desk, ExitPlanTriggered)
    assert (triggered.reason, triggered.quantity) == (ExitReason.STOP, D(9))
    assert (triggered.gapped, triggered.gap) == (True, D("0.50"))
    seen = triggered.quote
    assert seen is not None
    assert (seen.bid, seen.offer, seen.bid_size, seen.source) == (D("3.50"), D("3.70"), 5, "test")
    assert asked(world.desk) == [("x1", D(9), D("3.45"))]
    assert status(world.desk, closing_name(signal, 1)) == "pending_new"


def test_a_look_more_asks_for_nothing_more(world: World) -> None:
    world.hold("4.00")
    world.show("3.50", "3.70")
    before = names(world.desk)
    world.show("3.40", "3.60")
    world.look()
    assert names(world.desk) == before


def test_a_target_rests_at_its_price_and_the_rest_stays_guarded(world: World) -> None:
    signal = world.hold("4.00", "6.00", "7.00", "8.00")
    world.show("6.10", "6.20")
    assert asked(world.desk) == [("x1", D(3), D("6.00"))]
    accept(world.desk, closing_name(signal, 1))
    world.show("3.90", "4.00")
    assert len(asked(world.desk)) == 1
    assert status(world.desk, closing_name(signal, 1)) == "pending_cancel"
    fill(world.desk, closing_name(signal, 1), "1", "6.00")
    cancel(world.desk, closing_name(signal, 1))
    world.show("4.50", "4.60")
    assert asked(world.desk)[1:] == [("x2", D(8), D("4.45"))]


def test_a_closing_order_that_the_market_left_behind_is_renewed(world: World) -> None:
    signal = world.hold("4.00")
    world.show("3.50", "3.70")
    name = closing_name(signal, 1)
    accept(world.desk, name)
    fill(world.desk, name, "2", "3.50")
    world.show("3.20", "3.40")
    assert status(world.desk, name) == "pending_cancel"
    cancel(world.desk, name)
    world.show("3.20", "3.40")
    assert asked(world.desk)[1:] == [("x2", D(7), D("3.15"))]


def test_a_closing_order_that_the_market_still_takes_is_left_alone(world: World) -> None:
    signal = world.hold("4.00")
    world.show("3.50", "3.70")
    accept(world.desk, closing_name(signal, 1))
    world.show("3.48", "3.70")
    assert status(world.desk, closing_name(signal, 1)) == "new"


def test_what_the_broker_refused_is_tried_again(world: World) -> None:
    signal = world.hold("4.00")
    world.show("3.50", "3.70")
    reject(world.desk, closing_name(signal, 1), at=world.now)
    assert world.show("3.50", "3.70").acted == 0
    world.show("3.50", "3.70")
    assert [name for name, _, _ in asked(world.desk)] == ["x1", "x2"]


@pytest.mark.parametrize(
    ("bid", "offer", "age_s", "why"),
    [
        ("3.50", "3.70", 7200, "a stale quote"),
        ("3.90", "3.70", 0, "a crossed quote"),
        ("0", "0.05", 0, "no bid"),
        ("0", "0", 0, "no offer"),
    ],
)
def test_nothing_is_decided_by_a_bad_quote(
    world: World, bid: str, offer: str, age_s: int, why: str
) -> None:
    world.hold("4.00")
    world.market.show(TSLA, bid, offer, world.now - timedelta(seconds=age_s))
    looked = world.look()
    assert (looked.acted, looked.unusable) == (0, {why: 1})
    assert asked(world.desk) == []


def test_a_holding_that_cannot_be_seen_is_told_once(world: World) -> None:
    world.restart(Terms(blind_cycles=2))
    world.hold("4.00")
    for _ in range(5):
        assert world.look().unusable == {"no quote": 1}
    assert world.heard.of(Concern.BLIND) == [
        "no quote for 3 looks, and the stop 4.00 guards nothing"
    ]
    world.restart(Terms(blind_cycles=2))
    for _ in range(5):
        world.look()
    warned = [e.concern for e in events(world.desk) if isinstance(e, ExitPlanWarned)]
    assert warned == [Concern.EXPIRY, Concern.BLIND]


def test_a_price_near_a_stop_or_a_target_is_told_once_a_day(world: World) -> None:
    trade = world.hold("4.00", "9.00")
    world.show("4.30", "4.40")
    assert world.heard.of(Concern.NEAR_STOP) == []
    for _ in range(2):
        world.show("4.15", "4.25")
    assert world.heard.of(Concern.NEAR_STOP) == ["4.15 is near the stop at 4.00"]
    world.show("8.60", "8.70")
    assert world.heard.of(Concern.NEAR_TARGET) == ["8.60 is near the target 9.00"]
    assert set(plan_of(world.desk, trade).warned) == {
        Concern.EXPIRY, Concern.NEAR_STOP, Concern.NEAR_TARGET
    }  # fmt: skip


def test_a_trailing_stop_comes_near_too(world: World) -> None:
    trade = world.hold()
    guard(world.desk, trade, Levels(trailing=Trailing(amount=D(1))))
    world.show("6.00", "6.10")
    world.show("5.20", "5.30")
    assert world.heard.of(Concern.NEAR_STOP) == ["5.20 is near the stop at 5.00"]


def test_what_is_not_recorded_in_one_look_is_in_the_next(world: World) -> None:
    world.restart(Terms(warnings_most=1))
    world.hold()
    world.market.show("TSLA", "250.00", "250.10", world.now)
    assert [world.show("5.00", "5.10").warned for _ in range(4)] == [1, 1, 0, 0]


def test_a_market_that_does_not_answer_decides_nothing(world: World) -> None:
    world.hold("4.00")
    world.market.show(TSLA, "3.00", "3.10", world.now)
    world.market.is_down = True
    assert world.look().unusable == {"no quote": 1}
    assert asked(world.desk) == []


def test_what_the_trader_left_without_a_quote_goes_with_the_first_one(world: World) -> None:
    signal = world.hold()
    call_exit(world.desk, signal, "1")
    world.look()
    assert asked(world.desk) == []
    world.show("5.00", "5.10")
    assert asked(world.desk) == [("x1", D(4), D("4.95"))]


def test_a_trailing_stop_follows_the_best_bid_over_a_restart(world: World) -> None:
    signal = world.hold()
    guard(world.desk, signal, Levels(trailing=Trailing(amount=D(1))))
    world.show("5.50", "5.60")
    world.show("5.60", "5.70")
    world.show("6.00", "6.10")
    recorded = [e.best for e in events(world.desk) if isinstance(e, ExitPlanTrailed)]
    # Moves below a quarter of the distance are kept in memory alone.
    assert recorded == [D("5.50"), D("6.00")]
    world.show("6.20", "6.30")
    world.restart()
    world.show("5.01", "5.10")
    assert asked(world.desk) == []
    world.show("5.00", "5.10")
    assert last(world.desk, ExitPlanTriggered).level == D("5.00")


def test_a_trailing_stop_that_fires_says_the_best_price(world: World) -> None:
    signal = world.hold()
    guard(world.desk, signal, Levels(trailing=Trailing(share=D("0.10"))))
    world.show("6.00", "6.10")
    world.show("6.05", "6.15")
    world.show("5.40", "5.50")
    triggered = last(world.desk, ExitPlanTriggered)
    assert (triggered.reason, triggered.best) == (ExitReason.TRAILING, D("6.05"))
    assert triggered.level == D("5.445")


def test_a_time_stop_ends_the_trade(world: World) -> None:
    signal = world.hold()
    guard(world.desk, signal, Levels(time_stop=TimeStop(days_left=2)))
    world.show("5.50", "5.60")
    assert last(world.desk, ExitPlanTriggered).reason is ExitReason.TIME


def test_the_worked_example_is_told_to_the_cent(world: World) -> None:
    world.hold()
    world.show("7.25", "7.35")
    (mark,) = world.heard.marks
    found = mark.valued
    assert (found.total_cost, found.value) == (D("4974.30"), D("6525.00"))
    assert (found.unrealised, found.unrealised_net) == (D("1557.00"), D("1550.70"))
    assert found.in_words == (
        "+1,557.00 USD (+31.3%) without commission, +1,550.70 USD (+31.2%) with it"
    )


def test_only_what_moved_by_a_twentieth_is_told_again(world: World) -> None:
    world.hold()
    world.show("7.25", "7.35")
    assert world.show("7.28", "7.35").published == 0
    assert world.show("7.34", "7.40").published == 1
    assert [mark.valued.mark for mark in world.heard.marks] == [D("7.25"), D("7.34")]


def test_greeks_come_of_our_own_model_in_share_units(world: World) -> None:
    world.hold()
    world.market.show("TSLA", "250.00", "250.10", world.now)
    world.show("5.00", "5.10")
    (mark,) = world.heard.marks
    assert mark.delta is not None
    assert mark.theta is not None
    assert D(400) < mark.delta < D(500)
    assert mark.theta < 0


def test_without_the_underlying_greeks_are_not_known(world: World) -> None:
    world.hold()
    world.show("5.00", "5.10")
    (mark,) = world.heard.marks
    assert mark.delta is None


def test_a_contract_that_fades_or_expires_soon_is_told_once_a_day(world: World) -> None:
    world.hold()
    world.market.show("TSLA", "250.00", "250.10", world.now)
    world.show("5.00", "5.10")
    world.show("5.00", "5.10")
    assert world.heard.of(Concern.EXPIRY) == ["it expires in 2 days"]
    (fading,) = world.heard.of(Concern.THETA)
    assert fading.startswith("a day costs ")


def test_a_sold_spread_is_bought_back_at_the_offer(world: World) -> None:
    signal = begin(world.desk, new_signal(side=Side.SELL, legs=SOLD, price="2.00"))
    name = order(world.desk, entry_name(signal), "3", signal=signal, side=Side.SELL, legs=SOLD)
    fill(world.desk, name, "3", "2.00")
    catch_up(world.exiting)
    guard(world.desk, signal, Levels(stop=D("3.11")))
    world.market.show(TSLA_HIGHER, "2.00", "2.10", world.now)
    world.show("5.00", "5.10")
    assert asked(world.desk) == []
    assert world.heard.marks[-1].valued.unrealised == D("-330.00")
    guard(world.desk, signal, Levels(stop=D("3.10")))
    world.show("5.00", "5.10")
    triggered = last(world.desk, ExitPlanTriggered)
    assert (triggered.limit_px, triggered.gapped) == (D("3.11"), False)
    assert plan_of(world.desk, signal).side is Side.SELL


def test_nobody_is_held_up_by_an_empty_book(world: World) -> None:
    assert world.look()[:4] == (0, 0, 0, 0)


def test_the_chains_own_greeks_go_before_ours(world: World) -> None:
    chain = Chain()
    world.restart(chains=chain)
    world.hold()
    world.show("5.00", "5.10")
    mark = world.heard.marks[-1]
    assert (mark.delta, mark.gamma) == (D("612.0000"), D("27.0000"))
    assert (mark.theta, mark.vega) == (D("-360.0000"), D("135.0000"))
    chain.is_down = True
    world.show("6.00", "6.10")
    assert world.heard.marks[-1].delta is None


def test_a_stop_ends_the_entry_that_is_still_open(world: World) -> None:
    signal = signal_with(world.desk, "4.00")
    name = order(world.desk, entry_name(signal), "9", signal=signal)
    fill(world.desk, name, "4", "5.50")
    world.show("4.00", "4.10")
    assert asked(world.desk) == [("x1", D(4), D("3.95"))]
    assert status(world.desk, name) == "pending_cancel"
    fill(world.desk, name, "2", "4.10")
    world.show("3.95", "4.00")
    assert asked(world.desk)[1:] == [("x2", D(2), D("3.90"))]
