"""Series: rows of float64, checked once, and the sums that figures are made of."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.shared import InvalidInput

Floats: TypeAlias = NDArray[np.float64]


def series(name: str, values: ArrayLike, *, gaps: bool = False) -> Floats:
    """Values as one contiguous row of float64; NaN only where there may be gaps.

    Raises:
        InvalidInput: they are no numbers, of more than one dimension, or not finite.
    """
    try:
        found = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError) as wrong:
        raise InvalidInput(f"{name} has to be numbers: {wrong}") from wrong
    if found.ndim != 1:
        raise InvalidInput(f"{name} has to be one row of numbers, not of shape {found.shape}")
    if not gaps and not np.isfinite(found).all():
        at = int(np.flatnonzero(~np.isfinite(found))[0])
        raise InvalidInput(f"{name} has to be finite, not {found[at]} at {at}: leave it out")
    return found


def whole(name: str, values: ArrayLike) -> NDArray[np.int64]:
    """Whole numbers as one contiguous row of int64.

    Raises:
        InvalidInput: one of them is not whole.
    """
    found = series(name, values)
    if (found != np.floor(found)).any():
        raise InvalidInput(f"{name} has to be whole numbers")
    return found.astype(np.int64)


def joined(*values: Floats) -> Floats:
    """Rows one after the other."""
    return np.concatenate(values)


def pair(name: str, values: ArrayLike, other_name: str, other: ArrayLike) -> tuple[Floats, Floats]:
    """Two series of the same length.

    Raises:
        InvalidInput: one is no series, or their lengths differ.
    """
    one, two = series(name, values), series(other_name, other)
    if one.size != two.size:
        raise InvalidInput(f"{name} has {one.size} numbers and {other_name} {two.size}: align them")
    return one, two


def mean(values: Floats) -> float:
    """The mean, rounded once, so that it is the same in every order."""
    return math.fsum(values.tolist()) / values.size


def deviation(values: Floats, ddof: int = 1) -> float:
    """The standard deviation; exactly 0 where all values are the same but for rounding."""
    centre = mean(values)
    away = values - centre
    spread = math.sqrt(math.fsum((away * away).tolist()) / (values.size - ddof))
    return spread if spread > 1e-14 * float(np.abs(values).max()) else 0.0
