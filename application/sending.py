"""Sending: what has yet to be done at the brokers, marked in the order of the tape.

The `Dispatcher` of an account does it, and crosses off what is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from application.brokerage import Replacement
from application.desk import Work
from application.reaction import Happened, Memory
from domain.accounts import AccountOpened
from domain.order_changes import OrderReconciled, OrderReplaceRequested
from domain.order_events import (
    OrderCanceled,
    OrderCancelRequested,
    OrderCleared,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderRequested,
    OrderSubmitted,
)
from domain.orders import Order
from domain.shared import Event, Value

ACCOUNT_PREFIX = "account:"


DUE_PREFIX = "due:"


def due_prefix(account: str) -> str:
    """Under which keys the errands of an account are remembered, in their order."""
    return f"{DUE_PREFIX}{account}:"


def account_of(key: str) -> str:
    """The account of the errand that is remembered under a key."""
    return key.removeprefix(DUE_PREFIX).rpartition(":")[0]


def working_prefix(account: str) -> str:
    """Under which keys the orders of an account that may still trade are remembered."""
    return f"working:{account}:"


class What(StrEnum):
    """What is to be done at a broker."""

    SEND = "send"
    CANCEL = "cancel"
    REPLACE = "replace"


class Due(Value, frozen=True, kw_only=True):
    """An errand that has yet to be run: for which order, since which event."""

    errand: What
    order: UUID
    cl_ord_id: str
    position: int
    at: datetime
    terms: Replacement | None = None


class AtBroker(Value, frozen=True, kw_only=True):
    """An account and where it is kept."""

    account: str
    broker: str
    cash: Decimal = Decimal(0)


class AtWork(Value, frozen=True, kw_only=True):
    """An order that may still trade."""

    cl_ord_id: str


class Sending:
    """The reaction that remembers accounts, what is due at their brokers, and what works there."""

    name = "sending"
    handles: frozenset[type[Event]] = frozenset(
        {
            AccountOpened,
            OrderRequested,
            OrderCleared,
            OrderCancelRequested,
            OrderReplaceRequested,
            OrderSubmitted,
            OrderFilled,
            OrderRejected,
            OrderCanceled,
            OrderExpired,
            OrderReconciled,
        }
    )

    def __init__(self) -> None:
        self._memory = Memory()

    def restore(self, state: Mapping[str, bytes]) -> None:  # noqa: ARG002
        """What is due lies in the store; what was not stored is forgotten."""
        self._memory = Memory()

    def changes(self) -> Mapping[str, bytes | None]:
        return self._memory.take()

    def react(self, happened: Sequence[Happened], work: Work) -> None:
        # An order is asked for and cleared at once: then there is nothing to be looked up.
        asked = {
            cause.stream: cause.event
            for cause in happened
            if isinstance(cause.event, OrderRequested)
        }
        work.prefetch({cause.stream for cause in happened} - asked.keys())
        for cause in happened:
            match cause.event:
                case AccountOpened() as opened:
                    at = AtBroker(account=opened.name, broker=opened.broker, cash=opened.cash)
                    self._memory.put(f"{ACCOUNT_PREFIX}{opened.name}", at)
                case OrderRequested() | OrderReconciled(ends=False):
                    continue
                case OrderFilled() as fill if fill.leaves_qty > 0:
                    continue
                case _:
                    self._follow(cause, asked.get(cause.stream) or work.get(Order, cause.stream))

    def _follow(self, cause: Happened, order: Order | OrderRequested) -> None:
        """Remembers what an event of an order leaves to be done, and whether it may trade."""
        key = f"{working_prefix(order.account)}{cause.stream}"
        match cause.event:
            case OrderCleared() | OrderCancelRequested() | OrderReplaceRequested():
                self._mark(cause, order)
            case OrderSubmitted():
                self._memory.put(key, AtWork(cl_ord_id=order.cl_ord_id))
            case _:
                self._memory.drop(key)

    def _mark(self, cause: Happened, order: Order | OrderRequested) -> None:
        errand, terms = _errand(cause.event)
        due = Due(
            errand=errand,
            order=cause.stream,
            cl_ord_id=order.cl_ord_id,
            position=cause.position,
            at=cause.event.timestamp,
            terms=terms,
        )
        self._memory.put(f"{due_prefix(order.account)}{cause.position:020d}", due)


class DueList(Protocol):
    """Where the errands are remembered."""

    def remembered(self, prefix: str) -> Mapping[str, bytes]:
        """Values by key, in the order of the keys."""
        ...

    def cross_off(self, key: str, value: bytes) -> bool:
        """Forgets one that is done."""
        ...


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
