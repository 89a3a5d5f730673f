"""Bootstrap: how far a figure would move had the record been another of the same kind.

The stationary bootstrap of Politis and Romano, Journal of the American Statistical Association
89 (1994): samples are strung together from stretches of the record of random length, so that
days that hang together stay together; a stretch of one is Efron's bootstrap. Chance comes from
the data themselves, so the same record has the same intervals at every replay.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit, uint64
from numpy.typing import ArrayLike

from domain.quant.figures import Floats, Status, mean, series
from domain.shared import InvalidInput

SAMPLES = 1_000
LEVEL = 0.95

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_TO_UNIT = 2.0**-53
_LEAST = 1e-300
"""What is left of an index that lost everything, so that it has a logarithm."""


class Samples(NamedTuple):
    """What each sample (m,) came to: mean, standard deviation (ddof 1), and its values chained as
    returns."""

    mean: Floats
    deviation: Floats
    total: Floats


def seed_of(values: Floats) -> int:
    """A 64-bit number that the values alone decide."""
    return int.from_bytes(hashlib.blake2b(values.tobytes(), digest_size=8).digest(), "big")


def stretch_of(n: int) -> float:
    """The mean length of a stretch for n days: their cube root (Hall, Horowitz and Jing, 1995)."""
    return max(1.0, math.cbrt(n))


def resampled(values: ArrayLike, stretch: float, samples: int = SAMPLES) -> Samples | Status:
    """Samples of values (n,) in stretches of that mean length; too few below two values.

    Raises:
        InvalidInput: the stretch is below one, or there are no samples.
    """
    found = series("values", values)
    if not stretch >= 1.0 or samples < 1:
        raise InvalidInput(f"a stretch of at least 1 and a sample: {stretch}, {samples}")
    if found.size < 2:
        return Status.TOO_FEW
    centre = mean(found)
    away = found - centre
    growth = np.log(np.maximum(1.0 + found, _LEAST))
    sums = np.array([_running(away), _running(away * away), _running(growth)])
    out = np.empty((len(Samples._fields), samples))
    _resample(sums, found.size, 1.0 / stretch, np.uint64(seed_of(found)), out)
    # Away from the mean, the sums lose no digits to a size that all values share.
    spread = np.maximum(out[1] - out[0] * out[0] / found.size, 0.0) / (found.size - 1)
    return Samples(centre + out[0] / found.size, np.sqrt(spread), np.expm1(out[2]))


def _running(values: Floats) -> Floats:
    """Sums up to each place (2n + 1,), the values said twice so that a stretch may wrap."""
    return np.concatenate((np.zeros(1), np.cumsum(np.concatenate((values, values)))))


def interval(figures: Floats, level: float = LEVEL) -> tuple[float, float] | None:
    """The stretch that holds the middle share of the figures (percentile method); None where
    one of them is no number."""
    if not np.isfinite(figures).all():
        return None
    low, high = np.percentile(figures, [50.0 * (1.0 - level), 50.0 * (1.0 + level)])
    return float(low), float(high)


def sharpe_interval(samples: Samples, per_year: float) -> tuple[float, float] | None:
    """The interval of the Sharpe ratio; None where a sample has no variation."""
    if (samples.deviation <= 0.0).any():
        return None
    return interval(samples.mean / samples.deviation * math.sqrt(per_year))


@njit(cache=True)
def _resample(sums: Any, n: Any, change: Any, seed: Any, out: Any) -> None:
    """Fills `out` (k, m) with what samples of n values sum to, from running sums (k, 2n + 1).

    `change` is the chance that a stretch ends at a value. Chance is SplitMix64 (Steele, Lea and
    Flood, 2014): one number for where a stretch begins, one for how long it is.
    """
    state = uint64(seed)
    stays = math.log1p(-change) if change < 1.0 else 0.0
    for sample in range(out.shape[1]):
        for row in range(sums.shape[0]):
            out[row, sample] = 0.0
        left = n
        while left > 0:
            state += _GOLDEN
            place = int(_unit(state) * n)
            length = 1
            if stays < 0.0:
                state += _GOLDEN
                length += int(min(math.log(1.0 - _unit(state)) / stays, float(n)))
            length = min(length, left)
            for row in range(sums.shape[0]):
                out[row, sample] += sums[row, place + length] - sums[row, place]
            left -= length


@njit(cache=True)
def _unit(state: Any) -> Any:
    """A number from 0 to below 1."""
    mixed = (state ^ (state >> uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> uint64(27))) * _MIX_2
    return ((mixed ^ (mixed >> uint64(31))) >> uint64(11)) * _TO_UNIT
