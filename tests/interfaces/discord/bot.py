"""The bot in a process of its own, so that it can be killed, and its work measured.

`python -m tests.interfaces.discord.bot API GATEWAY capture DATABASE REDIS CHANNEL...` only
listens; `python -m tests.interfaces.discord.bot API GATEWAY bot` is `truetape bot` itself, with
what it is told by its surroundings. With
LOUD among these the libraries log all they can.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from interfaces.cli.app import app
from interfaces.compose import open_house
from interfaces.discord.capture import CaptureClient
from interfaces.settings import Settings
from tests.interfaces.discord.gateway import TOKEN, LoopbackDiscord
from tests.patience import PATIENCE_S


@contextmanager
def running_bot(
    loopback: LoopbackDiscord, database_url: str, redis_url: str, *channels: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A bot that listens, on its way to the loopback Discord of this process; it is killed in
    the end.
    """
    command = _command(loopback, "capture", database_url, redis_url, *channels)
    with subprocess.Popen(command) as process, _killed(process):
        yield process


@contextmanager
def running_command(
    loopback: LoopbackDiscord, surroundings: Mapping[str, str], log: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """`truetape bot`, on its way to the loopback Discord of this process; it is killed in the
    end. What it writes goes to the log.
    """
    others = {name: value for name, value in os.environ.items() if "TRUETAPE" not in name}
    with (
        subprocess.Popen(
            _command(loopback, "bot"), env={**others, **surroundings}, stdout=log, stderr=log
        ) as process,
        _killed(process),
    ):
        yield process


def _command(loopback: LoopbackDiscord, *words: str) -> list[str]:
    module = "tests.interfaces.discord.bot"
    return [sys.executable, "-m", module, loopback.api_url, loopback.sessions.url, *words]


@contextmanager
def _killed(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()
        process.wait(timeout=PATIENCE_S)


def _capture(database_url: str, redis_url: str, *names: str) -> None:
    settings = Settings(home=Path("/nowhere"), database_url=database_url, redis_url=redis_url)
    with open_house(settings) as house:
        client = CaptureClient(house, names, retry_s=0.1, guild_ready_timeout=0.1)
        client.run(TOKEN, log_handler=None)


def _run(api_url: str, gateway_url: str, what: str, *words: str) -> None:
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api_url, yarl.URL(gateway_url)
    if what == "capture":
        _capture(*words)
    else:
        for name in ("discord", "aiohttp", "asyncio") if "LOUD" in os.environ else ():
            logging.getLogger(name).setLevel(logging.DEBUG)
        app([what, *words])


if __name__ == "__main__":
    _run(*sys.argv[1:])
