"""Announcements are heard, also after Redis was away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from adapters.announcer import CHANNEL, RedisAnnouncer
from adapters.listener import RedisListener
from application.position_reports import Marked
from domain.valuation import Valued
from tests.patience import PATIENCE_S

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


async def _next(moves: AsyncGenerator[Mapping[str, int], None]) -> Mapping[str, int]:
    async with asyncio.timeout(PATIENCE_S):
        return await anext(moves)


async def test_what_is_announced_is_heard(redis_url: str) -> None:
    listener, announcer = RedisListener(redis_url), RedisAnnouncer(redis_url)
    async with aclosing(listener.moves()) as moves:
        assert await _next(moves) == {}
        assert listener.hears
        announcer.announce({"signal_feed": 7, "books": 6})
        assert await _next(moves) == {"signal_feed": 7, "books": 6}
    announcer.close()


async def test_a_lost_connection_is_made_again_and_told(redis_url: str) -> None:
    listener, announcer = RedisListener(redis_url), RedisAnnouncer(redis_url)
    client = redis.Redis.from_url(redis_url)
    async with aclosing(listener.moves()) as moves:
        await _next(moves)
        client.client_kill_filter(_type="pubsub")
        # Nothing in it: whoever listens has to look for what was announced meanwhile.
        assert await _next(moves) == {}
        announcer.announce({"signal_feed": 8})
        assert await _next(moves) == {"signal_feed": 8}
    client.close()
    announcer.close()


async def test_nonsense_on_the_channel_is_passed_over(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    async with aclosing(RedisListener(redis_url).moves()) as moves:
        await _next(moves)
        client.publish(CHANNEL, "no JSON")
        client.publish(CHANNEL, '{"books": 3}')
        assert await _next(moves) == {"books": 3}
    client.close()


async def test_without_redis_there_is_silence(tmp_path: Path) -> None:
    listener = RedisListener(f"unix://{tmp_path}/nobody.sock")
    async with aclosing(listener.moves()) as moves:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await anext(moves)
    assert not listener.hears


async def test_marks_are_heard_on_a_channel_of_their_own(redis_url: str) -> None:
    listener, announcer = RedisListener(redis_url), RedisAnnouncer(redis_url)
    told = Marked(
        plan=uuid4(), account="paper", trade=uuid4(), held=Decimal(9), quote_time=NOON,
        source="test", valued=Valued(
            mark=Decimal("7.25"), value=Decimal(6525), cost=Decimal(4968),
            total_cost=Decimal("4974.30"), unrealised=Decimal(1557),
            unrealised_net=Decimal("1550.70"), share=None, share_net=Decimal("0.312"),
        ),
    )  # fmt: skip
    async with aclosing(listener.marks()) as marks, asyncio.timeout(PATIENCE_S):
        assert await anext(marks) == ()
        announcer.announce({"books": 7})
        announcer.tell([told])
        assert await anext(marks) == (told,)
    announcer.close()
