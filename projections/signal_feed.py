"""Signal feed: every signal as it stands, and each of its executions with its evidence."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection

from domain.legs import strategy_symbol
from domain.order_events import OrderFilled, OrderRequested, OrderTradeCanceled
from domain.signal_events import (
    Decision,
    SignalAdded,
    SignalApprovalGiven,
    SignalApprovalRefused,
    SignalApproved,
    SignalBookedLate,
    SignalClosed,
    SignalCorrected,
    SignalExitCalled,
    SignalExpired,
    SignalLevelsMoved,
    SignalPosted,
    SignalPriceChecked,
    SignalRejected,
    SignalSettled,
    SignalSourceDeleted,
    SignalSourceEdited,
    SignalVoided,
)
from domain.terms import HINDSIGHT
from projections.pages import Past, select_all, select_one, select_page
from projections.readmodel import Index, Projection, Register, Seen, Table, when
from projections.signal_rows import (
    Badge,
    ExecutionKind,
    ExecutionRow,
    OrderSignalLine,
    PriceBasis,
    SignalRow,
    TradeState,
)


class SignalFeed(Projection):
    """Folds the life of signals."""

    name = "signal_feed"
    kind = "feed"
    weight = 8

    def __init__(self) -> None:
        self.signals = Table(
            "signal_feed",
            SignalRow,
            ["signal"],
            [
                Index("posted_at, signal"),
                Index("trader, posted_at, signal"),
                Index("channel, posted_at, signal"),
                Index("symbol, posted_at, signal"),
                Index("posted_at, signal", where="state = 'open'"),
                Index("posted_at, signal", where="decision = 'pending'"),
                Index("posted_at, signal, valid_from", every_version=True, where="version = 1"),
                Index(
                    "trader, posted_at, signal, valid_from", every_version=True, where="version = 1"
                ),
            ],
        )
        self.executions = Table(
            "signal_executions", ExecutionRow, ["signal", "number"], [Index("message")]
        )
        self.orders = Register("signal_orders", OrderSignalLine, "order_stream")
        self.tables = (self.signals, self.executions, self.orders)

    @when(SignalPosted)
    def posted(self, event: SignalPosted, seen: Seen) -> None:
        symbol = strategy_symbol(event.side, event.legs)
        row = SignalRow(
            signal=seen.stream,
            version=seen.version,
            trader=event.trader,
            platform=event.source.platform,
            channel=event.source.channel,
            message=event.source.message,
            symbol=symbol,
            side=event.side,
            quantity=event.quantity,
            open_quantity=event.quantity,
            claimed_px=event.price,
            entry_value=event.quantity * event.price,
            stop=event.stop,
            targets=_written(event.targets),
            valid_until=event.valid_until,
            posted_at=event.posted_at,
            late=event.late,
            hindsight=event.origin == HINDSIGHT,
            confidence=event.confidence,
        )
        self.signals.insert(row, seen.position)
        self._execute(
            seen, 1, ExecutionKind.ENTRY, event.quantity, event.price, event.posted_at,
            message=event.source.message,
        )  # fmt: skip

    @when(SignalAdded)
    def added(self, event: SignalAdded, seen: Seen) -> None:
        row = self._row(seen.stream)
        self._change(
            row,
            seen,
            quantity=row.quantity + event.quantity,
            open_quantity=row.open_quantity + event.quantity,
            entry_value=row.entry_value + event.quantity * event.price,
        )
        self._execute(
            seen, event.number, ExecutionKind.ENTRY, event.quantity, event.price, event.posted_at,
            message=event.message,
        )  # fmt: skip

    @when(SignalExitCalled)
    def exit_called(self, event: SignalExitCalled, seen: Seen) -> None:
        row = self._row(seen.stream)
        self._change(row, seen, open_quantity=row.open_quantity - event.quantity)
        self._execute(
            seen, event.number, ExecutionKind.EXIT, event.quantity, event.price, event.posted_at,
            message=event.message,
        )  # fmt: skip

    @when(SignalSettled)
    def settled(self, event: SignalSettled, seen: Seen) -> None:
        row = self._row(seen.stream)
        self._change(row, seen, open_quantity=row.open_quantity - event.quantity)
        self._execute(
            seen, event.number, ExecutionKind.SETTLEMENT, event.quantity, event.price,
            event.settled_at, basis=PriceBasis.ASSUMED if event.assumed else PriceBasis.CHECKED,
        )  # fmt: skip

    @when(SignalClosed)
    def closed(self, event: SignalClosed, seen: Seen) -> None:
        row = self._row(seen.stream)
        state = TradeState.VOIDED if row.state is TradeState.VOIDED else TradeState.CLOSED
        self._change(row, seen, state=state, closed_by=event.reason, closed_at=event.closed_at)

    @when(SignalLevelsMoved)
    def levels_moved(self, event: SignalLevelsMoved, seen: Seen) -> None:
        row = self._row(seen.stream)
        stop = row.stop if event.stop is None else event.stop
        self._change(row, seen, stop=stop, targets=_written(event.targets) or row.targets)

    @when(SignalPriceChecked)
    def price_checked(self, event: SignalPriceChecked, seen: Seen) -> None:
        execution = self._execution(seen.stream, event.number)
        price: Decimal | None = event.price
        basis = PriceBasis.CHECKED
        if execution.basis is PriceBasis.CORRECTED:
            price, basis = execution.price, execution.basis
        changed = replace(
            execution,
            price=price,
            basis=basis,
            attainable=event.attainable,
            bid=event.bid,
            offer=event.offer,
            quote_time=event.quote_time,
            quote_source=event.source,
        )
        row, changes = self._recount(seen, execution, changed)
        if event.number == 1:
            changes["badge"] = Badge.PRICE_CHECKED if row.badge is Badge.POSTED else row.badge
            changes["unattainable"] = not event.attainable
        self._change(row, seen, **changes)

    @when(SignalApproved)
    def approved(self, event: SignalApproved, seen: Seen) -> None:
        self._change(
            self._row(seen.stream),
            seen,
            decision=Decision.APPROVED,
            decided_by=event.by,
            decided_via=event.via,
            decided_at=event.timestamp,
            account=event.account,
        )

    @when(SignalApprovalGiven, SignalApprovalRefused)
    def answered(self, event: object, seen: Seen) -> None:  # noqa: ARG002
        self._change(self._row(seen.stream), seen)

    @when(SignalRejected)
    def rejected(self, event: SignalRejected, seen: Seen) -> None:
        self._change(
            self._row(seen.stream),
            seen,
            decision=Decision.REJECTED,
            decided_by=event.by,
            decided_via=event.via,
            decided_at=event.timestamp,
            reason=event.reason,
        )

    @when(SignalExpired)
    def expired(self, event: SignalExpired, seen: Seen) -> None:
        row = self._row(seen.stream)
        self._change(row, seen, decision=Decision.EXPIRED, decided_at=event.timestamp)

    @when(SignalCorrected)
    def corrected(self, event: SignalCorrected, seen: Seen) -> None:
        execution = self._execution(seen.stream, event.number)
        changed = execution
        if event.price is not None:
            changed = replace(changed, price=event.price, basis=PriceBasis.CORRECTED)
        if event.quantity is not None:
            changed = replace(changed, quantity=event.quantity)
        row, changes = self._recount(seen, execution, changed)
        row = replace(row, **changes)
        if row.state is TradeState.CLOSED and row.open_quantity != 0:
            row = replace(row, state=TradeState.OPEN, closed_by=None, closed_at=None)
        self._change(row, seen, corrections=row.corrections + 1)

    @when(SignalVoided)
    def voided(self, event: SignalVoided, seen: Seen) -> None:
        row = self._row(seen.stream)
        self._change(
            row,
            seen,
            state=TradeState.VOIDED,
            reason=event.reason,
            corrections=row.corrections + 1,
        )

    @when(SignalSourceEdited)
    def source_edited(self, event: SignalSourceEdited, seen: Seen) -> None:
        self._change(self._row(seen.stream), seen, edited_at=event.edited_at)

    @when(SignalSourceDeleted)
    def source_deleted(self, event: SignalSourceDeleted, seen: Seen) -> None:
        self._change(self._row(seen.stream), seen, deleted_at=event.noticed_at)

    @when(SignalBookedLate)
    def booked_late(self, event: SignalBookedLate, seen: Seen) -> None:  # noqa: ARG002
        self._change(self._row(seen.stream), seen)

    @when(OrderRequested)
    def order_requested(self, event: OrderRequested, seen: Seen) -> None:
        if event.signal is not None:
            self.orders.append(OrderSignalLine(order_stream=seen.stream, signal=event.signal))

    @when(OrderFilled)
    def order_filled(self, event: OrderFilled, seen: Seen) -> None:  # noqa: ARG002
        self._count_fills(seen, 1)

    @when(OrderTradeCanceled)
    def order_busted(self, event: OrderTradeCanceled, seen: Seen) -> None:  # noqa: ARG002
        self._count_fills(seen, -1)

    def _count_fills(self, seen: Seen, more: int) -> None:
        order = self.orders.find(seen.stream)
        if order is None:
            return
        row = self._row(order.signal)
        fills = row.fills + more
        checked = self._execution(order.signal, 1).attainable is not None
        without = Badge.PRICE_CHECKED if checked else Badge.POSTED
        badge = Badge.BROKER_FILLED if fills > 0 else without
        self.signals.put(replace(row, fills=fills, badge=badge), seen.position)

    def _row(self, signal: UUID) -> SignalRow:
        row = self.signals.current(signal)
        if row is None:
            raise LookupError(f"signal {signal} was never posted")
        return row

    def _execution(self, signal: UUID, number: int) -> ExecutionRow:
        row = self.executions.current((signal, number))
        if row is None:
            raise LookupError(f"signal {signal} has no execution {number}")
        return row

    def _change(self, row: SignalRow, seen: Seen, **changes: Any) -> None:
        self.signals.put(replace(row, version=seen.version, **changes), seen.position)

    def _execute(
        self,
        seen: Seen,
        number: int,
        kind: ExecutionKind,
        quantity: Decimal,
        price: Decimal | None,
        executed_at: datetime,
        *,
        message: UUID | None = None,
        basis: PriceBasis = PriceBasis.CLAIMED,
    ) -> None:
        row = ExecutionRow(
            signal=seen.stream,
            number=number,
            kind=kind,
            quantity=quantity,
            claimed_px=price,
            price=price,
            basis=PriceBasis.ASSUMED if price is None else basis,
            message=message,
            executed_at=executed_at,
        )
        self.executions.insert(row, seen.position)

    def _recount(
        self, seen: Seen, before: ExecutionRow, after: ExecutionRow
    ) -> tuple[SignalRow, dict[str, Any]]:
        """Puts the changed execution; the signal's row and what its sums come to with it."""
        self.executions.put(after, seen.position)
        row = self._row(seen.stream)
        more = after.quantity - before.quantity
        if before.kind is not ExecutionKind.ENTRY:
            return row, {"open_quantity": row.open_quantity - more} if more else {}
        value = _value(after) - _value(before)
        return row, {
            "quantity": row.quantity + more,
            "open_quantity": row.open_quantity + more,
            "entry_value": row.entry_value + value,
        }


def _value(execution: ExecutionRow) -> Decimal:
    return execution.quantity * (execution.price or Decimal(0))


def _written(prices: tuple[Decimal, ...]) -> str:
    return " ".join(map(str, prices))


_PAST = Past(
    fixed={"signal", "posted_at", "trader", "channel", "symbol", "platform", "message"},
    first="version = 1",
)
_SIGNALS = SignalFeed().signals.shape
_EXECUTIONS = SignalFeed().executions.shape


def signals(
    connection: Connection[Any],
    *,
    trader: UUID | None = None,
    channel: str | None = None,
    symbol: str | None = None,
    state: TradeState | None = None,
    decision: Decision | None = None,
    as_of: int | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[SignalRow]:
    """Signals, the newest post first; `after` is (posted_at, signal) of the last one seen."""
    where = {
        "trader": trader, "channel": channel, "symbol": symbol, "state": state,
        "decision": decision,
    }  # fmt: skip
    return select_page(
        connection, _SIGNALS, where=where, order=["posted_at", "signal"], past=_PAST,
        as_of=as_of, after=after, limit=limit,
    )  # fmt: skip


def signal(
    connection: Connection[Any], stream: UUID, *, as_of: int | None = None
) -> SignalRow | None:
    """One signal."""
    return select_one(connection, _SIGNALS, {"signal": stream}, as_of)


def executions(
    connection: Connection[Any], stream: UUID, *, as_of: int | None = None
) -> list[ExecutionRow]:
    """The executions of a signal in their order."""
    return select_all(connection, _EXECUTIONS, {"signal": stream}, as_of, "number")


def executions_said(connection: Connection[Any], message: UUID) -> list[ExecutionRow]:
    """What was booked of a message, in the order of its trades."""
    return select_all(connection, _EXECUTIONS, {"message": message}, None, "signal, number")
