"""Whatever people write, what the bot says of it is within Discord's limits."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import discord
import msgspec
import pytest
from msgspec.structs import replace

from domain.approvals import Attempt
from domain.signal_events import Decision
from interfaces.discord import forms, rewording
from interfaces.discord.cards import Facts, facts_of, made
from interfaces.discord.fitting import CONTENT_MAX, cut, fitted, joined
from interfaces.discord.slash.answers import listing
from interfaces.discord.slash.choices import choice
from projections.signal_answers import AnswerRow, Heard
from tests.interfaces.discord.asking import Community, told
from tests.interfaces.discord.guild import Json
from tests.interfaces.discord.limits import over, over_in_commands

STARS = "*" * 32
"""The longest name in a guild; each star is written with a backslash before it."""

LONG = "*_~`" * 1_000
CONDOR = "SELL -2 IRON CONDOR SPX 100 20 NOV 26 6150/6200/5850/5800 CALL/PUT @3.05 LMT"


COMMANDS: list[tuple[str, dict[str, str]]] = [
    ("positions", {}),
    ("pnl", {}),
    ("pnl", {"trader": f"{STARS[2:]}00"}),
    ("leaderboard", {}),
    ("trader", {"name": f"{STARS[2:]}00"}),
    ("why", {"what": f"{STARS[2:]}00"}),
    ("approve-queue", {}),
    ("status", {}),
]


def facts(community: Community) -> Facts:
    """What is on record of a signal."""
    signal = community.buys()
    with community.house.reader.connection() as connection:
        found = facts_of(connection, signal)
    assert found is not None
    return found


def heard(of: Facts, count: int) -> list[AnswerRow]:
    """So many attempts, each refused or not enough, at length."""
    return [
        AnswerRow(
            signal=of.row.signal,
            version=number,
            by=f"{STARS}{number} (discord:{'9' * 20})",
            via="discord",
            attempt=Attempt.APPROVE,
            heard=Heard.ANOTHER_NEEDED if number % 2 else Heard.REFUSED,
            words=LONG,
            account="paper",
            answered_at=of.row.posted_at,
        )
        for number in range(count)
    ]


def all_at_once(community: Community) -> Facts:
    """A signal to which everything has happened that can be told of one, at length."""
    of = facts(community)
    asked = of.story[0]._replace(
        name="correction.requested",
        body=msgspec.json.encode({
            "price": "2.40", "changes": [
                {"field": "contract", "was": LONG, "now": LONG} for _ in range(6)
            ], "reason": LONG, "by": STARS,
        }),
    )  # fmt: skip
    edited = of.story[0]._replace(name="signal.source_edited", body=asked.body)
    posted = msgspec.json.decode(of.story[0].body) | {"rules": [LONG] * 20}
    return of._replace(
        trader=STARS * 2,
        row=replace(of.row, channel="_" * 100, reason=LONG, targets=" ".join(["12345.6789"] * 90)),
        entry=replace(of.entry, quote_source=LONG),
        answers=heard(of, 12),
        orders=[replace(of.orders[0], reason=LONG)] * 5,
        story=[
            of.story[0]._replace(body=msgspec.json.encode(posted)),
            *(edited for _ in range(12)),
            *(asked._replace(stream=uuid4()) for _ in range(6)),
        ],
    )


@pytest.mark.parametrize("decision", [Decision.PENDING, Decision.REJECTED])
def test_a_card_fits_whatever_has_happened(community: Community, decision: Decision) -> None:
    of = all_at_once(community)
    card = made(of._replace(row=replace(of.row, decision=decision, decided_by=STARS * 4)))
    embed = card.embed.to_dict()
    assert over({"embeds": [embed], "components": card.view.to_components()}) == []
    assert {field["name"] for field in embed["fields"]} >= {
        "Trader",
        "Entry",
        "Correction asked for",
    }


def test_what_is_too_long_together_gives_way_at_the_longest(community: Community) -> None:
    short = listing("Short", ["one", "two"], empty="")
    long = [listing("Long", [f"{number} {'x' * 300}" for number in range(40)], empty="")] * 1
    shown = fitted([short, *long, listing("Longer", ["y" * 380] * 11, empty="")])
    assert sum(map(len, shown)) <= 6_000
    assert shown[0].description == "one\ntwo"
    assert all(str(embed.description).endswith("\n…") for embed in shown[1:])
    assert over({"embeds": [embed.to_dict() for embed in shown]}) == []


def test_what_fits_stays_as_it_is() -> None:
    assert cut("a\nb", 3) == "a\nb"
    assert joined(["a", "b"]) == ("a\nb", 2)


@pytest.mark.parametrize(
    ("lines", "count"), [(["x" * 1_999, "y"], 1), (["x" * 1_998, "y"], 2), (["x" * 3_000], 1)]
)
def test_lines_fill_one_message(lines: list[str], count: int) -> None:
    words, taken = joined(lines)
    assert (len(words) <= CONTENT_MAX, taken) == (True, count)


def test_forms_fit_whatever_is_in_them() -> None:
    stream = uuid4()
    reading = dict.fromkeys(("contract", "quantity", "price", "levels"), LONG)
    for form in (
        forms.fix(stream, reading),
        forms.rejection(stream, 10**9),
        forms.refusal(stream),
        rewording.form(stream, LONG),
    ):
        assert over({"data": form.to_dict()}) == []


def test_a_choice_is_cut_and_never_empty() -> None:
    shown = [choice(LONG, str(uuid4())), choice(" ", "somebody")]
    assert over({"data": {"choices": [one.to_dict() for one in shown]}}) == []


async def test_every_command_answers_in_a_guild_of_long_names(community: Community) -> None:
    def trade() -> None:
        for number in range(12):
            community.says(f"{STARS[2:]}{number:02}", CONDOR)
        community.catch_up()

    await asyncio.to_thread(trade)
    assert community.events("signal.posted") == ["signal.posted"] * 12
    async with community.bot():
        assert over_in_commands(community.loopback.commands) == []
        for words, options in COMMANDS:
            answer = await community.asks(words, **options)
            assert told(answer), words
        for words, option in (("trader", "name"), ("why", "what")):
            assert len(await community.suggests(words, option, "*")) >= 8


class TestLoopback:
    """What the real Discord refuses, this one does too."""

    @pytest.mark.parametrize(
        "body",
        [
            {"content": "x" * 2_001},
            {"embeds": [{"title": "x" * 257}]},
            {"embeds": [{"title": "x", "fields": [{"name": "x", "value": "x" * 1_025}]}]},
            {"embeds": [{"title": "x", "fields": [{"name": "x", "value": " "}]}]},
            {"embeds": [{"title": "x", "fields": [{"name": "x", "value": "x"}] * 26}]},
            {"embeds": [{"description": "x" * 4_000}] * 2},
            {"components": [{"type": 1, "components": [{"type": 2, "custom_id": "x" * 101}]}]},
            {"components": [{"type": 1, "components": [{"type": 2, "custom_id": "x"}] * 2}]},
            {"type": 9, "data": {"title": "x" * 46, "custom_id": "x"}},
            {"type": 8, "data": {"choices": [{"name": "x", "value": "x"}] * 26}},
            {"type": 8, "data": {"choices": [{"name": "", "value": "x"}]}},
        ],
    )
    def test_one_text_or_count_too_much_is_refused(self, body: Json) -> None:
        assert len(over(body)) == 1

    async def test_the_refusal_is_discords(self, community: Community) -> None:
        async with community.bot() as bot:
            channel = bot.channel_named("options")
            assert channel is not None
            with pytest.raises(discord.HTTPException) as refused:
                await channel.send("x" * 2_001)
        assert (refused.value.status, refused.value.code) == (400, 50035)
