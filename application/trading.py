"""Trading: approved signals and manual tickets become orders that passed our checks.

An order is asked for, checked, and cleared or denied in one batch; the dispatcher sends what is
cleared. What is filled moves the books when the fill is on the tape, whoever reported it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from application.books import Books
from application.checks import Entry, checked
from application.custody import Custody
from application.desk import Work
from application.entries import entry_seen, judged_by
from application.hours import Exchange
from application.limiting import limits_of
from application.ports import MarketPrices
from application.reaction import Happened, consequence
from application.selling import hand_line, turned
from domain.accounts import AccountCashMoved, AccountOpened, AccountReported
from domain.activities import ActivityRecorded
from domain.fix import OrdStatus, OrdType, PositionEffect, TimeInForce
from domain.holdings import (
    HoldingAdjusted,
    HoldingAssigned,
    HoldingExercised,
    HoldingExpired,
)
from domain.legs import strategy_symbol
from domain.market import exchange_day
from domain.order_changes import OrderReconciled
from domain.order_events import (
    OrderCanceled,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderRequested,
    OrderTradeCanceled,
    OrderTradeCorrected,
)
from domain.orders import Order, entry_name
from domain.shared import Event
from domain.signal_events import SignalApproved, SignalSettled
from domain.signals import Signal

OWN_BROKER = "broker:paper"
"""Its books are ours: it says nothing that is not on record here."""

OVER = (OrderCanceled, OrderDenied, OrderExpired, OrderRejected)


class Trading:
    """The reaction that decides which orders are sent, and keeps the books."""

    name = "trading"
    handles: frozenset[type[Event]] = frozenset(
        {
            AccountOpened,
            AccountReported,
            SignalApproved,
            SignalSettled,
            OrderRequested,
            OrderFilled,
            *OVER,
            OrderReconciled,
            OrderTradeCorrected,
            OrderTradeCanceled,
            ActivityRecorded,
            AccountCashMoved,
            HoldingExpired,
            HoldingExercised,
            HoldingAssigned,
            HoldingAdjusted,
        }
    )

    def __init__(self, market: MarketPrices, exchange: Exchange) -> None:
        self._market = market
        self._exchange = exchange
        self._books = Books()
        self._custody = Custody(self._books, market)

    def restore(self, state: Mapping[str, bytes]) -> None:
        self._books = Books()
        self._custody = Custody(self._books, self._market)
        self._books.restore(state)

    def changes(self) -> Mapping[str, bytes | None]:
        return self._books.memory.take()

    def react(self, happened: Sequence[Happened], work: Work) -> None:
        work.prefetch({stream for cause in happened for stream in _looked_at(cause)})
        for cause in happened:
            match cause.event:
                case AccountOpened() as opened:
                    self._books.open(opened.name, opened.cash)
                case AccountReported() as said if cause.actor != OWN_BROKER:
                    self._books.stand(said.account, said.standing)
                case SignalApproved() as approved:
                    self._enter(cause, approved, work)
                case SignalSettled() as settled:
                    self._custody.settle(cause, settled, work)
                    work.save(consequence(self.name, cause))
                case ActivityRecorded() as told:
                    self._custody.take(cause, told, work)
                    work.save(consequence(self.name, cause))
                case AccountCashMoved() as moved:
                    self._books.move_cash(moved.account, moved.amount)
                case OrderRequested() as requested if requested.signal is None:
                    self._place(cause, requested, work)
                case OrderFilled() as fill:
                    self._fill(work.get(Order, cause.stream), fill)
                case OrderReconciled(ends=False):
                    continue
                case (
                    OrderCanceled()
                    | OrderDenied()
                    | OrderExpired()
                    | OrderRejected()
                    | (OrderReconciled())
                ):
                    self._books.give_back(cause.stream)
                case OrderTradeCorrected() | OrderTradeCanceled() as change:
                    order = work.get(Order, cause.stream)
                    self._books.recount(trade_of(order), order, change)
                case (
                    HoldingExpired() | HoldingExercised() | HoldingAssigned() | HoldingAdjusted()
                ) as fact:
                    self._custody.book(cause, fact)

    def _enter(self, cause: Happened, approved: SignalApproved, work: Work) -> None:
        """One order for an approved signal, whatever becomes of it."""
        signal = work.get(Signal, cause.stream)
        entry = entry_seen(
            work,
            self._market,
            Entry(
                side=signal.side,
                legs=signal.legs,
                quantity=None,
                at=cause.event.timestamp,
                account=approved.account,
                book=self._books.account(approved.account),
                limits=limits_of(work, approved.account),
                signal=signal,
                approved=approved,
            ),
        )
        order = work.begin(
            Order.request(
                cl_ord_id=entry_name(cause.stream),
                account=approved.account,
                signal=cause.stream,
                side=signal.side,
                position_effect=PositionEffect.OPEN,
                legs=signal.legs,
                order_qty=entry.size if entry.size > 0 else signal.book[1],
                ord_type=OrdType.MARKET if entry.limit is None else OrdType.LIMIT,
                limit_px=entry.limit,
                time_in_force=TimeInForce.DAY,
                at=entry.at,
            )
        )
        self._judge(order, entry)
        work.save(consequence(self.name, cause))

    def _place(self, cause: Happened, requested: OrderRequested, work: Work) -> None:
        """Clears a manual ticket, or says why not; who asks for an exit clears it himself."""
        order = work.get(Order, cause.stream)
        if order.cleared or order.submitted or order.status is not OrdStatus.PENDING_NEW:
            return
        if requested.position_effect is PositionEffect.CLOSE:
            why_not = self._why_not_closed(order)
            if why_not:
                order.deny(why_not, at=cause.event.timestamp)
            else:
                order.clear(at=cause.event.timestamp)
        else:
            entry = entry_seen(
                work,
                self._market,
                Entry(
                    side=order.side,
                    legs=order.legs,
                    quantity=order.order_qty,
                    at=cause.event.timestamp,
                    account=order.account,
                    book=self._books.account(order.account),
                    limits=limits_of(work, order.account),
                    limit=requested.limit_px,
                ),
            )
            self._judge(order, entry)
        work.save(consequence(self.name, cause))

    def _judge(self, order: Order, entry: Entry) -> None:
        made = checked(entry, self._exchange)
        last = made[-1]
        if not last.passed:
            order.deny(last.detail, made, at=entry.at)
            return
        order.clear(made, at=entry.at)
        self._books.reserve(order, entry.unit, exchange_day(entry.at))

    def _why_not_closed(self, order: Order) -> str:
        """Why there is nothing to close, or nothing."""
        if self._books.account(order.account) is None:
            return f"there is no account {order.account}"
        found = [self._books.held(trade) for trade in self._closed_by(order)]
        holds = sum((held.quantity for held in found if held is not None), Decimal(0))
        return f"the account holds {holds} of it" if holds < order.order_qty else ""

    def _fill(self, order: Order, fill: OrderFilled) -> None:
        day = exchange_day(fill.transact_time)
        if opens(order):
            self._books.enter(trade_of(order), order, fill, day)
        else:
            self._books.leave(self._closed_by(order), fill, day)

    def _closed_by(self, order: Order) -> list[UUID]:
        """The trades whose holding an order closes: its own first, then what else there is."""
        symbol = strategy_symbol(order.side, order.legs)
        return self._books.held_for(
            order.account, order.side.opposite, symbol, first=trade_of(order)
        )


def _looked_at(cause: Happened) -> tuple[UUID, ...]:
    """The streams that are needed to react, so that all are read at once."""
    match cause.event:
        case SignalApproved() as approved:
            return cause.stream, *judged_by(approved.account, approved.timestamp)
        case OrderRequested() as requested:
            if requested.signal is not None:
                return ()
            return cause.stream, *judged_by(requested.account, requested.timestamp)
        case OrderFilled() | OrderTradeCorrected() | OrderTradeCanceled():
            return (cause.stream,)
    return ()


def opens(order: Order) -> bool:
    """Whether an order opens something."""
    return order.position_effect is PositionEffect.OPEN


def trade_of(order: Order) -> UUID:
    """The trade an order belongs to: its signal, or the account's own line in the symbol."""
    if order.signal is not None:
        return order.signal
    if opens(order):
        return hand_line(order.account, order.side, order.legs)
    return hand_line(order.account, order.side.opposite, turned(order.legs))
