"""Admins freeze a period's board once for each order and version of the rules."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from application.desk import Desk
from application.freezing import Standings, freeze_board
from application.ports import Conflict, Forbidden
from domain.frozen_boards import BoardFrozen, Period
from domain.shared import Impossible, InvalidInput
from tests.application.acts import ADA, DANA, command, last, names

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
WEEK = Period(window="week", ordered_by="return", first=date(2026, 11, 16), last=date(2026, 11, 22))
BOARD = Standings([{"name": "Nora", "rank": 1}], rules_version=2, position=41)


def test_a_board_is_frozen_once(desk: Desk) -> None:
    freeze_board(desk, command(WEEK, at=AT), ADA, WEEK, BOARD, expected_version=0)
    event = last(desk, BoardFrozen)
    assert (event.rows, event.by) == ('[{"name":"Nora","rank":1}]', "ada")
    later = BOARD._replace(position=42)
    with pytest.raises(Impossible, match="is frozen already, by rules 2"):
        freeze_board(desk, command(WEEK, at=AT), ADA, WEEK, later)
    with pytest.raises(Conflict, match="at version 1 by now"):
        freeze_board(desk, command(WEEK, at=AT), ADA, WEEK, later, expected_version=0)
    freeze_board(desk, command(WEEK, at=AT), ADA, WEEK, later._replace(rules_version=3))
    assert names(desk) == ["board.frozen", "board.frozen"]


def test_the_same_command_again_freezes_once_although_more_is_known_by_then(desk: Desk) -> None:
    key = uuid4()
    first = freeze_board(desk, command(WEEK, key=key, at=AT), ADA, WEEK, BOARD)
    later = BOARD._replace(position=99, rows=[{"name": "Omar", "rank": 1}])
    assert freeze_board(desk, command(WEEK, key=key, at=AT), ADA, WEEK, later) == first
    assert names(desk) == ["board.frozen"]


def test_only_an_admin_freezes_and_only_what_is_over(desk: Desk) -> None:
    with pytest.raises(Forbidden, match="may not administer"):
        freeze_board(desk, command(WEEK, at=AT), DANA, WEEK, BOARD)
    sunday = datetime(2026, 11, 23, 4, 59, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="on the day after"):
        freeze_board(desk, command(WEEK, at=sunday), ADA, WEEK, BOARD)
    assert names(desk) == []
