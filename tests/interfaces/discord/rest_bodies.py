"""What a bot sends to the loopback Discord, refused where it is over Discord's limits."""

from __future__ import annotations

import json

from aiohttp import BodyPartReader, web

from tests.interfaces.discord.guild import Json
from tests.interfaces.discord.limits import over, over_in_commands


class Overlong(Exception):
    """Discord takes nothing of what is over a limit."""


async def body_of(request: web.Request) -> tuple[Json, dict[str, bytes]]:
    """The JSON of a request and the files that came with it.

    Raises:
        Overlong: it is over a limit.
    """
    body, files = await _sent(request)
    _refuse(over(body))
    return body, files


async def commands_of(request: web.Request) -> list[Json]:
    """The commands that a bot registers.

    Raises:
        Overlong: they are over a limit.
    """
    commands: list[Json] = await request.json()
    _refuse(over_in_commands(commands))
    return commands


async def _sent(request: web.Request) -> tuple[Json, dict[str, bytes]]:
    if not request.content_type.startswith("multipart/"):
        return (await request.json() if request.can_read_body else {}), {}
    body: Json = {}
    files: dict[str, bytes] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        if part.name == "payload_json":
            body = json.loads(await part.text())
        else:
            files[part.filename or str(part.name)] = bytes(await part.read())
    return body, files


def _refuse(found: list[str]) -> None:
    if found:
        raise Overlong("; ".join(found))
