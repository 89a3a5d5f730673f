"""Long lists have pages, and their buttons outlive the bot that made them."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.interfaces.discord.asking import Community, told
from tests.interfaces.discord.gateway import LoopbackDiscord
from tests.interfaces.discord.guild import Post

MANY = 23
IDS = re.compile(r"`([0-9a-f]{8})`")


def ids(post: Post) -> list[str]:
    """Which rows are shown."""
    return IDS.findall(told(post))


def has(post: Post, start: str) -> bool:
    return any(one.startswith(start) for one in post.custom_ids)


@pytest.fixture
async def many(community: Community) -> list[str]:
    """The first characters of open trades' ids, the newest first."""

    def past() -> list[str]:
        made = [
            community.says("Nora", f"BTO 1 TSLA {200 + number}c 11/20 @ 1.10")
            for number in range(MANY)
        ]
        community.catch_up()
        return [str(signal)[:8] for signal in reversed(made)]

    return await asyncio.to_thread(past)


async def test_pages_go_on_where_the_last_one_ended_and_back_to_the_first(
    community: Community, many: list[str]
) -> None:
    async with community.bot():
        post = await community.asks("positions")
        assert ids(post)[:10] == many[:10]
        first = told(post)
        assert await community.presses(post, "tt:page:positions:") is post
        assert ids(post)[:10] == many[10:20]
        further = next(i for i in post.custom_ids if i.startswith("tt:page") and i[-1] != ":")
        post = await community.answered(await community.loopback.press(post, further, "Rob"))
        assert ids(post)[:3] == many[20:]
        await community.presses(post, "tt:page:positions:")
        assert told(post) == first


async def test_what_comes_meanwhile_shifts_no_page(community: Community, many: list[str]) -> None:
    async with community.bot():
        post = await community.asks("positions")
        await asyncio.to_thread(community.says, "Nora", "BTO 1 AAPL @ 190")
        await asyncio.to_thread(community.catch_up)
        await community.presses(post, "tt:page:positions:")
    assert ids(post)[:10] == many[10:20]


async def test_buttons_outlive_the_bot_that_made_them(
    community: Community, many: list[str]
) -> None:
    async with community.bot():
        post = await community.asks("positions")
    async with community.bot():
        await community.presses(post, "tt:page:positions:")
        assert ids(post)[:10] == many[10:20]
        meant = await community.presses(post, "tt:define:")
    assert "**position**: " in told(meant)


async def test_a_button_of_another_version_is_refused_and_the_page_stays(
    community: Community, loopback: LoopbackDiscord, many: list[str]
) -> None:
    async with community.bot():
        post = await community.asks("positions")
        before = told(post)
        for custom_id in ("tt:page:nothing:1", "tt:page:positions:x", "tt:page:leaderboard:9:9"):
            post.components[0]["components"][0]["custom_id"] = custom_id
            given = await loopback.press(post, custom_id, "Rob")
            assert await community.refused(given) == "This button is of another version: ask again"
    assert told(post) == before


async def test_all_pages_of_a_board_are_of_one_moment(community: Community) -> None:
    def past() -> None:
        for number in range(12):
            community.says(f"Trader {number:02}", "BTO 1 TSLA 250c 11/20 @ 2.00")
            community.says(f"Trader {number:02}", f"STC TSLA 250c 11/20 @ {3 + number}")
        community.catch_up()

    def meanwhile() -> None:
        community.says("Trader 00", "BTO 9 TSLA 260c 11/20 @ 1.00")
        community.says("Trader 00", "STC TSLA 260c 11/20 @ 90")
        community.catch_up()

    await asyncio.to_thread(past)
    async with community.bot():
        post = await community.asks("leaderboard", window="all", by="pnl")
        names = re.findall(r"Trader \d\d", told(post))
        await asyncio.to_thread(meanwhile)
        await community.presses(post, "tt:page:leaderboard:")
        names += re.findall(r"Trader \d\d", told(post))
    assert names == [f"Trader {number:02}" for number in range(11, -1, -1)]
    assert has(post, "tt:page:leaderboard:all:pnl:")


async def test_a_signals_long_story_has_pages(community: Community) -> None:
    def past() -> str:
        signal = community.says("Nora", "BTO 9 TSLA 250c 11/20 @ 2.00")
        for number in range(8):
            community.says("Nora", f"STC 1 TSLA 250c 11/20 @ {3 + number}")
        community.quotes("2.20", "2.30")
        community.catch_up()
        return str(signal)

    signal = await asyncio.to_thread(past)
    async with community.bot():
        post = await community.asks("why", what=signal)
        assert "**signal.posted**" in told(post)
        shown = re.findall(r"^`(\d+)`", told(post), re.MULTILINE)
        assert len(shown) == 10
        await community.presses(post, "tt:page:why:s:")
        rest = re.findall(r"^`(\d+)`", told(post), re.MULTILINE)
    assert [*shown, *rest] == sorted({*shown, *rest}, key=int)
    assert rest


async def test_a_traders_trades_and_what_waits_have_pages(
    community: Community, many: list[str]
) -> None:
    async with community.bot():
        trades = await community.asks("why", what="Nora")
        assert ids(trades) == many[:5]
        await community.presses(trades, "tt:page:why:t:")
        assert ids(trades) == many[5:10]
        queue = await community.asks("approve-queue")
        assert ids(queue) == many[::-1][:4]
        assert len(queue.components) == 5
        await community.presses(queue, "tt:page:queue:")
        assert ids(queue) == many[::-1][4:8]
        assert sum(one.startswith("tt:approve:") for one in queue.custom_ids) == 4
