"""Strays: what a broker reports of orders that nobody here asked for.

Somebody traded by hand at the broker, or the record was put back from an older copy. Such
reports belong to no order, and their money is real: they are kept whole until somebody claims
them, which is how the history of an account comes in.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.reports import ExecutionReport, key_of, storable
from domain.shared import Created, Event, Impossible, InvalidInput, stream_id


def stray_stream(account: str, name: str) -> UUID:
    """The stream of one unknown order, named by its ClOrdID, or else the broker's order id."""
    return stream_id("stray", account, name)


class StrayReported(Created, frozen=True, kw_only=True):
    """The broker reports of an order that is not on record, for the first time."""

    TOPIC: ClassVar[str] = "report.stray"

    account: str
    report: ExecutionReport


class StrayReportedAgain(Event, frozen=True, kw_only=True):
    """The broker reports something else of an order that is not on record."""

    TOPIC: ClassVar[str] = "report.stray_again"

    report: ExecutionReport

    def apply(self, aggregate: Strays) -> None:
        aggregate.remember(self.report)


class StraysClaimed(Event, frozen=True, kw_only=True):
    """The order is on record now; its reports so far are booked there."""

    TOPIC: ClassVar[str] = "report.claimed"

    order: UUID
    by: str

    def apply(self, aggregate: Strays) -> None:
        aggregate.claimed = self.order


class Strays(BaseAggregate[UUID]):
    """The reports of one order that nobody here asked for."""

    TOPIC: ClassVar[str] = "report"

    def __init__(self, account: str, report: ExecutionReport) -> None:
        self.account = account
        self.reports: list[ExecutionReport] = []
        self.heard: set[str] = set()
        self.claimed: UUID | None = None
        self.remember(report)

    @classmethod
    def begin(cls, *, account: str, report: ExecutionReport, at: datetime) -> Strays:
        """Keeps the first report of an unknown order.

        Raises:
            InvalidInput: the report names no order at all.
        """
        name = report.cl_ord_id or report.order_id
        if not name:
            raise InvalidInput("a report that names neither a ClOrdID nor an order is of nothing")
        return cls._create(
            StrayReported,
            id=stray_stream(account, name),
            account=account,
            report=storable(report),
            timestamp=at,
        )

    def keep(self, report: ExecutionReport, *, at: datetime) -> bool:
        """Keeps another report; False if it is here already.

        Reports are kept after the claim too: only the order's own stream can tell whether it
        knows them.
        """
        if key_of(report) in self.heard:
            return False
        self.trigger_event(StrayReportedAgain, report=storable(report), timestamp=at)
        return True

    def claim(self, order: UUID, *, by: str, at: datetime) -> tuple[ExecutionReport, ...]:
        """Hands the reports to the order they are of, in the order of their times.

        Raises:
            Impossible: another order has them.
        """
        if self.claimed is not None and self.claimed != order:
            raise Impossible("these reports are another order's already")
        if self.claimed is None:
            self.trigger_event(StraysClaimed, order=order, by=by, timestamp=at)
        return tuple(sorted(self.reports, key=lambda report: report.transact_time))

    def remember(self, report: ExecutionReport) -> None:
        """Takes a report into memory."""
        self.reports.append(report)
        self.heard.add(key_of(report))
