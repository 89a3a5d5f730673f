"""What Greeks explain from mark to mark, summed for whoever held."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.quant.attribution import PARTS, Moves, parts_of_pnl

Floats = NDArray[np.float64]


class Step(NamedTuple):
    """A leg from one mark to the next: whose it is by number, how many shares' worth were held
    all the time (negative when owed), the raw Greeks at the first mark in the order of
    `attribution.PARTS`, and what moved; NaN where something is not known.
    """

    owner: int
    units: float
    greeks: tuple[float, float, float, float, float]
    spot: float
    vol: float
    rate: float
    years: float


class StepSums(NamedTuple):
    """USD by part and owner (5, n), NaN where a part is known of no step; of each owner (n) how
    many steps there are, and of how many every part is known."""

    parts: Floats
    steps: list[int]
    explained: list[int]


def sum_steps(steps: Sequence[Step], owners: int) -> StepSums:
    """The parts of all steps by owner, rounded once: in any order of the steps the same."""
    counts, explained = [0] * owners, [0] * owners
    found: list[list[list[float]]] = [[[] for _ in PARTS] for _ in range(owners)]
    if steps:
        parts = parts_of_pnl(
            [step.units for step in steps],
            np.array([step.greeks for step in steps], dtype=np.float64).T,
            Moves(
                spot=np.array([step.spot for step in steps]),
                vol=np.array([step.vol for step in steps]),
                rate=np.array([step.rate for step in steps]),
                years=np.array([step.years for step in steps]),
            ),
        )
        for step, row in zip(steps, parts.T.tolist(), strict=True):
            counts[step.owner] += 1
            explained[step.owner] += all(map(math.isfinite, row))
            for column, part in zip(found[step.owner], row, strict=True):
                if math.isfinite(part):
                    column.append(part)
    sums = [[math.fsum(part) if part else math.nan for part in owner] for owner in found]
    return StepSums(np.array(sums).reshape(owners, len(PARTS)).T, counts, explained)
