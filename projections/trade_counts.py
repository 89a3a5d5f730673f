"""Trade counts: which counts and sums of a trader's days a trade is in."""

from __future__ import annotations

from datetime import UTC, date, datetime

from domain.stakes import Stake, measured, stake_of
from domain.trades import Badge, Tally, Trade
from projections.followed import Followed
from projections.pnl import Shift, day_of
from projections.trade_sums import Counted, terms_of

UNCOUNTED = Tally(False, datetime.min.replace(tzinfo=UTC), None, False, Badge.VOID)
"""A trade that nothing counts yet."""


def recounted(before: Tally, after: Tally) -> dict[date, Shift]:
    """By how much the counts of days move when a trade counts as `after` instead of `before`."""
    shifts: dict[date, Shift] = {}
    if before.closed_at is None and before[:2] == after[:2]:
        if after.closed_at is None:
            # An open trade is counted as opened; what it rests on counts when it is closed.
            if before.scored or before.badge is after.badge:
                return shifts
        elif after.scored:
            counts = {"closed": 1, after.badge.value: 1}
            if after.won:
                counts["wins"] = 1
            return {day_of(after.closed_at): Shift(counts=counts)}
    was, now = _counted(before), _counted(after)
    if was == now:
        return shifts
    for units, times in ((was, -1), (now, 1)):
        for unit in units:
            if unit in was and unit in now:
                continue
            at, name = unit
            shift = shifts.setdefault(day_of(at), Shift())
            if shift.counts is None:
                shift.counts = {}
            shift.counts[name] = shift.counts.get(name, 0) + times
    return shifts


def _counted(tally: Tally) -> tuple[tuple[datetime, str], ...]:
    """The counts that a trade is in, and the moment whose day they are of."""
    _, opened_at, closed_at, won, badge = tally
    if not tally.scored:
        return ((opened_at, "unattainable"),) if badge is Badge.UNATTAINABLE else ()
    opened = (opened_at, "opened")
    if closed_at is None:
        return (opened,)
    closed = (opened, (closed_at, "closed"), (closed_at, badge.value))
    return (*closed, (closed_at, "wins")) if won else closed


def summed(followed: Followed[Trade]) -> Counted | None:
    """The trade as it is in the sums; None while it is open, or does not count."""
    trade = followed.subject
    tally = trade.tally
    if tally.closed_at is None or not tally.scored:
        return None
    found = measured(trade.worth.pnl, _stake(followed))
    return None if found is None else Counted(day_of(tally.closed_at), terms_of(found))


def _stake(followed: Followed[Trade]) -> Stake:
    trade, row, worth = followed.subject, followed.row, followed.subject.worth
    executions = trade.executions
    is_option = row.expiry is not None and row.symbol[0] not in "+-"
    if trade.sign > 0 and is_option and worth.entered == executions[0].quantity:
        # One contract bought once, which is what most trades are, can lose what it cost.
        return Stake(worth.tied, worth.tied)
    moves = zip((one.quantity for one in executions), trade.prices_counted(), strict=True)
    return stake_of(followed.side, followed.legs, row.multiplier, moves)
