"""What an order remembers of the reports it heard, so that each counts once, whenever it comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from domain.reports import ExecType, ExecutionReport, key_of

AT_ONCE = timedelta(seconds=1)
"""How far apart two channels of a broker may tell the time of one fill."""

RESTATING = frozenset({ExecType.TRADE_CORRECT, ExecType.TRADE_CANCEL})


class Telling(NamedTuple):
    """A fill as it was told with one count of the broker."""

    exec_id: str
    quantity: Decimal
    price: Decimal
    time: datetime

    def is_at(self, moment: datetime) -> bool:
        """Whether it was told as of this moment, as near as two channels agree."""
        return abs(moment - self.time) <= AT_ONCE


@dataclass(eq=True)
class Memory:
    """The reports of one order."""

    heard: set[str] = field(default_factory=set)
    """Keys of reports that were booked or kept (`reports.key_of`), but for fills."""
    refs: dict[str, str] = field(default_factory=dict)
    """Fills by the ExecIDs of their corrections: a correction may be of a correction."""
    by_count: dict[Decimal, list[Telling]] = field(default_factory=dict)
    """Fills by the broker's count after them."""
    waiting: dict[str, list[ExecutionReport]] = field(default_factory=dict)
    """Corrections and busts by the ExecID they are about, which nobody told of yet."""
    doubtful: dict[str, list[ExecutionReport]] = field(default_factory=dict)
    """Fills that look like another one told at another time, by that one."""
    restated: dict[str, datetime] = field(default_factory=dict)
    """When each corrected fill was corrected last."""
    breaks: list[datetime] = field(default_factory=list)
    """When fills were corrected or busted: the broker's count went back there."""
    answers: dict[ExecType, datetime] = field(default_factory=dict)
    """When the broker answered a request to cancel or replace last."""
    latest: dict[ExecType, datetime] = field(default_factory=dict)
    """When the broker last took a request up, or halted the order."""
    counted: Decimal | None = None
    """The broker's count by its latest report."""
    counted_at: datetime | None = None

    def hear(self, exec_type: ExecType, exec_id: str) -> None:
        """Remembers that a report came."""
        if exec_id:
            self.heard.add(f"{exec_type.value}:{exec_id}")

    def count(self, cum_qty: Decimal | None, at: datetime | None, *, back: bool = False) -> None:
        """Takes the broker's count, if no later one is known; of two at the same moment the
        higher, unless the count went back.
        """
        if cum_qty is None or at is None:
            return
        if self.counted is None or self.counted_at is None or at > self.counted_at:
            self.counted, self.counted_at = cum_qty, at
        elif at == self.counted_at and (back or cum_qty > self.counted):
            self.counted = cum_qty

    def say(self, exec_type: ExecType, at: datetime) -> None:
        """The broker took a request up, or halted the order."""
        self.latest[exec_type] = max(at, self.latest.get(exec_type, at))

    def answer(self, to: ExecType, at: datetime) -> bool:
        """The broker answered a request; whether that was the last one."""
        self.answers[to] = max(at, self.answers.get(to, at))
        return self.is_last(to, at)

    def is_last(self, to: ExecType, at: datetime) -> bool:
        """Whether an answer of this moment is to the last request that was taken up."""
        return to not in self.latest or self.latest[to] <= at

    def is_answered(self, report: ExecutionReport) -> bool:
        """Whether a request that the report says is pending was answered since."""
        answered = self.answers.get(report.exec_type)
        return answered is not None and report.transact_time < answered

    def is_said(self, report: ExecutionReport) -> bool:
        """Whether the broker is known to have said this, at that moment or later."""
        said = self.latest.get(report.exec_type)
        return said is not None and report.transact_time <= said

    def fill_of(self, exec_id: str) -> str:
        """The fill that an ExecID leads to: its own, that of a correction of it, or that which
        was told at the same moment under another one.
        """
        if exec_id in self.refs:
            return self.refs[exec_id]
        for report in chain.from_iterable(self.doubtful.values()):
            if report.exec_id == exec_id:
                same = self.same_fill(report)
                if same is not None and same.is_at(report.transact_time):
                    return same.exec_id
        return exec_id

    def same_fill(self, report: ExecutionReport) -> Telling | None:
        """The fill that a report tells again under another ExecID: the same broker's count, and
        the same quantity at the same price, with nothing between them that set the count back.
        """
        if report.cum_qty is None or not self.by_count:
            return None
        for told in self.by_count.get(report.cum_qty, ()):
            if (told.quantity, told.price) == (report.last_qty, report.last_px):
                first, second = sorted((told.time, report.transact_time))
                if not any(first < each <= second for each in self.breaks):
                    return told
        return None

    def remember(self, cum_qty: Decimal | None, telling: Telling) -> None:
        """Remembers a fill by the broker's count."""
        if cum_qty is not None:
            self.by_count.setdefault(cum_qty, []).append(telling)

    def about(self, exec_id: str) -> list[ExecutionReport]:
        """Corrections and busts that wait for this fill, the earliest first; those of its
        corrections too.
        """
        found: list[ExecutionReport] = []
        names, seen = [exec_id], {exec_id}
        while self.waiting and names:
            for report in self.waiting.get(names.pop(), ()):
                found.append(report)
                if report.exec_id and report.exec_id not in seen:
                    seen.add(report.exec_id)
                    names.append(report.exec_id)
        return sorted(found, key=lambda report: report.transact_time)

    def settle(self, fill: str) -> None:
        """A fill came: what waited for it, or for a correction of it, is about it."""
        for report in self.about(fill):
            if report.exec_id and report.exec_id != fill:
                self.refs[report.exec_id] = fill

    def keep(self, report: ExecutionReport, *, waits: bool) -> None:
        """Remembers a report that changes nothing now; `waits` for the fill that it is about."""
        self.heard.add(key_of(report))
        back = report.exec_type in RESTATING
        self.count(report.cum_qty, report.transact_time, back=back)
        if back:
            self.breaks.append(report.transact_time)
            if waits and report.ref_exec_id:
                self.waiting.setdefault(report.ref_exec_id, []).append(report)
        elif report.exec_type is ExecType.TRADE:
            same = self.same_fill(report)
            if same is not None:
                self.doubtful.setdefault(same.exec_id, []).append(report)
