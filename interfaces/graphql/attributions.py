"""Attribution: what positions made in a period, and which Greek explains how much of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from uuid import UUID

import strawberry

from domain.shared import InvalidInput
from interfaces.graphql.kinds import AsOf, Definition, Info, figure, kind, resolved, shown
from interfaces.graphql.pages import FIRST, First, limit_of
from interfaces.graphql.reading import asking_of
from projections.attribution import AttributionLine as Line
from projections.attribution import By, Period, attribution, summed
from projections.books import Books
from projections.exposure import Exposure as Greeks
from projections.positions import BookKind
from projections.trader_profiles import TraderProfiles

# A server loads the compiled kernels when it starts, not while somebody waits for figures.
import_module("domain.quant.attributed_steps")

_MEANING = (
    "From each mark of a leg to the next one: the Greeks at the first times what moved, of what "
    "was held all the time between; of the price's move delta dS and gamma dS^2 / 2. Trading is "
    "what entries and exits between two marks made; the residual is what the Greeks leave of the "
    "rest: higher orders, bids and offers. In USD to the cent, without commission; delta + gamma "
    "+ vega + theta + rho + trading + residual = total = realised + unrealised."
)

strawberry.enum(By, name="AttributionBy", description="What profit is attributed to.")


@kind
class AttributionLine:
    """What a group made in the period, in USD; null for a part that is known of no leg."""

    group: str
    positions: int
    realised: Decimal = figure("Realised in the period, first in first out.")
    unrealised: Decimal = figure("By how much what is open changed in value over its cost.")
    total: Decimal
    delta: Decimal | None
    gamma: Decimal | None
    vega: Decimal | None
    theta: Decimal | None
    rho: Decimal | None
    trading: Decimal = figure("Entries and exits between two marks.")
    residual: Decimal = figure("What the Greeks leave of the rest.")
    steps: int = figure("Legs from one mark to the next.")
    explained: int = figure("Steps of which all Greeks and moves are known.")
    coverage: str
    line: strawberry.Private[Line]

    @resolved("The ids of the positions behind the line; `contributions` has the events of each.")
    def behind(self, first: First = FIRST) -> list[UUID]:
        return list(self.line.behind[: limit_of(first) - 1])


@kind
class Attribution:
    """What was made in a period, and by what."""

    unit: str = figure("Of every amount: USD.")
    since: datetime
    until: datetime
    found: strawberry.Private[Sequence[Line]]

    @resolved("Everything together.")
    def total(self) -> AttributionLine:
        return _line(summed("total", "", self.found))

    @resolved("The groups, the largest moves first.")
    def lines(self, first: First = FIRST) -> list[AttributionLine]:
        return [_line(line) for line in self.found[: limit_of(first) - 1]]

    @resolved("What the figures mean, and of how many positions.")
    def definition(self) -> Definition:
        n = sum(line.positions for line in self.found)
        period = f"{self.since.isoformat()}/{self.until.isoformat()}"
        return Definition(meaning=_MEANING, n=n, period=period)


def _line(line: Line) -> AttributionLine:
    return shown(AttributionLine, line, line=line)


@strawberry.type
class AttributionQueries:
    """What can be asked about where profit came from."""

    @resolved("What positions made after one moment, up to another, Greek by Greek.")
    def attribution(
        self,
        info: Info,
        since: datetime,
        until: datetime,
        by: By = By.POSITION,
        kind: BookKind | None = None,
        book: UUID | None = None,
        as_of: AsOf = None,
    ) -> Attribution:
        if since.tzinfo is None or until.tzinfo is None:
            raise InvalidInput("a moment has an offset from UTC: 2026-11-20T21:00:00Z")
        database = asking_of(info).reading.of(Greeks, Books, TraderProfiles, as_of=as_of)
        period = Period(since, until)
        found = attribution(database, period, by=by, kind=kind, book=book, as_of=as_of)
        return Attribution(unit="USD", since=since, until=until, found=found)
