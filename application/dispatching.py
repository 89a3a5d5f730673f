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
from typing import NamedTuple
from uuid import UUID

import msgspec

from application.brokerage import Broker, OrderTicket
from application.desk import Command, Desk, Work, derived_id
from application.ports import Clock, Conflict, Unavailable
from application.reporting import book_reports
from application.sending import Due, DueList, Sending, What, due_prefix
from domain.fix import OrdStatus, PositionEffect
from domain.orders import Order
from domain.reports import ExecutionReport
from domain.shared import learned

SEND_WITHIN = timedelta(minutes=5)
"""An entry that could not be sent for so long rests on checks that are old: it is denied."""

_UNANSWERED = frozenset(
    {OrdStatus.PENDING_NEW, OrdStatus.PENDING_CANCEL, OrdStatus.PENDING_REPLACE}
)


class _Errand(NamedTuple):
    """An errand with the mark it was found under. What nobody has run before comes with its
    order as it was just recorded.
    """

    key: str
    value: bytes
    due: Due
    order: Order | None = None

    @property
    def is_first(self) -> bool:
        return self.order is not None


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
        self._heard: Sequence[ExecutionReport] = ()

    def step(self, found: Mapping[str, bytes] | None = None) -> bool:
        """Runs what is due, which is looked up unless it was found already; True if anything was
        done.

        Raises:
            Unavailable: the database did not answer; nothing is lost.
        """
        if found is None:
            found = self._due.remembered(due_prefix(self._account))
        errands = [
            _Errand(key, value, msgspec.json.decode(value, type=learned(Due)))
            for key, value in found.items()
        ]
        done = 0
        waiting: set[UUID] = set()
        for one in self._ready(errands):
            # What is asked of one order is asked in its turn: no cancel overtakes the order.
            if one.due.order not in waiting and self._run(one):
                self._due.cross_off(one.key, one.value)
                done += 1
            else:
                waiting.add(one.due.order)
        return done > 0

    def listen(self, timeout_s: float) -> bool:
        """Books what the broker has reported by itself; True if there was anything new.

        Raises:
            Unavailable: broker or database did not answer; what was heard is booked next time.
        """
        if not self._heard:
            self._heard = self._broker.reports(timeout_s)
        booked = self._book(self._heard)
        self._heard = ()
        return booked > 0

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
            elif one.due.errand is What.SEND and _is_wanted(order) and self._broker.is_connected:
                too_late = _too_late(order, one.due, now)
                if too_late:
                    order.deny(f"{too_late}: approve it again", at=now)
                else:
                    order.submit(self._broker.name, at=now)
            if work.save(self._command(f"first {one.due.errand}", one.due, order, now)):
                firsts.append(one._replace(order=order))
        for one, result in zip(firsts, work.commit(), strict=True):
            if not isinstance(result, Conflict):
                ready.append(one)
        return sorted(ready, key=lambda one: one.due.position)

    def _run(self, one: _Errand) -> bool:
        """Runs one errand; False if it has to be tried again."""
        order = one.order or Work(self._desk).get(Order, one.due.order)
        try:
            reports = self._answer(one, order)
        except Unavailable as error:
            self._say_unknown(one.due, str(error))
            return False
        if reports is None:
            return False
        self._book(reports)
        return True

    def _answer(self, one: _Errand, order: Order) -> Sequence[ExecutionReport] | None:
        """What the broker says to an errand: nothing if there is nothing left to ask, None if it
        has to wait.
        """
        at, due = self._clock.now(), one.due
        if not order.status.is_open:
            return ()
        if not order.submitted:
            # Somebody else changed the order while it was recorded as submitted.
            return None
        match due.errand:
            case What.SEND:
                return self._send(one, order, at) if _waits(order) else ()
            case What.CANCEL:
                return self._broker.cancel(order.cl_ord_id, at=at)
            case What.REPLACE if due.terms is not None:
                return self._broker.replace(order.cl_ord_id, due.terms, at=at)
            case _:
                return ()

    def _send(self, one: _Errand, order: Order, at: datetime) -> Sequence[ExecutionReport] | None:
        """Sends an order, unless whoever sent it before came through. What the broker does not
        know is not sent again when nobody wants it any more.
        """
        # Who has sent it before may have died, or heard no answer.
        known = () if one.is_first else self._broker.history(order.cl_ord_id)
        if known:
            return known
        too_late = _too_late(order, one.due, at)
        if too_late or not _is_wanted(order):
            return () if self._end(order, too_late, one.due, at) else None
        if not self._broker.is_connected:
            return None
        return self._broker.submit(ticket_of(order, at))

    def _end(self, order: Order, too_late: str, due: Due, at: datetime) -> bool:
        """Ends an order that never came to its broker; False if it was changed meanwhile."""
        if too_late and _is_wanted(order):
            why = f"{self._broker.name} never had it, and {too_late}: approve it again"
            order.reject(why, transact_time=at, at=at)
        else:
            order.cancel(transact_time=at, at=at)
        work = Work(self._desk)
        work.begin(order)
        work.save(self._command("end", due, order, at))
        return not any(isinstance(result, Conflict) for result in work.commit())

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


def _waits(order: Order) -> bool:
    """Whether nobody has answered yet."""
    return order.status in _UNANSWERED and not order.accepted and not order.cum_qty


def _is_wanted(order: Order) -> bool:
    """Whether nobody has asked it back."""
    return order.status is OrdStatus.PENDING_NEW


def _too_late(order: Order, due: Due, now: datetime) -> str:
    """Why an entry rests on checks that are too old to send it by; nothing if it does not."""
    late = now - due.at
    if order.position_effect is not PositionEffect.OPEN or late <= SEND_WITHIN:
        return ""
    return f"it could not be sent for {int(late.total_seconds() // 60)} minutes"
