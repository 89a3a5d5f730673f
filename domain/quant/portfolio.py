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

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.shared import InvalidInput

Floats = NDArray[np.float64]

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


def sums_by(values: Floats, group: NDArray[np.int64], groups: int) -> Floats:
    """Sums of (k, n) figures by the group number of each column: (k, groups)."""
    return np.stack([np.bincount(group, weights=row, minlength=groups) for row in values])
