"""Fills of an order: which are new, which are told again, and what restates them.

A fill is known by its ExecID, and under another one by the broker's count after it. Every fill
that happened is booked, whatever the order's state and however much was ordered: positions are
the broker's in the end. What is above the quantity ordered is marked as overfill.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from domain.order_changes import OrderReportKept
from domain.order_events import OrderFilled, OrderTradeCanceled, OrderTradeCorrected
from domain.reports import ExecType, ExecutionReport, storable
from domain.shared import Event, price, stream_id

if TYPE_CHECKING:
    from domain.order_state import OrderState

Fact = tuple[type[Event], dict[str, Any]]
Facts = list[Fact]

ZERO = Decimal(0)
BROKER = "broker"
"""Who restates a fill when it is none of us."""


def kept(report: ExecutionReport, why: str) -> Facts:
    """The report is on record, and changes nothing now."""
    return [(OrderReportKept, {"report": storable(report), "why": why})]


def released(order: OrderState) -> Facts:
    """What waited and can take effect now: a bust or correction whose fill came, or a fill that
    looked like another one until that one was found to be busted.
    """
    memory = order.memory
    for ref in memory.waiting:
        fill = memory.fill_of(ref)
        if fill in order.fills and (facts := _restated(order, fill, memory.about(ref))):
            return facts
    for fill in memory.doubtful:
        for report in memory.doubtful[fill]:
            if not order.has_fill(report.exec_id) and memory.same_fill(report) is None:
                return [_filled(order, report)]
    return []


def _traded(order: OrderState, report: ExecutionReport) -> Facts:
    if order.has_fill(report.exec_id):
        return []
    same = order.memory.same_fill(report)
    if same is None:
        return [_filled(order, report)]
    if not same.is_at(report.transact_time):
        return kept(report, f"it has the count, quantity and price of {same.exec_id}")
    if same.exec_id not in order.fills:
        return []
    return _restated(order, same.exec_id, order.memory.about(report.exec_id))


def _filled(order: OrderState, report: ExecutionReport) -> Fact:
    quantity = report.last_qty
    cum_qty = order.cum_qty + quantity
    leaves = max(ZERO, order.order_qty - cum_qty)
    above = cum_qty - order.order_qty
    return OrderFilled, {
        "exec_id": report.exec_id,
        "status": order.status.after_fill(leaves),
        "broker_cum_qty": report.cum_qty,
        "last_qty": quantity,
        "last_px": report.last_px,
        "cum_qty": cum_qty,
        "leaves_qty": leaves,
        "avg_px": price((order.filled_value + quantity * report.last_px) / cum_qty),
        "commission": report.commission,
        "transact_time": report.transact_time,
        "order_id": report.order_id,
        "legs": report.legs,
        "overfill": min(quantity, above) if above > 0 else ZERO,
    }


def _about_a_fill(order: OrderState, report: ExecutionReport) -> Facts:
    """A correction or bust by the broker."""
    if not report.ref_exec_id:
        return kept(report, "it names no fill")
    fill = order.memory.fill_of(report.ref_exec_id)
    if fill in order.busted:
        again = report.exec_type is ExecType.TRADE_CANCEL
        return [] if again else kept(report, f"the fill {fill} was busted")
    if fill not in order.fills:
        return kept(report, f"the fill {report.ref_exec_id} is not told yet")
    facts = _restated(order, fill, [report])
    if facts:
        return facts
    return kept(report, "late: the fill was corrected again since")


def _restated(order: OrderState, fill: str, reports: list[ExecutionReport]) -> Facts:
    """The event that the reports about a standing fill come to: a bust wins, else the last
    correction. A filled order is open again when less is filled (FIX matrix J.1.a); one that
    ended stays so (J.1.b).
    """
    if not reports:
        return []
    busts = [each for each in reports if each.exec_type is ExecType.TRADE_CANCEL]
    report = busts[0] if busts else reports[-1]
    was_qty, was_px = order.fills[fill]
    then = order.memory.restated.get(fill)
    fields = {
        "correction": stream_id("restated", order.cl_ord_id, report.exec_id, fill),
        "report_id": report.exec_id,
        "broker_cum_qty": report.cum_qty,
        "transact_time": report.transact_time,
        "exec_id": fill,
        "was_qty": was_qty,
        "was_px": was_px,
        "reason": report.text or "the broker restated it",
        "by": BROKER,
    }
    if busts:
        status = order.rests(cum_qty=order.cum_qty - was_qty)
        return [(OrderTradeCanceled, fields | {"status": status})]
    if then is not None and report.transact_time <= then:
        return []
    status = order.rests(cum_qty=order.cum_qty - was_qty + report.last_qty)
    figures = {"last_qty": report.last_qty, "last_px": report.last_px, "status": status}
    return [(OrderTradeCorrected, fields | figures)]


COUNTS: dict[ExecType, Callable[[OrderState, ExecutionReport], Facts]] = {
    ExecType.TRADE: _traded,
    ExecType.TRADE_CORRECT: _about_a_fill,
    ExecType.TRADE_CANCEL: _about_a_fill,
}
