"""The bot in a process of its own, so that it can be killed, and its work measured.

`python -m tests.interfaces.discord.bot DATABASE REDIS API GATEWAY CHANNEL...`
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from interfaces.compose import open_house
from interfaces.discord.capture import CaptureClient
from interfaces.settings import Settings
from tests.interfaces.discord.gateway import TOKEN, LoopbackDiscord

PATIENCE_S = 30


@contextmanager
def running_bot(
    loopback: LoopbackDiscord, database_url: str, redis_url: str, *channels: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A bot that is on its way to the loopback Discord of this process; it is killed in the end."""
    addresses = (database_url, redis_url, loopback.api_url, loopback.sessions.url)
    command = [sys.executable, "-m", "tests.interfaces.discord.bot", *addresses, *channels]
    with subprocess.Popen(command) as process:
        try:
            yield process
        finally:
            process.kill()
            process.wait(timeout=PATIENCE_S)


def _run(database_url: str, redis_url: str, api_url: str, gateway_url: str, *names: str) -> None:
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api_url, yarl.URL(gateway_url)
    settings = Settings(home=Path("/nowhere"), database_url=database_url, redis_url=redis_url)
    with open_house(settings) as house:
        client = CaptureClient(house, names, retry_s=0.1, guild_ready_timeout=0.1)
        client.run(TOKEN, log_handler=None)


if __name__ == "__main__":
    _run(*sys.argv[1:])
