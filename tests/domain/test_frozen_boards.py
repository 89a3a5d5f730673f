"""A frozen board: one text of its rows, the hash of it, and one of each kind."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.frozen_boards import (
    BoardFrozen,
    FrozenBoard,
    Period,
    board_stream,
    rows_hash,
    rows_text,
)
from domain.shared import InvalidInput
from tests.domain.told import replayed, state_of, told_by

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
WEEK = Period(window="week", ordered_by="return", first=date(2026, 11, 16), last=date(2026, 11, 22))
NORA = UUID(int=7)
ROWS: list[dict[str, Any]] = [
    {"rank": 1, "trader": NORA, "name": "Nora", "return": Decimal("0.050000000000"), "n": 3},
    {"rank": None, "trader": UUID(int=8), "name": "Ül", "return": Decimal("-0E-12"), "n": 1},
]


def frozen(period: Period = WEEK, today: date = MONDAY) -> FrozenBoard:
    return FrozenBoard.freeze(
        period, ROWS, rules_version=2, position=41, by="ada", today=today, at=AT
    )


def test_rows_have_one_text_whatever_their_zeros_and_order() -> None:
    text = rows_text(ROWS)
    assert text == (
        '[{"n":3,"name":"Nora","rank":1,"return":"0.05",'
        '"trader":"00000000-0000-0000-0000-000000000007"},'
        '{"n":1,"name":"Ül","rank":null,"return":"0",'
        '"trader":"00000000-0000-0000-0000-000000000008"}]'
    )
    turned = [dict(reversed(row.items())) for row in ROWS]
    turned[0]["return"] = Decimal("0.05")
    assert rows_text(turned) == text
    assert rows_text(ROWS[::-1]) != text
    assert rows_hash(text) == hashlib.sha256(text.encode()).hexdigest()


def test_a_frozen_board_carries_its_rows_and_their_hash() -> None:
    board = frozen()
    (event,) = told_by(board)
    assert isinstance(event, BoardFrozen)
    assert (event.period, event.rules_version, event.position) == (WEEK, 2, 41)
    assert (event.count, event.rows, event.by) == (2, rows_text(ROWS), "ada")
    assert event.sha256 == rows_hash(event.rows) == board.sha256
    assert board.id == board_stream(WEEK, 2)
    assert state_of(replayed([event])) == state_of(board)


def test_each_order_and_version_of_the_rules_has_a_board_of_its_own() -> None:
    other = Period(window="week", ordered_by="pnl", first=WEEK.first, last=WEEK.last)
    assert len({board_stream(WEEK, 1), board_stream(WEEK, 2), board_stream(other, 2)}) == 3


def test_a_period_that_goes_on_is_not_frozen() -> None:
    with pytest.raises(InvalidInput, match="can be frozen on the day after"):
        frozen(today=WEEK.last)


def test_a_board_without_anybody_is_not_frozen() -> None:
    with pytest.raises(InvalidInput, match="nobody is on the board"):
        FrozenBoard.freeze(WEEK, [], rules_version=2, position=41, by="ada", today=MONDAY, at=AT)
