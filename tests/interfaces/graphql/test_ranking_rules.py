"""Boards over GraphQL: by which rules they are made, and the publishing of the next ones."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from domain.approvals import Role
from tests.interfaces.graphql.world import Client, World

BOARD = """
query ($by: By, $rules: Int) {
  leaderboard(window: ALL, by: $by, rules: $rules) {
    by rules { version minimumTrades score { confidence tailRate } }
    standings { nodes {
      rank unranked accounts trader { name }
      skill { score meanReturn psr trades unseen depth }
    } }
  }
}
"""
RULES = """
{ rankingRules {
  effective rules { version score { returnWeight sharesGap } } definitions { name meaning }
} }
"""
PUBLISH = """
mutation ($rules: RulesInput!, $key: UUID!) {
  publishRankingRules(rules: $rules, idempotencyKey: $key) { version position }
}
"""
SCORE = {
    "confidence": "0.95", "tailRate": "0.10", "returnWeight": "0.5", "accuracyWeight": "0.1",
    "riskAdjustedWeight": "0.4", "sharesGap": "0.25", "nakedCallRise": "1",
}  # fmt: skip
NEXT = {"version": 3, "navFraction": "0.10", "minimumTrades": 3, "sessionsPerYear": 252,
        "score": SCORE}  # fmt: skip


@pytest.fixture
def admin(nobody: Client, world: World) -> Client:
    secret = world.token("ada", Role.ADMIN)
    world.catch_up()
    return nobody.having(secret)


def winners(world: World) -> None:
    for price in ("3.00", "3.20", "2.90", "3.10"):
        world.exit(str(world.post("Nora")), price)
    world.exit(str(world.post("Miles")), "1.00")
    world.catch_up()


async def board(reader: Client, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await reader.ask(BOARD, **asked))["leaderboard"]
    return found


async def test_a_board_is_by_score_and_says_why_somebody_is_not_ranked(
    reader: Client, world: World
) -> None:
    winners(world)
    found = await board(reader)
    assert found["by"] == "SCORE"
    assert found["rules"] == {
        "version": 2, "minimumTrades": 20, "score": {"confidence": "0.95", "tailRate": "0.05"},
    }  # fmt: skip
    nora = next(n for n in found["standings"]["nodes"] if n["trader"]["name"] == "Nora")
    assert (nora["rank"], nora["unranked"], nora["accounts"]) == (None, "too few trades 4/20", 1)
    skill = nora["skill"]
    assert (skill["score"], skill["trades"], skill["unseen"], skill["depth"]) == (
        None, 4, "1.0000", "1.0000",
    )  # fmt: skip


async def test_an_older_version_is_shown_beside(reader: Client, world: World) -> None:
    winners(world)
    found = await board(reader, rules=1)
    assert (found["by"], found["rules"]["score"]) == ("RETURN", None)
    assert found["standings"]["nodes"][0]["skill"] is None
    code, why = await reader.refused(BOARD, by="SCORE", rules=1)
    assert (code, "have no score" in why) == ("invalid_input", True)


async def test_an_admin_publishes_the_next_rules(
    reader: Client, admin: Client, world: World
) -> None:
    winners(world)
    key = str(uuid4())
    first = (await admin.ask(PUBLISH, rules=NEXT, key=key))["publishRankingRules"]
    assert first["version"] == 2
    assert (await admin.ask(PUBLISH, rules=NEXT, key=key))["publishRankingRules"] == first
    world.catch_up()
    found = await board(reader)
    assert found["rules"]["score"]["tailRate"] == "0.10"
    assert "skill not sure: PSR 0." in found["standings"]["nodes"][0]["unranked"]
    assert (await board(reader, rules=2))["rules"]["minimumTrades"] == 20
    listed = (await reader.ask(RULES))["rankingRules"]
    assert [each["rules"]["version"] for each in listed] == [2, 3]
    assert "psr" in {term["name"] for term in listed[1]["definitions"]}


async def test_rules_that_cannot_be_are_refused(
    reader: Client, admin: Client, world: World
) -> None:
    async def said(client: Client = admin, **score: str) -> tuple[str, str]:
        rules = {**NEXT, "score": {**SCORE, **score}}
        return await client.refused(PUBLISH, rules=rules, key=str(uuid4()))

    assert (await said(returnWeight="0.6"))[1].startswith("the weights of a score")
    assert "another edition" in (await said(sharesGap="0.5"))[1]
    assert (
        "accuracy alone"
        in (await said(returnWeight="0", riskAdjustedWeight="0", accuracyWeight="1"))[1]
    )
    code, why = await admin.refused(PUBLISH, rules={**NEXT, "version": 2}, key=str(uuid4()))
    assert (code, why) == ("invalid_input", "the next rules are version 3")
    assert (await said(reader))[0] in ("unauthenticated", "forbidden")
