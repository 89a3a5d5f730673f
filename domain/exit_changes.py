"""What else can happen to an exit plan: what others change about it, and what it warns of."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import msgspec

from domain.shared import Event

if TYPE_CHECKING:
    from domain.exit_state import ExitPlanState


class Concern(StrEnum):
    """What a holding is warned of."""

    BLIND = "blind"
    """It could not be looked at for a while, so nothing guards it meanwhile."""
    EXPIRY = "expiry"
    THETA = "theta"
    """A day costs much of its value."""
    NEAR_STOP = "near_stop"
    NEAR_TARGET = "near_target"


class ExitPlanResized(Event, frozen=True, kw_only=True):
    """A closing order works for another quantity of what is held, or at another price: its order
    is to be replaced, or was.
    """

    TOPIC: ClassVar[str] = "exit_plan.resized"

    cl_ord_id: str
    quantity: Decimal
    left: Decimal
    """What of that may still trade."""
    limit_px: Decimal | None = None
    why: str

    def apply(self, aggregate: ExitPlanState) -> None:
        was = aggregate.working.pop(self.cl_ord_id)
        if self.left > 0:
            aggregate.working[self.cl_ord_id] = msgspec.structs.replace(
                was, quantity=self.quantity, left=self.left, limit_px=self.limit_px
            )


class ExitPlanAdjusted(Event, frozen=True, kw_only=True):
    """A corporate action made another instrument, or another number of units, of what is held:
    levels move with the price of one unit.
    """

    TOPIC: ClassVar[str] = "exit_plan.adjusted"

    symbol: str
    to_symbol: str
    from_quantity: Decimal
    to_quantity: Decimal
    why: str

    def apply(self, aggregate: ExitPlanState) -> None:
        aggregate.reshape(self.symbol, self.to_symbol, self.from_quantity, self.to_quantity)


class ExitPlanWarned(Event, frozen=True, kw_only=True):
    """Somebody should look at what is held: told once a day for each concern."""

    TOPIC: ClassVar[str] = "exit_plan.warned"

    account: str
    symbol: str
    concern: Concern
    words: str
    day: date
    """The exchange day it counts for."""

    def apply(self, aggregate: ExitPlanState) -> None:
        aggregate.warned = {**aggregate.warned, self.concern: self.day}
