"""Owing: whoever clicked hears what came of it, even if the bot died before it could answer.

While an answer is owed, what it takes is kept in Redis, for the quarter of an hour in which Discord
accepts it. The next start finds it there, and says by the record what came of the click.
"""

from __future__ import annotations

import asyncio
import logging
from typing import cast

import aiohttp
import discord
import msgspec

from application.desk import derived_id
from application.ports import Unavailable
from domain.shared import learned
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.slash.asking import Interaction

ANSWERED_WITHIN_S = 15 * 60
"""For so long Discord accepts the answer to an interaction."""

RECORDED = (
    "The bot was restarted before it could answer you. What you asked for is on record: the card "
    "shows what came of it."
)
LOST = "The bot was restarted before anything was recorded: please do that again."

_log = logging.getLogger(__name__)


class Owed(msgspec.Struct, frozen=True):
    """Where an answer goes."""

    interaction: int
    application: int
    token: str


async def owe(house: House, interaction: Interaction) -> None:
    """Keeps that somebody waits for an answer."""
    owed = Owed(interaction.id, interaction.application_id, interaction.token)
    await asyncio.to_thread(
        house.announcer.owe,
        str(interaction.id),
        msgspec.json.encode(owed),
        within_s=ANSWERED_WITHIN_S,
    )


async def paid(house: House, interaction: Interaction) -> None:
    """The answer was given, or cannot be."""
    await asyncio.to_thread(house.announcer.paid, str(interaction.id))


async def settle(house: House, client: discord.Client) -> None:
    """Answers what a bot that is gone has left unanswered."""
    found = await asyncio.to_thread(house.announcer.owed)
    for name, answer in found.items():
        owed = msgspec.json.decode(answer, type=learned(Owed))
        if owed.application != client.application_id:
            continue
        try:
            words = await asyncio.to_thread(_outcome, house, owed)
            await _answer(client, owed, words)
        except (Unavailable, discord.HTTPException, aiohttp.ClientError, OSError) as error:
            _log.warning("a click of before the start could not be answered: %s", error)
        await asyncio.to_thread(house.announcer.paid, name)


def _outcome(house: House, owed: Owed) -> str:
    """What came of a click, whose id its command has.

    Raises:
        Unavailable: the database did not answer.
    """
    command = derived_id(DISCORD, str(owed.interaction))
    return LOST if house.desk.tape.outcome_of(command) is None else RECORDED


async def _answer(client: discord.Client, owed: Owed, words: str) -> None:
    hook = discord.Webhook.partial(owed.application, owed.token, client=client)
    # The first answer goes by this name instead of a number.
    await hook.edit_message(cast(int, "@original"), content=words)
