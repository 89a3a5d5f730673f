"""Posting: every signal has one card in the signals channel, and it shows what is on record.

Where a card stands is on the tape. Between posting it and keeping that, the bot may die: then the
next start finds the card by its buttons. A retry within minutes gets the card that is there,
because both carry the same nonce.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

import discord
from psycopg import Connection

from application.desk import Command, derived_id
from application.foreseeing import Foresight
from application.noticing import Due, Topic, find_notice, record_notice
from application.ports import Unavailable
from domain.notices import Notice, NoticeKind
from domain.shared import Impossible, stream_id
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.cards import Card, card_of
from interfaces.discord.checks import Checks
from interfaces.discord.recognising import Sign, sign_of_message
from interfaces.previewing import largest_told

ACTOR = "discord:noticeboard"
SHOWN_MAX = 5_000
NONCE_LENGTH = 25

Answer = TypeVar("Answer")
FindChannel = Callable[[], discord.TextChannel | None]


def nonce_of(*words: object) -> str:
    """What two attempts at the same message have in common."""
    return stream_id("nonce", *map(str, words)).hex[:NONCE_LENGTH]


@contextmanager
def snapshot(connection: Connection[Any]) -> Iterator[None]:
    """Everything that is read inside is as it was at one moment."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


async def look(house: House, question: Callable[[Connection[Any]], Answer]) -> Answer:
    """What the read models say at one moment, asked in a thread: all questions see one snapshot.

    Raises:
        psycopg.OperationalError: the database did not answer.
    """

    def asked() -> Answer:
        with house.reader.connection() as connection, snapshot(connection):
            return question(connection)

    return await asyncio.to_thread(asked)


async def keep(
    house: House,
    kind: NoticeKind,
    about: UUID,
    message: discord.Message,
    figure: Decimal | None = None,
) -> None:
    """Keeps where a notice stands, if that is not known, and the figure that it tells.

    Raises:
        Unavailable: the database did not answer.
    """
    channel_id, message_id = str(message.channel.id), str(message.id)
    given = (kind, about, channel_id, message_id, figure)
    command = Command.given(
        derived_id("notice", DISCORD, kind.value, str(about), message_id),
        *given,
        actor=ACTOR,
        at=house.clock.now(),
        correlation=about if kind is NoticeKind.CARD else None,
    )

    def recorded() -> None:
        try:
            record_notice(
                house.desk, command, platform=DISCORD, kind=kind, about=about,
                channel_id=channel_id, message_id=message_id, figure=figure,
            )  # fmt: skip
        except Impossible:
            # A repair was faster.
            return

    await asyncio.to_thread(recorded)


class Cards:
    """Posts and edits cards, each signal's by one task at a time."""

    def __init__(
        self, house: House, client: discord.Client, channel: FindChannel, *, account: str
    ) -> None:
        """`account` is the one in which an approved signal is traded."""
        self._house = house
        self._client = client
        self._channel = channel
        foresight = Foresight(house.market, house.books, house.calendar)
        self._checks = Checks(house.desk, house.clock, foresight, account)
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._shown: dict[UUID, Sign] = {}
        self._signals: dict[int, UUID] = {}

    async def tell(self, due: Sequence[Due]) -> None:
        """Has the card show what is on record."""
        await self.show(due[0].about)

    async def show(self, signal: UUID) -> Notice | None:
        """Posts or edits the card; where it stands then, or None if the signal gets none.

        Raises:
            Unavailable: there is no channel for cards.
            discord.HTTPException, OSError: Discord did not take it.
        """
        async with self.lock(signal):
            foresee = partial(largest_told, self._house)
            card = await look(self._house, partial(card_of, signal=signal, foresee=foresee))
            if card is None:
                return None
            notice = await self.notice_of(signal)
            if notice is not None and await self._amended(card, notice):
                return notice
            if notice is None and not card.is_timely(self._house.clock.now()):
                return None
            await self._post(card, 0 if notice is None else notice.version)
            return await self.notice_of(signal)

    async def standing(self, signal: UUID) -> Notice | None:
        """Where the card stands; it is posted if it should stand somewhere and does not.

        Raises:
            What `show` raises.
        """
        return await self.notice_of(signal) or await self.show(signal)

    async def notice_of(self, signal: UUID) -> Notice | None:
        """Where the card stands, as far as it is on record."""
        return await asyncio.to_thread(
            find_notice, self._house.desk, DISCORD, NoticeKind.CARD, signal
        )

    def lock(self, signal: UUID) -> asyncio.Lock:
        """Held by whoever looks for a signal's card or changes it."""
        return self._locks.setdefault(signal, asyncio.Lock())

    def seen(self, signal: UUID, message: discord.Message) -> None:
        """Takes up how a card looks that was found."""
        self._note(signal, message.id, sign_of_message(message))

    def gone(self, message_id: int) -> UUID | None:
        """The signal whose card was deleted, if the message was one."""
        signal = self._signals.pop(message_id, None)
        if signal is not None:
            self._shown.pop(signal, None)
        return signal

    def _note(self, signal: UUID, message_id: int, sign: Sign) -> None:
        self._shown.pop(signal, None)
        self._shown[signal] = sign
        self._signals[message_id] = signal
        if len(self._shown) > SHOWN_MAX:
            del self._shown[next(iter(self._shown))]
        if len(self._signals) > SHOWN_MAX:
            del self._signals[next(iter(self._signals))]

    async def _amended(self, card: Card, notice: Notice) -> bool:
        """Edits the card where it shows something else; False if it is gone."""
        signal = card.row.signal
        if self._shown.get(signal) == card.sign:
            return True
        await self._check(card)
        place = self._client.get_partial_messageable(int(notice.channel_id))
        message = place.get_partial_message(int(notice.message_id))
        try:
            await message.edit(embed=card.embed, view=card.view)
        except discord.NotFound:
            self.gone(message.id)
            return False
        self._note(signal, message.id, card.sign)
        return True

    async def _check(self, card: Card) -> None:
        """Has a card that waits for an answer say what would come of a yes."""
        if card.waits:
            card.tell_checks(await asyncio.to_thread(self._checks.told, card.row.signal))

    async def _post(self, card: Card, version: int) -> None:
        signal, channel = card.row.signal, self._channel()
        if channel is None:
            raise Unavailable("there is no channel for cards that the bot sees")
        await self._check(card)
        nonce = nonce_of(Topic.CARD.value, signal, version)
        message = await channel.send(embed=card.embed, view=card.view, nonce=nonce)
        await keep(self._house, NoticeKind.CARD, signal, message)
        if sign_of_message(message) != card.sign:
            await message.edit(embed=card.embed, view=card.view)
        self._note(signal, message.id, card.sign)
