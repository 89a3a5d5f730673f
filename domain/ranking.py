"""Ranking rules: the published figures by which boards are made, versioned by event.

Version 1 ranks by one figure at a time. From version 2 on there is a score, and nobody is ranked
whose skill the record does not show (docs/decisions/ranking.md).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, Event, InvalidInput, Value, stream_id
from domain.stakes import NAKED_CALL_RISE, SHARES_GAP

RANKING_STREAM = stream_id("ranking")


class ScoreRules(Value, frozen=True, kw_only=True):
    """How a score is made, and who gets a rank; all of it is written into the event.

    Ranked is who has a probabilistic Sharpe ratio of at least `confidence`. `tail_rate` is the
    share of what was risked that a record has to have lost before its losses are believed to be
    all there is. The weights of the score's three parts sum to 1. `shares_gap` and
    `naked_call_rise` are what is stipulated of the worst that has no bound: a gap of shares, and
    how far above its strike an uncovered call is expected to be bought back at.
    """

    confidence: Decimal
    tail_rate: Decimal
    return_weight: Decimal
    accuracy_weight: Decimal
    risk_adjusted_weight: Decimal
    shares_gap: Decimal
    naked_call_rise: Decimal


class Rules(Value, frozen=True, kw_only=True):
    """What a board is computed by.

    Every trade is given `nav_fraction` of the day's NAV; fewer than `minimum_trades` closed
    trades in the window leave a trader unranked; `sessions_per_year` annualises. Without `score`
    boards have none.
    """

    version: int = 1
    nav_fraction: Decimal = Decimal("0.10")
    minimum_trades: int = 7
    sessions_per_year: int = 252
    score: ScoreRules | None = None


VERSION_2 = Rules(
    version=2,
    minimum_trades=20,
    score=ScoreRules(
        confidence=Decimal("0.95"),
        tail_rate=Decimal("0.05"),
        return_weight=Decimal("0.40"),
        accuracy_weight=Decimal("0.20"),
        risk_adjusted_weight=Decimal("0.40"),
        shares_gap=SHARES_GAP,
        naked_call_rise=NAKED_CALL_RISE,
    ),
)
"""What a new community begins with."""

KNOWN = {1: Rules(), 2: VERSION_2}
"""The versions that this program was made with, by which any record can be looked at."""


class RulesPublished(Created, frozen=True, kw_only=True):
    """The first rules; boards are made by them from here on."""

    TOPIC: ClassVar[str] = "ranking.rules_published"
    class_version: ClassVar[int] = 2

    rules: Rules

    @staticmethod
    def upcast_v1_v2(_body: dict[str, Any]) -> None:
        """Rules had no score, which is what saying nothing of it still means."""


class RulesChanged(Event, frozen=True, kw_only=True):
    """New rules, dated; what was ranked under the old ones stays as it was."""

    TOPIC: ClassVar[str] = "ranking.rules_changed"
    class_version: ClassVar[int] = 2

    rules: Rules

    @staticmethod
    def upcast_v1_v2(_body: dict[str, Any]) -> None:
        """Rules had no score, which is what saying nothing of it still means."""

    def apply(self, aggregate: Ranking) -> None:
        aggregate.rules = self.rules


class Ranking(BaseAggregate[UUID]):
    """The community's ranking rules."""

    TOPIC: ClassVar[str] = "ranking"

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    @classmethod
    def publish(cls, rules: Rules, *, at: datetime) -> Ranking:
        """Publishes the first rules.

        Raises:
            InvalidInput: a figure cannot be right.
        """
        _require_sane(rules)
        return cls._create(RulesPublished, id=RANKING_STREAM, rules=rules, timestamp=at)

    def change(self, rules: Rules, *, at: datetime) -> None:
        """Publishes the next version.

        Raises:
            InvalidInput: not the next version, or a figure cannot be right.
        """
        _require_sane(rules)
        if rules.version != self.rules.version + 1:
            raise InvalidInput(f"the next rules are version {self.rules.version + 1}")
        self.trigger_event(RulesChanged, rules=rules, timestamp=at)


def _require_sane(rules: Rules) -> None:
    if not 0 < rules.nav_fraction <= 1:
        raise InvalidInput(f"nav_fraction is above 0 and at most 1, not {rules.nav_fraction}")
    if rules.minimum_trades < 1 or rules.sessions_per_year < 1:
        raise InvalidInput("minimum_trades and sessions_per_year are at least 1")
    if rules.score is not None:
        _require_sane_score(rules.score, rules.minimum_trades)


def _require_sane_score(score: ScoreRules, minimum_trades: int) -> None:
    weights = (score.return_weight, score.accuracy_weight, score.risk_adjusted_weight)
    if min(weights) < 0 or sum(weights) != 1:
        told = ", ".join(str(weight) for weight in weights)
        raise InvalidInput(f"the weights of a score are not negative and sum to 1, unlike {told}")
    if score.accuracy_weight == 1:
        raise InvalidInput("accuracy alone ranks nobody: it is what selling tails looks best by")
    if not Decimal("0.5") <= score.confidence < 1 or not 0 <= score.tail_rate < 1:
        raise InvalidInput("confidence is from 0.5 to below 1, tail_rate from 0 to below 1")
    if minimum_trades < 3:
        raise InvalidInput("minimum_trades is at least 3 with a score: fewer have no shape")
    if (score.shares_gap, score.naked_call_rise) != (SHARES_GAP, NAKED_CALL_RISE):
        raise InvalidInput(
            f"records are kept with a shares_gap of {SHARES_GAP} and a naked_call_rise of"
            f" {NAKED_CALL_RISE}: other ones take another edition of the program"
        )
