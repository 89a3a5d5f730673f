"""Execution reports: what a broker says of an order, in FIX's words (message 8, and 9 for the
rejection of a cancel or replace request).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec.structs import replace

from domain.fix import Side
from domain.shared import Value


class ExecType(StrEnum):
    """ExecType (tag 150): why a report was sent, never the state an order is in."""

    PENDING_NEW = "pending_new"
    NEW = "new"
    TRIGGERED = "triggered"
    TRADE = "trade"
    TRADE_CORRECT = "trade_correct"
    TRADE_CANCEL = "trade_cancel"
    PENDING_CANCEL = "pending_cancel"
    CANCELED = "canceled"
    CANCEL_REJECTED = "cancel_rejected"
    PENDING_REPLACE = "pending_replace"
    REPLACED = "replaced"
    REPLACE_REJECTED = "replace_rejected"
    REJECTED = "rejected"
    EXPIRED = "expired"
    DONE_FOR_DAY = "done_for_day"
    SUSPENDED = "suspended"
    STATUS = "status"


class LegFill(Value, frozen=True, kw_only=True):
    """What one leg of a strategy traded at."""

    symbol: str
    side: Side
    last_qty: Decimal
    last_px: Decimal


class ExecutionReport(Value, frozen=True, kw_only=True):
    """One report. Quantities in units of the order (contracts, shares, strategies), prices in
    USD per share; of several legs `last_px` is the net price of one strategy.

    `exec_id` is the broker's and tells reports of one order apart; `ref_exec_id` is the fill that
    a correction or bust is about. `cum_qty` and `leaves_qty` are the broker's own count after
    the report, None where it gives none: a fill that comes a second time under another ExecID
    (stream, then activities) is known by them.
    """

    exec_type: ExecType
    cl_ord_id: str
    exec_id: str
    transact_time: datetime
    order_id: str = ""
    ref_exec_id: str = ""
    last_qty: Decimal = Decimal(0)
    last_px: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)
    cum_qty: Decimal | None = None
    leaves_qty: Decimal | None = None
    order_qty: Decimal | None = None
    limit_px: Decimal | None = None
    stop_px: Decimal | None = None
    legs: tuple[LegFill, ...] = ()
    text: str = ""


def key_of(report: ExecutionReport) -> str:
    """What tells this report from every other one of its order.

    A broker that gives no ExecID is taken at its time and count.
    """
    if report.exec_id:
        return f"{report.exec_type.value}:{report.exec_id}"
    return f"{report.exec_type.value}@{report.transact_time.isoformat()}/{report.cum_qty}"


def storable(report: ExecutionReport) -> ExecutionReport:
    """The report with figures that are no numbers taken out and told in its text."""
    changes: dict[str, Decimal | None] = {}
    for name in _FIGURES:
        figure = getattr(report, name)
        if figure is not None and not figure.is_finite():
            changes[name] = Decimal(0) if name in _NEEDED else None
    legs = tuple(leg for leg in report.legs if leg.last_qty.is_finite() and leg.last_px.is_finite())
    if not changes and len(legs) == len(report.legs):
        return report
    told = ", ".join(f"{name} {getattr(report, name)}" for name in changes)
    text = f"{report.text} [no numbers: {told or 'a leg'}]".strip()
    return replace(report, **changes, legs=legs, text=text)


_NEEDED = ("last_qty", "last_px", "commission")
_FIGURES = (*_NEEDED, "cum_qty", "leaves_qty", "order_qty", "limit_px", "stop_px")
