"""Expected moves, and how a volatility ranks in its own year."""

from __future__ import annotations

import math

import numpy as np
import pytest

from domain.quant.black_scholes import greeks
from domain.quant.volatility_ranks import (
    MEDIAN_OF_STRADDLE,
    SESSIONS_LEAST,
    at_constant_maturity,
    at_the_money,
    expected_move,
    move_of_straddle,
    ranked,
)
from domain.shared import InvalidInput


def test_the_expected_move_is_one_deviation() -> None:
    assert expected_move(425, 0.55, 6 / 365) == pytest.approx(29.97, abs=0.005)


def test_the_straddle_at_the_money_tells_the_same_move() -> None:
    call, put = (greeks(100, 100, 30 / 365, 0, 0, 0.3, is_call).price for is_call in (True, False))
    assert move_of_straddle(call, put) == pytest.approx(expected_move(100, 0.3, 30 / 365), rel=1e-3)


def test_the_brokers_85_percent_of_a_straddle_is_the_median_move() -> None:
    assert abs(MEDIAN_OF_STRADDLE - 0.85) < 0.005


@pytest.mark.parametrize("wrong", [(-1, 0.2, 1), (100, -0.2, 1), (100, 0.2, -1)])
def test_a_move_of_what_cannot_be_is_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(InvalidInput, match="at least 0"):
        expected_move(*wrong)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match="do not fit"):
        expected_move([1, 2], [0.1, 0.2, 0.3], 1)
    with pytest.raises(InvalidInput, match="do not fit"):
        at_the_money(100, [90, 110], [0.2])
    with pytest.raises(InvalidInput, match="do not fit"):
        at_constant_maturity([0.1], [0.2, 0.3])


def test_a_rank_is_the_place_between_the_year_s_ends() -> None:
    found = ranked([0.30] * 150 + [0.60] + [0.40] * 100 + [0.45])
    assert found.rank == pytest.approx(0.5)
    assert (found.lowest, found.highest, found.days) == (0.30, 0.60, 252)


def test_a_percentile_is_the_share_of_lower_days_before() -> None:
    assert ranked([0.20] * 60 + [0.50] * 40 + [0.30]).percentile == pytest.approx(0.6)


def test_what_lies_more_than_a_year_back_does_not_count() -> None:
    found = ranked([0.90] + [0.30] * 250 + [0.20, 0.25])
    assert found.highest == 0.30
    assert found.days == 252


def test_days_without_a_volatility_do_not_count() -> None:
    found = ranked([0.2, math.nan] * 30 + [0.3])
    assert (found.days, found.rank, found.percentile) == (31, 1.0, 1.0)


def test_too_few_days_have_no_rank_and_say_how_many_there_are() -> None:
    found = ranked(np.linspace(0.2, 0.3, SESSIONS_LEAST - 1))
    assert (found.vol, found.rank, found.percentile) == (0.3, None, None)
    assert found.days == SESSIONS_LEAST - 1


def test_without_a_volatility_today_there_is_no_rank() -> None:
    assert ranked([0.2] * 30 + [math.nan])[:4] == (None, None, None, 30)
    assert ranked([]).days == 0


def test_where_all_days_are_alike_nothing_ranks() -> None:
    assert ranked([0.2] * 30).rank is None
    assert ranked([0.2] * 30).percentile == 0.0


def test_at_the_money_lies_between_its_strikes() -> None:
    vol = at_the_money(math.sqrt(90 * 110), [90, 90, 110, 130], [0.30, 0.34, 0.20, 0.9])
    assert vol == pytest.approx((0.32 + 0.20) / 2)
    assert at_the_money(100, [100, 105], [0.25, 0.2]) == 0.25


@pytest.mark.parametrize("strikes", [[90, 95], [105, 110], []])
def test_without_strikes_on_both_sides_nothing_is_at_the_money(strikes: list[float]) -> None:
    assert at_the_money(100, strikes, [0.2] * len(strikes)) is None


def test_thirty_days_lie_between_their_expiries_by_variance() -> None:
    years = np.array([20, 50]) / 365
    vol = at_constant_maturity(years[::-1], [0.30, 0.20])
    variance = (0.20**2 * 20 * 2 + 0.30**2 * 50) / 3
    assert vol == pytest.approx(math.sqrt(variance / 30))


def test_beyond_the_listed_expiries_the_nearest_stands_in() -> None:
    assert at_constant_maturity([0.2, 0.5], [0.4, 0.3]) == 0.4
    assert at_constant_maturity([0.01, 0.02], [0.4, 0.3]) == 0.3
    assert at_constant_maturity([0.0], [0.4]) is None
