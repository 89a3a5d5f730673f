"""Ranking rules: the published figures by which boards are made, versioned by event."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, Event, InvalidInput, Value, stream_id

RANKING_STREAM = stream_id("ranking")


class Rules(Value, frozen=True, kw_only=True):
    """What a board is computed by.

    Every trade is given `nav_fraction` of the day's NAV; fewer than `minimum_trades` closed
    trades in the window leave a trader unranked; `sessions_per_year` annualises.
    """

    version: int = 1
    nav_fraction: Decimal = Decimal("0.10")
    minimum_trades: int = 7
    sessions_per_year: int = 252


class RulesPublished(Created, frozen=True, kw_only=True):
    """The first rules; boards are made by them from here on."""

    TOPIC: ClassVar[str] = "ranking.rules_published"

    rules: Rules


class RulesChanged(Event, frozen=True, kw_only=True):
    """New rules, dated; what was ranked under the old ones stays as it was."""

    TOPIC: ClassVar[str] = "ranking.rules_changed"

    rules: Rules

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
