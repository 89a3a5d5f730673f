"""Figures of a record, against values worked out elsewhere."""

from __future__ import annotations

import statistics
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.standings import (
    NAV_MAX,
    day_return,
    grown,
    sharpe_like,
    wilson_interval,
    window_return,
)

D = Decimal


def test_a_tenth_of_nav_in_a_trade_that_doubles_earns_a_tenth() -> None:
    assert day_return(D("0.10"), D(1)) == D("0.1")
    assert grown(D("1.1"), D("0.1")) == D("1.21")


def test_an_index_loses_no_more_than_everything_and_stays_there() -> None:
    assert grown(D(1), D("-1.5")) == 0
    assert grown(D(0), D(5)) == 0
    assert window_return(D(0), D(0)) == -1


def test_an_absurd_index_stops_growing_instead_of_failing() -> None:
    assert grown(NAV_MAX, D(100_000)) == NAV_MAX


def test_return_of_a_window_is_independent_of_what_was_before() -> None:
    assert window_return(D("2"), D("2.5")) == D("0.25")


@pytest.mark.parametrize(
    ("wins", "n", "low", "high"),
    [(81, 263, "0.2553", "0.3662"), (15, 148, "0.0624", "0.1605"), (0, 20, "0", "0.1611")],
)
def test_accuracy_has_wilsons_interval(wins: int, n: int, low: str, high: str) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    found = wilson_interval(wins, n)
    assert found is not None
    assert [round(end, 4) for end in found] == [D(low), D(high)]


def test_no_trades_have_no_interval() -> None:
    assert wilson_interval(0, 0) is None


def test_flat_or_single_days_have_no_sharpe() -> None:
    assert sharpe_like(D("0.5"), D("0.25"), 1, 252) is None
    assert sharpe_like(D("0.2"), D("0.02"), 2, 252) is None


returns = st.decimals(D("-0.5"), D("0.5"), places=4)


@given(st.lists(returns, min_size=2, max_size=60).filter(lambda days: len(set(days)) > 1))
def test_sharpe_is_mean_over_sample_deviation(days: list[Decimal]) -> None:
    found = sharpe_like(sum(days, D(0)), sum((day * day for day in days), D(0)), len(days), 252)
    expected = statistics.mean(days) / statistics.stdev(days) * D(252).sqrt()
    assert found is not None
    assert abs(found - expected) < D("0.000001")
