"""The token stands in nothing that the bot writes, however much its libraries tell."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from interfaces.discord.secrecy import REDACTED, WithoutToken
from interfaces.discord.settings import DiscordSettings
from tests.interfaces.discord.bot import running_command
from tests.interfaces.discord.gateway import TOKEN, LoopbackDiscord, until
from tests.patience import PATIENCE_S

WRONG = "wrong.loopback.token"


def surroundings(database_url: str, redis_url: str, token: str) -> dict[str, str]:
    return {
        "TRUETAPE_DATABASE_URL": database_url,
        "TRUETAPE_REDIS_URL": redis_url,
        "TRUETAPE_DISCORD_TOKEN": token,
        "TRUETAPE_DISCORD_CHANNELS": "options",
        "LOUD": "1",
        "PYTHONASYNCIODEBUG": "1",
    }


async def test_a_wrong_token_is_not_repeated(
    loopback: LoopbackDiscord, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with (
        log.open("wb") as file,
        running_command(loopback, surroundings(database_url, redis_url, WRONG), file) as bot,
    ):
        code = await ended(bot)
    written = log.read_text()
    assert code == 1
    assert "TRUETAPE_DISCORD_TOKEN" in written
    assert "DEBUG" in written
    assert WRONG not in written
    assert "Traceback" not in written


async def test_the_token_that_lets_in_is_not_written(
    loopback: LoopbackDiscord, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with (
        log.open("wb") as file,
        running_command(loopback, surroundings(database_url, redis_url, TOKEN), file) as bot,
    ):
        await until(lambda: "listening in options" in log.read_text())
        bot.terminate()
        code = await ended(bot)
    written = log.read_text()
    assert code == 0
    assert "DEBUG" in written
    assert "the bot has left" in written
    assert TOKEN not in written


async def ended(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a process that ends by itself."""
    return await asyncio.to_thread(process.wait, PATIENCE_S)


@pytest.fixture
def logger() -> Iterator[tuple[logging.Logger, StringIO]]:
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(WithoutToken(TOKEN))
    made = logging.getLogger("secrecy")
    made.addHandler(handler)
    yield made, written
    made.removeHandler(handler)


def test_neither_words_nor_tracebacks_have_it(logger: tuple[logging.Logger, StringIO]) -> None:
    log, written = logger
    log.warning("sent %s to %s", {"token": TOKEN}, "Discord")
    try:
        raise ValueError(f"Bot {TOKEN} cannot be sent")
    except ValueError:
        log.exception("it failed")
    assert written.getvalue().count(REDACTED) == 2
    assert TOKEN not in written.getvalue()


def test_the_settings_do_not_show_it() -> None:
    settings = DiscordSettings(token=TOKEN, channels=("options",))
    assert "options" in repr(settings)
    assert TOKEN not in f"{settings} {settings!r} {[settings]}"
