"""What the README and the page on Discord tell whoever sets the bot up is what the bot asks for."""

from __future__ import annotations

import re
from pathlib import Path

import discord
import pytest

from interfaces.discord.bot import intents
from interfaces.discord.check import PERMISSIONS, missing
from interfaces.discord.settings import DiscordSettings
from tests.interfaces.discord.gateway import TOKEN, LoopbackDiscord

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
PAGE = (ROOT / "docs/discord.md").read_text()
SECTION = re.search(r"## Discord\n+(.+?)\n## ", README, re.DOTALL)
INTENTS = {
    "guilds": "Guilds",
    "guild_messages": "Guild Messages",
    "guild_reactions": "Guild Message Reactions",
    "message_content": "Message Content",
}
NOBODY = {"APPROVERS": "nobody", "ADMINS": "nobody"}


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("text", [README, PAGE])
def test_the_invitation_asks_for_what_the_check_asks_for(text: str) -> None:
    wanted = discord.Permissions(**dict.fromkeys(PERMISSIONS, True))
    assert f"{wanted.value}" in text
    assert all(name in words(text) for name in PERMISSIONS.values())


@pytest.mark.parametrize("text", [README, PAGE])
def test_all_intents_are_named(text: str) -> None:
    assert {name for name, is_asked in intents() if is_asked} == set(INTENTS)
    assert all(name in words(text) for name in INTENTS.values())


def test_the_page_has_every_setting_and_what_holds_without_it() -> None:
    named = dict(
        re.findall(r"^\| `TRUETAPE_DISCORD_([A-Z]+)` \| `?(\w*)`? ?\|", PAGE, re.MULTILINE)
    )
    settings = DiscordSettings()
    assert set(named) == {name.upper() for name in settings.__struct_fields__} - {"WORKS"}
    held = {name: getattr(settings, name.lower()) or NOBODY.get(name, "") for name in named}
    assert named == {name: value or "" for name, value in held.items()}


def test_the_readme_sets_a_guild_up_in_under_ten_lines() -> None:
    assert SECTION is not None
    text = SECTION[1].partition("```")[0].strip()
    assert len(text.split("\n")) < 10


async def test_a_bot_that_was_invited_as_told_lacks_nothing(loopback: LoopbackDiscord) -> None:
    guild = loopback.guild
    invited = re.search(r"permissions=(\d+)", PAGE)
    assert invited is not None
    guild.permissions = invited[1]
    for name in ("signals", "trades", "alerts", "operators", "leaderboard", "record"):
        guild.channel(name)
    for role in ("Approver", "Admin"):
        guild.role(role)
    settings = DiscordSettings.from_environment(
        {
            "TRUETAPE_DISCORD_TOKEN": TOKEN,
            "TRUETAPE_DISCORD_CHANNELS": "options,stocks",
            "TRUETAPE_DISCORD_APPROVERS": "Approver",
            "TRUETAPE_DISCORD_ADMINS": "Admin",
        }
    )
    assert await missing(settings) == []
