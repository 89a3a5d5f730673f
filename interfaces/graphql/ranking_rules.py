"""Ranking rules: those on record with what they mean, and the publishing of the next version."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from application.administering import publish_rules
from domain.ranking import Rules, ScoreRules
from interfaces.graphql.deciding import Decided, carry_out
from interfaces.graphql.kinds import AsOf, IdempotencyKey, Info, figure, kind, mutation, resolved
from interfaces.graphql.kinds import shown as of_row
from interfaces.graphql.reading import asking_of
from projections.board_definitions import definitions
from projections.books import Books
from projections.ranking_rules import published


@kind
class ScoreFigures:
    """How a score is made, and who gets a rank; docs/decisions/ranking.md tells why."""

    confidence: Decimal = figure("The PSR from which on a trader is ranked.")
    tail_rate: Decimal = figure("The share of what was risked that is expected to be lost.")
    return_weight: Decimal
    accuracy_weight: Decimal
    risk_adjusted_weight: Decimal
    shares_gap: Decimal = figure("The stipulated worst of shares, of their price.")
    naked_call_rise: Decimal = figure("How far above its strike an uncovered call ends at worst.")


@kind
class RankingRules:
    """What a board is computed by."""

    version: int
    nav_fraction: Decimal
    minimum_trades: int
    sessions_per_year: int
    score: ScoreFigures | None = figure("None where boards are ordered by one figure at a time.")


@kind
class Term:
    """A figure of a board and what it means."""

    name: str
    meaning: str


@kind
class PublishedRules:
    """Ranking rules, the first exchange day they are for, and what boards by them tell."""

    effective: date
    rules: RankingRules
    definitions: list[Term]


def rules_shown(rules: Rules) -> RankingRules:
    """Ranking rules as the schema has them."""
    score = None if rules.score is None else of_row(ScoreFigures, rules.score)
    return of_row(RankingRules, rules, score=score)


@strawberry.input(description="The score of the next ranking rules; its weights sum to 1.")
class ScoreInput:
    confidence: Decimal
    tail_rate: Decimal
    return_weight: Decimal
    accuracy_weight: Decimal
    risk_adjusted_weight: Decimal
    shares_gap: Decimal
    naked_call_rise: Decimal


@strawberry.input(description="The next ranking rules, whole; the version is one above the last.")
class RulesInput:
    version: int
    nav_fraction: Decimal
    minimum_trades: int
    sessions_per_year: int
    score: ScoreInput | None = strawberry.field(
        default=None, description="Without it boards have no score, and nobody has to show skill."
    )

    @property
    def rules(self) -> Rules:
        """As the domain has them."""
        score = None if self.score is None else ScoreRules(**vars(self.score))
        return Rules(
            version=self.version,
            nav_fraction=self.nav_fraction,
            minimum_trades=self.minimum_trades,
            sessions_per_year=self.sessions_per_year,
            score=score,
        )


NextRules = Annotated[RulesInput, strawberry.argument(description="What boards go by from now on.")]


@strawberry.type
class RulesQueries:
    """What can be asked about the rules of ranking."""

    @resolved("Every version of the ranking rules, the oldest first.")
    def ranking_rules(self, info: Info, as_of: AsOf = None) -> list[PublishedRules]:
        database = asking_of(info).reading.of(Books, as_of=as_of)
        return [
            PublishedRules(
                effective=each.effective,
                rules=rules_shown(each.rules),
                definitions=[
                    Term(name=name, meaning=meaning)
                    for name, meaning in definitions(each.rules).items()
                ],
            )
            for each in published(database, as_of=as_of)
        ]


@strawberry.type
class RulesMutations:
    """What admins decide about the rules of ranking."""

    @mutation(
        "Publish the next ranking rules: boards whose last day is today or later go by them. The "
        "version says which rules you looked at; what was frozen stays as it is."
    )
    def publish_ranking_rules(
        self, info: Info, rules: NextRules, idempotency_key: IdempotencyKey
    ) -> Decided:
        return carry_out(info, idempotency_key, publish_rules, rules=rules.rules)
