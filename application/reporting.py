"""Reporting: what brokers report is booked on its order once, and kept whatever it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from application.bracket_exits import bracket_exit, is_bracket_exit
from application.desk import Command, Desk, Work, derived_id
from application.ports import Conflict
from domain.order_booking import Booked
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
        told: dict[UUID, list[ExecutionReport]] = {}
        for report in left:
            told.setdefault(_stream_of(work, account, report), []).append(report)
        # All that is told of one order is one batch: the next report rests on the one before.
        news = {each: _book(work, account, broker, told[each], at) for each in told}
        saved = [stream for stream, number in news.items() if number]
        # What somebody else changed meanwhile is looked at again.
        left = []
        for stream, result in zip(saved, work.commit(), strict=True):
            if isinstance(result, Conflict):
                left += told[stream]
            else:
                booked += news[stream]
    raise Conflict("others changed the same orders at the same time again and again")


def _stream_of(work: Work, account: str, report: ExecutionReport) -> UUID:
    """Where a report belongs: to its order, if the account has it, or to the strays."""
    order = work.find(Order, order_stream(report.cl_ord_id)) if report.cl_ord_id else None
    if order is not None and order.account == account:
        return order.id
    if order is None and is_bracket_exit(work, account, report):
        return order_stream(report.cl_ord_id)
    return stray_stream(account, report.cl_ord_id or report.order_id or UNNAMED)


def _book(
    work: Work, account: str, broker: str, reports: Sequence[ExecutionReport], at: datetime
) -> int:
    """Puts the reports of one order where they belong; how many are news."""
    news = 0
    for report in reports:
        stream = _stream_of(work, account, report)
        order = work.prefetch((stream,)).get(stream)
        if order is None:
            order = bracket_exit(work, account, broker, report, at=at)
        if isinstance(order, Order):
            news += order.take(report, at=at) is not Booked.REPEATED
            correlation = order.signal or order.id
        else:
            news += _keep(work, account, report, at)
            correlation = stream
    if not news:
        return 0
    # The version is part of the id: a report that was only kept may count when it comes again.
    version = work.prefetch((stream,))[stream].version
    told = msgspec.json.encode(reports).decode()
    work.save(
        Command.given(
            derived_id("report", account, str(version), told),
            account,
            actor=f"broker:{broker}",
            at=at,
            correlation=correlation,
        )
    )
    return news


def _keep(work: Work, account: str, report: ExecutionReport, at: datetime) -> bool:
    """Keeps what no order here asked for; a report that names no order at all is kept too."""
    if not (report.cl_ord_id or report.order_id):
        report = msgspec.structs.replace(report, order_id=UNNAMED)
    found = work.find(Strays, stray_stream(account, report.cl_ord_id or report.order_id))
    if found is not None:
        return found.keep(report, at=at)
    work.begin(Strays.begin(account=account, report=report, at=at))
    return True
