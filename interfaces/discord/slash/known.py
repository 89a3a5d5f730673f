"""What is known: how far the read models are, and which days were traded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Protocol

from psycopg import Connection

from interfaces.compose import House
from projections.checkpoints import read_checkpoints
from projections.readmodel import Projection
from projections.windows import Span

FIRST_SESSION = date(2015, 1, 1)


class _Calendar(Protocol):
    def session_dates(self, first: date, last: date) -> Sequence[date]: ...


def known_position(connection: Connection[Any], *models: type[Projection]) -> int:
    """The position of the tape that all of these read models have come to."""
    found = read_checkpoints(connection, [model.name for model in models])
    return min((checkpoint.position for checkpoint in found.values()), default=0)


def sessions_of(house: House, span: Span) -> Sequence[date]:
    """The trading days of a span."""
    return _sessions(house.calendar, max(span.first, FIRST_SESSION), span.last)


@lru_cache(maxsize=64)
def _sessions(calendar: _Calendar, first: date, last: date) -> Sequence[date]:
    """Asking the calendar takes as long as the query that needs it."""
    return tuple(calendar.session_dates(first, last))
