"""Watches channels live: new messages, edits and deletions are kept the moment they happen.

Each event is noted down, with the time, in the very call in which the gateway hands it out, and
goes to the scribe. What was posted while nobody listened is fetched from the history before
anything live is kept: the last message on record says from where on, so it must never lie
behind a gap. Every message goes through the same intake as an import, so nothing is kept twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import discord

from application.intake import LostMessage, SeenMessage, capture
from domain.messages import is_late, message_stream
from interfaces.chat_files import DISCORD
from interfaces.compose import House
from interfaces.discord.hearing import Watch, Watched, is_by_human, is_said, seen_message
from interfaces.discord.history import History
from interfaces.discord.scribe import LINE_MAX, RETRY_S, Bar, Heard, Scribe

ACTOR = "discord:capture"

_log = logging.getLogger(__name__)


def listening() -> discord.Intents:
    """What the gateway has to tell: Guilds, Guild Messages, Message Content."""
    return discord.Intents(guilds=True, guild_messages=True, message_content=True)


class CaptureClient(discord.Client):
    """A bot that listens in some channels and says nothing.

    Needs the gateway intents Guilds, Guild Messages and Message Content, and in each channel
    the permissions View Channel and Read Message History.
    """

    def __init__(
        self,
        house: House,
        channels: Collection[str],
        *,
        retry_s: float = RETRY_S,
        line_max: int = LINE_MAX,
        intents: discord.Intents | None = None,
        **options: Any,
    ) -> None:
        """A bot for the channels of these names or ids; `options` are the library's own."""
        super().__init__(intents=intents or listening(), max_messages=None, **options)
        self._house = house
        self._watch = Watch(channels)
        self._scribe = Scribe(self._write, retry_s=retry_s, line_max=line_max)
        self._history = History(house, self._watch, self._scribe, self._own_id, retry_s=retry_s)
        self._absence: Bar | None = None
        self._lost_at: dict[str, datetime] | None = None
        self._is_overrun = False
        self._fetching = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Takes in what the gateway tells, at once and in its order, before the library hands
        it on to tasks that take their turns.
        """
        match event:
            case "message":
                self._hear(args[0], is_new=True)
            case "raw_message_edit":
                self._hear_edit(args[0].message)
            case "raw_message_delete":
                self._lose(args[0].channel_id, {args[0].message_id})
            case "raw_bulk_message_delete":
                self._lose(args[0].channel_id, args[0].message_ids)
            case "disconnect":
                if self._lost_at is None:
                    self._lost_at = dict(self._scribe.newest)
        super().dispatch(event, *args, **kwargs)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """A new session does not tell what happened before it: the live waits for the history."""
        self._scribe.start()
        if self._absence is None:
            self._absence = self._scribe.bar()
        await super().before_identify_hook(shard_id, initial=initial)

    async def on_ready(self) -> None:
        """Fetches what was missed, and lets the live go on behind it."""
        absence, self._absence, self._lost_at = self._absence, None, None
        found = self._watched()
        if absent := self._watch.absent(found):
            _log.warning("no such channel, or no right to see it: %s", ", ".join(absent))
        if absence is not None:
            await self._make_up_for(absence)
        _log.info("listening in %s", ", ".join(sorted(channel.name for channel in found)))

    async def on_resumed(self) -> None:
        """Asks the history as well: a gateway may tell less than everything again."""
        lost_at, self._lost_at = self._lost_at, None
        async with self._fetching:
            await self._history.fetch(self._watched(), lost_at or {}, reread=False)

    async def close(self) -> None:
        """Disconnects, and ends when all that was heard is written."""
        await super().close()
        for task in self._tasks:
            task.cancel()
        await asyncio.to_thread(self._scribe.close)

    async def _make_up_for(self, absence: Bar) -> None:
        """Fetches the history when all that was heard before the bar is stored, and lifts it.

        A bot that ends meanwhile leaves the bar where it is: the next start asks again from the
        same place on.
        """
        await asyncio.wrap_future(absence.reached)
        self._is_overrun = False
        try:
            async with self._fetching:
                await self._history.fetch(self._watched(), self._scribe.newest, reread=True)
        except Exception:  # noqa: BLE001 - to hear nothing any more would be worse than a gap
            if self.is_closed():
                return
            _log.exception("the history could not be fetched: the next start looks at it again")
        self._scribe.lift(absence)

    def _watched(self) -> list[Watched]:
        return self._watch.among(self.get_all_channels())

    def _own_id(self) -> int | None:
        return None if self.user is None else self.user.id

    def _hear(self, message: discord.Message, *, is_new: bool) -> None:
        received_at = self._house.clock.now()
        place = self._watch.place_of(message.channel)
        if place is not None and is_said(message, self._own_id()):
            self._put([Heard(seen_message(message, place, received_at), is_new)])

    def _hear_edit(self, message: discord.Message) -> None:
        """Without a time of editing, all that came to a member's words is a preview."""
        if message.edited_at is not None or not is_by_human(message):
            self._hear(message, is_new=False)

    def _lose(self, channel_id: int, ids: Collection[int]) -> None:
        """What was never kept, nobody misses: the intake leaves it out."""
        received_at = self._house.clock.now()
        channel = self.get_channel(channel_id)
        if channel is None or self._watch.place_of(channel) is not None:
            streams = [message_stream(DISCORD, str(number)) for number in sorted(ids)]
            self._put([Heard(LostMessage(stream=s, received_at=received_at)) for s in streams])

    def _put(self, heard: Sequence[Heard]) -> None:
        """What finds the line full is let go, and asked for when the line is written."""
        if self._is_overrun or self._scribe.put(*heard):
            return
        _log.warning("more is said than can be written: the rest is fetched from the history")
        self._is_overrun = True
        task = asyncio.create_task(self._make_up_for(self._scribe.bar()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _write(self, heard: Sequence[Heard], via: str) -> None:
        capture(
            self._house.desk,
            [what for what, _ in heard],
            via=via,
            actor=ACTOR,
            at=self._house.clock.now(),
            expected_new=[what.stream for what, is_new in heard if is_new],
        )
        if via == "gateway":
            _tell_lag(heard)


def _tell_lag(heard: Sequence[Heard]) -> None:
    lags = [
        what.received_at - what.worded_at
        for what, _ in heard
        if isinstance(what, SeenMessage) and what.received_at is not None
    ]
    if late := [lag for lag in lags if is_late(lag)]:
        worst = max(late).total_seconds()
        _log.warning("%d messages came late, the worst by %.1f s", len(late), worst)
