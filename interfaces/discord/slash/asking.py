"""Asking: who gives a command, from which house it is answered, and how it is refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import discord
from psycopg import Connection

from application.access import Member
from application.desk import Command, derived_id
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.members import called, member_of
from interfaces.discord.settings import DiscordSettings
from interfaces.graphql.errors import database_errors, told

Interaction = discord.Interaction[Any]
Made = TypeVar("Made")

ACKNOWLEDGED_ALREADY = 40060
"""Discord's code for an interaction that was answered before."""

THREADS = 16
"""More than read at once: some wait for what becomes of an order."""

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="asking")
_log = logging.getLogger(__name__)


class Asker(NamedTuple):
    """Somebody who asks, as the house knows them at this moment."""

    house: House
    settings: DiscordSettings
    member: Member
    interaction: Interaction

    @property
    def now(self) -> datetime:
        return self.house.clock.now()

    def command(self, *given: object, part: str = "") -> Command:
        """The command of this interaction: told again by Discord it is the same one."""
        return Command.given(self.command_id(part), *given, actor=self.member.actor, at=self.now)

    def command_id(self, part: str = "") -> UUID:
        """The id of a command of this interaction, or of a part of it."""
        parts = (part,) if part else ()
        return derived_id(DISCORD, str(self.interaction.id), *parts)

    def look(self, read: Callable[[Connection[Any]], Made]) -> Made:
        """What the read models say, if the member may hear it.

        Raises:
            Forbidden, Unavailable: they may not, or the database did not answer.
        """
        self.member.require("read")
        with database_errors(), self.house.seen_by(self.member) as connection:
            return read(connection)


def asker_of(interaction: Interaction) -> Asker:
    """Who asks, with the roles that they have in the guild now."""
    client = interaction.client
    member = member_of(interaction.user, client.settings)
    return Asker(client.house, client.settings, member, interaction)


async def in_thread(find: Callable[[], Made]) -> Made:
    """What blocks, without keeping others waiting: neither the loop nor its own threads."""
    return await asyncio.get_running_loop().run_in_executor(_threads, find)


async def acknowledge(interaction: Interaction, *, is_new: bool) -> None:
    """Tells Discord that the answer follows: a new one, or one where the button stands.

    What was acknowledged by a bot that went away before it answered is answered now.
    """
    try:
        if is_new:
            await interaction.response.defer(ephemeral=True, thinking=True)
        else:
            await interaction.response.defer()
    except discord.HTTPException as error:
        if error.code != ACKNOWLEDGED_ALREADY:
            raise


async def refuse(interaction: Interaction, error: Exception, *, is_new: bool) -> None:
    """Says in a sentence why not; of what nobody foresaw, only where the log has it.

    `is_new` tells an answer that is still owed from one that stands and stays.
    """
    _, sentence, _ = told(error)
    said = called(sentence[:1].upper() + sentence[1:])[:2_000]
    if is_new:
        await interaction.edit_original_response(content=said, embeds=[], view=None)
    else:
        await interaction.followup.send(said, ephemeral=True)


async def suggest(
    interaction: Interaction,
    find: Callable[[Connection[Any]], list[discord.app_commands.Choice[str]]],
) -> list[discord.app_commands.Choice[str]]:
    """Choices while somebody types; none if they cannot be found now."""
    try:
        asker = asker_of(interaction)
        return await in_thread(lambda: asker.look(find))
    except Exception:  # noqa: BLE001 - whoever types can go on without choices
        _log.exception("no choices could be found")
        return []
