"""Which exit is due at a quote.

What ends the trade goes before what the trader called, and that before a target. Long trades are
looked at by the bid and sold ones by the offer: what closing would bring or cost, never the last
trade and never the middle.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from domain.exit_events import Due
from domain.exit_terms import ZERO, ExitReason, Fired, QuoteSeen, Target, is_time, part_of
from domain.exits import ExitPlan
from domain.legs import expiry_of
from domain.shared import price


def fired(
    plan: ExitPlan, quote: QuoteSeen, *, best: Decimal | None, today: date, at: datetime
) -> Fired | None:
    """The exit that is due at this quote, or None. `best` is the best price seen for a trailing
    stop, `today` the exchange's day.
    """
    if plan.is_done or plan.held <= 0:
        return None
    exit_px = quote.exit_px(plan.side)
    due = plan.due or level_broken(plan, exit_px, best=best, today=today, at=at)
    if due is not None:
        return ending(plan, due, exit_px, at)
    wanted = min(plan.called, plan.held) - plan.leaving
    if wanted > 0 and _may_try(plan, ExitReason.TRADER, at):
        return Fired(reason=ExitReason.TRADER, quantity=wanted)
    return _target_reached(plan, exit_px, at)


def level_broken(
    plan: ExitPlan, exit_px: Decimal, *, best: Decimal | None, today: date, at: datetime
) -> Due | None:
    """The level that ends the trade at this price, if one does."""
    levels, sign = plan.levels, plan.side.sign
    if levels.stop is not None and (exit_px - levels.stop) * sign <= 0:
        return Due(ExitReason.STOP, levels.stop)
    if levels.trailing is not None and best is not None:
        level = price(best - sign * levels.trailing.distance(best))
        if (exit_px - level) * sign <= 0:
            return Due(ExitReason.TRAILING, level)
    if levels.time_stop is not None and is_time(levels.time_stop, expiry_of(plan.legs), today, at):
        return Due(ExitReason.TIME)
    return None


def ending(plan: ExitPlan, due: Due, exit_px: Decimal, at: datetime) -> Fired | None:
    """The exit of all that no order follows the market for; None if nothing is left to ask for,
    or it was refused just now.
    """
    leaving = sum((each.left for each in plan.working.values() if each.reason.must_trade), ZERO)
    if plan.held <= leaving or not _may_try(plan, due.reason, at):
        return None
    gap = ZERO if due.level is None else max((due.level - exit_px) * plan.side.sign, ZERO)
    return Fired(reason=due.reason, quantity=plan.held - leaving, level=due.level, gap=gap)


def _target_reached(plan: ExitPlan, exit_px: Decimal, at: datetime) -> Fired | None:
    resting = {each.target for each in plan.working.values()}
    armed = {number: each for number, each in plan.targets.items() if number not in resting}
    reached = [
        (target.price * plan.side.sign, number)
        for number, target in armed.items()
        if (exit_px - target.price) * plan.side.sign >= 0
    ]
    if not reached or not _may_try(plan, ExitReason.TARGET, at):
        return None
    number = min(reached)[1]
    quantity = _part(plan, number, armed)
    if quantity <= 0:
        return None
    return Fired(
        reason=ExitReason.TARGET, quantity=quantity, level=armed[number].price, target=number
    )


def _part(plan: ExitPlan, number: int, armed: dict[int, Target]) -> Decimal:
    free = plan.free - max(plan.called - plan.leaving, ZERO)
    asked = armed[number].quantity
    if asked is not None:
        return min(asked, free)
    others = sum((each.quantity for each in armed.values() if each.quantity is not None), ZERO)
    equal = sum(each.quantity is None for each in armed.values())
    return part_of(max(free - others, ZERO), equal)


def _may_try(plan: ExitPlan, reason: ExitReason, at: datetime) -> bool:
    return reason not in plan.failures or plan.failures[reason][1] <= at
