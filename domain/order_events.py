"""What can happen to an order: events named after FIX execution reports (ExecType)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.reports import ExecType, LegFill
from domain.shared import Created, Event, Value

if TYPE_CHECKING:
    from domain.order_state import OrderState


class Check(Value, frozen=True, kw_only=True):
    """One of our own checks of an order, and what it saw."""

    name: str
    passed: bool
    detail: str = ""


class OrderRequested(Created, frozen=True, kw_only=True):
    """Somebody, or the reaction to an approval, wants this traded; our checks come next.

    `reason` says why an exit is asked for: the stop, a target, the trader, close-all. A loss
    and a profit price make a bracket, which only a single equity has.
    """

    TOPIC: ClassVar[str] = "order.requested"
    class_version: ClassVar[int] = 2

    cl_ord_id: str
    account: str
    signal: UUID | None = None
    side: Side
    position_effect: PositionEffect
    legs: tuple[Leg, ...]
    order_qty: Decimal
    ord_type: OrdType
    limit_px: Decimal | None = None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    stop_loss_px: Decimal | None = None
    take_profit_px: Decimal | None = None
    reason: str = ""

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        """At first there were neither stops nor brackets, and nobody said why."""
        body.setdefault("reason", "")


class OrderCleared(Event, frozen=True, kw_only=True):
    """Our own checks let the order pass: it may be sent."""

    TOPIC: ClassVar[str] = "order.cleared"

    checks: tuple[Check, ...] = ()

    def apply(self, aggregate: OrderState) -> None:
        aggregate.cleared = True


class OrderDenied(Event, frozen=True, kw_only=True):
    """Our own check said no; the broker never heard of the order."""

    TOPIC: ClassVar[str] = "order.denied"
    class_version: ClassVar[int] = 2

    reason: str
    checks: tuple[Check, ...] = ()
    """Those made, in their order; the last one is what failed."""

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        """At first only the reason was kept."""
        body.setdefault("checks", [])

    def apply(self, aggregate: OrderState) -> None:
        aggregate.end(OrdStatus.DENIED)


class OrderSubmitted(Event, frozen=True, kw_only=True):
    """The order is on its way to the broker."""

    TOPIC: ClassVar[str] = "order.submitted"

    broker: str

    def apply(self, aggregate: OrderState) -> None:
        aggregate.submitted = True


class Reported(Event, frozen=True, kw_only=True):
    """Base of the events that stand for one report of the broker.

    `status` is the state after it (None on old bodies: it follows from the event's kind), and
    `broker_cum_qty` the broker's own count of what was filled.
    """

    EXEC_TYPE: ClassVar[ExecType]

    exec_id: str = ""
    status: OrdStatus | None = None
    broker_cum_qty: Decimal | None = None
    transact_time: datetime

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        """At first ExecIDs were kept of fills alone."""
        body.setdefault("exec_id", "")

    def after(self, was: OrdStatus) -> OrdStatus:
        """The state it leads to from another."""
        return self.status or self.leads_to(was)

    def leads_to(self, was: OrdStatus) -> OrdStatus:
        """The state where the event does not say it."""
        return was

    def apply(self, aggregate: OrderState) -> None:
        aggregate.status = self.after(aggregate.status)
        aggregate.hear(self)


class OrderAccepted(Reported, frozen=True, kw_only=True):
    """The broker took the order (ExecType New)."""

    TOPIC: ClassVar[str] = "order.accepted"
    EXEC_TYPE: ClassVar[ExecType] = ExecType.NEW
    class_version: ClassVar[int] = 2

    order_id: str
    transact_time: datetime

    def leads_to(self, was: OrdStatus) -> OrdStatus:
        return OrdStatus.NEW if was is OrdStatus.PENDING_NEW else was

    def apply(self, aggregate: OrderState) -> None:
        aggregate.accept_at_broker(self.order_id)
        aggregate.work(self.transact_time)
        super().apply(aggregate)


class OrderTriggered(Reported, frozen=True, kw_only=True):
    """The stop price was reached, the order works in the market now (ExecType Triggered)."""

    TOPIC: ClassVar[str] = "order.triggered"
    EXEC_TYPE: ClassVar[ExecType] = ExecType.TRIGGERED

    order_id: str = ""
    transact_time: datetime

    def apply(self, aggregate: OrderState) -> None:
        aggregate.triggered = True
        aggregate.accept_at_broker(self.order_id)
        super().apply(aggregate)


class OrderRejected(Reported, frozen=True, kw_only=True):
    """The broker said no (ExecType Rejected)."""

    TOPIC: ClassVar[str] = "order.rejected"
    EXEC_TYPE: ClassVar[ExecType] = ExecType.REJECTED
    class_version: ClassVar[int] = 2

    reason: str
    transact_time: datetime

    def leads_to(self, was: OrdStatus) -> OrdStatus:  # noqa: ARG002
        return OrdStatus.REJECTED

    def apply(self, aggregate: OrderState) -> None:
        aggregate.end(OrdStatus.REJECTED)
        super().apply(aggregate)


class OrderFilled(Reported, frozen=True, kw_only=True):
    """Some or all of it traded (ExecType Trade). A canceled order may still fill.

    What the broker filled beyond the quantity ordered is in our account like the rest: it is
    booked, so that positions stay the broker's, and `overfill` says how much of it that is.
    """

    TOPIC: ClassVar[str] = "order.filled"
    EXEC_TYPE: ClassVar[ExecType] = ExecType.TRADE
    class_version: ClassVar[int] = 2

    exec_id: str
    last_qty: Decimal
    last_px: Decimal
    cum_qty: Decimal
    leaves_qty: Decimal
    avg_px: Decimal
    commission: Decimal
    transact_time: datetime
    order_id: str = ""
    legs: tuple[LegFill, ...] = ()
    overfill: Decimal = Decimal(0)

    def leads_to(self, was: OrdStatus) -> OrdStatus:
        return was.after_fill(self.leaves_qty)

    def apply(self, aggregate: OrderState) -> None:
        aggregate.count_fill(self)
        super().apply(aggregate)


class Restated(Event, frozen=True, kw_only=True):
    """Base of the events that change a fill afterwards.

    `report_id` is the ExecID of the broker's report, empty where one of us put it right; then
    nothing is said of the order's state.
    """

    TRADE_TYPE: ClassVar[ExecType]

    exec_id: str
    report_id: str = ""
    status: OrdStatus | None = None
    broker_cum_qty: Decimal | None = None
    transact_time: datetime | None = None

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        """At first brokers themselves restated nothing."""
        body.setdefault("report_id", "")

    def after(self, was: OrdStatus) -> OrdStatus:
        """The state it leads to from another."""
        return self.status or was


class OrderTradeCorrected(Restated, frozen=True, kw_only=True):
    """A fill counts with other figures (ExecType Trade Correct); the report stays."""

    TOPIC: ClassVar[str] = "order.trade_corrected"
    TRADE_TYPE: ClassVar[ExecType] = ExecType.TRADE_CORRECT
    class_version: ClassVar[int] = 2

    correction: UUID
    last_qty: Decimal
    last_px: Decimal
    was_qty: Decimal
    was_px: Decimal
    reason: str
    by: str

    def apply(self, aggregate: OrderState) -> None:
        aggregate.restate_fill(self, self.last_qty, self.last_px)


class OrderTradeCanceled(Restated, frozen=True, kw_only=True):
    """A fill never happened (ExecType Trade Cancel, a bust); the report stays."""

    TOPIC: ClassVar[str] = "order.trade_canceled"
    TRADE_TYPE: ClassVar[ExecType] = ExecType.TRADE_CANCEL
    class_version: ClassVar[int] = 2

    correction: UUID
    was_qty: Decimal
    was_px: Decimal
    reason: str
    by: str

    def apply(self, aggregate: OrderState) -> None:
        aggregate.bust_fill(self)


class OrderCancelRequested(Event, frozen=True, kw_only=True):
    """Somebody wants the rest of the order taken back."""

    TOPIC: ClassVar[str] = "order.cancel_requested"

    reason: str

    def apply(self, aggregate: OrderState) -> None:
        aggregate.canceling = True
        aggregate.status = OrdStatus.PENDING_CANCEL


class OrderCancelRejected(Reported, frozen=True, kw_only=True):
    """The broker does not take the order back: it works on, or it is too late."""

    TOPIC: ClassVar[str] = "order.cancel_rejected"
    EXEC_TYPE: ClassVar[ExecType] = ExecType.CANCEL_REJECTED

    reason: str
    transact_time: datetime

    def apply(self, aggregate: OrderState) -> None:
        if aggregate.memory.answer(ExecType.PENDING_CANCEL, self.transact_time):
            aggregate.canceling = False
        super().apply(aggregate)


class OrderCanceled(Reported, frozen=True, kw_only=True):
    """The broker took the rest of the order back (ExecType Canceled)."""

    TOPIC: ClassVar[str] = "order.canceled"
    EXEC_TYPE: ClassVar[ExecType] = ExecType.CANCELED
    class_version: ClassVar[int] = 2

    transact_time: datetime

    def leads_to(self, was: OrdStatus) -> OrdStatus:  # noqa: ARG002
        return OrdStatus.CANCELED

    def apply(self, aggregate: OrderState) -> None:
        aggregate.end(OrdStatus.CANCELED)
        super().apply(aggregate)


class OrderExpired(Reported, frozen=True, kw_only=True):
    """The order's time in force ended (ExecType Expired)."""

    TOPIC: ClassVar[str] = "order.expired"
    EXEC_TYPE: ClassVar[ExecType] = ExecType.EXPIRED
    class_version: ClassVar[int] = 2

    transact_time: datetime

    def leads_to(self, was: OrdStatus) -> OrdStatus:  # noqa: ARG002
        return OrdStatus.EXPIRED

    def apply(self, aggregate: OrderState) -> None:
        aggregate.end(OrdStatus.EXPIRED)
        super().apply(aggregate)
