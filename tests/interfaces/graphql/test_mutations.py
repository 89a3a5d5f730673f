"""What members decide is decided once, by whoever may, on what they have seen."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from domain.approvals import Role
from tests.interfaces.graphql.world import Client, World, unknown

APPROVE = """
mutation ($signal: UUID!, $key: UUID!, $version: Int) {
  approve(signal: $signal, idempotencyKey: $key, expectedVersion: $version) {
    id version position
  }
}
"""
REJECT = """
mutation ($signal: UUID!, $key: UUID!, $reason: String!) {
  reject(signal: $signal, reason: $reason, idempotencyKey: $key) { id version }
}
"""
CORRECT = """
mutation ($correction: CorrectionInput!, $key: UUID!, $version: Int) {
  requestCorrection(correction: $correction, idempotencyKey: $key, expectedVersion: $version) {
    id version position
  }
}
"""
PREVIEW = """
query ($correction: CorrectionInput!) {
  previewCorrection(correction: $correction) {
    head recorded moves { of name window figure before after events }
  }
}
"""
AGREE = """
mutation ($correction: UUID!, $key: UUID!, $target: Int) {
  applyCorrection(correction: $correction, idempotencyKey: $key, expectedTarget: $target) {
    version
  }
}
"""
ORDER = """
mutation ($order: OrderInput!, $key: UUID!, $version: Int) {
  placeOrder(order: $order, idempotencyKey: $key, expectedVersion: $version) { id version }
}
"""
BUY = {"side": "BUY", "legs": [{"symbol": "TSLA", "side": "BUY"}], "quantity": "10"}


def key() -> str:
    return str(uuid4())


@pytest.fixture
def dana(nobody: Client, world: World) -> Client:
    return nobody.having(_issued(world, "dana", Role.APPROVER))


@pytest.fixture
def admin(nobody: Client, world: World) -> Client:
    return nobody.having(_issued(world, "ada", Role.ADMIN))


def _issued(world: World, name: str, *roles: Role, **more: Any) -> str:
    secret = world.token(name, *roles, **more)
    world.catch_up()
    return secret


async def test_an_approver_approves(dana: Client, world: World) -> None:
    signal = world.post()
    found = (await dana.ask(APPROVE, signal=str(signal), key=key()))["approve"]
    assert (found["id"], found["version"]) == (str(signal), 2)
    assert found["position"] == str(world.house.head())
    world.catch_up()
    row = await dana.ask(f'{{ signal(id: "{signal}") {{ decision decidedBy decidedVia }} }}')
    assert row["signal"] == {"decision": "APPROVED", "decidedBy": "dana", "decidedVia": "graphql"}


async def test_the_same_key_decides_once_whatever_happened_since(
    dana: Client, world: World
) -> None:
    signal, again = str(world.post()), key()
    first = await dana.ask(APPROVE, signal=signal, key=again, version=1)
    head = world.house.head()
    world.exit(signal, "3.00")
    repeated = await dana.ask(APPROVE, signal=signal, key=again, version=1)
    assert repeated == first
    assert world.house.head() == head + 1


async def test_a_key_is_for_one_decision(dana: Client, world: World) -> None:
    used = key()
    await dana.ask(APPROVE, signal=str(world.post()), key=used)
    code, sentence = await dana.refused(APPROVE, signal=str(world.post()), key=used)
    assert code == "conflict"
    assert "used for other input" in sentence


async def test_who_looked_at_an_older_version_has_to_look_again(dana: Client, world: World) -> None:
    code, sentence = await dana.refused(APPROVE, signal=str(world.post()), key=key(), version=7)
    assert code == "conflict"
    assert "at version 1 by now, not 7" in sentence


async def test_nobody_approves_their_own_signal(nobody: Client, world: World) -> None:
    nora = world.trader("Nora")
    secret = _issued(world, "nora", Role.TRADER, Role.APPROVER, trader=nora)
    own, other = world.post("Nora"), world.post("Miles")
    code, sentence = await nobody.having(secret).refused(APPROVE, signal=str(own), key=key())
    assert code == "self_approval"
    assert "somebody else has to approve it" in sentence
    await nobody.having(secret).ask(APPROVE, signal=str(other), key=key())


async def test_what_is_decided_stays_decided(dana: Client, world: World) -> None:
    signal = str(world.post())
    await dana.ask(REJECT, signal=signal, key=key(), reason="too wide")
    code, sentence = await dana.refused(APPROVE, signal=signal, key=key())
    assert (code, "dana" in sentence) == ("already_decided", True)


async def test_there_is_no_approving_what_is_not_there(dana: Client) -> None:
    code, _ = await dana.refused(APPROVE, signal=str(unknown("signal")), key=key())
    assert code == "not_found"


async def test_a_wrong_price_is_corrected_by_two(admin: Client, dana: Client, world: World) -> None:
    signal = world.post()
    change = {
        "target": "SIGNAL", "record": str(signal), "part": "1", "price": "2.50",
        "code": "MISTYPED_PRICE", "reason": "a slip of the pen", "evidence": "https://a.example/1",
    }  # fmt: skip
    asked = await dana.ask(CORRECT, correction=change, key=key(), version=1)
    found = asked["requestCorrection"]
    code, _ = await admin.refused(AGREE, correction=found["id"], key=key(), target=9)
    assert code == "conflict"
    await admin.ask(AGREE, correction=found["id"], key=key(), target=1)
    world.catch_up()
    told = await admin.ask(
        "{ corrections { nodes { code evidence by decidedBy changes state } }"
        " correctors { name requested approved } }"
    )
    assert told["corrections"]["nodes"] == [{
        "code": "MISTYPED_PRICE", "evidence": "https://a.example/1", "by": "dana",
        "decidedBy": "ada", "changes": "price 2.00 -> 2.50", "state": "APPLIED",
    }]  # fmt: skip
    assert told["correctors"] == [
        {"name": "dana", "requested": 1, "approved": 0},
        {"name": "ada", "requested": 0, "approved": 1},
    ]
    row = await admin.ask(f'{{ signal(id: "{signal}") {{ averagePrice corrections }} }}')
    assert row["signal"] == {"averagePrice": "2.50", "corrections": 1}
    assert found["id"] != str(signal)


async def test_what_a_correction_would_move_is_told_and_nothing_stored(
    admin: Client, nobody: Client, world: World
) -> None:
    signal = world.post()
    world.exit(str(signal), "3.00")
    head = world.catch_up()
    change = {
        "target": "SIGNAL", "record": str(signal), "part": "1", "price": "2.50", "reason": "a slip",
    }  # fmt: skip
    found = (await admin.ask(PREVIEW, correction=change))["previewCorrection"]
    assert (found["head"], world.house.head()) == (str(head), head)
    assert found["recorded"][2] == "signal.corrected"
    (pnl,) = (m for m in found["moves"] if (m["of"], m["figure"]) == ("TRADER", "pnl"))
    assert float(pnl["after"]) - float(pnl["before"]) == -50 * 2
    assert pnl["events"]
    code, _ = await nobody.refused(PREVIEW, correction=change)
    assert code == "unauthenticated"


async def test_nobody_approves_their_own_correction(admin: Client, world: World) -> None:
    change = {
        "target": "SIGNAL", "record": str(world.post()), "part": "1", "price": "2.50",
        "reason": "a slip of the pen",
    }  # fmt: skip
    asked = await admin.ask(CORRECT, correction=change, key=key())
    found = asked["requestCorrection"]["id"]
    code, sentence = await admin.refused(AGREE, correction=found, key=key())
    assert code == "own_request"
    assert "truetape token issue NAME --role admin" in sentence


async def test_a_correction_says_what_is_wrong_with_it(admin: Client, world: World) -> None:
    change = {
        "target": "SIGNAL", "record": str(world.post()), "part": "one", "price": "2.50",
        "reason": "a slip of the pen",
    }  # fmt: skip
    code, sentence = await admin.refused(CORRECT, correction=change, key=key())
    assert code == "invalid_input"
    assert "by its number" in sentence
    code, _ = await admin.refused(CORRECT, correction={**change, "part": "1"}, key=key(), version=9)
    assert code == "conflict"


async def test_a_manual_order_is_asked_for(admin: Client, world: World) -> None:
    found = (await admin.ask(ORDER, order=BUY, key=key(), version=0))["placeOrder"]
    world.catch_up()
    row = await admin.ask(f'{{ order(id: "{found["id"]}") {{ symbol status reason }} }}')
    assert row["order"]["symbol"] == "TSLA"
    assert row["order"]["status"] == "DENIED"
    assert "no quote" in row["order"]["reason"]


async def test_an_order_that_cannot_be_is_refused(admin: Client) -> None:
    for order, said in (
        ({**BUY, "legs": []}, "1 to 8 legs"),
        ({**BUY, "legs": [{"symbol": "???", "side": "BUY"}]}, "???"),
        ({**BUY, "quantity": "-1"}, "above zero"),
    ):
        code, sentence = await admin.refused(ORDER, order=order, key=key())
        assert code == "invalid_input"
        assert said in sentence
    code, _ = await admin.refused(ORDER, order=BUY, key=key(), version=3)
    assert code == "conflict"


async def test_each_role_may_what_it_may_and_no_more(nobody: Client, world: World) -> None:
    change = {"target": "SIGNAL", "record": str(world.post()), "void": True, "reason": "a joke"}
    for role in (Role.READER, Role.TRADER, Role.AUDITOR, Role.APPROVER):
        client = nobody.having(_issued(world, role.value, role))
        signal = str(world.post())
        decided = await client.reply(APPROVE, signal=signal, key=key())
        if role is Role.APPROVER:
            assert "errors" not in decided.json()
        else:
            assert decided.json()["errors"][0]["extensions"]["code"] == "not_an_approver"
            code, _ = await client.refused(REJECT, signal=signal, key=key(), reason="no")
            assert code == "not_an_approver"
        asked = str(uuid4())
        for mutation, given in ((AGREE, {"correction": asked}), (ORDER, {"order": BUY})):
            code, sentence = await client.refused(mutation, key=key(), **given)
            assert code == "forbidden"
            assert f"{role.value} may not" in sentence
        if role is not Role.APPROVER:
            code, sentence = await client.refused(CORRECT, key=key(), correction=change)
            assert (code, f"{role.value} may " in sentence) == ("forbidden", True)


async def test_a_refusal_leaves_no_trace(dana: Client, world: World) -> None:
    signal = world.post()
    head = world.catch_up()
    await dana.refused(APPROVE, signal=str(signal), key=key(), version=5)
    assert world.house.head() == head
