"""Scenario: what is open if spots, volatilities and the date were others, valued anew."""

from __future__ import annotations

from datetime import date
from functools import cache
from threading import Thread
from uuid import UUID

import strawberry

from application.ports import Unavailable
from interfaces.graphql.exposures import MissingLeg, missing_leg
from interfaces.graphql.kinds import AsOf, Definition, Info, figure, kind, resolved, shown
from interfaces.graphql.pages import FIRST, First, limit_of
from interfaces.graphql.reading import asking_of
from projections.books import Books
from projections.exposure import Exposure as Greeks
from projections.exposure_views import Group
from projections.positions import BookKind
from projections.risk import Risk
from projections.scenarios import SPOT_MOVES, VOL_MOVES, Axes, scenario
from projections.scenarios import Point as PointRow
from projections.scenarios import Scenario as Found
from projections.scenarios import ScenarioLine as LineRow
from projections.trader_profiles import TraderProfiles

KERNELS_S_MAX = 5.0
"""How long a request waits for kernels that were never compiled on this machine."""

_MEANING = (
    "What the open legs would make against their value now if all spots and all volatilities "
    "moved by these shares at once: every leg valued anew by its own model from its last mark, "
    "nothing traded meanwhile; what has expired by a date is worth its payoff. Legs without a "
    "value on every point count for nothing and are told in the coverage."
)


@kind
class ScenarioPoint:
    """What is made at one point."""

    pnl_usd: float
    spot_move: float
    vol_move: float
    date: date


@kind
class ScenarioLine:
    """A group over all points."""

    group: str
    legs: int = figure("Open legs.")
    valued: int = figure("Legs that could be valued; the others count for nothing.")
    still: int = figure("Valued legs whose price tells no volatility: only the spot moves them.")
    coverage: str
    pnl_usd: list[list[list[float]]] | None = figure(
        "USD: by date, then by vol move, then by spot move; null where nothing has a value."
    )
    worst: ScenarioPoint | None
    best: ScenarioPoint | None


@kind
class Scenario:
    """What is open over a grid of spots, volatilities and dates."""

    unit: str = figure("Of every P&L: USD.")
    spot_moves: list[float] = figure("Shares of each underlying's price: -0.2 is a fifth less.")
    vol_moves: list[float] = figure("Shares of each leg's own volatility.")
    dates: list[date]
    day: date | None = figure("The exchange day of the newest mark, from which it starts.")
    total: ScenarioLine | None = figure("All legs; null when nothing is open.")
    lines: list[ScenarioLine] = figure("By group; none when it is by the total.")
    found: strawberry.Private[Found]

    @resolved("The legs that count for nothing, by name.")
    def missing(self, first: First = FIRST) -> list[MissingLeg]:
        return [missing_leg(leg) for leg in self.found.missing[: limit_of(first) - 1]]

    @resolved("What the figures mean, and over how many open legs.")
    def definition(self) -> Definition:
        legs = 0 if self.found.total is None else self.found.total.legs
        period = "nothing is open" if self.day is None else f"from the marks of {self.day}"
        return Definition(meaning=_MEANING, n=legs, period=period)


@cache
def _compiling() -> Thread:
    """Compiles the kernels beside the requests, once; a request has no time for that."""
    # A server loads them when they are asked for: most are never asked for a scenario.
    from domain.quant.book_scenario import compile_kernels

    thread = Thread(target=compile_kernels, name="scenario kernels", daemon=True)
    thread.start()
    return thread


def _await_kernels() -> None:
    """Waits a moment for the kernels.

    Raises:
        Unavailable: they are still being compiled.
    """
    compiling = _compiling()
    compiling.join(KERNELS_S_MAX)
    if compiling.is_alive():
        raise Unavailable(
            "scenarios are being made ready, which takes a minute the first time: ask again"
        )


def _point(point: PointRow | None) -> ScenarioPoint | None:
    return None if point is None else shown(ScenarioPoint, point)


def _line(line: LineRow) -> ScenarioLine:
    return shown(ScenarioLine, line, worst=_point(line.worst), best=_point(line.best))


@strawberry.type
class ScenarioQueries:
    """What can be asked about what might come."""

    @resolved("P&L of what is open on a grid of spots and volatilities, on each date.")
    def scenario(
        self,
        info: Info,
        spot_moves: list[float] | None = None,
        vol_moves: list[float] | None = None,
        dates: list[date] | None = None,
        by: Group = Group.TOTAL,
        kind: BookKind | None = None,
        book: UUID | None = None,
        as_of: AsOf = None,
    ) -> Scenario:
        _await_kernels()
        reading = asking_of(info).reading
        database = reading.of(Greeks, Books, TraderProfiles, Risk, as_of=as_of)
        axes = Axes(
            SPOT_MOVES if spot_moves is None else spot_moves,
            VOL_MOVES if vol_moves is None else vol_moves,
            dates or (),
        )
        found = scenario(database, axes, by=by, kind=kind, book=book, as_of=as_of)
        return Scenario(
            unit="USD",
            spot_moves=list(found.axes.spot_moves),
            vol_moves=list(found.axes.vol_moves),
            dates=list(found.axes.dates),
            day=found.day,
            total=None if found.total is None else _line(found.total),
            lines=[_line(line) for line in found.lines],
            found=found,
        )
