"""Profit explained by Greeks: the rows come to the total, to the cent."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quant.attribution import PARTS, Moves, attributed, parts_of_pnl
from domain.quant.black_scholes import greeks
from domain.shared import InvalidInput

amounts = st.decimals(-10_000_000, 10_000_000, places=6, allow_nan=False)
figures = st.floats(-1e8, 1e8) | st.just(float("nan")) | st.just(float("inf"))


@given(realised=amounts, unrealised=amounts, parts=st.lists(figures, min_size=5, max_size=5))
def test_the_rows_come_to_realised_and_unrealised_to_the_cent(
    realised: Decimal, unrealised: Decimal, parts: list[float]
) -> None:
    (found,) = attributed(np.array([parts]).T, [realised], [unrealised])
    assert sum(amount for _, amount in found.rows if amount is not None) == found.total
    assert abs(found.total - (realised + unrealised)) <= Decimal("0.005")
    assert all(amount is None or amount == amount.quantize(Decimal("0.01"))
               for _, amount in found.rows)  # fmt: skip


def test_small_moves_are_explained_almost_wholly() -> None:
    before = greeks(100, 105, 0.25, 0.04, 0, 0.30, True)
    after = greeks(100.4, 105, 0.25 - 1 / 365, 0.041, 0, 0.302, True)
    start = np.array([[getattr(before, name)] for name in PARTS], dtype=np.float64)
    parts = parts_of_pnl([1_000], start, Moves(0.4, 0.002, 0.001, 1 / 365))
    made = Decimal(1_000 * float(after.price - before.price))
    (found,) = attributed(parts, [Decimal(0)], [made])
    assert abs(found.residual) < abs(found.total) / 100
    assert found.delta is not None
    assert found.theta is not None
    assert found.delta > 0 > found.theta


def test_shares_are_all_delta() -> None:
    greeks_of_shares = np.array([[1.0], [0.0], [0.0], [0.0], [0.0]])
    moves = Moves(spot=-2.5, vol=np.nan, rate=np.nan, years=np.nan)
    parts = parts_of_pnl([40], greeks_of_shares, moves)
    (found,) = attributed(parts, [Decimal(0)], [Decimal(-100)])
    assert found.delta == Decimal(-100)
    assert not any(amount for name, amount in found.rows if name != "delta")


def test_what_is_not_known_is_said_and_lies_in_the_residual() -> None:
    unknown = np.full((5, 1), np.nan)
    parts = parts_of_pnl([100], unknown, Moves(1.0, 0.0, 0.0, 0.01))
    (found,) = attributed(parts, [Decimal("12.34")], [Decimal("-2.00")])
    assert [amount for _, amount in found.rows] == [
        Decimal("12.34"), None, None, None, None, None, Decimal("-2.00"),
    ]  # fmt: skip
    assert found.total == Decimal("10.34")


def test_what_was_not_held_explains_nothing() -> None:
    parts = parts_of_pnl([0], np.full((5, 1), np.nan), Moves(1.0, 0.1, 0.0, 0.01))
    assert not parts.any()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidInput, match="5 x n"):
        parts_of_pnl([1, 2], np.zeros((5, 1)), Moves(0, 0, 0, 0))
    with pytest.raises(InvalidInput, match="moves"):
        parts_of_pnl([1, 2], np.zeros((5, 2)), Moves([0, 0, 0], 0, 0, 0))
    with pytest.raises(InvalidInput, match="do not fit"):
        attributed(np.zeros((5, 1)), [Decimal(0)], [])
