"""`/positions`: what is open in the traders' records and in the accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from discord import app_commands
from psycopg import Connection

from interfaces.compose import House
from interfaces.discord.slash.answers import (
    PAGE_ROWS,
    Answer,
    Question,
    listing,
    packed,
    page_of,
    place,
    place_of,
    plain,
    short,
    unpacked,
)
from interfaces.discord.slash.asking import Interaction
from interfaces.discord.slash.choices import trader_choices
from interfaces.discord.slash.pages import look, page
from interfaces.discord.slash.then import AS_OF, Then
from interfaces.lookups import trader_named
from interfaces.wording import amount, money, percent, price
from projections.naming import title_of
from projections.position_pages import books, positions
from projections.positions import BookKind, PositionRow
from projections.trader_profiles import names_of

NOUN = "positions"
FIGURES = ("position", "rests on")


def positions_answer(
    connection: Connection[Any],
    *,
    book: UUID | None = None,
    accounts: bool = False,
    after: tuple[str, str] = ("", ""),
    as_of: int | None = None,
) -> Answer:
    """A page of what is open, the newest first: of one book, of the accounts, or of all."""
    rows, more = page_of(
        positions(
            connection,
            kind=BookKind.ACCOUNT if accounts else None,
            book=book,
            open_only=True,
            as_of=as_of,
            after=place_of(*after),
            limit=PAGE_ROWS + 1,
        )
    )
    names = book_names(connection, {row.book for row in rows})
    whose = f" of {names_of(connection, [book]).get(book, '')}" if book is not None else ""
    embed = listing(
        f"Open positions{whose}",
        [position_line(row, names) for row in rows],
        empty="nothing is open",
        note="name one by its id: /why 1a2b3c4d",
    )
    asked = (packed(book), "a" if accounts else "")
    return Answer(
        [embed],
        FIGURES,
        first=Question(NOUN, (*asked, "", "")) if after[1] else None,
        further=Question(NOUN, (*asked, *place(rows[-1].opened_at, rows[-1].position)))
        if more
        else None,
    )


@page(NOUN)
def turned(_: House, connection: Connection[Any], parts: Sequence[str], then: Then) -> Answer:
    """The page that a button asks for."""
    book, accounts, *after = parts
    return positions_answer(
        connection,
        book=unpacked(book),
        accounts=bool(accounts),
        after=(after[0], after[1]),
        as_of=then.position,
    )


def position_line(row: PositionRow, names: Mapping[UUID, str] | None = None) -> str:
    """A position in a line: what it is, whose, at which cost, what it is worth and made."""
    whose = "" if names is None else f" · {plain(names.get(row.book, ''))}"
    held = f" · {amount(row.quantity)} open" if row.quantity else " · closed"
    mark = f" → {price(row.mark)}" if row.mark is not None else ""
    return (
        f"{short(row.position)} **{row.side} {title_of(row.symbol)}**{held}{whose}\n"
        f"entry {price(row.average_entry)}{mark} · P&L **{money(row.pnl, sign=True)}** "
        f"({percent(row.pnl_ratio)}) · {row.badge.value}"
    )


def book_names(connection: Connection[Any], of: set[UUID]) -> dict[UUID, str]:
    """Traders' and accounts' names."""
    accounts = {row.book: row.name for row in books(connection, kind=BookKind.ACCOUNT)}
    return {**accounts, **names_of(connection, of)}


@app_commands.command(name=NOUN, description="What is open, the newest first")
@app_commands.describe(
    trader="Only this trader's", accounts="Only what the accounts hold with money", as_of=AS_OF
)
@app_commands.autocomplete(trader=trader_choices)
@app_commands.guild_only()
async def positions_command(
    interaction: Interaction, trader: str = "", accounts: bool = False, as_of: str = ""
) -> None:
    """Answers `/positions`."""

    def found(_: House, connection: Connection[Any], then: Then) -> Answer:
        book = trader_named(connection, trader) if trader else None
        return positions_answer(connection, book=book, accounts=accounts, as_of=then.position)

    await look(interaction, as_of, found)
