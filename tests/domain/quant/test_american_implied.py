"""Implied volatility of American options: found again, or a status that says why not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from domain.quant.american import AmericanStatus, american_greeks
from domain.quant.american_grid import Setting
from domain.quant.american_implied import AmericanVolStatus, american_implied_volatility
from domain.quant.black_scholes import greeks
from domain.quant.implied_volatility import VolStatus, implied_volatility
from tests.domain.quant.american_oracle import random_options


def status_of(
    price: float, *, spot: float = 100.0, strike: float = 110.0, years: float = 0.5,
    rate: float = 0.05, dividend_yield: float = 0.01, is_call: bool = False,
) -> AmericanVolStatus:  # fmt: skip
    vol, status = american_implied_volatility(
        price, spot, strike, years, rate, dividend_yield, is_call
    )
    assert bool(np.isnan(vol)) == (int(status) != AmericanVolStatus.OK)
    return AmericanVolStatus(int(status))


@pytest.mark.parametrize("setting", list(Setting))
def test_the_volatility_that_made_a_value_is_found_again(setting: Setting) -> None:
    options = random_options(300)
    valued = american_greeks(
        100.0, options.strike, options.years, options.rate, options.dividend_yield,
        options.vol, options.is_call, setting=setting,
    )  # fmt: skip
    found, status = american_implied_volatility(
        valued.price, 100.0, options.strike, options.years, options.rate,
        options.dividend_yield, options.is_call, setting=setting,
    )  # fmt: skip
    now = valued.status == AmericanStatus.EXERCISE_NOW
    assert (status[now] == AmericanVolStatus.NOT_RECOVERABLE).all()
    payoff = np.where(options.is_call, 100.0 - options.strike, options.strike - 100.0)
    told = ~now & (valued.vega > 1e-4)
    doubt = 1e-9
    if setting is Setting.FAST:
        # A tenth of a cent from where it is exercised its values have steps of their own.
        told &= valued.price > payoff + 1e-3
        doubt = 1e-8
    assert (status[told] == AmericanVolStatus.OK).all()
    # And what the price's own last digits leave open.
    doubts = doubt + 1e-10 / valued.vega[told]
    assert (np.abs(found[told] - options.vol[told]) <= doubts).all()


def test_a_european_call_has_its_european_volatility() -> None:
    price = greeks(100, 105, 0.4, 0.03, 0, 0.37, True).price
    ours, _ = american_implied_volatility(price, 100, 105, 0.4, 0.03, 0, True)
    theirs, _ = implied_volatility(price, 100, 105, 0.4, 0.03, 0, True)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-10)


def test_statuses_are_numbered_as_the_european_ones() -> None:
    assert {s.name: s.value for s in VolStatus}.items() <= {
        s.name: s.value for s in AmericanVolStatus
    }.items()


def test_less_than_the_payoff_has_no_volatility() -> None:
    assert status_of(9.99) is AmericanVolStatus.BELOW_INTRINSIC


def test_the_payoff_alone_fits_any_small_volatility() -> None:
    assert status_of(10.0) is AmericanVolStatus.NOT_RECOVERABLE
    assert status_of(0.0, strike=80) is AmericanVolStatus.NOT_RECOVERABLE


def test_the_strike_is_more_than_a_put_can_be_worth() -> None:
    assert status_of(110.0) is AmericanVolStatus.ABOVE_BOUND
    assert status_of(100.0, is_call=True) is AmericanVolStatus.ABOVE_BOUND


def test_rates_with_two_boundaries_are_not_valued() -> None:
    assert status_of(12.0, rate=-0.01, dividend_yield=-0.05) is AmericanVolStatus.NOT_VALUED


def test_an_expired_option_says_so() -> None:
    assert status_of(10.0, years=0) is AmericanVolStatus.EXPIRED


@pytest.mark.parametrize("price", [math.nan, math.inf, -0.01])
def test_a_price_that_is_no_price_says_so(price: float) -> None:
    assert status_of(price) is AmericanVolStatus.BAD_INPUT
