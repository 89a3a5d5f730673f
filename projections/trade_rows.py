"""Trade rows: what the books show of a trade as it stands."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from domain.shared import ratio
from domain.trades import Badge, Trade
from domain.worth import Worth
from projections.followed import Followed
from projections.positions import PositionRow, as_text


def trade_row(followed: Followed[Trade]) -> PositionRow:
    """The row of a trade after its executions changed."""
    trade = followed.subject
    worth, tally = trade.total(), trade.tally
    lots, mark, row = worth.lots, worth.mark, followed.row
    if lots.open == 0:
        mark = None
    return replace(
        row,
        quantity=lots.open,
        average_entry=_average_entry(trade.worth, row),
        entry_cost=worth.entry_cost,
        cost=lots.cost,
        average_cost=lots.average_cost,
        lots=as_text(lots.lots) if lots.lots else "[]",
        mark=mark,
        marked_at=None if mark is None else worth.marked_at,
        market_value=None if mark is None else lots.open * mark * row.multiplier,
        realised=lots.realised,
        realised_average=lots.realised_average,
        unrealised=worth.pnl - lots.realised,
        pnl=worth.pnl,
        pnl_ratio=worth.ratio,
        badge=tally.badge,
        scored=tally.scored,
        assumed=tally.badge is Badge.ASSUMED,
        unattainable=is_any_unattainable(trade),
        filled=trade.filled,
        opened_at=tally.opened_at,
        closed_at=tally.closed_at,
        closed_by=trade.ending.reason if tally.closed_at is not None else "",
        executions=executions_text(trade),
    )


def badged(row: PositionRow, trade: Trade) -> PositionRow:
    """The row of a trade that rests on something else, at the same figures."""
    tally = trade.tally
    return replace(
        row,
        badge=tally.badge,
        scored=tally.scored,
        assumed=tally.badge is Badge.ASSUMED,
        unattainable=is_any_unattainable(trade),
    )


def executions_text(trade: Trade) -> str:
    executions = trade.executions
    if trade.tally.badge is Badge.ASSUMED:
        executions = [
            replace(execution, assumed=price if execution.price is None else None)
            for execution, price in zip(executions, trade.prices(), strict=True)
        ]
    return as_text(executions)


def is_any_unattainable(trade: Trade) -> bool:
    for execution in trade.executions:
        if not execution.attainable and execution.corrected is None:
            return True
    return False


def valued(row: PositionRow, worth: Worth) -> PositionRow:
    """The row of a trade after a mark that was the last fact."""
    assert worth.mark is not None
    return replace(
        row,
        mark=worth.mark,
        marked_at=worth.marked_at,
        market_value=worth.lots.open * worth.mark * row.multiplier,
        unrealised=worth.pnl - row.realised,
        pnl=worth.pnl,
        pnl_ratio=worth.ratio,
    )


def _average_entry(worth: Worth, row: PositionRow) -> Decimal | None:
    if worth.entry_cost == row.entry_cost and row.average_entry is not None:
        return row.average_entry
    return ratio(worth.entry_cost / (worth.entered * row.multiplier)) if worth.entered else None
