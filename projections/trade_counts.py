"""Trade counts: which counts of a trader's days a trade is in."""

from __future__ import annotations

from datetime import UTC, date, datetime

from domain.trades import Badge, Tally
from projections.pnl import Shift, day_of

UNCOUNTED = Tally(False, datetime.min.replace(tzinfo=UTC), None, False, Badge.VOID)
"""A trade that nothing counts yet."""


def recounted(before: Tally, after: Tally) -> dict[date, Shift]:
    """By how much the counts of days move when a trade counts as `after` instead of `before`."""
    shifts: dict[date, Shift] = {}
    is_open = before.closed_at is None and after.closed_at is None
    # An open trade is counted as opened; what it rests on counts when it is closed.
    if is_open and before[:2] == after[:2] and (before.scored or before.badge is after.badge):
        return shifts
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
