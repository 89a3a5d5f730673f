"""News of moved read models over Redis pub/sub; when Redis is away, silence and a log line."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import msgspec
import redis

CHANNEL = "truetape:positions"
MARKS_CHANNEL = "truetape:marks"

_log = logging.getLogger(__name__)


class RedisAnnouncer:
    """Publishes `{read model: position}` as JSON on one channel."""

    def __init__(self, url: str) -> None:
        pool = redis.BlockingConnectionPool.from_url(
            url, max_connections=4, timeout=1, socket_timeout=1, socket_connect_timeout=1
        )
        self._redis = redis.Redis(connection_pool=pool)
        self._silent = False

    def announce(self, positions: Mapping[str, int]) -> None:
        """Tells the listeners; a Redis that does not answer is logged once until it does."""
        self._publish(CHANNEL, dict(positions))

    def tell(self, marks: Sequence[msgspec.Struct]) -> None:
        """Tells which holdings' P&L moved, as a JSON list on a channel of its own."""
        self._publish(MARKS_CHANNEL, list(marks))

    def _publish(self, channel: str, told: object) -> None:
        try:
            self._redis.publish(channel, msgspec.json.encode(told))
            self._silent = False
        except redis.RedisError as error:
            if not self._silent:
                _log.warning("live updates are paused: Redis does not answer (%s)", error)
            self._silent = True

    def close(self) -> None:
        self._redis.close()
