"""Where the exercise boundary of an American option is known and its integrals are taken.

Everything here depends on the setting alone and not on the option: times are shares of the
time to expiry. The boundary B at time tau before expiry is held as H = ln(X / B)^2, X being
its limit at expiry, by its values at Chebyshev points in sqrt(tau), after Andersen, Lake and
Offengenden, "High-Performance American Option Pricing" (2016), section 4. An integral from
now to tau runs over an angle a, elapsed = tau sin(a)^2, remaining = tau cos(a)^2: square roots
at both ends become smooth, and the remaining time falls where a fixed matrix interpolates.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import NamedTuple

import numpy as np

from domain.quant.batches import Floats


class Setting(StrEnum):
    """How exactly an American option is valued: errors of the price on a spot of 100, for vols
    from 5 % and up to 4 years; the further the drift outruns the vol, the larger they are.
    """

    FAST = "fast"
    """6 points of the boundary: within 5e-5 (root mean square; at worst 1e-3)."""
    ACCURATE = "accurate"
    """12 points of the boundary: within 1e-6 (at worst 1e-5)."""
    EXACT = "exact"
    """24 points of the boundary: within 1e-8 (at worst 1e-7)."""


class Grid(NamedTuple):
    """The numbers of one setting, n boundary points with l points of each one's integral.

    `nodes` (n) are the square roots of the boundary points' times, falling from 1; the point
    at expiry, where H is 0, is left out. `root` and `weight` (l * n, the boundary point
    changing fastest) are the square roots of elapsed times and the weights in time,
    `inverse_root` and `elapsed` what follows from the roots; `spread` (n, l * n) gives H there
    from H at the nodes. `chebyshev` (n + 1, n) gives the coefficients of H in
    T_k(2 sqrt(tau) - 1). `legendre`, `legendre_weight` (p) are points on 0 .. 1 for the value's
    own integral. Newton's iteration ends after a step less than `tolerance` of what it changes;
    where it cannot, exercise and holding must be worth the same to within `mismatch` of the
    strike.
    """

    nodes: Floats
    root: Floats
    inverse_root: Floats
    elapsed: Floats
    weight: Floats
    spread: Floats
    chebyshev: Floats
    legendre: Floats
    legendre_weight: Floats
    tolerance: float
    mismatch: float


@cache
def grid(setting: Setting) -> Grid:
    """The numbers of a setting, made once."""
    if setting is Setting.FAST:
        return make_grid(6, 6, 12, 1e-2, 1e-7)
    if setting is Setting.ACCURATE:
        return make_grid(12, 20, 40, 1e-6, 1e-9)
    return make_grid(24, 32, 64, 1e-6, 1e-9)


def make_grid(points: int, inner: int, outer: int, tolerance: float, mismatch: float) -> Grid:
    """The numbers for so many points of the boundary, of its integrals and of the value's."""
    order = np.arange(points + 1)
    lobatto = (1.0 + np.cos(np.pi * order / points)) / 2.0
    nodes = lobatto[:-1]
    angle, angle_weight = _legendre(inner)
    sine, cosine = np.sin(angle * np.pi / 2), np.cos(angle * np.pi / 2)
    root = np.outer(sine, nodes)
    weight = np.outer(np.pi * sine * cosine * angle_weight, nodes**2)
    remaining = np.outer(cosine, nodes).reshape(-1)
    # Values at the points to coefficients: the discrete cosine transform, its ends halved.
    half = np.where((order == 0) | (order == points), 0.5, 1.0)
    cosines = np.cos(np.pi * np.outer(order, order) / points)
    transform = (2.0 / points) * half[:, None] * cosines * half[None, :]
    terms = np.cos(np.outer(order, np.arccos(np.clip(2.0 * remaining - 1.0, -1.0, 1.0))))
    chebyshev = transform[:, :-1]
    legendre, legendre_weight = _legendre(outer)
    return Grid(
        nodes=np.ascontiguousarray(nodes),
        root=root.reshape(-1),
        inverse_root=1.0 / root.reshape(-1),
        elapsed=root.reshape(-1) ** 2,
        weight=weight.reshape(-1),
        spread=np.ascontiguousarray(chebyshev.T @ terms),
        chebyshev=np.ascontiguousarray(chebyshev),
        legendre=legendre,
        legendre_weight=legendre_weight,
        tolerance=tolerance,
        mismatch=mismatch,
    )


def _legendre(count: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre points and weights on 0 .. 1."""
    points, weights = np.polynomial.legendre.leggauss(count)
    return (points + 1.0) / 2.0, weights / 2.0
