"""An admin guards a holding by other levels."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid4

import pytest

from adapters.reaction_runner import ReactionRunner
from application.access import LOCAL_OPERATOR
from application.desk import Desk, Work
from application.exiting import Exiting
from application.guarding import change_levels
from application.ports import Forbidden, NotFound
from application.selling import look
from domain.exit_terms import Levels, Target
from domain.exits import ExitPlan, closing_name, exit_plan_stream
from domain.shared import InvalidInput
from tests.application.acts import DANA, TSLA, catch_up, command
from tests.application.conftest import NOON, ShownMarket
from tests.application.exit_acts import accept, asked, enter, plan_of, signal_with, status

D = Decimal


@pytest.fixture
def exiting(desk: Desk, database_url: str, market: ShownMarket) -> Iterator[ReactionRunner]:
    runner = ReactionRunner(database_url, desk, Exiting(market))
    yield runner
    runner.close()


def fire(desk: Desk, trade: object, market: ShownMarket, bid: str) -> None:
    """The market shows this bid, and the plan is looked at."""
    market.show(TSLA, bid, bid)
    work = Work(desk)
    plan = work.get(ExitPlan, exit_plan_stream("paper", trade))  # type: ignore[arg-type]
    assert look(work, plan, market.quotes, at=NOON) == ""
    assert work.save(command())
    work.commit()


def test_a_moved_stop_takes_back_what_the_old_one_sells(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    signal = signal_with(desk, "4.00", "6.00")
    enter(desk, signal)
    catch_up(exiting)
    fire(desk, signal, market, "4.00")
    accept(desk, closing_name(signal, 1))
    levels = Levels(stop=D("3.00"), targets=plan_of(desk, signal).levels.targets)
    change_levels(desk, command(), LOCAL_OPERATOR, account="paper", trade=signal, levels=levels)
    assert status(desk, closing_name(signal, 1)) == "pending_cancel"
    assert plan_of(desk, signal).due is None


def test_a_target_that_stays_goes_on_resting(
    desk: Desk, exiting: ReactionRunner, market: ShownMarket
) -> None:
    signal = signal_with(desk, "4.00", "6.00", "7.00")
    enter(desk, signal)
    catch_up(exiting)
    fire(desk, signal, market, "6.00")
    accept(desk, closing_name(signal, 1))
    same = plan_of(desk, signal).levels.targets
    change_levels(
        desk, command(), LOCAL_OPERATOR, account="paper", trade=signal,
        levels=Levels(stop=D("5.00"), targets=same),
    )  # fmt: skip
    assert status(desk, closing_name(signal, 1)) == "new"
    others = Levels(stop=D("5.00"), targets=(Target(price=D("7.00")), Target(price=D("6.00"))))
    change_levels(desk, command(), LOCAL_OPERATOR, account="paper", trade=signal, levels=others)
    assert status(desk, closing_name(signal, 1)) == "pending_cancel"
    # The order is still the one of the target at 6.00, which is the second one now.
    (working,) = plan_of(desk, signal).working.values()
    assert working.target == 2
    assert len(asked(desk)) == 1


def test_only_an_admin_guards_and_only_what_is_held(desk: Desk, exiting: ReactionRunner) -> None:
    signal = signal_with(desk, "4.00")
    enter(desk, signal)
    catch_up(exiting)
    levels = Levels(stop=D("3.00"))
    with pytest.raises(Forbidden):
        change_levels(desk, command(), DANA, account="paper", trade=signal, levels=levels)
    with pytest.raises(NotFound):
        change_levels(
            desk, command(), LOCAL_OPERATOR, account="paper", trade=uuid4(), levels=levels
        )
    change_levels(desk, command(), LOCAL_OPERATOR, account="paper", trade=signal, levels=levels)
    with pytest.raises(InvalidInput, match="already"):
        change_levels(desk, command(), LOCAL_OPERATOR, account="paper", trade=signal, levels=levels)
