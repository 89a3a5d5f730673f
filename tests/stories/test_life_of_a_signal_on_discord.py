"""The life of a signal on Discord, read aloud from the README: what people do, see and hear.

Nothing is moved along by hand here: the bot and its worker follow the tape as `truetape bot` has
them, and the story waits until everything is told. At each stop it names the stored events.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest

from application.access import LOCAL_OPERATOR
from application.administering import publish_rules
from domain.grammar.reading import PARSER
from domain.ranking import Rules
from interfaces.cli.running import working
from interfaces.clock import SetClock
from interfaces.compose import House
from interfaces.discord.bot import Bot
from interfaces.discord.settings import DiscordSettings
from tests.interfaces.discord.deck import Deck, pressable, shown, until_shown
from tests.interfaces.discord.gateway import LoopbackDiscord, until
from tests.interfaces.discord.guild import Post
from tests.interfaces.discord.test_clicks import fixed, hears_of_fix
from tests.stories.telling import Told

CHANNELS = ("options", "signals", "trades", "alerts", "operators", "leaderboard")
SETTINGS = DiscordSettings(
    channels=("options",),
    record="",
    approvers=frozenset({"Approver"}),
    admins=frozenset({"Admin"}),
)
STOP = re.compile(r"^### (\d)\. (.+)\n(?:.|\n)*?^Recorded: (.+(?:\n.+)*)$", re.MULTILINE)
EVENT = re.compile(r"`([a-z_.]+)`")
ROOT = Path(__file__).parents[2]


class Life:
    """One Monday in a guild, and what has been recorded since the last look."""

    def __init__(self, deck: Deck, told: Told) -> None:
        self.deck = deck
        self.told = told
        self.stops: dict[int, list[str]] = {}

    def at(self, time: str) -> datetime:
        """It is this time, in the house and on Discord."""
        moment = self.told.at(time)
        self.deck.loopback.guild.now = moment
        return moment

    async def says(self, time: str, who: str, words: str) -> None:
        self.at(time)
        await self.deck.loopback.say("options", who, words)

    async def records(self, *expected: str) -> None:
        """Waits until this was recorded since the last look, and nothing else: what happened,
        and then where the bot said so in Discord.
        """
        seen = self.told.head

        def is_told() -> bool:
            recorded = self.deck.events()[seen:]
            return Counter(expected) <= Counter(recorded) and self.is_quiet()

        with suppress(TimeoutError):
            await until(is_told)
        recorded = sorted(self.told.events(), key=lambda name: name.startswith("notice."))
        assert recorded == list(expected)

    def stop(self, number: int, *events: str) -> Sequence[str]:
        """The events of a stop, as the page on Discord tells them as well."""
        self.stops[number] = [*self.stops.get(number, ()), *events]
        return events

    def posts(self, channel: str) -> list[Post]:
        return list(self.deck.loopback.guild.channel(channel).posts.values())

    def board(self) -> list[str]:
        """Rank, name, return and P&L of each line of the pinned leaderboard."""
        (board,) = self.posts("leaderboard")
        lines = str(board.embeds[0]["description"]).replace("*", "").split("\n")
        parts = [line.split(" · ") for line in lines]
        return [" · ".join(line[place] for place in (0, 1, 4)) for line in parts if len(line) > 4]

    async def board_shows(self, *lines: str) -> None:
        """Waits until the leaderboard says this."""
        with suppress(TimeoutError):
            await until(lambda: self.board() == list(lines))
        assert self.board() == list(lines)

    def is_quiet(self) -> bool:
        """Whether everything has followed the tape and is told."""
        house = self.deck.house
        head = house.head()
        steps = house.reaction_statuses()
        return (
            all(step.position == head for step in steps)
            and house.read_until() == head
            and self.deck.due() == 0
            and house.head() == head
        )


@pytest.fixture
async def life(house: House, clock: SetClock, tmp_path: Path) -> AsyncIterator[Life]:
    async with LoopbackDiscord(clock.now()) as loopback:
        for name in CHANNELS:
            loopback.guild.channel(name)
        deck = Deck(house, loopback, tmp_path)
        yield Life(deck, Told(house, clock, tmp_path))


async def test_the_life_of_a_signal_on_discord(life: Life) -> None:
    await asyncio.to_thread(_zoe_has_traded_before, life)
    bot = Bot(life.deck.house, SETTINGS, retry_s=0.1, pace_s=0.1, guild_ready_timeout=0.1)
    with working(life.deck.house, threading.Event()):
        async with life.deck.loopback.running(bot):
            await _the_leaderboard_is_pinned(life)
            card = await _a_trader_posts_and_a_card_shows_the_reading_and_the_market(life)
            await _who_may_not_is_refused_and_an_approver_says_yes(life, card)
            await _an_order_is_sent_and_its_fill_is_told(life, card)
            await _the_trader_leaves_and_what_it_earned_is_told(life, card)
            await _the_leaderboard_moves(life)
            await _the_close_is_marked_and_a_milestone_told(life)
            await _a_mistake_is_corrected_by_adding_to_it(life, card)
    assert life.stops == {number: events for number, (_, events) in told_in_the_page().items()}


def _zoe_has_traded_before(life: Life) -> None:
    """One closed trade ranks in this guild; Zoe has one, from before the bot was there."""
    life.told.market(
        "TSLA261120C00250000 14:59:30 2.25 2.30",
        "TSLA261120C00250000 15:29:30 3.05 3.10",
        "TSLA261127C00260000 16:59:30 1.95 2.00",
        "TSLA261127C00260000 20:59:30 1.50 1.60",
        "TSLA 20:59:30 251.00 251.10",
    )
    publish_rules(
        life.deck.house.desk, life.deck.order("rules"), LOCAL_OPERATOR,
        rules=Rules(version=3, minimum_trades=1),
    )  # fmt: skip
    life.deck.says("Zoe", "BTO 1 AAPL 11/20 230c @ 4.00", at=life.at("14:10:00"))
    life.deck.says("Zoe", "all out AAPL 230c @ 4.40", at=life.at("14:20:00"))
    life.deck.catch_up()


async def _the_leaderboard_is_pinned(life: Life) -> None:
    await until(lambda: "notice.posted" in life.deck.events() and life.is_quiet())
    # The story begins after what was recorded until here.
    life.told.events()
    (board,) = life.posts("leaderboard")
    await until(lambda: board.is_pinned)
    await life.board_shows("1 Zoe · return +1.0% · P&L +40.00")


async def _a_trader_posts_and_a_card_shows_the_reading_and_the_market(life: Life) -> Post:
    await life.says("15:00:00", "Nora", "BTO 2 TSLA 11/20 250c @ 2.28")
    await life.records(
        *life.stop(1, "message.captured", "trader.registered"),
        *life.stop(2, "signal.posted"),
        *life.stop(3, "signal.price_checked", "notice.posted", "notice.thread_opened"),
    )
    (card,) = life.deck.cards()
    told = shown(card)
    # Eleven checks, those of the account's order among them, and none says no.
    assert told.pop("Checks").count("\N{CHECK MARK}") == 11
    assert told == {
        "title": "BUY 2 TSLA 250C 2026-11-20 @ 2.28",
        "told": "**Waiting** for a yes or no until 2026-11-17 15:00 UTC",
        "Trader": "Nora in #options, 2026-11-16 15:00 UTC",
        "Entry": "claimed 2.28, attainable: counts at 2.30 "
        "(bid 2.25, offer 2.30 at 14:59:30 UTC, quotes)",
        "Size": "2, 2 open",
        "Read by": f"{PARSER}: year 2026 of '11/20' taken from the message's time",
        "Confidence": "100%",
    }
    assert pressable(card) == {"approve": True, "reject": True, "fix": True, "why": True}
    return card


async def _who_may_not_is_refused_and_an_approver_says_yes(life: Life, card: Post) -> None:
    no_approver = await (await life.deck.clicks(card, "approve", "Rob")).answered()
    assert no_approver.is_ephemeral
    assert no_approver.content == "Rob is no approver: ask an admin for the role"
    await life.records(*life.stop(4, "signal.approval_refused"))
    assert pressable(card)["approve"]
    heard = await life.deck.hears(card, "approve", "Olga")
    assert heard == "Approved: its order for paper follows."


async def _an_order_is_sent_and_its_fill_is_told(life: Life, card: Post) -> None:
    await life.records(
        *life.stop(4, "signal.approved"),
        *life.stop(5, "order.requested", "order.cleared", "order.submitted", "order.accepted"),
        *life.stop(6, "order.filled", "exit_plan.set", "notice.posted"),
    )
    # A tenth of 100,000.00 buys 43 contracts at the offer of 2.30.
    assert life.deck.trades() == [
        "**paper** filled: buy 43 TSLA 250C 2026-11-20 at 2.30, on Nora's signal"
    ]
    told = shown(card)
    assert told["told"] == "**Approved** by olga via discord at 2026-11-16 15:00 UTC for paper"
    assert told["Orders"] == "buy 43 TSLA 250C 2026-11-20 filled at 2.30"
    assert pressable(card) == {"approve": False, "reject": False, "fix": True, "why": True}


async def _the_trader_leaves_and_what_it_earned_is_told(life: Life, card: Post) -> None:
    await life.says("15:30:00", "Nora", "all out TSLA 250c @ 3.05")
    await life.records(
        *life.stop(
            7,
            "message.captured",
            "signal.exit_called",
            "signal.closed",
            "signal.price_checked",
            "exit_plan.triggered",
            "order.requested",
            "order.cleared",
            "order.submitted",
            "order.accepted",
            "order.filled",
            "exit_plan.reduced",
            "exit_plan.done",
            "notice.posted",
            "notice.posted",
        )
    )
    assert life.deck.trades()[1:] == [
        (
            "**Nora** out of 2 TSLA 250C 2026-11-20 at 3.05: P&L +150.00; "
            "the position has earned +150.00 (+32.6%), nothing open"
        ),
        (
            "**paper** filled: sell 43 TSLA 250C 2026-11-20 at 3.05, on Nora's signal: "
            "P&L +3,225.00; the position has earned +3,225.00 (+32.6%), nothing open"
        ),
    ]
    assert shown(card)["P&L"] == "+150.00 (+32.6%)"
    assert life.deck.thread(card) == [
        "posted: buy 2 at 2.28",
        "price of execution 1 checked: bid 2.25, offer 2.30, counts at 2.30",
        "approve by rob refused: rob is no approver: ask an admin for the role",
        "approved by olga via discord for paper",
        "order requested: buy 43 for paper",
        "order passed every check",
        "order sent to paper",
        "order accepted by the broker",
        "order filled: 43 at 2.30",
        "paper holds 43 at 2.30, guarded by no level",
        "exit of 2 at 3.05 (exit)",
        "closed (exit)",
        "price of execution 2 checked: bid 3.05, offer 3.10, counts at 3.05",
        (
            "the trader's exit: 43 to be closed at 3.00 or better "
            "(bid 3.05, offer 3.10 at 15:29:30 UTC)"
        ),
        "order requested: sell 43 for paper",
        "order passed every check",
        "order sent to paper",
        "order accepted by the broker",
        "order filled: 43 at 3.05",
        "43 gone (trader): 0 held",
        "the exit plan is done: nothing is held any more",
    ]


async def _the_leaderboard_moves(life: Life) -> None:
    await life.board_shows(
        "1 Nora · return +3.3% · P&L +150.00",
        "2 Zoe · return +1.0% · P&L +40.00",
    )


async def _the_close_is_marked_and_a_milestone_told(life: Life) -> None:
    await life.says("17:00:00", "Nora", "BTO 1 TSLA 11/27 260c @ 2.00")
    await life.records(
        "message.captured",
        "signal.posted",
        "signal.price_checked",
        "notice.posted",
        "notice.thread_opened",
    )
    life.at("21:05:00")
    # The bot's own timers notice that the exchange has closed.
    await life.records(
        *life.stop(8, "mark.recorded", "notice.posted"),
    )
    # Longs are marked at the bid: 1.50 against the 2.00 that was paid.
    assert life.posts("trades")[-1].content.startswith(
        "**Nora** BUY TSLA 260C 2026-11-27: **-25.0%**, P&L -50.00, "
        "mark 1.50 of 2026-11-16 21:00 UTC"
    )
    await life.board_shows(
        "1 Zoe · return +1.0% · P&L +40.00",
        "2 Nora · return +0.8% · P&L +100.00",
    )


async def _a_mistake_is_corrected_by_adding_to_it(life: Life, card: Post) -> None:
    fix = await life.deck.clicks(card, "fix", "Nora")
    await fix.acknowledged()
    filled = fixed(price="2.40", reason="my fill was at 2.40")
    asked = await (await life.deck.loopback.submit(fix, filled)).answered()
    assert asked.content.startswith("Asked for: another person, an admin, approves")
    told = await until_shown(card, lambda fields: "Correction asked for" in fields)
    assert told["Correction asked for"] == "price ~~2.28~~ 2.40: nora, my fill was at 2.40"
    assert "pnl: 100 -> 80" in told["It would move"]
    assert await hears_of_fix(life.deck, card, "apply", "Ada") == "Approved and applied."
    await life.records(
        *life.stop(
            9,
            "correction.requested",
            "correction.approved",
            "signal.corrected",
            "correction.applied",
        )
    )
    told = shown(card)
    assert told["Changed"] == "entry price ~~2.30~~ 2.40: ada, my fill was at 2.40"
    assert told["P&L"] == "+130.00 (+27.1%)"
    await life.board_shows(
        "1 Zoe · return +1.0% · P&L +40.00",
        "2 Nora · return +0.2% · P&L +80.00",
    )


def told_in_the_page() -> dict[int, tuple[str, list[str]]]:
    """The stops of the page on Discord: what happens, and what is recorded of it."""
    page = (ROOT / "docs/discord.md").read_text()
    return {int(n): (what, EVENT.findall(events)) for n, what, events in STOP.findall(page)}


def test_the_readme_tells_the_same_stops() -> None:
    readme = (ROOT / "README.md").read_text()
    # A stop may lead to the page about it.
    unlinked = re.sub(r"\*\*(.*)\[(.+?)\]\(.+?\)(.*)\*\*", r"**\1\2\3**", readme)
    stops = re.findall(r"^(\d)\. \*\*(.+)\*\*: (.+) \(", unlinked, re.MULTILINE)
    page = told_in_the_page()
    assert {int(n): what for n, what, _ in stops} == {n: what for n, (what, _) in page.items()}
    for number, _, events in stops:
        assert set(EVENT.findall(events)) & set(page[int(number)][1])
