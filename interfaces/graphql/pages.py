"""Pages: lists in pieces, each going on after the cursor of the last row of the one before."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import msgspec
import strawberry

from domain.shared import InvalidInput, learned
from interfaces.graphql.kinds import resolved

FIRST = 20
FIRST_MAX = 100

N = TypeVar("N")
R = TypeVar("R")
C = TypeVar("C", bound=tuple[Any, ...])

First = Annotated[int, strawberry.argument(description=f"How many rows at most, 1 to {FIRST_MAX}.")]
After = Annotated[
    str | None, strawberry.argument(description="Go on after the row of this cursor.")
]


class ByTime(NamedTuple):
    """A place in a list that is ordered by time."""

    at: datetime
    id: UUID


class ByName(NamedTuple):
    """A place in a list that is ordered by name."""

    name: str
    id: UUID


class ByDay(NamedTuple):
    """A place in a list of days."""

    day: date


class ByGroup(NamedTuple):
    """A place in a list of named groups, of which several may have one name."""

    rank: int
    group: str
    key: str


class ByPosition(NamedTuple):
    """A place on the tape."""

    position: int


@strawberry.type(description="Where a page ends and whether another one follows.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(description="A row and the cursor by which the list goes on after it.")
class Edge(Generic[N]):
    cursor: str
    node: N


@strawberry.type(description="A page of a list.")
class Connection(Generic[N]):
    edges: list[Edge[N]]
    page_info: PageInfo

    @resolved("The rows without their cursors.")
    def nodes(self) -> list[N]:
        return [edge.node for edge in self.edges]


def cursor_of(*place: Any) -> str:
    """The opaque text that stands for a place in a list."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def place_of(cursor: str | None, kind: type[C]) -> C | None:
    """The place a cursor stands for, None for the beginning.

    Raises:
        InvalidInput: it is no cursor of such a list.
    """
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        place: C = msgspec.json.decode(text, type=learned(kind))
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise InvalidInput("this cursor is of no page of this list: begin without one") from None
    return place


def limit_of(first: int) -> int:
    """How many rows to ask for, so that one more than wanted tells whether there are more.

    Raises:
        InvalidInput: nobody gets that many.
    """
    if not 1 <= first <= FIRST_MAX:
        raise InvalidInput(f"first is 1 to {FIRST_MAX}, not {first}")
    return first + 1


def page_of(
    rows: Sequence[R],
    first: int,
    place: Callable[[R], tuple[Any, ...]],
    shown: Callable[[R], N],
    after: str | None,
) -> Connection[N]:
    """The page of these rows, of which there is one more if the list goes on.

    `place` says by which values the list goes on after a row.
    """
    edges = [Edge(cursor=cursor_of(*place(row)), node=shown(row)) for row in rows[:first]]
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=len(rows) > first,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )
