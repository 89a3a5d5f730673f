"""Hears over Redis pub/sub that read models have moved; a lost Redis is silence, no error."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from adapters.announcer import CHANNEL

AGAIN_S = 1.0

_log = logging.getLogger(__name__)
_positions_of = msgspec.json.Decoder(dict[str, int]).decode


class RedisListener:
    """The other end of `RedisAnnouncer`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.hears = False
        """Whether Redis is listened to at the moment."""

    async def moves(self) -> AsyncGenerator[Mapping[str, int], None]:
        """Every announcement from now on, for ever; an empty one says that some may be lost."""
        while True:
            try:
                async with aclosing(self._heard()) as heard:
                    async for positions in heard:
                        yield positions
            except (RedisError, OSError) as error:
                if self.hears:
                    _log.warning("live updates come slower: Redis does not answer (%s)", error)
                self.hears = False
                await asyncio.sleep(AGAIN_S)

    async def _heard(self) -> AsyncGenerator[Mapping[str, int], None]:
        client = redis.asyncio.Redis.from_url(
            self._url, socket_connect_timeout=1, health_check_interval=5
        )
        async with client, client.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(CHANNEL)
            self.hears = True
            yield {}
            async for message in channel.listen():
                try:
                    yield _positions_of(message["data"])
                except msgspec.MsgspecError:
                    _log.warning("an announcement on %s cannot be read", CHANNEL)
