"""Units of exposure: what is refused, what is not known, and sums that no order changes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from domain.quant.exposure_units import NAMES, VIEWS, measure
from domain.shared import InvalidInput


def test_every_view_has_its_unit_in_words_and_in_its_name() -> None:
    assert len(set(NAMES)) == len(VIEWS)
    for view in VIEWS:
        assert view.unit
        assert view.meaning
        assert any(word in view.name for word in ("contracts", "shares", "usd"))


@pytest.mark.parametrize(
    ("units", "spot", "greeks", "told"),
    [
        ([1.0], [1.0, 2.0], np.ones((5, 1)), "do not fit"),
        ([1.0], [1.0], np.ones((4, 1)), "5 x n of the Greeks"),
        ([[1.0]], [[1.0]], np.ones((5, 1)), "do not fit"),
        ([math.nan], [1.0], np.ones((5, 1)), "leave such a leg out"),
    ],
)
def test_what_does_not_fit_is_refused(
    units: object, spot: object, greeks: object, told: str
) -> None:
    with pytest.raises(InvalidInput, match=told):
        measure(units, spot, greeks, [1.0], [1.0])  # type: ignore[arg-type]


def test_a_leg_of_which_anything_is_missing_counts_for_nothing() -> None:
    greeks = np.ones((5, 3))
    greeks[3, 1] = math.nan
    found = measure([100.0] * 3, [10.0, 10.0, math.nan], greeks, [math.nan, 1.0, 1.0], [30.0] * 3)
    sums = found.sums(range(3))
    assert (sums.known, sums.with_beta) == (1, 0)
    assert sums.figures["delta_usd"] == 1_000.0
    assert sums.figures["beta_delta_usd"] == 0.0


def test_the_order_of_the_legs_changes_no_bit() -> None:
    rng = np.random.default_rng(7)
    n = 500
    units, spot = rng.normal(0, 1e4, n), rng.uniform(1, 900, n)
    greeks, beta, days = rng.normal(0, 1, (5, n)), rng.normal(1, 1, n), rng.uniform(0, 700, n)
    found = measure(units, spot, greeks, beta, days).sums(range(n))
    order = rng.permutation(n)
    other = measure(units[order], spot[order], greeks[:, order], beta[order], days[order])
    assert other.sums(rng.permutation(n).tolist()) == found


def test_the_last_day_weighs_as_one_day() -> None:
    greeks = np.ones((5, 3))
    found = measure([100.0] * 3, [1.0] * 3, greeks, [1.0] * 3, [0.0, 1.0, 30.0])
    weighted = found.figures[NAMES.index("vega_usd_per_point_30d")]
    assert weighted.tolist() == [math.sqrt(30), math.sqrt(30), 1.0]
