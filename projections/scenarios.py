"""Scenario: what is open would make or lose if spots, volatilities and the date were others.

Every leg is valued anew by its own model on every point, from its last mark: all spots and all
volatilities move by the same share at once, and the dates are calendar days after the exchange
day of the newest mark. Nothing is traded meanwhile, and an option that has expired by then is
worth its payoff at that spot.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import nan
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.instruments import Option, Right, instrument
from domain.shared import InvalidInput
from projections.exposure_views import Group, Place, asked_kind, coverage, grouping
from projections.open_legs import OpenLeg, day_of_marks, open_legs
from projections.positions import BookKind

if TYPE_CHECKING:
    from domain.quant.book_scenario import Floats, Term

SPOT_MOVES = tuple(number / 100 for number in range(-20, 21))
VOL_MOVES = tuple(number * 3 / 100 for number in range(-10, 11))
"""Shares of the price of the underlying, and of the volatility, as they are now."""

POINTS_MAX = 5_000
DAYS_MAX = 3_650


class Axes(NamedTuple):
    """The points of a scenario; without `dates` it is the day of the marks alone."""

    spot_moves: Sequence[float] = SPOT_MOVES
    vol_moves: Sequence[float] = VOL_MOVES
    dates: Sequence[date] = ()


class Point(NamedTuple):
    """What a group makes at one point, in USD."""

    pnl_usd: float
    spot_move: float
    vol_move: float
    date: date


class ScenarioLine(NamedTuple):
    """A group over all points: `pnl_usd` by date, then by volatility, then by spot; None where
    nothing has a value.

    `valued` of `legs` could be valued: the rest counts for nothing here. `still` of these have
    no volatility that their price tells, and are valued as if nothing moved them but the spot.
    """

    place: Place
    legs: int
    valued: int
    still: int
    pnl_usd: Sequence[Sequence[Sequence[float]]] | None
    worst: Point | None
    best: Point | None

    @property
    def group(self) -> str:
        return self.place[1]

    @property
    def coverage(self) -> str:
        """The part that is missing, in words."""
        still = f"; {self.still} without a volatility" if self.still else ""
        return coverage(self.legs, self.valued, "value") + still


class Scenario(NamedTuple):
    """A scenario: its points, the day it starts from, the line of everything, and of groups."""

    axes: Axes
    day: date | None
    total: ScenarioLine | None
    lines: Sequence[ScenarioLine]
    missing: Sequence[OpenLeg]


def scenario(
    connection: Connection[Any],
    axes: Axes,
    *,
    by: Group = Group.TOTAL,
    kind: BookKind | None = None,
    book: UUID | None = None,
    as_of: int | None = None,
) -> Scenario:
    """What is open in the books over all points, as a whole and by a group.

    Raises:
        InvalidInput: too many points, a move that leaves nothing, a date before the marks, or
            books that have no such groups.
    """
    check(axes)
    legs = open_legs(connection, kind=asked_kind(by, kind), book=book, as_of=as_of)
    day = day_of_marks(legs)
    if day is None:
        return Scenario(axes, None, None, (), ())
    axes = axes._replace(dates=tuple(axes.dates) or (day,))
    days = [(each - day).days for each in axes.dates]
    if not all(0 <= left <= DAYS_MAX for left in days):
        raise InvalidInput(
            f"a scenario is of days from {day} on, ten years at most: that is the day of the "
            "newest mark"
        )
    group_of = grouping(connection, by, day, as_of)
    places = sorted({group_of(leg) for leg in legs})
    numbers = {place: number for number, place in enumerate(places)}
    group = [numbers[group_of(leg)] for leg in legs]
    # Compiled kernels take a second to load; only who asks for a scenario waits for them.
    from domain.quant.book_scenario import book_pnl

    pnl = book_pnl(
        [_term(leg) for leg in legs], [leg.units for leg in legs], group,
        spot_moves=axes.spot_moves, vol_moves=axes.vol_moves, days=days,
    )  # fmt: skip
    weighed = list(zip(legs, pnl.known, group, strict=True))
    lines = [
        _line(place, [each[:2] for each in weighed if each[2] == number], grid, axes)
        for (number, place), grid in zip(enumerate(places), pnl.groups, strict=True)
    ]
    total = _line((0, "total", ""), [each[:2] for each in weighed], pnl.total, axes)
    missing = [leg for leg, is_known, _ in weighed if not is_known]
    return Scenario(axes, day, total, () if by is Group.TOTAL else lines, missing)


def check(axes: Axes) -> None:
    """Refuses what is no scenario.

    Raises:
        InvalidInput: no points or too many, or a move that leaves nothing.
    """
    for name, moves in (("spot", axes.spot_moves), ("vol", axes.vol_moves)):
        if not moves or not all(-1.0 < move <= 10.0 for move in moves):
            raise InvalidInput(
                f"{name} moves are shares above -1, ten at most: -0.20 is a fifth less"
            )
    points = len(axes.spot_moves) * len(axes.vol_moves) * max(len(axes.dates), 1)
    if points > POINTS_MAX:
        raise InvalidInput(f"a scenario has {POINTS_MAX} points at most, not {points}")


def _term(leg: OpenLeg) -> Term:
    """What a leg is valued by. A share is a call on it that costs nothing to exercise."""
    named = instrument(leg.symbol)
    spot = nan if leg.spot is None or not leg.is_known else leg.spot
    if not isinstance(named, Option):
        return spot, 0.0, 0.0, 0.0, 0.0, 0.0, True, True
    is_call, is_american = named.right is Right.CALL, not named.is_european
    return (
        spot, float(named.strike), _or_nan(leg.years), _or_nan(leg.rate),
        _or_nan(leg.dividend_yield), leg.vol or 0.0, is_call, is_american,
    )  # fmt: skip


def _or_nan(figure: float | None) -> float:
    return nan if figure is None else figure


def _line(
    place: Place, legs: Sequence[tuple[OpenLeg, bool]], grid: Floats, axes: Axes
) -> ScenarioLine:
    pnl = grid.tolist()
    valued = [leg for leg, is_known in legs if is_known]
    points = [
        Point(made, spot, vol, day)
        for day, by_vol in zip(axes.dates, pnl, strict=True)
        for vol, by_spot in zip(axes.vol_moves, by_vol, strict=True)
        for spot, made in zip(axes.spot_moves, by_spot, strict=True)
    ]
    return ScenarioLine(
        place=place,
        legs=len(legs),
        valued=len(valued),
        still=sum(leg.vol is None and leg.expiry is not None for leg in valued),
        pnl_usd=pnl if valued else None,
        worst=min(points) if valued else None,
        best=max(points) if valued else None,
    )
