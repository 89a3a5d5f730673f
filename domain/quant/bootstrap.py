"""Bootstrap: how far a figure would move had the record been another of the same kind.

The stationary bootstrap of Politis and Romano, Journal of the American Statistical Association
89 (1994): samples are strung together from stretches of the record of random length, so that
days that hang together stay together; a stretch of one is Efron's bootstrap. Chance comes from
the data themselves, so the same record has the same intervals at every replay.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
from numba import uint64
from numpy.typing import ArrayLike

from domain.quant.compiling import kernel, part
from domain.quant.figures import Status
from domain.quant.series import Floats, mean
from domain.shared import InvalidInput

SAMPLES = 1_000
_MIDDLE = (2.5, 97.5)

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_TO_UNIT = 2.0**-53


def seed_of(values: Floats) -> int:
    """A 64-bit number that the values alone decide."""
    return int.from_bytes(hashlib.blake2b(values.tobytes(), digest_size=8).digest(), "big")


def stretch_of(n: int) -> float:
    """The mean length of a stretch for n days: their cube root (Hall, Horowitz and Jing, 1995)."""
    return max(1.0, math.cbrt(n))


def resampled(values: ArrayLike, stretch: float, samples: int = SAMPLES) -> Floats | Status:
    """Means of samples of values (k, n) or (n,), drawn together, in stretches of that mean
    length: (k, samples). Too few below two values.

    Raises:
        InvalidInput: values that are not finite, a stretch below one, or no samples.
    """
    found = np.atleast_2d(np.ascontiguousarray(values, dtype=np.float64))
    if found.ndim != 2 or not np.isfinite(found).all():
        raise InvalidInput(f"values have to be finite, in rows of one length: {found.shape}")
    if not stretch >= 1.0 or samples < 1:
        raise InvalidInput(f"a stretch of at least 1 and a sample: {stretch}, {samples}")
    rows, n = found.shape
    if n < 2:
        return Status.TOO_FEW
    # Away from the mean, sums lose no digits to a size that all values share. The values are
    # said twice, so that a stretch may go on at the beginning.
    centres = found.mean(axis=1, keepdims=True)
    sums = np.zeros((rows, 2 * n + 1))
    np.cumsum(np.tile(found - centres, 2), axis=1, out=sums[:, 1:])
    out = np.empty((rows, samples))
    _resample(sums, n, 1.0 / stretch, np.uint64(seed_of(found)), out)
    found_means: Floats = centres + out / n
    return found_means


def interval(figures: Floats) -> tuple[float, float] | None:
    """What holds the middle 95 % of the figures (percentile method); None where one of them is
    no number."""
    if not np.isfinite(figures).all():
        return None
    low, high = np.percentile(figures, _MIDDLE)
    return float(low), float(high)


def mean_intervals(
    values: ArrayLike,
) -> list[tuple[float, float] | None]:
    """The interval of the mean of each row of values (k, n); None for too few."""
    rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
    means = resampled(rows, stretch_of(rows.shape[1]))
    return [None] * len(rows) if isinstance(means, Status) else [interval(row) for row in means]


def sharpe_interval(excess: Floats, per_year: float) -> tuple[float, float] | None:
    """The interval of the Sharpe ratio (ddof 1) of excess returns (n,), times sqrt(per_year);
    None for too few, and where a sample has no variation."""
    n = excess.size
    if n < 2:
        return None
    away = excess - mean(excess)
    means = resampled(np.array((away, away * away)), stretch_of(n))
    if isinstance(means, Status):
        return None
    variance = (means[1] - means[0] * means[0]) * n / (n - 1)
    if (variance <= 1e-14 * float(np.abs(means[1]).max())).any():
        return None
    return interval((mean(excess) + means[0]) / np.sqrt(variance) * math.sqrt(per_year))


@kernel
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


@part
def _unit(state: Any) -> Any:
    """A number from 0 to below 1."""
    mixed = (state ^ (state >> uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> uint64(27))) * _MIX_2
    return ((mixed ^ (mixed >> uint64(31))) >> uint64(11)) * _TO_UNIT
