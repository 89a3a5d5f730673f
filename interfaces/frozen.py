"""Frozen boards as both command line and GraphQL make and check them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol

import msgspec
from psycopg import Connection

from application.freezing import Standings
from domain.frozen_boards import Period, rows_text
from projections.frozen_boards import FrozenBoardRow
from projections.leaderboards import Board, By, board
from projections.windows import Span, Window, end_of, period_of, span_of

FIRST_SESSION = date(2015, 1, 1)


class Calendar(Protocol):
    """What says on which days there is trading."""

    def session_dates(self, first: date, last: date) -> Sequence[date]: ...


class Checked(NamedTuple):
    """What a frozen board is found to be: `is_whole` if its rows have the hash they were frozen
    with, `is_same` if the read models give the same rows as known at its position.
    """

    is_whole: bool
    is_same: bool

    @property
    def told(self) -> str:
        """What a person is told."""
        if not self.is_whole:
            return "its rows are not those that were frozen: the hash differs"
        if not self.is_same:
            return "its rows are those that were frozen; computed anew they differ"
        return "its rows are those that were frozen, and computed anew they are the same"


def board_to_freeze(
    connection: Connection[Any],
    calendar: Calendar,
    window: Window,
    by: By | None,
    day: date,
    position: int,
    version: int | None = None,
) -> tuple[Period, Standings]:
    """The board of the whole period that a day is in, as known at a position of the tape: by the
    rules that held on its last day, or another version of them.

    Raises:
        InvalidInput: the window is one of hours, or there are no such rules.
    """
    span = period_of(window, day)
    found = _board(connection, calendar, span, by, position, version)
    period = Period(
        window=window.value, ordered_by=found.by.value, first=found.first, last=found.last
    )
    return period, Standings(_rows(found), found.rules.version, position)


def checked(connection: Connection[Any], calendar: Calendar, frozen: FrozenBoardRow) -> Checked:
    """Holds a frozen board against its hash, and against what is computed anew.

    Only figures that it was frozen with are compared: a later program may know more of them.
    """
    return Checked(frozen.is_whole, _is_same(connection, calendar, frozen))


def _is_same(connection: Connection[Any], calendar: Calendar, frozen: FrozenBoardRow) -> bool:
    if frozen.ordered_by not in list(By) or frozen.window not in list(Window):
        return False
    span = span_of(Window(frozen.window), end_of(frozen.last_day))
    by, version = By(frozen.ordered_by), frozen.rules_version
    found = _board(connection, calendar, span, by, frozen.position, version)
    names = set().union(*frozen.standings)
    now = [{name: row[name] for name in row if name in names} for row in _rows(found)]
    return rows_text(now) == frozen.rows


def _board(
    connection: Connection[Any],
    calendar: Calendar,
    span: Span,
    by: By | None,
    position: int,
    version: int | None,
) -> Board:
    sessions = calendar.session_dates(max(span.first, FIRST_SESSION), span.last)
    return board(connection, span, by, sessions, as_of=position, version=version)


def _rows(found: Board) -> list[dict[str, Any]]:
    """The standings as rows of single values."""
    rows = []
    for standing in found.standings:
        row = {name.rstrip("_"): value for name, value in msgspec.structs.asdict(standing).items()}
        skill = row.pop("skill")
        rows.append(row if skill is None else {**row, **msgspec.structs.asdict(skill)})
    return rows
