"""One pinned board is edited as figures move, and positions that have come far are told."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from interfaces.discord.milestones import is_due
from tests.interfaces.discord.deck import Deck
from tests.interfaces.discord.gateway import until
from tests.interfaces.discord.guild import Post
from tests.interfaces.discord.moving import marks, moving, posts_in
from tests.interfaces.discord.rest import UNAVAILABLE
from tests.interfaces.discord.rest_guild import PIN

ENTRY = "BTO 2 TSLA 11/20 250c @ 2.00"


async def board_of(deck: Deck) -> Post:
    await until(lambda: bool(posts_in(deck, "leaderboard")))
    (board,) = posts_in(deck, "leaderboard")
    return board


def lines(board: Post) -> str:
    return str(board.embeds[0].get("description", ""))


async def until_told(deck: Deck, count: int) -> list[str]:
    """Waits for so many posts about positions; their words."""
    try:
        await until(lambda: len(milestones(deck)) == count)
    except TimeoutError:
        raise AssertionError(milestones(deck)) from None
    return milestones(deck)


def milestones(deck: Deck) -> list[str]:
    return [post.content for post in posts_in(deck, "trades") if ", mark " in post.content]


class TestLeaderboard:
    async def test_is_posted_once_pinned_and_kept(self, deck: Deck) -> None:
        async with moving(deck):
            board = await board_of(deck)
            await until(lambda: board.is_pinned)
            assert board.embeds[0]["title"].startswith("Leaderboard, 30d")
            assert lines(board) == "nobody traded in this window"
            assert [one.split(":")[1] for one in board.custom_ids] == ["define"]
            await until(lambda: deck.events("notice.%") == ["notice.posted"])

    async def test_is_edited_when_figures_move(self, deck: Deck) -> None:
        async with moving(deck):
            board = await board_of(deck)
            await deck.posts(ENTRY)
            await asyncio.to_thread(marks, deck, "3.00", minute=5)
            await until(lambda: "Nora" in lines(board) and "+200.00" in lines(board))
            assert posts_in(deck, "leaderboard") == [board]

    async def test_is_edited_by_the_next_start_and_not_posted_again(self, deck: Deck) -> None:
        async with moving(deck):
            board = await board_of(deck)
            await until(lambda: deck.events("notice.%") == ["notice.posted"])
        await asyncio.to_thread(deck.says, "Nora", ENTRY)
        await asyncio.to_thread(deck.catch_up)
        await asyncio.to_thread(marks, deck, "3.00", minute=5)
        async with moving(deck):
            await until(lambda: "Nora" in lines(board))
        assert posts_in(deck, "leaderboard") == [board]

    async def test_is_posted_and_pinned_again_when_it_was_deleted(self, deck: Deck) -> None:
        async with moving(deck):
            before = await board_of(deck)
            await until(lambda: before.is_pinned)
            await deck.loopback.delete(before)
            after = await board_of(deck)
            assert after is not before
            await until(lambda: after.is_pinned)
            await until(lambda: deck.events("notice.%") == ["notice.posted", "notice.reposted"])

    async def test_that_was_deleted_while_nobody_looked_is_posted_by_the_next_start(
        self, deck: Deck
    ) -> None:
        async with moving(deck):
            before = await board_of(deck)
            await until(lambda: before.is_pinned)
        await deck.loopback.delete(before)
        async with moving(deck):
            after = await board_of(deck)
            await until(lambda: after.is_pinned)
        assert after is not before

    async def test_stands_unpinned_where_the_bot_may_not_pin(self, deck: Deck) -> None:
        deck.loopback.guild.channel("leaderboard").denied = PIN
        async with moving(deck):
            board = await board_of(deck)
            await until(lambda: deck.events("notice.%") == ["notice.posted"])
        assert not board.is_pinned

    async def test_survives_an_outage_of_discord(self, deck: Deck) -> None:
        channel = deck.loopback.guild.channel("leaderboard")
        deck.loopback.troubles.add("POST", f"/channels/{channel.id}/messages", UNAVAILABLE, 2)
        async with moving(deck):
            await board_of(deck)
            await until(lambda: bool(deck.events("notice.%")))
        assert deck.events("notice.%") == ["notice.posted"]

    async def test_moves_no_more_often_than_its_pace(self, deck: Deck) -> None:
        async with moving(deck, pace_s=3_600):
            board = await board_of(deck)
            await deck.posts(ENTRY)
            await asyncio.to_thread(marks, deck, "3.00", minute=5)
            await asyncio.sleep(0.5)
            assert lines(board) == "nobody traded in this window"


class TestMilestones:
    @pytest.mark.parametrize(
        ("ratio", "last", "told"),
        [
            ("0.049", None, False),
            ("0.05", None, True),
            ("-0.05", None, True),
            ("0.09", "0.05", False),
            ("0.10", "0.05", True),
            ("0.004", "0.05", False),
            ("0.00", "0.05", True),
        ],
    )
    def test_five_points_are_far_enough(self, ratio: str, last: str | None, told: bool) -> None:
        assert is_due(Decimal(ratio), None if last is None else Decimal(last)) is told

    async def test_a_position_is_told_whenever_it_has_moved_by_five_points(
        self, deck: Deck
    ) -> None:
        async with moving(deck):
            await deck.posts(ENTRY)
            await asyncio.to_thread(marks, deck, "2.20", minute=5)
            (first,) = await until_told(deck, 1)
            assert first.startswith("**Nora** BUY TSLA 250C 2026-11-20: **+10.0%**, P&L +40.00")
            await asyncio.to_thread(marks, deck, "2.28", minute=6)
            await asyncio.to_thread(marks, deck, "2.40", minute=7)
            _, second = await until_told(deck, 2)
            assert "**+20.0%**" in second
            assert "it was +10.0% when last told" in second

    async def test_what_was_told_is_known_to_the_next_bot(self, deck: Deck) -> None:
        async with moving(deck):
            await deck.posts(ENTRY)
            await asyncio.to_thread(marks, deck, "2.20", minute=5)
            await until_told(deck, 1)
            await until(lambda: len(deck.events("notice.%")) >= 3)
        async with moving(deck):
            await asyncio.to_thread(marks, deck, "2.24", minute=6)
            await asyncio.sleep(0.5)
            assert len(milestones(deck)) == 1
            await asyncio.to_thread(marks, deck, "1.80", minute=7)
            told = await until_told(deck, 2)
        assert "**-10.0%**" in told[1]

    async def test_positions_that_move_together_are_told_together(self, deck: Deck) -> None:
        put = "TSLA  261120P00250000"
        async with moving(deck, pace_s=1.0):
            await deck.posts(ENTRY)
            await deck.posts("BTO 2 TSLA 11/20 250p @ 2.00", "Zoe")
            await asyncio.to_thread(marks, deck, "2.20", minute=5)
            await asyncio.to_thread(marks, deck, "1.00", minute=5, symbol=put)
            (told,) = await until_told(deck, 1)
        assert [line.partition(" ")[0] for line in told.split("\n")] == ["**Zoe**", "**Nora**"]

    async def test_what_was_imported_long_after_is_not_told(self, deck: Deck) -> None:
        await asyncio.to_thread(deck.says, "Nora", ENTRY)
        await asyncio.to_thread(deck.catch_up)
        async with moving(deck):
            board = await board_of(deck)
            await asyncio.to_thread(marks, deck, "3.00", minute=5)
            await until(lambda: "Nora" in lines(board))
            await asyncio.sleep(0.3)
        assert milestones(deck) == []
