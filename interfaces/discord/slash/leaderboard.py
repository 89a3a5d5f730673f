"""`/leaderboard`: the traders of a window in their order. All pages are of one board."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import discord
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
    plain,
    unpacked,
)
from interfaces.discord.slash.asking import Interaction
from interfaces.discord.slash.choices import among
from interfaces.discord.slash.known import known_position, sessions_of
from interfaces.discord.slash.pages import look, page
from interfaces.discord.slash.then import AS_OF, Then
from interfaces.wording import (
    Marks,
    accuracy_of,
    mark_of,
    money,
    percent,
    rests_on,
    sharpe_of,
    skill_of,
)
from projections.books import Books
from projections.flags import Flags, flag_marks
from projections.leaderboards import Board, By, Standing, board
from projections.people import People
from projections.trader_profiles import TraderProfiles
from projections.windows import Span, Window, span_of

NOUN = "leaderboard"
MODELS = (Books, Flags, People, TraderProfiles)
FIGURES = (
    "score", "mean return", "psr", "unseen", "return", "accuracy", "sharpe", "pnl", "ranked",
    "rests on",
)  # fmt: skip


def leaderboard_answer(
    house: House,
    connection: Connection[Any],
    window: Window,
    by: By | None,
    *,
    at: datetime,
    as_of: int | None = None,
    after: UUID | None = None,
    says_known: bool = True,
) -> Answer:
    """A page of the board that ends at a moment, as it was known at a position of the tape,
    which it names if it `says_known`.
    """
    known = known_position(connection, *MODELS) if as_of is None else as_of
    # Buttons say the moment in whole seconds; the first page is of that very moment too.
    span = span_of(window, at.replace(microsecond=0))
    found = board(
        connection, span, by, sessions_of(house, span), as_of=known, after=after,
        limit=PAGE_ROWS + 1, kept=house.board_records,
    )  # fmt: skip
    rows, more = page_of(found.standings)
    asked = (window.value, found.by.value, str(int(at.timestamp())), str(known))
    marks = flag_marks(connection, [row.trader for row in rows], as_of=known)
    return Answer(
        [board_embed(found, rows, known if says_known else None, marks)],
        FIGURES,
        first=Question(NOUN, (*asked, "")) if after is not None else None,
        further=Question(NOUN, (*asked, packed(rows[-1].trader))) if more else None,
    )


@page(NOUN)
def turned(house: House, connection: Connection[Any], parts: Sequence[str], then: Then) -> Answer:
    """The page that a button asks for."""
    window, by, at, as_of, after = parts
    return leaderboard_answer(
        house,
        connection,
        Window(window),
        By(by),
        at=datetime.fromtimestamp(int(at), UTC),
        as_of=int(as_of),
        after=unpacked(after),
        says_known=then.position is None,
    )


def board_embed(
    found: Board, rows: Sequence[Standing], known: int | None, marks: Marks
) -> discord.Embed:
    """Some rows of a board; marks say who has flags."""
    place = "" if known is None else f" · as known at position {known} of the tape"
    many = f"{found.traders} {'trader' if found.traders == 1 else 'traders'}"
    return listing(
        f"Leaderboard, {found.window.value} to {found.last}, by {found.by.value}",
        [standing_line(row, marks.get(row.trader, 0)) for row in rows],
        empty="nobody traded in this window",
        note=f"{many}{place}",
    )


def standing_line(row: Standing, flags: int) -> str:
    """A trader's figures in a window."""
    rank = "-" if row.rank is None else str(row.rank)
    return f"**{rank}** {plain(row.name)}{mark_of(flags)} · {figures_of(row)}"


def standings_in(
    house: House, connection: Connection[Any], span: Span, trader: UUID, as_of: int | None
) -> Sequence[Standing]:
    """A trader's figures in a window; none where nothing was traded in it."""
    return board(
        connection, span, By.RETURN, sessions_of(house, span), trader=trader, as_of=as_of,
        kept=house.board_records,
    ).standings  # fmt: skip


def figures_of(row: Standing) -> str:
    """The figures of a standing in a line."""
    return (
        f"{skill_of(row)}return **{percent(row.return_)}** · won {accuracy_of(row)} · "
        f"Sharpe {sharpe_of(row)} · P&L {money(row.pnl, sign=True)} · {row.closed} closed · "
        f"{rests_on(row)}"
    )


@app_commands.command(name=NOUN, description="The traders of a window, ranked by a figure")
@app_commands.describe(
    window="The stretch of time (30d)", by="The figure to order by (score)", as_of=AS_OF
)
@app_commands.choices(window=among(Window), by=among(By))
@app_commands.guild_only()
async def leaderboard(
    interaction: Interaction, window: str = Window.LAST_30D.value, by: str = "", as_of: str = ""
) -> None:
    """Answers `/leaderboard`."""
    await look(
        interaction,
        as_of,
        lambda house, c, then: leaderboard_answer(
            house,
            c,
            Window(window),
            By(by) if by else None,
            at=then.at.replace(microsecond=0),
            as_of=then.position,
            says_known=then.position is None,
        ),
    )
