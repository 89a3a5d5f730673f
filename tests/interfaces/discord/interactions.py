"""What people do with a bot in Discord: press, choose, command, fill in; and what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from tests.interfaces.discord.guild import Channel, Json, Person, Post
from tests.patience import PATIENCE_S

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
BUTTON, SELECT, TEXT_INPUT, ACTION_ROW = 2, 3, 4, 1
ANSWERED, THINKING, UPDATES_LATER, UPDATED, SUGGESTED, ASKED = 4, 5, 6, 7, 8, 9
SUBCOMMAND, SUBCOMMAND_GROUP = 1, 2


class Interaction:
    """One act of a person. `message` is what the bot answered, as it stands now."""

    def __init__(self, number: int, kind: int, by: Person, channel: Channel, data: Json) -> None:
        self.id = number
        self.kind = kind
        self.by = by
        self.channel = channel
        self.data = data
        self.token = f"interaction-{uuid4().hex}"
        self.on: Post | None = None
        self.message: Post | None = None
        self.followups: list[Post] = []
        self.callback: Json | None = None
        self._called_back = asyncio.Event()
        self._spoke = asyncio.Event()

    async def acknowledged(self) -> Json:
        """The bot's first reaction: its type, and its data if there is any."""
        async with asyncio.timeout(PATIENCE_S):
            await self._called_back.wait()
        assert self.callback is not None
        return self.callback

    async def answered(self) -> Post:
        """The bot's answer in words, however long it thought before."""
        async with asyncio.timeout(PATIENCE_S):
            await self._spoke.wait()
        assert self.message is not None
        return self.message

    @property
    def is_answered(self) -> bool:
        """Whether the bot has said something."""
        return self._spoke.is_set()

    def take(self, callback: Json) -> None:
        """Keeps the bot's first reaction."""
        self.callback = callback
        self._called_back.set()

    def said(self, post: Post) -> None:
        """Keeps the bot's answer."""
        self.message = post
        self._spoke.set()

    def payload(self, application: int) -> Json:
        guild = self.channel.guild
        event: Json = {
            "id": str(self.id),
            "application_id": str(application),
            "type": self.kind,
            "token": self.token,
            "version": 1,
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
            "channel_id": str(self.channel.id),
            "channel": self.channel.payload(),
            "member": {**self.by.member(), "user": self.by.user(), "permissions": "0"},
            "data": self.data,
            "locale": "en-US",
            "guild_locale": "en-US",
            "app_permissions": "0",
            "attachment_size_limit": 10_000_000,
            "authorizing_integration_owners": {"0": str(guild.id)},
            "entitlements": [],
            "context": 0,
        }
        if self.on is not None:
            event["message"] = self.on.payload()
        return event


def pressed(post: Post, custom_id: str) -> Json:
    """A button below a message is pressed."""
    _require(post, custom_id)
    return {"custom_id": custom_id, "component_type": BUTTON}


def chosen(post: Post, custom_id: str, values: Sequence[str]) -> Json:
    """Something is chosen from a list below a message."""
    _require(post, custom_id)
    return {"custom_id": custom_id, "component_type": SELECT, "values": list(values)}


def filled_in(form: Json, fields: Mapping[str, str]) -> Json:
    """A form that the bot showed is sent with these values by custom id."""
    rows = form["data"]["components"]
    asked = [(row.get("component") or row["components"][0])["custom_id"] for row in rows]
    assert set(fields) <= set(asked), f"the form asks for {asked}"
    return {
        "custom_id": form["data"]["custom_id"],
        "components": [_filled(row, fields) for row in rows],
    }


def commanded(
    commands: Sequence[Json], words: str, options: Mapping[str, Any], focused: str | None = None
) -> Json:
    """A slash command of the bot's, `words` being its name and those of subcommands."""
    name, *rest = words.split()
    command = _named(commands, name)
    place = {"guild_id": command["guild_id"]} if "guild_id" in command else {}
    return {
        **place,
        "id": command["id"],
        "name": name,
        "type": 1,
        "options": _options(command.get("options", []), rest, options, focused),
    }


def _options(
    known: Sequence[Json], words: Sequence[str], options: Mapping[str, Any], focused: str | None
) -> list[Json]:
    if words:
        below = _named(known, words[0])
        assert below["type"] in (SUBCOMMAND, SUBCOMMAND_GROUP), f"{words[0]} is no subcommand"
        inside = _options(below.get("options", []), words[1:], options, focused)
        return [{"name": words[0], "type": below["type"], "options": inside}]
    if focused is None:
        missing = {o["name"] for o in known if o.get("required")} - set(options)
        assert not missing, f"the command needs {sorted(missing)}"
    return [
        {
            "name": name,
            "type": _named(known, name)["type"],
            "value": value,
            **({"focused": True} if name == focused else {}),
        }
        for name, value in options.items()
    ]


def _named(known: Sequence[Json], name: str) -> Json:
    found = next((one for one in known if one["name"] == name), None)
    assert found is not None, f"the bot has no {name!r}, only {[one['name'] for one in known]}"
    return found


def _filled(row: Json, fields: Mapping[str, str]) -> Json:
    if "component" in row:
        return {**row, "component": _valued(row["component"], fields)}
    return {"type": ACTION_ROW, "components": [_valued(row["components"][0], fields)]}


def _valued(part: Json, fields: Mapping[str, str]) -> Json:
    custom_id = part["custom_id"]
    return {"type": part["type"], "custom_id": custom_id, "value": fields.get(custom_id, "")}


def _require(post: Post, custom_id: str) -> None:
    assert custom_id in post.custom_ids, f"{custom_id!r} is not below it, only {post.custom_ids}"
