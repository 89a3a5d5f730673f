"""Given events, then rows: folds what aggregates decided, without a database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Event
from projections.folding import handlers_of
from projections.readmodel import Line, Projection, Row, Strip, Table

R = TypeVar("R", bound=Row)
L = TypeVar("L", bound=Line)


class Told(NamedTuple):
    """Where an event would lie on the tape."""

    position: int
    stream: UUID
    version: int
    name: str
    recorded_at: datetime
    actor: str = "test"
    correlation: UUID | None = None
    causation: int | None = None


class Story:
    """What happens, in order, folded into one read model at once."""

    def __init__(self, projection: Projection) -> None:
        self._handlers = handlers_of([projection])
        self.position = 0

    def tell(self, *aggregates: BaseAggregate[UUID]) -> int:
        """Folds what the aggregates decided since they were told of last."""
        for aggregate in aggregates:
            for event in aggregate.collect_events():
                assert isinstance(event, Event)
                self.hear(event)
        return self.position

    def hear(self, event: Event) -> None:
        """Folds one event."""
        self.position += 1
        told = Told(
            self.position,
            event.originator_id,
            event.originator_version,
            event.TOPIC,
            event.timestamp,
        )
        for handle in self._handlers.get(event.TOPIC, ()):
            handle(event, told)


def current(table: Table[R]) -> list[R]:
    """The rows as they are now."""
    return list(table.in_memory())


def versions(table: Table[R]) -> list[R]:
    """All versions, in the order in which they began."""
    return sorted([*table.closed(), *table.in_memory()], key=lambda row: row.valid_from)


def lines(strip: Strip[L]) -> list[L]:
    return list(strip.in_memory())


def fields(row: Any, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)
