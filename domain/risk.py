"""Risk of one account: which limits are near or passed, and whether trading is halted.

An event is one change of state, not one cycle: a limit that stays passed says so once. So that
nothing flaps at a threshold, a state is left only when the figure is `EASING` below where it
began. A figure that may be too low because something has no quote never eases anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.risk_events import (
    EASING,
    Finding,
    HaltCause,
    LimitKind,
    Line,
    LineKey,
    RiskBreached,
    RiskCleared,
    RiskPeakRecorded,
    RiskWarned,
    RiskWatched,
    Scope,
    State,
    TradingHalted,
    TradingResumed,
    risk_stream,
)
from domain.shared import Impossible, InvalidInput

PEAK_STEP = Decimal("0.005")
"""The highest equity is recorded when it has risen by so much of itself: what a crash forgets
is at most half a percent of the loss that halts."""


class AccountRisk(BaseAggregate[UUID]):
    """What is near or beyond its limit in one account. `halted` says why, "" while it trades;
    `peak_profit` is None until the first equity was seen.
    """

    TOPIC: ClassVar[str] = "risk"

    def __init__(self, account: str) -> None:
        self.account = account
        self.lines: Mapping[LineKey, Line] = {}
        self.halted = ""
        self.peak_profit: Decimal | None = None

    @classmethod
    def watch(cls, account: str, *, at: datetime) -> AccountRisk:
        """Begins to watch an account."""
        return cls._create(RiskWatched, id=risk_stream(account), account=account, timestamp=at)

    def judge(self, findings: Iterable[Finding], *, warn_at: Decimal, at: datetime) -> None:
        """Records which limits changed their state. What is no longer among the findings is
        closed; findings that are fine and were fine say nothing.
        """
        found = {finding.line.key: finding for finding in findings}
        for key, finding in found.items():
            was = self._state(key)
            state = _settled(was, finding.line, warn_at)
            if state is not was:
                self._record(was, state, finding, at)
        for key, line in list(self.lines.items()):
            if key not in found:
                gone = Line(
                    limit=line.limit, scope=line.scope, subject=line.subject, figure=Decimal(0),
                    used=Decimal(0), allowed=line.allowed, share=Decimal(0), state=State.OK,
                )  # fmt: skip
                self._record(line.state, State.OK, Finding(line=gone), at)

    def see_equity(self, equity: Decimal, paid_in: Decimal, *, at: datetime) -> None:
        """Remembers the most that was ever earned; the first equity is where it begins."""
        profit = equity - paid_in
        peak = self.peak_profit
        if peak is None or profit - peak > PEAK_STEP * max(abs(paid_in + peak), Decimal(1)):
            self.trigger_event(
                RiskPeakRecorded,
                account=self.account,
                profit=profit,
                equity=equity,
                timestamp=at,
            )

    def halt(
        self, cause: HaltCause, reason: str, *, by: str, at: datetime, line: Line | None = None
    ) -> None:
        """Stops the account from opening anything.

        Raises:
            InvalidInput: no reason.
            Impossible: it is halted already.
        """
        if not reason.strip():
            raise InvalidInput("a halt needs a reason")
        if self.halted:
            raise Impossible(f"trading of {self.account} is halted already: {self.halted}")
        self.trigger_event(
            TradingHalted,
            account=self.account,
            cause=cause,
            reason=reason,
            by=by,
            line=line,
            timestamp=at,
        )

    def resume(self, reason: str, *, by: str, at: datetime) -> None:
        """Lets the account open positions again.

        Raises:
            InvalidInput: no reason.
            Impossible: it is not halted.
        """
        if not reason.strip():
            raise InvalidInput("to resume needs a reason")
        if not self.halted:
            raise Impossible(f"trading of {self.account} is not halted")
        self.trigger_event(
            TradingResumed, account=self.account, reason=reason, by=by, timestamp=at
        )  # fmt: skip

    def _state(self, key: LineKey) -> State:
        line = self.lines.get(key)
        return State.OK if line is None else line.state

    def _record(self, was: State, state: State, finding: Finding, at: datetime) -> None:
        line = finding.line
        told = Finding(
            line=Line(
                limit=line.limit, scope=line.scope, subject=line.subject, figure=line.figure,
                used=line.used, allowed=line.allowed, share=line.share, state=state,
                complete=line.complete,
            ),
            positions=finding.positions,
            quotes=finding.quotes,
        )  # fmt: skip
        if state is State.OK:
            self.trigger_event(
                RiskCleared, account=self.account, was=was, line=told.line, timestamp=at
            )
            return
        kind = RiskBreached if state is State.BREACH else RiskWarned
        self.trigger_event(kind, account=self.account, was=was, finding=told, timestamp=at)


def _settled(was: State, line: Line, warn_at: Decimal) -> State:
    """The state that a figure is in, given the one it was in."""
    if line.state.rank >= was.rank:
        return line.state
    if not line.complete:
        return was
    if line.limit.is_count:
        return line.state
    if was is State.BREACH and line.share >= 1 - EASING:
        return State.BREACH
    return State.WARNING if line.share >= warn_at - EASING else State.OK


def why_blocked(
    risk: AccountRisk | None,
    symbol: str,
    sector: str,
    adds: Mapping[LimitKind, Decimal] | None = None,
) -> str:
    """Why an account may not open a position in an underlying now; "" if it may.

    A halt blocks every entry. A passed limit of a symbol or sector blocks entries there. A
    passed limit of the whole portfolio blocks every entry, but for Greeks: an entry whose own
    figure is known (`adds`, in the limit's unit and with its sign) and lowers the portfolio's
    is let through. What it would add is not known: it is blocked.
    """
    if risk is None:
        return ""
    if risk.halted:
        return f"trading of {risk.account} is halted: {risk.halted}"
    for line in risk.lines.values():
        if line.state is State.BREACH and _concerns(line, symbol, sector, adds or {}):
            return f"a risk limit is passed: {line}"
    return ""


def _concerns(line: Line, symbol: str, sector: str, adds: Mapping[LimitKind, Decimal]) -> bool:
    if line.scope is Scope.SYMBOL:
        return line.subject == symbol
    if line.scope is Scope.SECTOR:
        return line.subject == sector
    added = adds.get(line.limit) if line.limit.has_sides else None
    return added is None or added * line.figure >= 0
