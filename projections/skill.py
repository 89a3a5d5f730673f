"""Skill: who has shown some in a window, and the score that boards are ordered by."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from math import nan
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from domain.ranking import Rules, ScoreRules
from domain.shared import ratio

if TYPE_CHECKING:
    from domain.quant.ranking import Formula, Ranking
    from domain.quant.ranking_sums import TradeSums

SCORE_STEP = Decimal("0.0001")


class Shown(StrEnum):
    """Whether a trader has shown skill, or why that cannot be said."""

    SKILL = "skill"
    TOO_FEW_TRADES = "too few trades"
    SKILL_NOT_SURE = "skill not sure"


class Skill(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules make of a trader's record.

    `score` is from 0 to 100, None with too few trades; `mean_return` the shrunk return per trade
    over what its first entry tied up; `psr` the probability that there is skill at all.
    `trades` counts closed ones and those open under water; `unseen` are the losses that such
    trades are still expected to make, each of `depth` times what was tied up.
    """

    shown: Shown
    score: Decimal | None
    mean_return: Decimal
    psr: Decimal
    trades: int
    unseen: Decimal
    depth: Decimal

    def why_unranked(self, rules: Rules) -> str:
        """In words why there is no rank; nothing if there is one."""
        if self.shown is Shown.TOO_FEW_TRADES:
            return f"too few trades {self.trades}/{rules.minimum_trades}"
        if self.shown is Shown.SKILL_NOT_SURE and rules.score is not None:
            return f"skill not sure: PSR {floored(self.psr):.2f} < {rules.score.confidence}"
        return ""


def floored(probability: Decimal) -> Decimal:
    """To two places, but never up to a gate that it does not reach."""
    return Decimal(int(probability * 100)) / 100


class Ranked(NamedTuple):
    """What the rules make of everybody on a board, in the order of their sums."""

    rules: Rules
    sums: TradeSums
    ranking: Ranking

    def is_ranked(self) -> list[bool]:
        """Of each, whether skill was shown."""
        return [standing == 0 for standing in self.ranking.standing.tolist()]

    def scores(self) -> tuple[list[float], list[float]]:
        """Of each the score, nan with too few trades, and the mean return that decides between
        equals."""
        from domain.quant.ranking import Standing

        score = self.ranking.score.round(6)
        score[self.ranking.standing == int(Standing.TOO_FEW_TRADES)] = nan
        return score.tolist(), self.ranking.mean.round(9).tolist()

    def of(self, places: Sequence[int]) -> list[Skill]:
        """What is shown of some."""
        from domain.quant.ranking import completed

        tail_rate = formula_of(self.rules).tail_rate
        record = completed(_only(self.sums, places), tail_rate)
        found = []
        for at, place in enumerate(places):
            shown = list(Shown)[int(self.ranking.standing[place])]
            has_score = shown is not Shown.TOO_FEW_TRADES
            found.append(
                Skill(
                    shown=shown,
                    score=_exact(self.ranking.score[place], SCORE_STEP) if has_score else None,
                    mean_return=ratio(Decimal(float(self.ranking.mean[place]))),
                    psr=ratio(Decimal(float(self.ranking.psr[place]))),
                    trades=int(self.sums.trades[place]),
                    unseen=_exact(record.unseen[at], SCORE_STEP),
                    depth=_exact(record.depth[at], SCORE_STEP),
                )
            )
        return found


def ranked(sums: TradeSums, accounts: Sequence[int], rules: Rules) -> Ranked:
    """Ranks people, given the sums of all their accounts and how many those are."""
    from domain.quant.ranking import rank

    return Ranked(rules, sums, rank(sums, formula_of(rules), list(accounts) or 1))


def formula_of(rules: Rules) -> Formula:
    """The published figures as the arithmetic takes them."""
    from domain.quant.ranking import Formula

    score = rules.score
    assert isinstance(score, ScoreRules)
    return Formula(
        minimum_trades=rules.minimum_trades,
        confidence=float(score.confidence),
        tail_rate=float(score.tail_rate),
        return_weight=float(score.return_weight),
        accuracy_weight=float(score.accuracy_weight),
        risk_adjusted_weight=float(score.risk_adjusted_weight),
    )


def _only(sums: TradeSums, places: Sequence[int]) -> TradeSums:
    return type(sums)(*(column[list(places)] for column in sums))


def _exact(value: float, step: Decimal) -> Decimal:
    return Decimal(float(value)).quantize(step)
