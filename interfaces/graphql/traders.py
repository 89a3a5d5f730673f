"""Traders: everybody by name, and one trader's whole record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry
from msgspec.structs import replace
from psycopg import Connection as Database

from domain.shared import InvalidInput
from interfaces.graphql.boards import MODELS, TraderStanding, board_of, moment_of, standing_of
from interfaces.graphql.books import Position, position_page_of
from interfaces.graphql.flags import Flag, flag_page_of
from interfaces.graphql.kinds import AsOf, BigInt, Info, figure, kind, resolved, shown
from interfaces.graphql.pages import (
    FIRST,
    After,
    ByName,
    Connection,
    First,
    limit_of,
    page_of,
    place_of,
)
from interfaces.graphql.performance import (
    BENCHMARK,
    Benchmark,
    PerformanceFigure,
    RiskFree,
    performance_of,
)
from interfaces.graphql.reading import asking_of
from projections.accounts import Accounts
from projections.books import Books
from projections.exposure import Exposure
from projections.flags import Flags, flag_marks
from projections.leaderboards import By
from projections.signal_feed import SignalFeed
from projections.trader_profiles import TraderProfiles, TraderRow, profile, profiles, profiles_named
from projections.windows import Window

ZERO = Decimal(0)
EVERY_WINDOW = tuple(Window)


@kind
class WindowStanding:
    """A trader's figures in one window."""

    window: Window
    standing: TraderStanding


@kind
class Profile:
    """Who posts in the watched channels, and how much of it is signals."""

    id: UUID
    name: str
    platform: str
    author_id: str
    registered: bool = figure("Whether there is a signal of theirs.")
    first_seen: datetime
    last_signal_at: datetime | None
    edited: int
    deleted: int
    unbooked: int = figure("Messages that looked like a trade and were not booked.")
    signals: int
    corrections: int
    position: BigInt = figure("The event on the tape that made it stand like this.")


@kind
class Trader:
    """One trader's record."""

    profile: Profile
    known_at: strawberry.Private[int | None]

    @resolved("Figures by window; windows with nothing in them are left out.")
    def windows(
        self,
        info: Info,
        windows: list[Window] | None = None,
        at: datetime | None = None,
    ) -> list[WindowStanding]:
        asking = asking_of(info)
        database = asking.reading.of(*MODELS, as_of=self.known_at)
        marks = flag_marks(database, [self.profile.id], as_of=self.known_at)
        moment = moment_of(asking, at)
        found = []
        for window in dict.fromkeys(EVERY_WINDOW if windows is None else windows):
            board = board_of(
                asking,
                database,
                window,
                By.RETURN,
                moment,
                as_of=self.known_at,
                trader=self.profile.id,
            )
            found += [
                WindowStanding(window=window, standing=standing_of(board, alone, marks))
                for alone in (replace(row, rank=None) for row in board.standings)
            ]
        return found

    @resolved("Every performance figure of a window that ends now or at a moment.")
    def performance(
        self,
        info: Info,
        window: Window = Window.ALL,
        at: datetime | None = None,
        benchmark: Benchmark = BENCHMARK,
        risk_free_rate: RiskFree = ZERO,
    ) -> list[PerformanceFigure]:
        asking = asking_of(info)
        database = asking.reading.of(
            Books, TraderProfiles, SignalFeed, Exposure, as_of=self.known_at
        )
        return performance_of(
            asking,
            database,
            self.profile.id,
            window,
            moment_of(asking, at),
            benchmark=benchmark,
            risk_free=risk_free_rate,
            as_of=self.known_at,
        )

    @resolved("What deserves a second look in the record, the latest first.")
    def flags(self, info: Info, first: First = FIRST, after: After = None) -> Connection[Flag]:
        database = asking_of(info).reading.of(Flags, TraderProfiles, as_of=self.known_at)
        return flag_page_of(database, first, after, as_of=self.known_at, trader=self.profile.id)

    @resolved("The trader's trades, the newest first.")
    def positions(
        self, info: Info, first: First = FIRST, after: After = None, open_only: bool = False
    ) -> Connection[Position]:
        database = asking_of(info).reading.of(Books, TraderProfiles, Accounts, as_of=self.known_at)
        return position_page_of(
            database,
            first=first,
            after=after,
            as_of=self.known_at,
            book=self.profile.id,
            open_only=open_only,
        )


def _profile(row: TraderRow) -> Profile:
    return shown(Profile, row, id=row.trader, position=BigInt(row.valid_from))


def _found(
    database: Database[Any],
    id: UUID | None,  # noqa: A002
    name: str | None,
    as_of: int | None,
) -> TraderRow | None:
    """The trader of that id or name.

    Raises:
        InvalidInput: neither or both are given, or several traders go by the name.
    """
    if (id is None) == (name is None):
        raise InvalidInput("say which trader: give the id or the name")
    if id is not None:
        return profile(database, id, as_of=as_of)
    rows: Sequence[TraderRow] = profiles_named(database, name or "", as_of=as_of)
    if len(rows) > 1:
        ids = ", ".join(str(row.trader) for row in rows[:5])
        raise InvalidInput(f"{len(rows)} traders go by {name!r}: give one of the ids {ids}")
    return rows[0] if rows else None


@strawberry.type
class TraderQueries:
    """What can be asked about traders."""

    @resolved("One trader's record, by id or by name in any case.")
    def trader(
        self,
        info: Info,
        id: UUID | None = None,  # noqa: A002
        name: str | None = None,
        as_of: AsOf = None,
    ) -> Trader | None:
        database = asking_of(info).reading.of(TraderProfiles, as_of=as_of)
        row = _found(database, id, name, as_of)
        return None if row is None else Trader(profile=_profile(row), known_at=as_of)

    @resolved("Traders by name.")
    def traders(
        self,
        info: Info,
        first: First = FIRST,
        after: After = None,
        registered: bool | None = True,
        as_of: AsOf = None,
    ) -> Connection[Profile]:
        database = asking_of(info).reading.of(TraderProfiles, as_of=as_of)
        rows = profiles(
            database,
            registered=registered,
            as_of=as_of,
            after=place_of(after, ByName),
            limit=limit_of(first),
        )
        return page_of(rows, first, lambda row: (row.name, row.trader), _profile, after)
