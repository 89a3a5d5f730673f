"""Replies: the author of a message that cannot be booked is told why, once, below the message.

The reply stands in a thread under the message, or beside it where there can be no thread. It is
edited when the author puts the message right; it is never told again, and never for what is old.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import discord
from discord import ui

from application.desk import Work
from application.noticing import Due, find_notice
from domain.notices import Notice, NoticeKind
from domain.rooms import RoomSettings, room_stream
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.hearing import is_by_human
from interfaces.discord.posting import keep, look, nonce_of
from interfaces.discord.recognising import buttons_of
from interfaces.discord.rewording import Reword, custom_id_of
from interfaces.discord.threads import HAS_A_THREAD
from interfaces.discord.unbooked import Reply, reply_of
from projections.messages import MessageRow
from projections.messages import message as message_row

TIMELY = timedelta(minutes=10)
"""What was said longer ago than this is not replied to any more."""

IS_ARCHIVED = 50_083
"""Discord's code for a thread that was put away: what stands in it stays as it is."""

LOOK_BACK = 50
THREAD = "Not booked"
_UNANSWERED = frozenset({"slash"})
"""Whoever filled in a command has its answer, and no message stands there."""

_log = logging.getLogger(__name__)


class Replies:
    """Writes the replies that are due."""

    def __init__(self, house: House, client: discord.Client) -> None:
        self._house = house
        self._client = client

    async def tell(self, due: Sequence[Due]) -> None:
        """Has the reply to a message say what is on record.

        Raises:
            discord.HTTPException, OSError, psycopg.OperationalError: somebody did not answer.
        """
        about = due[0].about
        reply = await look(self._house, partial(reply_of, message=about))
        if reply is None:
            return
        notice = await asyncio.to_thread(
            find_notice, self._house.desk, DISCORD, NoticeKind.REPLY, about
        )
        if notice is not None:
            await self._amend(notice, reply)
            return
        row = await look(self._house, partial(message_row, stream=about))
        if row is not None and await self._is_wanted(row, reply):
            await self._post(row, reply)

    async def _is_wanted(self, row: MessageRow, reply: Reply) -> bool:
        """Whether somebody is to be told who was not yet."""
        if row.platform != DISCORD or row.via in _UNANSWERED or row.deleted_at is not None:
            return False
        if not row.channel_id or not is_timely(row, self._house.clock.now()):
            return False
        return bool(reply.words) and await asyncio.to_thread(self._is_let, row.channel)

    def _is_let(self, channel: str) -> bool:
        settings = Work(self._house.desk).find(RoomSettings, room_stream(channel))
        return settings is None or settings.replies

    async def _post(self, row: MessageRow, reply: Reply) -> None:
        channel = self._client.get_channel(int(row.channel_id))
        if not isinstance(channel, discord.abc.Messageable):
            _log.warning("no reply to %s: its channel cannot be seen", row.message)
            return
        try:
            message = await channel.fetch_message(int(row.message_id))
        except discord.NotFound:
            return
        if not is_by_human(message):
            return
        thread = await self._thread_under(message)
        found = await self._standing(row.message, message, thread)
        if found is not None:
            await keep(self._house, NoticeKind.REPLY, row.message, found)
            await found.edit(content=_addressed(row, reply), view=view_of(row.message, reply))
            return
        # The one who is told has to notice it; nobody else is called.
        called = discord.AllowedMentions(users=[message.author], replied_user=False)
        nonce = nonce_of("reply", row.message)
        words, view = _addressed(row, reply), view_of(row.message, reply)
        if thread is None:
            posted = await message.reply(words, view=view, nonce=nonce, allowed_mentions=called)
        else:
            posted = await thread.send(words, view=view, nonce=nonce, allowed_mentions=called)
        await keep(self._house, NoticeKind.REPLY, row.message, posted)

    async def _thread_under(self, message: discord.Message) -> discord.PartialMessageable | None:
        """The thread of a message, opened if need be; None where there can be none."""
        if not isinstance(message.channel, discord.TextChannel):
            return None
        thread = message.id
        try:
            thread = (await message.create_thread(name=THREAD)).id
        except discord.Forbidden:
            return None
        except discord.HTTPException as refusal:
            if refusal.code != HAS_A_THREAD:
                raise
        return self._client.get_partial_messageable(
            thread, guild_id=message.channel.guild.id, type=discord.ChannelType.public_thread
        )

    async def _standing(
        self,
        about: UUID,
        message: discord.Message,
        thread: discord.PartialMessageable | None,
    ) -> discord.Message | None:
        """The reply that a bot posted which died before it was on record."""
        own = self._client.user
        below: AsyncIterator[discord.Message] = (
            message.channel.history(limit=LOOK_BACK, after=message, oldest_first=True)
            if thread is None
            else thread.history(limit=LOOK_BACK, oldest_first=True)
        )
        async for one in below:
            pressable = [custom_id for custom_id, _ in buttons_of(one)]
            if own is not None and one.author.id == own.id and custom_id_of(about) in pressable:
                return one
        return None

    async def _amend(self, notice: Notice, reply: Reply) -> None:
        """Edits the reply; whoever took it away does not want it back."""
        row = await look(self._house, partial(message_row, stream=notice.about))
        if row is None:
            return
        place = self._client.get_partial_messageable(int(notice.channel_id))
        message = place.get_partial_message(int(notice.message_id))
        try:
            await message.edit(content=_addressed(row, reply), view=view_of(row.message, reply))
        except discord.NotFound:
            return
        except discord.HTTPException as refusal:
            if refusal.code != IS_ARCHIVED:
                raise


def is_timely(row: MessageRow, now: datetime) -> bool:
    """Whether a message is fresh enough for its author to care."""
    worded_at = row.posted_at if row.edited_at is None else max(row.posted_at, row.edited_at)
    return now - worded_at <= TIMELY


def view_of(message: UUID, reply: Reply) -> ui.View:
    """The button below a reply, while there is something to put right."""
    view = ui.View(timeout=None)
    if reply.fixable:
        view.add_item(Reword(message))
    return view


def _addressed(row: MessageRow, reply: Reply) -> str:
    """The words, to the one they are for."""
    return f"<@{row.author_id}> {reply.words}"[:2_000]
