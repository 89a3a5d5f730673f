"""Frozen board: a period's standings, put on record once and for all.

Later corrections, late evidence and new rules change what the past looks like from today; a
frozen board stays what everybody was shown. Its rows are in the event, as the one text that
canonical JSON has for them, and so is that text's hash, by which anybody can tell that a copy
is the one that was frozen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, InvalidInput, Value, stream_id
from domain.transparency.canonical import Json, canonical


class Period(Value, frozen=True, kw_only=True):
    """What a board is of: a window of whole days, both included, and the figure it is by."""

    window: str
    ordered_by: str
    first: date
    last: date


def board_stream(period: Period, rules_version: int) -> UUID:
    """The stream of a period's board: there is one for each order and version of the rules."""
    words = (period.window, period.ordered_by, period.first, period.last, rules_version)
    return stream_id("board", *map(str, words))


def rows_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as canonical JSON (RFC 8785): figures as text, without zeros that say nothing."""
    return canonical(
        [{name: _plain(value) for name, value in row.items()} for row in rows]
    ).decode()


def rows_hash(text: str) -> str:
    """SHA-256 of the rows' canonical text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Json:
    if isinstance(value, Decimal):
        return f"{value.normalize() + 0:f}"
    if value is None or isinstance(value, int | str):
        return value
    return repr(value) if isinstance(value, float) else str(value)


class BoardFrozen(Created, frozen=True, kw_only=True):
    """A period's board was put on record; nothing later changes it.

    `position` is the place on the tape up to which it was known, `rows` the canonical JSON of
    its rows in their order, `sha256` the hash of that text.
    """

    TOPIC: ClassVar[str] = "board.frozen"

    period: Period
    rules_version: int
    position: int
    count: int
    sha256: str
    rows: str
    by: str


class FrozenBoard(BaseAggregate[UUID]):
    """One period's board, frozen."""

    TOPIC: ClassVar[str] = "board"

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256

    @classmethod
    def freeze(
        cls,
        period: Period,
        rows: Sequence[Mapping[str, Any]],
        *,
        rules_version: int,
        position: int,
        by: str,
        today: date,
        at: datetime,
    ) -> FrozenBoard:
        """Puts the board on record; `today` is the exchange's day.

        Raises:
            InvalidInput: the period is not over, or nobody is on its board.
        """
        if period.last >= today:
            raise InvalidInput(
                f"the period ends on {period.last}: it can be frozen on the day after"
            )
        if not rows:
            raise InvalidInput(f"nobody is on the board of {period.first} to {period.last}")
        text = rows_text(rows)
        return cls._create(
            BoardFrozen,
            id=board_stream(period, rules_version),
            period=period,
            rules_version=rules_version,
            position=position,
            count=len(rows),
            sha256=rows_hash(text),
            rows=text,
            by=by,
            timestamp=at,
        )
