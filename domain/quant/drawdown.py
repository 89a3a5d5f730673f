"""Drawdown: how far an index fell from its highest point, when, and when it was back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from domain.quant.figures import Status
from domain.quant.returns import nav_index
from domain.quant.series import series
from domain.shared import InvalidInput


class Drawdown(NamedTuple):
    """The deepest fall; `peak`, `trough` and `recovered` are places in the index.

    `depth` is a ratio, at most 0. `recovered` is the first place at which the index is back at
    its peak, None as long as it is not.
    """

    depth: float
    peak: int
    trough: int
    recovered: int | None


def deepest(index: ArrayLike) -> Drawdown | Status:
    """The deepest drawdown of an index (n,), the first of equal ones; too few below two places.

    Magdon-Ismail and Atiya, "Maximum drawdown", Risk 17 (2004).

    Raises:
        InvalidInput: the index does not begin above zero, or falls below it.
    """
    found = series("index", index)
    if found.size < 2:
        return Status.TOO_FEW
    if found[0] <= 0 or (found < 0).any():
        raise InvalidInput("an index begins above zero and never falls below it")
    highest = np.maximum.accumulate(found)
    falls = found / highest - 1.0
    trough = int(np.argmin(falls))
    depth = float(falls[trough])
    if depth == 0.0:
        return Drawdown(0.0, 0, 0, 0)
    peak = int(np.argmax(found[: trough + 1]))
    back = np.flatnonzero(found[trough:] >= found[peak])
    return Drawdown(depth, peak, trough, trough + int(back[0]) if back.size else None)


def max_drawdown(returns: ArrayLike) -> float | Status:
    """The depth of the deepest drawdown of chained returns; too few without any."""
    found = deepest(nav_index(returns))
    return found if isinstance(found, Status) else found.depth
