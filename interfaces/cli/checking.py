"""`truetape discord check`: what Discord does not let the bot do, without starting it."""

from __future__ import annotations

import asyncio

import typer

from interfaces.cli.output import as_json, console, warn
from interfaces.cli.session import REFUSED, Json, told_in_words

app = typer.Typer(no_args_is_help=True, help="The bot's place in Discord.")


@app.callback()
def everywhere() -> None:
    """The bot's place in Discord."""


@app.command()
def check(json: Json = False) -> None:
    """Say which intents, channels, permissions and roles are missing, and what for.

    Only asks: it opens no gateway, registers no command and posts nothing.
    """
    from interfaces.discord.check import missing
    from interfaces.discord.settings import DiscordSettings

    with told_in_words():
        found = asyncio.run(missing(DiscordSettings.from_environment()))
    if json:
        as_json({"missing": found})
    for line in () if json else found:
        warn(line)
    if found:
        raise SystemExit(REFUSED)
    if not json:
        console.print("nothing is missing")
