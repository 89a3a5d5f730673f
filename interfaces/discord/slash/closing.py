"""`/close` and `/close-all`: orders that take positions out of an account.

Both ask by the same command as the command line's `order --close`, and the book that trades has
the last word on what is held. `/close-all` shows what it would close and closes exactly that when
it is confirmed: pressing twice, or two admins at once, closes it once.
"""

from __future__ import annotations

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
from application.desk import Command, derived_id
from application.ports import NotFound
from domain.accounts import account_stream
from domain.fix import OrdStatus, OrdType, PositionEffect, Side
from domain.legs import legs_of
from domain.shared import DomainError, Impossible, InvalidInput
from interfaces.chat_files import DISCORD
from interfaces.discord.slash.answers import LOSS, Answer, listing, packed, plain, unpacked
from interfaces.discord.slash.asking import Asker, Interaction
from interfaces.discord.slash.choices import account_choices, held_choices
from interfaces.discord.slash.known import known_position
from interfaces.discord.slash.pages import answer, turn
from interfaces.discord.slash.positions import position_line
from interfaces.lookups import holding_named
from interfaces.wording import number, order_told
from projections.accounts import Accounts, accounts
from projections.blotter import order
from projections.books import Books
from projections.position_pages import position, positions
from projections.positions import BookKind, PositionRow

ALL_MAX = 200
PATIENCE_S = 3.0
"""How long an order's outcome is waited for; then the trades channel tells it."""
STEP_S = 0.05
UNDER_WAY = frozenset({OrdStatus.PENDING_NEW, OrdStatus.NEW})


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


def ask_answer(asker: Asker, account: str) -> Answer:
    """Shows what would be closed, with a button that closes exactly that.

    Raises:
        Forbidden, NotFound: who asks may not, or there is no such account.
    """
    asker.member.require("place_order")

    def found(connection: Connection[Any]) -> tuple[int, list[PositionRow]]:
        if all(row.name != account for row in accounts(connection)):
            raise NotFound(f"there is no account {account}")
        known = known_position(connection, Accounts, Books)
        return known, _open(connection, account_stream(account), known)

    known, rows = asker.look(found)
    embed = listing(
        f"Close all {len(rows)} positions of {plain(account)}?",
        [position_line(row) for row in rows],
        empty="nothing is open",
        note=f"as known at position {known} of the tape; at market, each by an order of its own",
        colour=LOSS,
    )
    button = CloseAllButton(account_stream(account), known, asker.interaction.id, len(rows))
    return Answer([embed], ("position", "rests on"), items=[button] if rows else [])


def close_all_answer(asker: Asker, account: UUID, known: int, asked: int) -> Answer:
    """Closes what was open at a position of the tape; `asked` is whose commands these are.

    Raises:
        Forbidden, NotFound: who presses may not, or there is no such account.
    """
    asker.member.require("place_order")

    def found(connection: Connection[Any]) -> tuple[str, list[PositionRow]]:
        name = next((row.name for row in accounts(connection) if row.account == account), None)
        if name is None:
            raise NotFound("there is no such account any more")
        return name, _open(connection, account, known)

    name, rows = asker.look(found)
    placed = [(row, _place(asker, name, row, asked)) for row in rows]
    deadline = time.monotonic() + PATIENCE_S
    lines = [
        f"{position_line(row).partition(chr(10))[0]}: "
        + (plain(done, 200) if isinstance(done, str) else _outcome(asker, done, deadline))
        for row, done in placed
    ]
    return Answer([listing(f"Closing all of {plain(name)}", lines, empty="nothing was open")])


def _open(connection: Connection[Any], account: UUID, known: int) -> list[PositionRow]:
    return positions(connection, book=account, open_only=True, as_of=known, limit=ALL_MAX)


def _place(asker: Asker, account: str, row: PositionRow, asked: int) -> UUID | str:
    """The order that closes one of them, or why there is none; the others go on."""
    ticket = closing_ticket(account, row)
    command = Command.given(
        derived_id(DISCORD, str(asked), str(row.position)),
        "order",
        ticket,
        actor=asker.member.actor,
        at=asker.now,
    )
    try:
        return place_order(asker.house.desk, command, asker.member, ticket).stream
    except DomainError as error:
        return str(error)


class CloseAllButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"tt:close-all:(?P<account>[\w-]{22}):(?P<known>\d+):(?P<asked>\d+)",
):
    """Confirms that everything that was shown is to be closed."""

    def __init__(self, account: UUID, known: int, asked: int, many: int) -> None:
        button: ui.Button[Any] = ui.Button(
            label=f"Close {many}",
            style=discord.ButtonStyle.danger,
            custom_id=f"tt:close-all:{packed(account)}:{known}:{asked}",
        )
        super().__init__(button)
        self._account, self._known, self._asked = account, known, asked

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> CloseAllButton:
        account = unpacked(match["account"])
        assert account is not None
        return cls(account, int(match["known"]), int(match["asked"]), 0)

    async def callback(self, interaction: Interaction) -> Any:
        await turn(
            interaction,
            lambda asker: close_all_answer(asker, self._account, self._known, self._asked),
        )


@app_commands.command(name="close", description="Close a position of an account at market")
@app_commands.describe(position="Which", quantity="How much of it; all without this")
@app_commands.autocomplete(position=held_choices)
@app_commands.guild_only()
async def close(interaction: Interaction, position: str, quantity: str = "") -> None:
    """Answers `/close`."""
    await answer(interaction, lambda asker: close_answer(asker, position, quantity))


@app_commands.command(name="close-all", description="Close everything an account holds")
@app_commands.describe(account="Which account; the one that approvals trade in without this")
@app_commands.autocomplete(account=account_choices)
@app_commands.guild_only()
async def close_all(interaction: Interaction, account: str = "") -> None:
    """Answers `/close-all`."""
    await answer(interaction, lambda asker: ask_answer(asker, account or asker.settings.account))
