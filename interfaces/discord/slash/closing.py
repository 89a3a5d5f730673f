"""`/close` and `/close-all`: orders that take positions out of an account.

`/close` asks by the same command as the command line's `order --close`, and the book that trades
has the last word on what is held. `/close-all` orders by the same command as `truetape close-all`
when it is confirmed, and the worker carries it out: pressing twice, or two members at once, closes
everything once.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from decimal import Decimal
from typing import Any
from uuid import UUID

import discord
import msgspec
from discord import app_commands, ui
from psycopg import Connection

from application.administering import OrderTicket, place_order
from application.closing_all import order_close_all
from application.desk import Command, Work, derived_id
from application.ports import NotFound
from domain.accounts import account_stream
from domain.close_alls import CloseAll
from domain.fix import OrdStatus, OrdType, PositionEffect, Side
from domain.legs import legs_of
from domain.market import EXCHANGE_ZONE
from domain.shared import Impossible, InvalidInput
from interfaces.chat_files import DISCORD
from interfaces.discord.slash.answers import LOSS, Answer, listing, packed, plain, unpacked
from interfaces.discord.slash.asking import Asker, Interaction
from interfaces.discord.slash.choices import account_choices, held_choices
from interfaces.discord.slash.known import known_position
from interfaces.discord.slash.pages import answer, turn
from interfaces.discord.slash.positions import position_line
from interfaces.lookups import holding_named
from interfaces.wording import clock_time, number, order_told
from projections.accounts import Accounts, accounts
from projections.blotter import order
from projections.books import Books
from projections.position_pages import position, positions
from projections.positions import BookKind, PositionRow

ALL_MAX = 200
PATIENCE_S = 3.0
"""How long an order's outcome is waited for; then the trades channel tells it."""
STEP_S = 0.05
UNDER_WAY = frozenset(
    {
        OrdStatus.PENDING_NEW,
        OrdStatus.NEW,
        OrdStatus.SUSPENDED,
        OrdStatus.PENDING_CANCEL,
        OrdStatus.PENDING_REPLACE,
    }
)
"""Nothing has come of the order yet, and something may."""
FLAT_MEANS = (
    "Open orders are taken back, all that is held by then is sold, and nothing is opened before "
    "the next session."
)


def closing_ticket(account: str, row: PositionRow, quantity: Decimal | None = None) -> OrderTicket:
    """The market order that closes a position, or a part of it.

    Raises:
        Impossible: it is closed.
        InvalidInput: more than is open, or nothing, is to be closed.
    """
    held = abs(row.quantity)
    if not held:
        raise Impossible("this position is closed already")
    closed = held if quantity is None else quantity
    if not 0 < closed <= held:
        raise InvalidInput(f"{held.normalize():f} are open: close between that and nothing")
    side = Side.SELL if row.quantity > 0 else Side.BUY
    bought = legs_of(row.symbol)
    legs = bought if side is Side.BUY else tuple(
        msgspec.structs.replace(leg, side=leg.side.opposite) for leg in bought
    )  # fmt: skip
    return OrderTicket(
        account=account,
        side=side,
        position_effect=PositionEffect.CLOSE,
        legs=legs,
        order_qty=closed,
        ord_type=OrdType.MARKET,
    )


def close_answer(asker: Asker, which: str, quantity: str) -> Answer:
    """Closes a position of an account and tells what came of the order.

    Raises:
        NotFound, InvalidInput, Impossible, Forbidden: there is no such position, it cannot be
            closed like this, or who asks may not.
    """
    account, row = asker.look(lambda connection: _held(connection, which))
    ticket = closing_ticket(account, row, number(quantity, "quantity") if quantity else None)
    placed = place_order(asker.house.desk, asker.command("order", ticket), asker.member, ticket)
    said = _outcome(asker, placed.stream, time.monotonic() + PATIENCE_S)
    return Answer([listing("Closing", [said], empty="")])


def _held(connection: Connection[Any], which: str) -> tuple[str, PositionRow]:
    stream = holding_named(connection, which)
    row = position(connection, stream)
    names = {found.account: found.name for found in accounts(connection)}
    if row is None or row.kind is not BookKind.ACCOUNT or row.book not in names:
        raise NotFound("that is no position of an account: a trader's own trade is theirs to close")
    return names[row.book], row


def _outcome(asker: Asker, stream: UUID, deadline: float) -> str:
    """An order as it stands as soon as it is decided, or how it is on its way."""
    while True:
        found = asker.look(lambda connection: order(connection, stream))
        if found is not None and found.status not in UNDER_WAY:
            return order_told(found)
        if time.monotonic() > deadline:
            return "the order is on its way: its fill is told in the trades channel"
        time.sleep(STEP_S)


def ask_answer(asker: Asker, account: str, begins: str) -> Answer:
    """Shows what an account holds and what would become of it, with a button that orders it.

    Raises:
        Forbidden, NotFound, InvalidInput: who asks may not, there is no such account, or no such
            time.
    """
    asker.member.require("close_position")
    clock = clock_time(begins) if begins else None

    def found(connection: Connection[Any]) -> tuple[int, list[PositionRow]]:
        if all(row.name != account for row in accounts(connection)):
            raise NotFound(f"there is no account {account}")
        known = known_position(connection, Accounts, Books)
        book = account_stream(account)
        return known, positions(connection, book=book, open_only=True, as_of=known, limit=ALL_MAX)

    known, rows = asker.look(found)
    embed = listing(
        f"Close all of {plain(account)} {_when(clock)}?",
        [
            FLAT_MEANS,
            *map(position_line, rows),
        ],
        empty="",
        note=f"{len(rows)} positions are open, as known at position {known} of the tape",
        colour=LOSS,
    )
    button = CloseAllButton(account_stream(account), clock, asker.interaction.id)
    return Answer([embed], ("position", "rests on"), items=[button])


def close_all_answer(asker: Asker, account: UUID, clock: dt.time | None, asked: int) -> Answer:
    """Orders that everything in an account is closed; `asked` is whose command this is.

    Raises:
        Forbidden, NotFound: who presses may not, or there is no such account.
        InvalidInput, Impossible: it cannot begin at that time.
    """
    named = {row.account: row.name for row in asker.look(accounts)}
    name = named.get(account)
    if name is None:
        raise NotFound("there is no such account any more")
    command = Command.given(
        derived_id(DISCORD, str(asked), "close-all"),
        *("close-all", name, clock),
        actor=asker.member.actor,
        at=asker.now,
    )
    house = asker.house
    ordered = order_close_all(
        house.desk, command, asker.member, house.calendar, account=name, clock=clock
    )
    closing = Work(house.desk).get(CloseAll, ordered.stream)
    lines = [
        _standing(closing, asker.now),
        f"{FLAT_MEANS} What came of it is told with the alerts.",
    ]
    return Answer([listing(f"Closing all of {plain(name)}", lines, empty="", colour=LOSS)])


def _standing(closing: CloseAll, now: dt.datetime) -> str:
    """How far a close-all is."""
    if closing.is_finished:
        return f"It was ordered before and is finished, begun at {_moment(closing.begun_at)}."
    if closing.begun_at is not None:
        return f"It has begun at {_moment(closing.begun_at)}."
    if closing.begins_at <= now:
        return "It begins now."
    return f"It begins at {_moment(closing.begins_at)}; until then trading goes on."


def _moment(at: dt.datetime | None) -> str:
    """A time as both clocks show it."""
    if at is None:
        return "-"
    return f"{at.astimezone(EXCHANGE_ZONE):%H:%M} in New York ({at:%H:%M} UTC)"


def _when(clock: dt.time | None) -> str:
    return "now" if clock is None else f"at {clock:%H:%M} in New York"


class CloseAllButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"tt:close-all:(?P<account>[\w-]{22}):(?P<begins>now|at\d{4}):(?P<asked>\d+)",
):
    """Confirms that everything in an account is to be closed."""

    def __init__(self, account: UUID, clock: dt.time | None, asked: int) -> None:
        begins = "now" if clock is None else f"at{clock:%H%M}"
        button: ui.Button[Any] = ui.Button(
            label="Close all",
            style=discord.ButtonStyle.danger,
            custom_id=f"tt:close-all:{packed(account)}:{begins}:{asked}",
        )
        super().__init__(button)
        self._account, self._clock, self._asked = account, clock, asked

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> CloseAllButton:
        account, begins = unpacked(match["account"]), match["begins"]
        assert account is not None
        clock = None if begins == "now" else clock_time(f"{begins[2:4]}:{begins[4:]}")
        return cls(account, clock, int(match["asked"]))

    async def callback(self, interaction: Interaction) -> Any:
        await turn(
            interaction,
            lambda asker: close_all_answer(asker, self._account, self._clock, self._asked),
        )


@app_commands.command(name="close", description="Close a position of an account at market")
@app_commands.describe(position="Which", quantity="How much of it; all without this")
@app_commands.autocomplete(position=held_choices)
@app_commands.guild_only()
async def close(interaction: Interaction, position: str, quantity: str = "") -> None:
    """Answers `/close`."""
    await answer(interaction, lambda asker: close_answer(asker, position, quantity))


@app_commands.command(
    name="close-all", description="Close everything an account holds, and open nothing more today"
)
@app_commands.rename(begins="at")
@app_commands.describe(
    account="Which account; the one that approvals trade in without this",
    begins="A clock time in New York, such as 15:45; now without this",
)
@app_commands.autocomplete(account=account_choices)
@app_commands.guild_only()
async def close_all(interaction: Interaction, account: str = "", begins: str = "") -> None:
    """Answers `/close-all`."""
    await answer(
        interaction, lambda asker: ask_answer(asker, account or asker.settings.account, begins)
    )
