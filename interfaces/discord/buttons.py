"""Buttons below a card: yes, no, fix, why; each says by its own id what it is about.

They work after a restart, whichever process is the bot by then. Roles are those of the moment of
the click. A yes or no says by its id also which version was seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

import discord
from discord import ui

from interfaces.discord import deciding, forms
from interfaces.discord.deciding import click, got_through
from interfaces.discord.recognising import SIGNAL, version_of
from interfaces.discord.slash.asking import Asker, Interaction, asker_of
from interfaces.discord.slash.pages import answer
from interfaces.discord.slash.why import story_answer

GREEN, RED, GREY = (
    discord.ButtonStyle.success, discord.ButtonStyle.danger, discord.ButtonStyle.secondary,
)  # fmt: skip
_VERSION = r"(?P<version>\d*)"
_SEEN = rf"(?::{_VERSION})?"
_PRICE = r"(?P<price>\d+(?:\.\d+)?)"


class _About(ui.DynamicItem[ui.Button[Any]], template=rf"tt:[a-z]+:{SIGNAL}"):
    """A button whose id is a verb and a stream."""

    verb: str
    label: str
    style = GREY
    place = 0

    def __init__(self, stream: UUID, *further: object, disabled: bool = False) -> None:
        """`further` stands behind the stream in its id."""
        parts = (self.verb, stream, *(part for part in further if part is not None))
        button: ui.Button[Any] = ui.Button(
            label=self.label,
            style=self.style,
            custom_id=":".join(("tt", *map(str, parts))),
            disabled=disabled,
        )
        super().__init__(button, row=self.place)
        self.stream = stream

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(UUID(match["signal"]))


class _Deciding(_About, template=rf"tt:[a-z]+:{SIGNAL}{_SEEN}"):
    """A button about a version of a signal. A card may show another one by the time of a click
    on it, and a list shows none: so it is in the id. Cards of old have it in their footer only.
    """

    def __init__(self, stream: UUID, version: int | None, *, disabled: bool = False) -> None:
        super().__init__(stream, version, disabled=disabled)
        self._version = version

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        seen = match["version"]
        return cls(UUID(match["signal"]), int(seen) if seen else version_of(interaction.message))


class Approve(_Deciding, template=rf"tt:approve:{SIGNAL}{_SEEN}"):
    """Says yes to what was shown."""

    verb, label, style = "approve", "Approve", GREEN

    async def callback(self, interaction: Interaction) -> Any:
        await _approve(interaction, self.stream, self._version, None)


class AtMarket(ui.DynamicItem[ui.Button[Any]], template=rf"tt:market:{SIGNAL}:{_VERSION}:{_PRICE}"):
    """Says yes although the price moved, and takes no worse one than it says."""

    def __init__(self, signal: UUID, version: int | None, price: Decimal) -> None:
        seen = "" if version is None else version
        super().__init__(
            ui.Button(
                label=f"Approve at {price:f}",
                style=GREEN,
                custom_id=f"tt:market:{signal}:{seen}:{price:f}",
            )
        )
        self._signal = signal
        self._version = version
        self._price = price

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        version = int(match["version"]) if match["version"] else None
        return cls(UUID(match["signal"]), version, Decimal(match["price"]))

    async def callback(self, interaction: Interaction) -> Any:
        await _approve(interaction, self._signal, self._version, self._price)


class Reject(_Deciding, template=rf"tt:reject:{SIGNAL}{_SEEN}"):
    """Says no, and is asked why."""

    verb, label, style = "reject", "Reject", RED

    async def callback(self, interaction: Interaction) -> Any:
        seen = self._version
        if asker_of(interaction).member.decides:
            await got_through(interaction.response.send_modal(forms.rejection(self.stream, seen)))
            return
        # Whoever may not decide hears so at once, and nobody reads a reason of theirs.
        await click(interaction, lambda asker: forms.rejected(asker, self.stream, seen, "-"))


class Fix(_About, template=rf"tt:fix:{SIGNAL}"):
    """Shows a form with the reading, to say what is wrong with it."""

    verb, label = "fix", "Fix"

    async def callback(self, interaction: Interaction) -> Any:
        await forms.show_fix(interaction, self.stream)


class Why(_About, template=rf"tt:why:{SIGNAL}"):
    """Shows the events behind the card to the one who asks."""

    verb, label = "why", "Why"

    async def callback(self, interaction: Interaction) -> Any:
        await answer(
            interaction, lambda asker: asker.look(lambda c: story_answer(c, self.stream, ()))
        )


class Apply(_About, template=rf"tt:apply:{SIGNAL}"):
    """Approves a correction that somebody else asked for."""

    verb, label, style, place = "apply", "Approve correction", GREEN, 1

    async def callback(self, interaction: Interaction) -> Any:
        await click(interaction, lambda asker: deciding.apply_fix(asker, self.stream))


class Refuse(_About, template=rf"tt:refuse:{SIGNAL}"):
    """Refuses a correction that was asked for, and is asked why."""

    verb, label, style, place = "refuse", "Refuse correction", RED, 1

    async def callback(self, interaction: Interaction) -> Any:
        await got_through(interaction.response.send_modal(forms.refusal(self.stream)))


BUTTONS: tuple[type[ui.DynamicItem[Any]], ...] = (
    Approve, AtMarket, Reject, Fix, Why, Apply, Refuse,
)  # fmt: skip


async def _approve(
    interaction: Interaction, signal: UUID, version: int | None, accepted: Decimal | None
) -> None:
    def act(asker: Asker) -> deciding.Said:
        command = asker.command("approve", signal, asker.settings.account, accepted, version)
        return deciding.yes(asker, command, signal, accept_price=accepted, seen_version=version)

    def offer(price: Decimal) -> Sequence[ui.Item[Any]]:
        return (AtMarket(signal, version, price),)

    await click(interaction, act, offer)
