"""Order: one ClOrdID from the request to the last report, in FIX's states."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.order_booking import Booked
from domain.order_changes import OrderReplaceRequested
from domain.order_events import (
    Check,
    OrderAccepted,
    OrderCanceled,
    OrderCancelRequested,
    OrderCleared,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderRequested,
    OrderSubmitted,
    OrderTradeCanceled,
    OrderTradeCorrected,
)
from domain.order_reporting import OrderReporting
from domain.order_terms import check_replacement, check_terms
from domain.shared import Impossible, InvalidInput, price, stream_id

__all__ = ["Booked", "Order", "entry_name", "order_stream"]


def order_stream(cl_ord_id: str) -> UUID:
    """The stream of an order, known from its ClOrdID."""
    return stream_id("order", cl_ord_id)


def entry_name(signal: UUID) -> str:
    """The ClOrdID of the order that opens an approved signal's trade."""
    return f"{signal.hex[:20]}-in"


class Order(OrderReporting):
    """One order: what we ask of the broker, and what the broker reports of it."""

    # An annotation here would make the library write an __init__ over the inherited one.
    TOPIC = "order"

    @classmethod
    def request(
        cls,
        *,
        cl_ord_id: str,
        account: str,
        signal: UUID | None,
        side: Side,
        position_effect: PositionEffect,
        legs: tuple[Leg, ...],
        order_qty: Decimal,
        ord_type: OrdType,
        limit_px: Decimal | None,
        time_in_force: TimeInForce,
        stop_px: Decimal | None = None,
        stop_loss_px: Decimal | None = None,
        take_profit_px: Decimal | None = None,
        reason: str = "",
        at: datetime,
    ) -> Order:
        """Asks for a trade.

        Raises:
            InvalidInput: a quantity or ratio not above zero, a limit or stop order without its
                price, legs of different multipliers, or a bracket on anything but one equity.
        """
        check_terms(
            side, legs, order_qty, ord_type, limit_px, stop_px, stop_loss_px, take_profit_px
        )
        return cls._create(
            OrderRequested,
            id=order_stream(cl_ord_id),
            cl_ord_id=cl_ord_id,
            account=account,
            signal=signal,
            side=side,
            position_effect=position_effect,
            legs=legs,
            order_qty=order_qty,
            ord_type=ord_type,
            limit_px=limit_px,
            stop_px=stop_px,
            time_in_force=time_in_force,
            stop_loss_px=stop_loss_px,
            take_profit_px=take_profit_px,
            reason=reason,
            timestamp=at,
        )

    def clear(self, checks: tuple[Check, ...] = (), *, at: datetime) -> None:
        """Lets the order go to the broker.

        Raises:
            Impossible: it was submitted or is over, or a check failed.
        """
        self._require_unsubmitted()
        if not all(check.passed for check in checks):
            raise Impossible("an order that fails a check is denied")
        self.trigger_event(OrderCleared, checks=checks, timestamp=at)

    def deny(self, reason: str, checks: tuple[Check, ...] = (), *, at: datetime) -> None:
        """Stops the order before it reaches the broker.

        Raises:
            Impossible: it was submitted or is over.
        """
        self._require_unsubmitted()
        self.trigger_event(OrderDenied, reason=reason, checks=checks, timestamp=at)

    def submit(self, broker: str, *, at: datetime) -> None:
        """Sends the order.

        Raises:
            Impossible: it was submitted or is over.
        """
        self._require_unsubmitted()
        self.trigger_event(OrderSubmitted, broker=broker, timestamp=at)

    def accept(self, order_id: str, *, transact_time: datetime, at: datetime) -> None:
        """Books the broker's acceptance.

        Raises:
            Impossible: the order was never submitted.
        """
        self._require_submitted()
        self.trigger_event(
            OrderAccepted, order_id=order_id, transact_time=transact_time, timestamp=at
        )

    def reject(self, reason: str, *, transact_time: datetime, at: datetime) -> None:
        """Books the broker's no.

        Raises:
            Impossible: the order was never submitted, is over, or has fills.
        """
        self._require_submitted()
        self._require_open()
        if self.fills:
            raise Impossible("an order with fills cannot be rejected")
        self.trigger_event(OrderRejected, reason=reason, transact_time=transact_time, timestamp=at)

    def fill(
        self,
        *,
        exec_id: str,
        last_qty: Decimal,
        last_px: Decimal,
        commission: Decimal,
        transact_time: datetime,
        at: datetime,
    ) -> bool:
        """Books a fill, once per ExecID; False when it was booked already.

        Raises:
            Impossible: never submitted, or more than was ordered.
            InvalidInput: a quantity not above zero.
        """
        self._require_submitted()
        if self.has_fill(exec_id):
            return False
        _require_fill(last_qty, last_px)
        cum_qty = self.cum_qty + last_qty
        if cum_qty > self.order_qty:
            raise Impossible(f"{cum_qty} would be filled of {self.order_qty} ordered")
        self.trigger_event(
            OrderFilled,
            exec_id=exec_id,
            last_qty=last_qty,
            last_px=last_px,
            cum_qty=cum_qty,
            leaves_qty=self.order_qty - cum_qty,
            avg_px=price((self.filled_value + last_qty * last_px) / cum_qty),
            commission=commission,
            transact_time=transact_time,
            timestamp=at,
        )
        return True

    def correct_trade(
        self,
        *,
        correction: UUID,
        exec_id: str,
        last_qty: Decimal | None,
        last_px: Decimal | None,
        reason: str,
        by: str,
        at: datetime,
    ) -> None:
        """Lets a fill count with other figures.

        Raises:
            Impossible: no such fill, or more than was ordered.
            InvalidInput: nothing changes, or a figure cannot be right.
        """
        was_qty, was_px = self._standing_fill(exec_id)
        if last_qty is None and last_px is None:
            raise InvalidInput("a correction needs a price or a quantity")
        qty = was_qty if last_qty is None else last_qty
        px = was_px if last_px is None else last_px
        _require_fill(qty, px)
        if last_px is not None and px < 0:
            raise InvalidInput(f"the price {px} is below zero")
        if (qty, px) == (was_qty, was_px):
            raise InvalidInput("the fill says that already")
        if self.cum_qty - was_qty + qty > self.order_qty:
            raise Impossible("more would be filled than was ordered")
        self.trigger_event(
            OrderTradeCorrected,
            correction=correction,
            exec_id=exec_id,
            last_qty=qty,
            last_px=px,
            was_qty=was_qty,
            was_px=was_px,
            reason=reason,
            by=by,
            timestamp=at,
        )

    def cancel_trade(
        self, *, correction: UUID, exec_id: str, reason: str, by: str, at: datetime
    ) -> None:
        """Busts a fill.

        Raises:
            Impossible: no such fill.
        """
        was_qty, was_px = self._standing_fill(exec_id)
        self.trigger_event(
            OrderTradeCanceled,
            correction=correction,
            exec_id=exec_id,
            was_qty=was_qty,
            was_px=was_px,
            reason=reason,
            by=by,
            timestamp=at,
        )

    def request_cancel(self, reason: str, *, at: datetime) -> None:
        """Asks for the rest of the order back.

        Raises:
            Impossible: the order is over.
        """
        self._require_open()
        self.trigger_event(OrderCancelRequested, reason=reason, timestamp=at)

    def request_replace(
        self,
        *,
        order_qty: Decimal | None = None,
        limit_px: Decimal | None = None,
        stop_px: Decimal | None = None,
        time_in_force: TimeInForce | None = None,
        reason: str,
        at: datetime,
    ) -> None:
        """Asks for other terms; None leaves a term as it is.

        Raises:
            Impossible: the order is not at the broker, is over, or another request is pending.
            InvalidInput: nothing changes, or the order can have no such terms.
        """
        self._require_submitted()
        self._require_open()
        if self.canceling or self.replacing:
            raise Impossible(f"the order is {self.status.value}: that comes first")
        check_replacement(self, order_qty, limit_px, stop_px, time_in_force)
        self.trigger_event(
            OrderReplaceRequested,
            order_qty=order_qty,
            limit_px=limit_px,
            stop_px=stop_px,
            time_in_force=time_in_force,
            reason=reason,
            timestamp=at,
        )

    def cancel(self, *, transact_time: datetime, at: datetime) -> None:
        """Books that the broker took the rest back.

        Raises:
            Impossible: the order is over.
        """
        self._require_open()
        self.trigger_event(OrderCanceled, transact_time=transact_time, timestamp=at)

    def expire(self, *, transact_time: datetime, at: datetime) -> None:
        """Books the end of the order's time in force.

        Raises:
            Impossible: the order is over.
        """
        self._require_open()
        self.trigger_event(OrderExpired, transact_time=transact_time, timestamp=at)

    def _standing_fill(self, exec_id: str) -> tuple[Decimal, Decimal]:
        fill = self.fills.get(exec_id)
        if fill is None:
            raise Impossible(f"the order has no standing fill {exec_id}")
        return fill

    def _require_unsubmitted(self) -> None:
        if self.submitted or self.status is not OrdStatus.PENDING_NEW:
            raise Impossible(f"the order is {self.status.value} already")


def _require_fill(quantity: Decimal, price: Decimal) -> None:
    if not quantity.is_finite() or quantity <= 0:
        raise InvalidInput(f"a fill has a quantity above zero, not {quantity}")
    if not price.is_finite():
        raise InvalidInput(f"the price {price} is no number")
