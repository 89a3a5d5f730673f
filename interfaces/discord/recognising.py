"""Recognising: which signal and which version of it a message of ours shows, and how it looks.

A card carries all that is needed to find it again: its buttons name the signal, its footer the
version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import discord

SIGNAL = r"(?P<signal>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
"""An id in the pattern of a button."""

_CARD = re.compile(rf"tt:approve:{SIGNAL}(?::\d+)?")
_VERSION = re.compile(r"[0-9a-f]{8} · version (\d+)")
_POSITION = re.compile(r"^`(\d+)` ", re.MULTILINE)

CHECKS = "Checks"
"""The field that tells of a moment: only what is edited anyway gets it anew."""

Sign = tuple[object, ...]
"""How a card looks, but for its checks; two that are equal need no edit."""


def footer_of(signal: UUID, version: int) -> str:
    """The line of a card that says what it shows."""
    return f"{str(signal)[:8]} · version {version}"


def signal_of(message: discord.Message) -> UUID | None:
    """The signal whose card a message is; lists of several signals are none."""
    if version_of(message) is None:
        return None
    found = (_CARD.fullmatch(custom_id) for custom_id, _ in buttons_of(message))
    return next((UUID(match["signal"]) for match in found if match is not None), None)


def version_of(message: discord.Message | None) -> int | None:
    """The version of the signal that a card shows; None if it is no card."""
    footers = [] if message is None else [embed.footer.text or "" for embed in message.embeds]
    found = (_VERSION.fullmatch(text) for text in footers)
    return next((int(match[1]) for match in found if match is not None), None)


def positions_of(message: discord.Message) -> list[int]:
    """The places on the tape whose events a message tells, a line each."""
    return [int(found) for found in _POSITION.findall(message.content)]


def sign_of(embed: discord.Embed, buttons: Iterable[tuple[str, bool]]) -> Sign:
    """How an embed with these buttons looks."""
    fields = tuple((field.name, field.value) for field in embed.fields if field.name != CHECKS)
    title, told, edge = embed.title, embed.description, embed.colour
    return (title, told, edge, fields, embed.footer.text, *buttons)


def sign_of_message(message: discord.Message) -> Sign:
    """How a posted card looks."""
    return sign_of(message.embeds[0], buttons_of(message)) if message.embeds else ()


def buttons_of(message: discord.Message) -> list[tuple[str, bool]]:
    """The ids of what can be pressed below a message, and whether it is put out."""
    return [
        (button.custom_id, button.disabled)
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for button in row.children
        if isinstance(button, discord.Button) and button.custom_id is not None
    ]


def is_out(item: discord.ui.Item[Any]) -> bool:
    """Whether a button is put out."""
    return isinstance(item, discord.ui.Button) and item.disabled


def is_stale(interaction: discord.Interaction[Any]) -> bool:
    """Whether a button of ours was pressed that its message does not have any more."""
    pressed = str(dict(interaction.data or {}).get("custom_id", ""))
    if interaction.message is None or not pressed.startswith("tt:"):
        return False
    return pressed not in {custom_id for custom_id, _ in buttons_of(interaction.message)}
