"""Reporting: what brokers report is booked on its order once, and kept whatever it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from application.desk import Command, Desk, Work, derived_id
from application.ports import Conflict
from domain.orders import Order, order_stream
from domain.reports import ExecutionReport
from domain.strays import Strays, stray_stream

ATTEMPTS = 5
UNNAMED = "unnamed"
"""What the order is called of which a report says nothing."""


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
        said = [(_book(work, account, broker, report, at), report) for report in left]
        saved = [stream for stream, _ in said if stream is not None]
        lost = {
            stream
            for stream, result in zip(saved, work.commit(), strict=True)
            if isinstance(result, Conflict)
        }
        booked += sum(stream not in lost for stream in saved)
        # What somebody else changed meanwhile is looked at again, with all that is told of it.
        again = {report.cl_ord_id or report.order_id for stream, report in said if stream in lost}
        left = [report for report in left if (report.cl_ord_id or report.order_id) in again]
    raise Conflict("others changed the same orders at the same time again and again")


def _book(
    work: Work, account: str, broker: str, report: ExecutionReport, at: datetime
) -> UUID | None:
    """Puts one report where it belongs; the stream that it changed, None if it is not news."""
    order = work.find(Order, order_stream(report.cl_ord_id)) if report.cl_ord_id else None
    found: Order | Strays
    if order is not None and order.account == account:
        found, correlation = order, order.signal or order.id
        order.take(report, at=at)
    else:
        found = _stray(work, account, report, at)
        correlation = found.id
    # The version is part of the id: a report that was only kept may count when it comes again.
    told = msgspec.json.encode(report).decode()
    saved = work.save(
        Command.given(
            derived_id("report", account, told, str(found.version)),
            account,
            actor=f"broker:{broker}",
            at=at,
            correlation=correlation,
        )
    )
    return found.id if saved else None


def _stray(work: Work, account: str, report: ExecutionReport, at: datetime) -> Strays:
    """Keeps what no order here asked for; a report that names no order at all is kept too."""
    if not (report.cl_ord_id or report.order_id):
        report = msgspec.structs.replace(report, order_id=UNNAMED)
    found = work.find(Strays, stray_stream(account, report.cl_ord_id or report.order_id))
    if found is None:
        return work.begin(Strays.begin(account=account, report=report, at=at))
    found.keep(report, at=at)
    return found
