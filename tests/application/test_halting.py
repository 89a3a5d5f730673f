"""A halt stops what would still open something, at the broker and before it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from adapters.reaction_runner import ReactionRunner
from application.administering import open_account
from application.desk import Desk
from application.halting import Halting
from application.limiting import halt_trading, resume_trading
from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.order_events import OrderCancelRequested, OrderDenied
from domain.orders import Order
from tests.application.acts import ADA, TSLA, begin, catch_up, change, command, head, last, names
from tests.application.conftest import NOON

D = Decimal
ENTRY, EXIT = PositionEffect.OPEN, PositionEffect.CLOSE


@pytest.fixture
def halting(desk: Desk, database_url: str) -> Iterator[ReactionRunner]:
    open_account(desk, command(), ADA, name="paper", broker="paper", cash=D(50_000))
    runner = ReactionRunner(database_url, desk, Halting())
    yield runner
    runner.close()


def requested(
    desk: Desk, effect: PositionEffect = ENTRY, *, sent: bool = False, account: str = "paper"
) -> UUID:
    order = Order.request(
        cl_ord_id=uuid4().hex, account=account, signal=None, side=Side.BUY,
        position_effect=effect, legs=(Leg(symbol=TSLA, side=Side.BUY),), order_qty=D(2),
        ord_type=OrdType.MARKET, limit_px=None, time_in_force=TimeInForce.DAY, at=NOON,
    )  # fmt: skip
    if sent:
        order.submit("paper", at=NOON)
    return begin(desk, order)


def test_an_entry_whose_end_was_only_found_by_asking_is_not_asked_back(
    desk: Desk, halting: ReactionRunner
) -> None:
    over = requested(desk, sent=True)
    change(
        desk, Order, over,
        lambda order: order.reconcile(OrdStatus.CANCELED, D(0), as_of=NOON, at=NOON),
    )  # fmt: skip
    catch_up(halting)
    assert halting.remembered("") == {}
    position = halt(desk)
    catch_up(halting)
    assert names(desk, position) == []


def halt(desk: Desk) -> int:
    halt_trading(desk, command(), ADA, account="paper", reason="news")
    return head(desk)


def test_entries_at_the_broker_are_asked_back_and_those_before_it_denied(
    desk: Desk, halting: ReactionRunner
) -> None:
    waiting, working = requested(desk), requested(desk, sent=True)
    position = halt(desk)
    catch_up(halting)
    assert sorted(names(desk, position)) == ["order.cancel_requested", "order.denied"]
    asked, denied = last(desk, OrderCancelRequested), last(desk, OrderDenied)
    assert asked.reason == denied.reason == "trading of paper is halted: news"
    assert (asked.originator_id, denied.originator_id) == (working, waiting)


def test_exits_and_other_accounts_go_on(desk: Desk, halting: ReactionRunner) -> None:
    requested(desk, EXIT, sent=True)
    requested(desk, sent=True, account="swing")
    position = halt(desk)
    catch_up(halting)
    assert names(desk, position) == []


def test_what_is_over_is_left_alone(desk: Desk, halting: ReactionRunner) -> None:
    order = requested(desk, sent=True)
    change(desk, Order, order, lambda it: it.reject("no", transact_time=NOON, at=NOON))
    catch_up(halting)
    position = halt(desk)
    catch_up(halting)
    assert names(desk, position) == []


def test_an_entry_that_is_let_through_meanwhile_is_stopped(
    desk: Desk, halting: ReactionRunner
) -> None:
    halt(desk)
    order = requested(desk)
    catch_up(halting)
    assert "order.denied" not in names(desk)
    change(desk, Order, order, lambda it: it.clear(at=NOON))
    catch_up(halting)
    assert last(desk, OrderDenied).reason == "trading of paper is halted: news"


def test_after_a_restart_it_knows_what_is_open(
    desk: Desk, database_url: str, halting: ReactionRunner
) -> None:
    requested(desk, sent=True)
    catch_up(halting)
    halting.close()
    again = ReactionRunner(database_url, desk, Halting())
    position = halt(desk)
    catch_up(again)
    again.close()
    assert names(desk, position) == ["order.cancel_requested"]


def test_a_halt_that_is_over_by_then_stops_nothing(desk: Desk, halting: ReactionRunner) -> None:
    requested(desk, sent=True)
    halt(desk)
    resume_trading(desk, command(), ADA, account="paper", reason="over")
    position = head(desk)
    catch_up(halting)
    assert names(desk, position) == []


def test_a_second_halt_asks_for_nothing_twice(desk: Desk, halting: ReactionRunner) -> None:
    requested(desk, sent=True)
    halt(desk)
    catch_up(halting)
    resume_trading(desk, command(), ADA, account="paper", reason="over")
    position = halt(desk)
    catch_up(halting)
    assert names(desk, position) == []
