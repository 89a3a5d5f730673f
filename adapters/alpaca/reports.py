"""Execution reports from what Alpaca tells: a message of the stream, or an order and its fills.

Both ways give a report the same ExecID, so that what is told twice is known again:
a fill has Alpaca's id of the execution, anything else the order's id and what happened to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from adapters.alpaca.lines import Line
from adapters.alpaca.wire import NOTHING, RawActivity, RawOrder, RawUpdate
from adapters.alpaca.words import our_symbol, ratio_of, side_of
from domain.reports import ExecType, ExecutionReport, LegFill

TRADES = (ExecType.TRADE, ExecType.TRADE_CORRECT, ExecType.TRADE_CANCEL)

_EVENTS = {
    "new": ExecType.NEW,
    "accepted": ExecType.NEW,
    "held": ExecType.NEW,
    "pending_new": ExecType.PENDING_NEW,
    "accepted_for_bidding": ExecType.PENDING_NEW,
    "fill": ExecType.TRADE,
    "partial_fill": ExecType.TRADE,
    "canceled": ExecType.CANCELED,
    "expired": ExecType.EXPIRED,
    "done_for_day": ExecType.DONE_FOR_DAY,
    "rejected": ExecType.REJECTED,
    "pending_cancel": ExecType.PENDING_CANCEL,
    "pending_replace": ExecType.PENDING_REPLACE,
    "suspended": ExecType.SUSPENDED,
    "order_replace_rejected": ExecType.REPLACE_REJECTED,
    "order_cancel_rejected": ExecType.CANCEL_REJECTED,
    "trade_bust": ExecType.TRADE_CANCEL,
    "trade_correct": ExecType.TRADE_CORRECT,
}
"""What is not here (`stopped`, `calculated`, `restated`, whatever comes) is told as a status, and
so is `replaced` of the old order: the new one has the terms, see `replaced` below."""

_FINAL = {
    "canceled": ExecType.CANCELED,
    "expired": ExecType.EXPIRED,
    "done_for_day": ExecType.DONE_FOR_DAY,
    "pending_cancel": ExecType.PENDING_CANCEL,
    "pending_replace": ExecType.PENDING_REPLACE,
    "suspended": ExecType.SUSPENDED,
}
_UNROUTED = frozenset({"pending_new", "accepted_for_bidding"})
_AGAIN = frozenset(
    {
        ExecType.PENDING_CANCEL,
        ExecType.PENDING_REPLACE,
        ExecType.CANCEL_REJECTED,
        ExecType.REPLACE_REJECTED,
        ExecType.SUSPENDED,
        ExecType.DONE_FOR_DAY,
        ExecType.STATUS,
    }
)
"""What can happen to an order more than once: the moment tells such reports apart."""


def of_update(update: RawUpdate, line: Line) -> ExecutionReport:
    """The report that a message of the stream is, unless it is a fill of several legs."""
    order, kind = update.order, _EVENTS.get(update.event, ExecType.STATUS)
    if order.replaces:
        # The order that replaces is the new terms of ours: it never begins anew.
        kind = {
            ExecType.NEW: ExecType.REPLACED,
            ExecType.PENDING_NEW: ExecType.PENDING_REPLACE,
            ExecType.REJECTED: ExecType.REPLACE_REJECTED,
        }.get(kind, kind)
    if kind in TRADES and (update.qty is None or update.price is None):
        kind = ExecType.STATUS
    text = update.reason or ("" if kind.value == update.event else update.event)
    if kind in TRADES:
        exec_id, ref_exec_id = _execution(update, kind)
        return _told(
            line,
            order,
            kind,
            update.happened_at,
            exec_id=exec_id,
            ref_exec_id=ref_exec_id,
            last_qty=update.qty or NOTHING,
            last_px=line.price(update.price) or NOTHING,
            text=update.reason or "",
        )
    return _told(line, order, kind, update.happened_at, text=text)


def _execution(update: RawUpdate, kind: ExecType) -> tuple[str, str]:
    """The ExecID of a fill, or of a bust or correction and the fill that it is about: where
    Alpaca names only one execution, it is the fill."""
    told = update.execution_id or f"{update.order.id}:{update.event}:{update.order.filled}"
    if kind is ExecType.TRADE:
        return told, ""
    if update.previous_execution_id:
        return told, update.previous_execution_id
    return f"{told}:{update.event}", update.execution_id or ""


def of_leg(update: RawUpdate, name: str) -> list[ExecutionReport]:
    """What a message about one leg of several says that the fills of the whole do not: a bust or
    a correction, which is of no fill of the whole, so that somebody has to look at it."""
    kind = _EVENTS.get(update.event)
    if kind not in (ExecType.TRADE_CANCEL, ExecType.TRADE_CORRECT):
        return []
    figures = f"{update.qty} {update.order.symbol} at {update.price}"
    return [
        ExecutionReport(
            exec_type=kind,
            cl_ord_id=name,
            exec_id=_execution(update, kind)[0],
            transact_time=update.happened_at,
            order_id=update.order.id,
            last_qty=update.qty or NOTHING,
            last_px=update.price or NOTHING,
            text=f"{update.event} of one leg: {figures}",
        )
    ]


def replaced(line: Line, time: datetime) -> ExecutionReport:
    """The order has the terms of the last order of its line."""
    return _told(line, line.head, ExecType.REPLACED, time)


def answered(line: Line, kind: ExecType, at: datetime, text: str = "") -> ExecutionReport:
    """What came of a request that concerns an order."""
    return _told(line, line.head, kind, at, text=text)


def of_snapshot(line: Line) -> list[ExecutionReport]:
    """What the order as it is now says, without its fills."""
    return [*_begun(line), *_ended(line)]


def of_history(
    line: Line, fills: Mapping[str, Sequence[RawActivity]], *, strategy: bool
) -> list[ExecutionReport]:
    """All that is known of an order, in its order: taken, its fills and new terms, its end.

    `fills` are those of each order at Alpaca by its id, or by the id of each leg.
    """
    found = _begun(line)
    for number, order in enumerate(line.orders):
        if number:
            found.append(_told(line, order, ExecType.REPLACED, order.sent_at))
        mine = strategy_fills(line, order, fills) if strategy else _fills(line, order, fills)
        found += mine
        heard = sum((fill.last_qty for fill in mine), NOTHING)
        if heard < order.filled:
            # The order counts fills that its activities do not show yet.
            found.append(_told(line, order, ExecType.STATUS, order.changed_at))
    return found + _ended(line)


def strategy_fills(
    line: Line, order: RawOrder, fills: Mapping[str, Sequence[RawActivity]]
) -> list[ExecutionReport]:
    """The fills of several legs as fills of the whole.

    Alpaca tells executions leg by leg; a strategy has traded as often as each of its legs has
    by its ratio. Every way of asking gives the same fills, so the stream's own figures for the
    whole, which come apart from the legs, are not used.
    """
    legs = [_Leg(leg, ratio_of(order, leg), fills.get(leg.id, ())) for leg in order.legs or ()]
    found: list[ExecutionReport] = []
    done = NOTHING
    for time in sorted({fill.happened_at for leg in legs for fill in leg.fills}):
        now = min(leg.strategies_until(time) for leg in legs)
        if now > done:
            found.append(_strategy_fill(line, order, legs, done, now, time))
            done = now
    return found


def _strategy_fill(
    line: Line,
    order: RawOrder,
    legs: Sequence[_Leg],
    done: Decimal,
    now: Decimal,
    time: datetime,
) -> ExecutionReport:
    traded = tuple(leg.fill_between(done, now) for leg in legs)
    net = sum(
        (fill.last_px * leg.ratio * fill.side.sign for leg, fill in zip(legs, traded, strict=True)),
        NOTHING,
    )
    return _told(
        line,
        order,
        ExecType.TRADE,
        time,
        exec_id=f"{order.id}:{now:f}",
        last_qty=now - done,
        last_px=net * line.side.sign + 0,
        cum_qty=line.carried_into(order) + now,
        legs=traded,
    )


class _Leg:
    """One leg and its executions so far."""

    def __init__(self, order: RawOrder, ratio: Decimal, fills: Sequence[RawActivity]) -> None:
        self.symbol = our_symbol(order.symbol or "")
        self.side = side_of(order)
        self.ratio = ratio
        self.fills = sorted(fills, key=lambda fill: (fill.happened_at, fill.cum_qty or NOTHING))

    def strategies_until(self, time: datetime) -> Decimal:
        """How many whole strategies this leg has traded enough for."""
        traded = [fill.qty or NOTHING for fill in self.fills if fill.happened_at <= time]
        return sum(traded, NOTHING) // self.ratio

    def fill_between(self, done: Decimal, now: Decimal) -> LegFill:
        """What this leg traded for the strategies after the first `done` until `now`."""
        first, last = done * self.ratio, now * self.ratio
        paid = reached = NOTHING
        for fill in self.fills:
            upto = reached + (fill.qty or NOTHING)
            part = min(upto, last) - max(reached, first)
            if part > 0:
                paid += part * (fill.price or NOTHING)
            reached = upto
        quantity = last - first
        return LegFill(
            symbol=self.symbol, side=self.side, last_qty=quantity, last_px=paid / quantity
        )


def _fills(
    line: Line, order: RawOrder, fills: Mapping[str, Sequence[RawActivity]]
) -> list[ExecutionReport]:
    """The executions of one order, counted through: within a line its own count starts anew."""
    found = []
    cum_qty = line.carried_into(order)
    for fill in fills.get(order.id, ()):
        cum_qty += fill.qty or NOTHING
        found.append(
            _told(
                line,
                order,
                ExecType.TRADE,
                fill.happened_at,
                exec_id=fill.execution_id,
                last_qty=fill.qty or NOTHING,
                last_px=fill.price or NOTHING,
                cum_qty=cum_qty,
            )
        )
    return found


def _begun(line: Line) -> list[ExecutionReport]:
    first = line.first
    if first.status == "rejected":
        return []
    kind = ExecType.PENDING_NEW if first.status in _UNROUTED else ExecType.NEW
    return [_told(line, first, kind, first.sent_at, cum_qty=NOTHING)]


def _ended(line: Line) -> list[ExecutionReport]:
    head = line.head
    if head.status == "rejected":
        text = "Alpaca rejected the order"
        return [_told(line, head, ExecType.REJECTED, head.changed_at, text=text)]
    kind = _FINAL.get(head.status)
    return [] if kind is None else [_told(line, head, kind, head.changed_at)]


def _told(
    line: Line,
    order: RawOrder,
    kind: ExecType,
    time: datetime,
    *,
    exec_id: str = "",
    ref_exec_id: str = "",
    last_qty: Decimal = NOTHING,
    last_px: Decimal = NOTHING,
    cum_qty: Decimal | None = None,
    legs: tuple[LegFill, ...] = (),
    text: str = "",
) -> ExecutionReport:
    carried, total = line.carried_into(order), line.total_with(order)
    if cum_qty is None:
        cum_qty = carried + (NOTHING if kind is ExecType.REPLACED else order.filled)
    over = kind in (ExecType.CANCELED, ExecType.EXPIRED, ExecType.REJECTED)
    return ExecutionReport(
        exec_type=kind,
        cl_ord_id=line.name,
        exec_id=exec_id or _exec_id(order, kind, time),
        transact_time=time,
        order_id=order.id,
        ref_exec_id=ref_exec_id,
        last_qty=last_qty,
        last_px=last_px,
        cum_qty=cum_qty,
        leaves_qty=NOTHING if over else max(total - cum_qty, NOTHING),
        order_qty=total,
        limit_px=line.price(order.limit_price),
        stop_px=order.stop_price,
        legs=legs,
        text=text,
    )


def _exec_id(order: RawOrder, kind: ExecType, time: datetime) -> str:
    named = f"{order.id}:{kind.value}"
    if order.replaces and kind is ExecType.PENDING_REPLACE:
        # An order replaces another once.
        return named
    return f"{named}:{time:%Y%m%dT%H%M%S.%f}" if kind in _AGAIN else named
