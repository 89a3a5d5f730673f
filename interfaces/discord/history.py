"""The history: what happened in the watched channels while nobody listened.

After an absence each channel and thread is asked for what was posted since the last message on
record. Its last messages before that are looked at again, as far back as `BACK` and
`REREAD_MAX` say: what reads otherwise now was edited, and what is not there any more was
deleted. A history shows only the words of today, so older changes stay unknown.

A thread that has nothing on record is asked from the last message on that somebody heard live
in its channel. A channel that has nothing on record begins with what is said from now on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

import aiohttp
import discord
import psycopg

from application.intake import LostMessage
from interfaces.compose import House
from interfaces.discord.hearing import Watch, Watched, is_said, seen_message
from interfaces.discord.scribe import Heard, Scribe
from projections.messages import Place, Span, listened_until, missing_from, span_of

BACK = timedelta(hours=24)
REREAD_MAX = 500
"""How far back in time, and how many messages of each place, edits and deletions are noticed."""

PAGE = 100
MILLISECOND = timedelta(milliseconds=1)
OUTSIDE = (discord.HTTPException, aiohttp.ClientError, OSError, psycopg.OperationalError)
"""How Discord and the database fail when trying again may help."""

Readable = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)


class _Gap(NamedTuple):
    """A place to ask, what is on record of it, and from when on it has to be asked."""

    channel: Readable
    place: Place
    span: Span | None
    since: datetime


class History:
    """Fetches what was missed and hands it to the scribe, place by place."""

    def __init__(
        self, house: House, watch: Watch, scribe: Scribe, own_id: Callable[[], int | None],
        *, retry_s: float,
    ) -> None:  # fmt: skip
        self._house = house
        self._watch = watch
        self._scribe = scribe
        self._own_id = own_id
        self._retry_s = retry_s

    async def fetch(
        self,
        channels: Iterable[Watched],
        known_until: Mapping[str, datetime],
        *,
        reread: bool,
    ) -> None:
        """Brings the record of these channels and their threads up to now.

        `known_until` says of places by their id how far the record is, where the read models
        need not be asked. With `reread` earlier messages are looked at again, and what waits
        in the barred live line is left to it.
        """
        for channel in channels:
            gaps: list[_Gap] = []
            await self._patiently(partial(self._find_gaps, channel, known_until, gaps))
            # What is fetched of a place hides that nobody has asked yet for those that have
            # nothing on record, so these come first.
            for gap in sorted(gaps, key=lambda gap: gap.span is not None):
                if reread and gap.span is not None:
                    await self._patiently(partial(self._reread, gap, gap.span))
                await self._patiently(partial(self._fetch_missed, gap, is_barred=reread))

    async def _find_gaps(
        self, channel: Watched, known_until: Mapping[str, datetime], gaps: list[_Gap]
    ) -> None:
        gaps.clear()
        listened = await self._ask(partial(listened_until, channel=channel.name))
        async for readable in _within(channel, listened):
            place = self._watch.place_of(readable)
            assert place is not None
            span = await self._ask(partial(span_of, place=place))
            since = known_until.get(place.channel_id) or (listened if span is None else span.last)
            if since is not None:
                gaps.append(_Gap(readable, place, span, since))

    async def _fetch_missed(self, gap: _Gap, *, is_barred: bool) -> None:
        # The library leaves out what has the very millisecond of `after`.
        after = gap.since - MILLISECOND
        page: list[discord.Message] = []
        async for message in gap.channel.history(after=after, limit=None, oldest_first=True):
            page.append(message)
            if len(page) == PAGE:
                await self._keep(self._unheard(page, gap.place) if is_barred else page, gap.place)
                page = []
        await self._keep(self._unheard(page, gap.place) if is_barred else page, gap.place)

    def _unheard(self, page: list[discord.Message], place: Place) -> list[discord.Message]:
        """What was posted before anything that waits in the live line.

        From there on the line has everything, also what was deleted since, which would get on
        record behind its successors if these were taken from here.
        """
        first = self._scribe.first_waiting(place.channel_id)
        return page if first is None else [message for message in page if message.id < first]

    async def _reread(self, gap: _Gap, span: Span) -> None:
        """Notices edits and deletions of what was on record before the absence."""
        begin = max(gap.since - BACK, span.first)
        found: list[discord.Message] = []
        before = gap.since + MILLISECOND
        async for message in gap.channel.history(before=before, limit=REREAD_MAX):
            if message.created_at < begin:
                break
            found.append(message)
        if len(found) == REREAD_MAX:
            begin = found[-1].created_at
        await self._keep(found[::-1], gap.place)
        present = [str(message.id) for message in found]
        place = gap.place._replace(is_exact=True)
        gone = await self._ask(
            lambda connection: missing_from(connection, place, begin, gap.since, present)
        )
        now = self._house.clock.now()
        lost = [Heard(LostMessage(stream=stream, received_at=now)) for stream in gone]
        if lost:
            await self._scribe.write(lost)

    async def _keep(self, messages: Sequence[discord.Message], place: Place) -> None:
        now = self._house.clock.now()
        own = self._own_id()
        said = [Heard(seen_message(m, place, now)) for m in messages if is_said(m, own)]
        if said:
            await self._scribe.write(said)

    async def _ask(self, question: Callable[[psycopg.Connection], Answer]) -> Answer:
        def asked() -> Answer:
            with self._house.reader.connection() as connection:
                return question(connection)

        return await asyncio.to_thread(asked)

    async def _patiently(self, step: Callable[[], Awaitable[None]]) -> None:
        """Tries until it works, or Discord refuses."""
        while True:
            try:
                return await step()
            except (discord.NotFound, discord.Forbidden) as refusal:
                _log.warning("not kept: %s", refusal)
                return None
            except OUTSIDE as error:
                _log.warning("trying again in %.1f s: %s", self._retry_s, error)
                await asyncio.sleep(self._retry_s)


async def _within(channel: Watched, listened: datetime | None) -> AsyncIterator[Readable]:
    """The channel, its threads, and those that were archived since somebody listened."""
    if not isinstance(channel, discord.ForumChannel):
        yield channel
    if isinstance(channel, discord.TextChannel | discord.ForumChannel):
        for thread in channel.threads:
            yield thread
        if listened is not None:
            async for thread in channel.archived_threads(limit=None):
                if thread.archive_timestamp < listened:
                    break
                yield thread
