"""Subject: a person whose words and names are sealed under a key of their own.

The stream is the key's id, and nothing in it says whose key that is. Without the key nobody can
read what was sealed: destroying it is how a person is erased from a record that is never changed.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, Event, Impossible, InvalidInput, Refused

MEMBER = "member"
"""The platform of people who are known here by nothing but a name."""

_NAME_WITH_ID = re.compile(r".*\(([a-z]+):([^()\s]+)\)", re.DOTALL)
_ID_ALONE = re.compile(r"\d{5,}", re.ASCII)


def subject_of(name: str) -> tuple[str, str]:
    """The platform, and the id there, of whom a name on record means: `nora (discord:4711)` or
    `4711` is who has that id whatever they are called; any other name stands for itself.
    """
    found = _NAME_WITH_ID.fullmatch(name)
    if found is not None:
        return found[1], found[2]
    return ("discord" if _ID_ALONE.fullmatch(name) else MEMBER), name


class UnderHold(Refused):
    """Somebody's words have to be kept for a legal matter."""

    code = "under_hold"


class SubjectOpened(Created, frozen=True, kw_only=True):
    """A hold or an erasure of a person was asked for the first time; it follows."""

    TOPIC: ClassVar[str] = "subject.opened"


class SubjectHoldPlaced(Event, frozen=True, kw_only=True):
    """A legal matter needs what the person said: until it is over, they cannot be erased."""

    TOPIC: ClassVar[str] = "subject.hold_placed"

    matter: str
    by: str

    def apply(self, aggregate: Subject) -> None:
        aggregate.matters = (*aggregate.matters, self.matter)


class SubjectHoldLifted(Event, frozen=True, kw_only=True):
    """The matter asks for nothing any more."""

    TOPIC: ClassVar[str] = "subject.hold_lifted"

    matter: str
    reason: str
    by: str

    def apply(self, aggregate: Subject) -> None:
        aggregate.matters = tuple(each for each in aggregate.matters if each != self.matter)


class SubjectErased(Event, frozen=True, kw_only=True):
    """The person's key was destroyed with this event; read models and caches are made anew."""

    TOPIC: ClassVar[str] = "subject.erased"

    reason: str
    by: str

    def apply(self, aggregate: Subject) -> None:
        aggregate.erased_at = self.timestamp


class Subject(BaseAggregate[UUID]):
    """One person's key: what keeps it, and whether it is gone."""

    TOPIC: ClassVar[str] = "subject"

    def __init__(self) -> None:
        self.matters: tuple[str, ...] = ()
        """For which the person's words have to be kept."""
        self.erased_at: datetime | None = None

    @classmethod
    def open(cls, key_id: UUID, *, at: datetime) -> Subject:
        """Begins the story of a key."""
        return cls._create(SubjectOpened, id=key_id, timestamp=at)

    def place_hold(self, matter: str, *, by: str, at: datetime) -> None:
        """Keeps the person's words for a matter.

        Raises:
            InvalidInput: no matter.
            Impossible: they are kept for it already, or the person was erased.
        """
        self._require_readable()
        if not matter.strip() or not matter.strip().isprintable():
            raise InvalidInput("say for which matter, in one line: who lifts the hold names it")
        if matter.strip() in self.matters:
            raise Impossible(f"a hold for {matter.strip()} is in force already")
        self.trigger_event(SubjectHoldPlaced, matter=matter.strip(), by=by, timestamp=at)

    def lift_hold(self, matter: str, *, reason: str, by: str, at: datetime) -> None:
        """Says that a matter needs the words no more.

        Raises:
            InvalidInput: no reason.
            Impossible: there is no such hold.
        """
        _require_reason(reason)
        if matter.strip() not in self.matters:
            held = ", ".join(self.matters) or "none"
            raise Impossible(f"there is no hold for {matter.strip()!r}; in force: {held}")
        self.trigger_event(
            SubjectHoldLifted, matter=matter.strip(), reason=reason.strip(), by=by, timestamp=at
        )

    def erase(self, *, reason: str, by: str, at: datetime) -> None:
        """Decides that nobody is to read again what the person said.

        Raises:
            InvalidInput: no reason.
            UnderHold: a legal matter needs it.
            Impossible: the person was erased already.
        """
        self._require_readable()
        _require_reason(reason)
        if self.matters:
            raise UnderHold(f"kept for {', '.join(self.matters)}: a hold comes before an erasure")
        self.trigger_event(SubjectErased, reason=reason.strip(), by=by, timestamp=at)

    def _require_readable(self) -> None:
        if self.erased_at is not None:
            raise Impossible(f"erased already, on {self.erased_at:%Y-%m-%d %H:%M:%S} UTC")


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput("say why: whoever looks at the record later will ask")
