"""Holding rows: what the books show of what an account holds."""

from __future__ import annotations

from msgspec.structs import replace

from domain.fix import Side
from domain.lots import ZERO
from domain.positions import Held, Position, average_price
from domain.shared import ratio
from projections.followed import Followed
from projections.positions import PositionRow, as_text


def valued(followed: Followed[Position], held: Held) -> PositionRow:
    """The row of a position after a mark that was its last fact."""
    row, mark = followed.row, held.mark()
    if mark is None:
        raise ValueError("a position is valued by a mark")
    return replace(
        row,
        mark=mark,
        marked_at=held.marked_at,
        market_value=held.lots.open * mark * followed.subject.unit,
        unrealised=held.pnl - held.lots.realised,
        pnl=held.pnl,
        pnl_ratio=ratio(held.pnl / held.entry_cost) if held.entry_cost else ZERO,
    )


def holding_row(followed: Followed[Position]) -> PositionRow:
    """The row of a position after its bookings changed."""
    position, row = followed.subject, followed.row
    held = position.held
    lots, mark = held.lots, held.mark()
    return replace(
        row,
        side=(Side.SELL if lots.open < 0 else Side.BUY).value,
        quantity=lots.open,
        average_entry=average_price(lots, position.unit),
        entry_cost=held.entry_cost,
        cost=lots.cost,
        average_cost=lots.average_cost,
        lots=as_text(lots.lots) if lots.lots else "[]",
        mark=mark,
        marked_at=held.marked_at if mark is not None else None,
        market_value=None if mark is None else lots.open * mark * position.unit,
        realised=lots.realised,
        realised_average=lots.realised_average,
        unrealised=held.pnl - lots.realised,
        pnl=held.pnl,
        pnl_ratio=ratio(held.pnl / held.entry_cost) if held.entry_cost else ZERO,
        commission=held.commission,
        opened_at=position.opened_at if position.bookings else row.opened_at,
        closed_at=position.closed_at,
    )
