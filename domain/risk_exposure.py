"""Exposure to Greeks: of all legs together, by underlying, sector and expiry, and by position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from domain.risk_events import LimitKind

if TYPE_CHECKING:
    from domain.quant.portfolio import Floats, Numbers, Units


NO_EXPIRY = "none"
"""The expiry of what has none."""


class LegGreeks(msgspec.Struct, frozen=True, gc=False):
    """A leg of the position at this place. `expiry` is its day, `NO_EXPIRY` for what has none.

    `figures` are the quantity (signed as held), the multiplier, the spot, and delta, gamma,
    theta and vega per share; None where they are not known.
    """

    place: int
    underlying: str
    sector: str
    expiry: str
    figures: tuple[float | None, ...]


class Sums(NamedTuple):
    """Delta, gamma, theta and vega in one unit; see `domain.quant.portfolio` for the units."""

    delta: Decimal
    gamma: Decimal
    theta: Decimal
    vega: Decimal


class Exposure(NamedTuple):
    """What a group of legs comes to. `known` of `legs` legs have Greeks: the others count
    nothing here.
    """

    name: str
    legs: int
    known: int
    in_contracts: Sequence[float]
    in_shares: Sequence[float]
    in_dollars: Sequence[float]

    @property
    def is_complete(self) -> bool:
        return self.known == self.legs

    @property
    def contracts(self) -> Sums:
        """In contract units, to six places."""
        return Sums(*map(exact, self.in_contracts))

    @property
    def shares(self) -> Sums:
        """In share units, to six places."""
        return Sums(*map(exact, self.in_shares))

    @property
    def dollars(self) -> Sums:
        """In USD, to the cent."""
        return Sums(*(Decimal(f"{figure:.2f}") + 0 for figure in self.in_dollars))


class Group(StrEnum):
    """What exposure is summed by."""

    TOTAL = "total"
    UNDERLYING = "underlying"
    SECTOR = "sector"
    EXPIRY = "expiry"


_ROWS = {
    LimitKind.DELTA: ("contracts", 0), LimitKind.GAMMA: ("contracts", 1),
    LimitKind.VEGA: ("contracts", 3), LimitKind.DELTA_USD: ("dollars", 0),
    LimitKind.GAMMA_USD: ("dollars", 1), LimitKind.THETA_USD: ("dollars", 2),
    LimitKind.VEGA_USD: ("dollars", 3),
}  # fmt: skip


class Exposures:
    """The Greeks of all legs; sums are made when they are asked for."""

    def __init__(self, legs: Sequence[LegGreeks], units: Units, places: int) -> None:
        self._legs = legs
        self._units = units
        self._places = places
        self.total = self._summed(["total"], [0] * len(legs))[0]

    def by(self, group: Group) -> list[Exposure]:
        """The exposure of each group, in the order of their names."""
        if group is Group.TOTAL:
            return [self.total]
        names = list(map(_NAME[group], self._legs))
        order = sorted(set(names))
        number = {name: at for at, name in enumerate(order)}
        return self._summed(order, list(map(number.__getitem__, names)))

    def by_position(self, limit: LimitKind) -> Floats:
        """How much each position adds to the figure of a limit on Greeks."""
        from domain.quant.portfolio import sums_by

        unit, row = _ROWS[limit]
        values: Floats = getattr(self._units, unit)[row : row + 1]
        summed: Floats = sums_by(values, self._owners, self._places)[0]
        return summed

    @cached_property
    def _owners(self) -> Numbers:
        """Whose each leg is."""
        from domain.quant.portfolio import numbered

        return numbered([leg.place for leg in self._legs])

    def _summed(self, names: Sequence[str], numbers: Sequence[int]) -> list[Exposure]:
        from domain.quant.portfolio import counts_by, numbered, sums_by

        units, groups = self._units, len(names)
        group = numbered(numbers)
        contracts, shares, dollars = (
            sums_by(values, group, groups).T.tolist()
            for values in (units.contracts, units.shares, units.dollars)
        )
        unknown = counts_by(group, groups, ~units.known)
        known = counts_by(group, groups, units.known)
        return [
            Exposure(name, of_known + of_unknown, of_known, *sums)
            for name, of_known, of_unknown, *sums in zip(
                names, known, unknown, contracts, shares, dollars, strict=True
            )
        ]


def sum_greeks(legs: Sequence[LegGreeks], places: int) -> Exposures:
    """The exposures of the legs of so many positions."""
    # Numbers take a tenth of a second to load, and only who assesses risk waits for them.
    from domain.quant.portfolio import from_rows

    return Exposures(legs, from_rows([leg.figures for leg in legs]), places)


_NAME: dict[Group, Callable[[LegGreeks], str]] = {
    Group.UNDERLYING: attrgetter("underlying"),
    Group.SECTOR: attrgetter("sector"),
    Group.EXPIRY: attrgetter("expiry"),
}


def exact(figure: float) -> Decimal:
    """A figure to six places, without a sign before zero."""
    return Decimal(f"{figure:.6f}") + 0
