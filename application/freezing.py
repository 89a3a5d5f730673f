"""Freezing: a period's board goes on record, once for each order and version of the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from application.access import Member
from application.desk import Command, Desk, Outcome, Work
from domain.frozen_boards import FrozenBoard, Period, board_stream
from domain.market import exchange_day
from domain.shared import Impossible


class Standings(NamedTuple):
    """A board as the read models have it, and the position of the tape it is known at."""

    rows: Sequence[Mapping[str, Any]]
    rules_version: int
    position: int


def freeze_board(
    desk: Desk,
    command: Command,
    member: Member,
    period: Period,
    standings: Standings,
    *,
    expected_version: int | None = None,
) -> Outcome:
    """Puts a period's board on record.

    Raises:
        Forbidden, InvalidInput, Conflict: who asks or what is asked for cannot be.
        Impossible: it is frozen already.
    """
    member.require("administer")

    def decide(work: Work) -> FrozenBoard:
        stream = board_stream(period, standings.rules_version)
        if work.expect(FrozenBoard, stream, expected_version) is not None:
            raise Impossible(
                f"the board by {period.ordered_by} of {period.first} to {period.last} is frozen "
                f"already, by rules {standings.rules_version}"
            )
        return work.begin(
            FrozenBoard.freeze(
                period,
                standings.rows,
                rules_version=standings.rules_version,
                position=standings.position,
                by=member.name,
                today=exchange_day(command.at),
                at=command.at,
            )
        )

    return desk.run(command, decide)
