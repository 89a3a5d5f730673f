"""The kernel against published values, exact arithmetic, its own slopes and put-call parity."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quant.black_scholes import Greeks, greeks
from domain.shared import InvalidInput
from tests.domain.quant.exact import exact_figures, random_options
from tests.domain.quant.reference import Case, reference_cases

ORDINARY = {
    "spot": 102.0, "strike": 100.0, "years": 0.4, "rate": 0.05, "dividend_yield": 0.02,
    "vol": 0.3,
}  # fmt: skip


def value(*, is_call: bool, **changes: float) -> Greeks:
    terms: dict[str, Any] = {**ORDINARY, **changes}
    return greeks(**terms, is_call=is_call)


def of_case(case: Case) -> Greeks:
    return greeks(
        case["spot"], case["strike"], case["t"], case["r"], case["q"], case["vol"],
        case["type"] == "call",
    )  # fmt: skip


def test_hulls_call_and_put_on_a_stock_without_dividends() -> None:
    both = greeks(42, 40, 0.5, 0.10, 0, 0.20, [True, False])

    assert both.price == pytest.approx([4.76, 0.81], abs=0.005)


def test_hulls_greeks_of_a_call_twenty_weeks_from_expiry() -> None:
    call = greeks(49, 50, 20 / 52, 0.05, 0, 0.20, True)

    assert float(call.price) == pytest.approx(2.40, abs=0.005)
    assert float(call.delta) == pytest.approx(0.522, abs=0.0005)
    assert float(call.gamma) == pytest.approx(0.066, abs=0.0005)
    assert float(call.vega) == pytest.approx(12.1, abs=0.05)
    assert float(call.theta) == pytest.approx(-4.31, abs=0.005)
    assert float(call.rho) == pytest.approx(8.91, abs=0.005)


def test_hulls_call_on_an_index_with_a_dividend_yield() -> None:
    assert float(greeks(930, 900, 2 / 12, 0.08, 0.03, 0.20, True).price) == pytest.approx(
        51.83, abs=0.005
    )


def test_the_published_european_values_are_met() -> None:
    for case in reference_cases("haug_european"):
        assert float(of_case(case).price) == pytest.approx(case["value"], abs=1e-4), case


def test_the_published_sensitivities_are_met() -> None:
    for case in reference_cases("haug_greeks"):
        found = of_case(case)
        ours = {
            "delta": found.delta, "gamma": found.gamma, "vega": found.vega,
            "elasticity": found.delta * case["spot"] / found.price,
            "theta_per_day_365": found.theta / 365,
            "dividend_rho": -case["t"] * case["spot"] * found.delta,
        }  # fmt: skip
        assert float(ours[case["greek"]]) == pytest.approx(case["value"], abs=1e-4), case


def test_values_and_sensitivities_agree_with_exact_arithmetic_to_thirteen_digits() -> None:
    for case in reference_cases("bsm_exact_mpmath"):
        found = of_case(case)
        for name in set(Greeks._fields) & set(case):
            assert float(getattr(found, name)) == pytest.approx(case[name], rel=1e-13), case


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_options_agree_with_fifty_digits_to_twelve(seed: int) -> None:
    """Up to thirty deviations from the strike, from a second to five years before expiry."""
    options = random_options(seed, 400)
    found = greeks(*options)

    for at, option in enumerate(zip(*options, strict=True)):
        for name, (exact, size) in exact_figures(*option).items():
            if abs(exact) > 1e-290:
                missed = abs(mpmath.mpf(float(getattr(found, name)[at])) - exact) / size
                assert missed < 1e-13, (name, option)


def test_near_the_strike_in_the_last_second_no_digit_is_lost() -> None:
    """Spot and strike agree to nine digits, and so do the legs of the value."""
    option = (100.0, 100.0 + 2e-7, 3e-8, 0.05, 0.02, 1e-3, False)
    found = greeks(*option)

    for name, (exact, size) in exact_figures(*option).items():
        missed = abs(mpmath.mpf(float(getattr(found, name))) - exact) / size
        assert missed < 1e-13, name


market = st.fixed_dictionaries(
    {
        "spot": st.floats(1, 1000),
        "years": st.floats(0.002, 3),
        "rate": st.floats(-0.03, 0.15),
        "dividend_yield": st.floats(0, 0.1),
        "vol": st.floats(0.03, 2.5),
    }
)


@given(market, st.floats(-1.5, 1.5))
def test_a_call_less_its_put_is_the_forward(quoted: dict[str, Any], moneyness: float) -> None:
    strike = quoted["spot"] * math.exp(moneyness)
    both = greeks(**quoted, strike=strike, is_call=[True, False])

    forward = quoted["spot"] * math.exp(-quoted["dividend_yield"] * quoted["years"])
    forward -= strike * math.exp(-quoted["rate"] * quoted["years"])
    size = quoted["spot"] + strike
    assert float(both.price[0] - both.price[1]) == pytest.approx(forward, abs=1e-12 * size)
    assert float(both.gamma[0]) == float(both.gamma[1])
    assert float(both.vega[0]) == float(both.vega[1])


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("strike", [80.0, 100.0, 125.0])
def test_each_sensitivity_is_the_slope_of_the_value(strike: float, is_call: bool) -> None:
    found = value(is_call=is_call, strike=strike)

    def slope_of(figure: str, name: str, step: float) -> float:
        up = value(is_call=is_call, strike=strike, **{name: ORDINARY[name] + step})
        down = value(is_call=is_call, strike=strike, **{name: ORDINARY[name] - step})
        return float(getattr(up, figure) - getattr(down, figure)) / (2 * step)

    def slope(name: str, step: float) -> float:
        return slope_of("price", name, step)

    assert float(found.delta) == pytest.approx(slope("spot", 1e-3), rel=1e-6)
    assert float(found.gamma) == pytest.approx(slope_of("delta", "spot", 1e-2), rel=1e-6)
    assert float(found.vega) == pytest.approx(slope("vol", 1e-4), rel=1e-5)
    assert float(found.theta) == pytest.approx(-slope("years", 1e-5), rel=1e-5)
    assert float(found.rho) == pytest.approx(slope("rate", 1e-5), rel=1e-5)
    assert float(found.dividend_rho) == pytest.approx(slope("dividend_yield", 1e-5), rel=1e-5)
    assert float(found.vanna) == pytest.approx(slope_of("delta", "vol", 1e-4), rel=1e-5)
    assert float(found.vomma) == pytest.approx(slope_of("vega", "vol", 1e-4), rel=1e-5)
    assert float(found.charm) == pytest.approx(-slope_of("delta", "years", 1e-5), rel=1e-5)


def test_at_expiry_an_option_is_its_intrinsic_value_and_no_longer_moves_with_time_or_vol() -> None:
    found = greeks([110.0, 90.0, 110.0, 90.0], 100, 0, 0.05, 0.01, 0.3, [True, True, False, False])

    assert found.price.tolist() == [10.0, 0.0, 0.0, 10.0]
    assert found.delta.tolist() == [1.0, 0.0, 0.0, -1.0]
    for name in set(Greeks._fields) - {"price", "delta"}:
        assert not getattr(found, name).any(), name


def test_on_the_strike_at_expiry_delta_is_the_limit_one_half() -> None:
    assert greeks(100, 100, 0, 0.05, 0, 0.3, [True, False]).delta.tolist() == [0.5, -0.5]


def test_without_volatility_an_option_is_its_discounted_forward_intrinsic_value() -> None:
    sure, limit = value(is_call=True, vol=0.0), value(is_call=True, strike=90.0, vol=1e-4)

    forward = 102 * math.exp(-0.02 * 0.4) - 100 * math.exp(-0.05 * 0.4)
    assert float(sure.price) == pytest.approx(forward, rel=1e-14)
    flat = value(is_call=True, strike=90.0, vol=0.0)
    for name in Greeks._fields:
        assert float(getattr(flat, name)) == pytest.approx(float(getattr(limit, name)), abs=1e-9)


def many(count: int) -> tuple[Any, ...]:
    return random_options(11, count)


def test_threads_and_neighbours_change_no_bit() -> None:
    options = many(40_000)
    whole = greeks(*options)
    shared = greeks(*options, threads=2)
    some = greeks(*(column[777:1500] for column in options))

    for name in Greeks._fields:
        assert getattr(whole, name).tobytes() == getattr(shared, name).tobytes()
        assert getattr(whole, name)[777:1500].tobytes() == getattr(some, name).tobytes()


def test_a_number_out_of_range_is_refused_in_any_thread() -> None:
    options = many(40_000)
    options[5][-1] = -1.0
    with pytest.raises(InvalidInput, match="vol must be at least 0, not -1"):
        greeks(*options, threads=2)
    with pytest.raises(InvalidInput, match="threads must be at least 1"):
        greeks(*options, threads=0)


def test_arrays_that_cannot_be_written_or_are_strided_are_taken_as_they_are() -> None:
    strikes = np.arange(80.0, 120.0)[::2]
    fixed = strikes.copy()
    fixed.flags.writeable = False

    assert (greeks(100, strikes, 0.1, 0.04, 0, 0.2, True).price.tobytes()) == (
        greeks(100, fixed, 0.1, 0.04, 0, 0.2, True).price.tobytes()
    )


@pytest.mark.slow
def test_the_second_start_compiles_nothing_and_gives_the_same_bits() -> None:
    script = """
import hashlib
from domain.quant import black_scholes, implied_volatility
from tests.domain.quant.exact import random_options

options = random_options(11, 500)
found = black_scholes.greeks(*options)
vol, _ = implied_volatility.implied_volatility(found.price, *options[:5], options[6])
print(hashlib.sha256(b"".join(one.tobytes() for one in (*found, vol))).hexdigest())
kernels = black_scholes._kernel, implied_volatility._kernel
print(sum(len(kernel.stats.cache_misses) for kernel in kernels))
"""
    root = Path(__file__).parents[3]
    first, second = (
        subprocess.run(
            [sys.executable, "-c", script], cwd=root, check=True, capture_output=True, text=True
        ).stdout.split()
        for _ in range(2)
    )

    assert len(first[0]) == len(hashlib.sha256().hexdigest())
    assert first[0] == second[0]
    assert second[1] == "0"


def test_inputs_broadcast_to_one_shape() -> None:
    surface = greeks(100, np.array([[90.0], [100.0], [110.0]]), [0.1, 0.5], 0.04, 0, 0.2, True)

    assert surface.price.shape == (3, 2)
    assert float(surface.price[2, 1]) == float(greeks(100, 110, 0.5, 0.04, 0, 0.2, True).price)
    assert greeks(100, [], 0.1, 0.04, 0, 0.2, True).price.shape == (0,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"spot": 0.0}, {"strike": -1.0}, {"years": -0.1}, {"vol": -0.2}, {"rate": math.nan},
        {"dividend_yield": math.inf}, {"spot": math.nan}, {"spot": 1e-200}, {"strike": 1e200},
        {"rate": 1e6}, {"vol": 1e9}, {"years": math.inf},
    ],
)  # fmt: skip
def test_a_number_out_of_range_is_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        value(is_call=True, **wrong)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match="do not fit"):
        greeks([100.0, 101.0], [1.0, 2.0, 3.0], 1, 0, 0, 0.2, True)
    with pytest.raises(InvalidInput, match="do not fit"):
        greeks("a hundred", 100, 1, 0, 0, 0.2, True)


@pytest.mark.slow
def test_importing_the_domain_or_the_quant_package_loads_no_compiler() -> None:
    script = "import sys, domain, domain.quant; print('numba' in sys.modules)"
    root = Path(__file__).parents[3]
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=root, check=True, capture_output=True, text=True
    )

    assert answer.stdout.strip() == "False"
