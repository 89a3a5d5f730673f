"""`/approve-queue`: the signals that wait for a yes or no, the longest first, with their buttons.

The buttons are those of the signals' cards: the same rules hold and the same words are heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from discord import app_commands, ui
from psycopg import Connection

from interfaces.compose import House
from interfaces.discord.buttons import Approve, Fix, Reject, Why
from interfaces.discord.members import called
from interfaces.discord.slash.answers import (
    Answer,
    Question,
    listing,
    page_of,
    place,
    place_of,
    plain,
    short,
)
from interfaces.discord.slash.asking import Interaction
from interfaces.discord.slash.pages import look, page
from interfaces.discord.slash.then import AS_OF, Then
from interfaces.wording import amount, moment, price
from projections.approval_queue import PendingRow, pending
from projections.trader_profiles import names_of

NOUN = "queue"
WAITING_ROWS = 4
"""Five rows of buttons fit below a message; the last one turns the pages."""


def queue_answer(
    connection: Connection[Any], after: tuple[str, str] = ("", ""), as_of: int | None = None
) -> Answer:
    """A page of what waits, with its buttons; of what waited once, without."""
    rows, more = page_of(
        pending(connection, as_of=as_of, after=place_of(*after), limit=WAITING_ROWS + 1),
        WAITING_ROWS,
    )
    names = names_of(connection, {row.trader for row in rows})
    lines = [
        f"**{number}** {_line(row, names.get(row.trader, ''))}"
        for number, row in enumerate(rows, start=1)
    ]
    return Answer(
        [listing("Waiting for approval", lines, empty="nothing waits for approval")],
        ("claimed", "market") if rows else (),
        first=Question(NOUN, ("", "")) if after[1] else None,
        further=Question(NOUN, place(rows[-1].posted_at, rows[-1].signal)) if more else None,
        items=[button for at, row in enumerate(rows) for button in _buttons(at, row)]
        if as_of is None
        else (),
    )


@page(NOUN)
def turned(_: House, connection: Connection[Any], parts: Sequence[str], then: Then) -> Answer:
    """The page that a button asks for."""
    at, signal = parts
    return queue_answer(connection, (at, signal), then.position)


def _line(row: PendingRow, name: str) -> str:
    what = f"{row.side.value} {amount(row.quantity)} {row.title}"
    told = [
        f"{short(row.signal)} **{what}** by {plain(name)}",
        f"claimed {price(row.price)}, market {price(row.market_px)}, stop {price(row.stop)}",
        f"posted {moment(row.posted_at)} UTC"
        + (f", until {moment(row.valid_until)}" if row.valid_until is not None else ""),
    ]
    if row.given:
        told.append(f"{row.given} of {row.needed} said yes: {plain(called(row.given_by))}")
    if row.late:
        told.append("not heard live")
    if row.edited_at is not None:
        told.append("edited since")
    if row.deleted_at is not None:
        told.append("taken away since")
    return "\n".join([told[0], " · ".join(told[1:])])


def _buttons(at: int, row: PendingRow) -> Iterator[ui.DynamicItem[ui.Button[Any]]]:
    """The buttons of a signal's card, in a row of their own and with its number."""
    seen = row.version
    for made in (
        Approve(row.signal, seen),
        Reject(row.signal, seen),
        Fix(row.signal),
        Why(row.signal),
    ):
        made.item.label = f"{made.item.label} {at + 1}"
        made.row = at
        yield made


@app_commands.command(name="approve-queue", description="What waits for a yes or no")
@app_commands.describe(as_of=AS_OF)
@app_commands.guild_only()
async def approve_queue(interaction: Interaction, as_of: str = "") -> None:
    """Answers `/approve-queue`."""
    await look(interaction, as_of, lambda _, c, then: queue_answer(c, as_of=then.position))
