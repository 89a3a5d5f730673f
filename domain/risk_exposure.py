"""Exposure to Greeks: of all legs together, by underlying, sector and expiry, and by position."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from domain.risk import LimitKind
from domain.shared import cents

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from domain.quant.portfolio import Floats, Units


class LegGreeks(NamedTuple):
    """A leg of the position at this place. `quantity` is signed as held; Greeks are per share,
    None where they are not known.
    """

    place: int
    underlying: str
    sector: str
    expiry: date | None
    quantity: float
    multiplier: int
    spot: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None


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
    contracts: Sums
    shares: Sums
    dollars: Sums
    legs: int
    known: int

    @property
    def is_complete(self) -> bool:
        return self.known == self.legs


class Group(StrEnum):
    """What exposure is summed by."""

    TOTAL = "total"
    UNDERLYING = "underlying"
    SECTOR = "sector"
    EXPIRY = "expiry"


NO_EXPIRY = "none"

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
        names = [_name(leg, group) for leg in self._legs]
        order = sorted(set(names))
        number = {name: at for at, name in enumerate(order)}
        return self._summed(order, [number[name] for name in names])

    def by_position(self, limit: LimitKind) -> list[float]:
        """How much each position adds to the figure of a limit on Greeks."""
        import numpy as np

        unit, row = _ROWS[limit]
        values: Floats = getattr(self._units, unit)[row]
        places = np.fromiter((leg.place for leg in self._legs), np.int64, len(self._legs))
        found: list[float] = np.bincount(places, values, self._places).tolist()
        return found

    def _summed(self, names: Sequence[str], numbers: Sequence[int]) -> list[Exposure]:
        import numpy as np

        from domain.quant.portfolio import sums_by

        group: NDArray[np.int64] = np.asarray(numbers, dtype=np.int64)
        units = self._units
        contracts, shares, dollars = (
            sums_by(values, group, len(names)).T.tolist()
            for values in (units.contracts, units.shares, units.dollars)
        )
        legs = np.bincount(group, minlength=len(names)).tolist()
        known = np.bincount(group[units.known], minlength=len(names)).tolist()
        return [
            Exposure(
                name, _rounded(contracts[at]), _rounded(shares[at]), _to_the_cent(dollars[at]),
                legs[at], known[at],
            )
            for at, name in enumerate(names)
        ]  # fmt: skip


def sum_greeks(legs: Sequence[LegGreeks], places: int) -> Exposures:
    """The exposures of the legs of so many positions."""
    # Numbers take a tenth of a second to load, and only who assesses risk waits for them.
    import numpy as np

    from domain.quant.portfolio import in_units

    figures = np.array([leg[4:] for leg in legs], dtype=np.float64).reshape(len(legs), 7).T
    return Exposures(legs, in_units(figures[0], figures[1], figures[2], figures[3:]), places)


def _name(leg: LegGreeks, group: Group) -> str:
    if group is Group.UNDERLYING:
        return leg.underlying
    if group is Group.SECTOR:
        return leg.sector
    return NO_EXPIRY if leg.expiry is None else leg.expiry.isoformat()


def exact(figure: float) -> Decimal:
    """A figure to six places, without a sign before zero."""
    return Decimal(f"{figure:.6f}") + 0


def _rounded(figures: Sequence[float]) -> Sums:
    return Sums(*map(exact, figures))


def _to_the_cent(figures: Sequence[float]) -> Sums:
    return Sums(*(cents(Decimal(figure)) + 0 for figure in figures))
