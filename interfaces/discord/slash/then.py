"""Then: as of when somebody asks.

Every command that only looks has the option `as_of`, a position of the tape or a time, and is
answered by what was known then. The position goes along in the buttons of the answer, so that
all pages are of one moment: `tt:page:why@1200:...`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import discord
from psycopg import Connection

from domain.shared import InvalidInput
from interfaces.compose import House
from interfaces.discord.slash.answers import Answer
from interfaces.moments import position_named

AS_OF = "As it was known at a position of the tape or a time (UTC), such as 2026-11-20T15:30"
"""What the option is for, as Discord shows it."""


class Then(NamedTuple):
    """As of when: a position of the tape and when that was recorded, or None for now.

    `at` is the moment at which windows of time end: now, or then.
    """

    position: int | None
    at: datetime
    recorded_at: datetime | None = None

    def stamped(self, found: Answer) -> Answer:
        """The answer that says as of when it is, as its further pages will."""
        if self.position is None:
            return found
        known = f"as known at position {self.position} of the tape"
        if self.recorded_at is not None:
            known += f", recorded {self.recorded_at:%Y-%m-%d %H:%M:%S} UTC"
        for embed in found.embeds:
            _note(embed, known)
        first, further = found.first, found.further
        return found._replace(
            first=first and first._replace(as_of=self.position),
            further=further and further._replace(as_of=self.position),
        )


def now(house: House) -> Then:
    """As it is known by now."""
    return Then(None, house.clock.now())


def then_named(house: House, text: str) -> Callable[[Connection[Any]], Then]:
    """What finds as of when a person asks: without words it is now.

    Raises:
        InvalidInput: it is no position or time, or in the future.
        Unavailable: the database did not answer.
    """
    if not text.strip():
        return lambda _: now(house)
    position = position_named(house, text)
    reached = house.read_until()
    if position > reached:
        raise InvalidInput(
            f"position {position} is on the tape, and the read models are at {reached}: ask again "
            "in a moment"
        )
    return lambda connection: then_at(house, connection, position)


def then_at(house: House, connection: Connection[Any], position: int) -> Then:
    """As it was known at a position that is reached."""
    row = connection.execute(
        "SELECT recorded_at FROM tape.events WHERE position = %s", (position,)
    ).fetchone()
    recorded_at: datetime | None = None if row is None else row[0]
    moment = house.clock.now()
    return Then(position, min(moment, recorded_at or moment), recorded_at)


def _note(embed: discord.Embed, words: str) -> None:
    before = embed.footer.text
    embed.set_footer(text=f"{before} · {words}" if before else words)
