"""What is on record is answered as it is, and as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.approvals import Role
from domain.quant.definitions import DEFINITIONS
from tests.interfaces.graphql.world import NOON, Client, World, unknown

SIGNALS = """
query ($first: Int!, $after: String, $asOf: AsOf) {
  signals(first: $first, after: $after, asOf: $asOf) {
    edges { cursor node { id title decision trader { name } executions { number price basis } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


async def test_signals_come_the_newest_first(reader: Client, world: World) -> None:
    posted = [str(world.post(trader)) for trader in ("Nora", "Miles")]
    world.catch_up()
    found = await reader.ask(SIGNALS, first=10)
    nodes = [edge["node"] for edge in found["signals"]["edges"]]
    assert [node["id"] for node in nodes] == posted[::-1]
    assert nodes[0] == {
        "id": posted[1],
        "title": "TSLA 250C 2026-11-20",
        "decision": "PENDING",
        "trader": {"name": "Miles"},
        "executions": [{"number": 1, "price": "2.00", "basis": "CLAIMED"}],
    }


async def test_pages_have_no_gaps_and_no_doubles_while_signals_arrive(
    reader: Client, world: World
) -> None:
    # Several share their time, so that only their ids tell them apart.
    posted = {str(world.post(at=NOON)) for _ in range(5)}
    posted |= {str(world.post()) for _ in range(4)}
    world.catch_up()
    seen: list[str] = []
    after = None
    for _ in range(10):
        page = (await reader.ask(SIGNALS, first=2, after=after))["signals"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
        world.post()
        world.catch_up()
    assert len(seen) == len(set(seen))
    assert posted <= set(seen)
    assert page["pageInfo"]["hasPreviousPage"]


async def test_a_page_without_rows_ends(reader: Client) -> None:
    page = (await reader.ask(SIGNALS, first=5))["signals"]
    assert page == {
        "edges": [],
        "pageInfo": {
            "hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None,
        },
    }  # fmt: skip


async def test_pages_have_1_to_100_rows(reader: Client) -> None:
    for first in (0, -1, 101):
        code, sentence = await reader.refused(SIGNALS, first=first)
        assert (code, sentence) == ("invalid_input", f"first is 1 to 100, not {first}")


async def test_a_foreign_cursor_is_refused(reader: Client) -> None:
    for cursor in ("", "no cursor", "WzFd", "WyIyMDI2Il0"):
        code, sentence = await reader.refused(SIGNALS, first=1, after=cursor)
        assert code == "invalid_input"
        assert "cursor" in sentence


async def test_signals_are_found_by_trader_state_and_decision(reader: Client, world: World) -> None:
    nora, miles = world.post("Nora"), world.post("Miles")
    world.approve(miles)
    world.catch_up()
    question = """query ($trader: UUID, $decision: Decision, $state: TradeState) {
        signals(trader: $trader, decision: $decision, state: $state) { nodes { id } } }"""

    async def ids(**filters: Any) -> list[str]:
        found = await reader.ask(question, **filters)
        return [node["id"] for node in found["signals"]["nodes"]]

    assert await ids(trader=str(world.trader("Nora"))) == [str(nora)]
    assert await ids(decision="APPROVED") == [str(miles)]
    assert await ids(state="CLOSED") == []


POSITION = "query ($time: DateTime!) { positionAt(time: $time) }"


async def test_as_of_takes_a_moment_as_well(reader: Client, world: World) -> None:
    world.post("Nora")
    world.catch_up()
    then = datetime.now(UTC)
    before = world.house.head()
    world.post("Miles")
    world.catch_up()

    moments = (then.isoformat(), then.replace(tzinfo=None).isoformat())
    known = [await reader.ask(SIGNALS, first=9, asOf=moment) for moment in moments]
    by_position = await reader.ask(SIGNALS, first=9, asOf=str(before))
    at = await reader.ask(POSITION, time=then.isoformat())
    nothing = await reader.ask(SIGNALS, first=9, asOf="2020-01-01")

    assert known == [by_position] * 2
    assert len(by_position["signals"]["edges"]) == 1
    assert at == {"positionAt": str(before)}
    assert nothing["signals"]["edges"] == []


async def test_a_moment_that_is_not_over_is_asked_again(reader: Client, world: World) -> None:
    world.post("Nora")
    world.catch_up()
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    first = await reader.ask(SIGNALS, first=9, asOf=ahead)
    world.post("Miles")
    world.catch_up()
    second = await reader.ask(SIGNALS, first=9, asOf=ahead)

    assert [len(each["signals"]["edges"]) for each in (first, second)] == [1, 2]


async def test_what_is_neither_position_nor_moment_is_refused(reader: Client) -> None:
    for words in ("yesterday", "2026-13-01", "12.5", "-1", ""):
        code, sentence = await reader.refused(SIGNALS, first=1, asOf=words)
        assert code == "invalid_input"
        assert "neither a position of the tape nor a moment" in sentence


async def test_as_of_answers_as_it_was_known(reader: Client, world: World) -> None:
    signal = world.post()
    before = world.catch_up()
    world.approve(signal)
    world.catch_up()
    then = await reader.ask(SIGNALS, first=1, asOf=str(before))
    now = await reader.ask(SIGNALS, first=1)
    assert then["signals"]["edges"][0]["node"]["decision"] == "PENDING"
    assert now["signals"]["edges"][0]["node"]["decision"] == "APPROVED"


async def test_a_position_that_is_not_reached_is_no_answer_yet(
    reader: Client, world: World
) -> None:
    head = world.catch_up()
    code, sentence = await reader.refused(SIGNALS, first=1, asOf=str(head + 1))
    assert code == "not_reached"
    assert f"position {head + 1} is not reached" in sentence


async def test_what_is_no_position_is_refused(reader: Client) -> None:
    for position in (-1, str(2**63), True, 1.5):
        code, sentence = await reader.refused(SIGNALS, first=1, asOf=position)
        assert code == "invalid_input"
        assert "no position of the tape" in sentence


async def test_a_signal_that_does_not_exist_is_null(reader: Client) -> None:
    found = await reader.ask(f'{{ signal(id: "{unknown("signal")}") {{ id }} }}')
    assert found == {"signal": None}


async def test_the_queue_holds_what_nobody_decided(reader: Client, world: World) -> None:
    first, second = world.post(), world.post()
    world.approve(first)
    world.catch_up()
    found = await reader.ask("{ approvalQueue { nodes { id price trader { name } version } } }")
    assert found["approvalQueue"]["nodes"] == [
        {"id": str(second), "price": "2.00", "trader": {"name": "Nora"}, "version": 1}
    ]


async def test_an_order_shows_its_fills(reader: Client, traded: str) -> None:
    found = await reader.ask(
        "query ($signal: UUID) { orders(signal: $signal) { nodes {"
        " id status cumQty leavesQty averagePrice fills { price quantity state } } } }",
        signal=traded,
    )
    (order,) = found["orders"]["nodes"]
    assert order["status"] == "FILLED"
    (fill,) = order["fills"]
    assert (fill["quantity"], fill["state"]) == (order["cumQty"], "STANDING")
    assert Decimal(fill["price"]) == Decimal(2)
    again = await reader.ask(f'{{ order(id: "{order["id"]}") {{ averagePrice }} }}')
    assert again["order"]["averagePrice"] == order["averagePrice"]


async def test_a_trade_and_its_holding_are_positions(reader: Client, traded: str) -> None:
    found = await reader.ask(
        "{ positions { nodes { id kind bookName title quantity entryCost pnl badge"
        " executions { price evidence } lots { quantity cost } definition { meaning n period } } }"
        "  accounts { name cash paidIn } }"
    )
    assert [book["paidIn"] == book["cash"] for book in found["accounts"]] == [True]
    trade = next(n for n in found["positions"]["nodes"] if n["kind"] == "TRADER")
    holding = next(n for n in found["positions"]["nodes"] if n["kind"] == "ACCOUNT")
    assert (trade["id"], trade["bookName"], trade["entryCost"]) == (traded, "Nora", "400.00")
    assert trade["executions"] == [{"price": "2.00", "evidence": "CHECKED"}]
    assert "first in, first out" in trade["definition"]["meaning"]
    assert trade["definition"]["n"] == 1
    assert holding["bookName"] == "paper"
    assert holding["lots"][0]["quantity"] == holding["quantity"]
    one = await reader.ask(
        "query ($id: UUID!) { position(id: $id) { title }"
        " contributions(position: $id) { event ratio cause } }",
        id=traded,
    )
    assert one["position"]["title"] == "TSLA 250C 2026-11-20"


async def test_pnl_by_day_is_paged_and_defined(reader: Client, world: World, traded: str) -> None:
    world.exit(traded, "3.00")
    world.catch_up()
    found = await reader.ask(
        "query ($book: UUID!) { pnl(book: $book) { kind definition { n period meaning }"
        " days(first: 1) { nodes { day pnl return nav closed } pageInfo { hasNextPage } } } }",
        book=str(world.trader()),
    )
    day = found["pnl"]["days"]["nodes"][0]
    assert found["pnl"]["definition"]["period"] == "2026-11-16/2026-11-16"
    assert (day["day"], day["closed"]) == ("2026-11-16", 1)
    assert found["pnl"]["days"]["pageInfo"] == {"hasNextPage": False}


async def test_a_book_that_does_not_exist_is_said_so(reader: Client) -> None:
    book = unknown("book")
    code, sentence = await reader.refused(f'{{ pnl(book: "{book}") {{ kind }} }}')
    assert (code, str(book) in sentence) == ("not_found", True)


BOARD = """
query ($first: Int!, $after: String) {
  leaderboard(window: ALL, by: RETURN, first: $first, after: $after) {
    asOf traders ranked { meaning }
    standings {
      nodes { unranked trader { name } return { value unit definition { meaning n period } } }
      pageInfo { endCursor hasNextPage }
    }
  }
}
"""


async def test_every_figure_of_a_board_says_what_it_means(reader: Client, world: World) -> None:
    for trader, price in (("Nora", "3.00"), ("Miles", "1.00")):
        world.exit(str(world.post(trader)), price)
    world.catch_up()
    board = (await reader.ask(BOARD, first=10))["leaderboard"]
    rows = board["standings"]["nodes"]
    assert [row["trader"]["name"] for row in rows] == ["Nora", "Miles"]
    assert rows[0]["unranked"] == "too few trades 1/20"
    assert rows[0]["return"]["value"] == "0.050000000000"
    definition = rows[0]["return"]["definition"]
    assert (definition["n"], definition["period"].endswith("/2026-11-16")) == (1, True)
    assert "NAV index" in definition["meaning"]
    assert "at least 20 scored trades" in board["ranked"]["meaning"]


async def test_all_pages_of_a_board_are_of_one_board(reader: Client, world: World) -> None:
    for trader, price in (("Nora", "3.00"), ("Miles", "2.50"), ("Ada", "1.00")):
        world.exit(str(world.post(trader)), price)
    world.catch_up()
    first = (await reader.ask(BOARD, first=2))["leaderboard"]
    # Whoever was first of all now is, and would be missed on the second page.
    world.exit(str(world.post("Zoe")), "9.00")
    world.catch_up()
    after = first["standings"]["pageInfo"]["endCursor"]
    second = (await reader.ask(BOARD, first=2, after=after))["leaderboard"]
    names = [n["trader"]["name"] for p in (first, second) for n in p["standings"]["nodes"]]
    assert names == ["Nora", "Miles", "Ada"]
    assert first["asOf"] == second["asOf"]


async def test_a_trader_is_found_by_name_in_any_case(
    reader: Client, world: World, traded: str
) -> None:
    found = await reader.ask(
        '{ trader(name: "nora") { profile { id signals registered }'
        " windows(windows: [ALL, DAY]) { window standing { rank opened pnl { value unit } } }"
        " positions { nodes { id } } } traders { nodes { name } } }"
    )
    assert found["trader"]["profile"]["signals"] == 1
    standing = {"rank": None, "opened": 1, "pnl": {"value": "0.00", "unit": "USD"}}
    assert found["trader"]["windows"] == [
        {"window": window, "standing": standing} for window in ("ALL", "DAY")
    ]
    assert found["trader"]["positions"]["nodes"] == [{"id": traded}]
    assert found["traders"]["nodes"] == [{"name": "Nora"}]


PERFORMANCE = """query ($asOf: AsOf, $benchmark: String! = "SPY", $rate: Decimal! = "0") {
    trader(name: "Nora", asOf: $asOf) {
        performance(window: ALL, benchmark: $benchmark, riskFreeRate: $rate) {
            name value low high status unit n nOf ddof period riskFree annualisation definition
        }
    }
}"""


async def test_a_trader_s_figures_say_what_they_are(reader: Client, world: World) -> None:
    for price in ("3.00", "1.00"):
        world.exit(str(world.post()), price)
    head = world.catch_up()
    found = (await reader.ask(PERFORMANCE))["trader"]["performance"]
    figures = {figure["name"]: figure for figure in found}
    assert list(figures) == list(DEFINITIONS)
    assert figures["profit_factor"] == {
        "name": "profit_factor", "value": "1", "low": None, "high": None, "status": "OK",
        "unit": "number", "n": 2, "nOf": "closed trades", "ddof": None,
        "period": figures["accuracy"]["period"], "riskFree": None, "annualisation": None,
        "definition": DEFINITIONS["profit_factor"].text,
    }  # fmt: skip
    assert (figures["beta"]["value"], figures["beta"]["status"]) == (None, "NO_BENCHMARK")
    assert (figures["sharpe"]["riskFree"], figures["sharpe"]["annualisation"]) == ("0", 252)
    world.exit(str(world.post()), "9.00")
    world.catch_up()
    assert (await reader.ask(PERFORMANCE))["trader"]["performance"] != found
    assert (await reader.ask(PERFORMANCE, asOf=str(head)))["trader"]["performance"] == found


async def test_a_benchmark_that_is_none_is_refused(reader: Client, world: World) -> None:
    world.post()
    world.catch_up()
    for wrong in ({"benchmark": "the market"}, {"rate": "-1"}):
        code, _ = await reader.refused(PERFORMANCE, **wrong)
        assert code == "invalid_input"


async def test_a_trader_is_asked_for_by_id_or_by_name(reader: Client) -> None:
    assert await reader.ask('{ trader(name: "nobody") { profile { id } } }') == {"trader": None}
    code, _ = await reader.refused("{ trader { profile { id } } }")
    assert code == "invalid_input"


async def test_the_timeline_shows_the_events_behind_a_signal(reader: Client, traded: str) -> None:
    question = """query ($subject: UUID!, $after: String) {
        timeline(subject: $subject, first: 3, after: $after, oldestFirst: true) {
            nodes { position name actor body causation } pageInfo { endCursor hasNextPage } } }"""
    page = (await reader.ask(question, subject=traded))["timeline"]
    rest = (await reader.ask(question, subject=traded, after=page["pageInfo"]["endCursor"]))[
        "timeline"
    ]
    names = [node["name"] for node in (*page["nodes"], *rest["nodes"])]
    # The claim is weighed beside what the order goes through, now before it and now after.
    assert [name for name in names if name != "signal.price_checked"][:4] == [
        "signal.posted", "signal.approved", "order.requested", "order.cleared",
    ]  # fmt: skip
    assert page["nodes"][0]["body"]["price"] == "2.00"
    assert page["nodes"][1]["actor"] == "member:test"
    assert rest["nodes"][0]["causation"] == page["nodes"][1]["position"]


async def test_status_says_who_is_how_far(reader: Client, world: World) -> None:
    head = world.catch_up()
    found = (
        await reader.ask("{ status { head projections { name lag state } reactions { name } } }")
    )["status"]
    assert found["head"] == str(head)
    assert {"name": "signal_feed", "lag": "0", "state": "running"} in found["projections"]
    assert "trading" in {reaction["name"] for reaction in found["reactions"]}


async def test_all_figures_of_one_reply_are_of_one_moment(reader: Client, world: World) -> None:
    world.post()
    world.catch_up()
    found = await reader.ask(
        "{ a: signals { nodes { id } } b: approvalQueue { nodes { id } }"
        " c: signals { nodes { id } } }"
    )
    assert found["a"] == found["b"] == found["c"]


async def test_every_role_may_read(nobody: Client, world: World) -> None:
    secrets = [world.token(role.value, role) for role in Role]
    world.catch_up()
    for secret in secrets:
        found = await nobody.having(secret).ask("{ signals { nodes { id } } }")
        assert found == {"signals": {"nodes": []}}
