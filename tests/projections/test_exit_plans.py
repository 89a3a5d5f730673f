"""How holdings are guarded, folded as the plans themselves decide it."""

from __future__ import annotations

from decimal import Decimal

from domain.exit_changes import Concern
from domain.exit_firing import fired
from domain.exit_terms import ExitReason, Levels, Target, Trailing, closing_terms
from domain.exits import ExitPlan
from domain.fix import Side
from projections.exit_plans import (
    ExitPlanRow,
    ExitPlans,
    ExitWarning,
    exit_plan,
    exit_plans,
    triggers_of,
)
from projections.runner import Runner
from tests.domain.exit_plans import AT, SHARES, TODAY, TRADE, plan, quote
from tests.projections.given import Story, current
from tests.projections.tape import Tape, reading

D = Decimal


def sell(of: ExitPlan, bid: str) -> str:
    """Asks for what is due at this bid; the order's ClOrdID."""
    found = fired(of, quote(bid), best=None, today=TODAY, at=AT)
    assert found is not None
    terms = closing_terms(of.side, of.legs, found, quote(bid), 1)
    return of.trigger(found, quote(bid), terms, at=AT).cl_ord_id


def row_of(model: ExitPlans) -> ExitPlanRow:
    (row,) = current(model.plans)
    return row


def assert_agrees(row: ExitPlanRow, held: ExitPlan) -> None:
    """Everything that the row says of the plan is what the plan knows."""
    assert (row.held, row.avg_px, row.commission) == (held.held, held.avg_px, held.commission)
    assert (row.stop, row.trailing) == (held.levels.stop, held.levels.trailing)
    assert row.targets == [held.targets[number] for number in sorted(held.targets)]
    assert row.orders == held.working
    assert row.due == (None if held.due is None else held.due.reason)
    assert (row.called, row.best, row.done) == (held.called, held.best, held.is_done)
    assert row.version == held.version


def test_a_holding_is_told_with_its_levels_and_without_what_cannot_be_one() -> None:
    model = ExitPlans()
    held = ExitPlan.set(
        account="paper", trade=TRADE, side=Side.BUY, legs=plan().legs,
        levels=Levels(stop=D("4.00"), targets=(Target(price=D("7.00")),)), held=D(9),
        avg_px=D("5.52"), commission=D("6.30"), left_out=("the target 5.00 isn't beyond",), at=AT,
    )  # fmt: skip
    Story(model).tell(held)
    row = row_of(model)
    assert_agrees(row, held)
    assert row.not_guarded_by == ("the target 5.00 isn't beyond",)
    assert row.trailing_stop is None


def test_every_step_of_a_life_agrees_with_the_plan() -> None:
    model = ExitPlans()
    story, held = Story(model), plan("10", stop="4.00", prices=("6", "7", "8"))

    def now() -> None:
        story.tell(held)
        assert_agrees(row_of(model), held)

    now()
    first = sell(held, "6")
    now()
    held.fill(first, D(2), at=AT)
    now()
    held.release(first, "canceled", failed=True, at=AT)
    now()
    assert row_of(model).retry_at is not None
    held.grow(D(4), D("5.00"), D("1.40"), at=AT)
    now()
    held.change(
        Levels(stop=D("4.50"), targets=(Target(price=D(9)),), trailing=Trailing(amount=D(1))),
        by="ada", at=AT,
    )  # fmt: skip
    now()
    held.trail(D("8.50"), quote("8.50"), at=AT)
    now()
    assert (row_of(model).trailing_stop, row_of(model).changed_by) == (D("7.50"), "ada")
    stop = sell(held, "4.40")
    now()
    # The first order's fill comes late, after its cancel.
    held.fill(first, D(1), at=AT)
    now()
    held.fill(stop, held.held, at=AT)
    held.finish("nothing is held any more", at=AT)
    now()
    assert row_of(model).done


def test_what_others_change_and_what_is_warned_of_agrees_with_the_plan() -> None:
    model = ExitPlans()
    story, held = Story(model), plan("10", legs=SHARES, stop="4.00", prices=("6", "7"))

    def now() -> ExitPlanRow:
        story.tell(held)
        assert_agrees(row_of(model), held)
        return row_of(model)

    now()
    held.make_room("by-hand", D(2), at=AT)
    held.resize("by-hand", D(3), D("5.10"), "replaced", at=AT)
    assert now().orders["by-hand"].left == 5
    held.resize("by-hand", D(-5), D("5.10"), "replaced", at=AT)
    assert now().orders == {}
    held.adjust(
        "TSLA", "TSLB", from_quantity=D(1), to_quantity=D(2), why="a merger", at=AT
    )  # fmt: skip
    row = now()
    assert (row.symbol, row.held, row.stop) == ("TSLB", D(20), D("2.00"))
    for words in ("4.10 is near it", "4.05 is near it"):
        held.warn(Concern.NEAR_STOP, words, today=TODAY, at=AT)
    held.warn(Concern.EXPIRY, "it expires today", today=TODAY, at=AT)
    assert now().warnings == {
        Concern.NEAR_STOP: ExitWarning("4.10 is near it", TODAY),
        Concern.EXPIRY: ExitWarning("it expires today", TODAY),
    }


def test_each_closing_order_is_kept_with_the_quote_that_asked_for_it(tape: Tape) -> None:
    held = plan("9", stop="4.00")
    before = tape.save(held)
    name = sell(held, "3.10")
    tape.save(held)
    runner = Runner(reading(tape.url), [ExitPlans])
    runner.start()
    runner.catch_up()
    runner.close()
    (row,) = exit_plans(tape.connection, account=held.account)
    assert (row.plan, row.due, list(row.orders)) == (held.id, ExitReason.STOP, [name])
    (trigger,) = triggers_of(tape.connection, held.id)
    assert (trigger.reason, trigger.level, trigger.bid) == (ExitReason.STOP, D("4.00"), D("3.10"))
    assert (trigger.gapped, trigger.gap) == (True, D("0.90"))
    then = exit_plan(tape.connection, held.id, as_of=before)
    assert then is not None
    assert (then.due, then.orders) == (None, {})
    assert exit_plans(tape.connection, as_of=before) == [then]
    assert not exit_plans(tape.connection, done=True)
