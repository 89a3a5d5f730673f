"""What options share on a grid of spots and volatilities, and the room each is worked out in."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from domain.quant.batches import Floats
from domain.quant.compiling import kernel

VOL_NODES, SPOT_NODES = 6, 12
"""Volatilities that boundaries are searched at, and distances from the boundary that the
premium is integrated at: with these what interpolation adds is less than the setting's error."""


class Axes(NamedTuple):
    """What all options of a grid share.

    `spot` (s) and `vol` (v) are factors; `log_spot` (s) the logarithms of the former.
    `vol_node` (p) are factors of the volatilities that boundaries are searched at and
    `vol_weight` (v, p) what each counts at those of the grid; `spot_node` (q) are shares of the
    reach in u, and `spot_transform` (q, q) makes coefficients of values there.
    """

    spot: Floats
    log_spot: Floats
    vol: Floats
    vol_node: Floats
    vol_weight: Floats
    spot_node: Floats
    spot_transform: Floats


def make_axes(spot: Floats, vol: Floats) -> Axes:
    """The axes of a grid with these factors, all above 0."""
    log_vol = np.log(vol)
    middle, half = (log_vol.max() + log_vol.min()) / 2.0, np.ptp(log_vol) / 2.0
    nodes = _lobatto(VOL_NODES) if half > 0.0 else np.zeros(1)
    at = (log_vol - middle) / (half or 1.0)
    order = np.arange(SPOT_NODES)
    ends = np.where((order == 0) | (order == SPOT_NODES - 1), 0.5, 1.0)
    cosines = np.cos(np.pi * np.outer(order, order) / (SPOT_NODES - 1))
    return Axes(
        spot=np.ascontiguousarray(spot),
        log_spot=np.log(spot),
        vol=np.ascontiguousarray(vol),
        vol_node=np.exp(middle + half * nodes),
        vol_weight=_barycentric(nodes, at),
        spot_node=(1.0 + _lobatto(SPOT_NODES)) / 2.0,
        spot_transform=(2.0 / (SPOT_NODES - 1)) * ends[:, None] * cosines * ends[None, :],
    )


def _lobatto(count: int) -> Floats:
    nodes: Floats = np.cos(np.pi * np.arange(count) / (count - 1))
    return nodes


def _barycentric(nodes: Floats, at: Floats) -> Floats:
    """What the value at each node counts in the polynomial through all of them (Berrut and
    Trefethen, "Barycentric Lagrange Interpolation", 2004, equation 5.4).
    """
    signs = np.where(np.arange(nodes.size) % 2 == 0, 1.0, -1.0)
    signs[[0, -1]] *= 0.5
    away = at[:, None] - nodes[None, :]
    is_node = np.abs(away) < 1e-12
    shares = signs / np.where(is_node, 1.0, away)
    shares[is_node.any(axis=1)] = 0.0
    shares[is_node] = 1.0
    weights: Floats = np.ascontiguousarray(shares / shares.sum(axis=1, keepdims=True))
    return weights


class Room(NamedTuple):
    """Arrays to work in, kept from option to option.

    `log_put`, `put`, `scale` (s) are the spots as those of a put on a strike of 1, and what that
    put's value is multiplied by; `value` (v * s). `normal` (2, 2 * most) holds arguments and
    results of the normal distribution. `points` (7, l * q) belong to the integral: l points for
    each of q distances, these changing fastest. `premium` (p, q), `terms` (p, q) and `mixed` (q)
    are values and coefficients of what exercise adds; `log_boundary` (p).
    """

    log_put: Floats
    put: Floats
    scale: Floats
    value: Floats
    normal: Floats
    points: Floats
    series: Floats
    premium: Floats
    terms: Floats
    mixed: Floats
    log_boundary: Floats
    gaps: Floats
    clenshaw: Floats


@kernel
def make_room(s: int, v: int, p: int, q: int, points: int, nodes: int) -> Any:
    """Room for a grid of s spots and v volatilities."""
    most = max(s * v, points * q)
    return Room(
        np.empty(s), np.empty(s), np.empty(s), np.empty(s * v), np.empty((2, 2 * most)),
        np.empty((7, points * q)), np.empty(nodes + 1), np.empty((p, q)), np.empty((p, q)),
        np.empty(q), np.empty(p), np.empty((p, nodes)), np.empty((3, s)),
    )  # fmt: skip
