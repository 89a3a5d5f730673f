"""An order at the engine: its terms, how much of it has traded, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

import msgspec

from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.reports import ExecType, ExecutionReport, LegFill

NOTHING = Decimal(0)


class Ticket(Protocol):
    """What the engine has to be told of an order; a broker's ticket has all of it."""

    @property
    def cl_ord_id(self) -> str: ...
    @property
    def side(self) -> Side: ...
    @property
    def position_effect(self) -> PositionEffect: ...
    @property
    def legs(self) -> tuple[Leg, ...]: ...
    @property
    def order_qty(self) -> Decimal: ...
    @property
    def ord_type(self) -> OrdType: ...
    @property
    def limit_px(self) -> Decimal | None: ...
    @property
    def stop_px(self) -> Decimal | None: ...
    @property
    def time_in_force(self) -> TimeInForce: ...
    @property
    def stop_loss_px(self) -> Decimal | None: ...
    @property
    def take_profit_px(self) -> Decimal | None: ...


class Terms(Protocol):
    """New terms of an order; None leaves one as it is."""

    @property
    def order_qty(self) -> Decimal | None: ...
    @property
    def limit_px(self) -> Decimal | None: ...
    @property
    def stop_px(self) -> Decimal | None: ...
    @property
    def time_in_force(self) -> TimeInForce | None: ...


class EngineOrder(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An order that the engine took. Prices in the trade's own terms: a spread that is sold
    for a credit has the credit as its price.

    `held_back` is the buying power that the part which has not traded keeps from other orders.
    It looks at no quote before `since`: its arrival, or its last change of terms.
    `group` names orders of which one cancels the others; `parent` the entry of a bracket.
    """

    cl_ord_id: str
    number: int
    side: Side
    position_effect: PositionEffect
    legs: tuple[Leg, ...]
    order_qty: Decimal
    ord_type: OrdType
    limit_px: Decimal | None = None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    stop_loss_px: Decimal | None = None
    take_profit_px: Decimal | None = None
    since: datetime
    day: date
    updated_at: datetime
    status: OrdStatus = OrdStatus.NEW
    cum_qty: Decimal = NOTHING
    notional: Decimal = NOTHING
    triggered: bool = False
    held_back: Decimal = NOTHING
    said: int = 0
    parent: str = ""
    group: str = ""

    @property
    def order_id(self) -> str:
        return f"paper-{self.cl_ord_id}"

    @property
    def leaves_qty(self) -> Decimal:
        return self.order_qty - self.cum_qty if self.is_open else NOTHING

    @property
    def is_open(self) -> bool:
        return self.status in (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED)

    @property
    def closes(self) -> bool:
        return self.position_effect is PositionEffect.CLOSE

    @property
    def avg_px(self) -> Decimal:
        return self.notional / self.cum_qty if self.cum_qty else NOTHING

    @property
    def waits_for_its_stop(self) -> bool:
        return self.stop_px is not None and not self.triggered

    def report(
        self,
        kind: ExecType,
        at: datetime,
        *,
        last_qty: Decimal = NOTHING,
        last_px: Decimal = NOTHING,
        commission: Decimal = NOTHING,
        legs: Sequence[LegFill] = (),
        text: str = "",
    ) -> ExecutionReport:
        """The next thing that is said of this order; its ExecID follows from how many were."""
        self.said += 1
        self.updated_at = at
        return ExecutionReport(
            exec_type=kind,
            cl_ord_id=self.cl_ord_id,
            exec_id=f"{self.cl_ord_id}-{self.said}",
            transact_time=at,
            order_id=self.order_id,
            last_qty=last_qty,
            last_px=last_px,
            commission=commission,
            cum_qty=self.cum_qty,
            leaves_qty=self.leaves_qty,
            order_qty=self.order_qty,
            limit_px=self.limit_px,
            stop_px=self.stop_px,
            legs=tuple(legs),
            text=text,
        )

    def end(self, status: OrdStatus, kind: ExecType, at: datetime, text: str) -> ExecutionReport:
        """Nothing more of it will trade."""
        self.status = status
        self.held_back = NOTHING
        return self.report(kind, at, text=text)


def taken(ticket: Ticket, number: int, day: date, at: datetime) -> EngineOrder:
    """The order that a ticket asks for. A single leg goes the way the order goes."""
    legs = ticket.legs
    if len(legs) == 1 and legs[0].side is not ticket.side:
        legs = (msgspec.structs.replace(legs[0], side=ticket.side),)
    return EngineOrder(
        cl_ord_id=ticket.cl_ord_id,
        number=number,
        side=ticket.side,
        position_effect=ticket.position_effect,
        legs=legs,
        order_qty=ticket.order_qty,
        ord_type=ticket.ord_type,
        limit_px=ticket.limit_px,
        stop_px=ticket.stop_px,
        time_in_force=ticket.time_in_force,
        stop_loss_px=ticket.stop_loss_px,
        take_profit_px=ticket.take_profit_px,
        since=at,
        day=day,
        updated_at=at,
    )
