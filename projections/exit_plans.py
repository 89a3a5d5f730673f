"""Exit plans: how each holding is guarded, what closes it, and by which quote that was asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace
from psycopg import Connection

from domain.exit_changes import Concern, ExitPlanAdjusted, ExitPlanResized, ExitPlanWarned
from domain.exit_events import (
    Due,
    ExitPlanChanged,
    ExitPlanDone,
    ExitPlanGrown,
    ExitPlanPostponed,
    ExitPlanReduced,
    ExitPlanReleased,
    ExitPlanSet,
    ExitPlanTrailed,
    ExitPlanTriggered,
    Working,
)
from domain.exit_terms import ExitReason, Levels, Target, TimeStop, Trailing
from domain.exits import ExitPlan
from domain.fix import OrdType, Side
from domain.legs import legs_of, strategy_symbol
from domain.shared import Event, learned
from projections.naming import title_of
from projections.pages import Past, select_all, select_one, select_page
from projections.readmodel import Index, Private, Projection, Row, Seen, Table, when

ZERO = Decimal(0)

_levels_of = msgspec.json.Decoder(learned(Levels)).decode
_targets_of = msgspec.json.Decoder(learned(dict[int, Target])).decode
_prices_of = msgspec.json.Decoder(frozenset[Decimal]).decode
_working_of = msgspec.json.Decoder(learned(dict[str, Working])).decode
_words_of = msgspec.json.Decoder(tuple[str, ...]).decode


class ExitWarning(msgspec.Struct, frozen=True):
    """What somebody should look at, and the exchange day on which that was told."""

    words: str
    day: date


_warnings_of = msgspec.json.Decoder(learned(dict[Concern, ExitWarning])).decode


class ExitPlanRow(Row, frozen=True, kw_only=True):
    """What an account holds for a trade and how it is guarded. Prices in USD per share.

    `trade` is the signal, or the line of what was opened by hand. `called` is what the trader has
    left and is not sold; `best` the best price that a trailing stop follows. `waits_for` says why
    what is due is not sold yet, `retry_at` when it is tried again after a no of the broker.
    """

    plan: UUID
    version: int
    account: str
    trade: UUID
    symbol: str
    side: Side
    held: Decimal
    avg_px: Decimal
    commission: Decimal
    levels: str
    """All that was said last, as JSON; `armed` are the targets not sold yet, by number."""
    armed: str = "{}"
    reached: str = "[]"
    working: str = "{}"
    due: ExitReason | None = None
    due_level: Decimal | None = None
    called: Decimal = ZERO
    best: Decimal | None = None
    waits_for: str = ""
    retry_at: datetime | None = None
    left_out: str = "[]"
    told: str = "{}"
    changed_by: str = ""
    done: bool = False
    set_at: datetime
    updated_at: datetime

    @property
    def title(self) -> str:
        """The instruments as people write them."""
        return title_of(self.symbol)

    @property
    def said(self) -> Levels:
        """All levels as they were last said, with targets that are sold by now."""
        return _levels_of(self.levels)

    @property
    def stop(self) -> Decimal | None:
        """The fixed stop."""
        return self.said.stop

    @property
    def trailing(self) -> Trailing | None:
        """The distance at which a stop follows the best price."""
        return self.said.trailing

    @property
    def time_stop(self) -> TimeStop | None:
        """When it is closed whatever its price."""
        return self.said.time_stop

    @property
    def trailing_stop(self) -> Decimal | None:
        """Where the trailing stop stands, as far as the best price was recorded."""
        if self.trailing is None or self.best is None:
            return None
        return self.best - self.side.sign * self.trailing.distance(self.best)

    @property
    def targets(self) -> list[Target]:
        """The targets that are not sold yet, the next one first."""
        armed = _targets_of(self.armed)
        return [armed[number] for number in sorted(armed)]

    @property
    def orders(self) -> dict[str, Working]:
        """The closing orders that may still trade, by ClOrdID."""
        return _working_of(self.working)

    @property
    def warnings(self) -> dict[Concern, ExitWarning]:
        """What it was last warned of, by concern."""
        return _warnings_of(self.told)

    @property
    def not_guarded_by(self) -> tuple[str, ...]:
        """What the trader said that cannot be a level, in words."""
        return _words_of(self.left_out)


class ExitTriggerRow(Row, frozen=True, kw_only=True):
    """A closing order and the quote by which it was asked for; none for a person's own order."""

    plan: UUID
    cl_ord_id: str
    reason: ExitReason
    target: int
    level: Decimal | None
    quantity: Decimal
    ord_type: OrdType
    limit_px: Decimal | None
    bid: Decimal | None = None
    offer: Decimal | None = None
    quote_time: datetime | None = None
    quote_source: str = ""
    gapped: bool = False
    gap: Decimal = ZERO
    triggered_at: datetime
    position: int


_Changed = (
    ExitPlanGrown | ExitPlanChanged | ExitPlanTrailed | ExitPlanPostponed | ExitPlanReduced
    | ExitPlanReleased | ExitPlanDone | ExitPlanTriggered | ExitPlanResized | ExitPlanAdjusted
    | ExitPlanWarned
)  # fmt: skip


class ExitPlans(Projection):
    """Folds what guards holdings; how an event moves a plan is decided by the plan itself."""

    name = "exit_plans"
    kind = "feed"

    def __init__(self) -> None:
        self.plans = Table(
            "exit_plans",
            ExitPlanRow,
            ["plan"],
            [
                Index("account, set_at, plan"),
                Index("set_at, plan", where="NOT done"),
                Index("set_at, plan, valid_from", every_version=True, where="version = 1"),
            ],
            private=Private("account"),
        )
        self.triggers = Table(
            "exit_triggers",
            ExitTriggerRow,
            ["plan", "cl_ord_id"],
            [Index("plan, position")],
            private=Private("plan", beside="exit_plans"),
        )
        self.tables = (self.plans, self.triggers)

    @when(ExitPlanSet)
    def began(self, event: ExitPlanSet, seen: Seen) -> None:
        row = ExitPlanRow(
            plan=seen.stream,
            version=seen.version,
            account=event.account,
            trade=event.trade,
            symbol=strategy_symbol(event.side, event.legs),
            side=event.side,
            held=event.held,
            avg_px=event.avg_px,
            commission=event.commission,
            levels=_text(event.levels),
            armed=_text(dict(enumerate(event.levels.targets, start=1))),
            left_out=_text(event.left_out),
            set_at=event.timestamp,
            updated_at=event.timestamp,
        )
        self.plans.insert(row, seen.position)

    @when(ExitPlanTriggered)
    def triggered(self, event: ExitPlanTriggered, seen: Seen) -> None:
        quote = event.quote
        self.triggers.insert(
            ExitTriggerRow(
                plan=seen.stream,
                cl_ord_id=event.cl_ord_id,
                reason=event.reason,
                target=event.target,
                level=event.level,
                quantity=event.quantity,
                ord_type=event.ord_type,
                limit_px=event.limit_px,
                bid=None if quote is None else quote.bid,
                offer=None if quote is None else quote.offer,
                quote_time=None if quote is None else quote.time,
                quote_source="" if quote is None else quote.source,
                gapped=event.gapped,
                gap=event.gap,
                triggered_at=event.timestamp,
                position=seen.position,
            ),
            seen.position,
        )
        self._change(event, seen, waits_for="", retry_at=None)

    @when(ExitPlanPostponed)
    def postponed(self, event: ExitPlanPostponed, seen: Seen) -> None:
        self._change(event, seen, waits_for=event.waits_for)

    @when(ExitPlanChanged)
    def changed(self, event: ExitPlanChanged, seen: Seen) -> None:
        self._change(event, seen, changed_by=event.by, left_out=_text(event.left_out))

    @when(ExitPlanReduced)
    def reduced(self, event: ExitPlanReduced, seen: Seen) -> None:
        self._change(event, seen, retry_at=None)

    @when(ExitPlanReleased)
    def released(self, event: ExitPlanReleased, seen: Seen) -> None:
        self._change(event, seen, retry_at=event.retry_at)

    @when(ExitPlanWarned)
    def warned(self, event: ExitPlanWarned, seen: Seen) -> None:
        row = self.plans.current(seen.stream)
        told = {} if row is None else dict(row.warnings)
        told[event.concern] = ExitWarning(event.words, event.day)
        self._change(event, seen, told=_text(told))

    @when(ExitPlanGrown, ExitPlanTrailed, ExitPlanDone, ExitPlanResized, ExitPlanAdjusted)
    def moved(
        self,
        event: ExitPlanGrown | ExitPlanTrailed | ExitPlanDone | ExitPlanResized | ExitPlanAdjusted,
        seen: Seen,
    ) -> None:
        self._change(event, seen)

    def _change(self, event: _Changed, seen: Seen, **changes: Any) -> None:
        row = self.plans.current(seen.stream)
        if row is None:
            raise LookupError(f"the exit plan {seen.stream} was never set")
        plan = _plan_of(row)
        self._recall_closing(plan, event, seen)
        event.apply(plan)
        self.plans.put(_row_of(plan, row, event, seen, changes), seen.position)

    def _recall_closing(self, plan: ExitPlan, event: Event, seen: Seen) -> None:
        """Why the order that sold something had been asked for: it may work no more."""
        if isinstance(event, ExitPlanReduced) and event.cl_ord_id:
            trigger = self.triggers.current((seen.stream, event.cl_ord_id))
            if trigger is not None:
                plan.closings[event.cl_ord_id] = trigger.reason


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _plan_of(row: ExitPlanRow) -> ExitPlan:
    """The plan as far as events change it."""
    plan = ExitPlan.__new__(ExitPlan)
    ExitPlan.__init__(
        plan, account=row.account, trade=row.trade, side=row.side, legs=legs_of(row.symbol),
        held=row.held, avg_px=row.avg_px, levels=_levels_of(row.levels), commission=row.commission,
    )  # fmt: skip
    plan.targets = _targets_of(row.armed)
    plan.reached = _prices_of(row.reached)
    plan.working = _working_of(row.working)
    plan.due = None if row.due is None else Due(row.due, row.due_level)
    plan.called = row.called
    plan.best = row.best
    plan.is_done = row.done
    return plan


def _row_of(
    plan: ExitPlan, before: ExitPlanRow, event: Event, seen: Seen, changes: dict[str, Any]
) -> ExitPlanRow:
    due = plan.due
    waits = {} if due is not None or plan.called > 0 else {"waits_for": ""}
    return replace(
        before,
        **{
            "version": seen.version,
            "symbol": strategy_symbol(plan.side, plan.legs),
            "held": plan.held,
            "avg_px": plan.avg_px,
            "commission": plan.commission,
            "levels": _text(plan.levels),
            "armed": _text(plan.targets),
            "reached": _text(sorted(plan.reached)),
            "working": _text(plan.working),
            "due": None if due is None else due.reason,
            "due_level": None if due is None else due.level,
            "called": plan.called,
            "best": plan.best,
            "done": plan.is_done,
            "updated_at": event.timestamp,
            **changes,
            **waits,
        },
    )


_MODEL = ExitPlans()
_PLANS, TRIGGERS = _MODEL.plans.shape, _MODEL.triggers.shape
_PAST = Past(fixed={"plan", "account", "trade", "set_at"}, first="version = 1")


def exit_plans(
    connection: Connection[Any],
    *,
    account: str | None = None,
    trade: UUID | None = None,
    done: bool | None = False,
    as_of: int | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[ExitPlanRow]:
    """Plans, the newest first; those of what is held unless `done` says otherwise. `after` is
    (set_at, plan) of the last one seen.
    """
    return select_page(
        connection, _PLANS, where={"account": account, "trade": trade, "done": done},
        order=["set_at", "plan"], past=_PAST, as_of=as_of, after=after, limit=limit,
    )  # fmt: skip


def exit_plan(
    connection: Connection[Any], plan: UUID, *, as_of: int | None = None
) -> ExitPlanRow | None:
    """One plan."""
    return select_one(connection, _PLANS, {"plan": plan}, as_of)


def triggers_of(
    connection: Connection[Any], plan: UUID, *, as_of: int | None = None
) -> Sequence[ExitTriggerRow]:
    """The closing orders of a plan, the last one first."""
    return select_all(connection, TRIGGERS, {"plan": plan}, as_of, "position DESC")
