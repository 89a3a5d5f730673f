"""Rehearsing: commands that decide in memory; what they decide is told and never stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from application.desk import Command, Work
from application.ports import Appended, Conflict
from domain.shared import Event
from domain.signals import Signal
from domain.traders import Trader

Tell = Callable[[Sequence[Event]], None]


class Rehearsal(Work):
    """Work without a desk: what aggregates decide goes to `tell` instead of the tape.

    Between two messages aggregates lie on a shelf; a trade that is over leaves it, so that a
    long history takes no more room than what is open at a time.
    """

    def __init__(self, tell: Tell, aggregates: Iterable[BaseAggregate[UUID]] = ()) -> None:
        self._tell = tell
        self._shelf = {aggregate.id: aggregate for aggregate in aggregates}
        self._in_hand = {}
        self._absent = set()

    def prefetch(self, streams: Iterable[UUID]) -> Mapping[UUID, BaseAggregate[UUID]]:
        """Takes aggregates off the shelf; there is nowhere else to look."""
        for stream in streams:
            if stream not in self._in_hand and stream in self._shelf:
                self._in_hand[stream] = self._shelf.pop(stream)
        return self._in_hand

    def save(self, command: Command) -> bool:  # noqa: ARG002 - nothing is stored under it
        """Tells what was decided."""
        told: list[Event] = []
        for aggregate in self._in_hand.values():
            told.extend(_events_of(aggregate))
        if told:
            self._tell(told)
        return bool(told)

    def commit(self) -> Sequence[Appended | Conflict]:
        """Nothing is ever stored."""
        return ()

    def put_away(self) -> None:
        """Puts what is still of use back on the shelf."""
        for stream, aggregate in self._in_hand.items():
            if isinstance(aggregate, Trader) or (
                isinstance(aggregate, Signal) and not _is_over(aggregate)
            ):
                self._shelf[stream] = aggregate
        self._in_hand = {}

    def signals(self) -> list[Signal]:
        """The trades that are still open."""
        return [found for found in self._shelf.values() if isinstance(found, Signal)]

    def on_shelf(self, stream: UUID) -> Signal | None:
        """A trade that is still open."""
        found = self._shelf.get(stream)
        return found if isinstance(found, Signal) else None

    def forget(self, stream: UUID) -> None:
        """Drops a trade that nothing can happen to any more."""
        self._shelf.pop(stream, None)


def _is_over(signal: Signal) -> bool:
    return signal.voided or signal.closed or signal.open_quantity <= 0


def _events_of(aggregate: BaseAggregate[UUID]) -> list[Event]:
    return [event for event in aggregate.collect_events() if isinstance(event, Event)]
