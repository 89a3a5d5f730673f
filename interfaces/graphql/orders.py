"""Orders: the blotter, each order with its fills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry
from psycopg import Connection as Database

from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from interfaces.graphql.kinds import AsOf, BigInt, Info, figure, kind, resolved, shown
from interfaces.graphql.pages import (
    FIRST,
    After,
    ByTime,
    Connection,
    First,
    limit_of,
    page_of,
    place_of,
)
from interfaces.graphql.reading import Batch, asking_of
from interfaces.graphql.related import rows_of
from projections.blotter import Blotter, FillRow, FillState, OrderRow, checks_of
from projections.blotter import order as one_order
from projections.blotter import orders as blotter

_FILLS = Blotter().fills.shape

Fills = Batch[UUID, list[FillRow]]


@kind
class Fill:
    """A fill as it counts."""

    exec_id: str
    quantity: Decimal
    price: Decimal
    commission: Decimal = figure("USD.")
    state: FillState
    transact_time: datetime


@kind
class Check:
    """One of our own checks of an order, and what it saw."""

    name: str
    passed: bool
    detail: str


@kind
class Order:
    """An order as it stands, in FIX's words. Prices in USD per share."""

    id: UUID
    version: int
    cl_ord_id: str
    account: str
    signal: UUID | None
    symbol: str
    title: str
    side: Side
    position_effect: PositionEffect
    order_qty: Decimal
    ord_type: OrdType
    limit_price: Decimal | None
    stop_price: Decimal | None
    stop_loss_price: Decimal | None = figure("Of a bracket, which only a single equity has.")
    take_profit_price: Decimal | None = figure("Of a bracket.")
    time_in_force: TimeInForce
    purpose: str = figure("Why an exit was asked for: the stop, a target, the trader's exit.")
    status: OrdStatus
    broker: str
    order_id: str
    cum_qty: Decimal
    leaves_qty: Decimal
    average_price: Decimal | None = figure("USD per share over the standing fills.")
    overfilled: Decimal = figure("What the broker filled beyond the quantity ordered.")
    commission: Decimal = figure("USD over all fills.")
    reason: str = figure("Why it stands as it does.")
    triggered: bool = figure("Whether its stop price was reached.")
    in_doubt: bool = figure("No answer came: nobody knows whether the broker has it.")
    replaced: int = figure("How often its terms were changed.")
    kept: int = figure("Reports of the broker that changed nothing.")
    checks: list[Check] = figure("Our own checks in their order; the last of a denied one failed.")
    requested_at: datetime
    updated_at: datetime
    position: BigInt = figure("The event on the tape that made it stand like this.")
    by_order: strawberry.Private[Fills]

    @resolved("Its fills in the order of their times.")
    def fills(self) -> list[Fill]:
        return [shown(Fill, row) for row in self.by_order.get(self.id) or ()]


class _Page:
    """What the orders of one page need besides their rows."""

    def __init__(self, database: Database[Any], rows: Sequence[OrderRow], as_of: int | None):
        self.fills = Fills(
            (row.order_stream for row in rows),
            lambda keys: rows_of(
                database, _FILLS, "order_stream", keys, as_of, "transact_time, exec_id"
            ),
        )

    def order(self, row: OrderRow) -> Order:
        return shown(
            Order,
            row,
            id=row.order_stream,
            limit_price=row.limit_px,
            stop_price=row.stop_px,
            stop_loss_price=row.stop_loss_px,
            take_profit_price=row.take_profit_px,
            checks=[shown(Check, check) for check in checks_of(row)],
            average_price=row.avg_px if row.cum_qty else None,
            position=BigInt(row.valid_from),
            by_order=self.fills,
        )


def orders_of(database: Database[Any], rows: Sequence[OrderRow], as_of: int) -> list[Order]:
    """Rows as orders with their fills, needing the database no more."""
    page = _Page(database, rows, as_of)
    page.fills.fetch()
    return [page.order(row) for row in rows]


@strawberry.type
class OrderQueries:
    """What can be asked about orders."""

    @resolved("Orders, the newest first.")
    def orders(
        self,
        info: Info,
        first: First = FIRST,
        after: After = None,
        account: str | None = None,
        signal: UUID | None = None,
        symbol: str | None = None,
        status: OrdStatus | None = None,
        as_of: AsOf = None,
    ) -> Connection[Order]:
        database = asking_of(info).reading.of(Blotter, as_of=as_of)
        rows = blotter(
            database,
            account=account,
            signal=signal,
            symbol=symbol,
            status=status,
            as_of=as_of,
            after=place_of(after, ByTime),
            limit=limit_of(first),
        )
        return page_of(
            rows,
            first,
            lambda row: (row.requested_at, row.order_stream),
            _Page(database, rows, as_of).order,
            after,
        )

    @resolved("One order.")
    def order(self, info: Info, id: UUID, as_of: AsOf = None) -> Order | None:  # noqa: A002
        database = asking_of(info).reading.of(Blotter, as_of=as_of)
        row = one_order(database, id, as_of=as_of)
        return None if row is None else _Page(database, [row], as_of).order(row)
