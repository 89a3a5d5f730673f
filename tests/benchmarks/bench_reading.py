"""How fast messages are read, over the rooms of tests/data/chat as they come."""

from __future__ import annotations

import statistics
import time
from functools import cache

from domain.grammar.opinion import Leaning
from domain.grammar.reading import MessageText, Room
from domain.grammar.weighing import read
from tests.benchmarks.harness import Measured, benchmark
from tests.reading.rooms import lines_of, room_names

ROUNDS = 25
"""About two seconds of them: in less, one moment of other work would be in most."""


@cache
def _messages() -> list[MessageText]:
    """Every message of every room: entries, exits, cards and much talk."""
    return [
        MessageText(
            content=line.message.content,
            embeds=line.message.embeds,
            posted_at=line.message.posted_at,
        )
        for room in room_names()
        for line in lines_of(room)
    ]


@benchmark("read_messages", unit="messages/s", limit=10_000, better="higher")
def read_messages() -> Measured:
    """Readings a second on one core."""
    messages, room = _messages(), Room()
    speeds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for message in messages:
            read(message, room)
        speeds.append(len(messages) / (time.process_time() - started))
    speed = statistics.median(speeds)
    return Measured(
        value=speed,
        note=f"{len(messages)} messages of {len(room_names())} rooms, the median of {ROUNDS} times"
        f" between {min(speeds):,.0f} and {max(speeds):,.0f}",
    )


@benchmark("read_p99", unit="ms", limit=1, better="lower")
def read_p99() -> Measured:
    """The time of one core within which 99 of 100 messages are read."""
    messages, room = _messages(), Room()
    took: list[float] = []
    for _ in range(ROUNDS):
        for message in messages:
            started = time.thread_time()
            read(message, room)
            took.append(time.thread_time() - started)
    cuts = statistics.quantiles(took, n=1000)
    return Measured(
        value=cuts[989] * 1000,
        note=f"median {cuts[499] * 1e6:.0f} us, p99.9 {cuts[998] * 1000:.2f} ms, "
        f"slowest {max(took) * 1000:.2f} ms",
    )


@benchmark("intent_held_out", unit="of messages", limit=0.82, better="higher")
def intent_held_out() -> Measured:
    """How many messages of a room that it has not seen the second opinion tells to be orders
    or not."""
    # Scikit-learn takes seconds to load, and only this needs it.
    from docs.intent_examples import accuracy, leaning_accuracy
    from docs.train_intent import held_out

    found = held_out()
    orders = sum(one.example.leaning is Leaning.ORDER for one in found)
    by_room: dict[str, list[bool]] = {}
    for one in found:
        by_room.setdefault(one.example.room, []).append(one.is_right)
    worst = min(by_room, key=lambda room: statistics.mean(by_room[room]))
    return Measured(
        value=accuracy(found),
        note=f"{len(found)} messages of {len(by_room)} rooms, each held out in turn, {orders} of "
        f"them orders; worst room {worst} {statistics.mean(by_room[worst]):.3f}; "
        f"which of five kinds {leaning_accuracy(found):.3f}",
    )
