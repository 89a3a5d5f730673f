"""News of moved read models over Redis pub/sub, and what somebody is still to be told; when Redis
is away, silence and a log line.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import redis

CHANNEL = "truetape:positions"
MARKS_CHANNEL = "truetape:marks"
OWED = "truetape:owed:"
"""Under which keys answers are kept that nobody has given yet."""

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

    def owe(self, name: str, answer: bytes, *, within_s: int) -> None:
        """Keeps what an answer takes, as long as it can be given."""
        self._ask(lambda redis: redis.set(f"{OWED}{name}", answer, ex=within_s))

    def paid(self, name: str) -> None:
        """The answer was given."""
        self._ask(lambda redis: redis.delete(f"{OWED}{name}"))

    def owed(self) -> dict[str, bytes]:
        """The answers that were never given and still can be; none while Redis is away."""
        names = self._ask(lambda redis: list(redis.scan_iter(f"{OWED}*"))) or []
        kept = self._ask(lambda redis: redis.mget(names)) if names else None
        found = zip(names, kept or [], strict=False)
        return {name.decode().removeprefix(OWED): answer for name, answer in found if answer}

    def forget(self) -> None:
        """Throws away every answer that is owed: one may hold somebody's words."""
        self._ask(lambda redis: [redis.delete(name) for name in redis.scan_iter(f"{OWED}*")])

    def _publish(self, channel: str, told: object) -> None:
        self._ask(lambda redis: redis.publish(channel, msgspec.json.encode(told)))

    def _ask(self, question: Callable[[redis.Redis], Any]) -> Any:
        from redis import RedisError

        try:
            answer = question(self._redis)
            self._silent = False
        except RedisError as error:
            if not self._silent:
                _log.warning("live updates are paused: Redis does not answer (%s)", error)
            self._silent = True
            return None
        return answer

    def close(self) -> None:
        if "_redis" in self.__dict__:
            self._redis.close()
