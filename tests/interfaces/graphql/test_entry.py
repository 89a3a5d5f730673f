"""Who asks is known by a token; without one nothing is answered unless reading is open."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from domain.approvals import Role
from interfaces.compose import House
from interfaces.graphql.moves import FRESH_S
from interfaces.http import create_app
from tests.interfaces.graphql.conftest import asking
from tests.interfaces.graphql.test_mutations import APPROVE
from tests.interfaces.graphql.world import Client, World

SIGNALS = "{ signals { nodes { id } } }"


async def test_without_a_token_nothing_is_answered(nobody: Client) -> None:
    reply = await nobody.reply(SIGNALS)
    assert reply.status_code == 401
    assert (await nobody.refused(SIGNALS))[0] == "unauthenticated"
    assert (await nobody.refused("{ __schema { queryType { name } } }"))[0] == "unauthenticated"


async def test_a_header_that_says_nothing_is_refused(nobody: Client) -> None:
    for header in ("Bearer", "Basic dXNlcjpwYXNz", "tt_secret", "Bearer  "):
        reply = await nobody.http.post(
            "/graphql", json={"query": SIGNALS}, headers={"Authorization": header}
        )
        assert reply.status_code == 401


async def test_an_unknown_token_opens_nothing(nobody: Client) -> None:
    code, sentence = await nobody.having("tt_guessed").refused(SIGNALS)
    assert (code, "tt_guessed" in sentence) == ("unauthenticated", False)


async def test_a_revoked_token_opens_nothing_any_more(nobody: Client, world: World) -> None:
    client = nobody.having(world.token("rob", Role.READER))
    world.catch_up()
    await client.ask(SIGNALS)
    world.revoke("rob")
    world.catch_up()
    await asyncio.sleep(2 * FRESH_S + 0.2)
    code, sentence = await client.refused(SIGNALS)
    assert code == "unauthenticated"
    assert "revoked" in sentence


async def test_open_reading_lets_anybody_look_and_nobody_decide(house: House, world: World) -> None:
    signal = world.post()
    world.catch_up()
    async with asking(create_app(house, open_reading=True, own_names_only=True)) as anybody:
        assert await anybody.ask(SIGNALS) == {"signals": {"nodes": [{"id": str(signal)}]}}
        code, _ = await anybody.refused(APPROVE, signal=str(signal), key=str(uuid4()))
        assert code == "unauthenticated"
        # A page of the web may lead its visitors here under a name of its own.
        rebound = await anybody.http.post(
            "/graphql", json={"query": SIGNALS}, headers={"Host": "evil.example"}
        )
        assert rebound.status_code == 400
        assert (await anybody.having("tt_wrong").refused(SIGNALS))[0] == "unauthenticated"
