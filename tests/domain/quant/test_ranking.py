"""Ranking rules v2: what completes a record, what shrinks it, who is ranked and in what order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from domain.quant.ranking import (
    Formula,
    Standing,
    completed,
    deflated_psr,
    fitted,
    percentile,
    rank,
    shrunk,
)
from domain.quant.ranking_sums import TradeSums, between, pooled, trade_sums
from domain.quant.series import Floats
from domain.quant.sharpe_tests import Shape, deflated, probabilistic, shape
from domain.shared import InvalidInput

RATE = Formula().tail_rate


def record(returns: ArrayLike, worst: float = 1.0) -> TradeSums:
    """The sums of one trader."""
    made = np.asarray(returns, dtype=np.float64)
    return trade_sums(made, np.full(made.size, worst), np.zeros(made.size, dtype=int), 1)


def side_by_side(*records: TradeSums) -> TradeSums:
    """Traders of a board."""
    return TradeSums(*(np.concatenate(columns) for columns in zip(*records, strict=True)))


def with_edge(seed: int, trades: int = 150, mean: float = 0.15) -> Floats:
    """Bought options: many small losses, none beyond the premium, a few great gains."""
    chance = np.random.default_rng(seed)
    drawn = np.exp(0.6 * chance.standard_normal(trades) - 0.18)
    made: Floats = drawn / drawn.mean() * (1.0 + mean) - 1.0
    return made


def selling_tails(trades: int = 200, gain: float = 0.03) -> Floats:
    """A year in which the tail did not come."""
    return gain * (1.0 + 0.3 * np.sin(np.arange(trades)))


def noise(seed: int) -> Floats:
    return with_edge(seed, mean=-0.02)


def test_a_record_gets_the_loss_it_has_not_shown() -> None:
    found = completed(record([0.1, 0.2]), RATE)

    assert found.unseen[0] == 1.0
    assert found.depth[0] == 1.0
    assert found.mean[0] == pytest.approx((0.1 + 0.2 - 1.0) / 3)


def test_what_is_added_is_as_if_it_had_been_traded() -> None:
    returns = with_edge(1)
    found = completed(record(returns), RATE)
    as_traded = shape(np.append(returns, -1.0))

    assert isinstance(as_traded, Shape)
    assert found.mean[0] / found.deviation[0] == pytest.approx(as_traded.sharpe, rel=1e-12)
    assert found.skewness[0] == pytest.approx(as_traded.skewness, rel=1e-9)
    assert found.kurtosis[0] == pytest.approx(as_traded.kurtosis, rel=1e-9)


def test_who_never_lost_gets_a_loss_in_twenty_trades_however_many_there_are() -> None:
    for trades in (100, 200, 2000):
        assert completed(record(selling_tails(trades)), RATE).unseen[0] == pytest.approx(
            trades * RATE
        )


def test_losses_that_were_suffered_are_not_added_again() -> None:
    returns = np.tile([0.3, 0.3, -0.2, 0.3], 50)

    assert completed(record(returns), RATE).unseen[0] == 1.0


def test_losing_on_purpose_costs_what_it_saves() -> None:
    """Each unit of loss in the record takes one unit of what is added, never more."""
    tails = selling_tails(200)
    worst = np.full(200, 5.0)
    means = []
    for sacrificed in (0, 2, 5, 10):
        returns = np.append(tails, np.full(sacrificed, -1.0))
        risked = np.append(worst, np.ones(sacrificed))
        sums = trade_sums(returns, risked, np.zeros(returns.size, dtype=int), 1)
        means.append(float((completed(sums, RATE).mean * completed(sums, RATE).n)[0]))

    assert max(means) == means[0]


def test_harmless_trades_hide_little_of_a_dangerous_one() -> None:
    risked = np.append(np.ones(90), np.full(10, 5.0))
    sums = trade_sums(np.full(100, 0.05), risked, np.zeros(100, dtype=int), 1)

    assert completed(sums, RATE).depth[0] == pytest.approx(340 / 140)


def test_the_gate_is_the_probabilistic_sharpe_ratio() -> None:
    found = completed(record(with_edge(2)), RATE)
    one = Shape(
        found.mean[0] / found.deviation[0], found.n[0], found.skewness[0], found.kurtosis[0]
    )

    assert deflated_psr(found, np.array([1]))[0] == pytest.approx(probabilistic(one), rel=1e-12)
    assert deflated_psr(found, np.array([4]))[0] == pytest.approx(deflated(one, 4), rel=1e-12)


def test_nothing_varies_in_a_record_of_losing_all() -> None:
    found = rank(record(np.full(30, -1.0)))

    assert found.psr[0] == 0.0
    assert found.standing[0] == Standing.SKILL_NOT_SURE


def test_a_shrunk_mean_lies_between_its_own_and_that_of_all() -> None:
    prior = fitted(np.array([0.1, 0.0, -0.1, 0.3]), np.array([0.01, 0.001, 0.001, 0.1]))
    means, errors = np.array([0.3, 0.3]), np.array([0.001, 0.1])
    sure, unsure = shrunk(means, errors, prior)

    assert prior.mean < unsure < sure < 0.3


def test_the_prior_makes_the_weighted_squares_what_they_should_be() -> None:
    chance = np.random.default_rng(3)
    errors = chance.uniform(0.001, 0.02, 400)
    means = chance.normal(0.05, np.sqrt(0.01 + errors))
    prior = fitted(means, errors)

    squares = np.sum((means - prior.mean) ** 2 / (errors + prior.variance))
    assert squares == pytest.approx(399, abs=1e-6)
    assert prior.mean == pytest.approx(0.05, abs=0.02)
    assert prior.variance == pytest.approx(0.01, rel=0.3)


def test_traders_who_differ_by_chance_alone_are_all_alike() -> None:
    prior = fitted(np.array([0.1, 0.11, 0.09]), np.full(3, 0.01))

    assert prior.variance == 0.0
    assert shrunk(np.array([0.5]), np.array([0.01]), prior)[0] == pytest.approx(0.1)


def test_of_nobody_there_is_no_prior() -> None:
    assert fitted(np.empty(0), np.empty(0)) == (0.0, 0.0)


def test_too_few_trades_are_not_ranked() -> None:
    found = rank(record(with_edge(4, trades=19)))

    assert found.standing[0] == Standing.TOO_FEW_TRADES
    assert found.place[0] == 0


def test_of_no_trades_all_figures_are_nothing() -> None:
    nobody = TradeSums(*(np.zeros(1) for _ in TradeSums._fields))
    found = rank(side_by_side(record(with_edge(5)), nobody))

    assert [figure[1] for figure in found[:7]] == [Standing.TOO_FEW_TRADES, 0, 0, 0, 0, 0, 0]


def test_tails_that_did_not_come_are_not_skill() -> None:
    """Though by win rate and Sharpe ratio nobody is better."""
    board = side_by_side(
        record(with_edge(6)),
        record(selling_tails()),
        record(selling_tails(500, 0.09), worst=5.0),
        *(record(noise(seed)) for seed in range(20)),
    )
    found = rank(board)

    assert found.place[0] == 1
    assert found.standing[1] == found.standing[2] == Standing.SKILL_NOT_SURE


def test_doubling_into_losers_is_not_skill() -> None:
    """Thirty in thirty-one trades gain a tenth of the first entry, the other loses all."""
    returns = np.tile(np.append(np.full(30, 0.1), -3.0), 8)
    worst = np.tile(np.append(np.full(30, 1.0), 31.0), 8)
    sums = trade_sums(returns, worst, np.zeros(returns.size, dtype=int), 1)

    assert rank(sums).standing[0] == Standing.SKILL_NOT_SURE


def test_the_best_of_many_accounts_has_to_be_better() -> None:
    board = side_by_side(*(record(with_edge(seed, mean=0.12)) for seed in range(3)))
    alone, several = rank(board), rank(board, accounts=np.array([1, 5, 50]))

    assert several.psr[0] == alone.psr[0]
    assert several.psr[1] < alone.psr[1]
    assert several.psr[2] < alone.psr[2]


def test_accounts_of_one_person_are_one_record() -> None:
    accounts = side_by_side(record([0.1, -0.2]), record([0.3]), record([0.4]))
    together = pooled(accounts, np.array([0, 1, 0]), 2)

    assert together.trades.tolist() == [3, 1]
    assert together.total.tolist() == pytest.approx([0.3, 0.3])


def test_a_window_is_the_difference_of_two_days() -> None:
    returns = with_edge(7, trades=60)
    window = between(record(returns[:25]), record(returns))

    for one, other in zip(window, record(returns[25:]), strict=True):
        assert one == pytest.approx(other, rel=1e-12)


def test_the_score_is_the_weighted_standing_among_those_with_enough_trades() -> None:
    board = side_by_side(*(record(with_edge(seed, mean=0.05 * seed)) for seed in range(5)))
    found = rank(board)
    among = np.ones(5, dtype=bool)

    assert found.score == pytest.approx(
        0.4 * percentile(found.mean, among)
        + 0.2 * percentile(found.accuracy, among)
        + 0.4 * percentile(found.risk_adjusted, among)
    )
    assert ((found.score >= 0.0) & (found.score <= 100.0)).all()


def test_equal_traders_stand_alike_and_come_in_their_order() -> None:
    found = rank(side_by_side(*(record(with_edge(8)) for _ in range(3))))

    assert found.score.tolist() == pytest.approx([50.0, 50.0, 50.0])
    assert found.place.tolist() == [1, 2, 3]


def test_places_count_the_ranked_alone() -> None:
    board = side_by_side(record(noise(1)), record(with_edge(9)), record(with_edge(10, 10)))

    assert rank(board).place.tolist() == [0, 1, 0]


def test_a_board_of_nobody_is_empty() -> None:
    assert rank(TradeSums(*(np.zeros(0) for _ in TradeSums._fields))).place.size == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.floats(-1.0, 20.0), max_size=40), min_size=1, max_size=8))
def test_every_board_is_finite_and_its_places_are_one_to_its_length(
    traders: list[list[float]],
) -> None:
    found = rank(side_by_side(*(record(returns) for returns in traders)))

    for figure in found[2:7]:
        assert np.isfinite(np.asarray(figure)).all()
    ranked = found.place[found.place > 0]
    assert sorted(ranked.tolist()) == list(range(1, ranked.size + 1))
    assert ((found.place > 0) == (found.standing == Standing.RANKED)).all()


@pytest.mark.parametrize(
    "formula",
    [
        Formula(return_weight=0.5),
        Formula(return_weight=-0.2, accuracy_weight=0.8),
        Formula(return_weight=0.0, accuracy_weight=1.0, risk_adjusted_weight=0.0),
        Formula(confidence=1.0),
        Formula(confidence=0.3),
        Formula(tail_rate=-0.1),
        Formula(tail_rate=math.nan),
        Formula(minimum_trades=2),
    ],
)
def test_rules_that_cannot_be_right_are_refused(formula: Formula) -> None:
    with pytest.raises(InvalidInput):
        rank(record(with_edge(11)), formula)


@pytest.mark.parametrize("column", [np.zeros(2), np.array([math.nan]), np.array([math.inf])])
def test_sums_that_do_not_fit_are_refused(column: Floats) -> None:
    with pytest.raises(InvalidInput, match="cubes"):
        rank(record(with_edge(13))._replace(cubes=column))


@pytest.mark.parametrize("accounts", [0, [1, 2], 1.5, [[1]]])
def test_accounts_that_do_not_fit_are_refused(accounts: ArrayLike) -> None:
    with pytest.raises(InvalidInput, match="accounts"):
        rank(record(with_edge(12)), accounts=accounts)


@pytest.mark.parametrize(
    ("returns", "worst", "trader", "named"),
    [
        ([0.1, 0.2], [1.0], [0, 0], "returns"),
        ([math.nan], [1.0], [0], "returns"),
        ([0.1], [0.0], [0], "worst"),
        ([-1.5], [1.0], [0], "below its worst"),
        ([0.1], [1.0], [1], "trader"),
        ([0.1], [1.0], [-1], "trader"),
        ([0.1], [1.0], [0.5], "trader"),
        ([0.1], [1.0], [0, 0], "trader"),
    ],
)
def test_trades_that_cannot_be_are_refused(
    returns: list[float], worst: list[float], trader: list[float], named: str
) -> None:
    with pytest.raises(InvalidInput, match=named):
        trade_sums(returns, worst, trader, 1)


@pytest.mark.parametrize("person", [[0], [0, 2], [0.0, 1.0], [-1, 0]])
def test_accounts_of_nobody_are_refused(person: list[int]) -> None:
    two = side_by_side(record([0.1]), record([0.2]))

    with pytest.raises(InvalidInput, match="person"):
        pooled(two, person, 2)
