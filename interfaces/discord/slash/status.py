"""`/status`: where the tape ends, how far all behind it is, and what was not heard live."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from discord import app_commands
from psycopg import Connection

from interfaces.compose import House
from interfaces.discord.slash.answers import LOSS, PLAIN, Answer, listing, plain
from interfaces.discord.slash.asking import Asker, Interaction
from interfaces.discord.slash.pages import answer
from projections.messages import lags

LATE_LATELY = timedelta(hours=24)
STANDING = ("stopped", "parked")


def status_answer(house: House) -> Answer:
    """Everything that follows the tape, those that stand still first."""
    head = house.head()
    told: list[tuple[str, str, int, str]] = [
        *((s.name, s.state, s.position, s.reason) for s in house.reaction_statuses()),
        *((m.projection, m.state, m.position, m.reason) for m in house.projection_statuses()),
    ]
    behind = [one for one in told if one[1] in STANDING or one[2] < head]
    behind.sort(key=lambda one: (one[1] not in STANDING, one[2]))
    stands_still = any(state in STANDING for _, state, _, _ in told)
    with house.reader.connection() as connection:
        late = _late(connection, house.clock.now())
    lines = [
        f"**{name}** {state}, {head - position} behind{f': {plain(why, 200)}' if why else ''}"
        for name, state, position, why in behind
    ]
    return Answer(
        [
            listing(
                f"The tape ends at position {head}",
                [*lines, *late],
                empty=f"all {len(told)} reactions and read models are at the end of the tape",
                note="something stands still" if stands_still else "",
                colour=LOSS if stands_still else PLAIN,
            )
        ]
    )


def _late(connection: Connection[Any], now: datetime) -> list[str]:
    return [
        f"not heard live in {plain(lag.channel)}: {lag.late} in the last day, the latest of "
        f"{lag.newest:%Y-%m-%d %H:%M:%S} UTC; the worst took {lag.worst_ms / 1_000:.1f} s"
        for lag in lags(connection, now - LATE_LATELY)
    ]


@app_commands.command(name="status", description="Where the tape ends and what is behind it")
@app_commands.guild_only()
async def status(interaction: Interaction) -> None:
    """Answers `/status`."""

    def found(asker: Asker) -> Answer:
        asker.member.require("read")
        return status_answer(asker.house)

    await answer(interaction, found)
