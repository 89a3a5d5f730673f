"""What else can happen to an order: other terms, halts, doubt, and what fits nowhere."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from domain.fix import OrdStatus, TimeInForce
from domain.order_events import Reported
from domain.reports import ExecType, ExecutionReport
from domain.shared import Event

if TYPE_CHECKING:
    from domain.order_state import OrderState


class OrderCancelPending(Reported, frozen=True, kw_only=True):
    """The broker took up that the order is to be taken back (ExecType Pending Cancel)."""

    TOPIC: ClassVar[str] = "order.cancel_pending"
    EXEC_TYPE: ClassVar[ExecType] = ExecType.PENDING_CANCEL

    reason: str = ""
    transact_time: datetime

    def apply(self, aggregate: OrderState) -> None:
        aggregate.canceling = True
        aggregate.memory.say(self.EXEC_TYPE, self.transact_time)
        super().apply(aggregate)


class OrderReplaceRequested(Event, frozen=True, kw_only=True):
    """Somebody wants other terms; None leaves one as it is."""

    TOPIC: ClassVar[str] = "order.replace_requested"

    order_qty: Decimal | None = None
    limit_px: Decimal | None = None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce | None = None
    reason: str

    def apply(self, aggregate: OrderState) -> None:
        aggregate.replacing = True
        aggregate.asked_time_in_force = self.time_in_force
        aggregate.status = OrdStatus.PENDING_REPLACE


class OrderReplacePending(Reported, frozen=True, kw_only=True):
    """The broker took up that the order is to have other terms (ExecType Pending Replace)."""

    TOPIC: ClassVar[str] = "order.replace_pending"
    EXEC_TYPE: ClassVar[ExecType] = ExecType.PENDING_REPLACE

    reason: str = ""
    transact_time: datetime

    def apply(self, aggregate: OrderState) -> None:
        aggregate.replacing = True
        aggregate.memory.say(self.EXEC_TYPE, self.transact_time)
        super().apply(aggregate)


class OrderReplaced(Reported, frozen=True, kw_only=True):
    """The order has these terms now (ExecType Replaced)."""

    TOPIC: ClassVar[str] = "order.replaced"
    EXEC_TYPE: ClassVar[ExecType] = ExecType.REPLACED

    order_qty: Decimal
    limit_px: Decimal | None = None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    order_id: str = ""
    transact_time: datetime

    def apply(self, aggregate: OrderState) -> None:
        aggregate.replace_terms(self)
        super().apply(aggregate)


class OrderReplaceRejected(Reported, frozen=True, kw_only=True):
    """The broker does not take the new terms: the old ones hold."""

    TOPIC: ClassVar[str] = "order.replace_rejected"
    EXEC_TYPE: ClassVar[ExecType] = ExecType.REPLACE_REJECTED

    reason: str
    transact_time: datetime

    def apply(self, aggregate: OrderState) -> None:
        if aggregate.memory.answer(ExecType.PENDING_REPLACE, self.transact_time):
            aggregate.replacing = False
        super().apply(aggregate)


class OrderDoneForDay(Reported, frozen=True, kw_only=True):
    """The order trades no more today (ExecType Done for Day)."""

    TOPIC: ClassVar[str] = "order.done_for_day"
    EXEC_TYPE: ClassVar[ExecType] = ExecType.DONE_FOR_DAY

    transact_time: datetime

    def apply(self, aggregate: OrderState) -> None:
        aggregate.halt(OrdStatus.DONE_FOR_DAY, self.transact_time)
        aggregate.memory.say(self.EXEC_TYPE, self.transact_time)
        super().apply(aggregate)


class OrderSuspended(Reported, frozen=True, kw_only=True):
    """The broker holds the order and does not work on it (ExecType Suspended)."""

    TOPIC: ClassVar[str] = "order.suspended"
    EXEC_TYPE: ClassVar[ExecType] = ExecType.SUSPENDED

    reason: str
    transact_time: datetime

    def apply(self, aggregate: OrderState) -> None:
        aggregate.halt(OrdStatus.SUSPENDED, self.transact_time)
        aggregate.memory.say(self.EXEC_TYPE, self.transact_time)
        super().apply(aggregate)


class OrderOutcomeUnknown(Event, frozen=True, kw_only=True):
    """No answer came: whether the broker has the order is to be asked before anything else."""

    TOPIC: ClassVar[str] = "order.outcome_unknown"

    reason: str

    def apply(self, aggregate: OrderState) -> None:
        aggregate.in_doubt = True


class OrderReconciled(Event, frozen=True, kw_only=True):
    """The broker was asked how the order stands; beside it stands what was on record.

    `broker_status` is None where the broker never got the order. A broker that counts more than
    is booked here is asked for its reports: quantities are moved by fills alone.
    """

    TOPIC: ClassVar[str] = "order.reconciled"

    broker_status: OrdStatus | None
    broker_cum_qty: Decimal
    was_status: OrdStatus
    was_cum_qty: Decimal
    status: OrdStatus
    order_id: str = ""
    as_of: datetime

    @property
    def ends(self) -> bool:
        """Whether the order was open here and is over, as its cancel or expiry would tell."""
        return self.was_status.is_open and not self.status.is_open

    def after(self, was: OrdStatus) -> OrdStatus:  # noqa: ARG002
        """The state it leads to."""
        return self.status

    def apply(self, aggregate: OrderState) -> None:
        aggregate.settle(self)


class OrderReportKept(Event, frozen=True, kw_only=True):
    """A report that changes nothing now: too late, about a fill not told yet, or in conflict."""

    TOPIC: ClassVar[str] = "order.report_kept"

    report: ExecutionReport
    why: str

    def apply(self, aggregate: OrderState) -> None:
        aggregate.keep(self.report)
