"""Reacting: a tick or a cross below a card says yes or no, as the buttons do.

Nobody but the one who reacted could be told a refusal, and a reaction has no such answer: it is
taken away again where the bot may do so, and the thread of the card says why it was refused.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import discord

from application.access import Member
from application.desk import Command, derived_id
from domain.approvals import PriceMoved
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord import deciding
from interfaces.discord.deciding import LOST
from interfaces.discord.members import member_of
from interfaces.discord.recognising import signal_of, version_of
from interfaces.discord.settings import DiscordSettings

YES, NO = "\N{WHITE HEAVY CHECK MARK}", "\N{CROSS MARK}"
WORDLESS = "rejected by a reaction, without a word"
VIA = "discord reaction"

_log = logging.getLogger(__name__)


class Reacting(NamedTuple):
    """Somebody who reacted to a card."""

    house: House
    settings: DiscordSettings
    member: Member

    @property
    def now(self) -> datetime:
        return self.house.clock.now()


async def reacted(
    client: discord.Client,
    house: House,
    settings: DiscordSettings,
    payload: discord.RawReactionActionEvent,
) -> None:
    """Takes a tick or cross below a card for a yes or no."""
    person, own = payload.member, client.user
    if own is None or person is None or person.bot or str(payload.emoji) not in (YES, NO):
        return
    if payload.message_author_id not in (None, own.id):
        return
    place = client.get_partial_messageable(payload.channel_id)
    try:
        message = await place.fetch_message(payload.message_id)
    except LOST as error:
        _log.warning("a reaction could not be looked at: %s", error)
        return
    signal = signal_of(message) if message.author.id == own.id else None
    if signal is None:
        return
    who = Reacting(house, settings, member_of(person, settings))
    try:
        await asyncio.to_thread(_decide, who, signal, message, payload)
    except Exception as error:  # noqa: BLE001 - whatever it is, the reaction does not stand
        _log.info("a reaction is not taken: %s", deciding.sentence(error).words)
    else:
        return
    try:
        await message.remove_reaction(payload.emoji, person)
    except LOST as error:
        _log.info("a reaction stays where it is: %s", error)


def _decide(
    who: Reacting,
    signal: UUID,
    message: discord.Message,
    payload: discord.RawReactionActionEvent,
) -> None:
    """Decides by a reaction.

    A reaction has no id of its own. Told twice of a signal that has not moved it is the same
    command; who takes it away and puts it there again later is heard again.

    Raises:
        NotFound, DomainError, Unavailable: as the application says.
    """
    emoji, seen = str(payload.emoji), version_of(message)
    stands = deciding.signal_at(who, signal).version
    parts = (DISCORD, "reaction", str(payload.message_id), str(payload.user_id), emoji, str(stands))
    command = Command.given(
        derived_id(*parts), signal, emoji, seen, actor=who.member.actor, at=who.now
    )
    if emoji == NO:
        deciding.no(who, command, signal, WORDLESS, seen_version=seen, via=VIA)
        return
    said = deciding.yes(who, command, signal, seen_version=seen, via=VIA)
    if said.offer is not None:
        raise PriceMoved(said.words)
