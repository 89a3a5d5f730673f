"""Trading: approved signals and manual tickets become orders that passed our checks.

An order is asked for, checked, and cleared or denied in one batch; the dispatcher sends what is
cleared. What is filled moves the books when the fill is on the tape, whoever reported it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import msgspec

from application.books import Books
from application.checks import Entry, checked
from application.closing_all import why_closing
from application.desk import Work
from application.hours import Exchange
from application.limiting import limits_of, risk_of, sectors_of
from application.ports import MarketPrices, QuoteRequest
from application.reaction import Happened, consequence
from application.selling import hand_line, turned
from domain.accounts import AccountOpened
from domain.close_alls import close_all_stream
from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.holdings import Holding, HoldingExpired, holding_stream
from domain.instruments import instrument
from domain.legs import Leg, legs_of, strategy_quote, strategy_symbol
from domain.limits import Limits, limits_stream
from domain.market import exchange_day
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
from domain.risk import why_blocked
from domain.risk_events import risk_stream
from domain.sectors import SECTORS_STREAM
from domain.shared import Event, price, stream_id
from domain.signal_events import SignalApproved, SignalSettled
from domain.signals import Signal
from domain.ticks import through

OVER = (OrderCanceled, OrderDenied, OrderExpired, OrderRejected)


class Trading:
    """The reaction that decides which orders are sent, and keeps the books."""

    name = "trading"
    handles: frozenset[type[Event]] = frozenset(
        {
            AccountOpened,
            SignalApproved,
            SignalSettled,
            OrderRequested,
            OrderFilled,
            *OVER,
            OrderTradeCorrected,
            OrderTradeCanceled,
            HoldingExpired,
        }
    )

    def __init__(self, market: MarketPrices, exchange: Exchange) -> None:
        self._market = market
        self._exchange = exchange
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
                case SignalSettled() as settled:
                    self._settle(cause, settled, work)
                case OrderRequested() as requested if requested.signal is None:
                    self._place(cause, requested, work)
                case OrderFilled() as fill:
                    self._fill(work.get(Order, cause.stream), fill)
                case OrderCanceled() | OrderDenied() | OrderExpired() | OrderRejected():
                    self._books.give_back(cause.stream)
                case OrderTradeCorrected() | OrderTradeCanceled() as change:
                    order = work.get(Order, cause.stream)
                    self._books.recount(trade_of(order), order, change)
                case HoldingExpired() as expired:
                    self._expire(expired)

    def _enter(self, cause: Happened, approved: SignalApproved, work: Work) -> None:
        """One order for an approved signal, whatever becomes of it."""
        signal = work.get(Signal, cause.stream)
        entry = self._entry(
            work,
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
        if order.cleared or order.status is not OrdStatus.PENDING_NEW:
            return
        if requested.position_effect is PositionEffect.CLOSE:
            why_not = self._why_not_closed(order)
            if why_not:
                order.deny(why_not, at=cause.event.timestamp)
            else:
                order.clear(at=cause.event.timestamp)
        else:
            entry = self._entry(
                work,
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

    def _entry(self, work: Work, entry: Entry) -> Entry:
        """The entry with what the market, risk and sectors say of it."""
        closing = close_all_stream(entry.account, exchange_day(entry.at))
        account = entry.account
        work.prefetch((limits_stream(account), risk_stream(account), SECTORS_STREAM, closing))
        underlying = instrument(entry.legs[0].symbol).underlying
        sector = sectors_of(work).of(underlying)
        seen = self._look(entry.side, entry.legs, entry.at, entry.limits)
        limit = entry.limit
        if limit is None and seen.far_side is not None:
            limit = through(entry.side, entry.legs, seen.far_side, entry.limits.through_ticks)
        return msgspec.structs.replace(
            entry,
            quote=seen.far_side,
            limit=limit,
            no_quote=seen.why_not,
            sector=sector,
            blocked=why_closing(work, account, entry.at)
            or why_blocked(risk_of(work, account), underlying, sector),
        )

    def _judge(self, order: Order, entry: Entry) -> None:
        made = checked(entry, self._exchange)
        last = made[-1]
        if not last.passed:
            order.deny(last.detail, made, at=entry.at)
            return
        order.clear(made, at=entry.at)
        self._books.reserve(order, entry.unit, exchange_day(entry.at))

    def _look(self, side: Side, legs: tuple[Leg, ...], at: datetime, limits: Limits) -> _Look:
        """The far side of the market now, or why there is none to go by."""
        quotes = self._market.quotes_at([QuoteRequest(leg.symbol, at) for leg in legs])
        oldest = timedelta(seconds=limits.quote_age_s)
        for leg, quote in zip(legs, quotes, strict=True):
            if quote is None:
                return _Look(None, f"no quote of {leg.symbol} to size and price the order by")
            if not quote.is_usable:
                return _Look(None, f"the quote of {leg.symbol} is crossed or has no offer: "
                                   f"{quote.bid} x {quote.offer}")  # fmt: skip
            if at - quote.time > oldest:
                age = int((at - quote.time).total_seconds())
                return _Look(None, f"the quote of {leg.symbol} is {age} s old, and "
                                   f"{limits.quote_age_s} s are allowed")  # fmt: skip
        usable = {quote.symbol: (quote.bid, quote.offer) for quote in quotes if quote is not None}
        whole = strategy_quote(side, legs, usable)
        assert whole is not None
        return _Look(price(whole[1] if side is Side.BUY else whole[0]), "")

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

    def _settle(self, cause: Happened, settled: SignalSettled, work: Work) -> None:
        """What is held for a trade ends with it."""
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
        work.save(consequence(self.name, cause))

    def _expire(self, expired: HoldingExpired) -> None:
        side = Side.BUY if expired.quantity > 0 else Side.SELL
        first = expired.signal or stream_id("manual", expired.account, expired.symbol)
        symbol = strategy_symbol(side, legs_of(expired.symbol))
        left = abs(expired.quantity)
        for trade in self._books.held_for(expired.account, side, symbol, first=first):
            held = self._books.held(trade)
            if held is not None and left > 0:
                gone = min(left, held.quantity)
                self._books.release(trade, gone, expired.price)
                left -= gone


class _Look(NamedTuple):
    """The far side of the market per share, or why there is none."""

    far_side: Decimal | None
    why_not: str


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
