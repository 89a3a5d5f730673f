"""Activities: what brokers told of accounts, and orders there that nobody here asked for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from domain.activities import ActivityKind
from domain.reports import ExecType
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
from interfaces.graphql.reading import asking_of
from projections.activities import Activities, ActivityRow, StrayRow, activities, strays


@kind
class Activity:
    """Something that happened in an account at its broker, as the broker told it."""

    id: UUID
    account: str
    broker: str
    activity_id: str = figure("The broker's own id of it.")
    kind: ActivityKind
    happened_at: datetime
    symbol: str
    quantity: Decimal = figure("Signed by what it does to the position.")
    price: Decimal = figure("USD per share.")
    amount: Decimal = figure("USD, signed by what it does to the cash.")
    cl_ord_id: str
    order_id: str
    raw: str = figure("What the broker said, as JSON.")
    recorded_at: datetime
    position: BigInt


@kind
class Stray:
    """An order at a broker that is not on record, as its latest report tells it."""

    id: UUID
    account: str
    cl_ord_id: str
    order_id: str
    exec_type: ExecType
    reports: int
    fills: int
    filled: Decimal = figure("The sum of its fills in contracts or shares.")
    last_price: Decimal = figure("USD per share of its last fill.")
    text: str
    claimed: UUID | None = figure("The order that took the reports over, if one did.")
    claimed_by: str
    first_at: datetime
    last_at: datetime
    position: BigInt = figure("The event on the tape that made it stand like this.")


def _activity(row: ActivityRow) -> Activity:
    return shown(Activity, row, id=row.activity, position=BigInt(row.valid_from))


def _stray(row: StrayRow) -> Stray:
    return shown(Stray, row, id=row.stray, last_price=row.last_px, position=BigInt(row.valid_from))


@strawberry.type
class ActivityQueries:
    """What can be asked about what brokers told unasked."""

    @resolved("Account activities, the newest first, also those that nobody understood.")
    def activities(
        self,
        info: Info,
        first: First = FIRST,
        after: After = None,
        account: str | None = None,
        kind: ActivityKind | None = None,
        symbol: str | None = None,
        as_of: AsOf = None,
    ) -> Connection[Activity]:
        rows = activities(
            asking_of(info).reading.of(Activities, as_of=as_of),
            account=account,
            kind=kind,
            symbol=symbol,
            as_of=as_of,
            after=place_of(after, ByTime),
            limit=limit_of(first),
        )
        return page_of(rows, first, lambda row: (row.happened_at, row.activity), _activity, after)

    @resolved("Orders at brokers that nobody here asked for, the newest first.")
    def strays(
        self,
        info: Info,
        first: First = FIRST,
        after: After = None,
        account: str | None = None,
        as_of: AsOf = None,
    ) -> Connection[Stray]:
        rows = strays(
            asking_of(info).reading.of(Activities, as_of=as_of),
            account=account,
            as_of=as_of,
            after=place_of(after, ByTime),
            limit=limit_of(first),
        )
        return page_of(rows, first, lambda row: (row.first_at, row.stray), _stray, after)
