"""`/pnl`: what a trader's record or the accounts made in a window, and on its last days."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import discord
from discord import app_commands
from psycopg import Connection

from interfaces.compose import House
from interfaces.discord.slash.answers import PAGE_ROWS, Answer, colour_of, listing, plain
from interfaces.discord.slash.asking import Interaction
from interfaces.discord.slash.choices import among, trader_choices
from interfaces.discord.slash.known import FIRST_SESSION
from interfaces.discord.slash.leaderboard import figures_of, standings_in
from interfaces.discord.slash.pages import look
from interfaces.discord.slash.then import AS_OF, Then
from interfaces.lookups import trader_named
from interfaces.wording import money, percent
from projections.pnl import BookDay, BookRow
from projections.position_pages import book_days, books
from projections.positions import BookKind
from projections.trader_profiles import names_of
from projections.windows import Span, Window, span_of

NOUN = "pnl"
FIGURES = ("pnl", "return", "day", "rests on")
EMBEDS_MAX = 5


def pnl_answer(
    house: House, connection: Connection[Any], window: Window, trader: UUID | None, then: Then
) -> Answer:
    """What a trader made in a window, or what each account did."""
    span = span_of(window, then.at)
    if trader is not None:
        return Answer([_of_trader(house, connection, span, trader, then)], FIGURES)
    found = books(connection, kind=BookKind.ACCOUNT, as_of=then.position)[:EMBEDS_MAX]
    embeds = [_of_account(connection, span, row, then) for row in found]
    return Answer(embeds or [listing("P&L", [], empty="there is no account")], ("pnl", "day"))


def _of_trader(
    house: House, connection: Connection[Any], span: Span, trader: UUID, then: Then
) -> discord.Embed:
    found = standings_in(house, connection, span, trader, then.position)
    name = names_of(connection, [trader]).get(trader, "")
    days = _days(connection, span, trader, then)
    lines = [f"**{span.window.value}** {figures_of(row)}" for row in found]
    return listing(
        f"P&L of {plain(name)}",
        [*lines, *map(_day_line, days[:PAGE_ROWS])],
        empty="nothing was traded in this window",
        colour=colour_of(found[0].pnl) if found else colour_of(0),
    )


def _of_account(
    connection: Connection[Any], span: Span, account: BookRow, then: Then
) -> discord.Embed:
    days = _days(connection, span, account.book, then)
    made = days[0].cum_pnl - days[-1].cum_pnl + days[-1].pnl if days else Decimal(0)
    paid = days[0].cum_commission - days[-1].cum_commission + days[-1].commission if days else 0
    total = f"**{span.window.value}** P&L **{money(made, sign=True)}** · commission {paid:,.2f}"
    return listing(
        f"P&L of the account {plain(account.name)}",
        [total, *map(_day_line, days[:PAGE_ROWS])] if days else [],
        empty="nothing moved in this window",
        note="whole exchange days, New York",
        colour=colour_of(made),
    )


def _days(connection: Connection[Any], span: Span, book: UUID, then: Then) -> Sequence[BookDay]:
    """The days of a span on which something moved, the last one first."""
    first = max(span.first, FIRST_SESSION)
    return book_days(connection, book, first, span.last, as_of=then.position)[::-1]


def _day_line(row: BookDay) -> str:
    return (
        f"`{row.day}` {money(row.pnl, sign=True)} · day's return {percent(row.r)} · "
        f"NAV {row.nav:.3f}"
    )


@app_commands.command(name=NOUN, description="What was made in a window, and on its days")
@app_commands.describe(
    trader="Whose record; without one, what the accounts made",
    window="The stretch of time (30d)",
    as_of=AS_OF,
)
@app_commands.choices(window=among(Window))
@app_commands.autocomplete(trader=trader_choices)
@app_commands.guild_only()
async def pnl(
    interaction: Interaction,
    trader: str = "",
    window: str = Window.LAST_30D.value,
    as_of: str = "",
) -> None:
    """Answers `/pnl`."""
    await look(
        interaction,
        as_of,
        lambda house, c, then: pnl_answer(
            house, c, Window(window), trader_named(c, trader) if trader else None, then
        ),
    )
