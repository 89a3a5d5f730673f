"""Visiting: who looks at which page, and the snapshot of the record that they see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial, wraps
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from psycopg import Connection

from application.access import Member
from application.ports import NotFound
from interfaces.compose import House
from interfaces.graphql.documents import Documents
from interfaces.graphql.reading import Asking, Reading, read
from interfaces.pages.asked import Asked, moment_of
from projections.readmodel import Projection
from projections.trail import last_event

T = TypeVar("T")

_body_of = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered: a template and what stands in it, or the address to go to instead."""

    template: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    location: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a page. `named` are the words of its path."""

    house: House
    documents: Documents
    member: Member
    path: str
    named: Mapping[str, Any]
    asked: Asked
    may_export: bool

    def read(self, work: Callable[[Look], T]) -> T:
        """Runs work on one snapshot of what the member may see.

        Raises:
            Unavailable: the database does not answer.
        """
        result, _ = read(partial(self.house.views.of, self.member), lambda r: work(Look(self, r)))
        return result


class Look:
    """A snapshot of the record as it is, or as it was known where that is asked."""

    def __init__(self, visit: Visit, reading: Reading) -> None:
        self.visit = visit
        self._reading = reading

    @property
    def as_of(self) -> int | None:
        """What was known at this position; None is now."""
        return self.visit.asked.as_of

    def of(self, *models: type[Projection], as_of: int | None = None) -> Connection[Any]:
        """The connection for queries on these read models, as they are or were known.

        Raises:
            NotReached: they have not come to that position.
            Unavailable: a read model has not been made yet.
        """
        return self._reading.of(*models, as_of=self.as_of if as_of is None else as_of)

    @property
    def asking(self) -> Asking:
        """The same as what the resolvers of the API take."""
        visit = self.visit
        return Asking(visit.house, visit.documents, visit.member, self._reading)

    def moment(self, as_of: int | None) -> datetime:
        """Up to when windows reach: the moment that is asked for, else now, or when the last event
        known then was decided.
        """
        asked_for = self.visit.asked.text("at")
        if asked_for:
            return moment_of(asked_for)
        if as_of is None:
            return self.visit.house.clock.now().replace(second=0, microsecond=0)
        # Who sees not everything may not see the event at that very position.
        found = last_event(self._reading.connection(), as_of)
        if found is None:
            raise NotFound(f"there is no event at position {as_of}")
        decided = datetime.fromisoformat(_body_of(found.body)["timestamp"])
        # The demo's record ends before the house begins to watch its own clocks.
        return min(decided, self.visit.house.clock.now())


def id_in(text: str) -> UUID | None:
    """The id that stands in an address; None if it is a name or the beginning of an id."""
    try:
        return UUID(text)
    except ValueError:
        return None


def one_of(
    area: str, id_of: Callable[[Visit, str], UUID]
) -> Callable[[Callable[[Look, UUID], Page]], Callable[[Visit], Page]]:
    """Makes pages of a thing that the path names by its id. By another name that `id_of` knows,
    the page is found at that id.
    """

    def made(show: Callable[[Look, UUID], Page]) -> Callable[[Visit], Page]:
        @wraps(show)
        def page(visit: Visit) -> Page:
            key = str(visit.named["key"])
            found = id_in(key)
            if found is not None:
                return visit.read(lambda look: show(look, found))
            rest = visit.path.partition(f"/audit/{area}/")[2].partition("/")[2]
            tail = f"/{rest}" if rest else ""
            return Page(location=f"/audit/{area}/{id_of(visit, key)}{tail}{visit.asked.words()}")

        return page

    return made
