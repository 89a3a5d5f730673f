"""Hears over Redis pub/sub what has moved; a lost Redis is silence, no error."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import TypeVar

import msgspec

from adapters.announcer import CHANNEL, MARKS_CHANNEL
from application.position_reports import Marked
from domain.shared import learned

AGAIN_S = 1.0

T = TypeVar("T")

_log = logging.getLogger(__name__)
_positions_of = msgspec.json.Decoder(dict[str, int]).decode
_marks_of = msgspec.json.Decoder(learned(tuple[Marked, ...])).decode


class RedisListener:
    """The other end of `RedisAnnouncer`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.hears = False
        """Whether Redis is listened to at the moment."""

    async def moves(self) -> AsyncGenerator[Mapping[str, int], None]:
        """Every announcement from now on, for ever; an empty one says that some may be lost."""
        async with aclosing(self._told(CHANNEL, _positions_of)) as told:
            async for positions in told:
                yield positions or {}

    async def marks(self) -> AsyncGenerator[Sequence[Marked], None]:
        """The holdings whose P&L moved, from now on, for ever; none says that some may be lost."""
        async with aclosing(self._told(MARKS_CHANNEL, _marks_of)) as told:
            async for marks in told:
                yield marks or ()

    async def _told(
        self, channel: str, decode: Callable[[bytes], T]
    ) -> AsyncGenerator[T | None, None]:
        # The library takes long to load, and only who listens needs it.
        from redis.exceptions import RedisError

        while True:
            try:
                async with aclosing(self._heard(channel, decode)) as heard:
                    async for told in heard:
                        yield told
            except (RedisError, OSError) as error:
                if self.hears:
                    _log.warning("live updates come slower: Redis does not answer (%s)", error)
                self.hears = False
                await asyncio.sleep(AGAIN_S)

    async def _heard(
        self, name: str, decode: Callable[[bytes], T]
    ) -> AsyncGenerator[T | None, None]:
        from redis.asyncio import Redis

        client = Redis.from_url(self._url, socket_connect_timeout=1, health_check_interval=5)
        async with client, client.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(name)
            self.hears = True
            yield None
            async for message in channel.listen():
                try:
                    yield decode(message["data"])
                except msgspec.MsgspecError:
                    _log.warning("an announcement on %s cannot be read", name)
