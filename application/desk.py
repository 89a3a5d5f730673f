"""The desk: loads aggregates, lets them decide, and saves what they decided, once.

`Desk` is the house's one eventsourcing Application. A command arrives as a `Command` (who,
when, its id and a hash of its input) and runs through `Desk.run`: a command id that is in
already answers with its first outcome, a lost race is decided again on the newer state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from eventsourcing.application import Application, project_aggregate
from eventsourcing.domain import BaseAggregate
from eventsourcing.persistence import InfrastructureFactory, StoredEvent
from eventsourcing.utils import Environment

from application.ports import (
    Appended,
    ApplicationError,
    Batch,
    Conflict,
    Envelope,
    NotFound,
    Tape,
)
from domain.catalogue import event_classes
from domain.shared import DomainError, Event, stream_id

A = TypeVar("A", bound=BaseAggregate[UUID])

Blind = Callable[[bytes], bytes]
"""Makes of a hash another one, of which only who has a secret key can tell what it is of."""

ATTEMPTS = 5
"""How often a command is decided anew when somebody else was faster."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants what decided, and when. `input_hash` covers all that the command was given."""

    id: UUID
    actor: str
    at: datetime
    input_hash: bytes
    correlation: UUID | None = None
    causation: int | None = None

    @classmethod
    def given(
        cls,
        command_id: UUID,
        *given: Any,
        actor: str,
        at: datetime,
        correlation: UUID | None = None,
        causation: int | None = None,
    ) -> Command:
        """A command with the hash of what it was given (anything msgspec can encode)."""
        return cls(
            id=command_id,
            actor=actor,
            at=at,
            input_hash=hashlib.sha256(msgspec.json.encode(given)).digest(),
            correlation=correlation,
            causation=causation,
        )

    @property
    def envelope(self) -> Envelope:
        return Envelope(
            command_id=self.id,
            input_hash=self.input_hash,
            actor=self.actor,
            correlation=self.correlation,
            causation=self.causation,
        )


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a command returns: never state, only where its events are."""

    stream: UUID
    version: int
    position: int


class Desk(Application[UUID]):
    """Loads and saves every aggregate of the house."""

    name = "truetape"

    def __init__(
        self, factory: InfrastructureFactory[Any], tape: Tape, blinded: Blind = bytes
    ) -> None:
        event_classes()  # registers every stored name before the first read
        self._given_factory = factory
        self.tape = tape
        self.blinded = blinded
        super().__init__()

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:  # noqa: ARG002
        return self._given_factory

    def run(self, command: Command, decide: Callable[[Work], BaseAggregate[UUID]]) -> Outcome:
        """Runs one command: `decide` loads, changes and returns the aggregate it is about.

        The outcome's position is 0 if there was nothing to decide.

        Raises:
            Conflict: the id was used for other input, or others were faster every time.
            NotFound, DomainError, Unavailable: as `decide` and the store say.
        """
        for attempt in range(ATTEMPTS):
            # A command that is in already is hardly ever sent: the tape says so when it is.
            earlier = self.outcome_of(command) if attempt else None
            if earlier is not None:
                return earlier
            work = Work(self)
            try:
                aggregate = decide(work)
            except (DomainError, ApplicationError):
                # What is in already is found to be in its own way.
                earlier = self.outcome_of(command)
                if earlier is None:
                    raise
                return earlier
            if not work.save(command):
                nothing = Outcome(stream=aggregate.id, version=aggregate.version, position=0)
                return self.outcome_of(command) or nothing
            result = work.commit()[0]
            if isinstance(result, Appended):
                if result.repeated:
                    return self._outcome_at(result)
                return Outcome(
                    stream=aggregate.id, version=aggregate.version, position=result.last_position
                )
        raise Conflict("others changed it at the same time again and again: try once more")

    def outcome_of(self, command: Command) -> Outcome | None:
        """The first outcome of a command id that is in already.

        Raises:
            Conflict: the id was used for other input.
        """
        known = self.tape.outcome_of(command.id)
        if known is None:
            return None
        input_hash, appended = known
        if input_hash != command.input_hash:
            raise Conflict(f"the command id {command.id} was used for other input: make a new one")
        return self._outcome_at(appended)

    def _outcome_at(self, appended: Appended) -> Outcome:
        last = appended.last_position
        found = self.recorder.select_notifications(start=last, limit=1)[0]
        return Outcome(
            stream=UUID(str(found.originator_id)), version=found.originator_version, position=last
        )

    def event_at(self, position: int) -> Event:
        """The event at a position of the tape."""
        stored = self.recorder.select_notifications(start=position, limit=1)[0]
        event = self.mapper.to_domain_event(stored)
        assert isinstance(event, Event)
        return event

    def load(self, streams: Iterable[UUID]) -> dict[UUID, BaseAggregate[UUID]]:
        """Many aggregates in one read; streams that do not exist are left out."""
        stored = self.tape.read_streams(list(streams))
        loaded: dict[UUID, BaseAggregate[UUID]] = {}
        for stream, events in stored.items():
            aggregate: BaseAggregate[UUID] | None = project_aggregate(
                None, map(self.mapper.to_domain_event, events)
            )
            if aggregate is not None:
                loaded[stream] = aggregate
        return loaded


class Work:
    """Aggregates in hand and the batches that came of them, stored together at `commit`.

    An aggregate loaded twice is the same object, so later commands of one work see what
    earlier ones decided although nothing is stored yet.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.blinded = desk.blinded
        self._in_hand: dict[UUID, BaseAggregate[UUID]] = {}
        self._absent: set[UUID] = set()
        self._taken: list[StoredEvent] = []
        self._batches: list[Batch] = []

    def prefetch(self, streams: Iterable[UUID]) -> Mapping[UUID, BaseAggregate[UUID]]:
        """Takes many streams in hand with one read."""
        wanted = [s for s in streams if s not in self._in_hand and s not in self._absent]
        if wanted:
            loaded = self._desk.load(wanted)
            self._in_hand.update(loaded)
            self._absent.update(s for s in wanted if s not in loaded)
        return self._in_hand

    def expect_new(self, streams: Iterable[UUID]) -> None:
        """Takes it for granted that these do not exist yet; if one does, its batch conflicts."""
        self._absent.update(stream for stream in streams if stream not in self._in_hand)

    def find(self, kind: type[A], stream: UUID) -> A | None:
        """The aggregate of that stream, or None if there is none."""
        aggregate = self.prefetch((stream,)).get(stream)
        if aggregate is None:
            return None
        if not isinstance(aggregate, kind):
            raise NotFound(f"{stream} is no {kind.__name__.lower()}")
        return aggregate

    def get(self, kind: type[A], stream: UUID, *, expected_version: int | None = None) -> A:
        """The aggregate of that stream.

        Raises:
            NotFound: there is none.
            Conflict: it is not at the version that the caller saw.
        """
        aggregate = self.find(kind, stream)
        if aggregate is None:
            raise NotFound(f"there is no {kind.__name__.lower()} {stream}")
        if expected_version is not None and aggregate.version != expected_version:
            raise Conflict(
                f"the {kind.__name__.lower()} is at version {aggregate.version} by now, "
                f"not {expected_version}: look again before deciding"
            )
        return aggregate

    def expect(self, kind: type[A], stream: UUID, version: int | None) -> A | None:
        """The aggregate of that stream, or None at version 0; `version` is what the caller saw.

        Raises:
            Conflict: it is at another version.
        """
        found = self.find(kind, stream)
        now = 0 if found is None else found.version
        if version not in (None, now):
            raise Conflict(
                f"it is at version {now} by now, not {version}: look again before deciding"
            )
        return found

    def begin(self, aggregate: A) -> A:
        """Takes a new aggregate in hand."""
        self._absent.discard(aggregate.id)
        self._in_hand[aggregate.id] = aggregate
        return aggregate

    def take(self, aggregate: BaseAggregate[UUID]) -> None:
        """Puts what the aggregate has decided so far before what others decide next."""
        mapper = self._desk.mapper
        self._taken.extend(map(mapper.to_stored_event, aggregate.collect_events()))

    def save(self, command: Command) -> bool:
        """Makes a batch of all that was decided since the last one; False if nothing was."""
        for aggregate in self._in_hand.values():
            if aggregate.pending_events:
                self.take(aggregate)
        events, self._taken = self._taken, []
        if events:
            self._batches.append(Batch(events, command.envelope))
        return bool(events)

    def commit(self) -> Sequence[Appended | Conflict]:
        """Stores the batches; one answer for each."""
        batches = self.hand_over()
        return self._desk.tape.append(batches) if batches else ()

    def hand_over(self) -> Sequence[Batch]:
        """The batches, for who stores them together with something else."""
        batches, self._batches = self._batches, []
        return batches


def derived_id(*words: str) -> UUID:
    """A command id that follows from what caused the command, so repeating it is harmless."""
    return stream_id("command", *words)
