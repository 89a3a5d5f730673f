"""What members ask the bot: figures, what they mean, and the events behind them."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from application.access import LOCAL_OPERATOR
from application.desk import Command
from application.linking import link_traders
from interfaces.clock import SetClock
from interfaces.lookups import trader_named
from tests.interfaces.discord.asking import Community, told
from tests.interfaces.discord.gateway import LoopbackDiscord, until

BUY = "BTO 2 TSLA 250c 11/20 @ 2.30"
SELL = "STC TSLA 250c 11/20 @ 3.30"


def trades(community: Community, author: str = "Nora") -> tuple[UUID, UUID]:
    """A trade that is over and one that runs."""
    first = community.says(author, BUY)
    community.says(author, SELL)
    second = community.says(author, "BTO 1 TSLA 260c 11/20 @ 1.10 SL 0.60")
    community.catch_up()
    return first, second


@pytest.fixture
async def signals(community: Community) -> tuple[UUID, UUID]:
    return await asyncio.to_thread(trades, community)


async def test_positions_are_what_is_open(community: Community, signals: tuple[UUID, UUID]) -> None:
    async with community.bot():
        everybody = await community.asks("positions")
        noras = await community.asks("positions", trader="nora")
        accounts = await community.asks("positions", accounts=True)
    assert everybody.is_ephemeral
    assert "**buy TSLA 260C 2026-11-20** · 1 open · Nora" in told(everybody)
    assert "entry 1.10 · P&L **+0.00** (+0.0%) · posted" in told(everybody)
    assert "250C" not in told(everybody)
    assert told(noras).startswith("Open positions of Nora\n")
    assert "nothing is open" in told(accounts)


async def test_pnl_is_a_traders_or_the_accounts(
    community: Community, signals: tuple[UUID, UUID]
) -> None:
    async with community.bot():
        noras = await community.asks("pnl", trader="Nora", window="7d")
        accounts = await community.asks("pnl")
    assert "**7d** return **+4.3%** · won 100% 21-100" in told(noras)
    assert "P&L +200.00" in told(noras)
    assert "`2026-11-16` +200.00 · day's return +4.3% · NAV 1.043" in told(noras)
    assert "P&L of the account paper\nnothing moved in this window" in told(accounts)


async def test_an_account_has_made_what_its_fills_made(community: Community) -> None:
    def past() -> None:
        community.buys()
        community.says("Nora", SELL)
        community.catch_up()

    await asyncio.to_thread(past)
    async with community.bot():
        answer = await community.asks("pnl", window="day")
    assert "**day** P&L **-430.00** · commission" in told(answer)
    assert "`2026-11-16` -430.00 · day's return" in told(answer)


async def test_the_board_ranks_by_the_figure_that_is_asked_for(
    community: Community, signals: tuple[UUID, UUID]
) -> None:
    async with community.bot():
        answer = await community.asks("leaderboard", window="all", by="pnl")
    assert "Leaderboard, all to 2026-11-16, by pnl" in told(answer)
    assert "**-** Nora · return **+4.3%** · won 100% 21-100" in told(answer)
    assert "too few trades 1/20, 1 posted" in told(answer)
    assert "1 trader · as known at position" in told(answer)


async def test_a_trader_has_a_record(community: Community, signals: tuple[UUID, UUID]) -> None:
    async with community.bot():
        answer = await community.asks("trader", name="Nora")
        stranger = await community.asks("trader", name="Nor")
    record, last = answer.embeds
    assert record["title"] == "Nora"
    assert "**30d** return **+4.3%**" in record["description"]
    assert "2 signals, 0 corrected" in record["footer"]["text"]
    assert last["description"].index("260C") < last["description"].index("250C")
    assert stranger.content == "No trader goes by 'Nor'; did you mean Nora?"


async def test_who_bets_against_themselves_is_marked_and_the_record_says_why(
    community: Community, signals: tuple[UUID, UUID]
) -> None:
    def past() -> None:
        community.says("Zed", "BTO 2 TSLA 240p 11/20 @ 2.00")
        community.catch_up()
        house = community.house
        with house.reader.connection() as connection:
            zed, nora = (trader_named(connection, name) for name in ("Zed", "Nora"))
        link_traders(
            house.desk, Command.given(uuid4(), actor="member:test", at=house.clock.now()),
            LOCAL_OPERATOR, trader=zed, to=nora, reason="one phone",
        )  # fmt: skip
        community.catch_up()

    await asyncio.to_thread(past)
    async with community.bot():
        board = await community.asks("leaderboard", window="all", by="pnl")
        record = await community.asks("trader", name="Zed")
    assert "**-** Nora ⚑2 · " in told(board)
    assert record.embeds[2]["title"] == "Worth a second look"
    assert "**opposite** bought TSLA 240P" in record.embeds[2]["description"]


async def test_why_tells_a_signals_events_with_what_each_moved(
    community: Community, signals: tuple[UUID, UUID]
) -> None:
    async with community.bot():
        answer = await community.asks("why", what=str(signals[0])[:8])
    said = told(answer)
    assert "**buy TSLA 250C 2026-11-20** · closed" in said
    posted, called = said.index("**signal.posted**"), said.index("**signal.exit_called**")
    assert posted < called < said.index("P&L +200.00 (+43.5%)")


async def test_why_tells_a_traders_return_trade_by_trade(
    community: Community, signals: tuple[UUID, UUID]
) -> None:
    async with community.bot():
        by_name = await community.asks("why", what="nora")
        account = await community.asks("why", what="paper")
        nothing = await community.asks("why", what="deadbeef")
    assert "What Nora's figures are made of" in told(by_name)
    assert "by events `" in told(by_name)
    assert "no event moved it yet" in told(by_name)
    assert "**account.opened** by member:operator" in told(account)
    assert nothing.content == "No trader goes by 'deadbeef'"


async def test_why_tells_what_moved_an_accounts_holding(community: Community) -> None:
    await asyncio.to_thread(community.buys)
    async with community.bot():
        (held,) = [
            choice
            for choice in await community.suggests("why", "what", "paper")
            if choice["name"].startswith("paper: 43 TSLA 250C")
        ]
        answer = await community.asks("why", what=held["value"])
    assert "**buy TSLA 250C 2026-11-20** · 43 open" in told(answer)
    assert "**order.filled** P&L +0.00 (+0.0%)" in told(answer)


async def test_the_queue_has_what_waits_with_the_buttons_of_its_cards(
    community: Community, signals: tuple[UUID, UUID]
) -> None:
    async with community.bot():
        answer = await community.asks("approve-queue")
    assert "**1** " in told(answer)
    assert "**buy 1 TSLA 260C 2026-11-20** by Nora" in told(answer)
    assert "claimed 1.10, market -, stop 0.60" in told(answer)
    assert [one for one in answer.custom_ids if str(signals[1]) in one] == [
        f"tt:{act}:{signals[1]}{seen}"
        for act, seen in {"approve": ":1", "reject": ":1", "fix": "", "why": ""}.items()
    ]
    labels = [button["label"] for button in answer.components[0]["components"]]
    assert labels == ["Approve 1", "Reject 1", "Fix 1", "Why 1"]


async def test_an_empty_queue_says_so(community: Community) -> None:
    async with community.bot():
        answer = await community.asks("approve-queue")
    assert "nothing waits for approval" in told(answer)
    assert answer.custom_ids == []


async def test_status_says_where_the_tape_ends(
    community: Community, signals: tuple[UUID, UUID]
) -> None:
    async with community.bot():
        answer = await community.asks("status")
    assert f"The tape ends at position {community.house.head()}" in told(answer)
    assert "reactions and read models are at the end of the tape" in told(answer)


async def test_what_figures_mean_is_one_click_away(
    community: Community, signals: tuple[UUID, UUID]
) -> None:
    async with community.bot():
        answer = await community.asks("leaderboard")
        meant = await community.presses(answer, "tt:define:")
    assert meant is not answer
    assert meant.is_ephemeral
    for name in ("return", "accuracy", "sharpe", "pnl", "ranked", "rests on"):
        assert f"**{name}**: " in told(meant)
    assert "Wilson's 95 % interval" in told(meant)


async def test_every_figure_that_is_shown_is_defined(community: Community) -> None:
    await asyncio.to_thread(community.buys)
    async with community.bot():
        for words, options in (
            ("positions", {}), ("pnl", {}), ("pnl", {"trader": "Nora"}), ("leaderboard", {}),
            ("trader", {"name": "Nora"}), ("why", {"what": "Nora"}),
        ):  # fmt: skip
            answer = await community.asks(words, **options)
            (names,) = [one for one in answer.custom_ids if one.startswith("tt:define:")]
            meant = told(await community.presses(answer, "tt:define:"))
            for name in names.removeprefix("tt:define:").split(","):
                assert f"**{name}**: " in meant


async def test_a_database_that_is_away_is_told_in_a_sentence(
    community: Community, loopback: LoopbackDiscord
) -> None:
    async with community.bot():
        community.house.views.close()
        given = await loopback.command("leaderboard", "Rob", "options")
        answer = await given.answered()
        assert answer.is_ephemeral
        assert answer.content.startswith("Something")
        assert "Traceback" not in answer.content


async def test_commands_are_registered_once_and_again_when_they_differ(
    community: Community, loopback: LoopbackDiscord, clock: SetClock
) -> None:
    async with community.bot():
        names = {command["name"] for command in loopback.commands}
    assert names == {
        "signal", "positions", "pnl", "leaderboard", "trader", "follow", "why", "approve-queue",
        "close", "close-all", "status",
    }  # fmt: skip

    def written() -> int:
        return sum(m == "PUT" and path.endswith("/commands") for m, path in loopback.requests)

    assert written() == 1
    async with community.bot():
        await community.asks("status")
    assert written() == 1
    loopback.commands[0]["description"] = "of another version"
    async with community.bot():
        await until(lambda: written() == 2)
