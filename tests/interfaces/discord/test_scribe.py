"""The scribe writes everything once, in its order, whatever the store does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from application.intake import SeenMessage
from application.ports import Unavailable
from interfaces.discord.scribe import BATCH_MAX, Heard, Scribe
from tests.interfaces.discord.gateway import until

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


class Store:
    """Keeps what is written, unless it is away; `gate` holds every write up while it is shut."""

    def __init__(self) -> None:
        self.written: list[tuple[str, str]] = []
        self.sizes: list[int] = []
        self.away = 0
        self.poison = ""
        self.gate = threading.Event()
        self.gate.set()

    def write(self, heard: Sequence[Heard], via: str) -> None:
        self.gate.wait()
        if self.away:
            self.away -= 1
            raise Unavailable("nobody answers")
        texts = [heard_text(one) for one in heard]
        if self.poison in texts:
            raise ValueError("no text of this kind")
        self.sizes.append(len(heard))
        self.written += [(via, text) for text in texts]


def heard(number: int) -> Heard:
    message = SeenMessage(
        platform="discord", message_id=str(number), channel="options", channel_id="5",
        author_id="77", author_name="Nora", content=str(number),
        posted_at=NOON + timedelta(seconds=number),
    )  # fmt: skip
    return Heard(message, is_new=True)


def heard_text(one: Heard) -> str:
    assert isinstance(one.what, SeenMessage)
    return one.what.content


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def scribe(store: Store) -> Iterator[Scribe]:
    scribe = Scribe(store.write, retry_s=0.01, line_max=1_000)
    scribe.start()
    yield scribe
    store.gate.set()
    scribe.close()


def live(*numbers: int) -> list[tuple[str, str]]:
    return [("gateway", str(number)) for number in numbers]


async def test_what_piles_up_is_written_together(store: Store, scribe: Scribe) -> None:
    store.gate.clear()
    for number in range(BATCH_MAX + 11):
        assert scribe.put(heard(number))
    store.gate.set()
    await until(lambda: len(store.written) == BATCH_MAX + 11)
    assert store.written == live(*range(BATCH_MAX + 11))
    assert len(store.sizes) <= 3
    assert scribe.newest == {"5": NOON + timedelta(seconds=BATCH_MAX + 10)}


async def test_a_store_that_is_away_is_waited_for(store: Store, scribe: Scribe) -> None:
    store.away = 5
    for number in range(3):
        scribe.put(heard(number))
    await until(lambda: len(store.written) == 3)
    assert store.written == live(0, 1, 2)


async def test_what_can_never_be_written_is_told_and_holds_nobody_up(
    store: Store, scribe: Scribe, caplog: pytest.LogCaptureFixture
) -> None:
    store.poison = "1"
    store.gate.clear()
    with caplog.at_level(logging.ERROR):
        scribe.put(heard(0), heard(1), heard(2))
        store.gate.set()
        await until(lambda: len(store.written) == 2)
    assert store.written == live(0, 2)
    assert f"not kept: {heard(1).what.stream}" in caplog.text


async def test_a_line_that_is_full_takes_no_more(store: Store) -> None:
    scribe = Scribe(store.write, line_max=3)
    assert scribe.put(heard(0), heard(1), heard(2))
    assert not scribe.put(heard(3))
    scribe.start()
    scribe.close()
    assert store.written == live(0, 1, 2)


async def test_a_history_overtakes_what_waits_behind_a_bar(store: Store, scribe: Scribe) -> None:
    scribe.put(heard(1))
    bar = scribe.bar()
    scribe.put(heard(4))
    await until(bar.reached.done)
    assert store.written == live(1)
    await scribe.write([heard(2), heard(3)])
    scribe.lift(bar)
    await until(lambda: len(store.written) == 4)
    assert store.written == [*live(1), ("history", "2"), ("history", "3"), *live(4)]


async def test_what_waits_behind_a_bar_is_left_for_the_next_start(
    store: Store, scribe: Scribe
) -> None:
    scribe.put(heard(1))
    bar = scribe.bar()
    scribe.put(heard(2))
    await until(bar.reached.done)
    scribe.close()
    assert store.written == live(1)
