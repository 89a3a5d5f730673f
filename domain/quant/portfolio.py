"""What positions come to in Greeks, in three units, and their sums by any grouping.

Greeks per share come in as brokers quote them: delta per 1.00 of spot, gamma per 1.00 of spot
squared, theta per calendar day, vega per vol point (0.01 of volatility).

* contract units: Greek x quantity x multiplier / 100, so an option contract of the standard
  multiplier counts with its Greek, and a hundred shares count as one contract of delta 1.
* share units: Greek x quantity x multiplier, a hundred times that.
* dollars: delta x spot (what is held of the underlying), gamma x spot squared / 100 (how much
  delta dollars change when the spot moves by 1 %), theta per day, vega per vol point, each in
  share units.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.shared import InvalidInput

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

STANDARD_CONTRACT = 100.0
GREEKS = ("delta", "gamma", "theta", "vega")
"""The rows of every array of Greeks, in this order."""


class Units(NamedTuple):
    """Greeks in each unit, arrays (4, n): the rows are `GREEKS`.

    `known` (n) is false for a position whose Greeks or spot are not known: it counts zero.
    """

    contracts: Floats
    shares: Floats
    dollars: Floats
    known: NDArray[np.bool_]


def in_units(
    quantity: ArrayLike, multiplier: ArrayLike, spot: ArrayLike, per_share: ArrayLike
) -> Units:
    """The Greeks of n positions. `quantity` (n) is negative when short, `per_share` (4, n);
    NaN where something is not known.

    Raises:
        InvalidInput: the shapes do not fit, or a quantity or multiplier is no number.
    """
    held = np.asarray(quantity, dtype=np.float64) * np.asarray(multiplier, dtype=np.float64)
    at = np.asarray(spot, dtype=np.float64)
    greeks = np.asarray(per_share, dtype=np.float64)
    if held.ndim != 1 or at.shape != held.shape or greeks.shape != (len(GREEKS), held.size):
        raise InvalidInput(
            f"quantities {held.shape}, spots {at.shape} and Greeks {greeks.shape} do not fit: "
            f"n, n and {len(GREEKS)} x n are wanted"
        )
    if not np.isfinite(held).all():
        raise InvalidInput("a quantity or multiplier is no number")
    known = np.isfinite(greeks).all(axis=0) & np.isfinite(at)
    shares = np.where(known, greeks, 0.0) * held
    spots = np.where(known, at, 0.0)
    ones = np.ones_like(spots)
    dollars = shares * np.stack([spots, spots * spots / 100.0, ones, ones])
    return Units(shares / STANDARD_CONTRACT, shares, dollars, known)


def from_rows(rows: Sequence[Sequence[float | None]]) -> Units:
    """The same of one row for each position: quantity, multiplier, spot, and its Greeks; None
    where something is not known.
    """
    figures = np.array(rows, dtype=np.float64).reshape(len(rows), 3 + len(GREEKS)).T
    return in_units(figures[0], figures[1], figures[2], figures[3:])


def numbered(groups: Sequence[int]) -> Numbers:
    """The number of each column's group."""
    return np.array(groups, dtype=np.int64)


def sums_by(values: Floats, group: Numbers, groups: int) -> Floats:
    """Sums of (k, n) figures by the group number of each column: (k, groups)."""
    return np.stack([np.bincount(group, weights=row, minlength=groups) for row in values])


def counts_by(group: Numbers, groups: int, among: NDArray[np.bool_]) -> list[int]:
    """How many of those that are meant are in each group."""
    found: list[int] = np.bincount(group[among], minlength=groups).tolist()
    return found


def floats(figures: Sequence[Decimal | int]) -> Floats:
    """Exact figures as numbers to choose by."""
    return np.array([float(figure) for figure in figures], dtype=np.float64)


class Columns:
    """Positions as columns, to find those that matter to a figure among thousands.

    All arrays are (n): `held` and `value` (USD) above zero for what can be closed. The weights
    that are handed in say how much of the figure each position makes, below zero if it lowers it.
    """

    def __init__(
        self, held: Sequence[float], value: Sequence[float], can_close: Sequence[bool]
    ) -> None:
        self._held = np.asarray(held, dtype=np.float64)
        self._value = np.asarray(value, dtype=np.float64)
        self._can_close = np.asarray(can_close, dtype=np.bool_)

    def heaviest(self, weights: Floats, most: int) -> list[int]:
        """Which positions weigh most, the heaviest first; at most so many."""
        order = np.argsort(-weights, kind="stable")[:most]
        found: list[int] = order[weights[order] > 0].tolist()
        return found

    def shortlist(self, weights: Floats, excess: float, most: int) -> list[int]:
        """Which positions are worth a closer look to take an excess off: those that take most
        off for a dollar until they suffice (at most so many), and the one that does it alone
        for the least.
        """
        places = np.flatnonzero(self._can_close & (weights > 0) & (self._held > 0))
        if not places.size:
            return []
        weight, held = weights[places], self._held[places]
        value = np.maximum(self._value[places], 0.01)
        order = np.argsort(-weight / value, kind="stable")
        enough = int(np.searchsorted(np.cumsum(weight[order]), excess * (1 + 1e-9))) + 2
        found = places[order[: min(enough, most)]].tolist()
        alone = np.flatnonzero(weight >= excess)
        if alone.size:
            units = np.minimum(np.ceil(excess * held[alone] / weight[alone]), held[alone])
            turnover = value[alone] / held[alone] * units
            found.append(int(places[alone[np.argmin(turnover)]]))
        return sorted(set(found))
