"""Who asks why a figure is what it is gets its events, and the figure made again."""

from __future__ import annotations

from decimal import Decimal

from tests.interfaces.graphql.world import Client, World, unknown

WHY = """
query ($figure: ExplainedFigure!, $subject: UUID!, $last: Int, $asOf: AsOf) {
  explain(figure: $figure, subject: $subject, last: $last, asOf: $asOf) {
    shown made agrees count
    steps { position name actor recordedAt message words trade moved total }
    days { day contribution navFraction dayReturn nav }
  }
}
"""


async def test_a_trade_and_its_traders_record_are_made_again(reader: Client, world: World) -> None:
    world.quote("1.98", "2.00")
    signal = str(world.post())
    world.exit(signal, "3.00")
    world.catch_up()
    trader = str(world.trader())
    trade = (await reader.ask(WHY, figure="TRADE_PNL", subject=signal))["explain"]
    assert trade["agrees"]
    assert Decimal(trade["shown"]) == Decimal(trade["steps"][-1]["total"]) != 0
    assert {step["trade"] for step in trade["steps"]} == {signal}
    for figure in ("PNL", "RETURN"):
        whole = (await reader.ask(WHY, figure=figure, subject=trader))["explain"]
        assert (whole["agrees"], whole["count"]) == (True, trade["count"])
    assert len(whole["days"]) == 1


async def test_the_last_steps_are_given_and_all_are_counted(reader: Client, world: World) -> None:
    world.quote("1.98", "2.00")
    signal = str(world.post())
    world.exit(signal, "3.00")
    world.catch_up()
    found = (await reader.ask(WHY, figure="TRADE_PNL", subject=signal, last=1))["explain"]
    assert len(found["steps"]) == 1 <= found["count"]
    code, words = await reader.refused(WHY, figure="TRADE_PNL", subject=signal, last=0)
    assert (code, "from 1 to 500" in words) == ("invalid_input", True)


async def test_of_a_trade_that_is_not_there_nothing_is_said(reader: Client) -> None:
    nothing = str(unknown("trade"))
    assert (await reader.ask(WHY, figure="TRADE_PNL", subject=nothing))["explain"] is None
