"""`/trader`: one trader's record: figures by window, and the last trades behind them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from discord import app_commands
from psycopg import Connection

from application.ports import NotFound
from interfaces.compose import House
from interfaces.discord.slash.answers import PAGE_ROWS, Answer, Question, listing, packed, plain
from interfaces.discord.slash.asking import Interaction
from interfaces.discord.slash.choices import trader_choices
from interfaces.discord.slash.known import sessions_of
from interfaces.discord.slash.leaderboard import figures_of
from interfaces.discord.slash.pages import answer
from interfaces.discord.slash.positions import position_line
from interfaces.discord.slash.why import NOUN as WHY
from interfaces.discord.slash.why import TRADER
from interfaces.lookups import trader_named
from projections.flag_rows import FlagRow
from projections.flags import flags
from projections.leaderboards import By, board
from projections.position_pages import positions
from projections.trader_profiles import TraderRow, profile
from projections.windows import Window, span_of

FLAGS_SHOWN = 5
FIGURES = ("return", "accuracy", "sharpe", "pnl", "trade's return", "rests on")


def trader_answer(house: House, connection: Connection[Any], name: str) -> Answer:
    """Who a trader is, their figures in every window, and their last trades.

    Raises:
        NotFound: nobody goes by the name; the text says which names come close.
    """
    stream = trader_named(connection, name)
    about = profile(connection, stream)
    if about is None:
        raise NotFound(f"there is no trader {name}")
    lines = []
    for window in Window:
        span = span_of(window, house.clock.now())
        found = board(
            connection, span, By.RETURN, sessions_of(house, span), trader=stream
        ).standings
        lines += [f"**{window.value}** {figures_of(row)}" for row in found]
    rows = positions(connection, book=stream, limit=PAGE_ROWS)
    embeds = [
        listing(plain(about.name), lines, empty="nothing was traded yet", note=_told_of(about)),
        listing("Last trades", [position_line(row) for row in rows], empty="no trades yet"),
    ]
    looks = [f"**{row.kind.value}** {plain(row.reason)}" for row in _flags_of(connection, stream)]
    if looks:
        embeds.append(listing("Worth a second look", looks, empty=""))
    return Answer(
        embeds,
        FIGURES,
        further=Question(WHY, (TRADER, packed(stream), "")) if rows else None,
    )


def _flags_of(connection: Connection[Any], trader: UUID) -> list[FlagRow]:
    return flags(connection, trader=trader, limit=FLAGS_SHOWN)


def _told_of(row: TraderRow) -> str:
    return (
        f"since {row.first_seen:%Y-%m-%d}: {row.signals} signals, {row.corrections} corrected; "
        f"messages: {row.edited} edited, {row.deleted} deleted, {row.unbooked} not booked"
    )


@app_commands.command(name="trader", description="One trader's record and the trades behind it")
@app_commands.describe(name="Who")
@app_commands.autocomplete(name=trader_choices)
@app_commands.guild_only()
async def trader(interaction: Interaction, name: str) -> None:
    """Answers `/trader`."""
    await answer(
        interaction, lambda asker: asker.look(lambda c: trader_answer(asker.house, c, name))
    )
