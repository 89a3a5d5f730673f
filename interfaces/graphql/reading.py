"""Reading: one snapshot of the read models for the length of a request, and what it used.

Every field of a request reads over one connection in one snapshot, so that figures of one
reply fit together. What was used says how long the reply holds.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from psycopg import Connection

from application.access import Member
from application.ports import Unavailable
from domain.shared import InvalidInput
from interfaces.compose import House
from interfaces.graphql.documents import Documents
from interfaces.graphql.errors import database_errors
from interfaces.graphql.moves import Place, Places, read_places
from projections.readmodel import Projection

STATEMENT_S_MAX = 5
REQUEST_S_MAX = 15
ATTEMPTS = 3
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")

_BEGIN = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;"
    f" SET LOCAL statement_timeout = '{STATEMENT_S_MAX}s';"
    f" SET LOCAL transaction_timeout = '{REQUEST_S_MAX}s'"
)


class NotReached(InvalidInput):
    """The read models have not come to that position of the tape."""

    code = "not_reached"


class Reading:
    """The read models as they are in one snapshot."""

    def __init__(self, connection: Connection[Any], places: Places) -> None:
        self._connection = connection
        self._places = places
        self.used: dict[str, Place] = {}
        """Read models whose present rows were read."""
        self.used_then: dict[str, Place] = {}
        """Read models of which only the past was read, which no event changes any more."""
        self.holds_until: datetime | None = None
        """When the reply is over although nothing has moved."""
        self.is_momentary = False
        """Whether the reply is true for this moment only."""

    def of(self, *models: type[Projection], as_of: int | None) -> Connection[Any]:
        """The connection for queries on these read models as known at a position.

        Raises:
            NotReached: they have not come to that position.
            InvalidInput: it is no position.
            Unavailable: a read model has not been made yet.
        """
        for model in models:
            place = self._places.get(model.name)
            if place is None:
                raise Unavailable(f"the read model {model.name} is not there yet")
            if as_of is None:
                self.used[model.name] = place
                continue
            if as_of < 0:
                raise InvalidInput(f"asOf is a position of the tape, not {as_of}")
            if as_of > place.position:
                raise NotReached(
                    f"position {as_of} is not reached: {model.name} is at {place.position}"
                )
            self.used_then[model.name] = place
        return self._connection

    def reached(self, *models: type[Projection]) -> tuple[int, bool]:
        """The position that all of these have come to, and whether none is ahead of it."""
        positions = {self._places[model.name].position for model in models}
        return min(positions), len(positions) == 1

    def connection(self) -> Connection[Any]:
        """The connection for what is true at this moment only."""
        self.is_momentary = True
        return self._connection

    def holds(self, until: datetime) -> None:
        """Says that the reply depends on the time and is over then."""
        if self.holds_until is None or until < self.holds_until:
            self.holds_until = until

    def is_sound(self, places: Places) -> bool:
        """Whether no read model was swapped for another build between snapshot and query."""
        every = {**self.used_then, **self.used}
        return all(
            name in places and places[name].build == place.build for name, place in every.items()
        )


def read(
    connect: Callable[[], AbstractContextManager[Connection[Any]]], work: Callable[[Reading], T]
) -> tuple[T, Reading]:
    """Runs work on one snapshot; once more if read models were swapped under it.

    Raises:
        Unavailable: the database does not answer, or swaps read models without end.
    """
    with database_errors(), connect() as connection:
        for _ in range(ATTEMPTS):
            with _snapshot(connection):
                reading = Reading(connection, read_places(connection))
                result = work(reading)
            # A view that is swapped shows its new rows to no older snapshot.
            if reading.is_sound(read_places(connection)):
                return result, reading
    raise Unavailable("the read models are being rebuilt")


@contextmanager
def _snapshot(connection: Connection[Any]) -> Iterator[None]:
    connection.execute(_BEGIN)
    try:
        yield
    finally:
        connection.execute("COMMIT")


class Batch(Generic[K, V]):
    """What many rows need of another table, fetched for all of them by one query.

    The rows of a page share one; the first that asks causes the query.
    """

    def __init__(self, keys: Iterable[K], fetch: Callable[[list[K]], Mapping[K, V]]) -> None:
        self._keys = keys
        self._fetch = fetch
        self._found: Mapping[K, V] | None = None

    def fetch(self) -> Mapping[K, V]:
        """Everything, fetched at the first call."""
        if self._found is None:
            self._found = self._fetch(sorted(set(self._keys), key=str))
        return self._found

    def get(self, key: K) -> V | None:
        """What belongs to the key."""
        return self.fetch().get(key)


class Asking:
    """Who asks, and what their request may use; the context of every resolver."""

    def __init__(
        self,
        house: House,
        documents: Documents,
        member: Member | None,
        reading: Reading | None = None,
    ) -> None:
        self.house = house
        self.documents = documents
        self.member = member
        self._reading = reading

    @property
    def reading(self) -> Reading:
        """The snapshot that queries read."""
        assert self._reading is not None, "only queries read"
        return self._reading

    def position_at(self, moment: datetime) -> int:
        """The last position that was recorded up to a moment."""
        position = self.house.position_at(moment)
        if position == self.house.head():
            # More may be recorded before the moment is over.
            self.reading.connection()
        return position


def asking_of(info: Any) -> Asking:
    """The context of a resolver."""
    return cast("Asking", info.context)
