"""Blotter: every order with its state in FIX's words, and each of its fills."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace
from psycopg import Connection

from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.legs import strategy_symbol
from domain.order_changes import (
    OrderCancelPending,
    OrderDoneForDay,
    OrderOutcomeUnknown,
    OrderReconciled,
    OrderReplaced,
    OrderReplacePending,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderReportKept,
    OrderSuspended,
)
from domain.order_events import (
    Check,
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
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
    OrderTriggered,
    Reported,
    Restated,
)
from domain.shared import learned, price
from projections.naming import title_of
from projections.pages import Past, select_all, select_one, select_page
from projections.readmodel import Index, Private, Projection, Row, Seen, Table, when

ZERO = Decimal(0)
_OPEN = ", ".join(f"'{status.value}'" for status in OrdStatus if status.is_open)


class FillState(StrEnum):
    """Whether a fill counts as it was reported."""

    STANDING = "standing"
    CORRECTED = "corrected"
    BUSTED = "busted"


class OrderRow(Row, frozen=True, kw_only=True):
    """An order. Prices in USD per share, commission in USD.

    `purpose` is why an exit was asked for, `reason` why the order stands as it does. `in_doubt`:
    no answer came, nobody knows whether the broker has it. `kept` counts the broker's reports
    that changed nothing, `replaced` the times its terms were changed, `checks` our own checks as
    JSON, read by `checks_of`.
    """

    order_stream: UUID
    version: int
    cl_ord_id: str
    account: str
    signal: UUID | None
    symbol: str
    side: Side
    position_effect: PositionEffect
    order_qty: Decimal
    ord_type: OrdType
    limit_px: Decimal | None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce
    stop_loss_px: Decimal | None = None
    take_profit_px: Decimal | None = None
    purpose: str = ""
    status: OrdStatus = OrdStatus.PENDING_NEW
    broker: str = ""
    order_id: str = ""
    cum_qty: Decimal = ZERO
    filled_value: Decimal = ZERO
    """Sum over the standing fills of quantity times price."""
    avg_px: Decimal = ZERO
    commission: Decimal = ZERO
    fills: int = 0
    reason: str = ""
    triggered: bool = False
    in_doubt: bool = False
    replaced: int = 0
    kept: int = 0
    checks: str = "[]"
    requested_at: datetime
    updated_at: datetime

    @property
    def title(self) -> str:
        """The instruments as people write them."""
        return title_of(self.symbol)

    @property
    def leaves_qty(self) -> Decimal:
        """What may still be filled."""
        return max(ZERO, self.order_qty - self.cum_qty) if self.status.is_open else ZERO

    @property
    def overfilled(self) -> Decimal:
        """What the broker filled beyond the quantity ordered."""
        return max(ZERO, self.cum_qty - self.order_qty)


class FillRow(Row, frozen=True, kw_only=True):
    """One fill as it counts, by its ExecID."""

    order_stream: UUID
    exec_id: str
    quantity: Decimal
    price: Decimal
    commission: Decimal
    state: FillState = FillState.STANDING
    transact_time: datetime


class Blotter(Projection):
    """Folds the execution reports."""

    name = "blotter"
    kind = "money"
    weight = 8

    def __init__(self) -> None:
        self.orders = Table(
            "blotter",
            OrderRow,
            ["order_stream"],
            [
                Index("requested_at, order_stream"),
                Index("account, requested_at, order_stream"),
                Index("signal, requested_at, order_stream"),
                Index("cl_ord_id"),
                Index("requested_at, order_stream", where=f"status IN ({_OPEN})"),
                Index(
                    "requested_at, order_stream, valid_from",
                    every_version=True,
                    where="version = 1",
                ),
            ],
            private=Private("account"),
        )
        beside = Private("order_stream", beside="blotter")
        self.fills = Table("fills", FillRow, ["order_stream", "exec_id"], private=beside)
        self.tables = (self.orders, self.fills)

    @when(OrderRequested)
    def requested(self, event: OrderRequested, seen: Seen) -> None:
        symbol = strategy_symbol(event.side, event.legs)
        row = OrderRow(
            order_stream=seen.stream,
            version=seen.version,
            cl_ord_id=event.cl_ord_id,
            account=event.account,
            signal=event.signal,
            symbol=symbol,
            side=event.side,
            position_effect=event.position_effect,
            order_qty=event.order_qty,
            ord_type=event.ord_type,
            limit_px=event.limit_px,
            stop_px=event.stop_px,
            time_in_force=event.time_in_force,
            stop_loss_px=event.stop_loss_px,
            take_profit_px=event.take_profit_px,
            purpose=event.reason,
            requested_at=event.timestamp,
            updated_at=event.timestamp,
        )
        self.orders.insert(row, seen.position)

    @when(OrderCleared)
    def cleared(self, event: OrderCleared, seen: Seen) -> None:
        self._change(seen, event.timestamp, checks=_checked(event.checks))

    @when(OrderDenied)
    def denied(self, event: OrderDenied, seen: Seen) -> None:
        self._change(
            seen, event.timestamp, status=OrdStatus.DENIED, reason=event.reason,
            checks=_checked(event.checks),
        )  # fmt: skip

    @when(OrderSubmitted)
    def submitted(self, event: OrderSubmitted, seen: Seen) -> None:
        self._change(seen, event.timestamp, broker=event.broker)

    @when(OrderAccepted)
    def accepted(self, event: OrderAccepted, seen: Seen) -> None:
        before = self._row(seen)
        self._report(event, seen, before, order_id=before.order_id or event.order_id)

    @when(OrderTriggered)
    def stop_triggered(self, event: OrderTriggered, seen: Seen) -> None:
        row = self._row(seen)
        self._report(event, seen, row, order_id=row.order_id or event.order_id, triggered=True)

    @when(OrderRejected)
    def rejected(self, event: OrderRejected, seen: Seen) -> None:
        self._report(event, seen, self._row(seen), reason=event.reason)

    @when(OrderFilled)
    def filled(self, event: OrderFilled, seen: Seen) -> None:
        fill = FillRow(
            order_stream=seen.stream, exec_id=event.exec_id, quantity=event.last_qty,
            price=event.last_px, commission=event.commission, transact_time=event.transact_time,
        )  # fmt: skip
        self.fills.insert(fill, seen.position)
        before = self._row(seen)
        self._report(
            event,
            seen,
            before,
            order_id=before.order_id or event.order_id,
            cum_qty=event.cum_qty,
            filled_value=before.filled_value + event.last_qty * event.last_px,
            avg_px=event.avg_px,
            commission=before.commission + event.commission,
            fills=before.fills + 1,
        )

    @when(OrderTradeCorrected)
    def trade_corrected(self, event: OrderTradeCorrected, seen: Seen) -> None:
        fill = self._fill(seen, event.exec_id)
        after = replace(
            fill, quantity=event.last_qty, price=event.last_px, state=FillState.CORRECTED
        )
        self.fills.put(after, seen.position)
        gained = after.quantity * after.price - fill.quantity * fill.price
        self._recount(event, seen, after.quantity - fill.quantity, gained)

    @when(OrderTradeCanceled)
    def trade_canceled(self, event: OrderTradeCanceled, seen: Seen) -> None:
        fill = self._fill(seen, event.exec_id)
        self.fills.put(replace(fill, state=FillState.BUSTED), seen.position)
        self._recount(event, seen, -fill.quantity, -fill.quantity * fill.price, -1)

    @when(OrderCancelRequested)
    def cancel_requested(self, event: OrderCancelRequested, seen: Seen) -> None:
        self._change(seen, event.timestamp, status=OrdStatus.PENDING_CANCEL, reason=event.reason)

    @when(OrderReplaceRequested)
    def replace_requested(self, event: OrderReplaceRequested, seen: Seen) -> None:
        self._change(seen, event.timestamp, status=OrdStatus.PENDING_REPLACE, reason=event.reason)

    @when(OrderCancelRejected, OrderReplaceRejected, OrderSuspended)
    def held_to_its_terms(
        self, event: OrderCancelRejected | OrderReplaceRejected | OrderSuspended, seen: Seen
    ) -> None:
        self._report(event, seen, self._row(seen), reason=event.reason)

    @when(OrderReplaced)
    def replaced(self, event: OrderReplaced, seen: Seen) -> None:
        before = self._row(seen)
        self._report(
            event,
            seen,
            before,
            order_qty=event.order_qty,
            limit_px=event.limit_px,
            stop_px=event.stop_px,
            time_in_force=event.time_in_force,
            order_id=event.order_id or before.order_id,
            replaced=before.replaced + 1,
        )

    @when(OrderCanceled, OrderCancelPending, OrderExpired, OrderDoneForDay, OrderReplacePending)
    def moved(self, event: Reported, seen: Seen) -> None:
        self._report(event, seen, self._row(seen))

    @when(OrderOutcomeUnknown)
    def outcome_unknown(self, event: OrderOutcomeUnknown, seen: Seen) -> None:
        self._change(seen, event.timestamp, in_doubt=True, reason=event.reason)

    @when(OrderReconciled)
    def reconciled(self, event: OrderReconciled, seen: Seen) -> None:
        order_id = self._row(seen).order_id or event.order_id
        self._change(seen, event.as_of, status=event.status, order_id=order_id, in_doubt=False)

    @when(OrderReportKept)
    def report_kept(self, event: OrderReportKept, seen: Seen) -> None:
        self._change(seen, event.timestamp, kept=self._row(seen).kept + 1)

    def _row(self, seen: Seen) -> OrderRow:
        row = self.orders.current(seen.stream)
        if row is None:
            raise LookupError(f"order {seen.stream} was never requested")
        return row

    def _fill(self, seen: Seen, exec_id: str) -> FillRow:
        fill = self.fills.current((seen.stream, exec_id))
        if fill is None:
            raise LookupError(f"order {seen.stream} has no fill {exec_id}")
        return fill

    def _change(self, seen: Seen, updated_at: datetime, **changes: Any) -> None:
        row = replace(self._row(seen), version=seen.version, updated_at=updated_at, **changes)
        self.orders.put(row, seen.position)

    def _report(self, event: Reported, seen: Seen, before: OrderRow, **changes: Any) -> None:
        """A report leads to its state, and ends any doubt whether the broker has the order."""
        row = replace(
            before, version=seen.version, updated_at=event.transact_time,
            status=event.after(before.status), in_doubt=False, **changes,
        )  # fmt: skip
        self.orders.put(row, seen.position)

    def _recount(
        self, event: Restated, seen: Seen, quantity: Decimal, value: Decimal, fills: int = 0
    ) -> None:
        """Counts a changed fill; where one of us changed it, the state stays what it was."""
        before = self._row(seen)
        cum_qty = before.cum_qty + quantity
        filled_value = before.filled_value + value
        self._change(
            seen,
            event.transact_time or event.timestamp,
            status=event.after(before.status),
            cum_qty=cum_qty,
            filled_value=filled_value,
            avg_px=price(filled_value / cum_qty if cum_qty else ZERO),
            fills=before.fills + fills,
        )


def _checked(checks: tuple[Check, ...]) -> str:
    return msgspec.json.encode(checks).decode() if checks else "[]"


_checks_of = msgspec.json.Decoder(learned(tuple[Check, ...])).decode


def checks_of(row: OrderRow) -> tuple[Check, ...]:
    """Our own checks of an order in the order they were made; the last of a denied one failed."""
    return _checks_of(row.checks)


_PAST = Past(
    fixed={"order_stream", "requested_at", "account", "signal", "symbol", "cl_ord_id"},
    first="version = 1",
)
_ORDERS = Blotter().orders.shape
_FILLS = Blotter().fills.shape


def orders(
    connection: Connection[Any],
    *,
    account: str | None = None,
    signal: UUID | None = None,
    symbol: str | None = None,
    status: OrdStatus | None = None,
    as_of: int | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[OrderRow]:
    """Orders, the newest first; `after` is (requested_at, order_stream) of the last one seen."""
    where = {"account": account, "signal": signal, "symbol": symbol, "status": status}
    return select_page(
        connection, _ORDERS, where=where, order=["requested_at", "order_stream"], past=_PAST,
        as_of=as_of, after=after, limit=limit,
    )  # fmt: skip


def order(
    connection: Connection[Any], stream: UUID, *, as_of: int | None = None
) -> OrderRow | None:
    """One order."""
    return select_one(connection, _ORDERS, {"order_stream": stream}, as_of)


def order_by_cl_ord_id(
    connection: Connection[Any], cl_ord_id: str, *, as_of: int | None = None
) -> OrderRow | None:
    """One order by the id we gave it."""
    return select_one(connection, _ORDERS, {"cl_ord_id": cl_ord_id}, as_of)


def fills(connection: Connection[Any], stream: UUID, *, as_of: int | None = None) -> list[FillRow]:
    """The fills of an order in the order of their times."""
    return select_all(connection, _FILLS, {"order_stream": stream}, as_of, "transact_time, exec_id")
