"""Answers: what a command shows, made by plain functions that know no bot.

A list is shown a page at a time. Its buttons carry the whole question, so that they still work
after a restart: `tt:page:` and then the noun and its parts, a hundred characters at most.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import discord

from domain.shared import InvalidInput

PAGE_ROWS = 10
ID_MAX = 100
NAME_MAX = 64
LINE_MAX = 390
DESCRIPTION_MAX = 4_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

GAIN, LOSS, PLAIN = 0x2E7D32, 0xC62828, 0x455A64
"""Colours of an embed's edge; the sign of a figure says the same."""

Row = TypeVar("Row")


class Question(NamedTuple):
    """What a page answers: a noun, and the parts that were asked for, without colons; as it was
    known at a position of the tape, or now.
    """

    noun: str
    parts: tuple[str, ...] = ()
    as_of: int | None = None

    @property
    def custom_id(self) -> str:
        """The id of the button that asks it."""
        noun = self.noun if self.as_of is None else f"{self.noun}@{self.as_of}"
        made = ":".join(("tt", "page", noun, *self.parts))
        assert len(made) <= ID_MAX, made
        return made


class Answer(NamedTuple):
    """What is shown: embeds, the names of the figures in them, the pages beside it, and what
    else can be pressed."""

    embeds: Sequence[discord.Embed]
    figures: tuple[str, ...] = ()
    first: Question | None = None
    further: Question | None = None
    items: Sequence[discord.ui.Item[Any]] = ()


def listing(
    title: str, lines: Sequence[str], *, empty: str, note: str = "", colour: int = PLAIN
) -> discord.Embed:
    """An embed with a line for each row, or the words for there being none."""
    shown: list[str] = []
    room = DESCRIPTION_MAX
    for line in lines:
        cut = line if len(line) <= LINE_MAX else f"{line[: LINE_MAX - 1]}…"
        room -= len(cut) + 1
        if room < 0:
            shown.append(f"… and {len(lines) - len(shown)} more")
            break
        shown.append(cut)
    embed = discord.Embed(title=title[:256], description="\n".join(shown) or empty, colour=colour)
    if note:
        embed.set_footer(text=note[:2_048])
    return embed


def page_of(rows: Sequence[Row], limit: int = PAGE_ROWS) -> tuple[Sequence[Row], bool]:
    """The rows of a page, of which one more was asked for, and whether there are further ones."""
    return rows[:limit], len(rows) > limit


def plain(text: str, most: int = NAME_MAX) -> str:
    """What somebody else wrote, so that it formats and mentions nothing."""
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return discord.utils.escape_mentions(discord.utils.escape_markdown(" ".join(cut.split())))


def short(stream: UUID) -> str:
    """The beginning of an id, by which a person can name it."""
    return f"`{str(stream)[:8]}`"


def colour_of(value: Any) -> int:
    """The edge's colour for a gain, a loss or neither."""
    if not value:
        return PLAIN
    return GAIN if value > 0 else LOSS


def packed(stream: UUID | None) -> str:
    """An id in 22 characters; none in none."""
    return "" if stream is None else urlsafe_b64encode(stream.bytes).decode().rstrip("=")


def unpacked(text: str) -> UUID | None:
    """The id that was packed.

    Raises:
        InvalidInput: it is none.
    """
    if not text:
        return None
    try:
        return UUID(bytes=urlsafe_b64decode(f"{text}=="))
    except ValueError:
        raise InvalidInput("this button is of another version: ask again") from None


def instant(moment: datetime) -> str:
    """A time to the microsecond, for a button."""
    return str((moment - EPOCH) // MICROSECOND)


def moment_of(text: str) -> datetime:
    """The time of a button."""
    return EPOCH + int(text) * MICROSECOND


def place(moment: datetime, stream: UUID) -> tuple[str, str]:
    """The last row of a page, from which the next one goes on."""
    return instant(moment), packed(stream)


def place_of(moment: str, stream: str) -> tuple[datetime, UUID] | None:
    """From where a page goes on; None for the first one."""
    found = unpacked(stream)
    return None if found is None or not moment else (moment_of(moment), found)
