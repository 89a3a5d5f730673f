"""Returns, drawdowns, ratios, flows and trades, worked out by hand or published."""

from __future__ import annotations

import math
import os
import struct
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from domain.quant import benchmark, ratios, returns, trade_figures
from domain.quant.bootstrap import (
    interval,
    mean_intervals,
    resampled,
    sharpe_interval,
    stretch_of,
)
from domain.quant.cash_flows import Holdings, Steps, trade_flows, xirr
from domain.quant.drawdown import Drawdown, deepest, max_drawdown
from domain.quant.excursions import Moved, excursions
from domain.quant.figures import Status
from domain.quant.series import series
from domain.shared import InvalidInput

ROOT = Path(__file__).parents[3]
YEAR = 252

some_returns = arrays(np.float64, st.integers(2, 40), elements=st.floats(-0.5, 0.5, width=32))


def test_an_index_chains_returns_and_stays_at_nothing() -> None:
    assert returns.nav_index([0.1, -0.5]).tolist() == pytest.approx([1.0, 1.1, 0.55])
    assert returns.nav_index([0.1, -1.5, 0.3]).tolist() == [1.0, 1.1, 0.0, 0.0]
    assert returns.total_return([0.1, -1.5, 0.3]) == -1.0


def test_a_year_of_returns_is_its_own_annualised_return() -> None:
    year = [0.001] * YEAR

    assert returns.annualised_return(year, YEAR) == pytest.approx(1.001**YEAR - 1)
    assert returns.annualised_return(year[:126], YEAR) == pytest.approx(1.001**YEAR - 1)


def test_a_yearly_rate_compounds_from_its_periods() -> None:
    assert (1 + returns.per_period(0.05, YEAR)) ** YEAR == pytest.approx(1.05)
    for rate in (-1.0, math.nan, math.inf):
        with pytest.raises(InvalidInput):
            returns.per_period(rate, YEAR)


def test_weeks_over_new_year_stay_whole() -> None:
    days = [date(2025, 12, 30), date(2026, 1, 2)]

    assert returns.chained(days, [0.1, 0.1], returns.Every.WEEK) == {(2026, 1): pytest.approx(0.21)}
    assert returns.chained(days, [0.1, 0.1], returns.Every.QUARTER) == {
        (2025, 4): pytest.approx(0.1), (2026, 1): pytest.approx(0.1),
    }  # fmt: skip


def test_the_deepest_drawdown_has_its_days_and_its_end() -> None:
    index = [1.0, 1.2, 0.9, 1.1, 0.6, 1.0, 1.3]

    assert deepest(index) == Drawdown(0.6 / 1.2 - 1.0, 1, 4, 6)
    assert deepest(index[:-1]) == Drawdown(0.6 / 1.2 - 1.0, 1, 4, None)
    assert deepest([1.0, 1.1, 1.1]) == Drawdown(0.0, 0, 0, 0)
    assert deepest([1.0]) is Status.TOO_FEW


def test_the_first_loss_is_a_drawdown_too() -> None:
    assert max_drawdown([-0.1, 0.05]) == pytest.approx(-0.1)


def test_an_index_that_cannot_be_is_refused() -> None:
    for index in ([0.0, 1.0], [1.0, -0.5]):
        with pytest.raises(InvalidInput):
            deepest(index)


@given(some_returns)
def test_a_drawdown_is_a_fall_between_its_places(found: np.ndarray) -> None:
    index = returns.nav_index(found)
    fall = deepest(index)

    assert isinstance(fall, Drawdown)
    assert -1.0 <= fall.depth <= 0.0
    assert index[fall.trough] / index[fall.peak] - 1.0 == pytest.approx(fall.depth)
    assert index[fall.peak] == index[: fall.trough + 1].max()


@given(some_returns, st.floats(0.5, 2.0))
def test_a_sharpe_ratio_does_not_know_the_stake(found: np.ndarray, stake: float) -> None:
    small, large = ratios.sharpe(found, YEAR), ratios.sharpe(found * stake, YEAR)

    if isinstance(small, Status):
        assert small is Status.NO_VARIATION
    else:
        assert large == pytest.approx(small, rel=1e-9)


def test_days_that_are_all_the_same_have_no_sharpe_ratio() -> None:
    assert ratios.sharpe([0.1] * 7, YEAR) is Status.NO_VARIATION
    assert ratios.sharpe([0.1], YEAR) is Status.TOO_FEW
    assert ratios.sortino([0.1, 0.2], YEAR) is Status.NO_LOSSES
    assert ratios.omega([0.1, 0.2]) is Status.NO_LOSSES
    assert ratios.calmar(0.3, 0.0) is Status.NO_DRAWDOWN


def test_value_at_risk_is_of_the_worst_twentieth() -> None:
    found = [number / 1000 for number in range(-50, 51)]

    assert ratios.value_at_risk(found) == pytest.approx(-0.045)
    assert ratios.conditional_value_at_risk(found) == pytest.approx(-0.0475)
    assert ratios.value_at_risk(found[:19]) is Status.TOO_FEW
    assert ratios.conditional_value_at_risk(found[:20]) == pytest.approx(-0.05)


def test_an_index_that_came_to_nothing_is_not_straight() -> None:
    assert ratios.stability([0.1, -1.0, 0.1]) is Status.RUINED


def test_twice_the_market_less_a_little_has_a_beta_of_two() -> None:
    market = [0.01, -0.02, 0.015, 0.003]
    found = benchmark.fit([2 * one - 0.0001 for one in market], market, YEAR)

    assert isinstance(found, benchmark.Fit)
    assert found.beta == pytest.approx(2.0)
    assert found.alpha == pytest.approx(0.9999**YEAR - 1)
    assert benchmark.fit(market, [0.01] * 4, YEAR) is Status.NO_VARIATION


def test_xirr_of_the_spreadsheets_example() -> None:
    # The example of Microsoft Excel's help: 1 January 2008 to 1 April 2009.
    found = xirr([0, 60, 303, 411, 456], [-10_000, 2_750, 4_250, 3_250, 2_750])

    assert found == pytest.approx(0.373362535, abs=1e-8)


def test_xirr_says_when_no_rate_or_more_than_one_fits() -> None:
    assert xirr([0, 365], [-100, 0]) is Status.NO_RATE
    assert xirr([0, 365], [100, 100]) is Status.NO_RATE
    assert xirr([], []) is Status.NO_RATE
    # 10 % and 20 %: the classic of two yearly rates.
    assert xirr([0, 365, 730], [-100, 230, -132]) is Status.SEVERAL_RATES
    assert xirr([0, 365, 730], [-100, 230, -133]) is Status.NO_RATE


def test_xirr_knows_the_one_rate_of_flows_that_turn_often() -> None:
    found = xirr([0, 100, 200, 365], [-100, 50, -50, 110])

    assert isinstance(found, float)
    worth = sum(
        flow / (1 + found) ** (day / 365)
        for day, flow in zip([0, 100, 200, 365], [-100, 50, -50, 110], strict=True)
    )
    assert worth == pytest.approx(0, abs=1e-10)


@given(st.lists(st.floats(1, 1000), min_size=1, max_size=20), st.floats(-0.9, 5.0))
def test_xirr_finds_the_rate_that_flows_were_made_by(paid: list[float], rate: float) -> None:
    days = [float(7 * number) for number in range(len(paid))] + [7.0 * len(paid) + 30]
    end = days[-1]
    grown = sum(
        flow * (1 + rate) ** ((end - day) / 365) for day, flow in zip(days[:-1], paid, strict=True)
    )
    assert xirr(days, [-flow for flow in paid] + [grown]) == pytest.approx(rate, abs=1e-7)


def test_trades_by_hand() -> None:
    pnl = [100.0, -50.0, 200.0, 100.0, 0.0, -25.0, -25.0]

    assert trade_figures.profit_factor(pnl) == 4.0
    assert trade_figures.average_win(pnl) == pytest.approx(400 / 3)
    assert trade_figures.average_loss(pnl) == pytest.approx(-100 / 3)
    assert trade_figures.payoff(pnl) == pytest.approx(4.0)
    assert trade_figures.streaks(pnl) == (2, 2, -2)
    assert trade_figures.streaks(pnl[:5]) == (2, 1, 0)
    assert trade_figures.streaks(pnl[:4]) == (2, 1, 2)
    assert trade_figures.multiples([10.0, 5.0, -4.0], [5.0, 0.0, 4.0]).tolist() == [2.0, -1.0]


def test_trades_without_a_loss_or_a_win_have_no_ratio_of_both() -> None:
    assert trade_figures.profit_factor([1.0]) is Status.NO_LOSSES
    assert trade_figures.payoff([1.0]) is Status.NO_LOSSES
    assert trade_figures.payoff([-1.0]) is Status.NO_WINS
    assert trade_figures.profit_factor([]) is Status.TOO_FEW
    assert trade_figures.streaks([]) == (0, 0, 0)


def test_gaps_and_tables_are_refused_by_their_name() -> None:
    with pytest.raises(InvalidInput, match="returns has to be finite, not nan at 1"):
        ratios.sharpe([0.1, math.nan], YEAR)
    with pytest.raises(InvalidInput, match="one row"):
        series("pnl", [[1.0], [2.0]])
    with pytest.raises(InvalidInput, match="has to be numbers"):
        series("pnl", ["a"])
    with pytest.raises(InvalidInput, match="align them"):
        benchmark.fit([0.1, 0.2], [0.1], YEAR)


def means(values: object, stretch: float, samples: int = 1_000) -> np.ndarray:
    found = resampled(values, stretch, samples)  # type: ignore[arg-type]
    assert not isinstance(found, Status)
    return found


def test_a_bootstrap_of_independent_days_is_as_wide_as_theory_says() -> None:
    days = np.random.default_rng(7).normal(0.0, 0.01, 400)
    found = means(days, 1.0, 4_000)

    assert found.shape == (1, 4_000)
    assert found.std() == pytest.approx(days.std() / math.sqrt(400), rel=0.05)
    assert found.mean() == pytest.approx(days.mean(), abs=5e-5)
    low, high = interval(found[0]) or (1.0, -1.0)
    assert low < days.mean() < high


def test_the_interval_of_a_sharpe_ratio_is_about_that_of_theory() -> None:
    days = np.random.default_rng(7).normal(0.001, 0.01, 1_000)
    low, high = sharpe_interval(days, YEAR) or (1.0, -1.0)

    # Lo, "The statistics of Sharpe ratios" (2002): sqrt((1 + SR^2 / 2) / n), per day.
    assert (high - low) / 2 == pytest.approx(1.96 * math.sqrt(YEAR / 1_000), rel=0.2)
    assert sharpe_interval(np.array([0.1, 0.3]), YEAR) is None
    assert sharpe_interval(np.array([0.1]), YEAR) is None


def test_stretches_keep_days_together_that_hang_together() -> None:
    days = np.repeat(np.random.default_rng(7).normal(0.0, 0.01, 40), 10)

    assert means(days, 20.0).std() > 2 * means(days, 1.0).std()


def test_samples_are_made_of_values_of_the_record_drawn_together() -> None:
    found = means([[0.1, 0.3], [1.0, 3.0]], 1.0)

    assert {round(float(one), 12) for one in found[0]} == {0.1, 0.2, 0.3}
    assert found[1] == pytest.approx(found[0] * 10)


def test_a_bootstrap_of_one_value_or_none_is_refused_or_told() -> None:
    assert resampled([0.1], 1.0) is Status.TOO_FEW
    assert mean_intervals([[0.1], [0.2]]) == [None, None]
    for values, stretch in (([0.1, 0.2], 0.5), ([0.1, math.nan], 1.0)):
        with pytest.raises(InvalidInput):
            resampled(values, stretch)
    assert stretch_of(1000) == pytest.approx(10.0)


def steps_of(*rows: tuple[float, float, float, float]) -> Steps:
    """Steps of (day, quantity, price, tied up)."""
    return Steps(*np.array(rows, dtype=np.float64).T.copy())


def test_what_a_trade_takes_comes_back_at_its_exits() -> None:
    # Two at 2.00, half of it sold at 3.00, one more at 4.00, the rest valued at 5.00.
    steps = Steps(
        *map(np.array, ([1.0, 2.0, 3.0], [2.0, -1.0, 1.0], [2.0, 3.0, 4.0], [2.0, 3.0, 4.0]))
    )
    held = Holdings(np.array([3]), np.array([1.0]), np.array([9.0]), np.array([5.0]))
    days, flows = trade_flows(steps, held)

    assert (days.tolist(), flows.tolist()) == ([1.0, 2.0, 3.0, 9.0], [-4.0, 3.0, -4.0, 10.0])


def test_a_sold_trade_gives_back_its_capital_and_what_it_made() -> None:
    # Sold at 2.00 with 50.00 tied up, bought back at 0.50; another one never valued.
    steps = Steps(
        *map(np.array, ([1.0, 5.0, 7.0], [1.0, -1.0, 1.0], [2.0, 0.5, 2.0], [50.0, 50.0, 50.0]))
    )
    held = Holdings(np.array([2, 3]), np.array([-1.0, -1.0]), *np.full((2, 2), math.nan))
    days, flows = trade_flows(steps, held)

    assert (days.tolist(), flows.tolist()) == ([1.0, 5.0, 7.0, 7.0], [-50.0, 51.5, -50.0, 50.0])


def packed(*rows: tuple[int, int, float]) -> Moved:
    return Moved(
        b"".join(trade.to_bytes(16, "big") for trade, _, _ in rows),
        b"".join(at.to_bytes(8, "big", signed=True) for _, at, _ in rows),
        b"".join(struct.pack(">d", ratio) for _, _, ratio in rows),
    )


def test_excursions_follow_each_trade_in_the_order_of_time() -> None:
    moved = packed((7, 30, 0.6), (9, 10, -0.2), (7, 10, -0.3), (7, 20, 0.1), (9, 20, 0.5))
    trades = [trade.to_bytes(16, "big") for trade in (9, 7, 8)]
    lowest, highest = excursions(moved, trades)

    assert lowest.tolist() == pytest.approx([-0.2, -0.3, 0.0])
    assert highest.tolist() == pytest.approx([0.3, 0.4, 0.0])


def test_what_was_corrected_within_a_moment_was_never_true() -> None:
    moved = packed((7, 10, -0.9), (7, 10, 1.0), (7, 20, -0.2))
    lowest, highest = excursions(moved, [(7).to_bytes(16, "big")])

    assert (lowest.tolist(), highest.tolist()) == ([pytest.approx(-0.1)], [pytest.approx(0.1)])


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InvalidInput, match="rows"):
        excursions(packed((7, 10, 0.1))._replace(ratios=b""), [])


REPLAY = """
from datetime import date, timedelta
import numpy as np
from domain.quant import bootstrap, cash_flows
from domain.quant.figures import Terms
from domain.quant.performance import Flows, Market, Record, Sessions, Trades, performance
from domain.quant.returns import nav_index

waves = np.sin(np.arange(300.0) ** 2)
days = [date(2026, 1, 1) + timedelta(number) for number in range(300)]
record = Record(
    Terms(days[0], days[-1], 0.03, 252),
    Sessions(days, waves / 50, nav_index(waves / 50), np.ones(300)),
    Trades(waves * 100, waves, abs(waves), -abs(waves), abs(waves), abs(waves), None),
    Flows(np.arange(300.0), waves * 100 - 1), Market(waves / 50, waves / 70), 7,
)
for figure in performance(record):
    print(figure.name, figure.value, figure.low, figure.high, figure.status)
kernels = (bootstrap._resample, bootstrap._unit, cash_flows._worths)
print("compiled", sum(sum(one.stats.cache_misses.values()) for one in kernels))
"""


def test_figures_are_the_same_after_a_restart_and_on_two_threads() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", REPLAY],
            cwd=ROOT, env={**os.environ, "NUMBA_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            capture_output=True, text=True, check=True,
        ).stdout.rpartition("compiled ")
        for threads in ("1", "2")
    ]  # fmt: skip
    assert said[0][0] == said[1][0]
    assert said[0][0].count(" ok\n") >= 40
    # The second start finds what the first one compiled.
    assert said[1][2] == "0\n"
