"""A desk whose tape is a list, quick enough for thousands of made-up lives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

from eventsourcing.application import project_aggregate
from eventsourcing.domain import BaseAggregate
from eventsourcing.persistence import StoredEvent

from application.desk import Blind, Desk, Work
from application.ports import Appended, Batch
from application.reaction import Happened, Reaction
from domain.shared import Event

A = TypeVar("A", bound=BaseAggregate[UUID])


class _AsItIs:
    """Keeps events as the objects they are."""

    def to_stored_event(self, event: Event) -> StoredEvent:
        return cast(StoredEvent, event)


class MemoryDesk:
    """Loads and keeps aggregates by their events in memory, with one position for each event."""

    def __init__(self) -> None:
        self.mapper = _AsItIs()
        self.tape = self
        self.blinded: Blind = bytes
        self.log: list[Event] = []
        self._streams: dict[UUID, list[Event]] = {}

    @property
    def as_desk(self) -> Desk:
        """The desk as the application knows it."""
        return cast(Desk, self)

    def load(self, streams: Iterable[UUID]) -> dict[UUID, BaseAggregate[UUID]]:
        found: dict[UUID, BaseAggregate[UUID]] = {}
        for stream in streams:
            events = cast(Any, self._streams.get(stream, ()))
            aggregate: BaseAggregate[UUID] | None = project_aggregate(None, events)
            if aggregate is not None:
                found[stream] = aggregate
        return found

    def append(self, batches: Sequence[Batch]) -> Sequence[Appended]:
        results = []
        for batch in batches:
            first = len(self.log) + 1
            for event in cast(Sequence[Event], batch.events):
                self.log.append(event)
                self._streams.setdefault(event.originator_id, []).append(event)
            results.append(Appended(first, len(self.log)))
        return results

    def keep(self, aggregate: BaseAggregate[UUID]) -> UUID:
        """Stores a new aggregate."""
        self.append([Batch(cast(Any, list(aggregate.collect_events())), cast(Any, None))])
        return aggregate.id

    def change(self, kind: type[A], stream: UUID, act: Callable[[A], object]) -> A:
        """Lets an aggregate act and stores what it decided."""
        aggregate = self.get(kind, stream)
        act(aggregate)
        self.append([Batch(cast(Any, list(aggregate.collect_events())), cast(Any, None))])
        return aggregate

    def get(self, kind: type[A], stream: UUID) -> A:
        """The aggregate of a stream."""
        found = self.load([stream])[stream]
        assert isinstance(found, kind)
        return found


class Follower:
    """Lets a reaction follow the tape of a memory desk."""

    def __init__(self, desk: MemoryDesk, reaction: Reaction) -> None:
        self._desk = desk
        self._reaction = reaction
        self._position = 0

    def catch_up(self) -> None:
        """Reacts until nothing is left."""
        while self._position < len(self._desk.log):
            self.step(1)

    def step(self, events: int) -> None:
        """Reacts to so many events more."""
        first = self._position
        news = self._desk.log[first : first + events]
        self._position += len(news)
        happened = [
            Happened(first + at, event.originator_id, event.timestamp, "test", None, event)
            for at, event in enumerate(news, start=1)
            if type(event) in self._reaction.handles
        ]
        work = Work(self._desk.as_desk)
        self._reaction.react(happened, work)
        work.commit()
        self._reaction.changes()
