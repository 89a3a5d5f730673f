"""What every automatic step is made of: events come in, commands go out, once.

A reaction reads the tape in order. The runner that drives it stores what it decided, its
own state and its place on the tape in one transaction, so each event is reacted to exactly
once, whatever crashes. Reactions are never rebuilt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from application.desk import Command, Work, derived_id
from domain.shared import Event


class Happened(msgspec.Struct, frozen=True):
    """An event with its envelope, as a reaction sees it."""

    position: int
    stream: UUID
    recorded_at: datetime
    actor: str
    """As it is stored: the name of a person is sealed in it."""
    correlation: UUID | None
    event: Event


class Reaction(Protocol):
    """One automatic step."""

    @property
    def name(self) -> str:
        """Names the reaction's place on the tape and the actor in its events."""
        ...

    @property
    def handles(self) -> frozenset[type[Event]]:
        """The events it wants to see."""
        ...

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Takes up the state that was stored with its place, and forgets all that was not."""
        ...

    def react(self, happened: Sequence[Happened], work: Work) -> None:
        """Decides; every decision is a `work.save`."""
        ...

    def changes(self) -> Mapping[str, bytes | None]:
        """State changed since the last call; None for what is gone."""
        ...


class Memory:
    """Keyed values of a reaction, remembering which changed."""

    def __init__(self) -> None:
        self._changed: dict[str, bytes | None] = {}

    def put(self, key: str, value: msgspec.Struct) -> None:
        self._changed[key] = msgspec.json.encode(value)

    def drop(self, key: str) -> None:
        self._changed[key] = None

    def take(self) -> Mapping[str, bytes | None]:
        changed, self._changed = self._changed, {}
        return changed


def consequence(reaction: str, cause: Happened, part: str = "") -> Command:
    """The command that follows from an event; the same event gives the same command."""
    return Command.given(
        derived_id(reaction, str(cause.position), part),
        actor=f"reaction:{reaction}",
        at=cause.event.timestamp,
        correlation=cause.correlation or cause.stream,
        causation=cause.position,
    )
