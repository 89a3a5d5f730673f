"""Fitting: what is shown is as long as Discord takes it; it refuses a whole message for a word.

Where all is too long together, the longest text gives way first, by whole lines if it can.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import discord

CONTENT_MAX = 2_000
EMBEDS_MAX = 6_000
"""So much all texts of all embeds of a message may have together."""


class _Text(NamedTuple):
    words: str
    put: Callable[[str], object]


def fitted(embeds: Sequence[discord.Embed]) -> Sequence[discord.Embed]:
    """The embeds, shortened in place until one message takes them all."""
    while (over := sum(map(len, embeds)) - EMBEDS_MAX) > 0:
        longest = max(
            (text for embed in embeds for text in _texts(embed)), key=lambda text: len(text.words)
        )
        length = len(longest.words)
        longest.put(cut(longest.words, max(length - over, length * 3 // 4)))
    return embeds


def cut(text: str, most: int) -> str:
    """A text of so many characters at most, at the end of a line if one ends in its second
    half.
    """
    if len(text) <= most:
        return text
    line_end = text.rfind("\n", most // 2, most - 1)
    return f"{text[: most - 1]}…" if line_end < 0 else f"{text[:line_end]}\n…"


def joined(lines: Sequence[str], most: int = CONTENT_MAX) -> tuple[str, int]:
    """As many lines as fit into one message, and how many those are; one at least."""
    taken, length = 0, -1
    for line in lines:
        length += len(line) + 1
        if taken and length > most:
            break
        taken += 1
    return cut("\n".join(lines[:taken]), most), taken


def _texts(embed: discord.Embed) -> list[_Text]:
    """What of an embed may be shortened."""
    found = [_Text(embed.description or "", lambda words: setattr(embed, "description", words))]
    for place, field in enumerate(embed.fields):
        name, inline = field.name or "", field.inline

        def put(
            words: str, place: int = place, name: str = name, inline: bool | None = inline
        ) -> object:
            return embed.set_field_at(place, name=name, value=words, inline=bool(inline))

        found.append(_Text(field.value or "", put))
    return found
