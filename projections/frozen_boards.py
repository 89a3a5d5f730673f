"""Frozen boards: periods whose standings are on record, shown as they were frozen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection

from domain.frozen_boards import BoardFrozen, rows_hash
from projections.pages import Past, select_one, select_page
from projections.readmodel import Index, Projection, Row, Seen, Table, when


class FrozenBoardRow(Row, frozen=True, kw_only=True):
    """A frozen board. `rows` is the text that was frozen, `sha256` the hash it was frozen with;
    it was known at `position`.
    """

    board: UUID
    window: str
    ordered_by: str
    first_day: date
    last_day: date
    rules_version: int
    position: int
    traders: int
    sha256: str
    rows: str
    by: str
    frozen_at: datetime

    @property
    def standings(self) -> list[dict[str, Any]]:
        """The rows in their order."""
        found: list[dict[str, Any]] = msgspec.json.decode(self.rows)
        return found

    @property
    def is_whole(self) -> bool:
        """Whether the rows are those that were frozen, by their hash."""
        return rows_hash(self.rows) == self.sha256


class FrozenBoards(Projection):
    """Keeps every frozen board."""

    name = "frozen_boards"
    kind = "feed"

    def __init__(self) -> None:
        self.boards = Table("frozen_boards", FrozenBoardRow, ["board"], [Index("last_day, board")])
        self.tables = (self.boards,)

    @when(BoardFrozen)
    def frozen(self, event: BoardFrozen, seen: Seen) -> None:
        row = FrozenBoardRow(
            board=seen.stream,
            window=event.period.window,
            ordered_by=event.period.ordered_by,
            first_day=event.period.first,
            last_day=event.period.last,
            rules_version=event.rules_version,
            position=event.position,
            traders=event.count,
            sha256=event.sha256,
            rows=event.rows,
            by=event.by,
            frozen_at=event.timestamp,
        )
        self.boards.insert(row, seen.position)


_BOARDS = FrozenBoards().boards.shape


def frozen_boards(
    connection: Connection[Any],
    *,
    as_of: int | None = None,
    after: tuple[date, UUID] | None = None,
    limit: int = 50,
) -> Sequence[FrozenBoardRow]:
    """Frozen boards, the latest period first; `after` is (last_day, board) of the last seen."""
    return select_page(
        connection, _BOARDS, where={}, order=["last_day", "board"],
        past=Past(fixed=("last_day",), is_lasting=True), as_of=as_of, after=after, limit=limit,
    )  # fmt: skip


def frozen_board(
    connection: Connection[Any], board: UUID, *, as_of: int | None = None
) -> FrozenBoardRow | None:
    """One frozen board."""
    return select_one(connection, _BOARDS, {"board": board}, as_of)
