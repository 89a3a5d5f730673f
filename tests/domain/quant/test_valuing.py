"""The one door to both models: each option by what it may be exercised by, and never silently."""

from __future__ import annotations

import numpy as np
import pytest

from domain.quant.american import american_greeks, american_price
from domain.quant.american_implied import AmericanVolStatus
from domain.quant.black_scholes import greeks
from domain.quant.models import Model
from domain.quant.valuing import FIGURES, TRUSTED, Values, ValueStatus, value_options
from domain.shared import InvalidInput
from tests.domain.quant.american_oracle import Options, random_options

TERMS = {"spot": 100.0, "years": 0.5, "rate": 0.04, "dividend_yield": 0.0}


@pytest.fixture(scope="module")
def options() -> Options:
    return random_options(200, 61)


def valued(options: Options, is_american: object, **more: object) -> Values:
    price, _ = american_price(
        100.0, options.strike, options.years, options.rate, options.dividend_yield, options.vol,
        options.is_call,
    )  # fmt: skip
    return value_options(
        price, 100.0, options.strike, options.years, options.rate, options.dividend_yield,
        options.is_call, is_american, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def one(price: float, strike: float = 100.0, **more: object) -> Values:
    terms = {**TERMS, "is_call": False, "is_american": True, **more}
    return value_options(price, strike=strike, **terms)  # type: ignore[arg-type]


def test_american_options_have_the_volatility_that_made_their_price(options: Options) -> None:
    found = valued(options, True)
    ok = found.status == ValueStatus.OK
    assert ok.sum() > 150
    assert (found.model == Model.AMERICAN).all()
    told = ok & (found.vega > 1e-2)
    assert found.vol[told] == pytest.approx(options.vol[told], abs=1e-6)
    exact = american_greeks(
        100.0, options.strike, options.years, options.rate, options.dividend_yield, found.vol,
        options.is_call,
    )  # fmt: skip
    for name in FIGURES:
        assert getattr(found, name)[told] == pytest.approx(getattr(exact, name)[told], abs=1e-6)


def test_european_options_have_the_formula_s_figures(options: Options) -> None:
    found = valued(options, False)
    assert (found.model == Model.EUROPEAN).all()
    ok = found.status == ValueStatus.OK
    exact = greeks(
        100.0, options.strike[ok], options.years[ok], options.rate[ok],
        options.dividend_yield[ok], found.vol[ok], options.is_call[ok],
    )  # fmt: skip
    for name in FIGURES:
        assert getattr(found, name)[ok].tobytes() == getattr(exact, name).tobytes()


def test_an_american_put_taken_as_european_would_be_of_another_volatility() -> None:
    american = one(12.0, 110.0)
    european = one(12.0, 110.0, is_american=False)
    assert float(european.vol - american.vol) > 0.01
    assert american.model == Model.AMERICAN
    assert Model(int(european.model)).id == "european-bsm-1"


def test_an_american_call_without_dividends_is_computed_as_european_and_named_american() -> None:
    american, european = (one(9.0, is_call=True, is_american=style) for style in (True, False))
    for name in ("status", "vol", *FIGURES):
        assert getattr(american, name).tobytes() == getattr(european, name).tobytes()
    assert Model(int(american.model)).id == "american-alo-1"
    price, _ = american_price(100.0, 100.0, 0.5, 0.04, 0.0, american.vol, True)
    assert float(price) == pytest.approx(9.0, abs=1e-9)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_and_neighbours_change_no_bit(options: Options, threads: int) -> None:
    many = random_options(20_000, 5)
    both = np.arange(20_000) % 3 > 0
    together = valued(many, both, threads=threads)
    alone = valued(Options._make(column[:50] for column in many), both[:50])
    for name in Values._fields:
        assert getattr(alone, name).tobytes() == getattr(together, name)[:50].tobytes(), name
    if threads == 2:
        by_one = valued(many, both)
        for name in Values._fields:
            assert getattr(by_one, name).tobytes() == getattr(together, name).tobytes(), name


@pytest.mark.parametrize("is_american", [True, False])
@pytest.mark.parametrize(
    ("price", "more", "status"),
    [
        (9.0, {"strike": 120.0}, ValueStatus.BELOW_INTRINSIC),
        (130.0, {"strike": 120.0}, ValueStatus.ABOVE_BOUND),
        (20.0, {"strike": 120.0, "years": 0.0}, ValueStatus.EXPIRED),
        (np.nan, {}, ValueStatus.BAD_INPUT),
        (5.0, {"spot": 0.0}, ValueStatus.BAD_INPUT),
        (0.0, {}, ValueStatus.NOT_RECOVERABLE),
    ],
)
def test_a_price_without_a_volatility_says_why(
    price: float, more: dict[str, object], status: ValueStatus, is_american: bool
) -> None:
    found = one(price, is_american=is_american, **more)  # type: ignore[arg-type]
    assert int(found.status) == status
    assert np.isnan(found.vol)
    has_figures = status in (
        ValueStatus.BELOW_INTRINSIC, ValueStatus.EXPIRED, ValueStatus.NOT_RECOVERABLE,
    )  # fmt: skip
    assert bool(np.isfinite(found.delta)) is has_figures
    assert bool(np.isfinite(found.gamma)) is has_figures


def test_a_mid_below_exercise_with_an_offer_above_is_taken_as_exercised() -> None:
    """A put deep in the money at 19.80 x 20.10 on shares that make exercise worth 20."""
    assert int(one(19.95, 120.0).status) == ValueStatus.BELOW_INTRINSIC
    found = one(19.95, 120.0, offer=20.10)
    assert int(found.status) == ValueStatus.AT_INTRINSIC
    assert ValueStatus.AT_INTRINSIC in TRUSTED
    assert (float(found.delta), float(found.gamma), float(found.vega)) == (-1.0, 0.0, 0.0)
    assert int(one(19.95, 120.0, offer=19.99).status) == ValueStatus.BELOW_INTRINSIC


def test_rates_under_which_nobody_values_say_so() -> None:
    found = one(12.0, 110.0, rate=-0.01, dividend_yield=-0.05)
    assert int(found.status) == ValueStatus.NOT_VALUED
    assert np.isnan(found.delta)


def test_a_bad_row_spoils_only_itself() -> None:
    found = one(np.array([np.nan, 8.0, -1.0]), is_american=np.array([True, True, False]))  # type: ignore[arg-type]
    assert found.status.tolist() == [
        ValueStatus.BAD_INPUT, ValueStatus.OK, ValueStatus.BAD_INPUT,
    ]  # fmt: skip
    assert np.isfinite(found.delta).tolist() == [False, True, False]


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput):
        value_options([1.0, 2.0], [1.0, 2.0, 3.0], 1.0, 1.0, 0.0, 0.0, True, True)
    with pytest.raises(InvalidInput, match="at least 1"):
        one(8.0, threads=0)


def test_statuses_are_numbered_as_those_of_implied_volatility() -> None:
    assert {s.name: s.value for s in AmericanVolStatus}.items() <= {
        s.name: s.value for s in ValueStatus
    }.items()


def test_no_options_have_no_values() -> None:
    assert value_options([], 1.0, 1.0, 1.0, 0.0, 0.0, [], []).delta.shape == (0,)
