"""Activities: what brokers told of accounts, and the orders there that nobody here asked for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection

from domain.activities import ActivityKind, ActivityRecorded
from domain.reports import ExecType, ExecutionReport
from domain.strays import StrayReported, StrayReportedAgain, StraysClaimed
from projections.pages import Past, select_page
from projections.readmodel import Index, Private, Projection, Row, Seen, Table, when


class ActivityRow(Row, frozen=True, kw_only=True):
    """An activity as the broker told it; what nobody understood has its kind `unclassified`.

    `quantity` is signed by what it does to the position, `amount` (USD) by what it does to the
    cash. `raw` is what the broker said, as JSON.
    """

    activity: UUID
    account: str
    broker: str
    activity_id: str
    kind: ActivityKind
    happened_at: datetime
    symbol: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    cl_ord_id: str
    order_id: str
    raw: str
    recorded_at: datetime


class StrayRow(Row, frozen=True, kw_only=True):
    """An order at a broker that is not on record, as its latest report tells it.

    `claimed` is the order that took the reports over, if one did.
    """

    stray: UUID
    account: str
    cl_ord_id: str
    order_id: str
    exec_type: ExecType
    reports: int = 1
    fills: int = 0
    filled: Decimal = Decimal(0)
    """The sum of the fills that were reported, in units of the order."""
    last_px: Decimal = Decimal(0)
    text: str = ""
    claimed: UUID | None = None
    claimed_by: str = ""
    first_at: datetime
    last_at: datetime


class Activities(Projection):
    """Folds what came from brokers unasked."""

    name = "activities"
    kind = "feed"

    def __init__(self) -> None:
        self.activities = Table(
            "activities",
            ActivityRow,
            ["activity"],
            [
                Index("happened_at, activity"),
                Index("account, happened_at, activity"),
                Index("happened_at, activity", where="kind = 'unclassified'"),
            ],
            private=Private("account"),
        )
        self.strays = Table(
            "strays",
            StrayRow,
            ["stray"],
            [Index("first_at, stray"), Index("first_at, stray", where="claimed IS NULL")],
            private=Private("account"),
        )
        self.tables = (self.activities, self.strays)

    @when(ActivityRecorded)
    def recorded(self, event: ActivityRecorded, seen: Seen) -> None:
        told = event.activity
        row = ActivityRow(
            activity=seen.stream,
            account=event.account,
            broker=event.broker,
            activity_id=told.activity_id,
            kind=told.kind,
            happened_at=told.happened_at,
            symbol=told.symbol,
            quantity=told.quantity,
            price=told.price,
            amount=told.amount,
            cl_ord_id=told.cl_ord_id,
            order_id=told.order_id,
            raw=told.raw,
            recorded_at=event.timestamp,
        )
        self.activities.insert(row, seen.position)

    @when(StrayReported)
    def strayed(self, event: StrayReported, seen: Seen) -> None:
        report = event.report
        row = StrayRow(
            stray=seen.stream,
            account=event.account,
            cl_ord_id=report.cl_ord_id,
            order_id=report.order_id,
            exec_type=report.exec_type,
            first_at=report.transact_time,
            last_at=report.transact_time,
        )
        self.strays.insert(_told(row, report), seen.position)

    @when(StrayReportedAgain)
    def strayed_again(self, event: StrayReportedAgain, seen: Seen) -> None:
        row = self._stray(seen)
        row = replace(row, reports=row.reports + 1)
        self.strays.put(_told(row, event.report), seen.position)

    @when(StraysClaimed)
    def claimed(self, event: StraysClaimed, seen: Seen) -> None:
        row = replace(self._stray(seen), claimed=event.order, claimed_by=event.by)
        self.strays.put(row, seen.position)

    def _stray(self, seen: Seen) -> StrayRow:
        row = self.strays.current(seen.stream)
        if row is None:
            raise LookupError(f"nothing was reported of {seen.stream} before")
        return row


def _told(row: StrayRow, report: ExecutionReport) -> StrayRow:
    """The row with what a report says; one that comes late moves no state."""
    is_fill = report.exec_type is ExecType.TRADE
    is_latest = report.transact_time >= row.last_at
    return replace(
        row,
        order_id=row.order_id or report.order_id,
        exec_type=report.exec_type if is_latest else row.exec_type,
        fills=row.fills + is_fill,
        filled=row.filled + (report.last_qty if is_fill else 0),
        last_px=report.last_px if is_fill and (is_latest or not row.fills) else row.last_px,
        text=report.text if is_latest else row.text,
        first_at=min(row.first_at, report.transact_time),
        last_at=max(row.last_at, report.transact_time),
    )


_MODEL = Activities()
_ACTIVITIES, _STRAYS = _MODEL.activities.shape, _MODEL.strays.shape


def activities(
    connection: Connection[Any],
    *,
    account: str | None = None,
    kind: ActivityKind | None = None,
    symbol: str | None = None,
    as_of: int | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[ActivityRow]:
    """Activities, the newest first; `after` is (happened_at, activity) of the last one seen."""
    return select_page(
        connection, _ACTIVITIES, where={"account": account, "kind": kind, "symbol": symbol},
        order=["happened_at", "activity"], past=Past(), as_of=as_of, after=after, limit=limit,
    )  # fmt: skip


def strays(
    connection: Connection[Any],
    *,
    account: str | None = None,
    as_of: int | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[StrayRow]:
    """Unknown orders, the newest first; `after` is (first_at, stray) of the last one seen."""
    return select_page(
        connection, _STRAYS, where={"account": account}, order=["first_at", "stray"], past=Past(),
        as_of=as_of, after=after, limit=limit,
    )  # fmt: skip
