"""Alpaca behind the broker port: one account, orders under our own ClOrdIDs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import wraps
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from adapters.alpaca import reports as said
from adapters.alpaca.access import Access
from adapters.alpaca.chains import chain
from adapters.alpaca.importing import named_activities
from adapters.alpaca.lines import Line, Lines
from adapters.alpaca.listening import Listening
from adapters.alpaca.rest import AlpacaRest, SaidNo
from adapters.alpaca.stream import TradeUpdates
from adapters.alpaca.tickets import order_body, replacement_body, why_refused
from adapters.alpaca.wire import NOTHING, RawAccount, RawOrder, RawPosition, decoded
from adapters.alpaca.words import legs_of, order_type, our_symbol
from application.brokerage import (
    Activity,
    BrokerAccount,
    BrokerOrder,
    BrokerPosition,
    ChainQuote,
    OrderTicket,
    Replacement,
)
from application.ports import PortRefused, Unavailable
from domain.reports import ExecType, ExecutionReport

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def _only_unavailable(ask: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """A question that Alpaca refuses to answer (a wrong key, say) is one without an answer: what
    was asked stays to be asked, and the words say why."""

    @wraps(ask)
    def asked(*args: Asked.args, **more: Asked.kwargs) -> Answer:
        try:
            return ask(*args, **more)
        except PortRefused as no:
            raise Unavailable(f"Alpaca does not say: {no}") from no

    return asked


class AlpacaBroker:
    """One account at Alpaca. `start` begins to listen; `close` ends it.

    Where Alpaca's answer is not enough to know whether something happened, this says so
    (`Unavailable`) and sends nothing a second time.
    """

    name = "alpaca"

    def __init__(
        self,
        access: Access,
        *,
        rest: AlpacaRest | None = None,
        updates: TradeUpdates | None = None,
    ) -> None:
        self._access = access
        self._rest = rest or AlpacaRest(access)
        self._updates = updates or TradeUpdates(access)
        self._lines = Lines(self._rest)
        self._listening = Listening(self._rest, self._lines, self._updates)

    def __repr__(self) -> str:
        return f"AlpacaBroker({self._access!r})"

    def start(self) -> None:
        """Begins to listen to the stream of updates."""
        self._updates.start()

    def await_connection(self, timeout_s: float) -> bool:
        """Waits at most so long until the stream is listened to; whether it is."""
        return self._updates.wait(timeout_s)

    def close(self) -> None:
        """Ends the stream."""
        self._updates.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def is_connected(self) -> bool:
        """Whether the stream of updates is listened to."""
        return self._updates.is_listening

    @_only_unavailable
    def submit(self, ticket: OrderTicket) -> Sequence[ExecutionReport]:
        """Sends an order once. What Alpaca would refuse anyway is refused here.

        Raises:
            Unavailable: no answer; the order may or may not be there.
        """
        why = why_refused(ticket)
        if why:
            return (_rejected(ticket, why, "unsent"),)
        self._lines.sent(ticket)
        self._listening.expect(ticket.cl_ord_id)
        try:
            body = self._rest.send("POST", "/orders", order_body(ticket))
        except SaidNo as no:
            return self._refused(ticket, no)
        try:
            order = decoded(body, RawOrder)
        except PortRefused as error:
            raise Unavailable(f"the order may be there: {error}") from None
        self._lines.learn(order, ticket.cl_ord_id)
        return tuple(said.of_snapshot(Line(ticket.cl_ord_id, ticket.side, (order,))))

    @_only_unavailable
    def cancel(self, cl_ord_id: str, *, at: datetime) -> Sequence[ExecutionReport]:
        """Asks for what is left of an order back.

        Raises:
            Unavailable: no answer.
        """
        line = self._lines.of_name(cl_ord_id)
        if line is None:
            return (_unknown(cl_ord_id, ExecType.CANCEL_REJECTED, at),)
        if line.head.status == "canceled":
            return tuple(said.of_snapshot(line)[-1:])
        try:
            self._rest.send("DELETE", f"/orders/{line.head.id}")
        except SaidNo as no:
            return (said.answered(line, ExecType.CANCEL_REJECTED, at, str(no)),)
        return (said.answered(line, ExecType.PENDING_CANCEL, at),)

    @_only_unavailable
    def replace(
        self, cl_ord_id: str, terms: Replacement, *, at: datetime
    ) -> Sequence[ExecutionReport]:
        """Asks for other terms of an order that rests; its ClOrdID stays the one we know.

        Alpaca's new order counts its fills from zero and takes over the whole quantity of the
        old one, whatever had filled of it (Alpaca-API issue 165), so it is told what is left. A
        fill on the way makes the whole larger by it: the report then says so (`order_qty`).

        Raises:
            Unavailable: no answer.
        """
        line = self._lines.of_name(cl_ord_id)
        if line is None:
            return (_unknown(cl_ord_id, ExecType.REPLACE_REJECTED, at),)
        if line.is_over:
            why = f"the order is {line.head.status}"
            return (said.answered(line, ExecType.REPLACE_REJECTED, at, why),)
        if _has_terms(line.as_broker_order(), terms):
            return (said.replaced(line, line.head.sent_at),)
        wanted = terms.order_qty or line.order_qty
        left = wanted - line.cum_qty
        if left <= 0:
            why = f"{line.cum_qty} have traded already, which is not less than {wanted}"
            return (said.answered(line, ExecType.REPLACE_REJECTED, at, why),)
        tells = line.cum_qty > 0 or terms.order_qty is not None
        asked = Replacement(
            order_qty=left if tells else None,
            limit_px=terms.limit_px,
            stop_px=terms.stop_px,
            time_in_force=terms.time_in_force,
        )
        return self._replaced(line, asked, at)

    def reports(self, timeout_s: float) -> Sequence[ExecutionReport]:
        """What has been reported since the last call; after a gap, what was missed.

        Raises:
            Unavailable: the stream is down, or what was missed cannot be asked for now.
        """
        return self._listening.reports(timeout_s)

    @_only_unavailable
    def order(self, cl_ord_id: str) -> BrokerOrder | None:
        """The order as Alpaca sees it, or None if it never came to it.

        Raises:
            Unavailable: no answer.
        """
        line = self._lines.of_name(cl_ord_id)
        return None if line is None else line.as_broker_order()

    @_only_unavailable
    def history(self, cl_ord_id: str) -> Sequence[ExecutionReport]:
        """All that Alpaca knows of one order, as reports in its order.

        Raises:
            Unavailable: no answer.
        """
        line = self._lines.of_name(cl_ord_id)
        return () if line is None else tuple(self._listening.history(line))

    @_only_unavailable
    def open_orders(self) -> Sequence[BrokerOrder]:
        """Every order that may still trade, the exits of brackets too.

        Raises:
            Unavailable: no answer.
        """
        found: list[BrokerOrder] = []
        for order in list(self._lines.listed(status="open")):
            exits = [] if order.is_multi_leg else order.legs or []
            for each in (order, *exits):
                line = self._lines.of_order(each)
                if not line.is_over:
                    found.append(line.as_broker_order())
        return tuple(found)

    @_only_unavailable
    def positions(self) -> Sequence[BrokerPosition]:
        """What is held; short ones below zero.

        Raises:
            Unavailable: no answer.
        """
        held = self._rest.read("/positions", list[RawPosition])
        return tuple(
            BrokerPosition(
                symbol=our_symbol(each.symbol),
                quantity=abs(each.qty) * (-1 if each.side == "short" else 1),
                avg_px=each.avg_entry_price,
            )
            for each in held
        )

    @_only_unavailable
    def account(self) -> BrokerAccount:
        """The money.

        Raises:
            Unavailable: no answer.
        """
        raw = self._rest.read("/account", RawAccount)
        return BrokerAccount(
            cash=raw.cash,
            equity=raw.equity,
            buying_power=raw.buying_power,
            options_buying_power=raw.options_buying_power,
            day_trades=raw.daytrade_count,
            pattern_day_trader=bool(raw.pattern_day_trader),
            trading_blocked=(
                raw.trading_blocked or raw.account_blocked or raw.trade_suspended_by_user
            ),
            currency=raw.currency or "USD",
        )

    @_only_unavailable
    def activities(self, since: datetime) -> Sequence[Activity]:
        """What happened in the account since a moment, oldest first.

        Raises:
            Unavailable: no answer.
        """
        return named_activities(self._rest, self._lines, since)

    def chain(self, underlying: str, *, expiry: date | None = None) -> Sequence[ChainQuote]:
        """The option chain, with Greeks as far as Alpaca computes them.

        Raises:
            Unavailable: no answer.
            PortRefused: the account has no right to this feed.
        """
        return chain(self._rest, self._access, underlying, expiry)

    def _refused(self, ticket: OrderTicket, no: SaidNo) -> Sequence[ExecutionReport]:
        """Alpaca says no to an order: unless it is there already, that is its answer.

        What is sent again may be refused for any reason before its id is looked at: buying
        power, say, that the order itself has taken. So the order is looked up in any case.
        """
        line = self._lines.of_name(ticket.cl_ord_id)
        if line is None:
            self._listening.forget(ticket.cl_ord_id)
            return (_rejected(ticket, str(no), "refused"),)
        if not _is_of(line.first, ticket):
            why = f"another order was sent as {ticket.cl_ord_id} before"
            return (_rejected(ticket, why, "another"),)
        return tuple(self._listening.history(line))

    def _replaced(self, line: Line, terms: Replacement, at: datetime) -> Sequence[ExecutionReport]:
        sign = line.side.sign if line.head.is_multi_leg else 1
        body = replacement_body(terms, line.next_name(), sign=sign)
        try:
            answer = self._rest.send("PATCH", f"/orders/{line.head.id}", body)
        except SaidNo as no:
            return (said.answered(line, ExecType.REPLACE_REJECTED, at, str(no)),)
        try:
            order = decoded(answer, RawOrder)
        except PortRefused as error:
            raise Unavailable(f"the order may have new terms: {error}") from None
        self._lines.learn(order, line.name)
        # Taken, not done: if the old one trades first, the new one is rejected.
        longer = Line(line.name, line.side, (*line.orders, order))
        return (said.answered(longer, ExecType.PENDING_REPLACE, order.sent_at),)


def _rejected(ticket: OrderTicket, why: str, kind: str) -> ExecutionReport:
    return ExecutionReport(
        exec_type=ExecType.REJECTED,
        cl_ord_id=ticket.cl_ord_id,
        exec_id=f"{ticket.cl_ord_id}:{kind}",
        transact_time=ticket.sent_at,
        cum_qty=NOTHING,
        leaves_qty=NOTHING,
        order_qty=ticket.order_qty,
        text=why,
    )


def _unknown(cl_ord_id: str, kind: ExecType, at: datetime) -> ExecutionReport:
    return ExecutionReport(
        exec_type=kind,
        cl_ord_id=cl_ord_id,
        exec_id=f"{cl_ord_id}:{kind.value}:{at:%Y%m%dT%H%M%S.%f}",
        transact_time=at,
        text=f"Alpaca knows no order {cl_ord_id}",
    )


def _is_of(order: RawOrder, ticket: OrderTicket) -> bool:
    """Whether an order was made of a ticket: what no replacement can change is the same."""
    theirs = {(leg.symbol, leg.side, leg.ratio) for leg in legs_of(order)}
    ours = {(leg.symbol, leg.side, leg.ratio) for leg in ticket.legs}
    same_kind = order_type(order.type) is ticket.ord_type
    return theirs == ours and same_kind and order.qty == ticket.order_qty


def _has_terms(order: BrokerOrder, terms: Replacement) -> bool:
    """Whether an order rests with these terms already, as after an answer that was lost."""
    pairs: tuple[tuple[object, object], ...] = (
        (terms.order_qty, order.order_qty),
        (terms.limit_px, order.limit_px),
        (terms.stop_px, order.stop_px),
        (terms.time_in_force, order.time_in_force),
    )
    return all(wanted is None or wanted == has for wanted, has in pairs)
