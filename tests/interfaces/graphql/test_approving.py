"""Yes and no over the API: what is refused, what needs another yes, and what a queue shows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.access import LOCAL_OPERATOR
from application.administering import configure_room
from application.correcting import Change
from domain.approvals import ApprovalRules, Role
from domain.corrections import Target
from domain.grammar.reading import Room
from tests.application.acts import put_right
from tests.interfaces.graphql.world import Client, World

APPROVE = """
mutation ($signal: UUID!, $key: UUID!, $version: Int, $price: Decimal) {
  approve(
    signal: $signal, idempotencyKey: $key, expectedVersion: $version, acceptPrice: $price
  ) { version position stillNeeded }
}
"""
REJECT = """
mutation ($signal: UUID!, $key: UUID!) {
  reject(signal: $signal, reason: "too wide", idempotencyKey: $key) { version stillNeeded }
}
"""
QUEUE = """{ approvalQueue { nodes {
  id version approvalsGiven approvalsNeeded stillNeeded refusals
  answers { by via attempt heard code words atRisk priceStand marketPrice acceptedPrice }
} } }"""
SIGNAL = """query ($id: UUID!) { signal(id: $id) {
  version decision decidedBy answers { by heard code priceStand marketPrice acceptedPrice }
} }"""


def key() -> str:
    return str(uuid4())


def issued(world: World, name: str, *roles: Role) -> str:
    secret = world.token(name, *roles)
    world.catch_up()
    return secret


@pytest.fixture
def dana(nobody: Client, world: World) -> Client:
    return nobody.having(issued(world, "dana", Role.APPROVER))


@pytest.fixture
def sam(nobody: Client, world: World) -> Client:
    return nobody.having(issued(world, "sam", Role.APPROVER))


def ask_for_two(world: World, above: str) -> None:
    configure_room(
        world.house.desk, world.command(), LOCAL_OPERATOR, channel="options", room=Room(),
        approvals=ApprovalRules(second_approver_above=Decimal(above)),
    )  # fmt: skip
    world.catch_up()


async def waiting(client: Client, world: World) -> dict[str, Any]:
    world.catch_up()
    (node,) = (await client.ask(QUEUE))["approvalQueue"]["nodes"]
    assert isinstance(node, dict)
    return node


async def test_a_refused_attempt_is_shown_and_the_same_key_is_refused_again(
    nobody: Client, world: World, dana: Client
) -> None:
    signal, again = str(world.post()), key()
    rob = nobody.having(issued(world, "rob", Role.READER))
    for _ in range(2):
        code, words = await rob.refused(APPROVE, signal=signal, key=again)
        assert code == "not_an_approver"
    node = await waiting(dana, world)
    assert (node["version"], node["refusals"], node["approvalsGiven"]) == (2, 1, 0)
    (answer,) = node["answers"]
    assert (answer["by"], answer["via"], answer["attempt"]) == ("rob", "graphql", "APPROVE")
    assert (answer["heard"], answer["code"], answer["words"]) == (
        "REFUSED", "not_an_approver", words,
    )  # fmt: skip


async def test_above_the_amount_a_second_approver_is_needed(
    dana: Client, sam: Client, world: World
) -> None:
    ask_for_two(world, "5000")
    world.quote("1.95", "2.00")
    signal, first = str(world.post()), key()
    world.catch_up()
    # A tenth of the account's 100,000 carries 50 calls at 2.00.
    said = "one more approver is needed: 10,000.00 USD would be at risk, over 5,000 USD"
    for _ in range(2):
        found = (await dana.ask(APPROVE, signal=signal, key=first))["approve"]
        assert (found["version"], found["stillNeeded"]) == (3, said)
        world.catch_up()
    code, _ = await dana.refused(APPROVE, signal=signal, key=key())
    assert code == "same_approver"
    node = await waiting(sam, world)
    assert (node["approvalsGiven"], node["approvalsNeeded"], node["stillNeeded"]) == (1, 2, said)
    assert [answer["heard"] for answer in node["answers"]] == ["ANOTHER_NEEDED", "REFUSED"]
    assert node["answers"][0]["atRisk"] == "10000.00"
    assert (await sam.ask("{ orders { nodes { id } } }"))["orders"]["nodes"] == []
    found = (await sam.ask(APPROVE, signal=signal, key=key(), version=3))["approve"]
    assert found["stillNeeded"] == ""
    world.catch_up()
    row = (await dana.ask(SIGNAL, id=signal))["signal"]
    assert (row["decision"], row["decidedBy"]) == ("APPROVED", "sam")
    assert [answer["by"] for answer in row["answers"]] == ["dana", "dana", "sam"]
    (order,) = (await sam.ask("{ orders { nodes { status } } }"))["orders"]["nodes"]
    assert order["status"] == "FILLED"


async def test_a_no_ends_it_after_a_first_yes(dana: Client, sam: Client, world: World) -> None:
    ask_for_two(world, "0")
    signal = str(world.post())
    await dana.ask(APPROVE, signal=signal, key=key())
    assert (await sam.ask(REJECT, signal=signal, key=key()))["reject"]["stillNeeded"] == ""
    code, words = await sam.refused(APPROVE, signal=signal, key=key())
    assert (code, "rejected by sam" in words) == ("already_decided", True)


async def test_a_moved_price_is_refused_until_it_is_accepted(dana: Client, world: World) -> None:
    world.quote("2.40", "2.50")
    signal = str(world.post())
    world.catch_up()
    code, words = await dana.refused(APPROVE, signal=signal, key=key())
    assert code == "price_moved"
    assert "posted at 2.00, the offer is 2.50 by now" in words
    await dana.ask(APPROVE, signal=signal, key=key(), price="2.50")
    world.catch_up()
    row = (await dana.ask(SIGNAL, id=signal))["signal"]
    answer = row["answers"][-1]
    assert (answer["priceStand"], answer["marketPrice"], answer["acceptedPrice"]) == (
        "ACCEPTED", "2.50", "2.50",
    )  # fmt: skip
    (order,) = (await dana.ask("{ orders { nodes { status averagePrice } } }"))["orders"]["nodes"]
    assert order == {"status": "FILLED", "averagePrice": "2.50"}
    code, words = await dana.refused(APPROVE, signal=signal, key=key())
    assert code == "already_executed"
    assert "approved by dana" in words


async def test_a_trade_that_changed_since_is_looked_at_again(dana: Client, world: World) -> None:
    signal = str(world.post())
    world.exit(signal, "3.00")
    code, words = await dana.refused(APPROVE, signal=signal, key=key(), version=1)
    assert (code, words) == ("trade_over", "the trade is closed")
    other = world.post()
    _correct(world, other)
    code, words = await dana.refused(APPROVE, signal=str(other), key=key(), version=1)
    assert code == "changed_since"
    assert "corrected execution 1 at 2026-11-16" in words


def _correct(world: World, signal: UUID) -> None:
    change = Change(
        target=Target.SIGNAL, stream=signal, part="1", price=Decimal("2.10"), reason="a slip"
    )
    put_right(world.house.desk, change, at=world.house.clock.now())
