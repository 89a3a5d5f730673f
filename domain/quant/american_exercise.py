"""The spot at which an American option is exercised, by the time it has left."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from domain.quant.american_boundary import find_boundary
from domain.quant.american_grid import Setting, grid
from domain.quant.american_start import log_limit, make_work
from domain.quant.batches import Floats
from domain.quant.compiling import kernel
from domain.shared import InvalidInput

_YEARS_LEAST = 1e-8


@kernel
def _gaps(
    years: float, rate: float, dividend_yield: float, vol: float, grid: Any, gap: Any
) -> bool:
    """Fills `gap` with ln(X / B) at the nodes; whether it was found."""
    work = make_work(grid.nodes.size, grid.root.size)
    found = find_boundary(years, rate, dividend_yield, vol, grid, work)
    gap[:] = work.gap
    return found


def exercise_boundary(
    remaining: ArrayLike,
    strike: float,
    rate: float,
    dividend_yield: float,
    vol: float,
    *,
    is_call: bool,
    setting: Setting = Setting.ACCURATE,
) -> Floats:
    """The boundary with so many years remaining: a put is exercised at it and below, a call at
    it and above. Where early exercise never pays, 0 for a put and infinity for a call.

    Args:
        remaining: years before expiry, an array or a number, at least 0; at 0 the limit that
            the boundary has just before expiry.
        strike: dollars per share, more than 0.
        rate, dividend_yield: continuously compounded, per year.
        vol: annual volatility, more than 0.

    Raises:
        InvalidInput: a number out of these ranges, rates under which there are two boundaries
            (see `AmericanStatus.DOUBLE_BOUNDARY`), or none was found.
    """
    left = np.atleast_1d(np.asarray(remaining, dtype=np.float64))
    if not (np.isfinite(left).all() and left.size and left.min() >= 0.0):
        raise InvalidInput("remaining must be years, finite and at least 0")
    if not (math.isfinite(strike + rate + dividend_yield + vol) and strike > 0 and vol > 0):
        raise InvalidInput("strike and vol must be more than 0, and both rates finite")
    shape = np.shape(remaining)
    earned, lost = (dividend_yield, rate) if is_call else (rate, dividend_yield)
    if earned <= 0.0 and lost >= earned:
        return np.full(shape, math.inf if is_call else 0.0)
    if earned < 0.0:
        raise InvalidInput("with rates like these exercise pays between two boundaries")
    numbers = grid(setting)
    years = max(float(left.max()), _YEARS_LEAST)
    gap = np.empty(numbers.nodes.size)
    if not _gaps(years, earned, lost, vol, numbers, gap):
        raise InvalidInput("no boundary was found for these numbers")
    left = left.reshape(-1)
    angles = np.arccos(np.clip(2.0 * np.sqrt(left / years) - 1.0, -1.0, 1.0))
    orders = np.arange(numbers.chebyshev.shape[0])
    squares = np.cos(np.outer(angles, orders)) @ (numbers.chebyshev @ (gap * gap))
    squares[left == 0.0] = 0.0
    below = np.exp(log_limit(earned, lost) - np.sqrt(np.maximum(squares, 0.0)))
    boundary: Floats = (strike / below if is_call else strike * below).reshape(shape)
    return boundary
