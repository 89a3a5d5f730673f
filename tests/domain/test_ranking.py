"""The published rules of the boards: one version after the other."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from adapters.mapper import decode_body, encode_body
from domain.ranking import RANKING_STREAM, VERSION_2, Ranking, Rules, RulesChanged, RulesPublished
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


def test_version_2_carries_every_figure_of_its_score() -> None:
    ranking = Ranking.publish(VERSION_2, at=NOON)
    (event,) = ranking.collect_events()
    body = encode_body(event)
    for name in ("confidence", "tail_rate", "return_weight", "shares_gap", "naked_call_rise"):
        assert f'"{name}":' in body.decode()
    assert decode_body(RulesPublished.TOPIC, body).rules == VERSION_2


@pytest.mark.parametrize(
    ("figures", "why"),
    [
        ({"return_weight": Decimal("0.5")}, "sum to 1"),
        ({"return_weight": Decimal("-0.2"), "accuracy_weight": Decimal("0.8")}, "not negative"),
        ({"return_weight": Decimal(0), "risk_adjusted_weight": Decimal(0),
          "accuracy_weight": Decimal(1)}, "accuracy alone"),
        ({"confidence": Decimal(1)}, "confidence is from"),
        ({"tail_rate": Decimal(1)}, "tail_rate from 0"),
        ({"shares_gap": Decimal("0.5")}, "another edition"),
        ({"naked_call_rise": Decimal(2)}, "another edition"),
    ],
)  # fmt: skip
def test_a_score_that_cannot_be_right_is_refused(figures: dict[str, Decimal], why: str) -> None:
    assert VERSION_2.score is not None
    wrong = replace(VERSION_2, score=replace(VERSION_2.score, **figures))
    with pytest.raises(InvalidInput, match=why):
        Ranking.publish(wrong, at=NOON)
    with pytest.raises(InvalidInput, match="at least 3"):
        Ranking.publish(replace(VERSION_2, minimum_trades=2), at=NOON)
