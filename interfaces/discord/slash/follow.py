"""`/follow`: be mentioned in the thread of a trader's new signals, or no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from discord import app_commands
from psycopg import Connection

from application.following import follow as begin_to_follow
from application.following import unfollow as end_following
from interfaces.chat_files import DISCORD
from interfaces.discord.slash.answers import Answer, listing, plain
from interfaces.discord.slash.asking import Asker, Interaction
from interfaces.discord.slash.choices import trader_choices
from interfaces.discord.slash.pages import answer
from interfaces.lookups import trader_named
from projections.followers import followed_by, followers_of
from projections.trader_profiles import names_of

MENTIONS_MAX = 50
"""More than that do not fit into one line of a thread."""


def follow_answer(asker: Asker, name: str, *, stop: bool) -> Answer:
    """Follows a trader, or stops to, and says whom the member follows now.

    Raises:
        NotFound: nobody goes by the name.
        Impossible: they do so already, or do not.
    """
    trader = asker.look(lambda connection: trader_named(connection, name))
    who = str(asker.interaction.user.id)
    act = end_following if stop else begin_to_follow
    act(
        asker.house.desk,
        asker.command("unfollow" if stop else "follow", who, trader),
        asker.member,
        platform=DISCORD,
        follower_id=who,
        trader=trader,
    )
    return asker.look(lambda connection: _done(connection, who, trader, stop=stop))


def _done(connection: Connection[Any], who: str, trader: UUID, *, stop: bool) -> Answer:
    # The read model comes a moment later; what was just decided is known here.
    others = {row.trader for row in followed_by(connection, DISCORD, who)} - {trader}
    names = names_of(connection, {trader, *others})
    name = plain(names.get(trader, ""))
    said = (
        f"You follow {name} no more."
        if stop
        else f"You follow {name}: you are mentioned in the thread of each new signal of theirs."
    )
    also = ", ".join(sorted(plain(names.get(other, "")) for other in others))
    return Answer([listing("Following", [said, *([f"You also follow {also}."] if also else [])],
                           empty="")])  # fmt: skip


def mentions_of(connection: Connection[Any], trader: UUID) -> str:
    """Mentions of everybody who follows a trader, for the thread of a new signal; empty if
    nobody does.
    """
    found: Sequence[str] = [row.follower_id for row in followers_of(connection, trader, DISCORD)]
    return " ".join(f"<@{who}>" for who in found[:MENTIONS_MAX])


@app_commands.command(
    name="follow", description="Be mentioned in the thread of a trader's new signals"
)
@app_commands.describe(name="Whom", stop="Follow them no more")
@app_commands.autocomplete(name=trader_choices)
@app_commands.guild_only()
async def follow(interaction: Interaction, name: str, stop: bool = False) -> None:
    """Answers `/follow`."""
    await answer(interaction, lambda asker: follow_answer(asker, name, stop=stop))
