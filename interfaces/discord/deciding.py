"""Deciding: what a click or a reaction asks of the application, and what is said to it.

A click is acknowledged at once, whatever it takes to decide. If that fails, because the connection
is lost, it is decided all the same: what somebody said counts, and the card will show it. The
interaction's id is the command's, so that a click that is told twice decides once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

import aiohttp
import discord
from discord import ui

from application.access import Member
from application.approving import approve, reject
from application.assessing import market_price
from application.correcting import apply_correction, refuse_correction, request_correction
from application.desk import Command
from application.ports import NotFound, Unavailable
from domain.approvals import PriceMoved
from domain.signals import Signal
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.fixing import change_of, reading_of
from interfaces.discord.members import called
from interfaces.discord.owing import owe, paid
from interfaces.discord.settings import DiscordSettings
from interfaces.discord.slash.asking import Asker, Interaction, asker_of
from interfaces.graphql.errors import told

LOST = (discord.HTTPException, aiohttp.ClientError, OSError)
"""How an answer fails to reach Discord."""

FORM_S = 2.0
"""How long the look for what a form shows may take: Discord waits three seconds for the form."""

_Found = TypeVar("_Found")
_log = logging.getLogger(__name__)


class Decider(Protocol):
    """Somebody who clicked or reacted, as the house knows them at this moment."""

    @property
    def house(self) -> House: ...

    @property
    def settings(self) -> DiscordSettings: ...

    @property
    def member(self) -> Member: ...

    @property
    def now(self) -> datetime: ...


class Said(NamedTuple):
    """What whoever clicked hears, and the price that they may accept instead."""

    words: str
    offer: Decimal | None = None


Act = Callable[[Asker], Said]
MakeItems = Callable[[Decimal], Sequence[ui.Item[Any]]]


async def click(interaction: Interaction, act: Act, offer: MakeItems | None = None) -> None:
    """Acknowledges, decides in a thread, and says what came of it to the one who clicked.

    `offer` makes the buttons with which a price that moved is accepted.
    """
    asker = asker_of(interaction)
    is_owed, _ = await asyncio.gather(_acknowledged(interaction), owe(asker.house, interaction))
    said = await decided(act, asker)
    if is_owed:
        await _answer(interaction, said, offer)
    await paid(asker.house, interaction)


async def open_form(
    interaction: Interaction, look: Awaitable[_Found], form: Callable[[_Found], ui.Modal]
) -> None:
    """Shows a form with what was looked for, or says why there is none."""
    try:
        found = await asyncio.wait_for(look, FORM_S)
    except TimeoutError:
        refusal = sentence(Unavailable("the record took too long"))
    except Exception as error:  # noqa: BLE001 - whoever clicked hears what went wrong
        refusal = sentence(error)
    else:
        await got_through(interaction.response.send_modal(form(found)))
        return
    await got_through(interaction.response.send_message(refusal.words, ephemeral=True))


async def _answer(interaction: Interaction, said: Said, offer: MakeItems | None) -> None:
    view = None
    if offer is not None and said.offer is not None:
        view = ui.View(timeout=None)
        for item in offer(said.offer):
            view.add_item(item)
    await got_through(interaction.edit_original_response(content=said.words, view=view))


async def decided(act: Act, asker: Asker) -> Said:
    """Lets it be decided; a refusal is an answer like any other."""
    try:
        return await asyncio.to_thread(act, asker)
    except Exception as error:  # noqa: BLE001 - whoever clicked hears what went wrong
        return sentence(error)


def sentence(error: Exception) -> Said:
    """A refusal as it is said."""
    _, words, _ = told(error)
    return Said(called(words[:1].upper() + words[1:])[:2_000])


async def _acknowledged(interaction: Interaction) -> bool:
    return await got_through(interaction.response.defer(ephemeral=True, thinking=True))


async def got_through(answer: Awaitable[object]) -> bool:
    """Whether an answer to a click reached Discord: not if the connection is lost, or a bot that
    died since has answered it already."""
    try:
        await answer
    except LOST as error:
        _log.warning("an answer did not get through: %s", error)
        return False
    return True


def yes(
    who: Decider,
    command: Command,
    signal: UUID,
    *,
    accept_price: Decimal | None = None,
    seen_version: int | None = None,
    via: str = DISCORD,
) -> Said:
    """Approves; where the price moved, the market's price is offered.

    Raises:
        NotFound, DomainError, Unavailable: as the application says.
    """
    house, account = who.house, who.settings.account
    try:
        answer = approve(
            house.desk,
            command,
            who.member,
            signal=signal,
            account=account,
            via=via,
            assessor=house.assessor,
            accept_price=accept_price,
            expected_version=seen_version,
        )
    except PriceMoved as moved:
        found = signal_at(who, signal)
        market = market_price(house.market, found.side, found.legs, who.now)
        return Said(sentence(moved).words, market)
    if answer.still_needed:
        return Said(f"Your yes is recorded: {answer.still_needed}.")
    return Said(f"Approved: its order for {account} follows.")


def no(
    who: Decider,
    command: Command,
    signal: UUID,
    reason: str,
    *,
    seen_version: int | None = None,
    via: str = DISCORD,
) -> Said:
    """Rejects.

    Raises:
        NotFound, DomainError, Unavailable: as the application says.
    """
    reject(
        who.house.desk, command, who.member, signal=signal, reason=reason, via=via,
        expected_version=seen_version,
    )  # fmt: skip
    return Said("Rejected, with your reason.")


def ask_for_fix(asker: Asker, signal: UUID, filled: dict[str, str]) -> Said:
    """Asks for the correction of what was filled in otherwise than it is recorded.

    Raises:
        Forbidden, NotFound, DomainError, Unavailable: as the application says.
    """
    found = signal_at(asker, signal)
    change = change_of(found, filled, filled.get("reason", ""), at=asker.now)
    # What is recorded may move between two tellings of one click, what was filled in does not.
    command = asker.command("fix", signal, filled)
    request_correction(asker.house.desk, command, asker.member, change)
    return Said("Asked for: another person, an admin, approves or refuses it on the card.")


def prefilled(asker: Asker, signal: UUID) -> dict[str, str]:
    """A signal's figures for the form.

    Raises:
        NotFound, Unavailable: there is no such signal, or the database did not answer.
    """
    return reading_of(signal_at(asker, signal))


def apply_fix(asker: Asker, correction: UUID) -> Said:
    """Approves a correction that somebody else asked for.

    Raises:
        Forbidden, NotFound, DomainError, Unavailable: as the application says.
    """
    command = asker.command("apply", correction)
    apply_correction(asker.house.desk, command, asker.member, correction)
    return Said("Approved and applied.")


def refuse_fix(asker: Asker, correction: UUID, reason: str) -> Said:
    """Refuses a correction that was asked for.

    Raises:
        Forbidden, NotFound, DomainError, Unavailable: as the application says.
    """
    command = asker.command("refuse", correction, reason)
    refuse_correction(asker.house.desk, command, asker.member, correction, reason=reason)
    return Said("Refused, with your reason.")


def signal_at(who: Decider, signal: UUID) -> Signal:
    """The signal as it stands.

    Raises:
        NotFound: there is none.
    """
    found = who.house.desk.load([signal]).get(signal)
    if not isinstance(found, Signal):
        raise NotFound(f"there is no signal {signal}")
    return found
