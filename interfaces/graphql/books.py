"""Books: positions with what they rest on, and what a book made day by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry
from psycopg import Connection as Database

from application.ports import NotFound
from domain.executions import Evidence
from domain.trades import Badge as TradeBadge
from interfaces.definitions import DAYS, POSITION
from interfaces.graphql.kinds import AsOf, BigInt, Definition, Info, figure, kind, resolved, shown
from interfaces.graphql.pages import (
    FIRST,
    After,
    ByDay,
    ByTime,
    Connection,
    First,
    limit_of,
    page_of,
    place_of,
)
from interfaces.graphql.reading import Batch, asking_of
from projections.accounts import Accounts
from projections.accounts import accounts as all_accounts
from projections.books import Books
from projections.naming import title_of
from projections.pnl import BookDay as DayRow
from projections.position_pages import book_days, books, contributions
from projections.position_pages import position as one_position
from projections.position_pages import positions as position_page
from projections.positions import BookKind, PositionRow, executions_of, lots_of
from projections.trader_profiles import TraderProfiles, names_of

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9999, 12, 31)

Names = Batch[UUID, str]


@kind
class PositionExecution:
    """An execution of a trade with every price it was given and the one it counts at."""

    number: int
    at: datetime
    quantity: Decimal = figure("Positive when it opens, negative when it closes.")
    claimed: Decimal | None
    checked: Decimal | None
    corrected: Decimal | None
    assumed: Decimal | None
    price: Decimal | None
    evidence: Evidence
    attainable: bool
    reason: str


@kind
class Lot:
    """A quantity opened at one moment, and its value then in USD."""

    quantity: Decimal
    cost: Decimal
    opened_at: datetime


@kind
class Contribution:
    """What an event of the tape moved of a position, and at which moment of its path."""

    event: BigInt
    at: datetime
    cause: str
    ratio: Decimal
    pnl: Decimal
    commission: Decimal


@kind
class Position:
    """A trade of a trader's record, or a holding of an account. Money in USD."""

    id: UUID
    kind: BookKind
    book: UUID = figure("The trader or account it belongs to.")
    symbol: str
    title: str
    underlying: str
    expiry: date | None
    side: str
    multiplier: int
    quantity: Decimal = figure("What is open; negative when short.")
    average_entry: Decimal | None
    entry_cost: Decimal
    cost: Decimal
    average_cost: Decimal
    mark: Decimal | None
    marked_at: datetime | None
    market_value: Decimal | None
    realised: Decimal
    realised_average: Decimal
    unrealised: Decimal
    pnl: Decimal
    pnl_ratio: Decimal
    commission: Decimal
    badge: TradeBadge
    scored: bool
    assumed: bool
    unattainable: bool
    filled: bool
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str
    position: BigInt = figure("The event on the tape that made it stand like this.")
    row: strawberry.Private[PositionRow]
    names: strawberry.Private[Names]

    @resolved("The name of the trader or account.")
    def book_name(self) -> str:
        return self.names.get(self.book) or ""

    @resolved("The executions of a trader's trade.")
    def executions(self) -> list[PositionExecution]:
        return [shown(PositionExecution, found) for found in executions_of(self.row.executions)]

    @resolved("What is open by when it was opened, oldest first.")
    def lots(self) -> list[Lot]:
        return [shown(Lot, lot) for lot in lots_of(self.row.lots)]

    @resolved("What the figures mean.")
    def definition(self) -> Definition:
        until = self.closed_at or self.marked_at or self.opened_at
        return Definition(
            meaning=POSITION,
            n=len(executions_of(self.row.executions)),
            period=f"{self.opened_at.isoformat()}/{until.isoformat()}",
        )


@kind
class BookDay:
    """An exchange day of a book on which something moved. Money in USD."""

    day: date
    contribution: Decimal = figure("Sum of what the day's scored trades moved over their cost.")
    return_: Decimal = figure("The day's return.", name="return")
    pnl: Decimal
    commission: Decimal
    nav: Decimal = figure("The index at the day's end; it began at 1.")
    cum_pnl: Decimal
    cum_commission: Decimal
    opened: int
    closed: int
    wins: int
    posted: int
    checked: int
    filled: int
    assumed: int
    unattainable: int
    position: BigInt = figure("The event on the tape that made it stand like this.")


@kind
class Pnl:
    """What a book made, day by day."""

    book: UUID
    kind: BookKind
    since: datetime | None
    cash: Decimal | None = figure("What an account began with.")
    found: strawberry.Private[Sequence[DayRow]]

    @resolved("Days on which something moved, the earliest first.")
    def days(self, first: First = FIRST, after: After = None) -> Connection[BookDay]:
        limit = limit_of(first)
        place = place_of(after, ByDay)
        rows = [row for row in self.found if place is None or row.day > place.day][:limit]
        return page_of(rows, first, lambda row: (row.day,), _day, after)

    @resolved("What the figures mean.")
    def definition(self) -> Definition:
        period = f"{self.found[0].day}/{self.found[-1].day}" if self.found else ""
        return Definition(meaning=DAYS, n=len(self.found), period=period)


@kind
class Account:
    """A book in which approved signals are traded, as it was opened."""

    id: UUID
    name: str
    broker: str
    cash: Decimal = figure("What it was opened with.")
    paid_in: Decimal = figure("That and all that was paid in and out since.")
    currency: str
    opened_at: datetime


def _day(row: DayRow) -> BookDay:
    return shown(BookDay, row, return_=row.r, position=BigInt(row.valid_from))


def position_page_of(
    database: Database[Any],
    *,
    first: int,
    after: str | None,
    as_of: int | None,
    kind: BookKind | None = None,
    book: UUID | None = None,
    underlying: str | None = None,
    open_only: bool = False,
) -> Connection[Position]:
    """A page of positions, the newest first."""
    rows = position_page(
        database,
        kind=kind,
        book=book,
        underlying=underlying,
        open_only=open_only,
        as_of=as_of,
        after=place_of(after, ByTime),
        limit=limit_of(first),
    )
    names = _names(database, rows, as_of)
    return page_of(
        rows,
        first,
        lambda row: (row.opened_at, row.position),
        lambda row: _position(row, names),
        after,
    )


def _position(row: PositionRow, names: Names) -> Position:
    return shown(
        Position,
        row,
        id=row.position,
        title=title_of(row.symbol),
        position=BigInt(row.valid_from),
        row=row,
        names=names,
    )


def _names(database: Database[Any], rows: Sequence[PositionRow], as_of: int | None) -> Names:
    def fetch(keys: list[UUID]) -> dict[UUID, str]:
        of_accounts = {row.account: row.name for row in all_accounts(database, as_of=as_of)}
        return {**of_accounts, **names_of(database, keys, as_of=as_of)}

    return Names((row.book for row in rows), fetch)


@strawberry.type
class BookQueries:
    """What can be asked about positions and P&L."""

    @resolved("Positions of traders' records and accounts, newest first.")
    def positions(
        self,
        info: Info,
        first: First = FIRST,
        after: After = None,
        kind: BookKind | None = None,
        book: UUID | None = None,
        underlying: str | None = None,
        open_only: bool = False,
        as_of: AsOf = None,
    ) -> Connection[Position]:
        database = asking_of(info).reading.of(Books, TraderProfiles, Accounts, as_of=as_of)
        return position_page_of(
            database,
            first=first,
            after=after,
            as_of=as_of,
            kind=kind,
            book=book,
            underlying=underlying,
            open_only=open_only,
        )

    @resolved("One position: a signal's id, or the stream of a holding.")
    def position(self, info: Info, id: UUID, as_of: AsOf = None) -> Position | None:  # noqa: A002
        database = asking_of(info).reading.of(Books, TraderProfiles, Accounts, as_of=as_of)
        row = one_position(database, id, as_of=as_of)
        return None if row is None else _position(row, _names(database, [row], as_of))

    @resolved("What each event moved of a position: why it made what it made.")
    def contributions(self, info: Info, position: UUID, as_of: AsOf = None) -> list[Contribution]:
        database = asking_of(info).reading.of(Books, as_of=as_of)
        return [
            shown(Contribution, line) for line in contributions(database, position, as_of=as_of)
        ]

    @resolved("What a trader's record or an account made, day by day.")
    def pnl(
        self,
        info: Info,
        book: UUID,
        first_day: date = FIRST_DAY,
        last_day: date = LAST_DAY,
        as_of: AsOf = None,
    ) -> Pnl:
        database = asking_of(info).reading.of(Books, as_of=as_of)
        row = next((row for row in books(database, as_of=as_of) if row.book == book), None)
        if row is None:
            raise NotFound(f"there is no book {book}: give the id of a trader or an account")
        days = book_days(database, book, first_day, last_day, as_of=as_of)
        return shown(Pnl, row, found=days)

    @resolved("The accounts, by name.")
    def accounts(self, info: Info, as_of: AsOf = None) -> list[Account]:
        database = asking_of(info).reading.of(Accounts, as_of=as_of)
        rows = all_accounts(database, as_of=as_of)
        return [shown(Account, row, id=row.account) for row in rows]
