"""Members decide below the cards: what each of them hears, and what is recorded of it."""

from __future__ import annotations

import asyncio
import copy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from application.access import LOCAL_OPERATOR
from application.administering import configure_room
from domain.approvals import ApprovalRules
from domain.grammar.reading import Room
from tests.interfaces.discord.deck import Deck, button, pressable, shown, signal_of, until_shown
from tests.interfaces.discord.gateway import until
from tests.interfaces.discord.guild import Post
from tests.interfaces.discord.interactions import ASKED
from tests.interfaces.discord.rest import Refusal
from tests.opened_tape import opened_tape


def bodies(deck: Deck, name: str) -> list[dict[str, Any]]:
    """What the events of that name say."""
    return [event.body for event in opened_tape(deck.house, f"name = '{name}'")]


def decisions(deck: Deck) -> list[str]:
    """Who decided or tried to, by the names of the events."""
    names = ("signal.approv", "signal.reject")
    return [name for name in deck.events("signal.%") if name.startswith(names)]


async def settle(deck: Deck, second_above: str | None = None) -> None:
    """The channel asks for two approvers above an amount."""
    rules = ApprovalRules(
        second_approver_above=None if second_above is None else Decimal(second_above)
    )

    def configure() -> None:
        configure_room(
            deck.house.desk, deck.order("room"), LOCAL_OPERATOR, channel="options", room=Room(),
            approvals=rules,
        )  # fmt: skip

    await asyncio.to_thread(configure)


class TestYes:
    async def test_an_approver_approves_and_is_on_record_by_name_and_id(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            heard = await deck.hears(card, "approve", "Olga")
            await until_shown(card, lambda fields: "Approved" in fields["told"])
        olga = deck.loopback.guild.person("Olga").id
        assert heard == "Approved: its order for paper follows."
        (said,) = bodies(deck, "signal.approved")
        assert (said["by"], said["via"]) == (f"olga (discord:{olga})", "discord")

    async def test_who_is_no_approver_hears_so_alone_and_it_is_recorded(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            heard = await deck.hears(card, "approve", "Rob")
            told = await until_shown(card, lambda fields: "Answers" in fields)
        assert heard == "Rob is no approver: ask an admin for the role"
        assert told["Answers"].startswith("one attempt was refused; approve by rob: ")
        assert decisions(deck) == ["signal.approval_refused"]
        assert pressable(card)["approve"]

    async def test_the_roles_are_those_of_the_moment(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            deck.loopback.guild.person("Olga").roles = ()
            assert "no approver" in await deck.hears(card, "approve", "Olga")
            deck.loopback.guild.person("Rob", "Approver")
            assert "Approved" in await deck.hears(card, "approve", "Rob")

    async def test_nobody_approves_their_own_signal(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts(who="Olga")
            heard = await deck.hears(card, "approve", "Olga")
        assert heard == "Olga posted this signal: somebody else has to approve it"

    async def test_the_first_answer_wins_and_the_second_hears_of_it(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            stale = copy.copy(card)
            asked = [await deck.clicks(stale, "approve", who) for who in ("Olga", "Ada")]
            answers = [(await one.answered()).content for one in asked]
        (won,) = [answer for answer in answers if answer.startswith("Approved")]
        (late,) = [answer for answer in answers if answer != won]
        assert late.startswith("The signal was approved by ")
        assert "at 2026-11-16 17:00:00 UTC" in late
        assert sorted(decisions(deck)) == ["signal.approval_refused", "signal.approved"]

    async def test_a_click_that_is_told_twice_decides_once(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            click = await deck.clicks(card, "approve", "Olga")
            await click.answered()
            await deck.replays(click)
            await until(lambda: deck.loopback.asked_for("/callback") == 2)
            await asyncio.sleep(0.2)
        assert decisions(deck) == ["signal.approved"]

    async def test_a_click_that_cannot_be_acknowledged_counts(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            deck.loopback.troubles.add("POST", "/callback", Refusal(404, 10062, "Unknown"))
            await deck.clicks(card, "approve", "Olga")
            await until_shown(card, lambda fields: "Approved" in fields["told"])
        assert decisions(deck) == ["signal.approved"]

    async def test_what_the_author_changed_meanwhile_has_to_be_seen(self, deck: Deck) -> None:
        async with deck.works():
            said = await deck.loopback.say("options", "Nora", "BTO 2 TSLA 11/20 250c @ 2.28")
            await until(lambda: bool(deck.cards()))
            (card,) = deck.cards()
            before = copy.copy(card)
            deck.loopback.guild.now += timedelta(minutes=10)
            await deck.loopback.edit(said, "BTO 2 TSLA 11/20 250c @ 1.28")
            await until_shown(card, lambda fields: "Changed" in fields)
            await until(lambda: card.embeds[0]["footer"]["text"].endswith("version 2"))
            heard = await deck.hears(before, "approve", "Olga")
            assert heard.endswith("after you looked: look again")
            assert "Approved" in await deck.hears(card, "approve", "Olga")

    async def test_a_price_is_accepted_of_what_was_seen(self, deck: Deck) -> None:
        await asyncio.to_thread(deck.quotes, "2.90", "3.00")
        async with deck.works():
            said = await deck.loopback.say("options", "Nora", "BTO 2 TSLA 11/20 250c @ 2.28")
            await until(lambda: bool(deck.cards()))
            (card,) = deck.cards()
            refused = await (await deck.clicks(card, "approve", "Olga")).answered()
            deck.loopback.guild.now += timedelta(minutes=10)
            await deck.loopback.edit(said, "BTO 2 TSLA 11/20 250c @ 2.18")
            await until_shown(card, lambda fields: "Changed" in fields)
            (offer,) = refused.custom_ids
            taken = await (await deck.loopback.press(refused, offer, "Olga")).answered()
        assert taken.content.endswith("after you looked: look again")
        assert "signal.approved" not in deck.events()

    async def test_a_card_that_is_drawn_anew_is_another_one_to_click_on(self, deck: Deck) -> None:
        """Whoever clicks in the moment in which it is edited saw the figures of before."""
        async with deck.works():
            card = await deck.posts()
            seen = button(card, "approve")
            deck.loopback.guild.now += timedelta(minutes=10)
            (said,) = deck.loopback.guild.channel("options").posts.values()
            await deck.loopback.edit(said, "BTO 2 TSLA 11/20 250c @ 1.28")
            await until(lambda: button(card, "approve") != seen)
            late = await (await deck.loopback.press_stale(card, seen, "Olga")).answered()
        assert late.content == "This has changed since: look at it again."
        assert decisions(deck) == []

    async def test_a_card_of_old_says_in_its_footer_what_was_seen(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            old = copy.deepcopy(card.components)
            for row in old:
                for part in row["components"]:
                    part["custom_id"] = ":".join(part["custom_id"].split(":")[:3])
            card.components = old
            heard = await deck.hears(card, "approve", "Olga")
        assert button(card, "reject") == f"tt:reject:{signal_of(card)}"
        assert heard.startswith("Approved")

    async def test_a_price_that_moved_is_accepted_by_another_click(self, deck: Deck) -> None:
        await asyncio.to_thread(deck.quotes, "2.90", "3.00")
        async with deck.works():
            card = await deck.posts()
            refused = await (await deck.clicks(card, "approve", "Olga")).answered()
            assert refused.content.startswith("Posted at 2.28, the offer is 3.00 by now")
            (offer,) = refused.custom_ids
            taken = await (await deck.loopback.press(refused, offer, "Olga")).answered()
            assert taken.content.startswith("Approved")
            await until_shown(card, lambda fields: "filled at 3.00" in fields.get("Orders", ""))
        (said,) = bodies(deck, "signal.approved")
        assert Decimal(said["accepted_px"]) == 3

    async def test_above_an_amount_two_have_to_say_yes(self, deck: Deck) -> None:
        await settle(deck, "1000")
        await asyncio.to_thread(deck.quotes, "2.20", "2.30")
        async with deck.works():
            card = await deck.posts()
            first = await deck.hears(card, "approve", "Olga")
            told = await until_shown(card, lambda fields: "Answers" in fields)
            assert first.startswith("Your yes is recorded: one more approver is needed")
            assert told["Answers"].startswith("olga said yes: one more approver is needed")
            again = await deck.hears(card, "approve", "Olga")
            assert "said yes already" in again
            # Another name does not make another person.
            deck.loopback.guild.person("Olga").name = "helga"
            assert "Your yes" not in await deck.hears(card, "approve", "Ada")
            told = await until_shown(card, lambda fields: "Approved" in fields["told"])
        assert "by olga and ada via discord" in told["told"]


class TestNo:
    async def test_a_no_is_asked_for_its_reason(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            click = await deck.clicks(card, "reject", "Olga")
            form = await click.acknowledged()
            assert form["type"] == ASKED
            answer = await (await deck.loopback.submit(click, {"reason": "too far"})).answered()
            told = await until_shown(card, lambda fields: "Rejected" in fields["told"])
        assert answer.content == "Rejected, with your reason."
        assert told["told"].endswith("UTC: too far")
        assert bodies(deck, "signal.rejected")[0]["reason"] == "too far"

    async def test_who_may_not_reject_is_not_asked_for_a_reason(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            heard = await deck.hears(card, "reject", "Rob")
        assert heard == "Rob is no approver: ask an admin for the role"
        assert decisions(deck) == ["signal.approval_refused"]

    async def test_a_form_may_be_sent_to_another_process(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            click = await deck.clicks(card, "reject", "Olga")
            await click.acknowledged()
        async with deck.works():
            answer = await (await deck.loopback.submit(click, {"reason": "late"})).answered()
        assert answer.content == "Rejected, with your reason."


class TestFix:
    async def test_the_form_shows_the_reading_and_asks_for_a_correction(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts("BTO 2 TSLA 11/20 250c @ 2.28 SL 1.50 PT 3.50")
            click = await deck.clicks(card, "fix", "Nora")
            assert prefilled(await click.acknowledged()) == {
                "contract": "BUY TSLA 250C 2026-11-20",
                "quantity": "2",
                "price": "2.28",
                "levels": "stop 1.50, targets 3.50",
                "reason": "",
            }
            bare = await (await deck.loopback.submit(click, fixed(price="2.18"))).answered()
            assert bare.content.startswith("Stops and targets are moved, not taken away")
            filled = fixed(price="2.18", levels="stop 1.50, targets 3.50")
            answer = await (await deck.loopback.submit(click, filled)).answered()
            assert answer.content.startswith("Asked for: another person, an admin, approves")
            told = await until_shown(card, lambda fields: "Correction asked for" in fields)
            assert told["Correction asked for"] == "price ~~2.28~~ 2.18: nora, misread"
            assert "average entry: 2.28 -> 2.18" in told["It would move"]
            assert "signal.corrected" not in deck.events()
            assert "may not correct" in await hears_of_fix(deck, card, "apply", "Olga")
            assert await hears_of_fix(deck, card, "apply", "Ada") == "Approved and applied."
            told = await until_shown(card, lambda fields: "Changed" in fields)
        assert told["Changed"] == "entry price ~~2.28~~ 2.18: ada, misread"
        assert "Correction asked for" not in told
        assert "apply" not in pressable(card)

    async def test_another_contract_takes_the_place_of_the_signal(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            click = await deck.clicks(card, "fix", "Olga")
            await click.acknowledged()
            filled = fixed(contract="BUY TSLA 260C 2026-11-20", levels="")
            await (await deck.loopback.submit(click, filled)).answered()
            await until(lambda: "apply" in pressable(card))
            await hears_of_fix(deck, card, "apply", "Ada")
            await until_shown(card, lambda fields: fields["told"].startswith("**Voided**"))
            await until(lambda: len(deck.cards()) == 2)
        assert shown(deck.cards()[1])["title"] == "BUY 2 TSLA 260C 2026-11-20 @ 2.28"

    async def test_an_admin_refuses_with_a_reason(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            click = await deck.clicks(card, "fix", "Olga")
            await click.acknowledged()
            await (await deck.loopback.submit(click, fixed(quantity="3"))).answered()
            await until(lambda: "refuse" in pressable(card))
            (button,) = (one for one in card.custom_ids if one.startswith("tt:refuse:"))
            refusing = await deck.loopback.press(card, button, "Ada")
            await refusing.acknowledged()
            await (await deck.loopback.submit(refusing, {"reason": "it was 2"})).answered()
            told = await until_shown(card, lambda fields: "Changed" in fields)
        assert told["Changed"] == "not corrected (quantity ~~2~~ 3: olga, misread): ada, it was 2"

    @pytest.mark.parametrize(
        ("filled", "heard"),
        [
            ({"price": "2,28"}, "The price '2,28' is no number"),
            ({"contract": "TSLA 250C 2026-11-20"}, "Begin the contract with BUY or SELL"),
            ({"levels": "soon"}, "'soon' is no stop and targets: stop 1.50, targets 3.00 3.50"),
            ({}, "Nothing is filled in otherwise than it is recorded"),
        ],
    )
    async def test_what_cannot_be_right_is_refused_in_words(
        self, deck: Deck, filled: dict[str, str], heard: str
    ) -> None:
        async with deck.works():
            card = await deck.posts()
            click = await deck.clicks(card, "fix", "Olga")
            await click.acknowledged()
            answer = await (await deck.loopback.submit(click, fixed(**filled))).answered()
        assert answer.content == heard
        assert "correction.requested" not in deck.events()

    async def test_others_signals_are_for_approvers_to_fix(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            click = await deck.clicks(card, "fix", "Rob")
            await click.acknowledged()
            answer = await (await deck.loopback.submit(click, fixed(price="9"))).answered()
        assert answer.content.startswith("Rob may ask for corrections of their own signals only")


class TestWhy:
    async def test_why_tells_the_events_to_the_one_who_asks(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            answer = await (await deck.clicks(card, "why", "Rob")).answered()
        assert answer.is_ephemeral
        assert "**signal.posted**" in answer.embeds[0]["description"]

    async def test_a_button_that_is_gone_says_so(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            pressed = "tt:apply:6f2d3c1e-0a57-5c1b-9d2e-7472756574a9"
            answer = await (await deck.loopback.press_stale(card, pressed, "Ada")).answered()
        assert answer.content == "This has changed since: look at it again."


class TestReactions:
    async def test_a_tick_of_an_approver_is_a_yes(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            await deck.loopback.react(card, "✅", "Olga")
            told = await until_shown(card, lambda fields: "Approved" in fields["told"])
        assert "by olga via discord reaction" in told["told"]
        assert card.reactions != set()

    async def test_a_cross_is_a_no(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            await deck.loopback.react(card, "❌", "Olga")
            told = await until_shown(card, lambda fields: "Rejected" in fields["told"])
        assert told["told"].endswith("rejected by a reaction, without a word")

    async def test_a_reaction_that_is_refused_is_taken_away_and_told_below(
        self, deck: Deck
    ) -> None:
        async with deck.works():
            card = await deck.posts()
            await deck.loopback.react(card, "✅", "Rob")
            await until(lambda: card.reactions == set())
            refused = "approve by rob refused: rob is no approver: ask an admin for the role"
            await until(lambda: refused in deck.thread(card))
            deck.loopback.guild.person("Rob", "Approver")
            await deck.loopback.react(card, "✅", "Rob")
            await until_shown(card, lambda fields: "Approved" in fields["told"])
        assert decisions(deck) == ["signal.approval_refused", "signal.approved"]

    async def test_other_emoji_and_other_messages_decide_nothing(self, deck: Deck) -> None:
        async with deck.works():
            card = await deck.posts()
            said = await deck.loopback.say("options", "Nora", "hello")
            await deck.loopback.react(card, "🚀", "Olga")
            await deck.loopback.react(said, "✅", "Olga")
            await deck.hears(card, "approve", "Rob")
        assert decisions(deck) == ["signal.approval_refused"]


def prefilled(form: dict[str, Any]) -> dict[str, str]:
    """What a form shows, by field."""
    parts = [row["component"] for row in form["data"]["components"]]
    return {part["custom_id"]: part.get("value", "") for part in parts}


def fixed(**filled: str) -> dict[str, str]:
    """What is filled in, as it is recorded where nothing else is said."""
    reading = {
        "contract": "BUY TSLA 250C 2026-11-20",
        "quantity": "2",
        "price": "2.28",
        "levels": "",
        "reason": "misread",
    }
    return reading | filled


async def hears_of_fix(deck: Deck, card: Post, verb: str, by: str) -> str:
    """What a member hears who presses a button about the correction."""
    (button,) = (one for one in card.custom_ids if one.startswith(f"tt:{verb}:"))
    return (await (await deck.loopback.press(card, button, by)).answered()).content
