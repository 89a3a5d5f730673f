"""Who is one person, what deserves a second look, and which boards are frozen."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.desk import Work
from domain.approvals import Role
from domain.fix import Side
from domain.legs import Leg
from domain.messages import message_stream
from domain.signal_events import Source
from domain.signals import Signal
from interfaces.clock import SetClock
from tests.interfaces.graphql.world import CALL, NOON, Client, World, unknown

LINK = """
mutation ($trader: UUID!, $to: UUID!, $key: UUID!, $version: Int) {
  linkTraders(trader: $trader, to: $to, reason: "one phone", evidence: ["ip"],
              idempotencyKey: $key, expectedVersion: $version) { id version position }
}
"""
UNLINK = """
mutation ($trader: UUID!, $key: UUID!) {
  unlinkTrader(trader: $trader, reason: "brothers", idempotencyKey: $key) { version }
}
"""
OWN = """
mutation ($owner: UUID, $key: UUID!) {
  nameAccountOwner(account: "paper", owner: $owner, reason: "her name", idempotencyKey: $key) {
    version
  }
}
"""
PEOPLE = """
query ($asOf: AsOf) {
  people(asOf: $asOf) {
    links { trader { name } to { name } reason evidence by }
    accounts { account owner { name } reason by }
  }
}
"""
FLAGS = """
query ($trader: UUID, $kind: FlagKind, $signal: UUID, $first: Int! = 20, $after: String,
       $asOf: AsOf) {
  flags(trader: $trader, kind: $kind, signal: $signal, first: $first, after: $after,
        asOf: $asOf) {
    nodes {
      id kind trader { name } signal title otherTrader { name } other part posted quoted reason
      events
    }
    pageInfo { endCursor hasNextPage }
  }
}
"""
TRADER = """
query ($id: UUID!) {
  trader(id: $id) { flags { nodes { kind } } windows(windows: [ALL]) { standing { flags } } }
}
"""
BOARD = "{ leaderboard(window: ALL) { standings { nodes { trader { name } flags } } } }"
FREEZE = """
mutation ($key: UUID!, $day: Date, $version: Int) {
  freezeBoard(window: WEEK, by: PNL, day: $day, idempotencyKey: $key, expectedVersion: $version) {
    id version position
  }
}
"""
FROZEN = """
{ frozenBoards { nodes {
    id window orderedBy first last rulesVersion knownAt traders sha256 rows by
    check { isWhole isSame } } } }
"""


def key() -> str:
    return str(uuid4())


@pytest.fixture
def admin(nobody: Client, world: World) -> Client:
    secret = world.token("ada", Role.ADMIN)
    world.catch_up()
    return nobody.having(secret)


def sells(world: World, trader: str, quantity: str) -> UUID:
    """A sale of calls, ten minutes after noon."""
    at = NOON + timedelta(minutes=10)
    work = Work(world.house.desk)
    signal = work.begin(
        Signal.post(
            place=0, origin="trader", trader=world.trader(trader),
            source=Source(
                platform="discord", channel="options", message=message_stream("discord", "sold")
            ),
            side=Side.SELL, legs=(Leg(symbol=CALL, side=Side.SELL),), quantity=Decimal(quantity),
            price=Decimal(2), price_to=None, stop=None, targets=(), valid_until=None,
            parser="test", rules=(), posted_at=at, at=at,
        )
    )  # fmt: skip
    work.save(world.command())
    work.commit()
    return signal.id


async def flagged(client: Client, **wanted: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.ask(FLAGS, **wanted))["flags"]["nodes"]
    return found


async def test_linked_traders_are_one_person_and_their_bets_are_flagged(
    admin: Client, world: World
) -> None:
    world.quote("1.95", "2.00")
    bought, sold = world.post("Nora"), sells(world, "Zed", "60")
    nora, zed = world.trader("Nora"), world.trader("Zed")
    world.catch_up()
    (size,) = await flagged(admin)
    assert (size["kind"], size["part"], size["posted"], size["quoted"]) == ("SIZE", 1, "60", "50")
    linked = await admin.ask(LINK, trader=str(zed), to=str(nora), key=key(), version=1)
    before = world.catch_up()
    assert linked["linkTraders"]["version"] == 2
    people = (await admin.ask(PEOPLE))["people"]
    assert people["links"] == [
        {"trader": {"name": "Zed"}, "to": {"name": "Nora"}, "reason": "one phone",
         "evidence": ["ip"], "by": "ada"}
    ]  # fmt: skip
    (row,) = await flagged(admin, trader=str(nora), kind="OPPOSITE")
    assert (row["signal"], row["other"], row["otherTrader"]) == (
        str(bought), str(sold), {"name": "Zed"},
    )  # fmt: skip
    assert row["title"] == "TSLA 250C 2026-11-20"
    assert linked["linkTraders"]["position"] in row["events"]
    assert len(await flagged(admin, signal=str(sold))) == 2
    page = (await admin.ask(FLAGS, first=1))["flags"]
    assert page["pageInfo"]["hasNextPage"]
    rest = await flagged(admin, after=page["pageInfo"]["endCursor"])
    assert len(rest) == 2
    trader = (await admin.ask(TRADER, id=str(nora)))["trader"]
    assert trader["flags"]["nodes"] == [{"kind": "OPPOSITE"}]
    assert trader["windows"][0]["standing"]["flags"] == 2
    board = (await admin.ask(BOARD))["leaderboard"]["standings"]["nodes"]
    assert [(each["trader"]["name"], each["flags"]) for each in board] == [("Nora", 2)]
    await admin.ask(UNLINK, trader=str(zed), key=key())
    after = str(world.catch_up())
    assert (await admin.ask(PEOPLE, asOf=after))["people"]["links"] == []
    assert len((await admin.ask(PEOPLE, asOf=str(before)))["people"]["links"]) == 1
    assert [row["kind"] for row in await flagged(admin, asOf=after)] == ["SIZE"]


async def test_an_account_is_a_trader_s_or_nobody_s(admin: Client, world: World) -> None:
    nora = world.trader("Nora")
    await admin.ask(OWN, owner=str(nora), key=key())
    world.post("Nora")
    world.catch_up()
    assert (await admin.ask(PEOPLE))["people"]["accounts"] == [
        {"account": "paper", "owner": {"name": "Nora"}, "reason": "her name", "by": "ada"}
    ]
    await admin.ask(OWN, key=key())
    after = str(world.catch_up())
    assert (await admin.ask(PEOPLE, asOf=after))["people"]["accounts"] == []


async def test_a_board_is_frozen_once_and_found_as_it_was(
    admin: Client, world: World, clock: SetClock
) -> None:
    signal = world.post("Nora")
    world.catch_up()
    code, told = await admin.refused(FREEZE, key=key())
    assert (code, "can be frozen on the day after" in told) == ("invalid_input", True)
    clock.set(NOON + timedelta(days=7))
    again = {"key": key(), "day": "2026-11-18", "version": 0}
    frozen = (await admin.ask(FREEZE, **again))["freezeBoard"]
    head = world.catch_up()
    world.exit(str(signal), "9.00")
    world.catch_up()
    assert (await admin.ask(FREEZE, **again))["freezeBoard"] == frozen
    code, told = await admin.refused(FREEZE, key=key(), day="2026-11-16")
    assert (code, "is frozen already" in told) == ("impossible", True)
    (board,) = (await admin.ask(FROZEN))["frozenBoards"]["nodes"]
    assert (board["id"], board["window"], board["orderedBy"]) == (frozen["id"], "week", "pnl")
    assert (board["first"], board["last"]) == ("2026-11-16", "2026-11-22")
    assert int(board["knownAt"]) < head
    assert hashlib.sha256(board["rows"].encode()).hexdigest() == board["sha256"]
    assert [row["name"] for row in json.loads(board["rows"])] == ["Nora"]
    assert board["check"] == {"isWhole": True, "isSame": True}


async def test_only_admins_say_who_is_who_and_freeze(
    reader: Client, nobody: Client, world: World
) -> None:
    trader, other = str(unknown("a")), str(unknown("b"))
    for document, given in (
        (LINK, {"trader": trader, "to": other}),
        (UNLINK, {"trader": trader}),
        (OWN, {"owner": trader}),
        (FREEZE, {}),
    ):
        code, told = await reader.refused(document, key=key(), **given)
        assert (code, "may not administer" in told) == ("forbidden", True)
        assert (await nobody.refused(document, key=key(), **given))[0] == "unauthenticated"
