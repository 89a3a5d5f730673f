"""What open legs come to in the units that a desk hedges by.

Greeks come in as they are stored: per share, per year, per 1.00 of volatility. What a leg holds
is its `units`: quantity x ratio x multiplier, in shares and below zero when owed. Sums are exact
to the last bit (Shewchuk 1997, as in `math.fsum`), so that no order of the legs and no thread
changes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.shared import InvalidInput

Floats = NDArray[np.float64]

STANDARD_CONTRACT = 100.0
DAYS_A_YEAR = 365.0
REFERENCE_DAYS = 30.0
"""Vega is weighted by the root of this over the days that are left."""

RAW = ("delta", "gamma", "theta", "vega", "rho")
"""The rows of the stored Greeks, in this order."""


class View(NamedTuple):
    """A figure of exposure: its unit is in its name and in words."""

    name: str
    unit: str
    meaning: str


VIEWS = (
    View("delta_contracts", "contracts", "delta x units / 100: an option of the standard "
         "contract counts with its delta, a hundred shares as one"),
    View("gamma_contracts", "contracts per USD", "gamma x units / 100"),
    View("delta_shares", "shares", "delta x units"),
    View("gamma_shares", "shares per USD", "gamma x units: how many shares delta changes by "
         "when the underlying moves by one dollar"),
    View("delta_usd", "USD", "delta x units x price of the underlying"),
    View("gamma_usd_per_percent", "USD per 1 %", "gamma x units x price squared / 100: how much "
         "dollar delta changes when the underlying moves by 1 %"),
    View("theta_usd_per_day", "USD per calendar day", "theta x units / 365"),
    View("vega_usd_per_point", "USD per vol point", "vega x units / 100: for 0.01 of volatility; "
         "absent where the legs are of several expiry buckets"),
    View("vega_usd_per_point_30d", "USD per vol point at 30 days", "the same, each leg weighted "
         "by the root of 30 over its calendar days left, one at least"),
    View("rho_usd_per_point", "USD per rate point", "rho x units / 100: for 0.01 of the rate"),
    View("beta_delta_usd", "USD of SPY", "dollar delta x beta to SPY, of the legs whose "
         "underlying has a beta"),
)  # fmt: skip
NAMES = tuple(view.name for view in VIEWS)

BETA = "beta_delta_usd"
"""The view that needs a beta."""

_VEGA = NAMES.index("vega_usd_per_point")


class Measured(NamedTuple):
    """Legs in all units: `figures` (views, n), zero where it is not known.

    `known` (n) says which legs have Greeks and a price of the underlying, `has_beta` (n) which of
    these have a beta as well.
    """

    figures: Floats
    known: NDArray[np.bool_]
    has_beta: NDArray[np.bool_]

    def sums(self, legs: Iterable[int]) -> Sums:
        """What these legs come to."""
        places = [leg for leg in legs if self.known[leg]]
        with_beta = [leg for leg in places if self.has_beta[leg]]
        rows = self.figures[:, places].tolist()
        figures = {name: math.fsum(row) for name, row in zip(NAMES, rows, strict=True)}
        return Sums(figures, len(places), len(with_beta))

    def vega(self, legs: Iterable[int]) -> float:
        """The vega of legs that may be added: those of one bucket."""
        return math.fsum(self.figures[_VEGA, [leg for leg in legs if self.known[leg]]].tolist())


class Sums(NamedTuple):
    """Figures by the name of their view, and how many legs they are of."""

    figures: Mapping[str, float]
    known: int
    with_beta: int


def measure(
    units: ArrayLike, spot: ArrayLike, greeks: ArrayLike, beta: ArrayLike, days: ArrayLike
) -> Measured:
    """Legs in all units. `greeks` (5, n) in the order of `RAW`; the others (n).

    NaN stands for what is not known. `days` are calendar days to the expiry, NaN without one.

    Raises:
        InvalidInput: the shapes do not fit, or units are no number.
    """
    held, price, betas, left = (
        np.asarray(each, dtype=np.float64) for each in (units, spot, beta, days)
    )
    raw = np.asarray(greeks, dtype=np.float64)
    shapes = {price.shape, betas.shape, left.shape, held.shape}
    if held.ndim != 1 or len(shapes) > 1 or raw.shape != (len(RAW), held.size):
        raise InvalidInput(
            f"units {held.shape}, spot {price.shape}, greeks {raw.shape}, beta {betas.shape} and "
            f"days {left.shape} do not fit: n each, and {len(RAW)} x n of the Greeks"
        )
    if not np.isfinite(held).all():
        raise InvalidInput("units hold something that is no number: leave such a leg out")
    known = np.isfinite(raw).all(axis=0) & np.isfinite(price)
    delta, gamma, theta, vega, rho = np.where(known, raw, 0.0) * held
    at = np.where(known, price, 0.0)
    has_beta = known & np.isfinite(betas)
    has_days = np.isfinite(left)
    weight = np.sqrt(REFERENCE_DAYS / np.maximum(np.where(has_days, left, REFERENCE_DAYS), 1.0))
    points = vega / 100.0
    figures = np.stack([
        delta / STANDARD_CONTRACT, gamma / STANDARD_CONTRACT, delta, gamma, delta * at,
        gamma * at * at / 100.0, theta / DAYS_A_YEAR, points, points * weight, rho / 100.0,
        delta * at * np.where(has_beta, betas, 0.0),
    ])  # fmt: skip
    return Measured(figures, known, has_beta)


def columns(rows: Sequence[Sequence[float | None]], width: int) -> Floats:
    """Rows of so many figures as columns (width, n); None becomes NaN."""
    return np.array(rows, dtype=np.float64).reshape(len(rows), width).T
