"""PSR, MinTRL and DSR against the examples that were published with them."""

from __future__ import annotations

import math

import pytest

from domain.quant.figures import Status
from domain.quant.sharpe_tests import (
    Shape,
    deflated,
    expected_maximum,
    minimum_track_record,
    normal_cdf,
    probabilistic,
    shape,
)
from domain.shared import InvalidInput

HEDGE_FUND = Shape(sharpe=0.458, n=24, skewness=-2.448, kurtosis=10.164)
"""Two years of months (Bailey and Lopez de Prado 2012, the section on the PSR)."""

STRATEGY = Shape(sharpe=2.5 / math.sqrt(250), n=1250, skewness=-3.0, kurtosis=10.0)
"""Five years of days (Bailey and Lopez de Prado 2014, the numerical example)."""

TRIALS_VARIANCE = 0.5 / 250


def a_year(sharpe: float, times: int, skewness: float = 0.0, kurtosis: float = 3.0) -> Shape:
    """A yearly Sharpe ratio as it is seen `times` a year."""
    return Shape(sharpe / math.sqrt(times), 100, skewness, kurtosis)


def test_two_years_of_a_hedge_fund_look_surer_than_they_are() -> None:
    normal = HEDGE_FUND._replace(skewness=0.0, kurtosis=3.0)

    assert probabilistic(normal) == pytest.approx(0.982, abs=5e-4)
    assert probabilistic(HEDGE_FUND) == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(("times", "years"), [(252, 2.73), (52, 2.83), (12, 3.24)])
def test_a_sharpe_of_two_needs_years_to_be_above_one(times: int, years: float) -> None:
    needed = minimum_track_record(a_year(2, times), 1 / math.sqrt(times))

    assert needed == pytest.approx(years * times, abs=0.005 * times)


def test_hedge_fund_months_need_five_years() -> None:
    needed = minimum_track_record(a_year(2, 12, -0.72, 5.78), 1 / math.sqrt(12))

    assert needed == pytest.approx(4.99 * 12, abs=0.005 * 12)


def test_the_minimum_track_record_is_where_the_psr_is_met() -> None:
    needed = minimum_track_record(HEDGE_FUND)

    assert isinstance(needed, float)
    at_that_length = HEDGE_FUND._replace(n=needed)  # type: ignore[arg-type]
    assert probabilistic(at_that_length) == pytest.approx(0.95, abs=1e-12)


def test_no_record_is_long_enough_to_show_what_is_not_there() -> None:
    assert minimum_track_record(HEDGE_FUND, threshold=0.458) is Status.NEVER
    assert minimum_track_record(HEDGE_FUND._replace(sharpe=-0.1)) is Status.NEVER


def test_the_best_of_a_hundred_trials_is_not_significant() -> None:
    assert expected_maximum(TRIALS_VARIANCE, 100) == pytest.approx(0.1132, abs=5e-5)
    assert deflated(STRATEGY, 100, TRIALS_VARIANCE) == pytest.approx(0.9004, abs=5e-5)


def test_the_best_of_46_trials_is_and_of_88_if_returns_were_normal() -> None:
    normal = STRATEGY._replace(skewness=0.0, kurtosis=3.0)

    assert deflated(STRATEGY, 46, TRIALS_VARIANCE) == pytest.approx(0.9505, abs=5e-5)
    assert deflated(normal, 88, TRIALS_VARIANCE) == pytest.approx(0.9505, abs=5e-5)


def test_one_trial_deflates_nothing() -> None:
    assert deflated(STRATEGY, 1) == probabilistic(STRATEGY)


def test_without_a_variance_the_trials_differ_by_chance_alone() -> None:
    assert deflated(STRATEGY, 100) == deflated(STRATEGY, 100, 1 / 1249)


def test_a_shape_by_hand() -> None:
    # Mean 2, deviations -1, -1, 0, 2: their squares sum to 6, cubes to 6, fourth powers to 18.
    found = shape([1.0, 1.0, 2.0, 4.0])

    assert not isinstance(found, Status)
    assert found.n == 4
    assert found.sharpe == pytest.approx(2 / math.sqrt(6 / 3))
    assert found.skewness == pytest.approx((6 / 4) / (6 / 4) ** 1.5)
    assert found.kurtosis == pytest.approx((18 / 4) / (6 / 4) ** 2)


def test_too_few_or_equal_returns_have_no_shape() -> None:
    assert shape([0.01, 0.02]) is Status.TOO_FEW
    assert shape([0.01, 0.01, 0.01]) is Status.NO_VARIATION


def test_the_normal_distribution_is_precise_far_out() -> None:
    # Abramowitz and Stegun, table 26.2, and its continuation by mpmath.
    assert normal_cdf(1.0) == pytest.approx(0.841344746068543, rel=1e-14)
    assert normal_cdf(-10.0) == pytest.approx(7.61985302416052e-24, rel=1e-12)


@pytest.mark.parametrize(("variance", "trials"), [(0.1, 0), (-0.1, 5), (math.nan, 5)])
def test_trials_that_cannot_be_are_refused(variance: float, trials: int) -> None:
    with pytest.raises(InvalidInput):
        expected_maximum(variance, trials)
