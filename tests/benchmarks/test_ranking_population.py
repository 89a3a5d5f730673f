"""The simulated community is what the ranking's figures rest on: it has to be fair."""

from __future__ import annotations

import numpy as np
import pytest

from domain.quant.series import Floats
from tests.benchmarks.bench_ranking import RULES, simulate
from tests.benchmarks.ranking_population import CHEATS, Community, Kind, Trades, Year, year

USUAL = Community()


@pytest.fixture(scope="module")
def years() -> list[Year]:
    return [year(np.random.default_rng(seed), USUAL) for seed in range(40)]


def test_there_are_500_accounts_a_tenth_of_them_skilled_and_a_tenth_tail_sellers() -> None:
    counts = np.bincount(USUAL.kinds())

    assert counts.sum() == 500
    assert counts[Kind.SKILLED] == counts[Kind.TAIL_SELLER] == 50


@pytest.mark.parametrize("kind", [Kind.NOISE, *CHEATS])
def test_only_the_skilled_gain_by_what_they_do(years: list[Year], kind: Kind) -> None:
    """The mean over all years, within what chance does to it."""
    means = np.array([_mean(one, kind) for one in years])
    error = means.std(ddof=1) / np.sqrt(means.size)

    assert means.mean() <= 3.0 * error
    assert np.mean([_mean(one, Kind.SKILLED) for one in years]) > 0.05


def test_deleters_and_tail_sellers_tell_less_than_there_was(years: list[Year]) -> None:
    for one in years[:5]:
        for kind in (Kind.DELETER, Kind.MARTINGALER):
            assert _of(one.told, one, kind).mean() > _of(one.kept, one, kind).mean()
        sold = _of(one.told, one, Kind.TAIL_SELLER)
        assert sold.mean() >= _of(one.kept, one, Kind.TAIL_SELLER).mean()
        assert sold.size < _of(one.kept, one, Kind.TAIL_SELLER).size


def test_no_trade_loses_more_than_its_worst(years: list[Year]) -> None:
    for one in years:
        assert (one.kept.returns >= -one.kept.worst * (1 + 1e-9)).all()


def test_five_accounts_are_one_persons(years: list[Year]) -> None:
    several = years[0].person[years[0].kind == Kind.MULTI_ACCOUNTER]

    assert np.unique(several, return_counts=True)[1].tolist() == [5] * 5


def test_a_seed_gives_the_same_years() -> None:
    one, same, other = (simulate(2, seed=seed).seats[RULES].by_kind for seed in (3, 3, 4))

    assert one.tolist() == same.tolist()
    assert one.tolist() != other.tolist()


def test_the_skilled_fill_the_top_and_cheats_do_not() -> None:
    """Thirty years of one seed; the benchmark takes two hundred of fresh ones."""
    found = simulate(30, seed=1).seats

    assert found[RULES].skilled >= 0.70
    assert found[RULES].cheats <= 0.02
    assert found["win rate, told"].skilled <= 0.05


def _of(trades: Trades, one: Year, kind: Kind) -> Floats:
    returns: Floats = trades.returns[one.kind[trades.account] == kind]
    return returns


def _mean(one: Year, kind: Kind) -> float:
    return float(_of(one.kept, one, kind).mean())
