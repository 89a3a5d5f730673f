"""Exposure of what is open: stored Greeks in the units that a desk hedges by, summed by a group.

A leg without a usable quote counts for nothing and is named in the coverage; so does, in the
beta-weighted delta, a leg whose underlying has no beta. Vega of several expiry buckets is never
added: a group that spans them has it by bucket, and weighted by the root of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.sectors import Sectors
from domain.shared import InvalidInput
from domain.strategies import strategy_of
from projections.daily_closes import Beta, betas
from projections.open_legs import OpenLeg, day_of_marks, open_legs
from projections.positions import BookKind
from projections.risk import sectors_of

if TYPE_CHECKING:
    from domain.quant.exposure_units import Measured


class Group(StrEnum):
    """What exposure is summed by."""

    ACCOUNT = "account"
    TRADER = "trader"
    STRATEGY = "strategy"
    UNDERLYING = "underlying"
    BUCKET = "bucket"
    EXPIRY = "expiry"
    SECTOR = "sector"
    TOTAL = "total"

    @property
    def kind(self) -> BookKind | None:
        """Whose books have such groups; None for both."""
        return {Group.ACCOUNT: BookKind.ACCOUNT, Group.TRADER: BookKind.TRADER}.get(self)


BUCKETS = ((7, "0-7d"), (30, "8-30d"), (90, "31-90d"), (365, "91-365d"))
"""The last calendar day of each bucket of days to expiry."""
BEYOND, EXPIRED, NO_EXPIRY = ">1y", "expired", "none"
BUCKET_NAMES = (EXPIRED, *(name for _, name in BUCKETS), BEYOND, NO_EXPIRY)


Place = tuple[int, str, str]
"""A rank, a group's name, and what tells groups of one name apart: the order of lines."""


class BucketVega(NamedTuple):
    """The vega of the legs of one expiry bucket, in USD per vol point."""

    bucket: str
    vega_usd_per_point: float


class LegView(NamedTuple):
    """A leg behind a line, with what it adds to each figure; None for what is not known."""

    leg: OpenLeg
    bucket: str
    figures: Mapping[str, float | None]


class Measure(NamedTuple):
    """All legs that were asked for, in all units, and the expiry bucket of each."""

    legs: Sequence[OpenLeg]
    measured: Measured
    buckets: Sequence[str]


class ExposureLine(NamedTuple):
    """A group in all units; `domain.quant.exposure_units` says what each means.

    `quoted` of `legs` open legs have Greeks and `with_beta` of these a beta: the rest counts
    for nothing here. Figures are None where nothing is known, vega also where the legs are of
    several buckets. `place` orders the lines: a rank, the group's name, and what tells groups
    of one name apart.
    """

    place: Place
    legs: int
    quoted: int
    with_beta: int
    figures: Mapping[str, float | None]
    vega_by_bucket: Sequence[BucketVega]
    places: Sequence[int]
    measure: Measure

    @property
    def group(self) -> str:
        return self.place[1]

    @property
    def coverage(self) -> str:
        """The part that is missing, in words."""
        return coverage(self.legs, self.quoted, "quote")

    @property
    def beta_coverage(self) -> str:
        """The part of the quoted legs that has no beta, in words."""
        return coverage(self.quoted, self.with_beta, "beta")

    @property
    def behind(self) -> list[LegView]:
        """The legs of the group, each with what it adds."""
        legs, measured, buckets = self.measure
        rows = measured.figures[:, list(self.places)].T.tolist()
        return [
            LegView(legs[at], buckets[at], _figures(row, measured.known[at], measured.has_beta[at]))
            for at, row in zip(self.places, rows, strict=True)
        ]

    @property
    def missing(self) -> list[OpenLeg]:
        """The legs without Greeks; each one's status says why."""
        known = self.measure.measured.known
        return [self.measure.legs[at] for at in self.places if not known[at]]


class Exposed(NamedTuple):
    """The lines in their order, and what they rest on: the betas, the day from which the days to
    expiry are counted, and the models that valued the legs.
    """

    lines: Sequence[ExposureLine]
    betas: Mapping[str, Beta]
    day: date | None
    models: Sequence[str]

    @property
    def coverage(self) -> str:
        """The part of all legs that is missing, in words."""
        return coverage(self.legs, sum(line.quoted for line in self.lines), "quote")

    @property
    def beta_coverage(self) -> str:
        """The part of all quoted legs that has no beta, in words."""
        quoted = sum(line.quoted for line in self.lines)
        return coverage(quoted, sum(line.with_beta for line in self.lines), "beta")

    @property
    def legs(self) -> int:
        return sum(line.legs for line in self.lines)

    @property
    def missing(self) -> list[OpenLeg]:
        """All legs without Greeks; each one's status says why."""
        return [leg for line in self.lines for leg in line.missing]


def exposure(
    connection: Connection[Any],
    by: Group,
    *,
    kind: BookKind | None = None,
    book: UUID | None = None,
    as_of: int | None = None,
) -> Exposed:
    """Exposure of what is open, of traders' books or accounts', summed by a group.

    Raises:
        InvalidInput: traders' books have no accounts, and accounts' no traders.
    """
    legs = open_legs(connection, kind=asked_kind(by, kind), book=book, as_of=as_of)
    day = day_of_marks(legs)
    if day is None:
        return Exposed((), {}, None, ())
    known = betas(connection, {leg.underlying for leg in legs}, day, as_of=as_of)
    lines = summed(legs, grouping(connection, by, day, as_of), day, known)
    models = sorted({leg.model for leg in legs if None not in leg.raw})
    return Exposed(lines, known, day, models)


def summed(
    legs: Sequence[OpenLeg],
    group_of: Callable[[OpenLeg], Place],
    day: date,
    known: Mapping[str, Beta],
) -> list[ExposureLine]:
    """The lines of legs by the place of their group, in that order."""
    # Numbers take a tenth of a second to load, and only who asks for exposure waits for them.
    from domain.quant.exposure_units import columns
    from domain.quant.exposure_units import measure as measure_in_units

    rows = [(leg.units, leg.spot, *leg.raw, _beta(known, leg), days_left(leg, day)) for leg in legs]
    table = columns(rows, 9)
    measured = measure_in_units(table[0], table[1], table[2:7], table[7], table[8])
    whole = Measure(legs, measured, [bucket_of(leg, day) for leg in legs])
    groups: dict[Place, list[int]] = {}
    for at, leg in enumerate(legs):
        groups.setdefault(group_of(leg), []).append(at)
    return [_line(place, groups[place], whole) for place in sorted(groups)]


def days_left(leg: OpenLeg, day: date) -> int | None:
    """Calendar days to the expiry; None without one."""
    return None if leg.expiry is None else (leg.expiry - day).days


def bucket_of(leg: OpenLeg, day: date) -> str:
    """The expiry bucket of a leg, seen from a day."""
    left = days_left(leg, day)
    if left is None:
        return NO_EXPIRY
    if left < 0:
        return EXPIRED
    return next((name for last, name in BUCKETS if left <= last), BEYOND)


def asked_kind(by: Group, kind: BookKind | None) -> BookKind | None:
    """Whose books a grouping is of.

    Raises:
        InvalidInput: traders' books have no accounts, and accounts' no traders.
    """
    if by.kind is not None and kind is not None and kind is not by.kind:
        raise InvalidInput(
            f"{kind.value}s' books are not grouped by {by.value}: leave the kind out"
        )
    return by.kind or kind


def grouping(
    connection: Connection[Any], by: Group, day: date, as_of: int | None
) -> Callable[[OpenLeg], Place]:
    """Says the group of a leg, seen from a day."""
    sectors = sectors_of(connection, as_of=as_of) if by is Group.SECTOR else Sectors()

    def name_of(leg: OpenLeg) -> str:
        match by:
            case Group.ACCOUNT | Group.TRADER:
                return leg.name
            case Group.STRATEGY:
                return strategy_of(leg.whole, leg.is_bought)
            case Group.UNDERLYING:
                return leg.underlying
            case Group.BUCKET:
                return bucket_of(leg, day)
            case Group.EXPIRY:
                return NO_EXPIRY if leg.expiry is None else leg.expiry.isoformat()
            case Group.SECTOR:
                return sectors.of(leg.underlying).value
            case Group.TOTAL:
                return by.value

    def place_of(leg: OpenLeg) -> Place:
        name = name_of(leg)
        # Buckets come in the order of time, everything else by name.
        rank = BUCKET_NAMES.index(name) if by is Group.BUCKET else 0
        return rank, name, str(leg.book) if by.kind else ""

    return place_of


def _line(place: Place, places: Sequence[int], measure: Measure) -> ExposureLine:
    legs, measured, buckets = measure
    sums = measured.sums(places)
    figures = _figures(sums.figures.values(), sums.known > 0, sums.with_beta > 0)
    by_bucket: dict[str, list[int]] = {}
    for at in places:
        if measured.known[at] and legs[at].expiry is not None:
            by_bucket.setdefault(buckets[at], []).append(at)
    if len(by_bucket) > 1:
        figures["vega_usd_per_point"] = None
    return ExposureLine(
        place=place,
        legs=len(places),
        quoted=sums.known,
        with_beta=sums.with_beta,
        figures=figures,
        vega_by_bucket=[
            BucketVega(bucket, measured.vega(by_bucket[bucket]))
            for bucket in BUCKET_NAMES
            if bucket in by_bucket
        ],
        places=places,
        measure=measure,
    )


def _figures(row: Iterable[float], is_known: bool, has_beta: bool) -> dict[str, float | None]:
    """Figures by their names; None where nothing is known, and of what needs a beta."""
    from domain.quant.exposure_units import BETA, NAMES

    if not is_known:
        return dict.fromkeys(NAMES)
    found: dict[str, float | None] = dict(zip(NAMES, row, strict=True))
    return found if has_beta else {**found, BETA: None}


def _beta(known: Mapping[str, Beta], leg: OpenLeg) -> float | None:
    found = known.get(leg.underlying)
    return None if found is None else found.beta


def coverage(legs: int, known: int, what: str) -> str:
    missing = legs - known
    if not legs:
        return "no leg is quoted"
    if not missing:
        return _COMPLETE[what]
    return f"{missing} of {legs} legs have no {what}"


_COMPLETE = {
    "quote": "all legs quoted",
    "beta": "all quoted legs have a beta",
    "value": "all legs valued",
}
