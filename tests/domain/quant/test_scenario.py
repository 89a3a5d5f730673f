"""Scenarios: a grid's values are those of each option valued by itself."""

from __future__ import annotations

import numpy as np
import pytest

from domain.quant.american import american_price
from domain.quant.american_grid import Setting
from domain.quant.black_scholes import greeks
from domain.quant.scenario import SPOT_MOVES, VOL_MOVES, revalue, summed_pnl
from domain.quant.valuing import ValueStatus
from domain.shared import InvalidInput
from tests.domain.quant.american_oracle import Numbers, Options, random_options

COUNT = 60
SPOTS, VOLS = 100.0 * (1.0 + SPOT_MOVES), 1.0 + VOL_MOVES


@pytest.fixture(scope="module")
def options() -> Options:
    return random_options(COUNT, 20_261_121)


def grids(options: Options, is_american: bool, **more: object) -> Numbers:
    found = revalue(
        100.0, options.strike, options.years, options.rate, options.dividend_yield, options.vol,
        options.is_call, is_american, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    assert not found.status.any()
    price: Numbers = found.price[0]
    return price


def one_by_one(options: Options, setting: Setting) -> Numbers:
    price, _ = american_price(SPOTS, *_columns(options), setting=setting)
    return price


def _columns(options: Options) -> tuple[Numbers, Numbers, Numbers, Numbers, Numbers, Numbers]:
    def wide(column: Numbers) -> Numbers:
        spread: Numbers = column[:, None, None]
        return spread

    return (
        wide(options.strike), wide(options.years), wide(options.rate),
        wide(options.dividend_yield), wide(options.vol) * VOLS[:, None],
        wide(options.is_call.astype(np.float64)),
    )  # fmt: skip


def rms(errors: Numbers) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def test_american_values_are_as_exact_as_the_fast_setting_is(options: Options) -> None:
    exact = one_by_one(options, Setting.ACCURATE)
    ours = grids(options, True) - exact
    fast = one_by_one(options, Setting.FAST) - exact
    assert rms(ours) < 5e-5
    assert rms(ours) < 1.5 * rms(fast)
    assert np.abs(ours).max() < 1e-3


def test_european_values_are_those_of_the_formula(options: Options) -> None:
    exact = greeks(SPOTS, *_columns(options)).price
    assert np.abs(grids(options, False) - exact).max() < 1e-11


def test_an_american_option_is_worth_its_payoff_and_its_european_twin_at_least(
    options: Options,
) -> None:
    american, european = grids(options, True), grids(options, False)
    sign = np.where(options.is_call, 1.0, -1.0)[:, None, None]
    payoff = np.maximum(sign * (SPOTS - options.strike[:, None, None]), 0.0)
    assert (american >= european - 1e-9).all()
    assert (american >= payoff - 1e-9).all()


def test_a_call_without_dividends_is_worth_its_european_twin(options: Options) -> None:
    calls = options._replace(
        is_call=np.ones(COUNT, dtype=np.bool_), dividend_yield=np.zeros(COUNT)
    )  # fmt: skip
    assert grids(calls, True).tobytes() == grids(calls, False).tobytes()


@pytest.mark.parametrize("is_american", [True, False])
def test_threads_and_neighbours_change_no_bit(options: Options, is_american: bool) -> None:
    alone = grids(options, is_american)
    assert grids(options, is_american, threads=2).tobytes() == alone.tobytes()
    last = Options._make(column[-1:] for column in options)
    assert grids(last, is_american).tobytes() == alone[-1:].tobytes()


def test_days_go_by(options: Options) -> None:
    terms = (options.rate, options.dividend_yield, options.vol, options.is_call, True)
    found = revalue(100.0, options.strike, options.years, *terms, days=(0.0, 5.0))
    later = revalue(100.0, options.strike, options.years - 5.0 / 365.0, *terms)
    assert found.price[1].tobytes() == later.price[0].tobytes()
    assert found.price[0].tobytes() == grids(options, True).tobytes()


def test_who_has_expired_by_then_is_worth_the_payoff() -> None:
    found = revalue(
        100.0, 104.0, 3 / 365, 0.04, 0.0, 0.3, [True, False], True, spot_moves=[-0.1, 0.0, 0.1],
        vol_moves=[0.0], days=(3.0, 10.0),
    )  # fmt: skip
    assert (found.status == ValueStatus.EXPIRED).all()
    assert found.price[:, 0, 0] == pytest.approx(np.array([[0, 0, 6.0]] * 2))
    assert found.price[:, 1, 0] == pytest.approx(np.array([[14.0, 4.0, 0]] * 2))


def test_a_share_is_a_call_on_nothing_paid() -> None:
    found = revalue(50.0, 0.0, 0.0, 0.04, 0.0, 0.0, True, True, spot_moves=[-0.2, 0.0, 0.2])
    assert found.status.tolist() == [[ValueStatus.OK]]
    assert found.price[0, 0] == pytest.approx(np.tile([40.0, 50.0, 60.0], (21, 1)))


def test_without_volatility_exercise_comes_at_the_best_time() -> None:
    found = revalue(
        100.0, 110.0, 1.0, 0.05, 0.0, 0.0, False, [True, False], spot_moves=[0.0], vol_moves=[0.0]
    )  # fmt: skip
    assert found.price.ravel() == pytest.approx([10.0, 110.0 * np.exp(-0.05) - 100.0])


@pytest.mark.parametrize(
    ("spot", "rate", "dividend_yield", "vol", "status"),
    [
        (np.nan, 0.04, 0.0, 0.3, ValueStatus.BAD_INPUT),
        (100.0, 0.04, 0.0, np.nan, ValueStatus.BAD_INPUT),
        (0.0, 0.04, 0.0, 0.3, ValueStatus.BAD_INPUT),
        (100.0, -0.02, -0.04, 0.3, ValueStatus.NOT_VALUED),
    ],
)
def test_what_has_no_value_says_so_and_spoils_only_itself(
    spot: float, rate: float, dividend_yield: float, vol: float, status: ValueStatus
) -> None:
    found = revalue(
        [spot, 100.0], 100.0, 0.5, [rate, 0.04], [dividend_yield, 0.0], [vol, 0.3], False, True
    )  # fmt: skip
    assert found.status[0].tolist() == [status, ValueStatus.OK]
    assert np.isnan(found.price[0, 0]).all()
    assert np.isfinite(found.price[0, 1]).all()


def test_gains_are_summed_by_group_and_count_what_is_known() -> None:
    price = np.array([[[1.0, 2.0]], [[3.0, 5.0]], [[np.nan, 1.0]], [[4.0, 4.0]]])
    pnl, counted = summed_pnl(
        price, [100, -200, 100, 100], [1.0, 3.0, 1.0, np.nan], [0, 0, 0, 1], 2
    )  # fmt: skip
    assert pnl.tolist() == [[[0.0, 100.0 - 400.0]], [[0.0, 0.0]]]
    assert counted.tolist() == [2, 0]


@pytest.mark.parametrize(
    "more",
    [
        {"spot_moves": [-1.0]}, {"vol_moves": []}, {"vol_moves": [[0.0]]}, {"days": ()},
        {"days": (-1.0,)}, {"threads": 0},
    ],
)  # fmt: skip
def test_a_grid_that_cannot_be_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        revalue(100.0, 100.0, 0.5, 0.04, 0.0, 0.3, True, True, **more)  # type: ignore[arg-type]


def test_sums_of_what_does_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match="do not fit"):
        summed_pnl(np.zeros((2, 1, 1)), [1.0], [0.0], [0], 1)
