"""Rooms that write the day before the month: their dates are turned round before they are read."""

from __future__ import annotations

import re

import msgspec

from domain.grammar.reading import Embed, EmbedField, MessageText

_SLASHED = re.compile(
    r"(?<![0-9/.$])(0?[1-9]|[12][0-9]|3[01])/(0?[1-9]|1[0-2])(/(?:20)?[0-9]{2})?(?![0-9/.%])"
)
_DOTTED = re.compile(
    r"(?<![0-9/.$])(0?[1-9]|[12][0-9]|3[01])\.(0?[1-9]|1[0-2])\.((?:20)?[0-9]{2})(?![0-9/.%])"
)
_PARTS = frozenset({"1/2", "1/3", "2/3", "1/4", "3/4", "1/5", "1/10"})
"""Without a year they are fractions, in every language."""


def in_month_order(message: MessageText) -> MessageText:
    """The message with 21/11 and 21.11.2025 written as 11/21 and 11/21/2025."""
    embeds = tuple(map(_embed, message.embeds))
    return msgspec.structs.replace(message, content=_turned(message.content), embeds=embeds)


def _embed(embed: Embed) -> Embed:
    fields = tuple(EmbedField(name=fold.name, value=_turned(fold.value)) for fold in embed.fields)
    return Embed(title=_turned(embed.title), description=_turned(embed.description), fields=fields)


def _turned(text: str) -> str:
    return _DOTTED.sub(r"\2/\1/\3", _SLASHED.sub(_round, text))


def _round(found: re.Match[str]) -> str:
    day, month, year = found.groups()
    if year is None and found[0] in _PARTS:
        return found[0]
    return f"{month}/{day}{year or ''}"
