"""Resizing: a closing order that is replaced takes more or less of what is held.

More is taken when it is asked for, and only where nothing else works for it: whatever the broker
answers, all closing orders together never close more than there is. Less is given back when the
broker has said yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from application.desk import Work
from application.guarded import OpenPositions
from application.selling import turned
from domain.exits import ExitPlan
from domain.fix import PositionEffect
from domain.legs import strategy_symbol
from domain.orders import Order
from domain.shared import Impossible


def make_room(
    work: Work, positions: OpenPositions, order: Order, order_qty: Decimal, *, at: datetime
) -> None:
    """Takes what a closing order is to close beyond its quantity, before it is asked for.

    Raises:
        Impossible: other closing orders work for that, or so much is not held.
        Unavailable: the store did not answer.
    """
    more = order_qty - order.order_qty
    if order.position_effect is PositionEffect.OPEN or more <= 0:
        return
    plans = _plans(work, positions, order)
    free = sum((max(plan.free, Decimal(0)) for plan in plans), Decimal(0))
    if more > free:
        raise Impossible(
            f"{order_qty} cannot be closed by it: no more than {free} beyond its "
            f"{order.order_qty} are held that no other order closes"
        )
    for plan in plans:
        part = min(more, max(plan.free, Decimal(0)))
        if part > 0:
            _take(plan, order.cl_ord_id, part, at)
            # The order's own event is the last of the batch: the outcome is where that is.
            work.take(plan)
            more -= part


def refit(plans: Sequence[ExitPlan], order: Order, why: str, *, at: datetime) -> list[ExitPlan]:
    """Lets the plans that a closing order works for take as much as it closes now; those that
    changed.
    """
    name = order.cl_ord_id
    works = [plan for plan in plans if name in plan.working]
    by = order.order_qty - sum((plan.working[name].quantity for plan in works), Decimal(0))
    if order.replacing:
        # Another replacement has taken its part already, and is not answered.
        by = max(by, Decimal(0))
    changed = []
    for place, plan in enumerate(works):
        # What nobody here asked for and nobody has room for is taken back from others.
        is_last = place == len(works) - 1
        room = by if is_last else min(by, max(plan.free, Decimal(0)))
        part = max(by, -plan.working[name].left) if by < 0 else room
        if plan.resize(name, part, order.limit_px, why, at=at):
            changed.append(plan)
        by -= part
    return changed


def _plans(work: Work, positions: OpenPositions, order: Order) -> list[ExitPlan]:
    """The plans that an order works for, then what else its account holds of the same."""
    name, side = order.cl_ord_id, order.side.opposite
    symbol = strategy_symbol(side, turned(order.legs))
    rows = [
        row
        for row in positions.guarded()
        if row.account == order.account
        and row.side is side
        and (name in row.working or strategy_symbol(row.side, row.legs) == symbol)
    ]
    if order.signal is not None:
        rows = [row for row in rows if row.trade == order.signal]
    work.prefetch(row.plan for row in rows)
    found = [work.find(ExitPlan, row.plan) for row in rows]
    held = [plan for plan in found if plan is not None and plan.held > 0]
    return sorted(held, key=lambda plan: name not in plan.working)


def _take(plan: ExitPlan, name: str, part: Decimal, at: datetime) -> None:
    working = plan.working.get(name)
    if working is None:
        plan.make_room(name, part, at=at)
    else:
        plan.resize(name, part, working.limit_px, "more is to be closed by it", at=at)
