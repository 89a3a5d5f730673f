"""Lots: what is held of one thing and what it cost, first in first out and at average cost.

Amounts are US dollars with the contract multiplier in them, quantities are signed (short is
negative). Buying costs a positive value, selling a negative one. Nothing is rounded but the
cost of a part of a lot or of an average, to the 12 places of `ratio`; a part and its rest
always add up to the whole.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from domain.shared import ratio

ZERO = Decimal(0)


class Lot(NamedTuple):
    """A quantity opened at one moment, and its value when opened; both have the same sign."""

    quantity: Decimal
    cost: Decimal
    opened_at: datetime


class Lots(NamedTuple):
    """The open lots, oldest first, with what was realised so far by either method."""

    open: Decimal = ZERO
    lots: tuple[Lot, ...] = ()
    cost: Decimal = ZERO
    average_cost: Decimal = ZERO
    realised: Decimal = ZERO
    realised_average: Decimal = ZERO

    def traded(
        self, quantity: Decimal, value: Decimal, at: datetime, average_value: Decimal | None = None
    ) -> Lots:
        """After an execution of `quantity` for `value`; beyond flat it closes and opens.

        `average_value` is the value by the average method where the two differ (shares that
        came of an exercised option).
        """
        if average_value is None:
            average_value = value
        held = self.open
        if held == 0 or (held > 0) == (quantity > 0):
            return Lots(
                held + quantity,
                (*self.lots, Lot(quantity, value, at)),
                self.cost + value,
                self.average_cost + average_value,
                self.realised,
                self.realised_average,
            )
        if abs(quantity) <= abs(held):
            return self._closed(quantity, value, average_value)
        closing = _part(value, held, quantity)
        closing_average = _part(average_value, held, quantity)
        return self._closed(-held, -closing, -closing_average).traded(
            quantity + held, value + closing, at, average_value + closing_average
        )

    def delivered(self, quantity: Decimal) -> tuple[Lots, Lots]:
        """After `quantity` (signed as it is held, at most all of it) left at what it cost.

        Returns what is left, and what went: its lots and its cost by either method.
        """
        cost, gone, rest = self._oldest(quantity)
        average = _part(self.average_cost, quantity, self.open)
        left = Lots(self.open - quantity, rest, self.cost - cost, self.average_cost - average,
                    self.realised, self.realised_average)  # fmt: skip
        return left, Lots(quantity, gone, cost, average)

    def received(self, lots: Lots) -> Lots:
        """After lots came in with their costs and dates."""
        if self.open != 0 and (self.open > 0) != (lots.open > 0):
            return self.traded(lots.open, lots.cost, lots.lots[0].opened_at, lots.average_cost)
        return Lots(
            self.open + lots.open,
            tuple(sorted((*self.lots, *lots.lots), key=_opening)),
            self.cost + lots.cost,
            self.average_cost + lots.average_cost,
            self.realised,
            self.realised_average,
        )

    def scaled(self, to_quantity: Decimal, from_quantity: Decimal) -> Lots:
        """After a split: other quantities at the same cost."""
        lots = tuple(
            Lot(_part(lot.quantity, to_quantity, from_quantity), lot.cost, lot.opened_at)
            for lot in self.lots
        )
        held = sum((lot.quantity for lot in lots), ZERO)
        return self._replace(open=held, lots=lots)

    def _closed(self, quantity: Decimal, value: Decimal, average_value: Decimal) -> Lots:
        """After an execution against what is held: value received less the cost of what left."""
        held = self.open
        if quantity + held == 0:
            return Lots(
                ZERO,
                (),
                ZERO,
                ZERO,
                self.realised - value - self.cost,
                self.realised_average - average_value - self.average_cost,
            )
        cost, _, rest = self._oldest(-quantity)
        average = _part(self.average_cost, -quantity, held)
        return Lots(
            held + quantity,
            rest,
            self.cost - cost,
            self.average_cost - average,
            self.realised - value - cost,
            self.realised_average - average_value - average,
        )

    def _oldest(self, quantity: Decimal) -> tuple[Decimal, tuple[Lot, ...], tuple[Lot, ...]]:
        """Cost of the oldest `quantity`, its lots, and the lots that stay."""
        cost = ZERO
        gone: list[Lot] = []
        for place, lot in enumerate(self.lots):
            if abs(lot.quantity) > abs(quantity):
                part = Lot(quantity, _part(lot.cost, quantity, lot.quantity), lot.opened_at)
                stays = Lot(lot.quantity - quantity, lot.cost - part.cost, lot.opened_at)
                if quantity:
                    gone.append(part)
                return cost + part.cost, tuple(gone), (stays, *self.lots[place + 1 :])
            cost += lot.cost
            quantity -= lot.quantity
            gone.append(lot)
        return cost, tuple(gone), ()


def _part(whole: Decimal, part: Decimal, of: Decimal) -> Decimal:
    return whole if part == of else ratio(whole * part / of)


def _opening(lot: Lot) -> datetime:
    return lot.opened_at
