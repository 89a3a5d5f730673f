"""Reporting: what brokers report is booked on its order once, and kept whatever it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from application.desk import Command, Desk, Work, derived_id
from application.ports import Conflict
from domain.orders import Order, order_stream
from domain.reports import ExecutionReport
from domain.strays import Strays, stray_stream

ATTEMPTS = 5


def book_reports(
    desk: Desk, account: str, broker: str, reports: Sequence[ExecutionReport], *, at: datetime
) -> int:
    """Books reports of one account in their order; how many said something new.

    Orders of one ClOrdID are one stream, so a report that comes twice, or under another ExecID,
    is known there. What no order here asked for is kept as a stray.

    Raises:
        Unavailable: the store did not answer; telling them again is safe.
        Conflict: others changed the same orders again and again.
    """
    left = list(reports)
    booked = 0
    for _ in range(ATTEMPTS):
        if not left:
            return booked
        work = Work(desk)
        work.prefetch({order_stream(report.cl_ord_id) for report in left})
        said = [report for report in left if _book(work, account, broker, report, at)]
        results = work.commit()
        # Streams that somebody else changed meanwhile are looked at again.
        left = [
            report
            for report, result in zip(said, results, strict=True)
            if isinstance(result, Conflict)
        ]
        booked += len(said) - len(left)
    raise Conflict("others changed the same orders at the same time again and again")


def reports_by_order(reports: Iterable[ExecutionReport]) -> dict[str, list[ExecutionReport]]:
    """The reports of each ClOrdID, in their order."""
    found: dict[str, list[ExecutionReport]] = {}
    for report in reports:
        found.setdefault(report.cl_ord_id, []).append(report)
    return found


def _book(work: Work, account: str, broker: str, report: ExecutionReport, at: datetime) -> bool:
    """Puts one report where it belongs; False if it says nothing new."""
    order = work.find(Order, order_stream(report.cl_ord_id)) if report.cl_ord_id else None
    if order is not None and order.account == account:
        order.take(report, at=at)
        correlation = order.signal or order.id
    else:
        stream = stray_stream(account, report.cl_ord_id or report.order_id)
        strays = work.find(Strays, stream)
        if strays is None:
            work.begin(Strays.begin(account=account, report=report, at=at))
        else:
            strays.keep(report, at=at)
        correlation = stream
    told = msgspec.json.encode(report).decode()
    return work.save(
        Command.given(
            derived_id("report", account, told),
            account,
            actor=f"broker:{broker}",
            at=at,
            correlation=correlation,
        )
    )
