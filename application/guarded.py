"""Guarded: what is held and how it is guarded, as the position monitor reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

import msgspec

from application.reaction import Memory
from domain.exit_changes import Concern
from domain.exit_events import Working
from domain.exit_terms import ExitReason, TimeStop, Trailing
from domain.exits import ExitPlan
from domain.fix import Side
from domain.legs import Leg, strategy_symbol
from domain.shared import learned

PREFIX = "plan:"
"""Under which keys of the reaction's memory the plans lie."""


class Guarded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A holding and what may end it. `targets` are the prices that no order works for, `owed` what
    the trader has left and is not being sold, `retry_at` when what is due is tried again.
    """

    plan: UUID
    account: str
    trade: UUID
    side: Side
    legs: tuple[Leg, ...]
    held: Decimal
    avg_px: Decimal
    commission: Decimal = Decimal(0)
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    trailing: Trailing | None = None
    time_stop: TimeStop | None = None
    best: Decimal | None = None
    working: dict[str, Working] = {}
    due: ExitReason | None = None
    owed: Decimal = Decimal(0)
    retry_at: datetime | None = None
    warned: dict[Concern, date] = {}


class OpenPositions(Protocol):
    """Where the monitor finds what is held."""

    def guarded(self) -> list[Guarded]:
        """Every holding with its plan.

        Raises:
            Unavailable: the store did not answer.
        """
        ...


def guarded(plan: ExitPlan) -> Guarded:
    """A plan as it is remembered."""
    resting = {each.target for each in plan.working.values()}
    due = None if plan.due is None else plan.due.reason
    failure = plan.failures.get(due or ExitReason.TRADER)
    return Guarded(
        plan=plan.id,
        account=plan.account,
        trade=plan.trade,
        side=plan.side,
        legs=plan.legs,
        held=plan.held,
        avg_px=plan.avg_px,
        commission=plan.commission,
        stop=plan.levels.stop,
        targets=tuple(
            target.price for number, target in plan.targets.items() if number not in resting
        ),
        trailing=plan.levels.trailing,
        time_stop=plan.levels.time_stop,
        best=plan.best,
        working=dict(plan.working),
        due=due,
        owed=max(plan.called - plan.leaving, Decimal(0)),
        retry_at=None if failure is None else failure[1],
        warned=plan.warned,
    )


def remembered_plan(value: bytes) -> Guarded:
    """A plan as it was remembered."""
    return _decoder.decode(value)


_decoder = msgspec.json.Decoder(learned(Guarded))


class PlanBook:
    """The plans of all that is held, found by trade and by line."""

    def __init__(self) -> None:
        self.memory = Memory()
        self._rows: dict[UUID, Guarded] = {}
        self._by_trade: dict[UUID, dict[UUID, None]] = {}
        self._by_line: dict[tuple[str, Side, str], dict[UUID, None]] = {}

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Takes up what was remembered."""
        for key, value in state.items():
            if key.startswith(PREFIX):
                self._put(remembered_plan(value))

    def guarded(self) -> list[Guarded]:
        """Every holding with its plan."""
        return list(self._rows.values())

    def of_trade(self, trade: UUID) -> list[Guarded]:
        """What any account holds for a trade."""
        return [self._rows[plan] for plan in sorted(self._by_trade.get(trade, ()))]

    def of_line(self, account: str, side: Side, symbol: str) -> list[Guarded]:
        """What an account holds of an instrument or strategy on one side."""
        return [self._rows[p] for p in sorted(self._by_line.get((account, side, symbol), ()))]

    def with_leg(self, account: str, symbol: str) -> list[Guarded]:
        """What an account holds with that instrument in it."""
        found = [
            row
            for row in self._rows.values()
            if row.account == account and any(leg.symbol == symbol for leg in row.legs)
        ]
        return sorted(found, key=lambda row: row.plan)

    def keep(self, plan: ExitPlan) -> None:
        """Remembers a plan as it stands, or forgets it when nothing is held."""
        row = guarded(plan)
        if plan.is_done or plan.held <= 0:
            if self._forget(row.plan):
                self.memory.drop(f"{PREFIX}{row.plan}")
        elif self._rows.get(row.plan) != row:
            self._forget(row.plan)
            self._put(row)
            self.memory.put(f"{PREFIX}{row.plan}", row)

    def _forget(self, plan: UUID) -> bool:
        was = self._rows.pop(plan, None)
        if was is None:
            return False
        self._by_trade[was.trade].pop(plan, None)
        # A corporate action may have moved it to another line.
        self._by_line[_line(was)].pop(plan, None)
        return True

    def _put(self, row: Guarded) -> None:
        self._rows[row.plan] = row
        self._by_trade.setdefault(row.trade, {})[row.plan] = None
        self._by_line.setdefault(_line(row), {})[row.plan] = None


def _line(row: Guarded) -> tuple[str, Side, str]:
    return row.account, row.side, strategy_symbol(row.side, row.legs)
