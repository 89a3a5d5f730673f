"""Where profit and loss came from: the Greeks at the start of a period times what moved in it.

    total = realised + unrealised
          = realised + delta dS + gamma dS^2 / 2 + vega dvol + theta dt + rho dr + residual

(the first terms of Taylor's series; Hull, "Options, Futures, and Other Derivatives", chapter on
the Greek letters). The residual is what they leave: higher orders, trades within the period that
the Greeks at its start know nothing of, bids and offers. It is a row of its own, worked out from
the rounded others, so that the rows come to realised + unrealised to the cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from domain.quant.batches import Floats
from domain.shared import InvalidInput, cents

PARTS = ("delta", "gamma", "vega", "theta", "rho")
"""The rows of every array of Greeks and of parts here, in this order."""
_MOST = 1e15


class Moves(NamedTuple):
    """What moved for n legs from the start to the end of a period; NaN where it is not known.

    `spot` in dollars, `vol` and `rate` per year (0.01 is a point), `years` of calendar time.
    """

    spot: ArrayLike
    vol: ArrayLike
    rate: ArrayLike
    years: ArrayLike


class Attributed(NamedTuple):
    """Dollars to the cent; a part that is not known is None, and lies in the residual.

    realised + delta + gamma + vega + theta + rho + residual = total, exactly.
    """

    total: Decimal
    realised: Decimal
    delta: Decimal | None
    gamma: Decimal | None
    vega: Decimal | None
    theta: Decimal | None
    rho: Decimal | None
    residual: Decimal

    @property
    def rows(self) -> list[tuple[str, Decimal | None]]:
        """The rows that come to the total, by name."""
        return [(name, getattr(self, name)) for name in ("realised", *PARTS, "residual")]


def parts_of_pnl(units: ArrayLike, greeks: ArrayLike, moves: Moves) -> Floats:
    """What each Greek explains of each leg's profit, in dollars: (5, n), rows `PARTS`.

    Args:
        units: shares' worth held through the period: quantity x ratio x multiplier, negative when
            owed (n).
        greeks: at the start of the period, raw: per share, per year, per 1.00 of volatility and
            rate (5, n), rows `PARTS`; NaN where not known.
        moves: what moved, each (n) or one number.

    NaN where a Greek or its move is not known; a move counts for nothing where its Greek is 0.

    Raises:
        InvalidInput: shapes that do not fit.
    """
    held, given = np.asarray(units, dtype=np.float64), np.asarray(greeks, dtype=np.float64)
    if held.ndim != 1 or given.shape != (len(PARTS), held.size):
        raise InvalidInput(
            f"units {held.shape} and Greeks {given.shape} do not fit: n and {len(PARTS)} x n "
            "are wanted"
        )
    try:
        spot, vol, rate, years = (
            np.broadcast_to(np.asarray(move, dtype=np.float64), held.shape) for move in moves
        )
    except ValueError as wrong:
        raise InvalidInput(f"moves do not fit {held.size} legs: {wrong}") from wrong
    times = np.stack([spot, 0.5 * spot * spot, vol, years, rate])
    parts: Floats = np.where((given == 0.0) | (held == 0.0), 0.0, held * given * times)
    return parts


def attributed(
    parts: Floats, realised: Sequence[Decimal], unrealised: Sequence[Decimal]
) -> list[Attributed]:
    """The parts of each leg or sum of legs (5, n) to the cent, beside what was made in all.

    `realised` and `unrealised` are the changes over the period, in dollars.

    Raises:
        InvalidInput: not one of each for every column.
    """
    if parts.shape != (len(PARTS), len(realised)) or len(realised) != len(unrealised):
        raise InvalidInput(
            f"parts {parts.shape}, {len(realised)} realised and {len(unrealised)} unrealised "
            "amounts do not fit"
        )
    return [
        _attributed(column, made, open_)
        for column, made, open_ in zip(parts.T.tolist(), realised, unrealised, strict=True)
    ]


def _attributed(column: list[float], realised: Decimal, unrealised: Decimal) -> Attributed:
    total, made = cents(realised + unrealised), cents(realised)
    parts = [cents(Decimal(part)) if abs(part) < _MOST else None for part in column]
    residual = total - made - sum((part for part in parts if part is not None), Decimal(0))
    delta, gamma, vega, theta, rho = parts
    return Attributed(total, made, delta, gamma, vega, theta, rho, residual)
