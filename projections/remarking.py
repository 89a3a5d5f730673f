"""Remarking: what moves when an instrument was quoted otherwise at a moment than it was marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from domain.executions import Contribution
from projections.followed import Followed
from projections.positions import PositionRow
from projections.readmodel import Seen

Remark = Callable[[Seen], None]
"""Moves what was remembered, once the mark is another one."""


class Remarked(Protocol):
    """A trade or a holding that is valued along its marks."""

    @property
    def tally(self) -> Any: ...

    def remembered(self) -> Callable[[], Sequence[Contribution]]: ...


S = TypeVar("S", bound=Remarked)


def remarking(
    found: Sequence[Followed[S]],
    row_of: Callable[[Followed[S]], PositionRow],
    keep: Callable[[Followed[S], Sequence[Contribution], Any, Seen], None],
) -> Remark:
    """Remembers the paths of what may have been valued by a mark, before it is another one."""
    known = [(each, each.subject.tally, each.subject.remembered()) for each in found]

    def move(seen: Seen) -> None:
        for followed, tally, moved in known:
            moves = moved()
            if moves or row_of(followed) != followed.row:
                keep(followed, moves, tally, seen)

    return move
