"""The labelled messages that the second opinion learns from, and is measured by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import msgspec

from application.parsing import RoomOf
from domain.grammar.opinion import Leaning, features_of
from domain.grammar.reader import read
from domain.grammar.reading import Kind, MessageText, Room
from domain.grammar.weighing import is_ticket
from interfaces.room_files import read_rooms
from tests.domain.grammar.corpus import BOOKED, HALF_READ, TRAPS
from tests.domain.grammar.phrases import LEVELS, ORDERS, PLANS, RECAPS, TALK
from tests.domain.grammar.spoken import THURSDAY
from tests.reading.rooms import SETTINGS, Line, lines_of, room_names

CORPUS, PHRASES = "corpus.py", "phrases.py"

_LEANING_OF = {
    Kind.OPEN: Leaning.ORDER,
    Kind.ADD: Leaning.ORDER,
    Kind.TRIM: Leaning.ORDER,
    Kind.CLOSE: Leaning.ORDER,
    Kind.UPDATE: Leaning.LEVELS,
    Kind.CONDITIONAL: Leaning.PLAN,
    Kind.WATCH: Leaning.PLAN,
    Kind.RECAP: Leaning.RECAP,
    Kind.CHAT: Leaning.CHAT,
}
"""Corrections and cancellations are told by their rules and not by an opinion."""


class Example(NamedTuple):
    """A message with what a person says it is."""

    room: str
    text: MessageText
    features: tuple[str, ...]
    leaning: Leaning
    kind_is_said: bool
    """False for a trap of which only that it is no order was said."""
    booked: bool | None
    """Whether it is an order that the rules book: False in prose, True on a ticket."""


class HeldOut(NamedTuple):
    """An example with what a model says of it that has seen nothing of its room."""

    example: Example
    leaning: Leaning
    order: float

    @property
    def is_right(self) -> bool:
        """Whether order and not-order are told apart."""
        return (self.leaning is Leaning.ORDER) == (self.example.leaning is Leaning.ORDER)


@cache
def examples() -> tuple[Example, ...]:
    """All labelled messages, in the order of their rooms."""
    rooms = RoomOf(read_rooms(SETTINGS) if SETTINGS.is_file() else {})
    said = (_example(room, line, rooms) for room in room_names() for line in lines_of(room))
    return (*(example for example in said if example is not None), *_corpus(), *_phrases())


def _example(room: str, line: Line, rooms: RoomOf) -> Example | None:
    """The example that a line of a room is; None for what amends an earlier message."""
    message, kind = line.message, line.expected.get("kind")
    lacks = bool(line.expected.get("missing"))
    is_order = line.is_actionable or lacks
    leaning = Leaning.ORDER if is_order else _LEANING_OF.get(Kind(kind or Kind.CHAT))
    if leaning is None:
        return None
    if leaning is Leaning.ORDER and not is_order:
        # A trap in an order's words: of no kind but that it is no order.
        leaning, kind = Leaning.CHAT, None
    text = MessageText(content=message.content, embeds=message.embeds, posted_at=message.posted_at)
    settings = rooms(message.channel, message.author_id, message.author_name)
    booked = _booked(text, settings) if line.is_actionable else None
    features = tuple(features_of(text))
    return Example(room, text, features, leaning, is_order or kind is not None, booked)


def _corpus() -> Iterator[Example]:
    """The tests' own sentences."""
    for words, meant in (*BOOKED, *HALF_READ):
        said = meant.split(" ", 1)[0]
        text = MessageText(content=words, posted_at=THURSDAY)
        leaning = _LEANING_OF[Kind(said.rstrip("?"))]
        is_order = leaning is Leaning.ORDER
        booked = _booked(text, Room()) if is_order and not said.endswith("?") else None
        features = tuple(features_of(text))
        yield Example(CORPUS, text, features, leaning, True, booked)
    for words, kind in TRAPS:
        text = MessageText(content=words, posted_at=THURSDAY)
        trap = _LEANING_OF.get(Kind((kind or "chat").rstrip("?")))
        if trap is not None:
            features = tuple(features_of(text))
            yield Example(CORPUS, text, features, trap, kind is not None, None)


def _phrases() -> Iterator[Example]:
    """Sentences that say whether they are an order in chatter."""
    said = zip(Leaning, (ORDERS, LEVELS, PLANS, RECAPS, TALK), strict=True)
    for leaning, phrases in said:
        for words in phrases:
            text = MessageText(content=words, posted_at=THURSDAY)
            booked = _booked(text, Room()) if leaning is Leaning.ORDER else None
            yield Example(PHRASES, text, tuple(features_of(text)), leaning, True, booked)


def _booked(text: MessageText, room: Room) -> bool | None:
    reading = read(text, room)
    return is_ticket(reading) if reading.trades else None


def digest(said: Sequence[Example]) -> str:
    """The SHA-256 of what is learned from: room, words and label of each example."""
    whole = hashlib.sha256()
    for one in said:
        told = (one.room, one.text.content, one.text.embeds, one.leaning, one.kind_is_said)
        whole.update(msgspec.json.encode(told) + b"\n")
    return whole.hexdigest()


def accuracy(found: Sequence[HeldOut]) -> float:
    """How many are told to be orders or not as a person does."""
    return sum(one.is_right for one in found) / len(found)


def leaning_accuracy(found: Sequence[HeldOut]) -> float:
    """How many of those whose kind a person said get it exactly."""
    said = [one for one in found if one.example.kind_is_said]
    return sum(one.leaning is one.example.leaning for one in said) / len(said)
