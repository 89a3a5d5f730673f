"""Exiting: what is held is guarded, and left when the trader leaves.

Follows fills, the trader's words and what ends closing orders, and keeps the plans by them. The
levels themselves are watched by the position monitor, which reads what is remembered here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from application.desk import Work
from application.guarded import Guarded, PlanBook
from application.limiting import limits_of
from application.ports import MarketPrices, QuoteRequest, Unavailable
from application.reaction import Happened, consequence
from application.resizing import refit
from application.selling import guard_by, hand_line, leave, look, seen, take_back, turned
from domain.exit_changes import ExitPlanAdjusted, ExitPlanResized, ExitPlanWarned
from domain.exit_events import (
    ExitPlanChanged,
    ExitPlanDone,
    ExitPlanGrown,
    ExitPlanPostponed,
    ExitPlanReduced,
    ExitPlanReleased,
    ExitPlanSet,
    ExitPlanTrailed,
    ExitPlanTriggered,
)
from domain.exit_terms import ExitReason, Fired, Levels, Target, fitting, share_of
from domain.exits import ExitPlan, closing_name, exit_plan_stream
from domain.fix import OrdStatus, PositionEffect, Side
from domain.holdings import HoldingAdjusted, HoldingAssigned, HoldingExercised, HoldingExpired
from domain.legs import strategy_symbol
from domain.market import Quote
from domain.order_changes import OrderReconciled, OrderReplaced, OrderReplaceRejected
from domain.order_events import (
    OrderCanceled,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderRequested,
    OrderTradeCanceled,
    OrderTradeCorrected,
)
from domain.orders import Order, entry_name, order_stream
from domain.shared import Event
from domain.signal_events import SignalExitCalled, SignalLevelsMoved
from domain.signals import Signal

_PLAN_EVENTS: frozenset[type[Event]] = frozenset(
    {
        ExitPlanSet, ExitPlanGrown, ExitPlanChanged, ExitPlanTrailed, ExitPlanTriggered,
        ExitPlanPostponed, ExitPlanReduced, ExitPlanReleased, ExitPlanDone, ExitPlanResized,
        ExitPlanAdjusted, ExitPlanWarned,
    }
)  # fmt: skip

_Ended = OrderCanceled | OrderRejected | OrderExpired | OrderDenied | OrderReconciled


class Exiting:
    """The reaction that keeps the plans."""

    name = "exiting"
    handles: frozenset[type[Event]] = _PLAN_EVENTS | {
        OrderRequested, OrderFilled, OrderCanceled, OrderRejected, OrderExpired, OrderDenied,
        OrderReconciled, OrderReplaced, OrderReplaceRejected, OrderTradeCorrected,
        OrderTradeCanceled,
        SignalExitCalled, SignalLevelsMoved,
        HoldingExpired, HoldingExercised, HoldingAssigned, HoldingAdjusted,
    }  # fmt: skip

    def __init__(self, market: MarketPrices) -> None:
        self._market = market
        self._plans = PlanBook()

    def restore(self, state: Mapping[str, bytes]) -> None:
        self._plans = PlanBook()
        self._plans.restore(state)

    def guarded(self) -> list[Guarded]:
        """Every holding with its plan, as far as this reaction has come."""
        return self._plans.guarded()

    def changes(self) -> Mapping[str, bytes | None]:
        return self._plans.memory.take()

    def react(self, happened: Sequence[Happened], work: Work) -> None:
        work.prefetch({cause.stream for cause in happened})
        for cause in happened:
            if type(cause.event) in _PLAN_EVENTS:
                self._plans.keep(work.get(ExitPlan, cause.stream))
                continue
            for plan in self._decide(cause, work):
                self._keep_within(plan, cause, work)
                self._plans.keep(plan)
            work.save(consequence(self.name, cause))

    def _decide(self, cause: Happened, work: Work) -> Iterable[ExitPlan]:
        """Acts on one event; the plans that it concerned."""
        match cause.event:
            case OrderRequested() as requested:
                return self._note_by_hand(cause, requested, work)
            case OrderFilled() as fill:
                return self._book(cause, fill, work)
            case OrderCanceled() | OrderRejected() | OrderExpired() | OrderDenied() as ended:
                return self._release(cause, ended, work)
            case OrderReconciled(ends=True) as told:
                return self._release(cause, told, work)
            case OrderTradeCorrected() | OrderTradeCanceled() as change:
                return self._recount(cause, change, work)
            case SignalExitCalled() as called:
                return self._follow(cause, called, work)
            case SignalLevelsMoved() as moved:
                return self._move(cause, moved, work)
            case HoldingExpired() | HoldingExercised() | HoldingAssigned() as ended:
                return self._end(cause, ended, work)
            case HoldingAdjusted() as adjusted:
                return self._adjust(cause, adjusted, work)
            case OrderReplaced() | OrderReplaceRejected():
                return self._refit(cause, work)
        return ()

    def _book(self, cause: Happened, fill: OrderFilled, work: Work) -> Iterable[ExitPlan]:
        order = work.get(Order, cause.stream)
        if order.position_effect is PositionEffect.OPEN:
            return [self._guard(order, fill, cause, work)]
        return self._spread(
            self._plans_of(order, work),
            fill.last_qty,
            order.cl_ord_id,
            lambda plan, part: plan.fill(order.cl_ord_id, part, at=cause.event.timestamp),
        )

    def _guard(self, order: Order, fill: OrderFilled, cause: Happened, work: Work) -> ExitPlan:
        """Sets or grows the plan by a fill of an entry; what the trader has left, we leave."""
        at = cause.event.timestamp
        trade = order.signal or hand_line(order.account, order.side, order.legs)
        signal = None if order.signal is None else work.find(Signal, order.signal)
        plan = work.find(ExitPlan, exit_plan_stream(order.account, trade))
        levels, left_out = Levels(), tuple[str, ...]()
        if signal is not None:
            levels, left_out = fitting(order.side, signal.stop, signal.targets, entry=fill.last_px)
        if plan is None:
            plan = work.begin(
                ExitPlan.set(
                    account=order.account,
                    trade=trade,
                    side=order.side,
                    legs=order.legs,
                    levels=levels,
                    held=fill.last_qty,
                    avg_px=fill.last_px,
                    commission=fill.commission,
                    left_out=left_out,
                    at=at,
                )
            )
        else:
            begins_anew = plan.is_done
            plan.grow(fill.last_qty, fill.last_px, fill.commission, at=at)
            if begins_anew and plan.levels != levels:
                plan.change(levels, by=f"reaction:{self.name}", left_out=left_out, at=at)
        if signal is not None and (signal.closed or signal.open_quantity <= 0):
            exits = [number for number in signal.book if number not in signal.entry_prices]
            if not any(_had_its_order(plan, number, work) for number in exits):
                self._call(plan, plan.held, cause, work)
        return plan

    def _follow(self, cause: Happened, called: SignalExitCalled, work: Work) -> Iterable[ExitPlan]:
        """Closes the same part of our holding, and buys no more of what the trader leaves."""
        take_back(
            work,
            entry_name(cause.stream),
            "the trader closed some before it was filled",
            cause.event.timestamp,
        )
        signal = work.get(Signal, cause.stream)
        before = sum((q for n, q in signal.book.items() if n < called.number), Decimal(0))
        for plan in self._plans_for(self._plans.of_trade(cause.stream), work):
            part = share_of(plan.held - plan.called, called.quantity, before)
            if part > 0 and not _had_its_order(plan, called.number, work):
                self._call(plan, min(plan.called + part, plan.held), cause, work)
                yield plan

    def _call(self, plan: ExitPlan, quantity: Decimal, cause: Happened, work: Work) -> None:
        """Leaves so much in all, at once if there is a quote to do it by."""
        at = cause.event.timestamp
        fired = Fired(reason=ExitReason.TRADER, quantity=quantity - plan.leaving)
        if fired.quantity <= 0:
            return
        limits = limits_of(work, plan.account)
        quotes = self._quotes(plan, cause)
        quote, why_not = seen(plan.side, plan.legs, quotes, at=at, age_s=limits.quote_age_s)
        if quote is None or plan.due is not None:
            waits_for = why_not if plan.due is None else "the exit of all that is due"
            plan.postpone(fired, waits_for, quote=quote, at=at)
        else:
            leave(work, plan, fired, quote, ticks=limits.through_ticks, at=at)

    def _move(self, cause: Happened, moved: SignalLevelsMoved, work: Work) -> Iterable[ExitPlan]:
        """Takes over the levels that the trader moved; the others stay."""
        for plan in self._plans_for(self._plans.of_trade(cause.stream), work):
            stop = plan.levels.stop if moved.stop is None else moved.stop
            said = moved.targets or tuple(target.price for target in plan.levels.targets)
            fit, left_out = fitting(plan.side, stop, said)
            kept = {target.price: target for target in plan.levels.targets}
            targets = tuple(kept.get(t.price, Target(price=t.price)) for t in fit.targets)
            levels = Levels(
                stop=fit.stop,
                targets=targets,
                trailing=plan.levels.trailing,
                time_stop=plan.levels.time_stop,
            )
            by = f"reaction:{self.name}"
            if guard_by(work, plan, levels, by=by, left_out=left_out, at=cause.event.timestamp):
                yield plan

    def _release(self, cause: Happened, ended: _Ended, work: Work) -> Iterable[ExitPlan]:
        """What a closing order left is armed again, or asked for anew at once."""
        order = work.get(Order, cause.stream)
        if order.position_effect is PositionEffect.OPEN:
            return
        for plan in self._plans_of(order, work):
            if order.cl_ord_id in plan.working:
                failed, why = _how(ended)
                plan.release(order.cl_ord_id, why, failed=failed, at=cause.event.timestamp)
                if plan.held > 0 and (plan.due is not None or plan.called > 0):
                    look(work, plan, self._quotes(plan, cause), at=cause.event.timestamp)
                yield plan

    def _note_by_hand(
        self, cause: Happened, requested: OrderRequested, work: Work
    ) -> Iterable[ExitPlan]:
        """A person's closing order takes its part of what is guarded."""
        if requested.position_effect is PositionEffect.OPEN:
            return ()
        order = work.get(Order, cause.stream)
        plans = self._plans_of(order, work)
        if any(order.cl_ord_id in plan.closings for plan in plans):
            return ()
        return self._spread(
            plans,
            requested.order_qty,
            "",
            lambda plan, part: plan.make_room(order.cl_ord_id, part, at=cause.event.timestamp),
        )

    def _recount(
        self, cause: Happened, change: OrderTradeCorrected | OrderTradeCanceled, work: Work
    ) -> Iterable[ExitPlan]:
        """A corrected or busted fill moves what is held by the difference."""
        at = cause.event.timestamp
        order = work.get(Order, cause.stream)
        opens = order.position_effect is PositionEffect.OPEN
        qty = px = Decimal(0)
        if isinstance(change, OrderTradeCorrected):
            qty, px = change.last_qty, change.last_px
        gained = (qty - change.was_qty) * (1 if opens else -1)
        for plan in self._plans_of(order, work)[:1]:
            if gained > 0:
                plan.grow(gained, px if opens else plan.avg_px, Decimal(0), at=at)
            elif gained < 0:
                plan.reduce(-gained, "a fill was busted or corrected", at=at)
            elif opens and plan.held > 0:
                plan.reprice(plan.avg_px + qty * (px - change.was_px) / plan.held, at=at)
            yield plan

    def _end(
        self,
        cause: Happened,
        ended: HoldingExpired | HoldingExercised | HoldingAssigned,
        work: Work,
    ) -> Iterable[ExitPlan]:
        """What expired, was exercised or assigned is not held any more."""
        side = Side.SELL if isinstance(ended, HoldingAssigned) or ended.quantity < 0 else Side.BUY
        why = ended.TOPIC.partition(".")[2]
        rows = self._plans.of_line(ended.account, side, ended.symbol)
        if isinstance(ended, HoldingExpired) and ended.signal is not None:
            rows = [row for row in rows if row.trade == ended.signal]
        return self._spread(
            self._plans_for(rows, work),
            abs(ended.quantity),
            "",
            lambda plan, part: plan.reduce(part, why, at=cause.event.timestamp),
        )

    def _adjust(self, cause: Happened, adjusted: HoldingAdjusted, work: Work) -> Iterable[ExitPlan]:
        """Guards what a corporate action made of a holding; what rests names the old contract."""
        at, why = cause.event.timestamp, adjusted.reason
        for plan in self._plans_for(self._plans.with_leg(adjusted.account, adjusted.symbol), work):
            for name in plan.working:
                take_back(work, name, why, at)
            if len(plan.legs) > 1 and adjusted.from_quantity != adjusted.to_quantity:
                plan.reduce(plan.held, f"{why}: its legs fit no more, close them by hand", at=at)
            else:
                plan.adjust(
                    adjusted.symbol, adjusted.to_symbol, from_quantity=adjusted.from_quantity,
                    to_quantity=adjusted.to_quantity, why=why, at=at,
                )  # fmt: skip
            yield plan

    def _refit(self, cause: Happened, work: Work) -> Iterable[ExitPlan]:
        """A closing order that was replaced takes more or less of what is guarded."""
        order = work.get(Order, cause.stream)
        if order.position_effect is PositionEffect.OPEN:
            return ()
        why = cause.event.TOPIC.partition(".")[2].replace("_", " ")
        return refit(self._plans_of(order, work), order, why, at=cause.event.timestamp)

    def _spread(
        self,
        plans: Sequence[ExitPlan],
        quantity: Decimal,
        cl_ord_id: str,
        act: Callable[[ExitPlan, Decimal], None],
    ) -> list[ExitPlan]:
        """Takes a quantity of one plan after the other: those for which the order works first,
        each of what works or is held; whatever is over is booked on the first.
        """
        found = []
        known = sorted(plans, key=lambda plan: cl_ord_id not in plan.working)
        for plan in known:
            works = plan.working.get(cl_ord_id)
            part = min(quantity, plan.held if works is None else works.left)
            if part > 0:
                act(plan, part)
                found.append(plan)
                quantity -= part
        if quantity > 0 and cl_ord_id and known:
            act(known[0], quantity)
            found = found or known[:1]
        return found

    def _keep_within(self, plan: ExitPlan, cause: Happened, work: Work) -> None:
        """Takes closing orders back that would sell more than there is; ends what is empty."""
        at = cause.event.timestamp
        if plan.free < 0 or plan.held <= 0:
            for name, each in plan.working.items():
                if plan.held <= 0 or each.reason is not ExitReason.BY_HAND:
                    take_back(work, name, "less is held than it would close", at)
        if plan.held <= 0 and not plan.is_done:
            plan.finish("nothing is held any more", at=at)

    def _plans_of(self, order: Order, work: Work) -> list[ExitPlan]:
        """The plans that an order is about: of its trade first, then of its line."""
        side = order.side
        legs = order.legs
        if order.position_effect is PositionEffect.CLOSE:
            side, legs = side.opposite, turned(legs)
        trade = order.signal or hand_line(order.account, side, legs)
        first = work.find(ExitPlan, exit_plan_stream(order.account, trade))
        if order.signal is not None:
            return [] if first is None else [first]
        rows = self._plans.of_line(order.account, side, strategy_symbol(side, legs))
        others = [plan for plan in self._plans_for(rows, work) if plan is not first]
        return ([] if first is None else [first]) + others

    def _plans_for(self, rows: Sequence[Guarded], work: Work) -> list[ExitPlan]:
        found = (work.find(ExitPlan, row.plan) for row in rows)
        return [plan for plan in found if plan is not None and plan.held > 0]

    def _quotes(self, plan: ExitPlan, cause: Happened) -> dict[str, Quote]:
        requests = [QuoteRequest(leg.symbol, cause.event.timestamp) for leg in plan.legs]
        try:
            found = self._market.quotes_at(requests)
        except Unavailable:
            # The monitor asks again in seconds: what is due stays due.
            return {}
        return {quote.symbol: quote for quote in found if quote is not None}


def _how(ended: _Ended) -> tuple[bool, str]:
    """Whether somebody said no to a closing order, and how it ended."""
    match ended:
        case OrderReconciled():
            return ended.status is OrdStatus.REJECTED, f"{ended.status.value}, as its broker says"
        case OrderRejected() | OrderDenied():
            return True, ended.reason
        case _:
            return False, ended.TOPIC.partition(".")[2]


def _had_its_order(plan: ExitPlan, number: int, work: Work) -> bool:
    """Whether a trader's exit was followed before there were plans: then its order, which has the
    exit's number, is none of the plan's own.
    """
    name = closing_name(plan.trade, number)
    if plan.closings.get(name, ExitReason.BY_HAND) is not ExitReason.BY_HAND:
        return False
    return work.find(Order, order_stream(name)) is not None
