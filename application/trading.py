"""Trading: an approved signal becomes an order in the account's book, its exits close it.

All events of an order that the broker answers at once are one batch. The reaction remembers
each account's cash and what it holds for each signal; sizing gives a trade at most a tenth
of the book's equity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from uuid import UUID

import msgspec

from application.desk import Work
from application.ports import (
    Acceptance,
    Broker,
    Cancellation,
    ExecutionReport,
    Fill,
    MarketData,
    QuoteRequest,
    Rejection,
    Ticket,
)
from application.reaction import Happened, Memory, consequence
from domain.accounts import AccountOpened
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.holdings import Holding, holding_stream
from domain.legs import Leg, multiplier_of, strategy_quote, strategy_symbol
from domain.order_events import OrderFilled, OrderTradeCanceled, OrderTradeCorrected
from domain.orders import Order
from domain.shared import Event
from domain.signal_events import SignalApproved, SignalExitCalled, SignalSettled
from domain.signals import Signal

EQUITY_SHARE = Decimal("0.10")
"""The most of a book's equity that one trade may take."""

DRIFT_MAX = Decimal("0.10")
"""How far the market may have moved from the signal's price before we refuse to follow."""


class Book(msgspec.Struct):
    """An account as far as sizing needs it: cash, and what open trades cost, in USD."""

    cash: Decimal
    invested: Decimal = Decimal(0)

    @property
    def equity(self) -> Decimal:
        return self.cash + self.invested


class Held(msgspec.Struct):
    """What an account holds because of one signal, at its average price per share."""

    account: str
    side: Side
    legs: tuple[Leg, ...]
    quantity: Decimal
    price: Decimal

    @property
    def cost(self) -> Decimal:
        return self.quantity * self.price * multiplier_of(self.legs) * self.side.sign


class Trading:
    """The reaction that turns approvals into orders and exits into closing orders."""

    name = "trading"
    handles: frozenset[type[Event]] = frozenset(
        {
            AccountOpened,
            SignalApproved,
            SignalExitCalled,
            SignalSettled,
            OrderTradeCorrected,
            OrderTradeCanceled,
        }
    )

    def __init__(self, broker: Broker, market: MarketData) -> None:
        self._broker = broker
        self._market = market
        self._memory = Memory()
        self._books: dict[str, Book] = {}
        self._held: dict[UUID, Held] = {}

    def restore(self, state: Mapping[str, bytes]) -> None:
        self._books = {
            key.removeprefix("book:"): msgspec.json.decode(value, type=Book)
            for key, value in state.items()
            if key.startswith("book:")
        }
        self._held = {
            UUID(key.removeprefix("held:")): msgspec.json.decode(value, type=Held)
            for key, value in state.items()
            if key.startswith("held:")
        }

    def changes(self) -> Mapping[str, bytes | None]:
        return self._memory.take()

    def react(self, happened: Sequence[Happened], work: Work) -> None:
        for cause in happened:
            match cause.event:
                case AccountOpened() as opened:
                    self._put_book(opened.name, Book(opened.cash))
                case SignalApproved() as approved:
                    self._enter(cause, approved, work)
                case SignalExitCalled() as called:
                    self._exit(cause, called, work)
                case SignalSettled() as settled:
                    self._settle(cause, settled, work)
                case OrderTradeCorrected() | OrderTradeCanceled():
                    self._recount(cause, work)

    def _enter(self, cause: Happened, approved: SignalApproved, work: Work) -> None:
        signal = work.get(Signal, cause.stream)
        book = self._books.get(approved.account)
        quote = self._quote(signal, cause.event.timestamp)
        claimed = signal.price
        size, why_not = Decimal(0), ""
        if book is None:
            why_not = f"there is no account {approved.account}"
        elif signal.closed or signal.voided:
            why_not = "the trade was over before it was approved"
        elif quote is None:
            why_not = "no quote to size and price the order by"
        elif _has_drifted(signal.side, claimed, quote):
            why_not = f"the market moved more than {DRIFT_MAX:.0%} from the signal's {claimed}"
        else:
            size = _size(book, _far_side(signal.side, quote), signal)
            if size <= 0:
                why_not = f"one unit costs more than {EQUITY_SHARE:.0%} of the book's equity"
        order = work.begin(
            Order.request(
                cl_ord_id=f"{cause.stream.hex[:20]}-in",
                account=approved.account,
                signal=cause.stream,
                side=signal.side,
                position_effect=PositionEffect.OPEN,
                legs=signal.legs,
                order_qty=size or signal.book[1],
                ord_type=OrdType.MARKET if quote is None else OrdType.LIMIT,
                limit_px=None if quote is None else _far_side(signal.side, quote),
                time_in_force=TimeInForce.DAY,
                at=cause.event.timestamp,
            )
        )
        if why_not:
            order.deny(why_not, at=cause.event.timestamp)
        else:
            self._send(order, OrdType.LIMIT, quote, cause.event.timestamp)
            self._book_entry(cause.stream, order)
        work.save(consequence(self.name, cause))

    def _exit(self, cause: Happened, called: SignalExitCalled, work: Work) -> None:
        held = self._held.get(cause.stream)
        if held is None:
            return
        signal = work.get(Signal, cause.stream)
        before = sum((q for n, q in signal.book.items() if n < called.number), Decimal(0))
        quantity = _share(held, called.quantity, before)
        self._close(cause, held, quantity, called.number, work)

    def _close(
        self, cause: Happened, held: Held, quantity: Decimal, number: int, work: Work
    ) -> None:
        order = work.begin(
            Order.request(
                cl_ord_id=f"{cause.stream.hex[:20]}-x{number}",
                account=held.account,
                signal=cause.stream,
                side=held.side.opposite,
                position_effect=PositionEffect.CLOSE,
                legs=tuple(
                    msgspec.structs.replace(leg, side=leg.side.opposite) for leg in held.legs
                ),
                order_qty=quantity,
                ord_type=OrdType.MARKET,
                limit_px=None,
                time_in_force=TimeInForce.DAY,
                at=cause.event.timestamp,
            )
        )
        self._send(order, OrdType.MARKET, None, cause.event.timestamp)
        self._book_exit(cause.stream, order)
        work.save(consequence(self.name, cause))

    def _settle(self, cause: Happened, settled: SignalSettled, work: Work) -> None:
        held = self._held.get(cause.stream)
        if held is None:
            return
        symbol = strategy_symbol(held.side, held.legs)
        stream = holding_stream(held.account, symbol)
        at = cause.event.timestamp
        holding = work.find(Holding, stream) or work.begin(
            Holding.open(account=held.account, symbol=symbol, at=at)
        )
        holding.expire(
            signal=cause.stream,
            quantity=held.quantity * held.side.sign,
            price=settled.price,
            underlying_px=settled.underlying_px,
            assumed=settled.assumed,
            settled_at=settled.settled_at,
            at=at,
        )
        self._release(cause.stream, held.quantity, settled.price, Decimal(0))
        work.save(consequence(self.name, cause))

    def _recount(self, cause: Happened, work: Work) -> None:
        """A corrected or busted fill moves the cash and what is held by the difference."""
        change = cause.event
        assert isinstance(change, OrderTradeCorrected | OrderTradeCanceled)
        order = work.get(Order, cause.stream)
        book = self._books[order.account]
        qty = px = Decimal(0)
        if isinstance(change, OrderTradeCorrected):
            qty, px = change.last_qty, change.last_px
        notional = qty * px - change.was_qty * change.was_px
        book.cash -= notional * multiplier_of(order.legs) * order.side.sign
        held = None if order.signal is None else self._held.get(order.signal)
        if held is not None and order.signal is not None:
            book.invested -= held.cost
            opens = order.position_effect is PositionEffect.OPEN
            held.quantity += (qty - change.was_qty) * (1 if opens else -1)
            if opens and order.cum_qty > 0:
                spent = sum((q * p for q, p in order.fills.values()), Decimal(0))
                held.price = spent / order.cum_qty
            book.invested += held.cost
            self._put_held(order.signal, held)
        self._put_book(order.account, book)

    def _send(
        self,
        order: Order,
        ord_type: OrdType,
        quote: tuple[Decimal, Decimal] | None,
        at: datetime,
    ) -> None:
        order.submit(self._broker.name, at=at)
        ticket = Ticket(
            cl_ord_id=order.cl_ord_id,
            side=order.side,
            legs=order.legs,
            order_qty=order.order_qty,
            ord_type=ord_type,
            limit_px=None if quote is None else _far_side(order.side, quote),
            sent_at=at,
        )
        for report in self._broker.submit(ticket):
            book_report(order, report, at=at)

    def _book_entry(self, signal: UUID, order: Order) -> None:
        for event in order.pending_events:
            if not isinstance(event, OrderFilled):
                continue
            held = self._held.get(signal) or Held(
                order.account, order.side, order.legs, Decimal(0), Decimal(0)
            )
            quantity = held.quantity + event.last_qty
            held.price = (held.quantity * held.price + event.last_qty * event.last_px) / quantity
            held.quantity = quantity
            book = self._books[order.account]
            cost = event.last_qty * event.last_px * multiplier_of(order.legs) * order.side.sign
            book.cash -= cost + event.commission
            book.invested += cost
            self._put_book(order.account, book)
            self._put_held(signal, held)

    def _book_exit(self, signal: UUID, order: Order) -> None:
        for event in order.pending_events:
            if isinstance(event, OrderFilled):
                self._release(signal, event.last_qty, event.last_px, event.commission)

    def _release(
        self, signal: UUID, quantity: Decimal, price: Decimal, commission: Decimal
    ) -> None:
        held = self._held[signal]
        book = self._books[held.account]
        multiplier = multiplier_of(held.legs) * held.side.sign
        book.cash += quantity * price * multiplier - commission
        book.invested -= quantity * held.price * multiplier
        held.quantity -= quantity
        self._put_book(held.account, book)
        self._put_held(signal, held)

    def _put_book(self, account: str, book: Book) -> None:
        self._books[account] = book
        self._memory.put(f"book:{account}", book)

    def _put_held(self, signal: UUID, held: Held) -> None:
        if held.quantity > 0:
            self._held[signal] = held
            self._memory.put(f"held:{signal}", held)
        else:
            self._held.pop(signal, None)
            self._memory.drop(f"held:{signal}")

    def _quote(self, signal: Signal, at: datetime) -> tuple[Decimal, Decimal] | None:
        requests = [QuoteRequest(leg.symbol, at) for leg in signal.legs]
        quotes = [q for q in self._market.quotes_at(requests) if q is not None and q.is_usable]
        by_symbol = {quote.symbol: (quote.bid, quote.offer) for quote in quotes}
        return strategy_quote(signal.side, signal.legs, by_symbol)


def book_report(order: Order, report: ExecutionReport, *, at: datetime) -> None:
    """Books one execution report on its order."""
    match report:
        case Acceptance():
            order.accept(report.order_id, transact_time=report.transact_time, at=at)
        case Rejection():
            order.reject(report.reason, transact_time=report.transact_time, at=at)
        case Fill():
            order.fill(
                exec_id=report.exec_id,
                last_qty=report.last_qty,
                last_px=report.last_px,
                commission=report.commission,
                transact_time=report.transact_time,
                at=at,
            )
        case Cancellation():
            order.cancel(transact_time=report.transact_time, at=at)


def _far_side(side: Side, quote: tuple[Decimal, Decimal]) -> Decimal:
    return quote[1] if side is Side.BUY else quote[0]


def _has_drifted(side: Side, claimed: Decimal, quote: tuple[Decimal, Decimal]) -> bool:
    moved = (_far_side(side, quote) - claimed) * side.sign
    return moved > claimed * DRIFT_MAX


def _size(book: Book, price: Decimal, signal: Signal) -> Decimal:
    """Whole units that a tenth of the equity buys; worked: 50,000 at 5.50 gives 9 contracts."""
    if price <= 0:
        return Decimal(0)
    per_unit = price * multiplier_of(signal.legs)
    return (book.equity * EQUITY_SHARE / per_unit).quantize(Decimal(1), rounding=ROUND_DOWN)


def _share(held: Held, closed: Decimal, open_before: Decimal) -> Decimal:
    """How much of our holding follows the trader's exit: the same part, at least one unit."""
    if closed >= open_before:
        return held.quantity
    part = (held.quantity * closed / open_before).quantize(Decimal(1), rounding=ROUND_DOWN)
    return min(max(part, Decimal(1)), held.quantity)
