"""What members do with commands: follow traders, close positions, close them all."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from domain.traders import trader_stream
from interfaces.clock import SetClock
from interfaces.discord.slash.follow import mentions_of
from interfaces.discord.telling import lines_of
from interfaces.watching import jobs
from projections.timeline import timeline
from tests.interfaces.discord.asking import Community, told
from tests.interfaces.discord.gateway import LoopbackDiscord
from tests.interfaces.discord.guild import Post
from tests.patience import wait_until


@pytest.fixture
async def bought(community: Community) -> UUID:
    """43 calls in the account."""
    return await asyncio.to_thread(community.buys)


async def holding(community: Community) -> str:
    """The choice that names what the account holds."""
    (choice,) = await community.suggests("close", "position", "")
    assert choice["name"].startswith("paper: 43 TSLA 250C 2026-11-20 (+0.00)")
    value: str = choice["value"]
    return value


async def test_a_member_follows_a_trader_and_stops(
    community: Community, loopback: LoopbackDiscord, bought: UUID
) -> None:
    await asyncio.to_thread(community.says, "Otto", "BTO 1 AAPL @ 190")
    await asyncio.to_thread(community.catch_up)
    nora = trader_stream("discord", str(loopback.guild.person("Nora").id))
    async with community.bot():
        begun = await community.asks("follow", name="Otto")
        both = await community.asks("follow", name="nora")
        twice = await community.asks("follow", name="Nora")
        await community.asks("follow", "Olga", name="Nora")
        with community.house.reader.connection() as connection:
            mentions = mentions_of(connection, nora)
        ended = await community.asks("follow", name="Nora", stop=True)
        never = await community.asks("follow", "Ada", name="Nora", stop=True)
        nobody = await community.asks("follow", name="Norbert")
    assert "You follow Otto: you are mentioned in the thread" in told(begun)
    assert "You also follow Otto." in told(both)
    assert twice.content == "You follow this trader already"
    ids = [loopback.guild.person(name).id for name in ("Rob", "Olga")]
    assert mentions == " ".join(f"<@{number}>" for number in ids)
    assert "You follow Nora no more." in told(ended)
    assert never.content == "You do not follow this trader"
    assert nobody.content == "No trader goes by 'Norbert'"
    assert community.events("follow.%") == [
        "follow.begun", "follow.begun", "follow.begun", "follow.ended",
    ]  # fmt: skip
    with community.house.reader.connection() as connection:
        assert mentions_of(connection, nora) == f"<@{ids[1]}>"


async def test_an_approver_closes_a_position_at_market(community: Community, bought: UUID) -> None:
    async with community.bot():
        which = await holding(community)
        part = await community.asks("close", "Olga", position=which, quantity="3")
        rest = await community.asks("close", "Olga", position=which)
        over = await community.asks("close", "Olga", position=which)
    assert told(part) == "Closing\nsell 3 TSLA 250C 2026-11-20 filled at 2.20"
    assert told(rest) == "Closing\nsell 40 TSLA 250C 2026-11-20 filled at 2.20"
    assert over.content == "This position is closed already"


@pytest.mark.parametrize(
    ("who", "given", "why"),
    [
        ("Rob", {}, "rob may not close position: that takes admin or approver"),
        ("Olga", {"quantity": "x"}, "The quantity 'x' is no number"),
        ("Olga", {"quantity": "44"}, "43 are open: close between that and nothing"),
        ("Olga", {"quantity": "-1"}, "43 are open: close between that and nothing"),
        ("Olga", {"position": "deadbeef"}, "There is no position deadbeef"),
        ("Olga", {"position": "no id"}, "'no id' is no id: give at least 4 of its characters"),
    ],
)
async def test_what_cannot_be_closed_is_refused_in_words(
    community: Community, bought: UUID, who: str, given: dict[str, str], why: str
) -> None:
    async with community.bot():
        which = await holding(community)
        before = community.events()
        answer = await community.asks("close", who, **{"position": which, **given})
    assert answer.content.lower() == why.lower()
    assert answer.is_ephemeral
    assert community.events() == before


async def test_a_traders_own_trade_is_not_the_accounts_to_close(
    community: Community, bought: UUID
) -> None:
    async with community.bot():
        answer = await community.asks("close", "Ada", position=str(bought))
    assert answer.content.startswith("That is no position of an account")


async def test_roles_are_those_of_the_moment(
    community: Community, loopback: LoopbackDiscord, bought: UUID
) -> None:
    async with community.bot():
        which = await holding(community)
        loopback.guild.person("Olga").roles = ()
        refused = await community.asks("close", "Olga", position=which)
        loopback.guild.person("Rob", "Approver")
        closed = await community.asks("close", "Rob", position=which)
    assert "may not close position" in refused.content
    assert "filled at 2.20" in told(closed)


async def test_a_replayed_command_closes_once(
    community: Community, loopback: LoopbackDiscord, bought: UUID
) -> None:
    async with community.bot():
        which = await holding(community)
        given = await loopback.command("close", "Olga", "options", position=which, quantity="1")
        await community.answered(given)
        await community.replays(given)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(community.catch_up)
    assert community.events("order.filled") == ["order.filled", "order.filled"]


async def test_what_a_killed_bot_had_acknowledged_is_done_when_it_is_told_again(
    community: Community, loopback: LoopbackDiscord, bought: UUID
) -> None:
    """The bot acknowledged the command, and was gone before it did anything."""
    async with community.bot():
        which = await holding(community)
        given = await loopback.command("status", "Olga", "options")
        await community.answered(given)
    command = next(one for one in loopback.commands if one["name"] == "close")
    given.data = {
        **given.data,
        "id": command["id"],
        "name": "close",
        "options": [{"name": "position", "type": 3, "value": which}],
    }
    async with community.bot():
        await community.replays(given)

        def is_filled() -> bool:
            community.catch_up()
            return len(community.events("order.filled")) == 2

        await asyncio.to_thread(wait_until, is_filled)
    assert community.events("order.filled") == ["order.filled", "order.filled"]


def another(community: Community) -> None:
    community.buys(260, "1.00", "1.10")


def two_positions(community: Community) -> None:
    community.buys()
    another(community)


async def ask(community: Community, who: str = "Ada", **options: str) -> Post:
    return await community.asks("close-all", who, **options)


def flattened(community: Community) -> None:
    """What the worker does, step by step."""
    house = community.house
    (job,) = (job for job in jobs(house) if job.name == "close-all")
    assert isinstance(house.clock, SetClock)
    for _ in range(6):
        house.clock.set(house.clock.now() + timedelta(seconds=3))
        job.look()
        house.catch_up()


async def test_everything_is_closed_after_somebody_confirms_it(community: Community) -> None:
    await asyncio.to_thread(two_positions, community)
    async with community.bot():
        post = await ask(community)
        assert "Close all of paper now?" in told(post)
        assert "**buy TSLA 260C 2026-11-20**" in told(post)
        assert "2 positions are open, as known at position" in told(post)
        assert community.events("close_all.%") == []
        await community.presses(post, "tt:close-all:", "Ada")
        assert "Closing all of paper" in told(post)
        assert "It begins now." in told(post)
        assert "nothing is opened before the next session" in told(post)
        await asyncio.to_thread(flattened, community)
        again = await ask(community)
        await community.presses(again, "tt:close-all:", "Olga")
    assert community.events("close_all.%") == [
        "close_all.ordered", "close_all.begun", "close_all.joined", "close_all.finished",
    ]  # fmt: skip
    assert len(community.events("order.filled")) == 4
    assert "It was ordered before and is finished, begun at 12:00 in New York (17:00 UTC)." in (
        told(again)
    )


async def test_pressing_twice_or_after_a_restart_orders_it_once(
    community: Community, loopback: LoopbackDiscord
) -> None:
    await asyncio.to_thread(two_positions, community)
    async with community.bot():
        post = await ask(community)
        (button,) = [one for one in post.custom_ids if one.startswith("tt:close-all:")]
    async with community.bot():
        pressed = [await loopback.press(post, button, "Ada") for _ in range(2)]
        for one in pressed:
            await community.answered(one)
        await community.replays(pressed[0])
        await asyncio.sleep(0.3)
        await asyncio.to_thread(flattened, community)
    assert community.events("close_all.ordered") == ["close_all.ordered"]
    assert len(community.events("order.filled")) == 4
    assert "order.denied" not in community.events()


async def test_everything_can_be_closed_at_a_clock_time(community: Community, bought: UUID) -> None:
    async with community.bot():
        post = await ask(community, at="15:30")
        assert "Close all of paper at 15:30 in New York?" in told(post)
        await community.presses(post, "tt:close-all:", "Ada")
        assert "It begins at 15:30 in New York (20:30 UTC); until then trading goes on." in (
            told(post)
        )
        await asyncio.to_thread(flattened, community)
        sooner = await ask(community)
        await community.presses(sooner, "tt:close-all:", "Ada")
        later = await ask(community, at="15:40")
        (button,) = [one for one in later.custom_ids if one.startswith("tt:close-all:")]
        refused = await community.refused(await community.loopback.press(later, button, "Ada"))
    assert "It begins now." in told(sooner)
    assert "earlier only" in refused
    assert community.events("close_all.%") == ["close_all.ordered", "close_all.moved"]


@pytest.mark.parametrize(
    ("begins", "why"),
    [
        ("soon", "'soon' is no clock time: write it as 15:45"),
        ("15:45+01:00", "'15:45+01:00' is a time in New York: give it without an offset"),
    ],
)
async def test_what_is_no_clock_time_is_refused(
    community: Community, begins: str, why: str
) -> None:
    async with community.bot():
        assert (await ask(community, at=begins)).content == why


async def test_a_time_that_is_past_is_refused_at_the_click(community: Community) -> None:
    async with community.bot():
        post = await ask(community, at="10:00")
        (button,) = [one for one in post.custom_ids if one.startswith("tt:close-all:")]
        refused = await community.refused(await community.loopback.press(post, button, "Ada"))
    assert refused == "It is past 10:00 in New York already"
    assert community.events("close_all.%") == []


async def test_closing_everything_takes_an_approver_at_the_click_too(
    community: Community, loopback: LoopbackDiscord, bought: UUID
) -> None:
    async with community.bot():
        refused = await ask(community, "Rob")
        unknown = await ask(community, account="swing")
        post = await ask(community)
        loopback.guild.person("Ada").roles = ()
        (button,) = [one for one in post.custom_ids if one.startswith("tt:close-all:")]
        late = await community.refused(await loopback.press(post, button, "Ada"))
    assert refused.content == "Rob may not close position: that takes admin or approver"
    assert unknown.content == "There is no account swing"
    assert late == "Ada may not close position: that takes admin or approver"
    assert community.events("close_all.%") == []


async def test_the_queues_buttons_decide_like_those_of_a_card(
    community: Community, loopback: LoopbackDiscord
) -> None:
    def past() -> UUID:
        community.quotes("2.20", "2.30")
        signal = community.says("Nora", "BTO 2 TSLA 250c 11/20 @ 2.30")
        community.catch_up()
        return signal

    signal = await asyncio.to_thread(past)
    async with community.bot():
        queue = await community.asks("approve-queue", "Olga")
        stranger = await community.presses(queue, "tt:approve:", "Rob")
        decided = await community.presses(queue, "tt:approve:", "Olga")
        left = await community.asks("approve-queue", "Olga")
    assert "is no approver" in stranger.content
    assert decided.content == "Approved: its order for paper follows."
    assert "nothing waits for approval" in told(left)
    assert community.events("signal.%")[-2:] == ["signal.approval_refused", "signal.approved"]
    assert community.events("order.%")[-1] == "order.filled"
    assert str(signal) in queue.custom_ids[0]


@pytest.mark.parametrize("verb", ["approve", "reject"])
async def test_what_changed_since_the_queue_was_shown_has_to_be_seen(
    community: Community, loopback: LoopbackDiscord, verb: str
) -> None:
    def past() -> None:
        community.says("Nora", "BTO 2 TSLA 250c 11/20 @ 2.30")
        community.catch_up()

    def meanwhile() -> None:
        community.edits("BTO 2 TSLA 250c 11/20 @ 1.30")
        community.catch_up()

    async def answers(queue: Post) -> str:
        (button,) = (one for one in queue.custom_ids if one.startswith(f"tt:{verb}:"))
        assert len(button) <= 100
        pressed = await loopback.press(queue, button, "Olga")
        if verb == "reject":
            pressed = await loopback.submit(pressed, {"reason": "too far"})
        return (await community.answered(pressed)).content

    await asyncio.to_thread(past)
    async with community.bot():
        queue = await community.asks("approve-queue", "Olga")
        await asyncio.to_thread(meanwhile)
        stale = await answers(queue)
        fresh = await answers(await community.asks("approve-queue", "Olga"))
    assert stale.startswith("The author edited")
    assert stale.endswith("after you looked: look again")
    assert fresh.startswith(verb.capitalize())


async def test_who_follows_a_trader_is_called_where_their_signal_begins(
    community: Community, loopback: LoopbackDiscord, bought: UUID
) -> None:
    def next_signal() -> UUID:
        signal = community.says("Nora", "BTO 1 TSLA 260c 11/20 @ 1.10")
        community.says("Nora", "STC TSLA 260c 11/20 @ 2.10")
        community.catch_up()
        return signal

    async with community.bot():
        await community.asks("follow", name="Nora")
        signal = await asyncio.to_thread(next_signal)
    with community.house.reader.connection() as connection:
        story = timeline(connection, signal)
        lines = lines_of(connection, signal, {event.position for event in story})
    posted = min(lines)
    assert lines[posted].endswith(f"posted: buy 1 at 1.10 <@{loopback.guild.person('Rob').id}>")
    assert not any("<@" in line for position, line in lines.items() if position != posted)
