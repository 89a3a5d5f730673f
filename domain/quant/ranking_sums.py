"""What a ranking knows of a record: sums over trades, and nothing that a sum cannot say.

Sums of a window are those of its end less those of its beginning, and the sums of one person's
accounts are added, so that a board never goes through the trades again.

A trade's return is its P&L over what its first entry tied up: whoever adds to a loser has risked
more than that, and it shows. Its `worst` is the most it can lose by its structure, over the same:
1 for an option or spread entered once, several times that for a naked short option whose margin
is a fifth of its strike and for who doubles, a night's gap for shares (more if more was lost).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.quant.series import Floats, pair
from domain.shared import InvalidInput


class TradeSums(NamedTuple):
    """Per trader (m,): trades and wins counted, returns summed to their fourth powers.

    `losses` are the losing returns alone, as a positive sum; `worst` and `worst_squares` sum
    what each trade could have lost.
    """

    trades: Floats
    wins: Floats
    total: Floats
    squares: Floats
    cubes: Floats
    fourths: Floats
    losses: Floats
    worst: Floats
    worst_squares: Floats


def trade_sums(returns: ArrayLike, worst: ArrayLike, trader: ArrayLike, traders: int) -> TradeSums:
    """The sums of each trader's trades.

    Args:
        returns, worst: of n trades; no trade loses more than its worst.
        trader: whose each is (n,), from 0 on.
        traders: m, how many there are.

    Raises:
        InvalidInput: lengths that differ, numbers that are not finite, a worst that is not
            above 0 or less than what was lost, a trader that is not one of the m.
    """
    made, risked = pair("returns", returns, "worst", worst)
    whose = np.asarray(trader)
    if whose.shape != made.shape or whose.dtype.kind not in "iu":
        raise InvalidInput("trader must be one whole number for each return")
    if whose.size and not (whose.min() >= 0 and whose.max() < traders):
        raise InvalidInput(f"trader must be from 0 to {traders - 1}")
    if not (risked > 0.0).all():
        raise InvalidInput("worst must be above 0: the most that the trade can lose")
    if (made < -risked * (1.0 + 1e-9)).any():
        raise InvalidInput("a return is below its worst: say what the trade could really lose")
    return TradeSums(*(_by(whose, term, traders) for term in _terms(made, risked)))


def _terms(made: Floats, risked: Floats) -> tuple[Floats, ...]:
    """What each trade adds to the sums, in their order."""
    square = made * made
    won = (made > 0.0).astype(np.float64)
    return (
        np.ones_like(made), won, made, square, square * made, square * square,
        np.maximum(-made, 0.0), risked, risked * risked,
    )  # fmt: skip


def pooled(sums: TradeSums, person: ArrayLike, persons: int) -> TradeSums:
    """The sums of people, whichever of their accounts a trade was in.

    `person` says whose each account is (m,), from 0 on.

    Raises:
        InvalidInput: not one person for each account, or one that is not among the persons.
    """
    whose = np.asarray(person)
    if whose.shape != sums.trades.shape or whose.dtype.kind not in "iu":
        raise InvalidInput("person must be one whole number for each account")
    if whose.size and not (whose.min() >= 0 and whose.max() < persons):
        raise InvalidInput(f"person must be from 0 to {persons - 1}")
    return TradeSums(*(_by(whose, term, persons) for term in sums))


def between(before: TradeSums, after: TradeSums) -> TradeSums:
    """The sums of a window, from those up to its beginning and those up to its end."""
    return TradeSums(*(late - early for early, late in zip(before, after, strict=True)))


def _by(whose: NDArray[np.int_], term: Floats, count: int) -> Floats:
    return np.bincount(whose, weights=term, minlength=count).astype(np.float64, copy=False)


def sums_of(rows: Sequence[Sequence[float]]) -> TradeSums:
    """The sums of m traders from a row of nine numbers for each, in the order of `TradeSums`."""
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(TradeSums._fields))
    return TradeSums(*np.ascontiguousarray(table.T))


def replaced(sums: TradeSums, places: Sequence[int], rows: Sequence[Sequence[float]]) -> TradeSums:
    """The sums with other rows at some places."""
    fresh = sums_of(rows)
    at = np.array(places, dtype=np.int64)
    columns = [column.copy() for column in sums]
    for column, values in zip(columns, fresh, strict=True):
        column[at] = values
    return TradeSums(*columns)
