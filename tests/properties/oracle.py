"""An oracle for money: every figure worked out anew from all events, naively and slowly.

It shares no code with the folds or with the domain's accounting. Nothing is kept from one
event to the next: what was known at a position is what the events up to it say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from domain import market
from domain.shared import Event

NEW_YORK = ZoneInfo("America/New_York")
NIL = Decimal(0)
TWELVE = Decimal("1e-12")


class Told(NamedTuple):
    """An event and where it lies."""

    position: int
    stream: UUID
    event: Event


def twelve(value: Decimal) -> Decimal:
    return value.quantize(TWELVE, ROUND_HALF_EVEN, Context(prec=80))


def local_day(at: datetime) -> date:
    return at.astimezone(NEW_YORK).date()


class Marks:
    """Quotes by symbol and moment."""

    def __init__(self, told: Sequence[Told]) -> None:
        self.by_symbol: dict[str, dict[datetime, tuple[Decimal, Decimal]]] = {}
        for each in told:
            if isinstance(each.event, market.MarkRecorded):
                mark = each.event
                self.by_symbol.setdefault(mark.symbol, {})[mark.marked_at] = (mark.bid, mark.offer)

    def of(self, legs: Sequence[tuple[str, int]]) -> list[tuple[datetime, Decimal, Decimal]]:
        """Bid and offer of (symbol, signed ratio) legs when all of them were marked at once."""
        moments = [set(self.by_symbol.get(symbol, ())) for symbol, _ in legs]
        found = []
        for at in sorted(set.intersection(*moments)):
            bid = offer = NIL
            for symbol, ratio in legs:
                low, high = self.by_symbol[symbol][at]
                bid += ratio * (low if ratio > 0 else high)
                offer += ratio * (high if ratio > 0 else low)
            found.append((at, bid, offer))
        return found


class Fifo:
    """Open lots as [quantity, value] lists, and what was realised, by both methods."""

    def __init__(self) -> None:
        self.lots: list[tuple[Decimal, Decimal, datetime]] = []
        self.average = self.realised = self.realised_average = self.entered = NIL

    @property
    def open(self) -> Decimal:
        return sum((lot[0] for lot in self.lots), NIL)

    @property
    def cost(self) -> Decimal:
        return sum((lot[1] for lot in self.lots), NIL)

    def trade(self, quantity: Decimal, value: Decimal, average: Decimal, at: datetime) -> None:
        held = self.open
        if held * quantity >= 0:
            self.lots.append((quantity, value, at))
            self.average += average
            self.entered += abs(value)
            return
        closing = min(abs(held), abs(quantity)).copy_sign(quantity)
        share = value if closing == quantity else twelve(value * closing / quantity)
        share_average = average if closing == quantity else twelve(average * closing / quantity)
        cost, cost_average, _ = self.leave(-closing)
        self.realised += -share - cost
        self.realised_average += -share_average - cost_average
        if closing != quantity:
            self.trade(quantity - closing, value - share, average - share_average, at)

    def leave(
        self, quantity: Decimal
    ) -> tuple[Decimal, Decimal, list[tuple[Decimal, Decimal, datetime]]]:
        """Takes the oldest units out at cost."""
        held, left = self.open, quantity
        cost_average = self.average if quantity == held else twelve(self.average * quantity / held)
        self.average -= cost_average
        gone = []
        while left != 0:
            lot_quantity, value, at = self.lots.pop(0)
            if abs(lot_quantity) > abs(left):
                part = twelve(value * left / lot_quantity)
                self.lots.insert(0, (lot_quantity - left, value - part, at))
                lot_quantity, value = left, part
            gone.append((lot_quantity, value, at))
            left -= lot_quantity
        return sum((lot[1] for lot in gone), NIL), cost_average, gone


Figures = dict[str, Any]
Moves = dict[datetime, tuple[Decimal, Decimal, Decimal]]
