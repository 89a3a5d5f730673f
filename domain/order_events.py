"""What can happen to an order: events named after FIX execution reports (ExecType)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.shared import Created, Event, Value

if TYPE_CHECKING:
    from domain.orders import Order


class Check(Value, frozen=True, kw_only=True):
    """One of our own checks of an order, and what it saw."""

    name: str
    passed: bool
    detail: str = ""


class OrderRequested(Created, frozen=True, kw_only=True):
    """Somebody, or the reaction to an approval, wants this traded; our checks come next."""

    TOPIC: ClassVar[str] = "order.requested"

    cl_ord_id: str
    account: str
    signal: UUID | None = None
    side: Side
    position_effect: PositionEffect
    legs: tuple[Leg, ...]
    order_qty: Decimal
    ord_type: OrdType
    limit_px: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY


class OrderCleared(Event, frozen=True, kw_only=True):
    """Our own checks let the order pass: it may be sent."""

    TOPIC: ClassVar[str] = "order.cleared"

    checks: tuple[Check, ...] = ()

    def apply(self, aggregate: Order) -> None:
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

    def apply(self, aggregate: Order) -> None:
        aggregate.status = OrdStatus.DENIED


class OrderSubmitted(Event, frozen=True, kw_only=True):
    """The order is on its way to the broker."""

    TOPIC: ClassVar[str] = "order.submitted"

    broker: str

    def apply(self, aggregate: Order) -> None:
        aggregate.submitted = True


class OrderAccepted(Event, frozen=True, kw_only=True):
    """The broker took the order (ExecType New)."""

    TOPIC: ClassVar[str] = "order.accepted"

    order_id: str
    transact_time: datetime

    def apply(self, aggregate: Order) -> None:
        if aggregate.status is OrdStatus.PENDING_NEW:
            aggregate.status = OrdStatus.NEW


class OrderRejected(Event, frozen=True, kw_only=True):
    """The broker said no (ExecType Rejected)."""

    TOPIC: ClassVar[str] = "order.rejected"

    reason: str
    transact_time: datetime

    def apply(self, aggregate: Order) -> None:
        aggregate.status = OrdStatus.REJECTED


class OrderFilled(Event, frozen=True, kw_only=True):
    """Some or all of it traded (ExecType Trade). A canceled order may still fill."""

    TOPIC: ClassVar[str] = "order.filled"

    exec_id: str
    last_qty: Decimal
    last_px: Decimal
    cum_qty: Decimal
    leaves_qty: Decimal
    avg_px: Decimal
    commission: Decimal
    transact_time: datetime

    def apply(self, aggregate: Order) -> None:
        aggregate.fills[self.exec_id] = (self.last_qty, self.last_px)
        aggregate.status = aggregate.status.after_fill(self.leaves_qty)


class OrderTradeCorrected(Event, frozen=True, kw_only=True):
    """A fill counts with other figures (ExecType Trade Correct); the report stays."""

    TOPIC: ClassVar[str] = "order.trade_corrected"

    correction: UUID
    exec_id: str
    last_qty: Decimal
    last_px: Decimal
    was_qty: Decimal
    was_px: Decimal
    reason: str
    by: str

    def apply(self, aggregate: Order) -> None:
        aggregate.fills[self.exec_id] = (self.last_qty, self.last_px)


class OrderTradeCanceled(Event, frozen=True, kw_only=True):
    """A fill never happened (ExecType Trade Cancel, a bust); the report stays."""

    TOPIC: ClassVar[str] = "order.trade_canceled"

    correction: UUID
    exec_id: str
    was_qty: Decimal
    was_px: Decimal
    reason: str
    by: str

    def apply(self, aggregate: Order) -> None:
        del aggregate.fills[self.exec_id]
        aggregate.busted |= {self.exec_id}


class OrderCancelRequested(Event, frozen=True, kw_only=True):
    """Somebody wants the rest of the order taken back."""

    TOPIC: ClassVar[str] = "order.cancel_requested"

    reason: str

    def apply(self, aggregate: Order) -> None:
        aggregate.status = OrdStatus.PENDING_CANCEL


class OrderCanceled(Event, frozen=True, kw_only=True):
    """The broker took the rest of the order back (ExecType Canceled)."""

    TOPIC: ClassVar[str] = "order.canceled"

    transact_time: datetime

    def apply(self, aggregate: Order) -> None:
        aggregate.status = OrdStatus.CANCELED


class OrderExpired(Event, frozen=True, kw_only=True):
    """The order's time in force ended (ExecType Expired)."""

    TOPIC: ClassVar[str] = "order.expired"

    transact_time: datetime

    def apply(self, aggregate: Order) -> None:
        aggregate.status = OrdStatus.EXPIRED
