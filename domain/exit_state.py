"""What an exit plan remembers, and how its events move that."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from eventsourcing.domain import BaseAggregate

from domain.exit_changes import Concern
from domain.exit_events import Due, Working
from domain.exit_terms import ZERO, ExitReason, Levels, Target, Trailing
from domain.fix import Side
from domain.legs import Leg, multiplier_of
from domain.shared import Impossible, price

NO_LEVELS = Levels()


class ExitPlanState(BaseAggregate[UUID]):
    """An exit plan as it stands.

    `targets` are those not sold yet, by number; `working` the closing orders that may still
    trade, by ClOrdID; `closings` why each closing order there ever was had been asked for;
    `called` what the trader wants sold and is not; `best` the best price that a trailing stop
    has been recorded to follow; `opened_as` the legs as they were before any corporate action;
    `warned` on which day each concern was told last.
    """

    def __init__(
        self, account: str, trade: UUID, side: Side, legs: tuple[Leg, ...], held: Decimal,
        avg_px: Decimal, levels: Levels = NO_LEVELS, commission: Decimal = ZERO,
    ) -> None:  # fmt: skip
        self.account = account
        self.trade = trade
        self.side = side
        self.legs = self.opened_as = legs
        self.levels = levels
        self.held = held
        self.avg_px = avg_px
        self.commission = commission
        self.targets = dict(enumerate(levels.targets, start=1))
        self.reached: frozenset[Decimal] = frozenset()
        self.working: dict[str, Working] = {}
        self.closings: dict[str, ExitReason] = {}
        self.due: Due | None = None
        self.called = ZERO
        self.best: Decimal | None = None
        self.number = 0
        self.failures: dict[ExitReason, tuple[int, datetime]] = {}
        self.warned: dict[Concern, date] = {}
        self.is_done = False

    @property
    def free(self) -> Decimal:
        """What no closing order works for."""
        return self.held - sum((each.left for each in self.working.values()), ZERO)

    @property
    def leaving(self) -> Decimal:
        """What works for the trader's own exit."""
        return sum(
            (each.left for each in self.working.values() if each.reason is ExitReason.TRADER),
            ZERO,
        )

    @property
    def cost(self) -> Decimal:
        """What opening the held part cost in USD, without commission."""
        return self.held * self.avg_px * multiplier_of(self.legs)

    def take_targets(self, wanted: tuple[Target, ...]) -> None:
        """Arms other targets; those that stay keep what they have yet to sell, and those that
        were sold are not sold again (for `ExitPlanChanged` alone).
        """
        before = {target.price: target for target in self.targets.values()}
        prices = {number: target.price for number, target in self.targets.items()}
        self.targets = {
            number: before.get(target.price, target) if target.quantity is None else target
            for number, target in enumerate(wanted, start=1)
            if target.price not in self.reached
        }
        numbers = {target.price: number for number, target in self.targets.items()}
        self.working = {
            name: msgspec.structs.replace(
                each, target=numbers.get(prices.get(each.target, ZERO), 0)
            )
            for name, each in self.working.items()
        }

    def take_from_target(self, number: int, quantity: Decimal) -> None:
        """What a target's order sold is no more to sell (for `ExitPlanReduced` alone)."""
        target = self.targets.get(number)
        if target is None or target.quantity is None:
            return
        if target.quantity > quantity:
            self.targets[number] = msgspec.structs.replace(
                target, quantity=target.quantity - quantity
            )
        else:
            del self.targets[number]
            self.reached |= {target.price}

    def reshape(
        self, symbol: str, to_symbol: str, from_quantity: Decimal, to_quantity: Decimal
    ) -> None:
        """Holds another instrument, or more or fewer units of it, at equal cost (for
        `ExitPlanAdjusted` alone). Levels move with the price of one unit.
        """
        self.legs = tuple(
            msgspec.structs.replace(leg, symbol=to_symbol) if leg.symbol == symbol else leg
            for leg in self.legs
        )
        if from_quantity == to_quantity:
            return

        def units(before: Decimal) -> Decimal:
            return before * to_quantity / from_quantity

        def px(before: Decimal) -> Decimal:
            return price(before * from_quantity / to_quantity)

        def target(before: Target) -> Target:
            quantity = None if before.quantity is None else units(before.quantity)
            return Target(price=px(before.price), quantity=quantity)

        levels, trailing = self.levels, self.levels.trailing
        if trailing is not None and trailing.amount is not None:
            trailing = Trailing(amount=px(trailing.amount))
        self.held, self.called = units(self.held), units(self.called)
        self.avg_px = px(self.avg_px)
        self.levels = msgspec.structs.replace(
            levels,
            stop=None if levels.stop is None else px(levels.stop),
            targets=tuple(map(target, levels.targets)),
            trailing=trailing,
        )
        self.targets = {number: target(each) for number, each in self.targets.items()}
        self.reached = frozenset(map(px, self.reached))
        self.best = None if self.best is None else px(self.best)
        if self.due is not None and self.due.level is not None:
            self.due = Due(self.due.reason, px(self.due.level))

    def _require_held(self) -> None:
        if self.is_done or self.held <= 0:
            raise Impossible("nothing is held")
