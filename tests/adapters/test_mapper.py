"""Stored bodies: small, typed when written, and readable for good."""

from __future__ import annotations

import sys
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import uuid4

import msgspec
import pytest
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import StoredEvent

from adapters.mapper import NewerEvent, TapeMapper, UnknownEvent, decode_body, encode_body
from domain.shared import Event, Value
from tests.adapters.notes import AT, Note, NoteChanged, NoteTaken

MAPPER = TapeMapper()
STREAM = uuid4()


class Part(Value, frozen=True, kw_only=True):
    symbol: str
    ratio: int = 1


class NotePriced(Event, frozen=True, kw_only=True):
    """In its third version: `cost` became `price`, then a price got a currency."""

    TOPIC: ClassVar[str] = "test_note.priced"
    class_version: ClassVar[int] = 3

    price: Decimal
    currency: str
    parts: tuple[Part, ...] = ()

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        body["price"] = body.pop("cost")

    @staticmethod
    def upcast_v2_v3(body: dict[str, Any]) -> None:
        body["currency"] = "USD"


class NoteClash(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "test_note.clash"

    v: int


def taken(**changes: Any) -> NoteTaken:
    fields: dict[str, Any] = {
        "text": "buy",
        "timestamp": AT,
        "originator_topic": "test_note",
    } | changes
    return NoteTaken(originator_id=STREAM, originator_version=1, **fields)


def changed(**changes: Any) -> NoteChanged:
    fields: dict[str, Any] = {"text": "sell", "timestamp": AT} | changes
    return NoteChanged(originator_id=STREAM, originator_version=2, **fields)


def stored(event: Event) -> StoredEvent:
    protocol: DomainEventProtocol[Any] = event
    return MAPPER.to_stored_event(protocol)


def test_the_body_holds_only_what_the_envelope_does_not() -> None:
    event = taken(price=Decimal("4.20"))

    assert stored(event) == StoredEvent(
        STREAM,
        1,
        "test_note.taken",
        b'{"timestamp":"2026-11-18T15:30:00Z","text":"buy","price":"4.20"}',
    )


def test_an_event_is_read_back_as_it_was() -> None:
    for event in (taken(tags=("a", "b")), taken(price=Decimal("0.10")), changed()):
        back = MAPPER.to_domain_event(stored(event))

        assert back == event
        assert type(back) is type(event)


def test_writing_leaves_the_event_itself_alone() -> None:
    event = taken()
    stored(event)

    assert event == taken()


def test_an_aggregate_is_rebuilt_from_stored_events() -> None:
    note = Note.take("buy")
    note.change("sell")
    rebuilt: Any = None
    for event in note.collect_events():
        rebuilt = MAPPER.to_domain_event(MAPPER.to_stored_event(event)).mutate(rebuilt)  # type: ignore[attr-defined]

    assert (rebuilt.id, rebuilt.version, rebuilt.text) == (note.id, 2, "sell")


def test_a_fold_gets_the_body_without_the_envelope() -> None:
    event = decode_body("test_note.changed", stored(changed()).state)

    assert isinstance(event, NoteChanged)
    assert event.text == "sell"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": 5}, "text"),
        ({"text": None}, "text"),
        ({"price": "4.20"}, "price"),
        ({"price": 4.2}, "price"),
        ({"price": Decimal("NaN")}, "price"),
        ({"tags": ["a"]}, "tags"),
        ({"tags": (1,)}, "tags"),
        ({"timestamp": AT.isoformat()}, "timestamp"),
        ({"timestamp": AT.replace(tzinfo=None)}, "timestamp"),
        ({"originator_topic": "another"}, "test_note"),
    ],
)
def test_a_value_of_the_wrong_type_never_gets_onto_the_tape(
    wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(TypeError, match=rf"test_note\.taken.*{field}"):
        stored(taken(**wrong))


def test_a_body_of_a_later_class_version_says_so() -> None:
    event = NotePriced(
        originator_id=STREAM,
        originator_version=3,
        timestamp=AT,
        price=Decimal("1.5"),
        currency="EUR",
        parts=(Part(symbol="SPY", ratio=2), Part(symbol="QQQ")),
    )

    body = stored(event).state

    assert body.endswith(b'"parts":[{"symbol":"SPY","ratio":2},{"symbol":"QQQ"}],"v":3}')
    assert MAPPER.to_domain_event(stored(event)) == event


@pytest.mark.parametrize(
    "body",
    [
        b'{"timestamp":"2026-11-18T15:30:00Z","cost":"1.5"}',
        b'{"timestamp":"2026-11-18T15:30:00Z","price":"1.5","v":2}',
        b'{"timestamp":"2026-11-18T15:30:00Z","price":"1.5","currency":"USD","v":3}',
    ],
)
def test_older_bodies_are_brought_up_to_today(body: bytes) -> None:
    event = decode_body("test_note.priced", body)

    assert event == NotePriced(timestamp=AT, price=Decimal("1.5"), currency="USD")


@pytest.mark.parametrize(("name", "known"), [("test_note.changed", 1), ("test_note.priced", 3)])
def test_a_body_of_a_newer_program_is_refused_in_words(name: str, known: int) -> None:
    with pytest.raises(NewerEvent, match=f"{name} is stored in version 4, .* knows {known}"):
        decode_body(name, b'{"timestamp":"2026-11-18T15:30:00Z","text":"x","v":4}')


def test_a_last_field_that_looks_like_a_version_is_none() -> None:
    for text in ('"v":7', ',"v":7}', 'x,"v":7'):
        event = changed(text=text)
        assert MAPPER.to_domain_event(stored(event)) == event


@pytest.mark.parametrize("name", ["test_note.forgotten", "signal", "test_note", "os:path", ""])
def test_an_unknown_name_is_named(name: str) -> None:
    with pytest.raises(UnknownEvent, match=repr(name)):
        decode_body(name, b"{}")


def test_a_stored_name_imports_nothing() -> None:
    with pytest.raises(UnknownEvent):
        decode_body("this", b"{}")

    assert "this" not in sys.modules


def test_a_body_that_does_not_fit_its_class_is_not_guessed_at() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_body("test_note.changed", b'{"timestamp":"2026-11-18T15:30:00Z","text":7}')


def test_an_event_may_not_call_a_field_v() -> None:
    with pytest.raises(TypeError, match='has a field "v"'):
        encode_body(NoteClash(timestamp=AT, v=1))


def test_a_class_that_takes_the_name_of_another_is_refused() -> None:
    class Impostor(NoteChanged, frozen=True, kw_only=True):
        pass

    with pytest.raises(TypeError, match=r"test_note\.changed is the stored name of"):
        encode_body(Impostor(text="x", timestamp=AT))


def test_times_keep_their_moment_and_microseconds() -> None:
    at = datetime.fromisoformat("2026-11-18T10:30:00.000123-05:00")

    back: Any = MAPPER.to_domain_event(stored(changed(timestamp=at)))

    assert back.timestamp == at
