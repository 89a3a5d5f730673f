"""Dispatching: what is cleared goes to its broker once, whatever crashes on the way.

`Sending` marks on the tape's order what has yet to be done at a broker: send, cancel, replace. The
`Dispatcher` of an account does it: first `order.submitted` is durable, then the broker is asked,
then its answer is booked, then the mark is crossed off. A mark that is found again after a crash
belongs to an order that may have gone out: the broker is asked by ClOrdID what it knows of it,
and only if it knows nothing the same ClOrdID is sent again, which no broker takes twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

import msgspec

from application.brokerage import Broker, OrderTicket, Replacement
from application.desk import Command, Desk, Work, derived_id
from application.ports import Clock, Conflict, Unavailable
from application.reaction import Happened, Memory
from application.reporting import book_reports
from domain.accounts import AccountOpened
from domain.fix import OrdStatus, PositionEffect
from domain.order_changes import OrderReplaceRequested
from domain.order_events import (
    OrderCanceled,
    OrderCancelRequested,
    OrderCleared,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
)
from domain.orders import Order
from domain.reports import ExecutionReport
from domain.shared import DomainError, Event, Value

SEND_WITHIN = timedelta(minutes=5)
"""An entry that could not be sent for so long rests on checks that are old: it is denied."""


class What(StrEnum):
    """What is to be done at a broker."""

    SEND = "send"
    CANCEL = "cancel"
    REPLACE = "replace"


class Due(Value, frozen=True, kw_only=True):
    """An errand that has yet to be run: for which order, since which event."""

    errand: What
    order: UUID
    position: int
    at: datetime
    terms: Replacement | None = None


class AtBroker(Value, frozen=True, kw_only=True):
    """An account and where it is kept."""

    account: str
    broker: str
    cash: Decimal = Decimal(0)


class Sending:
    """The reaction that remembers accounts, what is due at their brokers, and what works there."""

    name = "sending"
    handles: frozenset[type[Event]] = frozenset(
        {
            AccountOpened,
            OrderCleared,
            OrderCancelRequested,
            OrderReplaceRequested,
            OrderSubmitted,
            OrderFilled,
            OrderRejected,
            OrderCanceled,
            OrderExpired,
        }
    )

    def __init__(self) -> None:
        self._memory = Memory()

    def restore(self, state: Mapping[str, bytes]) -> None:
        """What is due lies in the store; nothing is held here."""

    def changes(self) -> Mapping[str, bytes | None]:
        return self._memory.take()

    def react(self, happened: Sequence[Happened], work: Work) -> None:
        work.prefetch({cause.stream for cause in happened})
        for cause in happened:
            match cause.event:
                case AccountOpened() as opened:
                    at = AtBroker(account=opened.name, broker=opened.broker, cash=opened.cash)
                    self._memory.put(f"{ACCOUNT_PREFIX}{opened.name}", at)
                case OrderCleared() | OrderCancelRequested() | OrderReplaceRequested():
                    self._mark(cause, work.get(Order, cause.stream))
                case OrderSubmitted():
                    order = work.get(Order, cause.stream)
                    self._memory.put(
                        _working_key(order),
                        AtBroker(account=order.account, broker=cause.event.broker),
                    )
                case OrderFilled() as fill if fill.leaves_qty > 0:
                    continue
                case _:
                    self._memory.drop(_working_key(work.get(Order, cause.stream)))

    def _mark(self, cause: Happened, order: Order) -> None:
        errand, terms = _errand(cause.event)
        due = Due(
            errand=errand,
            order=order.id,
            position=cause.position,
            at=cause.event.timestamp,
            terms=terms,
        )
        self._memory.put(f"{due_prefix(order.account)}{cause.position:020d}", due)


ACCOUNT_PREFIX = "account:"


def due_prefix(account: str) -> str:
    """Under which keys the errands of an account are remembered, in their order."""
    return f"due:{account}:"


def working_prefix(account: str) -> str:
    """Under which keys the orders of an account that may still trade are remembered."""
    return f"working:{account}:"


def _working_key(order: Order) -> str:
    return f"{working_prefix(order.account)}{order.id}"


class DueList(Protocol):
    """Where the errands are remembered."""

    def remembered(self, prefix: str) -> Mapping[str, bytes]:
        """Values by key, in the order of the keys."""
        ...

    def cross_off(self, key: str, value: bytes) -> bool:
        """Forgets one that is done."""
        ...


class _Errand(NamedTuple):
    """An errand with the mark it was found under; `is_first`: nobody has run it before."""

    key: str
    value: bytes
    due: Due
    is_first: bool


class Dispatcher:
    """Runs the errands of one account at its broker, and books what the broker reports."""

    def __init__(
        self, desk: Desk, due: DueList, broker: Broker, *, account: str, clock: Clock
    ) -> None:
        self._desk = desk
        self._due = due
        self._broker = broker
        self._account = account
        self._clock = clock

    def step(self) -> bool:
        """Runs what is due; True if anything was done.

        Raises:
            Unavailable: the database did not answer; nothing is lost.
        """
        found = self._due.remembered(due_prefix(self._account))
        errands = [
            _Errand(key, value, msgspec.json.decode(value, type=Due), False)
            for key, value in found.items()
        ]
        done = 0
        for one in self._ready(errands):
            if self._run(one):
                self._due.cross_off(one.key, one.value)
                done += 1
        return done > 0

    def listen(self, timeout_s: float) -> bool:
        """Books what the broker has reported by itself; True if there was anything new.

        Raises:
            Unavailable: broker or database did not answer.
        """
        return self._book(self._broker.reports(timeout_s)) > 0

    def _ready(self, errands: Sequence[_Errand]) -> list[_Errand]:
        """The errands that may be run now. Orders that go out for the first time are recorded as
        submitted before, all in one transaction; while reports do not arrive none goes out.
        """
        now = self._clock.now()
        work = Work(self._desk)
        work.prefetch({one.due.order for one in errands})
        ready, firsts = [], []
        for one in errands:
            order = work.get(Order, one.due.order)
            if order.submitted or not order.status.is_open:
                ready.append(one)
                continue
            if one.due.errand is What.CANCEL:
                # Nobody has it yet: nobody has to be asked.
                order.cancel(transact_time=now, at=now)
            elif one.due.errand is What.SEND and _waits(order) and self._broker.is_connected:
                _submit(order, self._broker.name, one.due, now)
            if work.save(self._command(f"first {one.due.errand}", one.due, order, now)):
                firsts.append(one._replace(is_first=True))
        for one, result in zip(firsts, work.commit(), strict=True):
            if not isinstance(result, Conflict):
                ready.append(one)
        return sorted(ready, key=lambda one: one.due.position)

    def _run(self, one: _Errand) -> bool:
        """Runs one errand; False if it has to be tried again."""
        order = Work(self._desk).get(Order, one.due.order)
        try:
            reports = self._answer(one, order)
        except Unavailable as error:
            self._say_unknown(one.due, str(error))
            return False
        self._book(reports)
        return True

    def _answer(self, one: _Errand, order: Order) -> Sequence[ExecutionReport]:
        """What the broker says to an errand; nothing if there is nothing left to ask."""
        at, due = self._clock.now(), one.due
        match due.errand:
            case What.SEND if _waits(order):
                # Who has sent it before may have died, or heard no answer.
                known = () if one.is_first else self._broker.history(order.cl_ord_id)
                return known or self._broker.submit(ticket_of(order, at))
            case What.CANCEL if order.status.is_open:
                return self._broker.cancel(order.cl_ord_id, at=at)
            case What.REPLACE if order.status.is_open and due.terms is not None:
                return self._broker.replace(order.cl_ord_id, due.terms, at=at)
            case _:
                return ()

    def _say_unknown(self, due: Due, why: str) -> None:
        """Records once that nobody knows whether the order is at the broker."""
        if due.errand is not What.SEND:
            return
        at = self._clock.now()
        work = Work(self._desk)
        order = work.get(Order, due.order)
        if _waits(order) and order.lose_answer(why, at=at):
            work.save(self._command("unknown", due, order, at))
            work.commit()

    def _command(self, step: str, due: Due, order: Order, at: datetime) -> Command:
        return Command.given(
            derived_id("dispatch", step, str(due.position)),
            actor=f"reaction:{Sending.name}",
            at=at,
            correlation=order.signal or order.id,
            causation=due.position,
        )

    def _book(self, reports: Sequence[ExecutionReport]) -> int:
        if not reports:
            return 0
        return book_reports(
            self._desk, self._account, self._broker.name, reports, at=self._clock.now()
        )


def ticket_of(order: Order, at: datetime) -> OrderTicket:
    """The order as its broker is told it."""
    return OrderTicket(
        cl_ord_id=order.cl_ord_id,
        side=order.side,
        position_effect=order.position_effect,
        legs=order.legs,
        order_qty=order.order_qty,
        ord_type=order.ord_type,
        limit_px=order.limit_px,
        stop_px=order.stop_px,
        time_in_force=order.time_in_force,
        stop_loss_px=order.stop_loss_px,
        take_profit_px=order.take_profit_px,
        sent_at=at,
    )


def _errand(event: Event) -> tuple[What, Replacement | None]:
    match event:
        case OrderCancelRequested():
            return What.CANCEL, None
        case OrderReplaceRequested():
            return What.REPLACE, Replacement(
                order_qty=event.order_qty,
                limit_px=event.limit_px,
                stop_px=event.stop_px,
                time_in_force=event.time_in_force,
            )
        case _:
            return What.SEND, None


def _waits(order: Order) -> bool:
    """Whether nobody has answered yet."""
    return order.status is OrdStatus.PENDING_NEW and not order.accepted


def _submit(order: Order, broker: str, due: Due, now: datetime) -> None:
    """Lets a cleared order go, unless its checks are too old to enter by."""
    late = now - due.at
    if order.position_effect is PositionEffect.OPEN and late > SEND_WITHIN:
        minutes = int(late.total_seconds() // 60)
        order.deny(f"it could not be sent for {minutes} minutes: approve it again", at=now)
        return
    try:
        order.submit(broker, at=now)
    except DomainError as error:
        order.deny(str(error), at=now)
