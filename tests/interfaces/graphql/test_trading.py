"""Orders, levels, limits and halts through the API, with the checks of every other way in."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from application.desk import Work
from domain.activities import Activity, ActivityKind, RecordedActivity
from domain.approvals import Role
from domain.reports import ExecType, ExecutionReport
from domain.strays import Strays
from tests.interfaces.graphql.world import CALL, NOON, Client, World, unknown

ORDER = """
mutation ($order: OrderInput!, $key: UUID!) {
  placeOrder(order: $order, idempotencyKey: $key) { id version }
}
"""
CANCEL = """
mutation ($order: UUID!, $key: UUID!, $version: Int) {
  cancelOrder(order: $order, reason: "not today", idempotencyKey: $key,
              expectedVersion: $version) { id version position }
}
"""
REPLACE = """
mutation ($order: UUID!, $terms: OrderTermsInput!, $key: UUID!) {
  replaceOrder(order: $order, terms: $terms, reason: "nearer", idempotencyKey: $key) { version }
}
"""
LEVELS = """
mutation ($trade: UUID!, $levels: LevelsInput!, $key: UUID!, $version: Int) {
  changeLevels(trade: $trade, levels: $levels, idempotencyKey: $key, expectedVersion: $version) {
    id version
  }
}
"""
LIMITS = """
mutation ($limits: LimitsInput!, $key: UUID!, $version: Int) {
  setLimits(limits: $limits, idempotencyKey: $key, expectedVersion: $version) { version }
}
"""
HALT = """
mutation ($key: UUID!, $version: Int) {
  haltTrading(account: "paper", reason: "news", idempotencyKey: $key, expectedVersion: $version) {
    position version
  }
}
"""
RESUME = """
mutation ($key: UUID!, $version: Int) {
  resumeTrading(account: "paper", reason: "over", idempotencyKey: $key, expectedVersion: $version) {
    position version
  }
}
"""
CLOSE_ALL = """
mutation ($key: UUID!, $at: Time, $version: Int) {
  closeAll(account: "paper", at: $at, idempotencyKey: $key, expectedVersion: $version) {
    id version
  }
}
"""
ROW = """
query ($id: UUID!, $asOf: AsOf) { order(id: $id, asOf: $asOf) {
  id version status ordType limitPrice stopPrice orderQty purpose reason inDoubt kept replaced
  triggered overfilled checks { name passed detail }
} }
"""
PLANS = """
query ($asOf: AsOf) { exitPlans(asOf: $asOf) { nodes {
  id version trade held averagePrice stop targets { price quantity } trailing { share }
  timeStop { daysLeft } due orders { clOrdId } triggers { bid } changedBy
} } }
"""
RISK = """
query ($asOf: AsOf) {
  risk(asOf: $asOf) { version watched halted reason by lines { limit } definition { meaning } }
}
"""
HISTORY = """
query ($after: String) {
  riskHistory(first: 1, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { event words }
  }
}
"""
OWN_LIMITS = """
query ($asOf: AsOf) { limits(asOf: $asOf) {
  version setBy dailyTrades drawdownHalt patternEquity blockedSymbols
} }
"""
CALLS = {"side": "BUY", "legs": [{"symbol": CALL, "side": "BUY"}], "quantity": "2"}


def key() -> str:
    return str(uuid4())


def caught_up(world: World) -> str:
    """The head of the tape, once everything has come to it: asked for by its position, an answer
    is never one that was kept from before.
    """
    return str(world.catch_up())


@pytest.fixture
def admin(nobody: Client, world: World) -> Client:
    secret = world.token("ada", Role.ADMIN)
    world.quote("1.90", "2.00")
    world.catch_up()
    return nobody.having(secret)


async def ordered(admin: Client, world: World, **terms: str) -> dict[str, Any]:
    """An order by hand, as the blotter shows it."""
    placed = await admin.ask(ORDER, order={**CALLS, **terms}, key=key())
    return await order_of(admin, world, placed["placeOrder"]["id"])


async def order_of(admin: Client, world: World, order: str) -> dict[str, Any]:
    found = await admin.ask(ROW, id=order, asOf=caught_up(world))
    row: dict[str, Any] = found["order"]
    return row


async def test_an_order_shows_its_checks_and_its_stop(admin: Client, world: World) -> None:
    row = await ordered(admin, world, limitPrice="1.50", stopPrice="2.40")
    assert (row["ordType"], row["limitPrice"], row["stopPrice"]) == ("STOP_LIMIT", "1.50", "2.40")
    assert row["checks"]
    assert all(check["passed"] for check in row["checks"])
    assert (row["inDoubt"], row["kept"], row["overfilled"]) == (False, 0, "0")


async def test_an_order_that_rests_gets_other_terms_and_is_taken_back(
    admin: Client, world: World
) -> None:
    row = await ordered(admin, world, limitPrice="1.50")
    assert row["status"] == "NEW"
    await admin.ask(REPLACE, order=row["id"], terms={"limitPrice": "1.60"}, key=key())
    row = await order_of(admin, world, row["id"])
    assert (row["status"], row["limitPrice"], row["replaced"]) == ("NEW", "1.60", 1)
    code, sentence = await admin.refused(CANCEL, order=row["id"], key=key(), version=1)
    assert (code, "look again" in sentence) == ("conflict", True)
    again = key()
    first = await admin.ask(CANCEL, order=row["id"], key=again, version=row["version"])
    assert await admin.ask(CANCEL, order=row["id"], key=again, version=row["version"]) == first
    row = await order_of(admin, world, row["id"])
    assert (row["status"], row["reason"]) == ("CANCELED", "not today")
    code, sentence = await admin.refused(CANCEL, order=row["id"], key=key())
    assert (code, "canceled" in sentence) == ("impossible", True)


async def test_a_holding_is_guarded_by_the_levels_that_an_admin_gives(
    admin: Client, world: World
) -> None:
    await ordered(admin, world)
    (plan,) = (await admin.ask(PLANS, asOf=caught_up(world)))["exitPlans"]["nodes"]
    assert (plan["held"], plan["averagePrice"], plan["stop"]) == ("2", "2", None)
    levels = {
        "stop": "1.00", "targets": [{"price": "3.00", "quantity": "1"}, {"price": "4.00"}],
        "trailing": {"share": "0.25"}, "timeStop": {"daysLeft": 1},
    }  # fmt: skip
    given = {"trade": plan["trade"], "levels": levels, "version": plan["version"]}
    await admin.ask(LEVELS, **given, key=key())
    (guarded,) = (await admin.ask(PLANS, asOf=caught_up(world)))["exitPlans"]["nodes"]
    assert (guarded["stop"], guarded["changedBy"]) == ("1.00", "ada")
    assert guarded["targets"] == [
        {"price": "3.00", "quantity": "1"}, {"price": "4.00", "quantity": None},
    ]  # fmt: skip
    assert (guarded["trailing"], guarded["timeStop"]) == ({"share": "0.25"}, {"daysLeft": 1})
    assert (guarded["due"], guarded["orders"], guarded["triggers"]) == (None, [], [])
    code, _ = await admin.refused(LEVELS, **given, key=key())
    assert code == "conflict"
    given["levels"] = {"stop": "5.00", "targets": [{"price": "3.00"}]}
    code, sentence = await admin.refused(LEVELS, **{**given, "version": None}, key=key())
    assert (code, "does not lie beyond" in sentence) == ("invalid_input", True)
    one = await admin.ask(f'{{ exitPlan(id: "{plan["id"]}") {{ held }} }}')
    assert one["exitPlan"] == {"held": "2"}


async def test_some_limits_change_and_the_others_stay(admin: Client, world: World) -> None:
    everybody = (await admin.ask(OWN_LIMITS))["limits"]
    assert (everybody["version"], everybody["dailyTrades"]) == (0, 20)
    changes = {"dailyTrades": 3, "blockedSymbols": ["GME"], "patternEquity": None}
    await admin.ask(LIMITS, limits=changes, key=key(), version=0)
    await admin.ask(LIMITS, limits={"drawdownHalt": "0.20"}, key=key(), version=1)
    assert (await admin.ask(OWN_LIMITS, asOf=caught_up(world)))["limits"] == {
        "version": 2, "setBy": "ada", "dailyTrades": 3, "drawdownHalt": "0.20",
        "patternEquity": None, "blockedSymbols": ["GME"],
    }  # fmt: skip
    code, _ = await admin.refused(LIMITS, limits={"dailyTrades": 4}, key=key(), version=0)
    assert code == "conflict"
    code, sentence = await admin.refused(LIMITS, limits={"tradeShare": "10"}, key=key())
    assert (code, "0.10 is 10 %" in sentence) == ("invalid_input", True)
    code, sentence = await admin.refused(LIMITS, limits={}, key=key())
    assert (code, "no limit is named" in sentence) == ("invalid_input", True)


async def test_a_halted_account_opens_nothing_until_it_is_resumed(
    admin: Client, world: World
) -> None:
    assert (await admin.ask(RISK))["risk"]["watched"] is False
    await admin.ask(HALT, key=key())
    now = (await admin.ask(RISK, asOf=caught_up(world)))["risk"]
    assert (now["watched"], now["halted"], now["reason"], now["by"]) == (True, True, "news", "ada")
    denied = await ordered(admin, world)
    assert (denied["status"], "halted" in denied["reason"]) == ("DENIED", True)
    code, _ = await admin.refused(HALT, key=key())
    assert code == "impossible"
    await admin.ask(RESUME, key=key())
    world.catch_up()
    first = (await admin.ask(HISTORY))["riskHistory"]
    assert first["nodes"] == [{"event": "trading.resumed", "words": "over"}]
    rest = (await admin.ask(HISTORY, after=first["pageInfo"]["endCursor"]))["riskHistory"]
    assert rest["nodes"] == [{"event": "trading.halted", "words": "news"}]
    assert not rest["pageInfo"]["hasNextPage"]


async def test_whoever_looked_at_an_older_version_stops_nothing(
    admin: Client, world: World
) -> None:
    assert (await admin.ask(RISK))["risk"]["version"] == 0
    for document in (HALT, CLOSE_ALL):
        code, sentence = await admin.refused(document, key=key(), version=1)
        assert (code, "it is at version 0 by now, not 1" in sentence) == ("conflict", True)
    halted = (await admin.ask(HALT, key=key(), version=0))["haltTrading"]
    now = (await admin.ask(RISK, asOf=caught_up(world)))["risk"]
    assert now["version"] == halted["version"]
    code, _ = await admin.refused(RESUME, key=key(), version=0)
    assert code == "conflict"
    await admin.ask(RESUME, key=key(), version=now["version"])
    closing = (await admin.ask(CLOSE_ALL, key=key(), version=0, at="15:30:00"))["closeAll"]
    code, _ = await admin.refused(CLOSE_ALL, key=key(), version=0)
    assert code == "conflict"
    await admin.ask(CLOSE_ALL, key=key(), version=closing["version"])


async def test_everything_is_closed_once_a_day_and_nothing_opened_after(
    admin: Client, world: World
) -> None:
    first = await admin.ask(CLOSE_ALL, key=key(), at="15:30:00")
    code, sentence = await admin.refused(CLOSE_ALL, key=key(), at="15:40:00")
    assert code == "impossible", sentence
    sooner = await admin.ask(CLOSE_ALL, key=key())
    assert sooner["closeAll"]["id"] == first["closeAll"]["id"]
    world.catch_up()
    denied = await ordered(admin, world)
    assert (denied["status"], "everything in paper" in denied["reason"]) == ("DENIED", True)


@pytest.mark.parametrize("document", [HALT, RESUME, CLOSE_ALL])
async def test_whoever_only_reads_decides_nothing(reader: Client, document: str) -> None:
    code, sentence = await reader.refused(document, key=key())
    assert (code, "rob may not" in sentence) == ("forbidden", True)


async def test_there_is_no_canceling_what_is_not_there(admin: Client) -> None:
    code, _ = await admin.refused(CANCEL, order=str(unknown("order")), key=key())
    assert code == "not_found"


async def test_what_brokers_told_is_found_by_pages(reader: Client, world: World) -> None:
    work = Work(world.house.desk)
    for number in (1, 2):
        activity = Activity(
            activity_id=f"a{number}", kind=ActivityKind.UNCLASSIFIED, happened_at=NOON, raw="{}"
        )
        work.begin(RecordedActivity.record(activity, account="paper", broker="alpaca", at=NOON))
    report = ExecutionReport(
        exec_type=ExecType.NEW, cl_ord_id="by-hand", exec_id="e1", transact_time=NOON
    )
    work.begin(Strays.begin(account="paper", report=report, at=NOON))
    work.save(world.command())
    work.commit()
    world.catch_up()
    page = "{ activities(first: 1%s) { pageInfo { endCursor } nodes { activityId kind } } }"
    first = (await reader.ask(page % ", kind: UNCLASSIFIED"))["activities"]
    cursor = f', after: "{first["pageInfo"]["endCursor"]}"'
    second = (await reader.ask(page % cursor))["activities"]
    told = [*first["nodes"], *second["nodes"]]
    assert sorted(node["activityId"] for node in told) == ["a1", "a2"]
    (stray,) = (await reader.ask("{ strays { nodes { clOrdId execType reports claimed } } }"))[
        "strays"
    ]["nodes"]
    assert stray == {"clOrdId": "by-hand", "execType": "NEW", "reports": 1, "claimed": None}
