"""Pages: how an answer is shown, turned, and explained.

A command is acknowledged at once and answered when the answer is found, to the one who asked
alone. What blocks runs in a thread. The buttons below an answer say all that they need in their
own ids, so they work whichever process the bot is by then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from discord import ui
from psycopg import Connection

from domain.shared import InvalidInput
from interfaces.compose import House
from interfaces.definitions import definitions_of
from interfaces.discord.fitting import fitted
from interfaces.discord.slash.answers import ID_MAX, Answer, Question, listing
from interfaces.discord.slash.asking import (
    Asker,
    Interaction,
    acknowledge,
    asker_of,
    in_thread,
    refuse,
)
from interfaces.discord.slash.then import Then, now, then_at, then_named

LAST_ROW = 4

Page = Callable[[House, Connection[Any], Sequence[str], Then], Answer]
Look = Callable[[House, Connection[Any], Then], Answer]

_pages: dict[str, Page] = {}


def page(noun: str) -> Callable[[Page], Page]:
    """Declares what makes the pages of a noun from the parts of a button."""

    def declared(made: Page) -> Page:
        _pages[noun] = made
        return made

    return declared


class PageButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"tt:page:(?P<noun>[a-z-]+)(?:@(?P<as_of>\d+))?(?P<parts>.*)",
):
    """Turns to another page of an answer."""

    def __init__(self, question: Question, label: str) -> None:
        super().__init__(ui.Button(label=label, custom_id=question.custom_id), row=LAST_ROW)
        self._question = question

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> PageButton:
        assert isinstance(item, ui.Button)
        parts = tuple(match["parts"].split(":")[1:])
        as_of = None if match["as_of"] is None else int(match["as_of"])
        return cls(Question(match["noun"], parts, as_of), item.label or "")

    async def callback(self, interaction: Interaction) -> Any:
        await turn(interaction, lambda asker: asker.look(self._made(asker.house)))

    def _made(self, house: House) -> Callable[[Connection[Any]], Answer]:
        noun, parts, as_of = self._question

        def made(connection: Connection[Any]) -> Answer:
            then = now(house) if as_of is None else then_at(house, connection, as_of)
            try:
                return then.stamped(_pages[noun](house, connection, parts, then))
            except (KeyError, ValueError):
                # A button of an older bot may ask for what there is no more.
                raise InvalidInput("this button is of another version: ask again") from None

        return made


class DefinitionsButton(ui.DynamicItem[ui.Button[Any]], template=r"tt:define:(?P<names>.+)"):
    """Shows what the figures of an answer mean."""

    def __init__(self, names: Sequence[str]) -> None:
        custom_id = f"tt:define:{','.join(names)}"
        assert len(custom_id) <= ID_MAX, custom_id
        super().__init__(
            ui.Button(label="What the figures mean", custom_id=custom_id), row=LAST_ROW
        )
        self._names = tuple(names)

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> DefinitionsButton:
        return cls(match["names"].split(","))

    async def callback(self, interaction: Interaction) -> Any:
        await answer(
            interaction,
            lambda asker: asker.look(lambda c: meanings(c, asker.house, self._names)),
        )


def meanings(connection: Connection[Any], house: House, names: Sequence[str]) -> Answer:
    """What figures mean, by the rules that hold today."""
    found = definitions_of(connection, house.clock.now())
    lines = [f"**{name}**: {found[name]}" for name in names if name in found]
    return Answer([listing("What the figures mean", lines, empty="nothing is defined here")])


def view_of(found: Answer) -> ui.View | None:
    """The buttons below an answer."""
    view = ui.View(timeout=None)
    for item in found.items:
        view.add_item(item)
    if found.first is not None:
        view.add_item(PageButton(found.first, "« First"))
    if found.further is not None:
        view.add_item(PageButton(found.further, "Further »"))
    if found.figures:
        view.add_item(DefinitionsButton(found.figures))
    return view if view.children else None


async def answer(interaction: Interaction, find: Callable[[Asker], Answer]) -> None:
    """Answers a command with what `find`, in a thread, makes of it."""
    await acknowledge(interaction, is_new=True)
    await _show(interaction, find, is_new=True)


async def look(interaction: Interaction, as_of: str, find: Look) -> None:
    """Answers a command that only looks, with what was known at a position or time that the
    member names, or now.
    """

    def found(asker: Asker) -> Answer:
        asker.member.require("read")
        as_known = then_named(asker.house, as_of)

        def read(connection: Connection[Any]) -> Answer:
            then = as_known(connection)
            return then.stamped(find(asker.house, connection, then))

        return asker.look(read)

    await answer(interaction, found)


async def turn(interaction: Interaction, find: Callable[[Asker], Answer]) -> None:
    """Lets a button show another answer where it stands."""
    await acknowledge(interaction, is_new=False)
    await _show(interaction, find, is_new=False)


async def _show(interaction: Interaction, find: Callable[[Asker], Answer], *, is_new: bool) -> None:
    try:
        asker = asker_of(interaction)
        found = await in_thread(lambda: find(asker))
    except Exception as error:  # noqa: BLE001 - whoever asked hears what went wrong
        await refuse(interaction, error, is_new=is_new)
        return
    await interaction.edit_original_response(embeds=fitted(found.embeds), view=view_of(found))
