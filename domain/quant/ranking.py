"""Ranking rules v2: who has shown skill, and in what order.

A record is first completed by the losses that its trades can make and have not shown yet. Of
the completed record the mean return per trade is shrunk towards that of all traders, those whose
skill is not sure are not ranked, and the others get a score from 0 to 100. Why it is done so,
and why it cannot be gamed: docs/decisions/ranking.md.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.quant.ranking_sums import TradeSums
from domain.quant.series import Floats
from domain.quant.sharpe_tests import estimate_variance, expected_maximum, normal_cdfs
from domain.shared import InvalidInput

Z_95 = 1.959963984540054
STEPS_MAX = 200


class Formula(NamedTuple):
    """The published numbers of the rules; `tail_rate` is the share of what was risked that a
    record has to have lost before its losses are believed to be all there is."""

    minimum_trades: int = 20
    confidence: float = 0.95
    tail_rate: float = 0.05
    return_weight: float = 0.40
    accuracy_weight: float = 0.20
    risk_adjusted_weight: float = 0.40


class Standing(IntEnum):
    """Whether a trader is ranked, and if not why."""

    RANKED = 0
    TOO_FEW_TRADES = 1
    SKILL_NOT_SURE = 2


class Completed(NamedTuple):
    """Records (m,) with their unseen losses: `unseen` trades of a return of `-depth` are added
    to make `n`; moments are of all n, the deviation with ddof 1, kurtosis 3 for a normal one."""

    unseen: Floats
    depth: Floats
    n: Floats
    mean: Floats
    deviation: Floats
    skewness: Floats
    kurtosis: Floats


class Prior(NamedTuple):
    """What traders are like before they are known: true means are normal around `mean`."""

    mean: float
    variance: float


class Ranking(NamedTuple):
    """Figures per trader (m,); of no trades at all they are 0.

    `place` is 1 for the best and 0 for who is not ranked; `mean` is the shrunk return per
    trade; `accuracy` the lower end of the Wilson interval of wins; `risk_adjusted` the shrunk
    mean over the deviation; `psr` is deflated by the number of accounts; `score` from 0 to 100.
    """

    standing: NDArray[np.int8]
    place: NDArray[np.int64]
    score: Floats
    mean: Floats
    accuracy: Floats
    risk_adjusted: Floats
    psr: Floats
    prior: Prior


def rank(sums: TradeSums, formula: Formula | None = None, accounts: ArrayLike = 1) -> Ranking:
    """Ranks traders by their score.

    Args:
        sums: of m people, all their accounts together.
        formula: the rules' numbers; those of version 2 if None.
        accounts: how many each person has, at least 1: (m,) or one number for all.

    Raises:
        InvalidInput: a number of the rules that cannot be right, accounts or sums that do not
            fit, sums that are not finite.
    """
    rules = Formula() if formula is None else formula
    _require_sane(rules)
    _require_whole(sums)
    trials = _trials(accounts, sums.trades.size)
    record = completed(sums, rules.tail_rate)
    enough = sums.trades >= rules.minimum_trades
    error = _over(record.deviation * record.deviation, record.n)
    believed = fitted(record.mean[enough], error[enough])
    mean = np.where(sums.trades > 0, shrunk(record.mean, error, believed), 0.0)
    risk_adjusted = _over(mean, record.deviation)
    accuracy = _wilson_low(sums.wins, record.n)
    psr = deflated_psr(record, trials)
    score = (
        rules.return_weight * percentile(mean, enough)
        + rules.accuracy_weight * percentile(accuracy, enough)
        + rules.risk_adjusted_weight * percentile(risk_adjusted, enough)
    )
    sure = psr >= rules.confidence
    standing = np.where(enough, np.where(sure, 0, 2), 1).astype(np.int8)
    place = _places(standing == Standing.RANKED, score, mean)
    return Ranking(standing, place, score, mean, accuracy, risk_adjusted, psr, believed)


def completed(sums: TradeSums, tail_rate: float) -> Completed:
    """The records with the losses that are still to be expected of their trades.

    Whatever was risked, `tail_rate` of it is lost in the end; what the record has not lost of
    that is added as losses of the depth that its trades can reach, and at least one of them
    always (Laplace's rule of succession). The depth is the mean of the worst weighted by
    itself, so that harmless trades beside a dangerous one hide little of it.
    """
    depth = _over(sums.worst_squares, sums.worst)
    missing = _over(tail_rate * sums.worst - sums.losses, depth)
    unseen = np.where(sums.trades > 0, np.maximum(missing, 1.0), 0.0)
    n = sums.trades + unseen
    loss = -depth
    first, second, third, fourth = (
        _over(term + unseen * loss**power, n)
        for power, term in enumerate((sums.total, sums.squares, sums.cubes, sums.fourths), 1)
    )
    spread = np.maximum(second - first * first, 0.0)
    # What is left of a square by rounding alone is no variation.
    spread[spread <= 1e-14 * second] = 0.0
    cube = third - 3.0 * first * second + 2.0 * first**3
    power_of_four = fourth - 4.0 * first * third + 6.0 * first**2 * second - 3.0 * first**4
    deviation = np.sqrt(_over(spread * n, n - 1.0))
    skewness, kurtosis = _over(cube, spread**1.5), _over(power_of_four, spread * spread)
    return Completed(unseen, depth, n, first, deviation, skewness, kurtosis)


def fitted(means: Floats, errors: Floats) -> Prior:
    """The prior that traders with these means and squared standard errors came from.

    Paule and Mandel, "Consensus values and weighting factors", Journal of Research of the
    National Bureau of Standards 87 (1982), with Newton's steps of DerSimonian and Kacker,
    Contemporary Clinical Trials 28 (2007): they come to the root from below.
    """
    known = errors > 0.0
    means, errors = means[known], errors[known]
    if means.size == 0:
        return Prior(0.0, 0.0)
    variance = 0.0
    for _ in range(STEPS_MAX):
        weights = 1.0 / (errors + variance)
        centre = float(np.sum(weights * means) / np.sum(weights))
        weighted = weights * (means - centre) ** 2
        above = float(np.sum(weighted)) - (means.size - 1)
        if above <= 1e-10 * means.size:
            break
        variance += above / float(np.sum(weights * weighted))
    return Prior(centre, variance)


def shrunk(means: Floats, errors: Floats, prior: Prior) -> Floats:
    """The posterior means of normal means under a normal prior, each with its own error.

    Efron and Morris, "Data analysis using Stein's estimator and its generalizations", Journal
    of the American Statistical Association 70 (1975): (v prior + t mean) / (v + t).
    """
    return prior.mean + _over(prior.variance * (means - prior.mean), errors + prior.variance)


def deflated_psr(record: Completed, trials: NDArray[np.int64]) -> Floats:
    """The probability that the true Sharpe ratio per trade is above what the best of so many
    accounts without skill would show; 0 where nothing varies (`sharpe_tests`)."""
    sharpe = _over(record.mean, record.deviation)
    length = np.maximum(record.n - 1.0, 1.0)
    threshold = np.zeros_like(sharpe)
    for count in np.unique(trials[trials > 1]).tolist():
        of_them = trials == count
        threshold[of_them] = expected_maximum(1.0, count) / np.sqrt(length[of_them])
    variance = estimate_variance(sharpe, record.skewness, record.kurtosis)
    found = (record.deviation > 0.0) & (variance > 0.0)
    deviates = (sharpe - threshold) * np.sqrt(_over(length, np.where(found, variance, 1.0)))
    return np.where(found, normal_cdfs(deviates), 0.0)


def percentile(values: Floats, among: NDArray[np.bool_]) -> Floats:
    """From 0 to 100, where each value stands among those of some; ties share their middle."""
    ordered = np.sort(values[among])
    if ordered.size == 0:
        return np.zeros_like(values)
    below = np.searchsorted(ordered, values, "left")
    up_to = np.searchsorted(ordered, values, "right")
    return 50.0 * (below + up_to) / ordered.size


def order_of(values: ArrayLike, ranked: ArrayLike) -> NDArray[np.int64]:
    """Who comes after whom: the ranked before the others, higher values before lower ones,
    values that are not known (nan) last; equals as they came."""
    keys = np.asarray(values, dtype=np.float64)
    behind = ~np.asarray(ranked, dtype=np.bool_)
    found: NDArray[np.int64] = np.lexsort((-keys, np.isnan(keys), behind))
    return found


def ties(values: ArrayLike, ranked: ArrayLike, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where in an order several have the same value and standing: rows of (begin, end)."""
    keys = np.asarray(values, dtype=np.float64)[order]
    standing = np.asarray(ranked, dtype=np.bool_)[order]
    same = (keys[1:] == keys[:-1]) | (np.isnan(keys[1:]) & np.isnan(keys[:-1]))
    edges = np.flatnonzero(~(same & (standing[1:] == standing[:-1]))) + 1
    bounds = np.column_stack((np.append(0, edges), np.append(edges, keys.size)))
    found: NDArray[np.int64] = bounds[bounds[:, 1] - bounds[:, 0] > 1]
    return found


def _places(ranked: NDArray[np.bool_], score: Floats, mean: Floats) -> NDArray[np.int64]:
    """1 for the highest score; the higher mean goes first among equals, then who came first."""
    order = np.lexsort((-mean, -score))
    order = order[ranked[order]]
    places = np.zeros(score.size, dtype=np.int64)
    places[order] = np.arange(1, order.size + 1)
    return places


def _wilson_low(wins: Floats, n: Floats) -> Floats:
    """The lower end of the 95 % interval of a share (Wilson, 1927); 0 of nothing."""
    share = _over(wins, n)
    square = Z_95 * Z_95
    half = Z_95 * np.sqrt(_over(share * (1.0 - share), n) + _over(square / 4.0, n * n))
    return np.where(n > 0, (share + _over(square / 2.0, n) - half) / (1.0 + _over(square, n)), 0.0)


def _over(part: Floats | float, whole: Floats) -> Floats:
    """A quotient, 0 where there is nothing to divide by."""
    quotient = np.zeros(whole.shape)
    np.divide(part, whole, out=quotient, where=whole > 0.0)
    return quotient


def _trials(accounts: ArrayLike, people: int) -> NDArray[np.int64]:
    trials = np.asarray(accounts)
    if trials.dtype.kind not in "iu" or trials.shape not in {(), (people,)}:
        raise InvalidInput("accounts must be one whole number, or one for each trader")
    if (trials < 1).any():
        raise InvalidInput("accounts must be at least 1")
    return np.broadcast_to(trials, (people,)).astype(np.int64)


def _require_whole(sums: TradeSums) -> None:
    for name, column in sums._asdict().items():
        if column.shape != (sums.trades.size,):
            raise InvalidInput(f"{name} must be one number for each trader, like trades")
        if not np.isfinite(column).all():
            raise InvalidInput(f"{name} must be finite: leave such trades out of the sums")


def _require_sane(rules: Formula) -> None:
    weights = (rules.return_weight, rules.accuracy_weight, rules.risk_adjusted_weight)
    if not (min(weights) >= 0.0 and abs(sum(weights) - 1.0) <= 1e-9):
        raise InvalidInput(f"weights are not negative and sum to 1, unlike {weights}")
    if rules.return_weight + rules.risk_adjusted_weight == 0.0:
        raise InvalidInput("accuracy alone ranks nobody: it is what selling tails looks best by")
    if not (0.5 <= rules.confidence < 1.0 and 0.0 <= rules.tail_rate < 1.0):
        raise InvalidInput("confidence is from 0.5 to below 1, tail_rate from 0 to below 1")
    if rules.minimum_trades < 3:
        raise InvalidInput("minimum_trades is at least 3: fewer have no shape")
