"""Why Discord does not let the bot in is told in words, and the token stands in none of them."""

from __future__ import annotations

import socket

import pytest
from discord.http import Route

from application.ports import Unavailable
from domain.shared import InvalidInput
from interfaces.compose import House
from interfaces.discord.bot import Bot, run
from interfaces.discord.check import missing
from interfaces.discord.reaching import require_token
from interfaces.discord.settings import DiscordSettings
from tests.interfaces.discord.gateway import TOKEN, LoopbackDiscord

WRONG = "another.bots.token"


def settings(token: str) -> DiscordSettings:
    return DiscordSettings(token=token, channels=("options",))


@pytest.fixture
def nowhere(loopback: LoopbackDiscord) -> None:
    """Discord's address, at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        Route.BASE = f"http://127.0.0.1:{taken.getsockname()[1]}/api/v10"


@pytest.mark.usefixtures("loopback")
async def test_a_wrong_token_is_to_be_made_anew(house: House) -> None:
    with pytest.raises(InvalidInput, match="does not know TRUETAPE_DISCORD_TOKEN: make") as refused:
        await run(Bot(house, settings(WRONG)), WRONG)
    assert WRONG not in str(refused.value)
    with pytest.raises(InvalidInput, match="does not know TRUETAPE_DISCORD_TOKEN: make"):
        await missing(settings(WRONG))


@pytest.mark.usefixtures("nowhere")
async def test_a_discord_that_is_not_there_may_be_there_later(house: House) -> None:
    with pytest.raises(Unavailable, match="cannot be reached from here"):
        await run(Bot(house, settings(TOKEN)), TOKEN)
    with pytest.raises(Unavailable, match="cannot be reached from here"):
        await missing(settings(TOKEN))


@pytest.mark.parametrize("token", ["two\nlines", "a b", "tökén"])
def test_what_cannot_be_a_token_is_not_sent_and_not_repeated(token: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        require_token(token)
    assert str(refused.value) == "TRUETAPE_DISCORD_TOKEN is no token: copy it again"


def test_without_a_token_there_is_no_bot() -> None:
    with pytest.raises(InvalidInput, match="there is no token: set TRUETAPE_DISCORD_TOKEN"):
        require_token("")
