"""The published rules of the boards: one version after the other."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.ranking import RANKING_STREAM, Ranking, Rules, RulesChanged, RulesPublished
from domain.shared import InvalidInput
from tests.domain.told import replayed, state_of, told_by

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


def test_the_first_rules_are_the_communitys() -> None:
    ranking = Ranking.publish(Rules(), at=NOON)
    (event,) = told_by(ranking)
    assert isinstance(event, RulesPublished)
    assert (event.rules.nav_fraction, event.rules.minimum_trades) == (Decimal("0.10"), 7)
    assert ranking.id == RANKING_STREAM


def test_other_rules_are_the_next_version() -> None:
    ranking = Ranking.publish(Rules(), at=NOON)
    ranking.change(Rules(version=2, minimum_trades=20), at=NOON)
    ranking.change(Rules(version=3, minimum_trades=10), at=NOON)
    told = told_by(ranking)
    assert [type(event) for event in told] == [RulesPublished, RulesChanged, RulesChanged]
    assert ranking.rules.minimum_trades == 10
    assert state_of(replayed(told)) == state_of(ranking)


@pytest.mark.parametrize("version", [0, 1, 3])
def test_no_version_is_left_out_or_published_again(version: int) -> None:
    ranking = Ranking.publish(Rules(), at=NOON)
    with pytest.raises(InvalidInput, match="the next rules are version 2"):
        ranking.change(Rules(version=version), at=NOON)


@pytest.mark.parametrize(
    ("figures", "why"),
    [
        ({"nav_fraction": Decimal(0)}, "nav_fraction is above 0 and at most 1"),
        ({"nav_fraction": Decimal("-0.1")}, "nav_fraction is above 0 and at most 1"),
        ({"nav_fraction": Decimal("1.01")}, "nav_fraction is above 0 and at most 1"),
        ({"minimum_trades": 0}, "are at least 1"),
        ({"sessions_per_year": 0}, "are at least 1"),
    ],
)
def test_figures_that_no_board_can_be_made_by_are_refused(
    figures: dict[str, Any], why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        Ranking.publish(Rules(**figures), at=NOON)
    ranking = Ranking.publish(Rules(), at=NOON)
    with pytest.raises(InvalidInput, match=why):
        ranking.change(Rules(version=2, **figures), at=NOON)
    assert ranking.rules == Rules()


def test_all_of_the_nav_in_every_trade_is_a_rule_too() -> None:
    assert Ranking.publish(Rules(nav_fraction=Decimal(1)), at=NOON).rules.nav_fraction == 1
