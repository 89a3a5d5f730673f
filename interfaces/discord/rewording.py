"""Rewording: a message that could not be booked is said again by its author, in a form.

What is filled in becomes a new message of the same author in the same place, kept under the
interaction's own id, and the same booking reads it. It counts from when it was filled in.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, Self
from uuid import UUID

import discord
from discord import ui

from application.desk import Work
from application.intake import SeenMessage, capture
from application.ports import Forbidden, NotFound
from domain.approvals import Role
from domain.grammar.explaining import parts_of
from domain.grammar.reading import MessageText
from domain.messages import Message
from domain.shared import Impossible, InvalidInput
from domain.traders import trader_stream
from interfaces.discord.deciding import Said, click, open_form
from interfaces.discord.recognising import SIGNAL
from interfaces.discord.slash.asking import Asker, Interaction, asker_of, in_thread
from interfaces.discord.unbooked import became_of, booked_by
from interfaces.wording import moment
from projections.messages import MessageRow
from projections.messages import message as message_row

VIA = "fix"
FORGOTTEN_S = 900.0

PATIENCE_S, STEP_S = 10.0, 0.1
WORDS_MAX = 2_000

_FORM = re.compile(rf"tt:rewording:{SIGNAL}")


class Spoken(NamedTuple):
    """A recorded message: where it stands, and what it says by now."""

    row: MessageRow
    message: Message

    @property
    def words(self) -> str:
        text = MessageText(
            content=self.message.content,
            embeds=self.message.embeds,
            posted_at=self.message.posted_at,
        )
        return "\n".join(part for part in parts_of(text) if part)


class Reword(ui.DynamicItem[ui.Button[Any]], template=rf"tt:reword:{SIGNAL}"):
    """Opens the form with the message's words."""

    def __init__(self, message: UUID) -> None:
        super().__init__(
            ui.Button(
                label="Fix",
                style=discord.ButtonStyle.primary,
                custom_id=custom_id_of(message),
            )
        )
        self._message = message

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(UUID(match["signal"]))

    async def callback(self, interaction: Interaction) -> Any:
        asker = asker_of(interaction)
        words = in_thread(lambda: spoken(asker, self._message))
        await open_form(interaction, words, lambda said: form(self._message, said.words))


def custom_id_of(message: UUID) -> str:
    """The id of the button below the reply to a message."""
    return f"tt:reword:{message}"


def form(message: UUID, words: str) -> ui.Modal:
    """Asks for the words, with those that were said to begin from."""
    asked = ui.Modal(title="Say it again", custom_id=f"tt:rewording:{message}", timeout=FORGOTTEN_S)
    text: ui.TextInput[Any] = ui.TextInput(
        custom_id="words",
        style=discord.TextStyle.paragraph,
        default=words[:WORDS_MAX] or None,
        required=True,
        max_length=WORDS_MAX,
    )
    asked.add_item(
        ui.Label(
            text="The order, as it should be read",
            description="Counts from now on: BTO 2 TSLA 11/20 250c @ 2.30",
            component=text,
        )
    )
    return asked


async def submitted(interaction: Interaction) -> None:
    """Takes in what was said again; other forms are left to whoever showed them."""
    sent: Mapping[str, Any] = dict(interaction.data or {})
    found = _FORM.fullmatch(str(sent.get("custom_id", "")))
    if found is not None:
        words = _words(sent.get("components", ()))
        await click(interaction, lambda asker: say_again(asker, UUID(found["signal"]), words))


def say_again(asker: Asker, message: UUID, words: str) -> Said:
    """Keeps the new words as a message of the author's, and tells what was booked.

    Raises:
        Forbidden, NotFound, Impossible, InvalidInput: who asks may not, or it is over.
        Unavailable: the database did not answer.
    """
    first = spoken(asker, message)
    if not words.strip():
        raise InvalidInput("say the order in words")
    row = first.row
    seen = SeenMessage(
        platform=row.platform,
        message_id=str(asker.interaction.id),
        channel=row.channel,
        channel_id=row.channel_id,
        author_id=row.author_id,
        author_name=_name_of(asker, row),
        content=words.strip(),
        reply_to=first.message.reply_to,
        fixes=row.message_id,
        posted_at=asker.interaction.created_at,
        received_at=asker.now,
    )
    capture(asker.house.desk, [seen], via=VIA, actor=asker.member.actor, at=asker.now)
    return Said(_became(asker, seen.stream))


def spoken(asker: Asker, message: UUID) -> Spoken:
    """A message that the asker may put right.

    Raises:
        Forbidden: it is another's, and they are no admin.
        NotFound, Impossible: there is no such message any more, or it is put right already.
    """
    row = asker.look(lambda connection: message_row(connection, message))
    said = Work(asker.house.desk).find(Message, message)
    if row is None or said is None:
        raise NotFound("that message is not on record")
    mine = asker.member.trader == str(trader_stream(row.platform, row.author_id))
    if not mine and Role.ADMIN not in asker.member.roles:
        raise Forbidden("only the author of a message, or an admin, can put it right")
    if said.deleted or said.is_erased:
        raise Impossible("the message was deleted: post the order again")
    done = asker.look(lambda connection: booked_by(connection, message))
    if done is not None:
        raise Impossible(f"it is booked already, by the fix of {moment(done.posted_at)} UTC")
    return Spoken(row, said)


def _became(asker: Asker, message: UUID) -> str:
    """What became of the new words, as soon as they are read."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = asker.look(lambda connection: became_of(connection, message))
        if found:
            return found
        if time.monotonic() > deadline:
            return "Recorded; the reply tells what was booked of it."
        time.sleep(STEP_S)


def _name_of(asker: Asker, row: MessageRow) -> str:
    """What the author is called: by now, if it is they who ask."""
    person = asker.interaction.user
    return person.display_name if str(person.id) == row.author_id else row.author_name


def _words(parts: Any) -> str:
    """What was filled in."""
    for part in parts:
        if part.get("custom_id") == "words":
            return str(part.get("value") or "")
        inside = [*part.get("components", ()), *filter(None, (part.get("component"),))]
        if inside and (found := _words(inside)):
            return found
    return ""
