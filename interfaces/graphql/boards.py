"""Boards: who did what in a window, every figure with what it means and how much it rests on.

A board is a list that is made anew for each request, so its cursors carry the moment and the
position it was made for: all pages are of one board.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, Protocol
from uuid import UUID

import strawberry
from psycopg import Connection as Database

from domain.shared import InvalidInput, cents
from interfaces.graphql.kinds import AsOf, BigInt, Definition, Info, figure, kind, resolved, shown
from interfaces.graphql.pages import (
    FIRST,
    After,
    Connection,
    First,
    limit_of,
    page_of,
    place_of,
)
from interfaces.graphql.ranking_rules import RankingRules, rules_shown
from interfaces.graphql.reading import Asking, asking_of
from interfaces.graphql.signals import TraderName
from interfaces.wording import Marks
from projections.books import Books
from projections.flags import Flags, flag_marks
from projections.leaderboards import Board, By, Standing
from projections.leaderboards import board as ranked_board
from projections.people import People
from projections.trader_profiles import TraderProfiles
from projections.windows import Span, Window, span_of

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
MODELS = (Books, Flags, People, TraderProfiles)
EVERY = timedelta(minutes=1)
"""How long a board that ends now is the same board."""


OrderedBy = Annotated[
    By | None,
    strawberry.argument(description="The figure to order by; the score, if the rules have one."),
]
RulesVersion = Annotated[
    int | None,
    strawberry.argument(
        description="The version of the ranking rules to go by, instead of those that held then."
    ),
]


class Place(NamedTuple):
    """The moment a board is for, the position it is known at, and how many were shown."""

    at: datetime
    position: int
    shown: int


@kind
class Figure:
    """A figure with what it means, what it rests on, and its 95 % interval if it has one."""

    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str
    definition: Definition


@kind
class TraderStanding:
    """One trader's figures in a window; closed trades by what they rest on."""

    rank: int | None = figure("The place on the board; none where a trader is looked at alone.")
    unranked: str = figure("Why there is no rank, such as: too few trades 12/20; else empty.")
    accounts: int = figure("How many accounts of the person are counted together.")
    skill: SkillFigures | None = figure("None where the rules have no score.")
    trader: TraderName
    return_: Figure = figure("The return over the window.", name="return")
    accuracy: Figure
    sharpe: Figure
    pnl: Figure
    opened: int
    closed: int
    wins: int
    sessions: int
    posted: int
    checked: int
    filled: int
    assumed: int
    unattainable: int
    flags: int = figure(
        "How many trades deserve a second look, of all time and all the person's accounts."
    )


@kind
class SkillFigures:
    """What the rules make of a trader's record, completed by the losses it has not shown."""

    score: Decimal | None = figure("From 0 to 100; none with too few trades.")
    mean_return: Decimal = figure("The shrunk return per trade, over its first entry's stake.")
    psr: Decimal = figure("The probability that there is skill.")
    trades: int = figure("Closed ones, and those open under water.")
    unseen: Decimal = figure("How many losses the record has not shown and is expected to.")
    depth: Decimal = figure("How much each of them takes, over what was tied up.")


@kind
class Leaderboard:
    """A window, the rules it was ranked by, and the traders in their order."""

    window: Window
    by: By
    at: datetime
    as_of: BigInt = figure("The position of the tape it is known at.")
    first: date
    last: date
    rules: RankingRules
    traders: int
    ranked: Definition
    standings: Connection[TraderStanding]


def board_of(
    asking: Asking,
    database: Database[Any],
    window: Window,
    by: By | None,
    at: datetime,
    *,
    as_of: int | None,
    trader: UUID | None = None,
    limit: int | None = None,
    shown: int = 0,
    version: int | None = None,
) -> Board:
    """The board of a window that ends at a moment; a page of it behind what was shown."""
    span = span_of(window, at)
    sessions = sessions_of(asking, span)
    return ranked_board(
        database, span, by, sessions, as_of=as_of, trader=trader, limit=limit, shown=shown,
        version=version, kept=asking.house.board_records,
    )  # fmt: skip


def sessions_of(asking: Asking, span: Span) -> Sequence[date]:
    """The trading days of a span."""
    return _sessions(asking.house.calendar, span.first, span.last)


def standing_of(board: Board, row: Standing, marks: Marks) -> TraderStanding:
    """A trader's figures with their definitions; marks say whose trades have flags."""
    period = f"{board.first}/{board.last}"

    def of(name: str, unit: str, value: Decimal | None, n: int, **more: Any) -> Figure:
        meaning = Definition(meaning=board.definitions[name], n=n, period=period)
        return Figure(value=value, unit=unit, definition=meaning, **more)

    return shown(
        TraderStanding,
        row,
        trader=TraderName(id=row.trader, name=row.name),
        return_=of("return", "ratio", row.return_, row.opened),
        accuracy=of(
            "accuracy",
            "ratio",
            row.accuracy,
            row.closed,
            low=row.accuracy_low,
            high=row.accuracy_high,
        ),
        sharpe=of("sharpe", "ratio", row.sharpe, row.sessions),
        pnl=of("pnl", "USD", cents(row.pnl), row.opened),
        skill=None if row.skill is None else shown(SkillFigures, row.skill),
        flags=marks.get(row.trader, 0),
    )


def moment_of(asking: Asking, at: datetime | None) -> datetime:
    """The moment given, or the present one to the minute; then the reply is over with it.

    Raises:
        InvalidInput: the moment has no offset from UTC, or nothing was traded then.
    """
    if at is not None:
        if at.tzinfo is None:
            raise InvalidInput(f"say in which zone {at.isoformat()} is, such as by a final Z")
        if not EARLIEST <= at <= LATEST:
            raise InvalidInput(f"at is between {EARLIEST.year} and {LATEST.year}")
        return at.astimezone(UTC)
    now = asking.house.clock.now().replace(second=0, microsecond=0)
    asking.reading.holds(now + EVERY)
    return now


class _Calendar(Protocol):
    def session_dates(self, first: date, last: date) -> Sequence[date]: ...


@lru_cache(maxsize=64)
def _sessions(calendar: _Calendar, first: date, last: date) -> Sequence[date]:
    """The trading days of a span; asking the calendar takes as long as the query."""
    return calendar.session_dates(first, last)


@strawberry.type
class BoardQueries:
    """What can be asked about standings."""

    @resolved("Traders ranked over a window that ends now or at a moment.")
    def leaderboard(
        self,
        info: Info,
        window: Window = Window.LAST_30D,
        by: OrderedBy = None,
        rules: RulesVersion = None,
        first: First = FIRST,
        after: After = None,
        at: datetime | None = None,
        as_of: AsOf = None,
    ) -> Leaderboard:
        asking = asking_of(info)
        limit = limit_of(first)
        place = place_of(after, Place)
        moment = moment_of(asking, at) if place is None else place.at
        known: int | None = as_of if place is None else place.position
        database = asking.reading.of(*MODELS, as_of=known)
        position = known
        if position is None:
            position, is_level = asking.reading.reached(*MODELS)
            known = None if is_level else position
        begin = 0 if place is None else place.shown
        board = board_of(
            asking, database, window, by, moment, as_of=known, limit=limit, shown=begin,
            version=rules,
        )  # fmt: skip
        rows = list(enumerate(board.standings, start=begin + 1))
        marks = flag_marks(database, [row.trader for _, row in rows], as_of=known)
        return Leaderboard(
            window=window,
            by=board.by,
            at=moment,
            as_of=BigInt(position),
            first=board.first,
            last=board.last,
            rules=rules_shown(board.rules),
            traders=board.traders,
            ranked=Definition(
                meaning=board.definitions["ranked"],
                n=board.traders,
                period=f"{board.first}/{board.last}",
            ),
            standings=page_of(
                rows,
                first,
                lambda row: (moment, position, row[0]),
                lambda row: standing_of(board, row[1], marks),
                after,
            ),
        )
