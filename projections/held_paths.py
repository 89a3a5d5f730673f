"""Held paths: how much of a position was open from when on, and what was realised by then.

In business time, from the executions of a trader's trade or the bookings of an account's holding,
as they are known; realised first in first out, in USD.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.executions import counted_share
from domain.fix import Side
from domain.lots import ZERO, Lots
from domain.positions import Position
from domain.trades import Badge
from projections.bookings import BookingRow, booking_of, bookings_table
from projections.positions import BookKind, PositionRow, executions_of
from projections.readmodel import known_at

_BOOKINGS = bookings_table().shape
_at = attrgetter("at")
ONE = Decimal(1)


class Stage(NamedTuple):
    """What was open after something happened, below zero when owed."""

    at: datetime
    open: Decimal
    realised: Decimal


class HeldPath(NamedTuple):
    """The stages of one position in the order of time."""

    stages: Sequence[Stage]

    def realised(self, at: datetime) -> Decimal:
        """What was realised by a moment, it included."""
        place = bisect_right(self.stages, at, key=_at)
        return self.stages[place - 1].realised if place else ZERO

    def through(self, begin: datetime, end: datetime) -> Decimal:
        """How much was held all the time between two moments; what was booked at either of
        them came before the mark of that moment, or with it.
        """
        place = bisect_right(self.stages, begin, key=_at)
        if not place:
            return ZERO
        after = bisect_left(self.stages, end, key=_at)
        held = [stage.open for stage in self.stages[place - 1 : max(after, place)]]
        if min(held) > 0:
            return min(held)
        return max(held) if max(held) < 0 else ZERO


def held_paths(
    connection: Connection[Any], rows: Iterable[PositionRow], as_of: int | None
) -> dict[UUID, HeldPath]:
    """The path of each position as it is known."""
    by_kind: dict[BookKind, list[PositionRow]] = {BookKind.TRADER: [], BookKind.ACCOUNT: []}
    for row in rows:
        by_kind[row.kind].append(row)
    holdings = by_kind[BookKind.ACCOUNT]
    booked = _bookings(connection, [row.position for row in holdings], as_of)
    found = {row.position: _of_trade(row) for row in by_kind[BookKind.TRADER]}
    found.update((row.position, _of_holding(row, booked)) for row in holdings)
    return found


def _of_trade(row: PositionRow) -> HeldPath:
    """A voided trade never held anything, and one larger than its quotes what stood there."""
    if row.badge is Badge.VOID:
        return HeldPath(())
    sign = 1 if row.side == Side.BUY else -1
    stages, lots = [], Lots()
    executions = executions_of(row.executions)
    share = counted_share(executions) or ONE
    for one in sorted(executions, key=attrgetter("at", "number")):
        price = one.assumed if one.price is None else one.price
        quantity = sign * one.quantity
        if quantity:
            lots = lots.traded(quantity, quantity * (price or ZERO) * row.multiplier, one.at)
        stages.append(Stage(one.at, lots.open * share, lots.realised * share))
    return HeldPath(stages)


def _of_holding(row: PositionRow, booked: Mapping[UUID, Sequence[BookingRow]]) -> HeldPath:
    position = Position(row.multiplier, [], lambda _: ())
    stages = []
    for each in booked.get(row.position, ()):
        position.book(booking_of(each))
        stages.append(Stage(each.at, position.held.lots.open, position.held.lots.realised))
    return HeldPath(stages)


def _bookings(
    connection: Connection[Any], positions: Collection[UUID], as_of: int | None
) -> dict[UUID, list[BookingRow]]:
    rows = connection.execute(
        f"SELECT {_BOOKINGS.column_list} FROM {_BOOKINGS.view}"
        f" WHERE position = ANY(%(positions)s) AND {known_at(as_of)} ORDER BY position, at, event",
        {"positions": list(positions), "as_of": as_of},
        binary=True,
    ).fetchall()
    found: dict[UUID, list[BookingRow]] = {}
    for values in rows:
        row = _BOOKINGS.made_of(values)
        found.setdefault(row.position, []).append(row)
    return found
