"""What can happen to the plan by which a holding is guarded and left."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

import msgspec

from domain.exit_terms import (
    BY_LEVEL,
    ZERO,
    ExitReason,
    Levels,
    QuoteSeen,
    Target,
)
from domain.fix import OrdType, Side
from domain.legs import Leg
from domain.shared import Created, Event

if TYPE_CHECKING:
    from domain.exit_state import ExitPlanState


class Working(msgspec.Struct, frozen=True):
    """A closing order that may still trade: `left` of `quantity` units of the plan's."""

    reason: ExitReason
    left: Decimal
    limit_px: Decimal | None = None
    target: int = 0
    quantity: Decimal = ZERO


class Due(msgspec.Struct, frozen=True):
    """An exit of everything that has fired and is not done."""

    reason: ExitReason
    level: Decimal | None = None


class ExitPlanSet(Created, frozen=True, kw_only=True):
    """An account begins to hold something for a trade, and this is how it is guarded."""

    TOPIC: ClassVar[str] = "exit_plan.set"

    account: str
    trade: UUID
    side: Side
    legs: tuple[Leg, ...]
    levels: Levels = Levels()
    parts: tuple[Decimal, ...] = ()
    """What each target takes of what is held now."""
    held: Decimal
    avg_px: Decimal
    commission: Decimal = ZERO
    left_out: tuple[str, ...] = ()
    """What the trader said that cannot be a level, in words."""


class ExitPlanGrown(Event, frozen=True, kw_only=True):
    """More is held (a fill of an entry, a closing fill that was busted), or at another price."""

    TOPIC: ClassVar[str] = "exit_plan.grown"

    quantity: Decimal
    held: Decimal
    avg_px: Decimal
    commission: Decimal
    """What opening the part that is still held has cost, in USD."""

    def apply(self, aggregate: ExitPlanState) -> None:
        aggregate.held = self.held
        aggregate.avg_px = self.avg_px
        aggregate.commission = self.commission
        aggregate.is_done = aggregate.is_done and self.held <= 0


class ExitPlanChanged(Event, frozen=True, kw_only=True):
    """The holding is guarded by other levels from now on."""

    TOPIC: ClassVar[str] = "exit_plan.changed"

    levels: Levels
    by: str
    left_out: tuple[str, ...] = ()

    def apply(self, aggregate: ExitPlanState) -> None:
        if aggregate.levels.trailing != self.levels.trailing:
            aggregate.best = None
        aggregate.levels = self.levels
        aggregate.take_targets(self.levels.targets)
        if aggregate.due is not None and aggregate.due.reason in BY_LEVEL:
            aggregate.due = None


class ExitPlanTrailed(Event, frozen=True, kw_only=True):
    """The best price seen moved by a step: the trailing stop follows it from here."""

    TOPIC: ClassVar[str] = "exit_plan.trailed"

    best: Decimal
    quote: QuoteSeen

    def apply(self, aggregate: ExitPlanState) -> None:
        aggregate.best = self.best


class ExitPlanTriggered(Event, frozen=True, kw_only=True):
    """A closing order is asked for, and by which quote; its order.requested comes with it."""

    TOPIC: ClassVar[str] = "exit_plan.triggered"

    number: int
    cl_ord_id: str
    reason: ExitReason
    target: int = 0
    level: Decimal | None = None
    quantity: Decimal
    ord_type: OrdType
    limit_px: Decimal | None = None
    quote: QuoteSeen | None = None
    """None for a person's own order."""
    best: Decimal | None = None
    """The best price seen, where a trailing stop follows it."""
    gapped: bool = False
    """The market went through the stop without a quote at it."""
    gap: Decimal = ZERO
    """How far it was beyond the stop, in USD per share."""

    def apply(self, aggregate: ExitPlanState) -> None:
        aggregate.number = max(aggregate.number, self.number)
        aggregate.working[self.cl_ord_id] = Working(
            self.reason, self.quantity, self.limit_px, self.target, self.quantity
        )
        aggregate.closings[self.cl_ord_id] = self.reason
        aggregate.best = self.best if self.best is not None else aggregate.best
        if self.target in aggregate.targets:
            was = aggregate.targets[self.target]
            aggregate.targets[self.target] = Target(price=was.price, quantity=self.quantity)
        if self.reason.takes_all:
            aggregate.due = Due(self.reason, self.level)
        elif self.reason is ExitReason.TRADER:
            aggregate.called = max(aggregate.called, aggregate.leaving)


class ExitPlanPostponed(Event, frozen=True, kw_only=True):
    """An exit is due and has to wait, mostly for a closing order that is taken back first."""

    TOPIC: ClassVar[str] = "exit_plan.postponed"

    reason: ExitReason
    quantity: Decimal | None = None
    """All that the trader called for so far and that is not sold; None for all there is."""
    level: Decimal | None = None
    quote: QuoteSeen | None = None
    waits_for: str

    def apply(self, aggregate: ExitPlanState) -> None:
        if self.quantity is None:
            aggregate.due = Due(self.reason, self.level)
        else:
            aggregate.called = self.quantity


class ExitPlanReduced(Event, frozen=True, kw_only=True):
    """Less is held: a closing fill, an expiry, an exercise or assignment, a busted entry."""

    TOPIC: ClassVar[str] = "exit_plan.reduced"

    cl_ord_id: str = ""
    why: str
    quantity: Decimal
    held: Decimal
    commission: Decimal
    oversold: Decimal = ZERO
    """More was sold than was held, as a late fill of a canceled order may do."""

    def apply(self, aggregate: ExitPlanState) -> None:
        aggregate.held = self.held
        aggregate.commission = self.commission
        working = aggregate.working.get(self.cl_ord_id)
        aggregate.failures = {}
        if working is not None:
            left = working.left - self.quantity
            if left > 0:
                aggregate.working[self.cl_ord_id] = msgspec.structs.replace(working, left=left)
            else:
                del aggregate.working[self.cl_ord_id]
            aggregate.take_from_target(working.target, self.quantity)
        if aggregate.closings.get(self.cl_ord_id) is ExitReason.TRADER:
            aggregate.called = max(aggregate.called - self.quantity, ZERO)
        aggregate.called = min(aggregate.called, self.held)


class ExitPlanReleased(Event, frozen=True, kw_only=True):
    """A closing order ended with something left: that part is armed again, or still due."""

    TOPIC: ClassVar[str] = "exit_plan.released"

    cl_ord_id: str
    why: str
    left: Decimal
    retry_at: datetime | None = None
    """Nothing is tried again for the same reason before, after a no of the broker."""

    def apply(self, aggregate: ExitPlanState) -> None:
        working = aggregate.working.pop(self.cl_ord_id)
        if self.retry_at is not None:
            count, _ = aggregate.failures.get(working.reason, (0, self.retry_at))
            aggregate.failures = {**aggregate.failures, working.reason: (count + 1, self.retry_at)}


class ExitPlanDone(Event, frozen=True, kw_only=True):
    """Nothing is held any more."""

    TOPIC: ClassVar[str] = "exit_plan.done"

    why: str

    def apply(self, aggregate: ExitPlanState) -> None:
        aggregate.is_done = True
        aggregate.due = None
        aggregate.called = ZERO
