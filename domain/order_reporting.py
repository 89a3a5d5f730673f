"""What the broker says of an order, and what is asked of it when it says nothing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from domain.fix import OrdStatus
from domain.order_booking import Booked, decide
from domain.order_changes import OrderOutcomeUnknown, OrderReconciled, OrderReportKept
from domain.order_fills import Facts, released
from domain.order_state import OrderState
from domain.order_states import ENDS
from domain.reports import ExecutionReport
from domain.shared import Impossible


class OrderReporting(OrderState):
    """The broker's side of an order."""

    def take(self, report: ExecutionReport, *, at: datetime) -> Booked:
        """Books what the broker reports, in whatever state the order is.

        A report that says something new is one event; one that is known is none; one that does
        not fit is kept as an event of its own. What was kept because it came too early (the
        bust of a fill that nobody had told of) takes effect right after the report it waited
        for, as a second event.

        Nothing that happened is refused. A fill beyond the quantity ordered is booked and says
        so (`overfill`): positions have to be the broker's, and a replacement that was not told
        yet looks just the same.
        """
        facts = decide(self, report)
        if not facts:
            return Booked.REPEATED
        self._book(facts, at)
        while (self.memory.waiting or self.memory.doubtful) and (due := released(self)):
            self._book(due, at)
        return Booked.KEPT if facts[0][0] is OrderReportKept else Booked.BOOKED

    def _book(self, facts: Facts, at: datetime) -> None:
        for event_class, fields in facts:
            self.trigger_event(event_class, timestamp=at, **fields)

    def lose_answer(self, reason: str, *, at: datetime) -> bool:
        """Notes that no answer came, so the broker is asked before anything else is sent; False
        if the order is in doubt already.

        Raises:
            Impossible: the order was never submitted, or is over.
        """
        self._require_submitted()
        self._require_open()
        if self.in_doubt:
            return False
        self.trigger_event(OrderOutcomeUnknown, reason=reason, timestamp=at)
        return True

    def reconcile(
        self,
        status: OrdStatus | None,
        cum_qty: Decimal,
        *,
        order_id: str = "",
        as_of: datetime,
        at: datetime,
    ) -> bool:
        """Compares the order with what the broker says of it (None: it has no such order), as
        of a moment; False if that tells nothing new.

        An end or an acceptance that was never reported is taken over. Quantities are not: where
        the broker counts more, `missing` says so and its reports are to be asked for.

        Raises:
            Impossible: the order was never submitted.
        """
        self._require_submitted()
        found = self._reconciled(status, cum_qty, as_of)
        known = self.asked == (status, cum_qty) or cum_qty == self.cum_qty
        if found is self.status and known and not self.in_doubt:
            return False
        self.trigger_event(
            OrderReconciled,
            broker_status=status,
            broker_cum_qty=cum_qty,
            was_status=self.status,
            was_cum_qty=self.cum_qty,
            status=found,
            order_id=order_id,
            as_of=as_of,
            timestamp=at,
        )
        return True

    def _reconciled(self, status: OrdStatus | None, cum_qty: Decimal, as_of: datetime) -> OrdStatus:
        """The state that the broker's word leads to."""
        if status is None or cum_qty > self.cum_qty:
            return self.status
        if status is OrdStatus.FILLED:
            return status if cum_qty == self.cum_qty else self.status
        if status in ENDS:
            return self.rests(ended=self.ended or status)
        heard = self.memory.counted_at
        if self.ended is not None and heard is not None and as_of <= heard:
            return self.status
        return self.rests(ended=None, accepted=status is not OrdStatus.PENDING_NEW)

    def _require_open(self) -> None:
        if not self.status.is_open:
            raise Impossible(f"the order is {self.status.value}")

    def _require_submitted(self) -> None:
        if not self.submitted:
            raise Impossible("the order was never submitted")
