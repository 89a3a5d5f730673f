"""One paper account behind the broker port.

What is decided is durable before it is answered. Several processes may hold the same account:
who decided by a record that another has changed meanwhile decides again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import count, groupby
from typing import Protocol, runtime_checkable

from adapters.paper.books import Account, Books, Known, Pool, open_account
from adapters.paper.hours import Calendar, Hours, Stretch
from adapters.paper.keeping import Decide, Keeper, Reports
from adapters.paper.telling import activity, broker_order, broker_position
from application.brokerage import (
    Activity,
    BrokerAccount,
    BrokerOrder,
    BrokerPosition,
    ChainQuote,
    OrderTicket,
    Replacement,
)
from application.ports import Clock, MarketPrices, QuoteRequest
from domain.instruments import Option, instrument
from domain.market import Quote
from domain.matching.rules import Rules
from domain.reports import ExecutionReport

DAY_TRADES_MANY = 4
"""As many in five sessions make a pattern day trader (FINRA Rule 4210(f)(8)(B)(ii))."""

Closes = dict[tuple[str, date], Decimal]


@runtime_checkable
class QuoteHistory(Protocol):
    """A market that knows what was quoted in between, as a recorded one does."""

    def quotes_between(
        self, symbols: Sequence[str], after: datetime, until: datetime
    ) -> Sequence[Quote]:
        """All quotes of these instruments after a moment and up to another, in their order."""
        ...


class PaperBroker:
    """Executes the tickets of one account at the quotes of a market."""

    name = "paper"
    is_connected = True

    def __init__(
        self,
        pool: Pool,
        market: MarketPrices,
        clock: Clock,
        calendar: Calendar,
        *,
        account: str,
        rules: Rules | None = None,
    ) -> None:
        self._pool = pool
        self._market = market
        self._clock = clock
        self._hours = Hours(calendar)
        self._name = account
        self._books = Books(pool, account, rules or Rules())
        self._keeper = Keeper(self._books, account)
        self._told: int | None = None
        self._answered: set[int] = set()
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)

    def open(self, cash: Decimal) -> None:
        """Opens the account with its cash, unless it is open.

        Raises:
            Unavailable: the database did not answer.
        """
        open_account(self._pool, self._name, cash, self._clock.now())

    # Orders

    def submit(self, ticket: OrderTicket) -> Sequence[ExecutionReport]:
        """Takes an order, or refuses it; the same ticket again has the same answer.

        Raises:
            Unavailable: the database did not answer; the order may or may not be there.
        """
        return self.submit_many([ticket])[0]

    def submit_many(self, tickets: Sequence[OrderTicket]) -> list[Sequence[ExecutionReport]]:
        """Takes orders of different names, one after the other; answers to each as `submit`
        does. Those that were sent at the same moment are taken in one transaction.

        Raises:
            Unavailable: the database did not answer; the orders may or may not be there.
        """
        together = groupby(tickets, key=lambda ticket: ticket.sent_at)
        return [answer for at, sent in together for answer in self._submit(list(sent), at)]

    def _submit(
        self, tickets: Sequence[OrderTicket], sent_at: datetime
    ) -> list[Sequence[ExecutionReport]]:
        with self._lock:
            at = self._arrival(sent_at)
            names = {ticket.cl_ord_id for ticket in tickets}
            symbols = {leg.symbol for ticket in tickets for leg in ticket.legs}
            self._look_first(symbols, at)
            quotes = {quote.symbol: quote for quote in self._quotes(symbols, at)}
            answers: dict[str, Sequence[ExecutionReport]] = {}
            new: dict[str, OrderTicket] = {}
            attempts = count()

            def decide(account: Account) -> Reports:
                answers.clear()
                new.clear()
                # Hardly ever is one known: that is looked up when they do not go in as new ones.
                is_new = next(attempts) == 0 and not names & account.engine.orders.keys()
                known = {} if is_new else self._books.known(sorted(names))
                fresh: Reports = []
                for ticket in tickets:
                    found = known.get(ticket.cl_ord_id)
                    if found is not None and found.asks_for(ticket):
                        answers[ticket.cl_ord_id] = self._books.history(ticket.cl_ord_id)
                    elif ticket.cl_ord_id not in answers:
                        reports = self._take(account, ticket, found, at, quotes)
                        answers[ticket.cl_ord_id] = reports
                        if found is None:
                            fresh += reports
                            new[ticket.cl_ord_id] = ticket
                return fresh

            self._answered.update(self._change(decide, new))
            return [answers[ticket.cl_ord_id] for ticket in tickets]

    def _take(
        self,
        account: Account,
        ticket: OrderTicket,
        found: Known | None,
        at: datetime,
        quotes: dict[str, Quote],
    ) -> Reports:
        if found is not None:
            account.engine.orders.setdefault(ticket.cl_ord_id, found.order)
        return account.engine.take(
            ticket,
            [quotes[leg.symbol] for leg in ticket.legs if leg.symbol in quotes],
            at,
            is_open=self._hours.is_open(at),
            day=self._hours.session(at).date,
        )

    def cancel(self, cl_ord_id: str, *, at: datetime) -> Sequence[ExecutionReport]:
        """Takes back what is left of an order.

        Raises:
            Unavailable: the database did not answer.
        """
        with self._lock:
            now = self._arrival(at)
            self._look_first(self._recall(cl_ord_id), now)

            def decide(account: Account) -> Reports:
                return account.engine.cancel(cl_ord_id, now)

            return self._change_known(cl_ord_id, decide)

    def replace(
        self,
        cl_ord_id: str,
        terms: Replacement,
        *,
        at: datetime,
    ) -> Sequence[ExecutionReport]:
        """Gives an order that rests other terms.

        Raises:
            Unavailable: the database did not answer.
        """
        with self._lock:
            now = self._arrival(at)
            symbols = self._recall(cl_ord_id)
            self._look_first(symbols, now)
            quotes, is_open = self._quotes(symbols, now), self._hours.is_open(now)

            def decide(account: Account) -> Reports:
                return account.engine.replace(cl_ord_id, terms, now, quotes=quotes, is_open=is_open)

            return self._change_known(cl_ord_id, decide)

    # What it says

    def reports(self, timeout_s: float) -> Sequence[ExecutionReport]:
        """What has been reported since the last call and was no answer to one; the market is
        looked at first.

        Raises:
            Unavailable: the database did not answer.
        """
        with self._news:
            self.step(self._clock.now())
            found = self._unheard()
            if not found and timeout_s > 0:
                self._news.wait(timeout_s)
                self.step(self._clock.now())
                found = self._unheard()
            return found

    def order(self, cl_ord_id: str) -> BrokerOrder | None:
        """The order, or None if it never came here."""
        found = self._books.known([cl_ord_id]).get(cl_ord_id)
        return None if found is None else broker_order(found.order)

    def history(self, cl_ord_id: str) -> Sequence[ExecutionReport]:
        """All that was reported of one order."""
        return self._books.history(cl_ord_id)

    def open_orders(self) -> Sequence[BrokerOrder]:
        """Every order that may still trade."""
        return [broker_order(order) for order in self._books.open_orders()]

    def positions(self) -> Sequence[BrokerPosition]:
        """What is held."""
        return [broker_position(position) for position in self._books.positions()]

    def account(self) -> BrokerAccount:
        """The money. Equity counts holdings at the side they could be closed at now; what
        nobody quotes counts at its cost.
        """
        with self._lock:
            now, book = self._clock.now(), self._keeper.current().engine.book
            held = book.positions
            marks = {
                quote.symbol: quote.bid if held[quote.symbol].quantity > 0 else quote.offer
                for quote in self._quotes(held, now)
            }
            days = self._hours.last_days(now, 5)
            day_trades = sum(len(book.day_trades.get(day, ())) for day in days)
            return BrokerAccount(
                cash=book.cash,
                equity=book.equity(marks),
                buying_power=max(book.buying_power, Decimal(0)),
                day_trades=day_trades,
                pattern_day_trader=day_trades >= DAY_TRADES_MANY,
                trading_blocked=False,
            )

    def activities(self, since: datetime) -> Sequence[Activity]:
        """What moved cash and positions since a moment, oldest first."""
        return [activity(self._name, entry, raw) for entry, raw in self._books.entries(since)]

    def chain(self, underlying: str, *, expiry: date | None = None) -> Sequence[ChainQuote]:  # noqa: ARG002
        """Paper has no chain of its own; the market data has."""
        return ()

    # Time

    def step(self, now: datetime) -> None:
        """Lets resting orders look at what was quoted since the last look, ends the sessions
        that closed meanwhile, and settles what expired with them.

        Raises:
            Unavailable: the database did not answer.
        """
        with self._lock:
            account = self._keeper.current()
            if account.looked_until >= now:
                return
            for stretch in self._hours.stretches(account.looked_until, now):
                self._pass(stretch)
            self._settle_late(now)

    def _pass(self, stretch: Stretch) -> None:
        account = self._keeper.last_seen()
        quotes = self._quoted_in(sorted(account.engine.symbols()), stretch)
        if not quotes and stretch.ends is None:
            account.looked_until = stretch.until
            return
        prices = {} if stretch.ends is None else self._closing_prices(account, stretch.ends)

        def decide(account: Account) -> Reports:
            if account.looked_until >= stretch.until:
                # Another process did, while this one was about to.
                return []
            # Quotes of a recorded market have each their moment; a live one is looked at now.
            moment = None if isinstance(self._market, QuoteHistory) else stretch.until
            reports = account.engine.look(quotes, moment, is_open=stretch.is_open)
            if stretch.ends is not None:
                reports += account.engine.end_of_day(stretch.ends, stretch.until)
                reports += account.engine.settle(stretch.ends, prices, stretch.until)
            account.looked_until = max(account.looked_until, stretch.until)
            return reports

        self._change(decide, always=stretch.ends is not None)

    def _settle_late(self, now: datetime) -> None:
        """Settles what has expired but had no closing price until now."""
        day = self._hours.last_closed(now)
        prices = self._closing_prices(self._keeper.last_seen(), day)
        if prices:
            self._change(lambda account: account.engine.settle(day, prices, now))

    def _quoted_in(self, symbols: Sequence[str], stretch: Stretch) -> Sequence[Quote]:
        if not symbols:
            return ()
        if isinstance(self._market, QuoteHistory):
            return self._market.quotes_between(symbols, stretch.after, stretch.until)
        return self._quotes(symbols, stretch.until)

    def _closing_prices(self, account: Account, day: date) -> Closes:
        """The closes that contracts held settle by, of those that have expired."""
        expired = {
            (named.underlying, named.expiry)
            for named in map(instrument, account.engine.book.positions)
            if isinstance(named, Option) and named.expiry <= day
        }
        found = {each: self._market.settlement(*each) for each in sorted(expired)}
        return {each: price for each, price in found.items() if price is not None}

    # How it does that

    def _change(
        self, decide: Decide, tickets: dict[str, OrderTicket] | None = None, *, always: bool = False
    ) -> range:
        if self._told is None:
            self._told = self._keeper.current().reports
        numbers = self._keeper.change(decide, tickets, always=always)
        if numbers:
            self._news.notify_all()
        return numbers

    def _change_known(self, cl_ord_id: str, decide: Decide) -> Sequence[ExecutionReport]:
        """Changes one order; what is said of an order that nobody knows is not kept."""
        answer: Reports = []

        def decide_on(account: Account) -> Reports:
            if cl_ord_id not in account.engine.orders:
                found = self._books.known([cl_ord_id]).get(cl_ord_id)
                if found is not None:
                    account.engine.know(found.order)
            is_known = cl_ord_id in account.engine.orders
            answer[:] = decide(account)
            return list(answer) if is_known else []

        self._answered.update(self._change(decide_on))
        return answer

    def _arrival(self, sent_at: datetime) -> datetime:
        """When something that was sent comes here: time does not run backwards."""
        return max(sent_at, (self._keeper.last_seen()).looked_until)

    def _recall(self, cl_ord_id: str) -> set[str]:
        """The instruments of an order."""
        found = self._keeper.current().engine.orders.get(cl_ord_id)
        return set() if found is None else {leg.symbol for leg in found.legs}

    def _look_first(self, symbols: set[str], now: datetime) -> None:
        """Brings the account up to now where it matters: orders that rest in the same
        instruments come first, and a session that has closed has to be ended.
        """
        account = self._keeper.last_seen()
        due = self._hours.session(account.looked_until).closes_at <= now
        if due or symbols & account.engine.symbols():
            self.step(now)

    def _quotes(self, symbols: Iterable[str], now: datetime) -> list[Quote]:
        asked = [QuoteRequest(symbol, now) for symbol in sorted(symbols)]
        found = self._market.quotes_at(asked) if asked else ()
        return [quote for quote in found if quote is not None]

    def _unheard(self) -> Reports:
        if self._told is None:
            self._told = self._keeper.current().reports
        told = self._told
        found = self._books.told_after(told)
        if found:
            self._told = found[-1][0]
        fresh = [report for number, report in found if number not in self._answered]
        self._answered = {number for number in self._answered if number > self._told}
        return fresh
