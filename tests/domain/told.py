"""What aggregates decided, and the same aggregates made of it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Event

LIBRARYS_OWN = {"_id", "_version", "_created_on", "_modified_on", "_pending_events"}


def told_by(aggregate: BaseAggregate[UUID]) -> list[Event]:
    """Everything it decided that was not asked for yet."""
    events: list[Event] = []
    for event in aggregate.collect_events():
        assert isinstance(event, Event)
        events.append(event)
    return events


def last_of(aggregate: BaseAggregate[UUID]) -> Event:
    """What it decided last."""
    return told_by(aggregate)[-1]


def names_of(events: Sequence[Event]) -> list[str]:
    return [event.TOPIC for event in events]


def replayed(events: Sequence[Event]) -> Any:
    """The aggregate that these events make."""
    aggregate = None
    for event in events:
        aggregate = event.mutate(aggregate)
    return aggregate


def state_of(aggregate: BaseAggregate[UUID]) -> dict[str, Any]:
    """All that the aggregate remembers."""
    found = {name: value for name, value in vars(aggregate).items() if name not in LIBRARYS_OWN}
    return {**found, "id": aggregate.id, "version": aggregate.version}
