"""Frozen boards: periods whose standings are on record, and how one is put there."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import strawberry

from application.access import Member
from application.desk import Command, Desk, Outcome
from application.freezing import freeze_board
from domain.market import exchange_day
from interfaces.frozen import board_to_freeze, checked
from interfaces.graphql.boards import OrderedBy, RulesVersion
from interfaces.graphql.deciding import Decided, decide
from interfaces.graphql.kinds import (
    AsOf,
    BigInt,
    ExpectedVersion,
    IdempotencyKey,
    Info,
    figure,
    kind,
    mutation,
    resolved,
    shown,
)
from interfaces.graphql.pages import FIRST, After, Connection, First, limit_of, page_of, place_of
from interfaces.graphql.reading import asking_of
from projections.books import Books
from projections.frozen_boards import FrozenBoardRow, FrozenBoards, frozen_board, frozen_boards
from projections.people import People
from projections.trader_profiles import TraderProfiles
from projections.windows import Window


class ByLastDay(NamedTuple):
    """A place in the list of frozen boards."""

    last: date
    id: UUID


@kind
class FrozenCheck:
    """What a frozen board is found to be."""

    is_whole: bool = figure("Whether its rows have the hash that they were frozen with.")
    is_same: bool = figure("Whether the record as known at its position gives the same rows.")


@kind
class FrozenBoard:
    """A period's standings as they were frozen; nothing later changes them."""

    id: UUID
    window: str
    ordered_by: str = figure("The figure it is ordered by.")
    first: date
    last: date
    rules_version: int
    known_at: BigInt = figure("The position of the tape up to which it was known.")
    traders: int
    sha256: str = figure("Of the text of `rows`, in hexadecimal.")
    rows: str = figure("The standings in their order, as canonical JSON (RFC 8785).")
    by: str
    frozen_at: datetime
    row: strawberry.Private[FrozenBoardRow]

    @resolved("Its rows held against their hash, and against what is computed anew.")
    def check(self, info: Info) -> FrozenCheck:
        asking = asking_of(info)
        database = asking.reading.of(Books, TraderProfiles, People, as_of=self.row.position)
        found = checked(database, asking.house.calendar, self.row)
        return FrozenCheck(is_whole=found.is_whole, is_same=found.is_same)


def _shown(row: FrozenBoardRow) -> FrozenBoard:
    return shown(
        FrozenBoard,
        row,
        id=row.board,
        first=row.first_day,
        last=row.last_day,
        known_at=BigInt(row.position),
        row=row,
    )


@strawberry.type
class FrozenQueries:
    """What can be asked about frozen boards."""

    @resolved("Frozen boards, the latest period first.")
    def frozen_boards(
        self, info: Info, first: First = FIRST, after: After = None, as_of: AsOf = None
    ) -> Connection[FrozenBoard]:
        database = asking_of(info).reading.of(FrozenBoards, as_of=as_of)
        place = place_of(after, ByLastDay)
        rows = frozen_boards(database, as_of=as_of, after=place, limit=limit_of(first))
        return page_of(rows, first, lambda row: (row.last_day, row.board), _shown, after)

    @resolved("One frozen board.")
    def frozen_board(
        self,
        info: Info,
        id: UUID,  # noqa: A002
        as_of: AsOf = None,
    ) -> FrozenBoard | None:
        database = asking_of(info).reading.of(FrozenBoards, as_of=as_of)
        row = frozen_board(database, id, as_of=as_of)
        return None if row is None else _shown(row)


@strawberry.type
class FreezingMutations:
    """What admins put on record about boards."""

    @mutation(
        "Put a period's board on record, once for each order and version of the rules. The version "
        "is the frozen board's, 0 before it is frozen."
    )
    def freeze_board(
        self,
        info: Info,
        window: Window,
        idempotency_key: IdempotencyKey,
        by: OrderedBy = None,
        rules: RulesVersion = None,
        day: Annotated[
            date | None,
            strawberry.argument(
                description="A day of the week or month, or the last day; today if left out. The "
                "period has to be over."
            ),
        ] = None,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        house = asking_of(info).house
        of = exchange_day(house.clock.now()) if day is None else day

        def freeze(desk: Desk, command: Command, member: Member) -> Outcome:
            member.require("administer")
            with house.reader.connection() as connection:
                period, standings = board_to_freeze(
                    connection, house.calendar, window, by, of, house.read_until(), rules
                )
            return freeze_board(
                desk, command, member, period, standings, expected_version=expected_version
            )

        return decide(info, "freeze_board", idempotency_key, (window, by, day, rules), freeze)
