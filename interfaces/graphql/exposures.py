"""Exposure: the Greeks of what is open, summed by trader, account, underlying or expiry."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

import strawberry

from interfaces.graphql.kinds import AsOf, Definition, Info, figure, kind, resolved, shown
from interfaces.graphql.pages import (
    FIRST,
    After,
    ByGroup,
    Connection,
    First,
    limit_of,
    page_of,
    place_of,
)
from interfaces.graphql.reading import asking_of
from projections.books import Books
from projections.exposure import Exposure as Greeks
from projections.exposure_views import ExposureLine as Line
from projections.exposure_views import Group
from projections.exposure_views import exposure as exposure_by
from projections.positions import BookKind
from projections.trader_profiles import TraderProfiles

_MEANING = (
    "Sum over the open legs of quantity times ratio times multiplier times the Greek at the "
    "leg's last mark: Black, Scholes and Merton as European, no dividends, volatility implied by "
    "the mid. Legs without a usable quote count for nothing and are told in the coverage."
)


@strawberry.enum(description="What exposure is summed by.")
class ExposureBy(StrEnum):
    TRADER = "trader"
    ACCOUNT = "account"
    UNDERLYING = "underlying"
    EXPIRY = "expiry"
    TOTAL = "total"


_GROUPS = {
    ExposureBy.TRADER: (Group.BOOK, BookKind.TRADER),
    ExposureBy.ACCOUNT: (Group.BOOK, BookKind.ACCOUNT),
    ExposureBy.UNDERLYING: (Group.UNDERLYING, None),
    ExposureBy.EXPIRY: (Group.EXPIRY, None),
    ExposureBy.TOTAL: (Group.TOTAL, None),
}


@kind
class ExposureLine:
    """Summed Greeks of a group, in share units."""

    group: str
    legs: int = figure("Open legs.")
    quoted: int = figure("Open legs that have Greeks; the others count for nothing here.")
    coverage: str
    delta: float = figure("Shares.")
    gamma: float = figure("Shares per dollar of the underlying.")
    vega: float = figure("USD per 1.00 of volatility.")
    theta: float = figure("USD per year.")
    rho: float = figure("USD per 1.00 of the rate.")
    dollar_delta: float = figure("USD: delta times the underlying's price.")


@kind
class Exposure:
    """What the open positions are exposed to."""

    by: ExposureBy
    found: strawberry.Private[Sequence[Line]]

    @resolved("The groups by name.")
    def lines(self, first: First = FIRST, after: After = None) -> Connection[ExposureLine]:
        limit = limit_of(first)
        place = place_of(after, ByGroup)
        ordered = sorted(self.found, key=lambda line: line.group)
        rows = [line for line in ordered if place is None or line.group > place.group][:limit]
        return page_of(
            rows, first, lambda line: (line.group,), lambda line: shown(ExposureLine, line), after
        )

    @resolved("What the figures mean, and over how many open legs.")
    def definition(self) -> Definition:
        legs = sum(line.legs for line in self.found)
        return Definition(meaning=_MEANING, n=legs, period="at the last marks")


@strawberry.type
class ExposureQueries:
    """What can be asked about exposure."""

    @resolved("Exposure of what is open, of all books or of one trader's or account's.")
    def exposure(
        self,
        info: Info,
        by: ExposureBy = ExposureBy.UNDERLYING,
        kind: BookKind | None = None,
        book: UUID | None = None,
        as_of: AsOf = None,
    ) -> Exposure:
        database = asking_of(info).reading.of(Greeks, Books, TraderProfiles, as_of=as_of)
        group, only = _GROUPS[by]
        found = exposure_by(database, group, kind=only or kind, book=book, as_of=as_of)
        return Exposure(by=by, found=found)
