"""American options: held against QuantLib, published values, parity and their own differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.quant.american import AmericanStatus, american_greeks, american_price
from domain.quant.american_exercise import exercise_boundary
from domain.quant.american_grid import Setting
from domain.quant.black_scholes import greeks
from domain.shared import InvalidInput
from tests.domain.quant.american_oracle import Numbers, Options, Oracle, random_options
from tests.domain.quant.reference import reference_cases


def price(spot: float, strike: float, years: float, rate: float, dividend_yield: float,
          vol: float, is_call: bool) -> tuple[float, AmericanStatus]:  # fmt: skip
    value, status = american_price(
        spot, strike, years, rate, dividend_yield, vol, is_call, setting=Setting.EXACT
    )
    return float(value), AmericanStatus(int(status))


def test_a_fresh_set_of_options_is_valued_as_the_best_known_method_does() -> None:
    options = random_options(40)
    reference = Oracle(options, "reference").prices()
    for setting, mean, worst in (
        (Setting.FAST, 1.5e-4, 1e-3), (Setting.ACCURATE, 1e-5, 2e-4), (Setting.EXACT, 1e-7, 1e-6),
    ):  # fmt: skip
        ours, status = american_price(
            100.0, options.strike, options.years, options.rate, options.dividend_yield,
            options.vol, options.is_call, setting=setting,
        )  # fmt: skip
        assert (status <= AmericanStatus.EXERCISE_NOW).all()
        error = ours - reference
        assert math.sqrt(np.mean(error**2)) <= mean
        assert np.abs(error).max() <= worst


def test_the_published_values_are_met() -> None:
    for case in reference_cases("american_converged"):
        value, _ = price(
            case["spot"], case["strike"], case["t"], case["r"], case["q"], case["vol"],
            case["type"] == "call",
        )  # fmt: skip
        assert value == pytest.approx(case["value"], abs=max(1e-8, 3 * case["uncertainty"])), case


def test_the_edges_of_the_published_cases_are_met() -> None:
    for case in reference_cases("qd_american_edge"):
        if case["tol"] == 1e-8 and case["value"] in (22.97383256003585, 0.1159627202107989):
            # Values of the QD+ approximation, not of the option.
            continue
        value, _ = price(
            case["spot"], case["strike"], case["t"], case["r"], case["q"], case["vol"],
            case["type"] == "call",
        )  # fmt: skip
        within = 0.005 * case["value"] if case["tol"] < 0 else case["tol"]
        assert value == pytest.approx(case["value"], abs=within), case


def test_the_premium_over_the_european_value_is_the_published_one() -> None:
    for rate, premium in ((0.05, 0.10695270), (0.075, 0.36711114)):
        value, _ = price(100, 100, 1, rate, 0.05, 0.25, False)
        european = float(greeks(100, 100, 1, rate, 0.05, 0.25, False).price)
        assert value - european == pytest.approx(premium, abs=1e-8)


@settings(deadline=None, max_examples=60)
@given(
    strike=st.floats(70, 140),
    years=st.floats(0.02, 2),
    rate=st.floats(0.005, 0.1),
    dividend_yield=st.floats(0.005, 0.1),
    vol=st.floats(0.1, 0.8),
    is_call=st.booleans(),
)
def test_greeks_are_the_slopes_of_the_price(
    strike: float, years: float, rate: float, dividend_yield: float, vol: float, is_call: bool
) -> None:
    found = american_greeks(
        100, strike, years, rate, dividend_yield, vol, is_call, setting=Setting.EXACT
    )
    if int(found.status) == AmericanStatus.EXERCISE_NOW:
        return

    def slope(name: str, step: float) -> float:
        at = {"spot": 100.0, "strike": strike, "years": years, "rate": rate,
              "dividend_yield": dividend_yield, "vol": vol, "is_call": is_call}  # fmt: skip
        up, down = ({**at, name: at[name] + by} for by in (step, -step))
        above, below = price(**up), price(**down)  # type: ignore[arg-type]
        return (above[0] - below[0]) / (2 * step)

    boundary = float(exercise_boundary(years, strike, rate, dividend_yield, vol, is_call=is_call))
    if abs(math.log(100 / boundary)) < 0.01:
        # The price has a kink in its curvature here: differences straddle it.
        return
    assert float(found.delta) == pytest.approx(slope("spot", 1e-2), abs=1e-5)
    assert float(found.vega) == pytest.approx(slope("vol", 1e-4), abs=2e-3)
    assert float(found.theta) == pytest.approx(-slope("years", years * 1e-4), abs=2e-3)
    if abs(rate - dividend_yield) > 1e-3:
        assert float(found.rho) == pytest.approx(slope("rate", 1e-5), abs=5e-3)
        assert float(found.dividend_rho) == pytest.approx(slope("dividend_yield", 1e-5), abs=5e-3)


@pytest.mark.parametrize("nearness", [1e-4, 1e-3, 1e-2, 0.1])
@pytest.mark.parametrize(("rate", "dividend_yield"), [(0.05, 0.0), (0.05, 0.03), (0.03, 0.06)])
def test_gamma_stays_right_up_to_the_boundary(
    nearness: float, rate: float, dividend_yield: float
) -> None:
    boundary = float(exercise_boundary(1, 100, rate, dividend_yield, 0.3, is_call=False))
    spot = boundary * (1 + nearness)
    step = 0.2 * nearness * boundary
    deltas = american_greeks(
        [spot - step, spot, spot + step], 100, 1, rate, dividend_yield, 0.3, False,
        setting=Setting.EXACT,
    )  # fmt: skip
    slope = (deltas.delta[2] - deltas.delta[0]) / (2 * step)
    assert deltas.gamma[1] == pytest.approx(slope, rel=5e-3)


@pytest.mark.parametrize("is_call", [False, True])
def test_a_rate_too_small_to_divide_by_is_none(is_call: bool) -> None:
    least = 5e-324
    rate, dividend_yield = (0.0, least) if is_call else (least, 0.0)
    value, status = american_price(100, 110, 0.5, rate, dividend_yield, 0.3, is_call)
    assert int(status) == AmericanStatus.EUROPEAN
    european = float(greeks(100, 110, 0.5, 0.0, 0.0, 0.3, is_call).price)
    assert float(value) == pytest.approx(european, rel=1e-12)


@given(
    strike=st.floats(50, 200),
    years=st.floats(0.003, 5),
    rate=st.floats(0, 0.2),
    dividend_yield=st.floats(0, 0.2),
    vol=st.floats(0.05, 2),
    is_call=st.booleans(),
)
def test_an_american_option_is_worth_at_least_its_payoff_and_its_european_twin(
    strike: float, years: float, rate: float, dividend_yield: float, vol: float, is_call: bool
) -> None:
    value, status = american_price(100, strike, years, rate, dividend_yield, vol, is_call)
    assert int(status) <= AmericanStatus.EXERCISE_NOW
    payoff = max(100 - strike if is_call else strike - 100, 0)
    european = float(greeks(100, strike, years, rate, dividend_yield, vol, is_call).price)
    assert float(value) >= payoff - 1e-9
    assert float(value) >= european - 1e-3


def test_a_call_is_the_put_of_the_mirrored_market() -> None:
    call, _ = price(100, 90, 0.7, 0.04, 0.06, 0.3, True)
    put, _ = price(90, 100, 0.7, 0.06, 0.04, 0.3, False)
    assert call == pytest.approx(put, rel=1e-14)


def test_a_call_without_dividends_is_european_and_says_so() -> None:
    found = american_greeks(100, 90, 0.7, 0.04, 0, 0.3, True)
    twin = greeks(100, 90, 0.7, 0.04, 0, 0.3, True)
    assert int(found.status) == AmericanStatus.EUROPEAN
    for name in ("price", "delta", "gamma", "vega", "theta", "rho", "dividend_rho"):
        assert float(getattr(found, name)) == pytest.approx(float(getattr(twin, name)), rel=1e-12)


def test_a_put_deep_in_the_money_is_exercised_and_says_so() -> None:
    found = american_greeks(50, 100, 0.5, 0.05, 0, 0.2, False)
    assert int(found.status) == AmericanStatus.EXERCISE_NOW
    assert [float(figure) for figure in found[:7]] == [50, -1, 0, 0, 0, 0, 0]


def test_rates_with_two_boundaries_get_no_figures_and_say_so() -> None:
    assert price(100, 100, 1, -0.01, -0.03, 0.2, False)[1] is AmericanStatus.DOUBLE_BOUNDARY
    value, status = price(100, 100, 1, -0.03, -0.01, 0.2, True)
    assert math.isnan(value)
    assert status is AmericanStatus.DOUBLE_BOUNDARY


def test_without_vol_the_best_time_is_known() -> None:
    value, status = price(100, 120, 1, 0.05, 0.01, 0, False)
    assert value == pytest.approx(20, rel=1e-14)
    assert status is AmericanStatus.CERTAIN
    value, _ = price(100, 120, 40, 0.01, 0.5, 0, False)
    best = math.log(0.5 * 100 / (0.01 * 120)) / 0.49
    assert value == pytest.approx(120 * math.exp(-0.01 * best) - 100 * math.exp(-0.5 * best))


def test_an_expired_option_is_its_payoff() -> None:
    assert price(100, 90, 0, 0.05, 0, 0.2, True) == (10, AmericanStatus.EXPIRED)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -0.1])
def test_a_bad_row_spoils_only_itself(wrong: float) -> None:
    found = american_greeks([100, 100], 95, 1, 0.05, 0.02, [0.2, wrong], False)
    assert found.status.tolist() == [AmericanStatus.OK, AmericanStatus.BAD_INPUT]
    assert np.isfinite([figure[0] for figure in found[:7]]).all()
    assert np.isnan([figure[1] for figure in found[:7]]).all()


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match="do not fit"):
        american_price([1.0, 2.0], [1.0, 2.0, 3.0], 1, 0, 0, 0.2, True)
    with pytest.raises(InvalidInput, match="threads"):
        american_price(1.0, 1.0, 1, 0, 0, 0.2, True, threads=0)


@pytest.mark.parametrize("setting", list(Setting))
def test_threads_company_and_order_change_no_bit(setting: Setting) -> None:
    options = random_options(101, seed=7)

    def figures(of: Options, threads: int) -> Numbers:
        found = american_greeks(
            100.0, of.strike, of.days / 365.0, of.rate, of.dividend_yield, of.vol, of.is_call,
            setting=setting, threads=threads,
        )  # fmt: skip
        return np.stack(found)

    alone, shared = figures(options, 1), figures(options, 2)
    turned = figures(Options._make(column[::-1] for column in options), 1)
    assert alone.tobytes() == shared.tobytes()
    assert alone.tobytes() == turned[:, ::-1].tobytes()


def test_an_extreme_option_is_flagged_or_finite() -> None:
    chance = np.random.default_rng(3)
    count = 3000
    found = american_greeks(
        100.0, 100 * np.exp(chance.normal(0, 0.8, count)),
        np.exp(chance.uniform(math.log(1e-5), math.log(30), count)),
        chance.uniform(-0.05, 0.3, count), chance.uniform(-0.05, 0.3, count),
        np.exp(chance.uniform(math.log(0.01), math.log(5), count)), chance.random(count) < 0.5,
    )  # fmt: skip
    none = np.isin(found.status, [AmericanStatus.DOUBLE_BOUNDARY, AmericanStatus.NOT_CONVERGED])
    figures = np.stack(found[:7])
    assert np.isfinite(figures[:, ~none]).all()
    assert np.isnan(figures[:, none]).all()
    assert (found.status == AmericanStatus.NOT_CONVERGED).mean() < 0.005


def test_the_boundary_falls_from_its_limit_and_value_meets_payoff_on_it() -> None:
    left = np.array([0, 0.01, 0.1, 0.5, 1.0])
    boundary = exercise_boundary(left, 100, 0.05, 0.02, 0.25, is_call=False)
    assert boundary[0] == 100
    assert (np.diff(boundary) < 0).all()
    for years, spot in zip(left[1:], boundary[1:], strict=True):
        assert price(spot * 0.9999, 100, years, 0.05, 0.02, 0.25, False)[1] is (
            AmericanStatus.EXERCISE_NOW
        )
        value, status = price(spot * 1.0001, 100, years, 0.05, 0.02, 0.25, False)
        assert status is AmericanStatus.OK
        assert value == pytest.approx(100 - spot * 1.0001, abs=1e-4)


def test_where_early_exercise_never_pays_the_boundary_is_out_of_reach() -> None:
    assert exercise_boundary(1.0, 100, 0.05, 0, 0.2, is_call=True) == math.inf
    assert exercise_boundary(1.0, 100, 0, 0, 0.2, is_call=False) == 0
    # With dividends above the rate it starts below the strike.
    assert exercise_boundary(0, 100, 0.03, 0.06, 0.2, is_call=False) == pytest.approx(50)
    with pytest.raises(InvalidInput, match="two boundaries"):
        exercise_boundary(1.0, 100, -0.01, -0.03, 0.2, is_call=False)
    with pytest.raises(InvalidInput, match="remaining"):
        exercise_boundary(-1.0, 100, 0.05, 0.03, 0.2, is_call=False)
    with pytest.raises(InvalidInput, match="vol"):
        exercise_boundary(1.0, 100, 0.05, 0.03, 0.0, is_call=False)
