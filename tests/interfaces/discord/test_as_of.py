"""Whoever asks may ask as of then: every command that looks answers with what was known."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from interfaces.discord.slash.commands import COMMANDS
from tests.interfaces.discord.asking import Community, told

BUY = "BTO 2 TSLA 250c 11/20 @ 2.30"
SELL = "STC TSLA 250c 11/20 @ 3.30"

NOT_AS_OF = {
    "signal": "it gives a signal",
    "follow": "it follows a trader",
    "close": "it orders",
    "close-all": "it orders",
    "status": "it tells how far everything is at this moment",
}
"""Commands that have no as-of, and why."""

LOOKS: dict[str, dict[str, Any]] = {
    "positions": {}, "pnl": {"trader": "Nora"}, "leaderboard": {"window": "all"},
    "trader": {"name": "Nora"}, "why": {"what": "Nora"}, "approve-queue": {},
}  # fmt: skip


@pytest.fixture
async def before_the_exit(community: Community) -> int:
    """The position of the tape at which a trade was open that is closed by now."""

    def past() -> int:
        community.says("Nora", BUY)
        community.catch_up()
        position = community.house.head()
        community.says("Nora", SELL)
        community.catch_up()
        return position

    return await asyncio.to_thread(past)


def test_every_command_that_only_looks_takes_it() -> None:
    takes = {one.name for one in COMMANDS if any(p.name == "as_of" for p in one.parameters)}
    assert takes == {one.name for one in COMMANDS} - NOT_AS_OF.keys()
    assert takes == LOOKS.keys()


async def test_it_answers_as_known_then_and_says_so(
    community: Community, before_the_exit: int
) -> None:
    then = f"as known at position {before_the_exit} of the tape, recorded 20"
    async with community.bot():
        found = {
            name: (
                told(await community.asks(name, as_of=str(before_the_exit), **options)),
                told(await community.asks(name, **options)),
            )
            for name, options in LOOKS.items()
        }
    for name, (known, now) in found.items():
        assert then in known, name
        assert then not in now, name
    assert "2 open" in found["positions"][0]
    assert "nothing is open" in found["positions"][1]
    assert "P&L +200.00" not in found["pnl"][0]
    assert "P&L +200.00" in found["pnl"][1]
    assert "0 closed" in found["leaderboard"][0]
    assert "1 closed" in found["leaderboard"][1]
    assert "2 open" in found["trader"][0]
    assert "closed · " not in found["why"][0]
    assert "P&L **+200.00**: made again from 1 step, and the same" in found["why"][1]


async def test_a_later_event_changes_nothing_of_it(
    community: Community, before_the_exit: int
) -> None:
    async def asked() -> list[str]:
        return [
            told(await community.asks(name, as_of=str(before_the_exit), **options))
            for name, options in LOOKS.items()
        ]

    async with community.bot():
        before = await asked()
        for words in ("BTO 1 AAPL @ 190", "STO 3 TSLA 240p 11/20 @ 1.00"):
            await asyncio.to_thread(community.says, "Nora", words)
        await asyncio.to_thread(community.catch_up)
        assert await asked() == before


async def test_a_time_names_the_position_that_was_the_last_by_then(
    community: Community, before_the_exit: int
) -> None:
    with psycopg.connect(community.house.database_url) as connection:
        row = connection.execute(
            "SELECT recorded_at FROM tape.events WHERE position = %s", (before_the_exit,)
        ).fetchone()
    assert row is not None
    moment = row[0].astimezone(UTC).isoformat()
    async with community.bot():
        answer = await community.asks("positions", as_of=moment)
    assert f"as known at position {before_the_exit} of the tape" in told(answer)


async def test_pages_of_it_are_of_the_same_moment(community: Community) -> None:
    def past() -> int:
        for number in range(12):
            community.says("Nora", f"BTO 1 TSLA {200 + number}c 11/20 @ 1.10")
        community.catch_up()
        position = community.house.head()
        community.says("Nora", "STC TSLA 200c 11/20 @ 2.10")
        community.catch_up()
        return position

    position = await asyncio.to_thread(past)
    async with community.bot():
        post = await community.asks("positions", as_of=str(position))
        await community.presses(post, f"tt:page:positions@{position}:")
        assert "TSLA 200C" in told(post)
        assert f"as known at position {position} of the tape" in told(post)
        await community.presses(post, f"tt:page:positions@{position}:")
        assert "TSLA 211C" in told(post)


async def test_what_waited_then_has_no_buttons(community: Community, before_the_exit: int) -> None:
    async with community.bot():
        answer = await community.asks("approve-queue", as_of=str(before_the_exit))
    assert "**buy 2 TSLA 250C 2026-11-20** by Nora" in told(answer)
    assert not [one for one in answer.custom_ids if one.startswith("tt:approve:")]


@pytest.mark.parametrize(
    ("as_of", "said"),
    [
        ("yesterday", "'yesterday' is neither a position of the tape nor a moment: 1200,"),
        ("-3", "'-3' is neither a position"),
        ("1000000", "Position 1000000 is not reached: the tape ends at"),
        ("2999-01-01", "2999-01-01 is in the future: nobody knows yet"),
    ],
)
async def test_what_is_no_time_or_has_not_come_is_refused(
    community: Community, before_the_exit: int, as_of: str, said: str
) -> None:
    async with community.bot():
        answer = await community.asks("positions", as_of=as_of)
    assert answer.content.startswith(said)


async def test_before_the_record_nobody_was_known(
    community: Community, before_the_exit: int
) -> None:
    moment = (datetime.now(UTC) - timedelta(days=999)).isoformat()
    async with community.bot():
        trader = await community.asks("trader", name="Nora", as_of=moment)
        board = await community.asks("leaderboard", as_of="0")
    assert trader.content == "Nobody knew of the trader Nora at position 0 of the tape"
    assert "nobody traded in this window" in told(board)
    assert "as known at position 0 of the tape" in told(board)


async def test_why_tells_the_words_of_each_message_and_sums_the_steps(
    community: Community, before_the_exit: int
) -> None:
    async with community.bot():
        (choice, *_) = [
            one for one in await community.suggests("why", "what", "250C") if "buy" in one["name"]
        ]
        answer = told(await community.asks("why", what=choice["value"]))
    assert f'· "{BUY}"' in answer
    assert f'· "{SELL}" · P&L +200.00 (+43.5%), sum +200.00' in answer
    assert "P&L **+200.00**: made again from 1 step, and the same" in answer
