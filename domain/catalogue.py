"""Every event of the house: importing this module registers all stored names."""

from __future__ import annotations

from domain import (
    accounts,
    activities,
    clocks,
    close_alls,
    corrections,
    exit_changes,
    exit_events,
    exits,
    follows,
    frozen_boards,
    holdings,
    limits,
    market,
    members,
    messages,
    notices,
    order_changes,
    order_events,
    orders,
    ranking,
    risk,
    risk_events,
    rooms,
    sectors,
    signal_events,
    signals,
    strays,
    subjects,
    traders,
)
from domain.shared import Event
from domain.transparency import indexed as log_indexed
from domain.transparency import issued as log_issued

AGGREGATES = (
    accounts, activities, clocks, close_alls, corrections, exits, follows, frozen_boards, holdings,
    limits, market, members, messages, notices, orders, ranking, risk, rooms, sectors, signals,
    strays, subjects, traders,
)  # fmt: skip
_EVENT_MODULES = (
    *AGGREGATES, exit_changes, exit_events, order_changes, order_events, risk_events,
    signal_events, log_issued, log_indexed,
)  # fmt: skip


def event_classes() -> dict[str, type[Event]]:
    """All event classes by stored name, in the order of their names."""
    found = {
        value.TOPIC: value
        for module in _EVENT_MODULES
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Event) and "TOPIC" in value.__dict__
    }
    return dict(sorted(found.items()))
