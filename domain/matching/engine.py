"""The matching engine: what orders do when they come, when quotes move, and at the day's end.

An order trades at the far side of the quote, as much as is quoted, never worse than its limit.
A stop looks at the same side (the bid for a sale, the offer for a purchase) and then is a
market or limit order; if the quote went through it, the fill is at the quote and says so.
What an order may not do is a report with the reason in words. Nothing here raises for what an
order says.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from domain.fix import OrdStatus, OrdType, TimeInForce
from domain.instruments import CryptoPair, FxPair, instrument
from domain.market import Quote, exchange_day
from domain.matching import brackets, checks
from domain.matching.book import Book, Entry
from domain.matching.depth import Depth, Taken
from domain.matching.filling import Filler, reserved
from domain.matching.orders import EngineOrder, Terms, Ticket, taken
from domain.matching.rules import Rules
from domain.matching.settlement import Closes, settle
from domain.reports import ExecType, ExecutionReport

NOTHING = Decimal(0)
Reports = list[ExecutionReport]


class Changes(NamedTuple):
    """What is different since the last time somebody asked."""

    orders: tuple[EngineOrder, ...]
    entries: tuple[Entry, ...]
    symbols: frozenset[str]
    """Instruments of which more or less is held."""
    taken: tuple[Taken, ...]
    """Quotes of which something was used up."""


class Engine:
    """One account's orders and their matching."""

    def __init__(
        self,
        book: Book,
        rules: Rules | None = None,
        *,
        orders: Iterable[EngineOrder] = (),
        taken: Iterable[Taken] = (),
        numbered: int = 0,
    ) -> None:
        self.book = book
        self.rules = rules or Rules()
        self.orders: dict[str, EngineOrder] = {}
        self.numbered = numbered
        self._depth = Depth(taken)
        self._filler = Filler(book, self.rules, self._depth)
        self._resting: dict[str, dict[str, EngineOrder]] = {}
        self._touched: dict[str, EngineOrder] = {}
        self._is_open = True
        for order in sorted(orders, key=lambda order: order.number):
            self.know(order)

    # What is asked of it

    def know(self, order: EngineOrder) -> None:
        """Takes up an order of before, open or closed."""
        self.orders[order.cl_ord_id] = order
        self.numbered = max(self.numbered, order.number)
        if order.is_open:
            self.book.held_back += order.held_back
            self._rest(order)

    def resting(self) -> list[EngineOrder]:
        """Orders that may still trade, the oldest first."""
        found = {key: order for waiting in self._resting.values() for key, order in waiting.items()}
        return sorted(found.values(), key=lambda order: order.number)

    def symbols(self) -> frozenset[str]:
        """The instruments whose quotes resting orders wait for."""
        return frozenset(symbol for symbol, waiting in self._resting.items() if waiting)

    def take(
        self,
        ticket: Ticket,
        quotes: Iterable[Quote],
        now: datetime,
        *,
        is_open: bool = True,
        day: date | None = None,
    ) -> Reports:
        """Takes an order, or refuses it, and lets it trade with the quotes.

        `day` is the session that a day order lives in: today's unless something else is said.
        """
        if ticket.cl_ord_id in self.orders:
            return [self._is_known(ticket.cl_ord_id, now)]
        self._see(quotes, is_open)
        self.numbered += 1
        order = taken(ticket, self.numbered, day or exchange_day(now), now)
        self.orders[order.cl_ord_id] = self._touched[order.cl_ord_id] = order
        why_not = checks.why_malformed(ticket) or self._why_not_now(order, now)
        if why_not:
            return [order.end(OrdStatus.REJECTED, ExecType.REJECTED, now, why_not)]
        why_not = self._hold_back(order, now)
        if why_not:
            return [order.end(OrdStatus.REJECTED, ExecType.REJECTED, now, why_not)]
        reports = [order.report(ExecType.NEW, now)]
        self._rest(order)
        self._try(order, now, reports)
        return reports

    def look(
        self, quotes: Iterable[Quote], now: datetime | None = None, *, is_open: bool = True
    ) -> Reports:
        """Lets resting orders look at quotes, one after the other.

        Without `now` each quote is looked at in its own moment. One that is older than the last
        one of its instrument is passed over.
        """
        reports: Reports = []
        self._is_open = is_open
        show, resting = self._depth.show, self._resting
        for quote in quotes:
            waiting = resting.get(quote.symbol)
            if show(quote) and waiting:
                at = now or quote.time
                for order in tuple(waiting.values()):
                    if order.is_open and order.since <= at:
                        self._try(order, at, reports)
        return reports

    def cancel(self, cl_ord_id: str, now: datetime) -> Reports:
        """Takes back what is left of an order."""
        order = self.orders.get(cl_ord_id)
        if order is None:
            return [_unknown(cl_ord_id, ExecType.CANCEL_REJECTED, now)]
        if not order.is_open:
            self._touched[cl_ord_id] = order
            text = f"the order is {order.status.value} already"
            return [order.report(ExecType.CANCEL_REJECTED, now, text=text)]
        reports: Reports = []
        self._end(order, OrdStatus.CANCELED, ExecType.CANCELED, now, reports)
        self._after(order, now, reports)
        return reports

    def replace(
        self, cl_ord_id: str, terms: Terms, now: datetime, *, quotes: Iterable[Quote] = (),
        is_open: bool = True,
    ) -> Reports:  # fmt: skip
        """Gives an order that rests other terms, and lets it trade by them."""
        order = self.orders.get(cl_ord_id)
        if order is None:
            return [_unknown(cl_ord_id, ExecType.REPLACE_REJECTED, now)]
        self._see(quotes, is_open)
        self._touched[cl_ord_id] = order
        why_not = self._change(order, terms, now)
        if why_not:
            return [order.report(ExecType.REPLACE_REJECTED, now, text=why_not)]
        order.since = now
        reports = [order.report(ExecType.REPLACED, now)]
        self._try(order, now, reports)
        return reports

    def end_of_day(self, day: date, now: datetime) -> Reports:
        """Ends the day's orders and charges its fees."""
        reports: Reports = []
        for order in self.resting():
            if order.is_open and order.time_in_force is TimeInForce.DAY and order.day <= day:
                self._end(order, OrdStatus.EXPIRED, ExecType.EXPIRED, now, reports)
                self._after(order, now, reports)
        self.book.charge_fees(now, day)
        return reports

    def settle(self, day: date, prices: Closes, now: datetime) -> Reports:
        """Settles what has expired by the closes of the underlyings on the days of expiry.

        A contract whose underlying has no price stays as it is. Orders of contracts that have
        expired end.
        """
        reports: Reports = []
        for order in self.resting():
            if order.is_open and brackets.has_expired(order, day):
                text = "the contract has expired"
                self._end(order, OrdStatus.EXPIRED, ExecType.EXPIRED, now, reports, text)
                self._after(order, now, reports)
        settle(self.book, self.rules, day, prices, now)
        return reports

    @property
    def has_changed(self) -> bool:
        """Whether `drain` has anything to say."""
        return bool(self._touched or self.book.entries)

    def forget_closed(self) -> None:
        """Keeps only orders that may still trade; whoever keeps the others can have them known
        again.
        """
        self.orders = {name: order for name, order in self.orders.items() if order.is_open}

    def drain(self) -> Changes:
        """What has changed since the last call."""
        changes = Changes(
            tuple(self._touched.values()),
            tuple(self.book.entries),
            frozenset(self.book.moved),
            tuple(self._depth.drain()),
        )
        self._touched = {}
        self.book.entries, self.book.moved = [], set()
        return changes

    # How it does that

    def _see(self, quotes: Iterable[Quote], is_open: bool) -> None:
        self._is_open = is_open
        for quote in quotes:
            self._depth.show(quote)

    def _rest(self, order: EngineOrder) -> None:
        for leg in order.legs:
            self._resting.setdefault(leg.symbol, {})[order.cl_ord_id] = order

    def _trades_now(self, order: EngineOrder) -> bool:
        return self._is_open or isinstance(instrument(order.legs[0].symbol), CryptoPair | FxPair)

    def _why_not_now(self, order: EngineOrder, now: datetime) -> str:
        """Why an order cannot be taken as the market is; only market orders have to trade."""
        if order.ord_type is not OrdType.MARKET:
            return ""
        if not self._trades_now(order):
            return "" if self.rules.waits_for_the_open else "the market is closed"
        return self._filler.why_no_market(order, now)

    def _hold_back(self, order: EngineOrder, now: datetime) -> str:
        """Keeps the money or the holding that the order needs; why it cannot, or nothing."""
        if order.closes:
            others = [o for leg in order.legs for o in self._resting.get(leg.symbol, {}).values()]
            return checks.why_not_held(order, self.book, others)
        why_not = checks.why_not_short(order, self.book, self.rules)
        if why_not:
            return why_not
        needed = reserved(self.book, self.rules, self._depth, order, now)
        why_not = checks.why_not_paid(needed, self.book.buying_power)
        if not why_not:
            order.held_back = max(needed, NOTHING)
            self.book.held_back += order.held_back
        return why_not

    def _change(self, order: EngineOrder, terms: Terms, now: datetime) -> str:
        """Gives an order other terms, or leaves it as it is and says why."""
        if not order.is_open:
            return f"the order is {order.status.value} already"
        before = (order.order_qty, order.limit_px, order.stop_px, order.time_in_force)
        given = (terms.order_qty, terms.limit_px, terms.stop_px, terms.time_in_force)
        held_back = order.held_back
        after = [was if new is None else new for was, new in zip(before, given, strict=True)]
        if tuple(after) == before:
            return "these are the order's terms already"
        order.order_qty, order.limit_px, order.stop_px, order.time_in_force = after  # type: ignore[assignment]
        self.book.held_back -= held_back
        order.held_back = NOTHING
        why_not = checks.why_malformed(order)
        if not why_not and order.order_qty <= order.cum_qty:
            why_not = f"{order.cum_qty} of it have traded already"
        why_not = why_not or self._hold_back(order, now)
        if why_not:
            order.order_qty, order.limit_px, order.stop_px, order.time_in_force = before
            order.held_back = held_back
            self.book.held_back += held_back
        return why_not

    def _try(self, order: EngineOrder, now: datetime, reports: Reports) -> None:
        """Lets an order trade with the quotes as they are."""
        if not self._trades_now(order):
            return
        before = len(reports)
        why_ended = self._filler.trade(order, now, reports)
        if why_ended:
            self._end(order, OrdStatus.CANCELED, ExecType.CANCELED, now, reports, why_ended)
        if len(reports) > before:
            self._touched[order.cl_ord_id] = order
            self._after(order, now, reports)

    def _end(
        self, order: EngineOrder, status: OrdStatus, kind: ExecType, now: datetime,
        reports: Reports, text: str = "",
    ) -> None:  # fmt: skip
        self.book.held_back -= order.held_back
        self._touched[order.cl_ord_id] = order
        reports.append(order.end(status, kind, now, text))

    def _after(self, order: EngineOrder, now: datetime, reports: Reports) -> None:
        """What follows for others: the other of a pair, the exits of a bracket."""
        if not order.is_open:
            for leg in order.legs:
                self._resting[leg.symbol].pop(order.cl_ord_id, None)
        if order.group:
            self._tell_the_other(order, now, reports)
        # What the day has ended would have taken its exits with it.
        if not order.is_open and order.cum_qty and order.status is not OrdStatus.EXPIRED:
            born = brackets.exits(order, self.numbered, now)
            for exit_order in born:
                self.numbered = exit_order.number
                self.orders[exit_order.cl_ord_id] = self._touched[exit_order.cl_ord_id] = exit_order
                reports.append(exit_order.report(ExecType.NEW, now))
                self._rest(exit_order)
            for exit_order in born:
                if exit_order.is_open:
                    self._try(exit_order, now, reports)

    def _tell_the_other(self, order: EngineOrder, now: datetime, reports: Reports) -> None:
        """One cancels the other; what the one has traded, the other no longer closes."""
        waiting = self._resting[order.legs[0].symbol].values()
        for other in [each for each in waiting if each.group == order.group and each is not order]:
            left = order.order_qty - order.cum_qty
            if not order.is_open:
                text = f"{order.cl_ord_id} is {order.status.value}, and one cancels the other"
                self._end(other, OrdStatus.CANCELED, ExecType.CANCELED, now, reports, text)
                self._resting[other.legs[0].symbol].pop(other.cl_ord_id, None)
            elif other.order_qty - other.cum_qty > left:
                other.order_qty = other.cum_qty + left
                self._touched[other.cl_ord_id] = other
                text = f"{order.cl_ord_id} has traded {order.cum_qty}"
                reports.append(other.report(ExecType.REPLACED, now, text=text))

    def _is_known(self, cl_ord_id: str, now: datetime) -> ExecutionReport:
        return ExecutionReport(
            exec_type=ExecType.REJECTED,
            cl_ord_id=cl_ord_id,
            exec_id=f"{cl_ord_id}-taken",
            transact_time=now,
            text=f"{cl_ord_id} is the name of another order",
        )


def _unknown(cl_ord_id: str, kind: ExecType, now: datetime) -> ExecutionReport:
    return ExecutionReport(
        exec_type=kind,
        cl_ord_id=cl_ord_id,
        exec_id=f"{cl_ord_id}-unknown",
        transact_time=now,
        text=f"there is no order {cl_ord_id}",
    )
