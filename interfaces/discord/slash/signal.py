"""`/signal`: a trade filled in field by field, kept as a message of whoever fills it in.

It needs no right to read messages. The same intake keeps it, under the command's own id, and the
same booking reads it; what it would read otherwise than it was filled in is refused before.
"""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from discord import app_commands
from psycopg import Connection

from application.intake import SeenMessage, capture
from application.tickets import TradeTicket, contract_named, message_of, room_of
from domain.grammar.reading import Action
from domain.market import exchange_day
from domain.shared import InvalidInput
from domain.signals import signal_stream
from interfaces.chat_files import DISCORD
from interfaces.discord.hearing import Watch
from interfaces.discord.slash.answers import Answer, listing, plain, short
from interfaces.discord.slash.asking import Asker, Interaction
from interfaces.discord.slash.choices import among, contract_choices
from interfaces.discord.slash.pages import answer
from interfaces.wording import number
from projections.messages import message as message_row
from projections.signal_feed import executions, signals
from projections.signal_feed import signal as signal_row

ACTOR = "discord:signal"
VIA = "slash"
PATIENCE_S = 10.0
STEP_S = 0.1
LATEST = 10
"""How many of the author's newest signals an exit may be found on."""


def signal_answer(asker: Asker, ticket: TradeTicket) -> Answer:
    """Keeps the ticket's message and tells what was booked.

    Raises:
        Forbidden, InvalidInput: who asks may not, nobody watches this channel, or the ticket
            cannot be booked as it is.
    """
    asker.member.require("read")
    place = Watch(asker.settings.channels).place_of(asker.interaction.channel)
    if place is None:
        watched = ", ".join(f"#{name}" for name in asker.settings.channels) or "none"
        raise InvalidInput(f"signals are given in a watched channel: {watched}")
    person = asker.interaction.user
    author = (str(person.id), person.display_name)
    posted_at = asker.interaction.created_at
    words = message_of(ticket, room_of(asker.house.desk, place.channel, *author), posted_at)
    message = SeenMessage(
        platform=DISCORD,
        message_id=str(asker.interaction.id),
        channel=place.channel,
        channel_id=place.channel_id,
        author_id=author[0],
        author_name=author[1],
        content=words,
        posted_at=posted_at,
        received_at=asker.now,
    )
    capture(asker.house.desk, [message], via=VIA, actor=ACTOR, at=asker.now)
    return Answer([listing("Signal", [plain(words, 600), _booked(asker, message.stream)],
                           empty="")])  # fmt: skip


def _booked(asker: Asker, message: UUID) -> str:
    """What became of the message, as soon as it is read."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = asker.look(lambda connection: _became(asker, connection, message))
        if found:
            return found
        if time.monotonic() > deadline:
            return "It is recorded; what it is booked on is told in a moment."
        time.sleep(STEP_S)


def _became(asker: Asker, connection: Connection[Any], message: UUID) -> str:
    own = signal_stream(message, 0)
    row = signal_row(connection, own)
    if row is not None:
        return f"Booked as signal {short(row.signal)}: {row.side.value} {row.title}."
    kept = message_row(connection, message)
    if kept is not None and kept.unbooked_why:
        return f"Recorded and not booked: {plain(kept.unbooked_why, 300)}"
    for mine in signals(connection, trader=UUID(asker.member.trader), limit=LATEST):
        # Its own may have been booked since the question above: the next look tells it.
        for execution in executions(connection, mine.signal) if mine.signal != own else ():
            if execution.message == message:
                return f"Booked on signal {short(mine.signal)}: {execution.kind.value}."
    return ""


@app_commands.command(name="signal", description="Give a signal field by field")
@app_commands.describe(
    action="BTO opens a bought trade, STO a sold one; STC and BTC close them",
    contract="TSLA 11/20/26 250c, or a ticker",
    price="USD per share",
    quantity="Contracts or shares (1)",
    stop="USD per share",
    targets="USD per share, with blanks between them",
    note="Anything else; it must not read like an order",
)
@app_commands.choices(action=among(Action))
@app_commands.autocomplete(contract=contract_choices)
@app_commands.guild_only()
async def signal(
    interaction: Interaction,
    action: str,
    contract: str,
    price: str,
    quantity: str = "1",
    stop: str = "",
    targets: str = "",
    note: str = "",
) -> None:
    """Answers `/signal`."""

    def found(asker: Asker) -> Answer:
        named = contract_named(contract, exchange_day(interaction.created_at))
        ticket = TradeTicket(
            action=Action(action),
            symbol=named.symbol,
            quantity=number(quantity, "quantity"),
            price=number(price, "price"),
            stop=number(stop, "stop") if stop else None,
            targets=tuple(number(word, "target") for word in targets.replace(",", " ").split()),
            note=" ".join(note.split()),
        )
        return signal_answer(asker, ticket)

    await answer(interaction, found)
