"""Members of the demo community and the messages they post, before any export."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zlib import crc32

from interfaces.demo.characters import LOTTO_ROOM, OPTIONS_ROOM, STOCK_ROOM, Character
from interfaces.demo.positions import Position, Said, Step

GUILD_NAME = "Truetape Demo (simulated)"
_DISCORD_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
_OPENED = datetime(2024, 3, 4, 15, 0, tzinfo=UTC)


def snowflake(at: datetime, sequence: int) -> str:
    """An id as Discord makes it: milliseconds since 2015, then 22 bits that tell equals apart."""
    return str((at - _DISCORD_EPOCH) // timedelta(milliseconds=1) << 22 | sequence & 0x3FFFFF)


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the guild, which may be mentioned to call its holders."""

    id: str
    name: str
    color: str | None
    position: int


@dataclass(frozen=True, slots=True)
class Channel:
    """A room of the guild."""

    id: str
    name: str
    topic: str
    alerts: Role
    raw_mentions: bool = False
    """Exported without formatting, so that mentions keep their ids: `<@&123>`."""


def _role(name: str, color: str | None, position: int) -> Role:
    return Role(snowflake(_OPENED, position), name, color, position)


GUILD_ID = snowflake(_OPENED, 0)
CATEGORY_ID = snowflake(_OPENED, 7)
MEMBER = _role("Member", None, 1)
ANALYST = _role("Analyst", "#3498DB", 5)
CHANNELS = {
    channel.name: channel
    for channel in (
        Channel(snowflake(_OPENED, 11), OPTIONS_ROOM, "Options calls. Simulated.",
                _role("Options Alerts", "#2ECC71", 2)),
        Channel(snowflake(_OPENED, 12), STOCK_ROOM, "Share calls. Simulated.",
                _role("Stock Alerts", "#F1C40F", 3)),
        Channel(snowflake(_OPENED, 13), LOTTO_ROOM, "Same-day and long shots. Simulated.",
                _role("Lotto Alerts", "#E74C3C", 4), raw_mentions=True),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A member; `character` is None for those who only talk."""

    id: str
    name: str
    nickname: str
    is_bot: bool = False
    character: Character | None = None

    @property
    def roles(self) -> tuple[Role, ...]:
        return (MEMBER,) if self.character is None else (ANALYST, MEMBER)


def person(
    name: str, nickname: str, character: Character | None = None, *, is_bot: bool = False
) -> Person:
    """A member whose id comes from the name, as if they had joined on some day long ago."""
    joined = _DISCORD_EPOCH + timedelta(seconds=crc32(name.encode()) % 280_000_000)
    return Person(snowflake(joined, crc32(nickname.encode())), name, nickname, is_bot, character)


@dataclass(slots=True)
class Post:
    """One message, with what it truly was and what its author did to it later.

    `kind` is what a careful reader would call it; `position` and `step` say which trade a
    call belongs to. `deleted_at` and `edited_at` are None where nothing was done.
    """

    author: Person
    channel: Channel
    at: datetime
    kind: Said
    content: str
    embeds: tuple[dict[str, str], ...] = ()
    reply_to: Post | None = None
    position: Position | None = None
    step: Step | None = None
    mentions: tuple[Person, ...] = ()
    reactions: tuple[tuple[str, str, int], ...] = ()
    """Emoji, its code and how many gave it."""
    picture: bool = False
    joins: bool = False
    deleted_at: datetime | None = None
    edited_at: datetime | None = None
    edited_content: str = ""
    id: str = field(default="")
