"""A broker by itself: it works on one order, and keeps its own count of what it did.

It knows nothing of how orders are kept here: it is what the record is held against.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from domain.fix import OrdStatus
from domain.reports import ExecType, ExecutionReport

OPENS = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)
ENDED = {
    ExecType.CANCELED: OrdStatus.CANCELED,
    ExecType.EXPIRED: OrdStatus.EXPIRED,
    ExecType.REJECTED: OrdStatus.REJECTED,
}


class Exchange:
    """One order at the broker, and everything it would report of it, in its order."""

    def __init__(self, cl_ord_id: str, quantity: int, chance: Random) -> None:
        self.cl_ord_id = cl_ord_id
        self.ordered = self.quantity = quantity
        self.chance = chance
        self.now = OPENS
        self.fills: dict[str, tuple[int, int]] = {}
        self.names: dict[str, list[str]] = {}
        """The ExecIDs under which each fill may be restated."""
        self.accepted = self.canceling = self.replacing = False
        self.ended: OrdStatus | None = None
        self.halted: OrdStatus | None = None
        self.limit = 2
        self.reports: list[ExecutionReport] = []
        self.aliases: list[ExecutionReport] = []

    @property
    def filled(self) -> int:
        return sum(quantity for quantity, _ in self.fills.values())

    @property
    def open(self) -> bool:
        return self.ended is None and self.filled < self.quantity

    @property
    def status(self) -> OrdStatus:
        if self.filled >= self.quantity:
            return OrdStatus.FILLED
        if self.ended is not None:
            return self.ended
        if self.canceling:
            return OrdStatus.PENDING_CANCEL
        if self.replacing:
            return OrdStatus.PENDING_REPLACE
        if self.halted is not None:
            return self.halted
        if self.filled:
            return OrdStatus.PARTIALLY_FILLED
        return OrdStatus.NEW if self.accepted else OrdStatus.PENDING_NEW

    def live(self, steps: int) -> None:
        """Works on the order for so many steps."""
        self.accept()
        for _ in range(steps):
            self.chance.choice(self._possible())()

    def _possible(self) -> list[Any]:
        if self.ended is OrdStatus.REJECTED:
            return [self.status_report]
        acts: list[Any] = [self.status_report]
        if self.fills:
            acts += [self.bust, self.correct]
        if not self.open:
            late = self.ended is not None or self.chance.random() < 0.1
            return acts + ([self.fill] if late else [])
        acts += [self.fill] * 4 + [self.end]
        if not self.accepted:
            acts += [self.accept]
        acts += [self.answer_cancel] if self.canceling else [self.ask_back]
        acts += [self.answer_replace] if self.replacing else [self.ask_other]
        if not (self.canceling or self.replacing):
            acts += [self.resume] if self.halted else [self.halt]
        return acts

    def accept(self) -> None:
        if self.chance.random() < 0.1:
            self.ended = OrdStatus.REJECTED
            self._report(ExecType.REJECTED, text="not today")
            return
        self.accepted = True
        self._report(ExecType.NEW)

    def fill(self) -> None:
        left = max(1, self.quantity - self.filled)
        quantity = self.chance.randint(1, min(3, left)) + (self.chance.random() < 0.03)
        px = self.chance.randint(1, 2)
        exec_id = f"t{len(self.reports)}"
        self.fills[exec_id] = (quantity, px)
        self.names[exec_id] = [exec_id]
        report = self._report(
            ExecType.TRADE, exec_id=exec_id, last_qty=Decimal(quantity), last_px=Decimal(px)
        )
        if self.chance.random() < 0.3:
            self._alias(report)

    def _alias(self, report: ExecutionReport) -> None:
        """Another channel tells the same fill under another ExecID, at another millisecond."""
        fields = {name: getattr(report, name) for name in report.__struct_fields__}
        fields["exec_id"] = f"act-{report.exec_id}"
        fields["transact_time"] += timedelta(milliseconds=self.chance.randint(-400, 400))
        self.aliases.append(ExecutionReport(**fields))
        self.names[report.exec_id].append(fields["exec_id"])

    def bust(self) -> None:
        fill = self.chance.choice(sorted(self.fills))
        del self.fills[fill]
        self._report(ExecType.TRADE_CANCEL, ref_exec_id=self.chance.choice(self.names[fill]))

    def correct(self) -> None:
        fill = self.chance.choice(sorted(self.fills))
        figures = (self.chance.randint(1, 3), self.chance.randint(1, 3))
        if figures == self.fills[fill]:
            return
        self.fills[fill] = figures
        report = self._report(
            ExecType.TRADE_CORRECT,
            ref_exec_id=self.chance.choice(self.names[fill]),
            last_qty=Decimal(figures[0]),
            last_px=Decimal(figures[1]),
        )
        self.names[fill].append(report.exec_id)

    def end(self) -> None:
        kind = self.chance.choice([ExecType.CANCELED, ExecType.EXPIRED])
        self.ended = ENDED[kind]
        self._report(kind)

    def ask_back(self) -> None:
        self.canceling = True
        self._report(ExecType.PENDING_CANCEL)

    def answer_cancel(self) -> None:
        self.canceling = False
        if self.chance.random() < 0.5:
            self.ended = OrdStatus.CANCELED
            self._report(ExecType.CANCELED)
        else:
            self._report(ExecType.CANCEL_REJECTED, text="too late")

    def ask_other(self) -> None:
        self.replacing = True
        self._report(ExecType.PENDING_REPLACE)

    def answer_replace(self) -> None:
        self.replacing = False
        if self.chance.random() < 0.3:
            self._report(ExecType.REPLACE_REJECTED, text="no")
            return
        self.quantity = max(1, self.filled, self.quantity + self.chance.randint(-2, 3))
        self.limit = self.chance.randint(1, 4)
        self._report(ExecType.REPLACED)

    def halt(self) -> None:
        kind = self.chance.choice([ExecType.DONE_FOR_DAY, ExecType.SUSPENDED])
        self.halted = OrdStatus(kind.value)
        self._report(kind)

    def resume(self) -> None:
        self.halted = None
        self._report(ExecType.NEW)

    def status_report(self) -> None:
        self._report(ExecType.STATUS)

    def _report(self, kind: ExecType, **fields: Any) -> ExecutionReport:
        self.now += timedelta(seconds=self.chance.randint(3, 90))
        terms: dict[str, Any] = {}
        if kind is ExecType.REPLACED:
            terms = {"order_qty": Decimal(self.quantity), "limit_px": Decimal(self.limit)}
        report = ExecutionReport(
            exec_type=kind,
            cl_ord_id=self.cl_ord_id,
            exec_id=fields.pop("exec_id", f"r{len(self.reports)}"),
            order_id="b-1",
            transact_time=self.now,
            cum_qty=Decimal(self.filled),
            leaves_qty=Decimal(max(0, self.quantity - self.filled) if self.open else 0),
            **terms,
            **fields,
        )
        self.reports.append(report)
        return report
