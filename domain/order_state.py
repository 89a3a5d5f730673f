"""What an order remembers, and how its events move that."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.order_memory import RESTATING, Memory, Telling
from domain.order_states import ENDS, resting
from domain.reports import ExecType, ExecutionReport
from domain.shared import price

if TYPE_CHECKING:
    from domain.order_changes import OrderReconciled, OrderReplaced
    from domain.order_events import (
        OrderFilled,
        OrderTradeCanceled,
        OrderTradeCorrected,
        Reported,
        Restated,
    )


class OrderState(BaseAggregate[UUID]):
    """An order as it stands. `fills` holds (quantity, price) of each standing fill by its ExecID.

    `ended` is how it ended, `canceling`, `replacing` and `halted` what holds meanwhile; with the
    quantities they make its state. `in_doubt`: nobody knows whether the broker has it. `kept`
    counts the reports that changed nothing.
    """

    def __init__(
        self,
        cl_ord_id: str,
        account: str,
        side: Side,
        position_effect: PositionEffect,
        legs: tuple[Leg, ...],
        order_qty: Decimal,
        ord_type: OrdType,
        time_in_force: TimeInForce = TimeInForce.DAY,
        signal: UUID | None = None,
        limit_px: Decimal | None = None,
        stop_px: Decimal | None = None,
        stop_loss_px: Decimal | None = None,
        take_profit_px: Decimal | None = None,
    ) -> None:
        self.cl_ord_id = cl_ord_id
        self.account = account
        self.signal = signal
        self.side = side
        self.position_effect = position_effect
        self.legs = legs
        self.order_qty = order_qty
        self.ord_type = ord_type
        self.limit_px = limit_px
        self.stop_px = stop_px
        self.stop_loss_px = stop_loss_px
        self.take_profit_px = take_profit_px
        self.time_in_force = time_in_force
        self.status = OrdStatus.PENDING_NEW
        self.order_id = ""
        self.cleared = False
        self.submitted = False
        self.accepted = False
        self.triggered = False
        self.in_doubt = False
        self.ended: OrdStatus | None = None
        self.canceling = False
        self.replacing = False
        self.asked_time_in_force: TimeInForce | None = None
        self.replaced_at: datetime | None = None
        self.halts: dict[OrdStatus, datetime] = {}
        self.worked_at: datetime | None = None
        self.cum_qty = Decimal(0)
        self.filled_value = Decimal(0)
        self.fills: dict[str, tuple[Decimal, Decimal]] = {}
        self.corrected: dict[str, UUID] = {}
        """By which correction a fill came to be what it is."""
        self.busted: frozenset[str] = frozenset()
        self.kept = 0
        self.asked: tuple[OrdStatus | None, Decimal] | None = None
        self.memory = Memory()

    @property
    def avg_px(self) -> Decimal:
        """The average price of the standing fills per share; 0 without any."""
        return price(self.filled_value / self.cum_qty) if self.cum_qty else Decimal(0)

    @property
    def leaves_qty(self) -> Decimal:
        """What may still be filled."""
        if not self.status.is_open:
            return Decimal(0)
        return max(Decimal(0), self.order_qty - self.cum_qty)

    @property
    def missing(self) -> Decimal:
        """How much more the broker counts as filled than is booked here: its reports are to be
        asked for. Below zero, it took some back that it did not tell of.
        """
        counted = self.memory.counted
        return Decimal(0) if counted is None else counted - self.cum_qty

    @property
    def is_incomplete(self) -> bool:
        """Whether reports are missing that the broker's history has: it counts otherwise than
        we do, or it corrected or busted a fill that nobody told of.
        """
        if self.missing:
            return True
        return any(not self.has_fill(self.memory.fill_of(ref)) for ref in self.memory.waiting)

    def has_fill(self, exec_id: str) -> bool:
        """Whether a fill was booked, even if it was busted since."""
        return exec_id in self.fills or exec_id in self.busted

    def rests(self, **changes: Any) -> OrdStatus:
        """The state that follows from all that holds of the order, with these changes."""
        holds: dict[str, Any] = {
            "cum_qty": self.cum_qty,
            "order_qty": self.order_qty,
            "accepted": self.accepted,
            "ended": self.ended,
            "canceling": self.canceling,
            "replacing": self.replacing,
            "halted": self.halted,
        }
        return resting(**(holds | changes))

    @property
    def halted(self) -> OrdStatus | None:
        """Why the broker does not work on the order for now."""
        return _halt_of(self.halts)

    def halted_after(self, at: datetime) -> OrdStatus | None:
        """What of that is later than a moment at which the broker worked on it."""
        return _halt_of([halt for halt, since in self.halts.items() if since >= at])

    def has_resumed_since(self, at: datetime) -> bool:
        """Whether the broker worked on the order after this moment."""
        return self.worked_at is not None and at < self.worked_at

    def hear(self, event: Reported) -> None:
        """A report was booked: the order is at the broker."""
        self.in_doubt = False
        if event.EXEC_TYPE is not ExecType.TRADE:
            self.memory.hear(event.EXEC_TYPE, event.exec_id)
        self.memory.count(event.broker_cum_qty, event.transact_time)

    def work(self, at: datetime) -> None:
        """The broker works on the order, again if it had halted it before."""
        self.halts = {halt: since for halt, since in self.halts.items() if since >= at}
        self.worked_at = at if self.worked_at is None else max(at, self.worked_at)

    def accept_at_broker(self, order_id: str) -> None:
        """The broker has the order."""
        self.submitted = self.accepted = True
        self.order_id = self.order_id or order_id

    def end(self, status: OrdStatus) -> None:
        """Nothing more is worked on."""
        self.ended = self.status = status
        self.canceling = self.replacing = False

    def halt(self, status: OrdStatus, at: datetime) -> None:
        """The broker does not work on the order for now."""
        self.halts[status] = max(at, self.halts.get(status, at))

    def count_fill(self, fill: OrderFilled) -> None:
        """A fill counts."""
        self.submitted = True
        self.order_id = self.order_id or fill.order_id
        quantity, px = fill.last_qty, fill.last_px
        self.fills[fill.exec_id] = (quantity, px)
        self.cum_qty += quantity
        self.filled_value += quantity * px
        telling = Telling(fill.exec_id, quantity, px, fill.transact_time)
        self.memory.remember(fill.broker_cum_qty, telling)
        self.memory.settle(fill.exec_id)

    def restate_fill(self, change: OrderTradeCorrected, quantity: Decimal, px: Decimal) -> None:
        """A fill counts with other figures."""
        self._take_out(change.exec_id)
        self.fills[change.exec_id] = (quantity, px)
        self.corrected[change.exec_id] = change.correction
        self.cum_qty += quantity
        self.filled_value += quantity * px
        if change.transact_time is not None:
            self.memory.restated[change.exec_id] = change.transact_time
            telling = Telling(change.exec_id, quantity, px, change.transact_time)
            self.memory.remember(change.broker_cum_qty, telling)
        self._restate(change, quantity - change.was_qty)

    def bust_fill(self, change: OrderTradeCanceled) -> None:
        """A fill counts no more."""
        self._take_out(change.exec_id)
        del self.fills[change.exec_id]
        self.busted |= {change.exec_id}
        self._restate(change, -change.was_qty)

    def _take_out(self, exec_id: str) -> None:
        quantity, px = self.fills[exec_id]
        self.cum_qty -= quantity
        self.filled_value -= quantity * px

    def _restate(self, change: Restated, by: Decimal) -> None:
        memory = self.memory
        memory.hear(change.TRADE_TYPE, change.report_id)
        memory.breaks.append(change.transact_time or change.timestamp)
        if change.report_id:
            memory.refs[change.report_id] = change.exec_id
            memory.count(change.broker_cum_qty, change.transact_time, back=True)
        elif memory.counted is not None:
            # Whoever put the fill right here knows why the broker's count differs by this.
            memory.counted += by
        self.status = change.after(self.status)

    def replace_terms(self, event: OrderReplaced) -> None:
        """The order has other terms."""
        self.submitted = self.accepted = True
        self.order_qty = event.order_qty
        self.limit_px, self.stop_px = event.limit_px, event.stop_px
        self.time_in_force = event.time_in_force
        self.order_id = event.order_id or self.order_id
        self.replaced_at = event.transact_time
        if self.memory.answer(ExecType.PENDING_REPLACE, event.transact_time):
            self.replacing = False
            self.asked_time_in_force = None

    def settle(self, event: OrderReconciled) -> None:
        """The broker said how the order stands."""
        self.in_doubt = False
        self.asked = (event.broker_status, event.broker_cum_qty)
        self.order_id = self.order_id or event.order_id
        self.memory.count(event.broker_cum_qty, event.as_of, back=True)
        if event.broker_status is not None:
            self.submitted = self.accepted = True
        if event.status in ENDS:
            self.ended = event.status
        elif event.status.is_open:
            self.ended = None
        self.status = event.status

    def keep(self, report: ExecutionReport) -> None:
        """A report changes nothing now."""
        self.kept += 1
        fill = self.memory.fill_of(report.ref_exec_id)
        known = self.has_fill(fill)
        if known and report.exec_id and report.exec_type in RESTATING:
            self.memory.refs[report.exec_id] = fill
        usable = report.exec_type is ExecType.TRADE_CANCEL or report.last_qty > 0
        self.memory.keep(report, waits=usable and not known)


def _halt_of(halts: Collection[OrdStatus]) -> OrdStatus | None:
    """Of two reasons not to work on an order, the day's end is above a suspension."""
    if OrdStatus.DONE_FOR_DAY in halts:
        return OrdStatus.DONE_FOR_DAY
    return next(iter(halts), None)
