"""A reply is kept until something it shows moves, and told again without asking the database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from interfaces.clock import SetClock
from interfaces.graphql.moves import FRESH_S
from tests.interfaces.graphql.world import Client, World

SIGNALS = "query ($first: Int!) { signals(first: $first) { nodes { id version } } }"


async def _ids(client: Client, document: str = SIGNALS, **variables: Any) -> list[str]:
    found = await client.ask(document, **{"first": 10, **variables})
    return [node["id"] for node in found["signals"]["nodes"]]


def _forget_signals(database_url: str) -> None:
    """Takes the rows away behind everybody's back, so that only a kept reply still has them."""
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM read.signal_feed")


@pytest.fixture
def posted(world: World) -> str:
    signal = world.post()
    world.catch_up()
    return str(signal)


async def test_a_reply_is_kept(reader: Client, posted: str, database_url: str) -> None:
    assert await _ids(reader) == [posted]
    _forget_signals(database_url)
    assert await _ids(reader) == [posted]


async def test_other_variables_and_other_documents_have_replies_of_their_own(
    reader: Client, posted: str, database_url: str
) -> None:
    assert await _ids(reader) == [posted]
    _forget_signals(database_url)
    assert await _ids(reader, first=9) == []
    assert await _ids(reader, f"{SIGNALS} # again") == []


async def test_a_reply_is_over_when_something_moves(
    reader: Client, world: World, posted: str
) -> None:
    assert await _ids(reader) == [posted]
    later = str(world.post())
    world.catch_up()
    # At the latest then the database is asked where the read models are.
    await asyncio.sleep(FRESH_S)
    assert await _ids(reader) == [later, posted]


async def test_what_was_known_then_holds_whatever_happens_now(
    reader: Client, world: World, posted: str, database_url: str
) -> None:
    document = """query ($first: Int!, $asOf: AsOf) {
        signals(first: $first, asOf: $asOf) { nodes { id } } }"""
    known_at = str(world.house.head())
    assert await _ids(reader, document, asOf=known_at) == [posted]
    world.post()
    world.catch_up()
    await asyncio.sleep(FRESH_S)
    _forget_signals(database_url)
    assert await _ids(reader, document, asOf=known_at) == [posted]


async def test_a_rebuild_ends_every_reply(
    reader: Client, world: World, posted: str, database_url: str
) -> None:
    document = """query ($first: Int!, $asOf: AsOf) {
        signals(first: $first, asOf: $asOf) { nodes { id } } }"""
    known_at = str(world.house.head())
    _forget_signals(database_url)
    assert await _ids(reader, document, asOf=known_at) == []
    world.house.projections.rebuild(["signal_feed"])
    await asyncio.sleep(FRESH_S)
    assert await _ids(reader, document, asOf=known_at) == [posted]


async def test_a_board_that_ends_now_moves_with_the_clock(
    reader: Client, world: World, clock: SetClock, posted: str
) -> None:
    world.exit(posted, "3.00")
    world.catch_up()
    board = "{ leaderboard(window: DAY) { at traders } }"
    today = (await reader.ask(board))["leaderboard"]
    assert today["traders"] == 1
    clock.set(clock.now() + timedelta(days=1))
    assert (await reader.ask(board))["leaderboard"]["traders"] == 0


async def test_errors_are_not_kept(reader: Client, world: World) -> None:
    document = "query ($asOf: AsOf) { signals(asOf: $asOf) { nodes { id } } }"
    next_position = world.house.head() + 1
    code, _ = await reader.refused(document, asOf=str(next_position))
    assert code == "not_reached"
    world.post()
    world.catch_up()
    await asyncio.sleep(FRESH_S)
    await reader.ask(document, asOf=str(next_position))


async def test_the_status_is_never_told_twice(reader: Client, world: World) -> None:
    status = "{ status { head } }"
    before = int((await reader.ask(status))["status"]["head"])
    world.trader("Zoe")
    assert int((await reader.ask(status))["status"]["head"]) == before + 1
