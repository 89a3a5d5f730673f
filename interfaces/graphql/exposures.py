"""Exposure: the Greeks of what is open in the units one hedges by, summed by a group."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from importlib import import_module
from uuid import UUID

import strawberry

from domain.quant.exposure_units import VIEWS
from interfaces.graphql.kinds import (
    AsOf,
    BigInt,
    Definition,
    Info,
    figure,
    kind,
    resolved,
    shown,
)
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
from projections.exposure_views import Exposed, Group, LegView, exposure
from projections.exposure_views import ExposureLine as Line
from projections.open_legs import OpenLeg
from projections.positions import BookKind
from projections.risk import Risk
from projections.trader_profiles import TraderProfiles

# A server loads the compiled kernels when it starts, not while somebody waits for figures.
import_module("domain.quant.benchmark")

_MEANING = (
    "Sum over the open legs of units (quantity x ratio x multiplier) x the Greek at the leg's "
    "last mark, per share, at the volatility that the mid implies; `models` says how they were "
    "valued (american: may be exercised early), without dividends. Each figure's unit is in "
    "`units`. Legs without a usable quote count for nothing and are told in the coverage. Vega "
    "is not summed over several expiry buckets; the weighted one takes each leg times the root "
    "of 30 over its calendar days left. Beta: slope of daily returns on SPY's over the last 252 "
    "days on which both have a mark, 20 at least."
)
_UNITS = {view.name: f"{view.unit}: {view.meaning}." for view in VIEWS}

strawberry.enum(Group, name="ExposureBy", description="What exposure is summed by.")


@kind
class ExposureUnit:
    """The unit of a figure of exposure, and how it is made."""

    name: str = figure("The figure, as `truetape exposure --json` names it.")
    unit: str
    meaning: str


@kind
class BucketVega:
    """Vega of the legs of one expiry bucket."""

    bucket: str = figure("Calendar days to the expiry: 0-7d, 8-30d, 31-90d, 91-365d, >1y.")
    vega_usd_per_point: float = figure(_UNITS["vega_usd_per_point"])


@kind
class UnderlyingBeta:
    """How an underlying moves with SPY."""

    underlying: str
    beta: float
    n: int = figure("Returns it rests on.")
    first: date
    last: date


@kind
class MissingLeg:
    """An open leg without Greeks, and why it has none."""

    position: UUID
    book: UUID
    book_name: str
    symbol: str
    why: str


@kind
class ExposedLeg:
    """An open leg and what it adds to its line; null where that is not known."""

    position: UUID
    book: UUID
    book_name: str
    symbol: str
    units: float = figure("Shares: quantity x ratio x multiplier, below zero when owed.")
    bucket: str
    status: str = figure("ok, whose Greeks they are, or why there are none.")
    model: str
    vol: float | None = figure("Implied volatility per year.")
    spot: float | None = figure("USD: the underlying's price at the mark.")
    delta_shares: float | None = figure(_UNITS["delta_shares"])
    delta_usd: float | None = figure(_UNITS["delta_usd"])
    gamma_usd_per_percent: float | None = figure(_UNITS["gamma_usd_per_percent"])
    theta_usd_per_day: float | None = figure(_UNITS["theta_usd_per_day"])
    vega_usd_per_point: float | None = figure(_UNITS["vega_usd_per_point"])
    rho_usd_per_point: float | None = figure(_UNITS["rho_usd_per_point"])
    beta_delta_usd: float | None = figure(_UNITS["beta_delta_usd"])
    event: BigInt = figure("The event on the tape that made the position stand like this.")
    mark_event: BigInt | None = figure("The mark on the tape that it is valued by.")


@kind
class ExposureLine:
    """A group in all units; null where nothing of it is known."""

    group: str
    legs: int = figure("Open legs.")
    quoted: int = figure("Open legs that have Greeks; the others count for nothing here.")
    coverage: str
    with_beta: int = figure("Quoted legs whose underlying has a beta.")
    beta_coverage: str
    delta_contracts: float | None = figure(_UNITS["delta_contracts"])
    gamma_contracts: float | None = figure(_UNITS["gamma_contracts"])
    delta_shares: float | None = figure(_UNITS["delta_shares"])
    gamma_shares: float | None = figure(_UNITS["gamma_shares"])
    delta_usd: float | None = figure(_UNITS["delta_usd"])
    gamma_usd_per_percent: float | None = figure(_UNITS["gamma_usd_per_percent"])
    theta_usd_per_day: float | None = figure(_UNITS["theta_usd_per_day"])
    vega_usd_per_point: float | None = figure(_UNITS["vega_usd_per_point"])
    vega_usd_per_point_30d: float | None = figure(
        _UNITS["vega_usd_per_point_30d"], name="vegaUsdPerPoint30d"
    )
    rho_usd_per_point: float | None = figure(_UNITS["rho_usd_per_point"])
    beta_delta_usd: float | None = figure(_UNITS["beta_delta_usd"])
    vega_by_bucket: list[BucketVega]
    line: strawberry.Private[Line]

    @resolved("The legs behind the line, each with its position and the events it rests on.")
    def behind(self, first: First = FIRST) -> list[ExposedLeg]:
        return [_leg(view) for view in self.line.behind[: limit_of(first) - 1]]

    @resolved("The legs that have no Greeks, by name.")
    def missing(self, first: First = FIRST) -> list[MissingLeg]:
        return [missing_leg(leg) for leg in self.line.missing[: limit_of(first) - 1]]


@kind
class Exposure:
    """What the open positions are exposed to."""

    by: Group
    day: date | None = figure("The exchange day from which days to expiry are counted.")
    coverage: str
    beta_coverage: str
    models: list[str] = figure("What valued the legs.")
    found: strawberry.Private[Exposed]

    @resolved("The groups by name, expiry buckets in the order of time.")
    def lines(self, first: First = FIRST, after: After = None) -> Connection[ExposureLine]:
        limit = limit_of(first)
        place = place_of(after, ByGroup)
        rows = [line for line in self.found.lines if place is None or line.place > place][:limit]
        return page_of(rows, first, lambda line: line.place, _line, after)

    @resolved("The unit of each figure.")
    def units(self) -> list[ExposureUnit]:
        return [shown(ExposureUnit, view) for view in VIEWS]

    @resolved("The betas that dollar deltas were weighted by, of the underlyings that have one.")
    def betas(self) -> list[UnderlyingBeta]:
        return [shown(UnderlyingBeta, beta) for beta in self.found.betas.values()]

    @resolved("What the figures mean, and over how many open legs.")
    def definition(self) -> Definition:
        period = "nothing is open" if self.day is None else f"at the last marks, to {self.day}"
        return Definition(meaning=_MEANING, n=self.found.legs, period=period)


def _line(line: Line) -> ExposureLine:
    return shown(
        ExposureLine,
        line,
        vega_by_bucket=[shown(BucketVega, each) for each in line.vega_by_bucket],
        line=line,
        **line.figures,
    )


_LEG_FIGURES: Sequence[str] = [name for name in _UNITS if name in ExposedLeg.__annotations__]


def _leg(view: LegView) -> ExposedLeg:
    leg = view.leg
    mark = leg.mark_event
    return shown(
        ExposedLeg,
        leg,
        book_name=leg.name,
        bucket=view.bucket,
        event=BigInt(leg.position_event),
        mark_event=None if mark is None else BigInt(mark),
        **{name: view.figures[name] for name in _LEG_FIGURES},
    )


def missing_leg(leg: OpenLeg) -> MissingLeg:
    """A leg that counts for nothing."""
    return shown(MissingLeg, leg, book_name=leg.name, why=leg.status)


@strawberry.type
class ExposureQueries:
    """What can be asked about exposure."""

    @resolved("Exposure of what is open, of all books or of one trader's or account's.")
    def exposure(
        self,
        info: Info,
        by: Group = Group.UNDERLYING,
        kind: BookKind | None = None,
        book: UUID | None = None,
        as_of: AsOf = None,
    ) -> Exposure:
        reading = asking_of(info).reading
        database = reading.of(Greeks, Books, TraderProfiles, Risk, as_of=as_of)
        found = exposure(database, by, kind=kind, book=book, as_of=as_of)
        return shown(Exposure, found, by=by, found=found, models=list(found.models))
