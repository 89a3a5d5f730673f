"""Halting: when an account is halted, its orders that would still open something are stopped.

What is at a broker is asked back, what is not there yet is denied; exits are left alone. An entry
that is asked for while the account is halted is stopped in the same way, whoever asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar
from uuid import UUID

import msgspec

from application.desk import Work
from application.limiting import risk_of
from application.reaction import Happened, Memory, consequence
from domain.fix import OrdStatus, PositionEffect
from domain.order_changes import OrderReconciled
from domain.order_events import (
    OrderCanceled,
    OrderCleared,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderRequested,
)
from domain.orders import Order
from domain.risk_events import TradingHalted
from domain.shared import Event, Value, learned

_OVER = (
    OrderCanceled, OrderDenied, OrderExpired, OrderFilled, OrderReconciled, OrderRejected,
)  # fmt: skip


class _Entry(Value, frozen=True, kw_only=True):
    """An order that would open something, and whose."""

    account: str


class Halting:
    """The reaction that stops entries of halted accounts."""

    name = "halting"
    handles: ClassVar[frozenset[type[Event]]] = frozenset(
        {OrderRequested, OrderCleared, TradingHalted, *_OVER}
    )

    def __init__(self) -> None:
        self._memory = Memory()
        self._open: dict[UUID, str] = {}

    def restore(self, state: Mapping[str, bytes]) -> None:
        self._memory = Memory()
        self._open = {
            UUID(key): msgspec.json.decode(value, type=learned(_Entry)).account
            for key, value in state.items()
        }

    def changes(self) -> Mapping[str, bytes | None]:
        return self._memory.take()

    def react(self, happened: Sequence[Happened], work: Work) -> None:
        work.prefetch(cause.stream for cause in happened)
        for cause in happened:
            event = cause.event
            if isinstance(event, TradingHalted):
                ours = [order for order, account in self._open.items() if account == event.account]
                work.prefetch(ours)
                self._stop(ours, cause, work)
            elif isinstance(event, OrderRequested):
                self._remember(cause.stream, event)
            elif isinstance(event, _OVER):
                self._forget_if_over(cause.stream, work)
            elif cause.stream in self._open:
                self._stop((cause.stream,), cause, work)

    def _remember(self, order: UUID, event: OrderRequested) -> None:
        if event.position_effect is PositionEffect.OPEN:
            self._open[order] = event.account
            self._memory.put(str(order), _Entry(account=event.account))

    def _forget_if_over(self, order: UUID, work: Work) -> None:
        if order in self._open and not work.get(Order, order).status.is_open:
            del self._open[order]
            self._memory.drop(str(order))

    def _stop(self, orders: Iterable[UUID], cause: Happened, work: Work) -> None:
        """Stops the orders if their account is still halted."""
        for stream in orders:
            order = work.get(Order, stream)
            risk = risk_of(work, order.account)
            if risk is None or not risk.halted or not order.status.is_open:
                continue
            reason = f"trading of {order.account} is halted: {risk.halted}"
            if not order.submitted:
                order.deny(reason, at=cause.event.timestamp)
            elif order.status is not OrdStatus.PENDING_CANCEL:
                order.request_cancel(reason, at=cause.event.timestamp)
            work.save(consequence(self.name, cause, str(stream)))
