"""Trading: approved signals and manual tickets become orders, exits close what is held.

All events of an order that the broker answers at once are one batch, so an order is never
half-recorded. A closing order follows the trader's exit with the same part of our holding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from application.assessing import market_price
from application.books import EQUITY_SHARE, Books
from application.desk import Work
from application.ports import (
    Acceptance,
    Broker,
    Cancellation,
    ExecutionReport,
    Fill,
    MarketPrices,
    QuoteRequest,
    Rejection,
    Ticket,
)
from application.reaction import Happened, consequence
from domain.accounts import AccountOpened
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.holdings import Holding, holding_stream
from domain.legs import (
    Leg,
    capital_at_risk,
    multiplier_of,
    strategy_quote,
    strategy_symbol,
)
from domain.order_events import OrderRequested, OrderTradeCanceled, OrderTradeCorrected
from domain.orders import Order, entry_name
from domain.shared import Event, stream_id
from domain.signal_events import SignalApproved, SignalExitCalled, SignalSettled
from domain.signals import Signal

DRIFT_MAX = Decimal("0.10")
"""How far the market may have moved from the price that was approved before we refuse to
follow."""


class Trading:
    """The reaction that sends orders."""

    name = "trading"
    handles: frozenset[type[Event]] = frozenset(
        {
            AccountOpened,
            SignalApproved,
            SignalExitCalled,
            SignalSettled,
            OrderRequested,
            OrderTradeCorrected,
            OrderTradeCanceled,
        }
    )

    def __init__(self, broker: Broker, market: MarketPrices) -> None:
        self._broker = broker
        self._market = market
        self._books = Books()

    def restore(self, state: Mapping[str, bytes]) -> None:
        self._books = Books()
        self._books.restore(state)

    def changes(self) -> Mapping[str, bytes | None]:
        return self._books.memory.take()

    def react(self, happened: Sequence[Happened], work: Work) -> None:
        work.prefetch({cause.stream for cause in happened})
        for cause in happened:
            match cause.event:
                case AccountOpened() as opened:
                    self._books.open(opened.name, opened.cash)
                case SignalApproved() as approved:
                    self._enter(cause, approved, work)
                case SignalExitCalled() as called:
                    self._exit(cause, called, work)
                case SignalSettled() as settled:
                    self._settle(cause, settled, work)
                case OrderRequested() as requested if requested.signal is None:
                    self._place(cause, work)
                case OrderTradeCorrected() | OrderTradeCanceled() as change:
                    order = work.get(Order, cause.stream)
                    self._books.recount(_trade_of(order), order, change)

    def _enter(self, cause: Happened, approved: SignalApproved, work: Work) -> None:
        signal = work.get(Signal, cause.stream)
        at = cause.event.timestamp
        limit = market_price(self._market, signal.side, signal.legs, at)
        size, why_not = self._size(signal, approved, limit)
        order = work.begin(
            Order.request(
                cl_ord_id=entry_name(cause.stream),
                account=approved.account,
                signal=cause.stream,
                side=signal.side,
                position_effect=PositionEffect.OPEN,
                legs=signal.legs,
                order_qty=size if size > 0 else signal.book[1],
                ord_type=OrdType.MARKET if limit is None else OrdType.LIMIT,
                limit_px=limit,
                time_in_force=TimeInForce.DAY,
                at=at,
            )
        )
        if why_not:
            order.deny(why_not, at=at)
        else:
            self._send(order, limit, cause)
            self._books.enter(cause.stream, order)
        work.save(consequence(self.name, cause))

    def _size(
        self, signal: Signal, approved: SignalApproved, price: Decimal | None
    ) -> tuple[Decimal, str]:
        """How many units to trade, or why none."""
        none = Decimal(0)
        book = self._books.account(approved.account)
        if book is None:
            return none, f"there is no account {approved.account}"
        if signal.closed or signal.voided:
            return none, "the trade was over before it was approved"
        if price is None:
            return none, "no quote to size and price the order by"
        why_not = _why_not_at(price, signal, approved)
        if why_not:
            return none, why_not
        at_risk = capital_at_risk(signal.side, signal.legs, price)
        size = book.size(at_risk, multiplier_of(signal.legs))
        if size <= 0:
            return none, f"one unit puts more than {EQUITY_SHARE:.0%} of the book's equity at risk"
        return size, ""

    def _exit(self, cause: Happened, called: SignalExitCalled, work: Work) -> None:
        held = self._books.held(cause.stream)
        if held is None:
            return
        signal = work.get(Signal, cause.stream)
        before = sum((q for n, q in signal.book.items() if n < called.number), Decimal(0))
        order = work.begin(
            Order.request(
                cl_ord_id=f"{cause.stream.hex[:20]}-x{called.number}",
                account=held.account,
                signal=cause.stream,
                side=held.side.opposite,
                position_effect=PositionEffect.CLOSE,
                legs=_reversed(held.legs),
                order_qty=held.share(called.quantity, before),
                ord_type=OrdType.MARKET,
                limit_px=None,
                time_in_force=TimeInForce.DAY,
                at=cause.event.timestamp,
            )
        )
        self._send(order, None, cause)
        self._books.leave([cause.stream], order)
        work.save(consequence(self.name, cause))

    def _settle(self, cause: Happened, settled: SignalSettled, work: Work) -> None:
        held = self._books.held(cause.stream)
        if held is None:
            return
        symbol = strategy_symbol(held.side, held.legs)
        at = cause.event.timestamp
        holding = work.find(Holding, holding_stream(held.account, symbol)) or work.begin(
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
        self._books.release(cause.stream, held.quantity, settled.price)
        work.save(consequence(self.name, cause))

    def _place(self, cause: Happened, work: Work) -> None:
        """Sends a manual ticket, if the book can carry it."""
        order = work.get(Order, cause.stream)
        requested = cause.event
        assert isinstance(requested, OrderRequested)
        why_not = self._why_not(order, cause)
        if why_not:
            order.deny(why_not, at=cause.event.timestamp)
        else:
            self._send(order, requested.limit_px, cause)
            if _opens(order):
                self._books.enter(_trade_of(order), order)
            else:
                self._books.leave(self._closed_by(order), order)
        work.save(consequence(self.name, cause))

    def _closed_by(self, order: Order) -> list[UUID]:
        """The trades whose holding a manual order closes: whatever they were opened for."""
        symbol = strategy_symbol(order.side, order.legs)
        return self._books.held_for(
            order.account, order.side.opposite, symbol, first=_trade_of(order)
        )

    def _why_not(self, order: Order, cause: Happened) -> str:
        account = self._books.account(order.account)
        if account is None:
            return f"there is no account {order.account}"
        if not _opens(order):
            found = [self._books.held(trade) for trade in self._closed_by(order)]
            holds = sum((held.quantity for held in found if held is not None), Decimal(0))
            return f"the account holds {holds} of it" if holds < order.order_qty else ""
        quote = self._quote(order.side, order.legs, cause)
        if quote is None:
            return "no quote to check the buying power by"
        cost = order.order_qty * quote[1] * multiplier_of(order.legs)
        if order.side is Side.BUY and cost > account.cash:
            return f"it costs {cost:.2f} and the account has {account.cash:.2f} in cash"
        return ""

    def _send(self, order: Order, limit: Decimal | None, cause: Happened) -> None:
        at = cause.event.timestamp
        order.submit(self._broker.name, at=at)
        ticket = Ticket(
            cl_ord_id=order.cl_ord_id,
            side=order.side,
            legs=order.legs,
            order_qty=order.order_qty,
            ord_type=OrdType.MARKET if limit is None else OrdType.LIMIT,
            limit_px=limit,
            sent_at=at,
        )
        for report in self._broker.submit(ticket):
            book_report(order, report, cause)

    def _quote(
        self, side: Side, legs: tuple[Leg, ...], cause: Happened
    ) -> tuple[Decimal, Decimal] | None:
        requests = [QuoteRequest(leg.symbol, cause.event.timestamp) for leg in legs]
        quotes = [q for q in self._market.quotes_at(requests) if q is not None and q.is_usable]
        return strategy_quote(side, legs, {q.symbol: (q.bid, q.offer) for q in quotes})


def book_report(order: Order, report: ExecutionReport, cause: Happened) -> None:
    """Books one execution report on its order."""
    at = cause.event.timestamp
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


def _opens(order: Order) -> bool:
    return order.position_effect is PositionEffect.OPEN


def _trade_of(order: Order) -> UUID:
    """The trade an order belongs to: its signal, or the account's own line in the symbol."""
    if order.signal is not None:
        return order.signal
    opening = order.side if _opens(order) else order.side.opposite
    legs = order.legs if _opens(order) else _reversed(order.legs)
    return stream_id("manual", order.account, strategy_symbol(opening, legs))


def _reversed(legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    return tuple(msgspec.structs.replace(leg, side=leg.side.opposite) for leg in legs)


def _why_not_at(price: Decimal, signal: Signal, approved: SignalApproved) -> str:
    """Why the market is too far from what was approved, or nothing."""
    sign = signal.side.sign
    if approved.accepted_px is not None:
        if (price - approved.accepted_px) * sign > 0:
            return f"the market is at {price}: worse than the accepted {approved.accepted_px}"
        return ""
    whose = "signal's" if approved.market_px is None else "approved"
    base = signal.entry_prices[1] if approved.market_px is None else approved.market_px
    if (price - base) * sign > abs(base) * DRIFT_MAX:
        return f"the market moved over {DRIFT_MAX:.0%} from the {whose} {base}"
    return ""
