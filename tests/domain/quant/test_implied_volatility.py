"""Implied volatility: found again from the value it gave, or a status that says why not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quant.black_scholes import greeks
from domain.quant.implied_volatility import VolStatus, _halved, implied_volatility
from domain.shared import InvalidInput
from tests.domain.quant.exact import doubt_of_vol, exact_figures, random_options
from tests.domain.quant.reference import reference_cases


def status_of(price: float, *, years: float = 0.5, spot: float = 100.0, is_call: bool = True,
              strike: float = 90.0) -> VolStatus:  # fmt: skip
    vol, status = implied_volatility(price, spot, strike, years, 0.05, 0.0, is_call)
    assert bool(np.isnan(vol)) == (int(status) != VolStatus.OK)
    return VolStatus(int(status))


@given(
    deviations=st.floats(-5, 5),
    years=st.floats(0.001, 3),
    rate=st.floats(-0.03, 0.12),
    dividend_yield=st.floats(0, 0.08),
    vol=st.floats(0.02, 4),
    is_call=st.booleans(),
)
def test_the_volatility_that_made_a_value_is_found_again(
    deviations: float, years: float, rate: float, dividend_yield: float, vol: float, is_call: bool
) -> None:
    strike = 100 * math.exp(deviations * vol * math.sqrt(years))
    priced = greeks(100, strike, years, rate, dividend_yield, vol, is_call)
    found, status = implied_volatility(
        priced.price, 100, strike, years, rate, dividend_yield, is_call
    )

    if int(status) == VolStatus.OK:
        # A value holds its volatility to no better than its own last digit over vega.
        doubt = 8 * np.spacing(max(float(priced.price), 100.0)) / float(priced.vega)
        assert float(found) == pytest.approx(vol, rel=1e-9, abs=doubt)
    else:
        assert int(status) in (VolStatus.NOT_RECOVERABLE, VolStatus.ABOVE_BOUND)
        # How little a value tells of its volatility is measured by the value itself.
        assert float(priced.vega) < 1e-5 * max(float(priced.price), 100.0)


def test_the_published_round_trips_are_met() -> None:
    for case in reference_cases("implied_vol_round_trip"):
        vol, status = implied_volatility(
            case["price"], case["spot"], case["strike"], case["t"], case["r"], case["q"],
            case["type"] == "call",
        )  # fmt: skip
        if case["recoverable"]:
            within = max(1e-12, 4 * case["vol_rel_error_from_half_ulp_of_price"])
            assert int(status) == VolStatus.OK, case
            assert float(vol) == pytest.approx(case["vol"], rel=within), case
        else:
            assert int(status) == VolStatus.NOT_RECOVERABLE, case


@pytest.mark.parametrize("seed", [5, 6])
def test_no_random_price_is_answered_wrongly(seed: int) -> None:
    """Whatever the price holds is found to its last digits, whatever it does not is flagged."""
    columns = random_options(seed, 800)
    figures = [exact_figures(*option) for option in zip(*columns, strict=True)]
    prices = np.array([float(one["price"][0]) for one in figures])
    vols = columns[5]
    terms: tuple[Any, ...] = (*columns[:5], columns[6])
    found, status = implied_volatility(prices, *terms)

    for price, figure, vol, ours, why in zip(prices, figures, vols, found, status, strict=True):
        doubt = doubt_of_vol(price, figure, vol)
        if why == VolStatus.OK:
            assert doubt < 2e-8
            assert float(ours) == pytest.approx(vol, rel=max(1e-12, 4 * doubt))
        else:
            assert doubt > 4e-9 or price < 1e-280
            assert why in (VolStatus.NOT_RECOVERABLE, VolStatus.ABOVE_BOUND)
            assert math.isnan(ours)


def test_the_published_invalid_prices_are_flagged() -> None:
    expected = {
        "below_intrinsic": {VolStatus.BELOW_INTRINSIC},
        "below_european_intrinsic": {VolStatus.BELOW_INTRINSIC},
        "expired": {VolStatus.EXPIRED},
        "invalid": {VolStatus.BAD_INPUT},
        "expired_or_invalid": {VolStatus.EXPIRED, VolStatus.BAD_INPUT},
    }
    for case in reference_cases("implied_vol_invalid"):
        # The remaining case is about early exercise: as a European price it has a volatility.
        if case["expect"] in expected:
            price = math.nan if case["price"] is None else case["price"]
            vol, status = implied_volatility(
                price, case["spot"], case["strike"], case["t"], case["r"], case["q"],
                case["type"] == "call",
            )  # fmt: skip
            assert VolStatus(int(status)) in expected[case["expect"]], case
            assert math.isnan(vol)


def test_threads_and_neighbours_change_no_bit() -> None:
    options = random_options(12, 40_000)
    columns = (greeks(*options).price, *options[:5], options[6])
    alone, why = implied_volatility(*columns)
    shared, also_why = implied_volatility(*columns, threads=2)
    some, _ = implied_volatility(*(column[777:1500] for column in columns))

    assert alone.tobytes() == shared.tobytes()
    assert why.tobytes() == also_why.tobytes()
    assert alone[777:1500].tobytes() == some.tobytes()


@pytest.mark.parametrize(
    ("strike", "deviation"),
    [(100.0, 0.01), (101.0, 2.0), (130.0, 0.05), (300.0, 4.0), (100.0, 9.0)],
)
def test_halving_finds_what_steps_would(strike: float, deviation: float) -> None:
    """The way out for a price on which the steps do not settle; none is known."""
    share = float(greeks(100, strike, 1, 0, 0, deviation, True).price) / 100
    z = math.log(strike / 100)
    left = 1 - share
    if share > 0.5:
        assert _halved(z, math.log(left), True) == pytest.approx(deviation, rel=1e-9)
    else:
        assert _halved(z, math.log(share), False) == pytest.approx(deviation, rel=1e-12)


def test_a_price_under_the_forward_intrinsic_value_has_no_volatility() -> None:
    assert status_of(9.0) is VolStatus.BELOW_INTRINSIC
    assert status_of(17.0, spot=80.0, strike=100.0, is_call=False) is VolStatus.BELOW_INTRINSIC


def test_a_price_over_what_is_delivered_has_no_volatility() -> None:
    assert status_of(100.0) is VolStatus.ABOVE_BOUND
    assert status_of(90.0, is_call=False) is VolStatus.ABOVE_BOUND


def test_an_expired_option_says_so() -> None:
    assert status_of(10.0, years=0.0) is VolStatus.EXPIRED


def test_a_price_at_its_ceiling_to_the_last_digits_is_above_the_bound() -> None:
    price = float(greeks(100, 100, 4, 0.0, 0.0, 9.0, True).price)
    assert price <= 100
    assert status_of(price, years=4.0, strike=100.0) is VolStatus.ABOVE_BOUND


def test_a_price_that_is_all_intrinsic_says_that_any_small_volatility_fits() -> None:
    assert status_of(0.0, strike=150.0) is VolStatus.NOT_RECOVERABLE
    assert status_of(100 - 40 * math.exp(-0.025), strike=40.0) is VolStatus.NOT_RECOVERABLE


@pytest.mark.parametrize("price", [math.nan, math.inf, -0.01])
def test_a_price_that_is_no_price_says_so(price: float) -> None:
    assert status_of(price) is VolStatus.BAD_INPUT


def test_a_bad_row_spoils_only_itself() -> None:
    vol, status = implied_volatility(
        [4.759422392871535, math.nan, 4.759422392871535], 42, 40, [0.5, 0.5, -1], 0.1, 0, True
    )

    assert status.tolist() == [VolStatus.OK, VolStatus.BAD_INPUT, VolStatus.BAD_INPUT]
    assert float(vol[0]) == pytest.approx(0.2, rel=1e-13)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match="do not fit"):
        implied_volatility([1.0, 2.0], [1.0, 2.0, 3.0], 1, 1, 0, 0, True)
