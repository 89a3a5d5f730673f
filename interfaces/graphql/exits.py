"""Exits: how holdings are guarded, and what closed them by which quote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry
from psycopg import Connection as Database

from domain.exit_changes import Concern
from domain.exit_terms import ExitReason
from domain.fix import OrdType, Side
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
from projections.exit_plans import TRIGGERS, ExitPlanRow, ExitPlans, ExitTriggerRow, exit_plans
from projections.exit_plans import exit_plan as one_plan

Triggers = Batch[UUID, list[ExitTriggerRow]]


@kind
class ExitTarget:
    """A price at which some is closed."""

    price: Decimal = figure("USD per share.")
    quantity: Decimal | None = figure("None: an equal part.")


@kind
class TrailingStop:
    """A stop that follows the best price."""

    amount: Decimal | None = figure("USD per share behind it.")
    share: Decimal | None = figure("The part of the best price behind it: 0.20 is 20 %.")


@kind
class TimeStop:
    """When a holding is closed whatever its price."""

    days_left: int | None = figure("Calendar days before expiry.")
    at: datetime | None


@kind
class WorkingExit:
    """A closing order that may still trade."""

    cl_ord_id: str
    reason: ExitReason
    left: Decimal
    limit_price: Decimal | None
    target: int = figure("Which target it sells, from 1 on; 0 for none.")


@kind
class ExitTrigger:
    """A closing order as it was asked for, with its quote; no quote for a person's own order."""

    cl_ord_id: str
    reason: ExitReason
    target: int
    level: Decimal | None
    quantity: Decimal
    ord_type: OrdType
    limit_price: Decimal | None
    bid: Decimal | None
    offer: Decimal | None
    quote_time: datetime | None
    quote_source: str
    gapped: bool = figure("The market went through the stop without a quote at it.")
    gap: Decimal = figure("How far it was beyond the stop, in USD per share.")
    triggered_at: datetime
    position: BigInt


@kind
class ExitWarning:
    """What somebody should look at of a holding, told once a day."""

    concern: Concern
    words: str
    day: date = figure("The exchange day on which it was told last.")


@kind
class ExitPlan:
    """How what an account holds for a trade is guarded. Prices in USD per share."""

    id: UUID
    version: int
    account: str
    trade: UUID = figure("The signal, or the line of what was opened by hand.")
    symbol: str
    title: str
    side: Side
    held: Decimal
    average_price: Decimal
    commission: Decimal = figure("USD that opening the part that is held has cost.")
    stop: Decimal | None
    targets: list[ExitTarget] = figure("Those not sold yet, the next one first.")
    trailing: TrailingStop | None
    trailing_stop: Decimal | None = figure("Where it stands by the last best price on record.")
    best: Decimal | None = figure("The best price on record that the trailing stop follows.")
    time_stop: TimeStop | None
    orders: list[WorkingExit]
    due: ExitReason | None = figure("What has fired and is not sold yet.")
    due_level: Decimal | None
    called: Decimal = figure("What the trader has left and is not sold yet.")
    waits_for: str = figure("Why what is due is not being sold yet.")
    retry_at: datetime | None = figure("When it is tried again after a no of the broker.")
    not_guarded_by: list[str] = figure("What the trader said that cannot be a level.")
    warnings: list[ExitWarning]
    changed_by: str
    done: bool
    set_at: datetime
    updated_at: datetime
    position: BigInt = figure("The event on the tape that made it stand like this.")
    by_plan: strawberry.Private[Triggers]

    @resolved("Every closing order with the quote that asked for it, the last one first.")
    def triggers(self) -> list[ExitTrigger]:
        rows = self.by_plan.get(self.id) or ()
        return [
            shown(ExitTrigger, row, limit_price=row.limit_px, position=BigInt(row.position))
            for row in rows
        ]


class _Page:
    """What the plans of one page need besides their rows."""

    def __init__(self, database: Database[Any], rows: Sequence[ExitPlanRow], as_of: int | None):
        self.triggers = Triggers(
            (row.plan for row in rows),
            lambda keys: rows_of(database, TRIGGERS, "plan", keys, as_of, "position DESC"),
        )

    def plan(self, row: ExitPlanRow) -> ExitPlan:
        trailing, ends = row.trailing, row.time_stop
        return shown(
            ExitPlan,
            row,
            id=row.plan,
            average_price=row.avg_px,
            targets=[shown(ExitTarget, target) for target in row.targets],
            trailing=None if trailing is None else shown(TrailingStop, trailing),
            time_stop=None if ends is None else shown(TimeStop, ends),
            orders=[
                shown(WorkingExit, working, cl_ord_id=name, limit_price=working.limit_px)
                for name, working in row.orders.items()
            ],
            warnings=[
                shown(ExitWarning, warning, concern=concern)
                for concern, warning in row.warnings.items()
            ],
            not_guarded_by=list(row.not_guarded_by),
            position=BigInt(row.valid_from),
            by_plan=self.triggers,
        )


@strawberry.type
class ExitQueries:
    """What can be asked about exits."""

    @resolved("How holdings are guarded, the newest first; with done: true those that are over.")
    def exit_plans(
        self,
        info: Info,
        first: First = FIRST,
        after: After = None,
        account: str | None = None,
        trade: UUID | None = None,
        done: bool | None = False,
        as_of: AsOf = None,
    ) -> Connection[ExitPlan]:
        database = asking_of(info).reading.of(ExitPlans, as_of=as_of)
        rows = exit_plans(
            database,
            account=account,
            trade=trade,
            done=done,
            as_of=as_of,
            after=place_of(after, ByTime),
            limit=limit_of(first),
        )
        page = _Page(database, rows, as_of)
        return page_of(rows, first, lambda row: (row.set_at, row.plan), page.plan, after)

    @resolved("One plan.")
    def exit_plan(
        self,
        info: Info,
        id: UUID,  # noqa: A002
        as_of: AsOf = None,
    ) -> ExitPlan | None:
        database = asking_of(info).reading.of(ExitPlans, as_of=as_of)
        row = one_plan(database, id, as_of=as_of)
        return None if row is None else _Page(database, [row], as_of).plan(row)
