"""The commands of the bot, and how a guild comes to have them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp
import discord
from discord import app_commands

from interfaces.discord.slash.closing import CloseAllButton, close, close_all
from interfaces.discord.slash.follow import follow
from interfaces.discord.slash.leaderboard import leaderboard
from interfaces.discord.slash.pages import DefinitionsButton, PageButton
from interfaces.discord.slash.pnl import pnl
from interfaces.discord.slash.positions import positions_command
from interfaces.discord.slash.queue import approve_queue
from interfaces.discord.slash.signal import signal
from interfaces.discord.slash.status import status
from interfaces.discord.slash.trader import trader
from interfaces.discord.slash.why import why

COMMANDS: tuple[app_commands.Command[Any, ..., None], ...] = (
    signal, positions_command, pnl, leaderboard, trader, follow, why, approve_queue, close,
    close_all, status,
)  # fmt: skip
BUTTONS = (PageButton, DefinitionsButton, CloseAllButton)

_COMPARED = ("name", "description", "type", "required", "autocomplete", "value")

_log = logging.getLogger(__name__)


def add_commands(client: discord.Client, tree: app_commands.CommandTree[Any]) -> None:
    """Gives a client the commands and the buttons below their answers."""
    for command in COMMANDS:
        tree.add_command(command)
    client.add_dynamic_items(*BUTTONS)


async def register(
    tree: app_commands.CommandTree[Any], guilds: Iterable[discord.abc.Snowflake]
) -> None:
    """Lets every guild know the commands as they are now, where it knows others.

    A guild that refuses has not let the bot have commands; the others go on.
    """
    wanted = _by_name(compared(command.to_dict(tree)) for command in tree.get_commands())
    for guild in guilds:
        tree.copy_global_to(guild=guild)
        try:
            known = await tree.fetch_commands(guild=guild)
            if _by_name(compared(found.to_dict()) for found in known) != wanted:
                await tree.sync(guild=guild)
                _log.info("the guild %s has the commands of this version now", guild.id)
        except discord.Forbidden:
            _log.error(
                "the guild %s lets the bot have no commands: invite it with the scope "
                "applications.commands",
                guild.id,
            )
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            _log.warning("the guild %s keeps the commands that it has: %s", guild.id, error)


def compared(command: Mapping[str, Any]) -> dict[str, Any]:
    """What of a command a person can see, without what Discord adds to it."""
    found: dict[str, Any] = {name: command.get(name) or "" for name in _COMPARED}
    for part in ("options", "choices"):
        found[part] = [compared(each) for each in command.get(part) or ()]
    return found


def _by_name(commands: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(commands, key=lambda command: str(command["name"]))
