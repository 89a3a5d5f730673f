"""Booking: what one execution report means for an order, as the events that follow from it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from domain.fix import OrdStatus
from domain.order_changes import (
    OrderCancelPending,
    OrderDoneForDay,
    OrderReplaced,
    OrderReplacePending,
    OrderReplaceRejected,
    OrderReportKept,
    OrderSuspended,
)
from domain.order_events import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderExpired,
    OrderRejected,
    OrderTriggered,
)
from domain.order_fills import COUNTS, Fact, Facts, kept
from domain.order_memory import AT_ONCE
from domain.order_states import TABLE, Step
from domain.reports import ExecType, ExecutionReport, key_of, storable
from domain.shared import Event

if TYPE_CHECKING:
    from domain.order_state import OrderState


class Booked(StrEnum):
    """What became of a report."""

    BOOKED = "booked"
    REPEATED = "repeated"
    KEPT = "kept"


def decide(order: OrderState, report: ExecutionReport) -> Facts:
    """What follows: nothing if it is known, else one event."""
    step = TABLE[order.status, report.exec_type]
    if order.memory.heard and key_of(report) in order.memory.heard:
        return _again(order, report)
    if why := _unreadable(report):
        return kept(report, why)
    if step is Step.COUNTS:
        return COUNTS[report.exec_type](order, report)
    if step is Step.KNOWN:
        return []
    if step is Step.COMPARES:
        return _compared(order, report)
    if step is Step.LATE:
        return [] if order.memory.is_said(report) else kept(report, _late(order))
    return _moved(order, report, step)


def _again(order: OrderState, report: ExecutionReport) -> Facts:
    """A report that was kept may by now be known as another ExecID of a fill."""
    if report.exec_type is not ExecType.TRADE or _unreadable(report):
        return []
    facts = COUNTS[ExecType.TRADE](order, report)
    return [] if facts and facts[0][0] is OrderReportKept else facts


def _unreadable(report: ExecutionReport) -> str:
    clean = storable(report)
    if clean is not report:
        return "its figures are no numbers"
    if report.exec_type in (ExecType.TRADE, ExecType.TRADE_CORRECT) and report.last_qty <= 0:
        return f"a fill has a quantity above zero, not {report.last_qty}"
    if report.exec_type is ExecType.TRADE and not report.exec_id:
        return "a fill without an ExecID cannot be told from others"
    if report.exec_type is ExecType.REPLACED and (report.order_qty or 1) <= 0:
        return f"an order has a quantity above zero, not {report.order_qty}"
    return ""


def _late(order: OrderState) -> str:
    if order.status is OrdStatus.DENIED:
        return "the order was denied here, and the broker has it"
    if order.fills and order.status.is_open:
        return "an order with fills cannot be rejected"
    return f"late: the order is {order.status.value}"


def _compared(order: OrderState, report: ExecutionReport) -> Facts:
    """A count that is neither older than the one known, nor ours, is kept."""
    count, known_at = report.cum_qty, order.memory.counted_at
    if count is None or (known_at is not None and report.transact_time <= known_at):
        return []
    if count == order.cum_qty and not order.missing:
        return []
    return kept(report, f"the broker counts {count} filled, {order.cum_qty} are booked here")


def _moved(order: OrderState, report: ExecutionReport, step: OrdStatus | Step) -> Facts:
    """A report of the order's state."""
    build = _STATES[report.exec_type]
    fields = build(order, report, step)
    if isinstance(fields, str):
        return kept(report, fields)
    if fields is None:
        return []
    event_class, said = fields
    common = {"exec_id": report.exec_id, "broker_cum_qty": report.cum_qty}
    return [(event_class, common | said)]


Said = Fact | str | None
"""An event, why the report is only kept, or nothing that is new."""


def _status(order: OrderState, step: OrdStatus | Step, **changes: Any) -> OrdStatus:
    if step is Step.STAYS:
        return order.status
    return order.rests(**changes) if isinstance(step, Step) else step


def _accepted(order: OrderState, report: ExecutionReport, step: OrdStatus | Step) -> Said:
    at = report.transact_time
    halted = order.halted_after(at)
    resumes = halted is not order.halted
    learns = not order.accepted or bool(report.order_id and not order.order_id)
    # Later than the last one it is the end of a halt, which may be told only afterwards.
    later = order.worked_at is None or at - order.worked_at > AT_ONCE
    if not (resumes or learns or later):
        return None
    return OrderAccepted, {
        "status": _status(order, step, halted=halted, accepted=True),
        "order_id": report.order_id,
        "transact_time": at,
    }


def _triggered(order: OrderState, report: ExecutionReport, step: OrdStatus | Step) -> Said:
    if order.triggered:
        return None
    return OrderTriggered, {
        "status": _status(order, step),
        "order_id": report.order_id,
        "transact_time": report.transact_time,
    }


def _cancel_pending(order: OrderState, report: ExecutionReport, step: OrdStatus | Step) -> Said:
    if order.memory.is_said(report):
        return None
    if order.memory.is_answered(report):
        return "late: that was answered since"
    return OrderCancelPending, {
        "status": _status(order, step),
        "reason": report.text,
        "transact_time": report.transact_time,
    }


def _replace_pending(order: OrderState, report: ExecutionReport, step: OrdStatus | Step) -> Said:
    if order.memory.is_said(report):
        return None
    if order.memory.is_answered(report):
        return "late: that was answered since"
    return OrderReplacePending, {
        "status": _status(order, step),
        "reason": report.text,
        "transact_time": report.transact_time,
    }


def _cancel_rejected(order: OrderState, report: ExecutionReport, step: OrdStatus | Step) -> Said:
    last = order.memory.is_last(ExecType.PENDING_CANCEL, report.transact_time)
    return OrderCancelRejected, {
        "status": _status(order, step, canceling=order.canceling and not last),
        "reason": report.text,
        "transact_time": report.transact_time,
    }


def _replace_rejected(order: OrderState, report: ExecutionReport, step: OrdStatus | Step) -> Said:
    last = order.memory.is_last(ExecType.PENDING_REPLACE, report.transact_time)
    return OrderReplaceRejected, {
        "status": _status(order, step, replacing=order.replacing and not last),
        "reason": report.text,
        "transact_time": report.transact_time,
    }


def _replaced(order: OrderState, report: ExecutionReport, step: OrdStatus | Step) -> Said:
    if order.replaced_at is not None and report.transact_time < order.replaced_at:
        return "late: the order was replaced again since"
    quantity = order.order_qty if report.order_qty is None else report.order_qty
    limit_px = order.limit_px if report.limit_px is None else report.limit_px
    stop_px = order.stop_px if report.stop_px is None else report.stop_px
    same = (quantity, limit_px, stop_px) == (order.order_qty, order.limit_px, order.stop_px)
    told = order.replaced_at is not None and report.transact_time <= order.replaced_at
    if same and told and report.order_id in ("", order.order_id):
        return None
    last = order.memory.is_last(ExecType.PENDING_REPLACE, report.transact_time)
    replacing = order.replacing and not last
    return OrderReplaced, {
        "status": _status(order, step, order_qty=quantity, replacing=replacing, accepted=True),
        "order_qty": quantity,
        "limit_px": limit_px,
        "stop_px": stop_px,
        "time_in_force": order.asked_time_in_force or order.time_in_force,
        "order_id": report.order_id,
        "transact_time": report.transact_time,
    }


def _rejected(order: OrderState, report: ExecutionReport, step: OrdStatus | Step) -> Said:
    if order.cum_qty:
        return "an order with fills cannot be rejected"
    if report.order_id and order.order_id not in ("", report.order_id):
        return f"it is about {report.order_id}, and this order is {order.order_id}"
    return OrderRejected, {
        "status": _status(order, step),
        "reason": report.text or "the broker gives no reason",
        "transact_time": report.transact_time,
    }


def _ended(event_class: type[Event]) -> Callable[..., Said]:
    def ended(order: OrderState, report: ExecutionReport, step: OrdStatus | Step) -> Said:
        if step is Step.STAYS and order.ended is not None:
            return None
        status = _status(order, step)
        return event_class, {"status": status, "transact_time": report.transact_time}

    return ended


def _done_for_day(order: OrderState, report: ExecutionReport, step: OrdStatus | Step) -> Said:
    if order.memory.is_said(report):
        return None
    if order.has_resumed_since(report.transact_time):
        return "late: the order trades again since"
    status = _status(order, step)
    return OrderDoneForDay, {"status": status, "transact_time": report.transact_time}


def _suspended(order: OrderState, report: ExecutionReport, step: OrdStatus | Step) -> Said:
    if order.memory.is_said(report):
        return None
    if order.has_resumed_since(report.transact_time):
        return "late: the order trades again since"
    return OrderSuspended, {
        "status": _status(order, step),
        "reason": report.text,
        "transact_time": report.transact_time,
    }


_STATES: dict[ExecType, Callable[[OrderState, ExecutionReport, OrdStatus | Step], Said]] = {
    ExecType.NEW: _accepted,
    ExecType.TRIGGERED: _triggered,
    ExecType.PENDING_CANCEL: _cancel_pending,
    ExecType.PENDING_REPLACE: _replace_pending,
    ExecType.CANCEL_REJECTED: _cancel_rejected,
    ExecType.REPLACE_REJECTED: _replace_rejected,
    ExecType.REPLACED: _replaced,
    ExecType.REJECTED: _rejected,
    ExecType.CANCELED: _ended(OrderCanceled),
    ExecType.EXPIRED: _ended(OrderExpired),
    ExecType.DONE_FOR_DAY: _done_for_day,
    ExecType.SUSPENDED: _suspended,
}
