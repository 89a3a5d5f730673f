"""Portfolio Greeks: contract, share and dollar units, and their sums."""

from __future__ import annotations

import numpy as np
import pytest

from domain.quant.portfolio import in_units, numbered, sums_by
from domain.shared import InvalidInput


def greeks(*positions: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(positions, dtype=np.float64).T


def test_a_contract_counts_with_its_greek_and_a_share_a_hundredth() -> None:
    found = in_units(
        [2, 300], [100, 1], [250.0, 50.0], greeks((0.6, 0.02, -0.1, 0.3), (1, 0, 0, 0))
    )
    assert found.contracts[0].tolist() == pytest.approx([1.2, 3.0])
    assert found.shares[0].tolist() == pytest.approx([120.0, 300.0])
    assert found.shares[1].tolist() == pytest.approx([4.0, 0.0])


def test_dollars_are_what_a_move_brings() -> None:
    """100 deltas at 250 hold 25,000 USD; a move of 1 % is 2.50, so 2 gammas move 5 deltas."""
    found = in_units([2], [100], [250.0], greeks((0.5, 0.01, -0.2, 0.4)))
    assert found.dollars[:, 0].tolist() == pytest.approx([25_000, 5 * 250, -40, 80])


def test_short_positions_turn_every_sign() -> None:
    held = in_units([3], [100], [250.0], greeks((0.5, 0.01, -0.2, 0.4)))
    owed = in_units([-3], [100], [250.0], greeks((0.5, 0.01, -0.2, 0.4)))
    for one, other in zip(held[:3], owed[:3], strict=True):
        assert (one == -other).all()


@pytest.mark.parametrize("hidden", [0, 1, 2, 3])
def test_what_is_not_known_counts_nothing_and_is_told(hidden: int) -> None:
    known = [0.5, 0.01, -0.2, 0.4]
    unknown = [*known]
    unknown[hidden] = float("nan")
    found = in_units([1, 1], [100, 100], [250.0, 250.0], np.array([known, unknown]).T)
    assert found.known.tolist() == [True, False]
    assert found.contracts[:, 1].tolist() == [0, 0, 0, 0]


def test_a_spot_that_is_not_known_hides_the_position() -> None:
    found = in_units([1], [100], [float("nan")], greeks((0.5, 0.01, -0.2, 0.4)))
    assert found.known.tolist() == [False]
    assert np.isfinite(found.dollars).all()


def test_sums_go_by_group_and_empty_groups_are_zero() -> None:
    values = np.array([[1.0, 2.0, 4.0], [10.0, 20.0, 40.0]])
    summed = sums_by(values, numbered([0, 2, 0]), 3)
    assert summed.tolist() == [[5, 0, 2], [50, 0, 20]]


def test_an_empty_portfolio_sums_to_nothing() -> None:
    found = in_units([], [], [], np.empty((4, 0)))
    assert sums_by(found.contracts, numbered([]), 1).tolist() == [[0]] * 4


def test_shapes_and_numbers_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidInput, match="do not fit"):
        in_units([1, 2], [100, 100], [250.0], greeks((0.5, 0.01, -0.2, 0.4)))
    with pytest.raises(InvalidInput, match="do not fit"):
        in_units([1], [100], [250.0], np.empty((3, 1)))
    with pytest.raises(InvalidInput, match="is no number"):
        in_units([float("inf")], [100], [250.0], greeks((0.5, 0.01, -0.2, 0.4)))
