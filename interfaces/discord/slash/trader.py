"""`/trader`: one trader's record: figures by window, and the last trades behind them."""

from __future__ import annotations

from typing import Any

from discord import app_commands
from psycopg import Connection

from application.ports import NotFound
from interfaces.compose import House
from interfaces.discord.slash.answers import PAGE_ROWS, Answer, Question, listing, packed, plain
from interfaces.discord.slash.asking import Interaction
from interfaces.discord.slash.choices import trader_choices
from interfaces.discord.slash.leaderboard import figures_of, standings_in
from interfaces.discord.slash.pages import look
from interfaces.discord.slash.positions import position_line
from interfaces.discord.slash.then import AS_OF, Then
from interfaces.discord.slash.why import NOUN as WHY
from interfaces.discord.slash.why import TRADER
from interfaces.lookups import trader_named
from projections.flags import flags
from projections.position_pages import positions
from projections.trader_profiles import TraderRow, profile
from projections.windows import Window, span_of

FLAGS_SHOWN = 5
FIGURES = ("return", "accuracy", "sharpe", "pnl", "trade's return", "rests on")


def trader_answer(house: House, connection: Connection[Any], name: str, then: Then) -> Answer:
    """Who a trader is, their figures in every window, and their last trades.

    Raises:
        NotFound: nobody goes by the name, or nobody knew of them then; the text says which names
            come close.
    """
    stream, as_of = trader_named(connection, name), then.position
    about = profile(connection, stream, as_of=as_of)
    if about is None:
        raise NotFound(f"nobody knew of the trader {name} at position {as_of} of the tape")
    lines = []
    for window in Window:
        found = standings_in(house, connection, span_of(window, then.at), stream, as_of)
        lines += [f"**{window.value}** {figures_of(row)}" for row in found]
    rows = positions(connection, book=stream, as_of=as_of, limit=PAGE_ROWS)
    embeds = [
        listing(plain(about.name), lines, empty="nothing was traded yet", note=_told_of(about)),
        listing("Last trades", [position_line(row) for row in rows], empty="no trades yet"),
    ]
    flagged = flags(connection, trader=stream, as_of=as_of, limit=FLAGS_SHOWN)
    looks = [f"**{row.kind.value}** {plain(row.reason)}" for row in flagged]
    if looks:
        embeds.append(listing("Worth a second look", looks, empty=""))
    return Answer(
        embeds,
        FIGURES,
        further=Question(WHY, (TRADER, packed(stream), "")) if rows else None,
    )


def _told_of(row: TraderRow) -> str:
    return (
        f"since {row.first_seen:%Y-%m-%d}: {row.signals} signals, {row.corrections} corrected; "
        f"messages: {row.edited} edited, {row.deleted} deleted, {row.unbooked} not booked"
    )


@app_commands.command(name="trader", description="One trader's record and the trades behind it")
@app_commands.describe(name="Who", as_of=AS_OF)
@app_commands.autocomplete(name=trader_choices)
@app_commands.guild_only()
async def trader(interaction: Interaction, name: str, as_of: str = "") -> None:
    """Answers `/trader`."""
    await look(interaction, as_of, lambda house, c, then: trader_answer(house, c, name, then))
