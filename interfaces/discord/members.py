"""Members: who somebody in Discord is to the application, at the moment they act.

Their roles are those that they hold in the guild now. Their name on record has the id in it:
people rename themselves, and nobody may be their own second approver or sign as somebody else.
"""

from __future__ import annotations

import re

import discord

from application.access import Member
from domain.approvals import Role
from domain.traders import trader_stream
from interfaces.chat_files import DISCORD
from interfaces.discord.settings import DiscordSettings

_ID = re.compile(r" \(discord:(\d+)\)")


def member_of(person: discord.Member | discord.User, settings: DiscordSettings) -> Member:
    """The member, with the roles that the guild's roles give them; a stranger only reads."""
    roles = {Role.READER}
    if isinstance(person, discord.Member):
        roles.add(Role.TRADER)
        held = {name for role in person.roles for name in (role.name, str(role.id))}
        if held & settings.approvers:
            roles.add(Role.APPROVER)
        if held & settings.admins:
            roles.add(Role.ADMIN)
    return Member(
        name=f"{person.name} (discord:{person.id})",
        roles=frozenset(roles),
        trader=str(trader_stream(DISCORD, str(person.id))),
    )


def called(words: str) -> str:
    """Words of the record as they are shown in Discord: names without their ids."""
    return _ID.sub("", words)
