"""American options with cash dividends: published values, the boundary method, and reason."""

from __future__ import annotations

import math

import numpy as np
import pytest

from domain.quant.american import AmericanStatus, american_greeks
from domain.quant.american_dividends import DividendGreeks, american_with_dividends
from domain.quant.american_grid import Setting
from domain.quant.black_scholes import greeks
from domain.shared import InvalidInput
from tests.domain.quant.american_oracle import random_options
from tests.domain.quant.reference import reference_cases

NONE = ([0.1], [0.0])


def value(
    *, spot: float = 100.0, strike: float = 100.0, years: float = 0.5, vol: float = 0.3,
    is_call: bool = True, at: tuple[float, ...] = (0.2,), cash: tuple[float, ...] = (2.0,),
    rate: float = 0.05, setting: Setting = Setting.ACCURATE,
) -> DividendGreeks:  # fmt: skip
    return american_with_dividends(
        spot, strike, years, rate, 0.0, vol, is_call, at, cash, setting=setting
    )


@pytest.mark.parametrize("setting", [Setting.FAST, Setting.ACCURATE])
def test_the_published_values_are_met(setting: Setting) -> None:
    for case in reference_cases("american_cash_dividend"):
        at, cash = zip(*case["dividends"], strict=True)
        found = american_with_dividends(
            case["spot"], case["strike"], case["t"], case["r"], case["q"], case["vol"],
            case["type"] == "call", at, cash, setting=setting,
        )  # fmt: skip
        within = max(2e-3, 3 * case["uncertainty"])
        assert float(found.price) == pytest.approx(case["value"], abs=within), case


@pytest.mark.parametrize(
    ("setting", "mean", "worst"), [(Setting.FAST, 3e-3, 2e-2), (Setting.ACCURATE, 3e-4, 2e-3)]
)
def test_without_dividends_the_value_is_that_over_the_boundary(
    setting: Setting, mean: float, worst: float
) -> None:
    options = random_options(60, seed=5)
    numbers = (
        100.0, options.strike, options.years, options.rate, options.dividend_yield, options.vol,
        options.is_call,
    )  # fmt: skip
    ours = american_with_dividends(*numbers, *NONE, setting=setting)
    exact = american_greeks(*numbers, setting=Setting.ACCURATE)
    error = ours.price - exact.price
    assert math.sqrt(np.mean(error**2)) <= mean
    assert np.abs(error).max() <= worst
    assert np.abs(ours.delta - exact.delta).max() <= 5e-3


def test_a_call_that_is_not_worth_exercising_is_worth_its_european_twin() -> None:
    # A dividend below the strike's interest to expiry never makes exercise pay.
    found = value(cash=(0.2,), rate=0.08, at=(0.1,))
    paid = 0.2 * math.exp(-0.08 * 0.1)
    escrowed = float(greeks(100 - paid, 100, 0.5, 0.08, 0, 0.3, True).price)
    # The twin has its vol on what is left of spot: the two models differ by about this much.
    assert float(found.price) == pytest.approx(escrowed, abs=0.05)


def test_a_call_deep_in_the_money_is_worth_exercise_before_the_dividend() -> None:
    found = value(spot=150, strike=50, vol=0.1, at=(0.25,), cash=(10.0,))
    assert float(found.price) == pytest.approx(150 - 50 * math.exp(-0.05 * 0.25), abs=1e-3)


def test_a_put_waits_for_the_dividend() -> None:
    # Exercise now gives 50; a day later spot has dropped by 5.
    found = value(spot=50, strike=100, vol=0.1, is_call=False, at=(1 / 365,), cash=(5.0,))
    assert int(found.status) == AmericanStatus.OK
    assert float(found.price) == pytest.approx(55 - 100 * 0.05 / 365, abs=5e-3)


def test_what_is_gone_ex_or_comes_after_expiry_does_not_count() -> None:
    late = value(at=(0.5, 0.7), cash=(3.0, 3.0))
    early = value(at=(-0.1, 0.0), cash=(3.0, 3.0))
    none = value(cash=(0.0,))
    assert float(late.price) == float(early.price) == float(none.price)


def test_greeks_are_the_slopes_of_the_price() -> None:
    at = value(is_call=False)
    up, down = value(spot=101, is_call=False), value(spot=99, is_call=False)
    assert float(at.delta) == pytest.approx((float(up.price) - float(down.price)) / 2, abs=1e-3)
    assert float(at.gamma) == pytest.approx((float(up.delta) - float(down.delta)) / 2, abs=1e-4)
    sooner = value(years=0.49, at=(0.19,), is_call=False)
    slope = (float(sooner.price) - float(at.price)) / 0.01
    assert float(at.theta) == pytest.approx(slope, rel=0.02)


def test_each_option_may_have_dividends_of_its_own() -> None:
    both = american_with_dividends(
        100, [90, 110], 0.5, 0.05, 0, 0.3, True, [[0.1, 0.3], [0.2, 0.4]], [[1, 1], [2, 0]]
    )
    one = american_with_dividends(100, 90, 0.5, 0.05, 0, 0.3, True, [0.1, 0.3], [1, 1])
    other = american_with_dividends(100, 110, 0.5, 0.05, 0, 0.3, True, [0.2], [2])
    assert both.price.tolist() == [float(one.price), float(other.price)]


def test_a_bad_row_spoils_only_itself() -> None:
    found = american_with_dividends(
        [100, math.nan, 100, 100], 95, [0.5, 0.5, 0.5, 0], 0.05, 0, 0.3, False,
        [[0.1, 0.3], [0.1, 0.3], [0.1, 0.3], [0.1, 0.3]], [[1, 1], [1, 1], [60, 60], [1, 1]],
    )  # fmt: skip
    assert found.status.tolist() == [
        AmericanStatus.OK, AmericanStatus.BAD_INPUT, AmericanStatus.BAD_INPUT,
        AmericanStatus.EXPIRED,
    ]  # fmt: skip
    assert np.isnan(found.price).tolist() == [False, True, True, False]


def test_dividends_out_of_order_are_bad_input() -> None:
    assert int(value(at=(0.3, 0.1), cash=(1.0, 1.0)).status) == AmericanStatus.BAD_INPUT


def test_schedules_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match="dividend_years"):
        american_with_dividends(100, [90, 95], 0.5, 0, 0, 0.3, True, [[0.1]] * 3, [[1.0]] * 3)
    with pytest.raises(InvalidInput, match="dividend_years"):
        american_with_dividends(100, 90, 0.5, 0, 0, 0.3, True, 0.1, 1.0)


def test_threads_change_no_bit() -> None:
    options = random_options(30, seed=9)
    one, two = (
        american_with_dividends(
            100.0, options.strike, options.years, options.rate, 0.0, options.vol,
            options.is_call, [0.05, 0.4], [1.0, 1.0], threads=threads,
        )
        for threads in (1, 2)
    )  # fmt: skip
    assert np.stack(one).tobytes() == np.stack(two).tobytes()
