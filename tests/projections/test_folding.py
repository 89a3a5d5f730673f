"""Folding: what is decoded, for whom, and who is to blame when that fails."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.event_reader import FoldedEvent, read_after, read_head, read_range
from adapters.mapper import decode_body, encode_body
from adapters.postgres import Connection
from domain.messages import MessageCaptured
from domain.shared import Event
from projections.folding import Culprit, Folding, Reading
from projections.readmodel import Line, Projection, Seen, Strip, when
from tests.projections.models import Log
from tests.projections.tape import said


class PlaceLine(Line, frozen=True, kw_only=True):
    """Where a message lies."""

    position: int


class Places(Projection):
    """Lists where messages lie, whatever they say."""

    name = "places"
    kind = "feed"

    def __init__(self) -> None:
        self.lines = Strip("places", PlaceLine, ["position"])
        self.tables = (self.lines,)
        self.given: list[object] = []

    @when(MessageCaptured, body=False)
    def captured(self, event: object, seen: Seen) -> None:
        self.given.append(event)
        self.lines.append(PlaceLine(position=seen.position))


class Decoder:
    """Decodes, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, name: str, body: bytes, stream: UUID, version: int) -> Event:
        self.times += 1
        event: Event = decode_body(name, body, stream, version)
        return event


def not_connected() -> Connection:
    raise AssertionError("folding alone needs no connection")


def folding(decode: Decoder, *projections: Projection) -> Folding:
    reading = Reading(
        connect=not_connected,
        read_after=read_after,
        read_range=read_range,
        read_head=read_head,
        decode=decode,
    )
    return Folding(projections, reading)


def captured(position: int, content: str = "hello") -> FoldedEvent:
    event: Any = said("ann", content, position).collect_events()[0]
    return FoldedEvent(position, uuid4(), 1, "message.captured", encode_body(event))


def unreadable(position: int) -> FoldedEvent:
    return captured(position)._replace(body=b"{")


def test_what_nobody_looks_into_is_not_decoded() -> None:
    decode, places = Decoder(), Places()
    folding(decode, places).fold([captured(1), unreadable(2)])
    assert [line.position for line in places.lines.in_memory()] == [1, 2]
    assert (decode.times, places.given) == (0, [None, None])


def test_what_one_of_two_looks_into_is_decoded_once() -> None:
    decode, places, log = Decoder(), Places(), Log()
    folding(decode, places, log).fold([captured(1, "hello")])
    assert decode.times == 1
    assert [line.content for line in log.lines.in_memory()] == ["hello"]
    assert [line.position for line in places.lines.in_memory()] == [1]


def test_the_event_that_cannot_be_decoded_is_named() -> None:
    with pytest.raises(Culprit) as raised:
        folding(Decoder(), Places(), Log()).fold([captured(1), unreadable(2)])
    assert raised.value.names == ("log",)
    assert raised.value.seen is not None
    assert raised.value.seen.position == 2
