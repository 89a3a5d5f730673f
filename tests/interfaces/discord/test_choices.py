"""What is suggested while somebody types: few, fitting, and there in a blink."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter

import psycopg
import pytest

from interfaces.discord.slash.choices import (
    CHOICES_MAX,
    Choices,
    contracts,
    held,
    subjects,
    traders,
)
from projections.accounts import Accounts
from projections.books import Books
from projections.runner import Runner
from projections.signal_feed import SignalFeed
from projections.trader_profiles import TraderProfiles
from tests.benchmarks.history import write_history
from tests.interfaces.discord.asking import Community
from tests.interfaces.discord.gateway import LoopbackDiscord
from tests.interfaces.discord.listening import NOON
from tests.patience import quickest
from tests.projections.tape import reading

WAIT_MAX_S = 0.1
DAY = NOON.date()


def names(choices: list[dict[str, str]]) -> list[str]:
    return [choice["name"] for choice in choices]


async def test_traders_are_found_by_a_part_of_their_name(community: Community) -> None:
    def past() -> None:
        for author in ("Nora", "Norbert", "Eleonora", "Otto"):
            community.says(author, "BTO 1 TSLA 250c 11/20 @ 2.00")
        community.says("Norbert", "BTO 1 AAPL @ 190")
        community.says("Lurker", "hello")
        community.catch_up()

    await asyncio.to_thread(past)
    async with community.bot():
        for words, option in (("trader", "name"), ("follow", "name"), ("positions", "trader")):
            found = await community.suggests(words, option, "NOR")
            assert names(found) == ["Norbert", "Nora", "Eleonora"]
        assert names(await community.suggests("pnl", "trader", "x")) == []
        everybody = await community.suggests("trader", "name", "")
    assert set(names(everybody)) == {"Norbert", "Nora", "Eleonora", "Otto"}


async def test_contracts_are_what_was_traded_lately_and_what_is_typed(
    community: Community,
) -> None:
    def past() -> None:
        for contract in ("TSLA 250c 11/20", "TSLA 260p 11/27", "SPY 600c 11/20"):
            community.says("Nora", f"BTO 1 {contract} @ 2.00")
        community.says("Nora", "BTO 5 AAPL @ 190")
        community.catch_up()

    await asyncio.to_thread(past)
    async with community.bot():
        assert names(await community.suggests("signal", "contract", "")) == [
            "AAPL", "SPY 11/20/26 600C", "TSLA 11/27/26 260P", "TSLA 11/20/26 250C",
        ]  # fmt: skip
        tesla = await community.suggests("signal", "contract", "tsla")
        assert names(tesla) == ["TSLA", "TSLA 11/27/26 260P", "TSLA 11/20/26 250C"]
        assert tesla[1]["value"] == "TSLA  261127P00260000"
        by_day = await community.suggests("signal", "contract", "tsla 11/27")
        assert names(by_day) == ["TSLA 11/27/26 260P"]
        new = await community.suggests("signal", "contract", "TSLA 12/18 300c")
        assert new == [{"name": "TSLA 12/18/26 300C", "value": "TSLA  261218C00300000"}]


async def test_accounts_and_what_they_hold_are_found(community: Community) -> None:
    await asyncio.to_thread(community.buys)
    async with community.bot():
        assert names(await community.suggests("close", "position", "aapl")) == []
        (held_,) = names(await community.suggests("close", "position", "tsla 250"))
        assert held_.startswith("paper: 43 TSLA 250C 2026-11-20")
        assert names(await community.suggests("close-all", "account", "pa")) == ["paper"]


async def test_a_database_that_is_away_suggests_nothing(
    community: Community, loopback: LoopbackDiscord
) -> None:
    async with community.bot():
        community.house.views.close()
        assert await community.suggests("trader", "name", "n") == []


@pytest.mark.slow
def test_choices_are_there_in_a_blink_and_never_too_many(database_url: str) -> None:
    write_history(database_url, 20_000, traders=200, days=20, seed=7)
    runner = Runner(reading(database_url), [Accounts, Books, SignalFeed, TraderProfiles])
    runner.start()
    runner.catch_up()
    runner.close()
    with psycopg.connect(database_url) as connection:
        suggesting: tuple[Callable[[], Choices], ...] = (
            lambda: traders(connection, "a"),
            lambda: held(connection, ""),
            lambda: subjects(connection, "t"),
            lambda: contracts(connection, "T", DAY),
        )
        for suggest in suggesting:
            found = suggest()
            assert len(found) <= CHOICES_MAX
            assert all(len(one.name) <= 100 and len(one.value) <= 100 for one in found)

            def takes(suggest: Callable[[], Choices] = suggest) -> float:
                began = perf_counter()
                suggest()
                return perf_counter() - began

            assert quickest(takes, under=WAIT_MAX_S) < WAIT_MAX_S
