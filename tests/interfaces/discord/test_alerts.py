"""Risks go to the alerts channel once; what keeps the house from working to operators alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest

from application.access import LOCAL_OPERATOR
from application.administering import OrderTicket, configure_room, place_order
from application.desk import Command, Work
from application.limiting import halt_trading
from domain.approvals import ApprovalRules
from domain.fix import OrdType, PositionEffect, Side
from domain.grammar.reading import Room
from domain.legs import Leg
from domain.reports import ExecType, ExecutionReport
from domain.strays import Strays
from interfaces.compose import DEFAULT_ACCOUNT, House
from interfaces.discord.alarms import Alarms, causes_of
from interfaces.discord.bot import Bot
from tests.interfaces.discord.asking import CALL
from tests.interfaces.discord.deck import Deck
from tests.interfaces.discord.gateway import until
from tests.interfaces.discord.listening import NOON
from tests.interfaces.discord.moving import moving, posts_in
from tests.interfaces.discord.rest import UNAVAILABLE


def alerts(deck: Deck) -> list[str]:
    return [post.content.partition("` ")[2] for post in posts_in(deck, "alerts")]


def orders_too_much(deck: Deck) -> None:
    """Somebody asks by hand for more than the account can pay."""
    ticket = OrderTicket(
        account=DEFAULT_ACCOUNT,
        side=Side.BUY,
        position_effect=PositionEffect.OPEN,
        legs=(Leg(symbol=CALL, side=Side.BUY, ratio=1),),
        order_qty=Decimal(100_000),
        ord_type=OrdType.LIMIT,
        limit_px=Decimal(5),
    )
    command = Command.given(uuid4(), actor="test", at=deck.house.clock.now())
    place_order(deck.house.desk, command, LOCAL_OPERATOR, ticket)


def halts(deck: Deck) -> None:
    """An admin stops the account."""
    command = Command.given(uuid4(), actor="test", at=deck.house.clock.now())
    halt_trading(deck.house.desk, command, LOCAL_OPERATOR, account=DEFAULT_ACCOUNT, reason="why")


def strays(deck: Deck) -> None:
    """The broker reports an order that nobody here asked for."""
    at = deck.house.clock.now()
    report = ExecutionReport(
        exec_type=ExecType.NEW, cl_ord_id="", exec_id="e1", order_id="B-77", transact_time=at
    )
    work = Work(deck.house.desk)
    work.begin(Strays.begin(account=DEFAULT_ACCOUNT, report=report, at=at))
    work.save(Command.given(uuid4(), actor="test", at=at))
    work.commit()


class TestRisks:
    async def test_an_order_that_our_own_check_denies_is_told_once(self, deck: Deck) -> None:
        async with moving(deck):
            await asyncio.to_thread(orders_too_much, deck)
            await until(lambda: len(alerts(deck)) == 1)
            assert "**Order denied by our own check**: paper: buy 100000 TSLA" in alerts(deck)[0]
            await until(lambda: "notice.posted" in deck.events("notice.%"))
        async with moving(deck):
            await asyncio.sleep(0.3)
        assert len(alerts(deck)) == 1

    async def test_a_yes_that_is_not_enough_is_told(self, deck: Deck) -> None:
        configure_room(
            deck.house.desk,
            Command.given(uuid4(), actor="test", at=NOON),
            LOCAL_OPERATOR,
            channel="options",
            room=Room(),
            approvals=ApprovalRules(second_approver_above=Decimal(100)),
        )
        await asyncio.to_thread(deck.quotes, "2.20", "2.30")
        async with moving(deck):
            card = await deck.posts()
            await deck.hears(card, "approve", "Olga")
            await until(lambda: len(alerts(deck)) == 1)
        assert "**Another approver is needed**: olga said yes to buy TSLA 250C" in alerts(deck)[0]

    async def test_an_alert_waits_for_discord(self, deck: Deck) -> None:
        channel = deck.loopback.guild.channel("alerts")
        deck.loopback.troubles.add("POST", f"/channels/{channel.id}/messages", UNAVAILABLE, 2)
        async with moving(deck):
            await asyncio.to_thread(orders_too_much, deck)
            await until(lambda: bool(alerts(deck)))
        assert len(alerts(deck)) == 1

    async def test_a_halt_is_told_to_all_and_an_unknown_order_to_the_operators_alone(
        self, deck: Deck
    ) -> None:
        async with moving(deck):
            await asyncio.to_thread(halts, deck)
            await asyncio.to_thread(strays, deck)
            await until(lambda: len(alerts(deck)) == 1)
            await until(lambda: len(posts_in(deck, "operators")) == 1)
            await until(lambda: deck.due() == 0)
        (operation,) = posts_in(deck, "operators")
        assert "**Trading is halted, exits go on**: paper, by operator" in alerts(deck)[0]
        assert "**The broker reports an order that is not on record**" in operation.content
        async with moving(deck):
            await asyncio.sleep(0.3)
        assert len(alerts(deck)) == len(posts_in(deck, "operators")) == 1


class Causes:
    """Causes as a test sets them."""

    def __init__(self, **causes: str) -> None:
        self.now: Mapping[str, str] = causes
        self.is_lost = False

    def __call__(self, _house: House) -> Mapping[str, str]:
        if self.is_lost:
            raise psycopg.OperationalError("the server closed the connection")
        return self.now


@pytest.fixture
def causes() -> Causes:
    return Causes()


def alarms_of(bot: Bot, causes: Causes, *, away_s: float = 30.0) -> Alarms:
    return Alarms(
        bot.house, bot, lambda: bot.channel_named("operators"), find=causes, away_s=away_s
    )


def told(deck: Deck) -> list[str]:
    return [post.embeds[0]["footer"]["text"] for post in posts_in(deck, "operators")]


class TestAlarms:
    async def test_a_cause_is_told_once_and_again_when_it_is_mended(
        self, deck: Deck, causes: Causes
    ) -> None:
        async with moving(deck) as bot:
            alarms = alarms_of(bot, causes)
            await alarms.look()
            assert told(deck) == []
            causes.now = {"reaction booking": "The reaction **booking** stands still"}
            await alarms.look()
            await alarms.look()
            assert told(deck) == ["alarm · reaction booking"]
            causes.now = {}
            await alarms.look()
            await alarms.look()
            assert told(deck) == ["alarm · reaction booking", "mended · reaction booking"]
            alarm, mended = posts_in(deck, "operators")
            assert mended.reply_to == alarm.id

    async def test_what_stands_is_known_to_the_next_bot(self, deck: Deck, causes: Causes) -> None:
        causes.now = {"reaction booking": "stands still"}
        async with moving(deck) as bot:
            await alarms_of(bot, causes).look()
            again = alarms_of(bot, causes)
            await again.look()
            assert told(deck) == ["alarm · reaction booking"]
            causes.now = {}
            await alarms_of(bot, causes).look()
            assert told(deck)[-1] == "mended · reaction booking"

    async def test_a_database_is_missed_when_it_has_been_away_for_a_while(
        self, deck: Deck, causes: Causes
    ) -> None:
        causes.now = {"reaction booking": "stands still"}
        async with moving(deck) as bot:
            patient, hasty = alarms_of(bot, causes), alarms_of(bot, causes, away_s=0.0)
            await patient.look()
            await hasty.look()
            causes.is_lost = True
            await patient.look()
            assert told(deck) == ["alarm · reaction booking"]
            await hasty.look()
            assert told(deck) == ["alarm · reaction booking", "alarm · database"]
            causes.is_lost = False
            await hasty.look()
            assert told(deck)[2:] == ["mended · database"]

    async def test_alarms_go_to_nobody_but_the_operators(self, deck: Deck, causes: Causes) -> None:
        causes.now = {"reaction booking": "stands still"}
        async with moving(deck) as bot:
            await alarms_of(bot, causes).look()
            elsewhere = [post.channel.name for post in deck.loopback.posted if post.embeds]
        assert set(elsewhere) <= {"operators", "leaderboard"}

    async def test_a_reaction_that_stands_still_is_a_cause(
        self, deck: Deck, database_url: str
    ) -> None:
        await asyncio.to_thread(deck.catch_up)
        with psycopg.connect(database_url) as connection:
            connection.execute(
                "UPDATE tape.reactions SET state = 'stopped', reason = 'no such trader'"
                " WHERE reaction = 'booking'"
            )
            connection.execute(
                "UPDATE read.checkpoints SET state = 'parked', reason = 'odd'"
                " WHERE projection = 'messages'"
            )
        found = await asyncio.to_thread(causes_of, deck.house)
        assert sorted(found) == ["reaction booking", "read model messages"]
        assert "no such trader" in found["reaction booking"]

    async def test_messages_that_come_late_are_a_cause(self, deck: Deck) -> None:
        guild = deck.loopback.guild
        old = guild.post(guild.channel("options"), guild.person("Nora"), content="hello")
        deck.house.clock.set(NOON.replace(minute=5))  # type: ignore[attr-defined]
        async with moving(deck):
            await deck.loopback.tell_post("MESSAGE_CREATE", old)
            await until(lambda: "alarm · capture options" in told(deck))
        (alarm,) = posts_in(deck, "operators")
        assert "not heard live" in alarm.embeds[0]["description"]
