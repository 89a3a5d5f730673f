"""Excursions: how far each trade went against and for its trader on the way to its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from domain.quant.series import Floats
from domain.shared import InvalidInput


class Moved(NamedTuple):
    """What moved trades, a row after the other in the order of a database's binary form: the
    16 bytes of the trade's id, the moment (int64, microseconds) and the ratio it moved by
    (float64), all big-endian."""

    trades: bytes
    moments: bytes
    ratios: bytes


def excursions(moved: Moved, trades: Sequence[bytes]) -> tuple[Floats, Floats]:
    """The lowest and the highest ratio that each trade (16 bytes) had at any moment, (n,) each.

    What moved a trade several times at one moment counts together. A trade that nothing moved
    was at 0 all the time.

    Raises:
        InvalidInput: the columns are not of one length.
    """
    ids = np.frombuffer(moved.trades, dtype=">u8").reshape(-1, 2)
    moments = np.frombuffer(moved.moments, dtype=">i8")
    ratios = np.frombuffer(moved.ratios, dtype=">f8").astype(np.float64)
    if not len(ids) == moments.size == ratios.size:
        raise InvalidInput(f"columns of {len(ids)}, {moments.size} and {ratios.size} rows")
    lowest, highest = np.zeros(len(trades)), np.zeros(len(trades))
    if not ratios.size:
        return lowest, highest
    order = np.lexsort((moments, ids[:, 1], ids[:, 0]))
    ids, moments, ratios = ids[order], moments[order], ratios[order]
    is_new = np.append(True, (ids[1:] != ids[:-1]).any(axis=1))
    firsts = np.flatnonzero(is_new)
    # The path of each trade: sums from its own first row on.
    sums = np.cumsum(ratios)
    before = np.where(firsts > 0, sums[firsts - 1], 0.0)
    path = sums - np.repeat(before, np.diff(np.append(firsts, sums.size)))
    # Within one moment only what it came to in the end was ever true.
    is_passing = np.append(~is_new[1:] & (moments[1:] == moments[:-1]), False)
    low = np.minimum.reduceat(np.where(is_passing, np.inf, path), firsts)
    high = np.maximum.reduceat(np.where(is_passing, -np.inf, path), firsts)
    named = ids[firsts].tobytes()
    places = {named[16 * at : 16 * at + 16]: at for at in range(firsts.size)}
    found = np.array([places.get(trade, -1) for trade in trades])
    known = found >= 0
    lowest[known], highest[known] = low[found[known]], high[found[known]]
    return lowest, highest
