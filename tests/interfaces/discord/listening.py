"""What tests of listening share: the bot, and what the record says in the end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from interfaces.compose import House
from interfaces.discord.capture import CaptureClient
from tests.interfaces.discord.gateway import LoopbackDiscord, until
from tests.opened_tape import opened_tape

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


class Record:
    """What the tape says of messages."""

    def __init__(self, house: House) -> None:
        self._house = house

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Name and body of each event, in their order."""
        opened = opened_tape(self._house, "name LIKE 'message.%'")
        return [(event.name, event.body) for event in opened]

    def told(self) -> list[str]:
        """Each event in a few words."""
        return [
            f"{name.removeprefix('message.')} {body.get('content', '')}".strip()
            for name, body in self.events()
        ]


def told(moment: datetime) -> str:
    """A time as events tell it."""
    return moment.isoformat().replace("+00:00", "Z")


def listener(house: House, *, pause_s: float = 0.1) -> CaptureClient:
    """The bot, less patient than it is with the real Discord; ready after a pause."""
    channels = ["options", "stocks"]
    return CaptureClient(house, channels, retry_s=0.1, guild_ready_timeout=pause_s)


async def assert_heard(record: Record, *told: str) -> None:
    """Waits for what the record says in the end, and that nothing follows."""
    try:
        await until(lambda: record.told() == list(told))
    except TimeoutError:
        assert record.told() == list(told)
    await asyncio.sleep(0.1)
    assert record.told() == list(told)


async def away(house: House, loopback: LoopbackDiscord, record: Record, *told: str) -> None:
    """A bot that heard `told` in one channel and went away, its record read to the end."""
    async with loopback.running(listener(house)):
        for words in told:
            await loopback.say("options", "Nora", words)
        await assert_heard(record, *(f"captured {words}" for words in told))
    await asyncio.to_thread(house.catch_up)
