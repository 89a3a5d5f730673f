"""News of moved read models over Redis pub/sub; when Redis is away, silence and a log line."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import redis

CHANNEL = "truetape:positions"
MARKS_CHANNEL = "truetape:marks"

_log = logging.getLogger(__name__)


class RedisAnnouncer:
    """Publishes `{read model: position}` as JSON on one channel."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._silent = False

    @cached_property
    def _redis(self) -> redis.Redis:
        # Its library takes longer to load than all the rest, and many commands move nothing.
        import redis

        pool = redis.BlockingConnectionPool.from_url(
            self._url, max_connections=4, timeout=1, socket_timeout=1, socket_connect_timeout=1
        )
        return redis.Redis(connection_pool=pool)

    def announce(self, positions: Mapping[str, int]) -> None:
        """Tells the listeners; a Redis that does not answer is logged once until it does."""
        self._publish(CHANNEL, dict(positions))

    def tell(self, marks: Sequence[msgspec.Struct]) -> None:
        """Tells which holdings' P&L moved, as a JSON list on a channel of its own."""
        self._publish(MARKS_CHANNEL, list(marks))

    def _publish(self, channel: str, told: object) -> None:
        from redis import RedisError

        try:
            self._redis.publish(channel, msgspec.json.encode(told))
            self._silent = False
        except RedisError as error:
            if not self._silent:
                _log.warning("live updates are paused: Redis does not answer (%s)", error)
            self._silent = True

    def close(self) -> None:
        if "_redis" in self.__dict__:
            self._redis.close()
