"""What people say is stored so that only their key opens it, and it opens nowhere else."""

from __future__ import annotations

import pickle
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from adapters.mapper import TapeMapper, encode_body
from adapters.sealed_bodies import (
    BrokenSeal,
    SealedBodies,
    SealingMapper,
    commits,
    key_id_of,
    personal_kinds,
    sealed_part,
)
from adapters.subject_keys import SubjectKeys
from application.ports import PortRefused, Unavailable
from domain.messages import Message, MessageCaptured, message_stream
from domain.shared import ERASED
from domain.traders import Trader
from tests.adapters.handed_keys import HandedKeys

NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
WORDS = 'bought 5 \\"NVDA\\" 600c @ 2.30, sealed:" so to say'


@pytest.fixture
def keys() -> HandedKeys:
    return HandedKeys()


@pytest.fixture
def mapper(keys: HandedKeys) -> SealingMapper:
    return SealingMapper(SealedBodies(keys))


def message(content: str = WORDS, message_id: str = "100") -> Message:
    return Message.capture(
        platform="discord", message_id=message_id, channel="alerts", author_id="4711",
        author_name="Nora", content=content, embeds=(), reply_to="99", posted_at=NOON,
        via="gateway", at=NOON,
    )  # fmt: skip


def stored(mapper: TapeMapper, aggregate: Any) -> list[StoredEvent]:
    return [mapper.to_stored_event(event) for event in aggregate.collect_events()]


def captured(mapper: TapeMapper, **said: str) -> StoredEvent:
    return stored(mapper, message(**said))[0]


def test_no_name_or_word_of_a_person_lies_in_a_stored_body(mapper: SealingMapper) -> None:
    body = captured(mapper).state
    for secret in (b"4711", b"Nora", b"NVDA", b'"99"', b"author_id", b"content"):
        assert secret not in body
    assert b'"channel":"alerts"' in body, "what is no person's stays readable"
    assert body.endswith(b'","v":5}'), "the class version is still the last field"


def test_what_is_sealed_is_read_as_it_was_written(mapper: SealingMapper) -> None:
    said = message()
    said.edit("sold them", (), edited_at=NOON, at=NOON)
    events = said.collect_events()
    for event in events:
        assert mapper.to_domain_event(mapper.to_stored_event(event)) == event


@given(st.text(), st.text(), st.text())
def test_any_words_are_read_as_they_were_written(content: str, name: str, reply_to: str) -> None:
    sealing = SealingMapper(SealedBodies(HandedKeys()))
    said = Message.capture(
        platform="discord", message_id="100", channel=content, author_id="4711", author_name=name,
        content=content, embeds=(), reply_to=reply_to, posted_at=NOON, via="gateway", at=NOON,
    )  # fmt: skip
    event = said.collect_events()[0]
    assert sealing.to_domain_event(sealing.to_stored_event(event)) == event


def test_without_its_key_a_message_keeps_its_place_and_loses_its_words(
    mapper: SealingMapper, keys: HandedKeys
) -> None:
    said = message()
    said.edit("sold them", (), edited_at=NOON, at=NOON)
    rows = stored(mapper, said)
    keys.gone.add(keys.of("discord", "4711").id.bytes)
    first, edited = map(mapper.to_domain_event, rows)
    assert isinstance(first, MessageCaptured)
    assert (first.author_id, first.author_name, first.content) == (ERASED, ERASED, ERASED)
    assert first.reply_to == ""
    assert first.posted_at == NOON
    assert first.is_erased
    assert first.trader == said.trader, "the record knows its trader by the stream"
    assert getattr(edited, "content", None) == ERASED


@pytest.mark.parametrize("moved", ["stream", "version", "name"])
def test_what_is_sealed_opens_in_no_other_event(mapper: SealingMapper, moved: str) -> None:
    row = captured(mapper)
    other: dict[str, tuple[str, bytes, UUID, int]] = {
        "stream": (row.topic, row.state, message_stream("discord", "101"), 1),
        "version": (row.topic, row.state, message_stream("discord", "100"), 2),
        "name": ("message.edited", row.state, message_stream("discord", "100"), 1),
    }
    with pytest.raises(BrokenSeal, match="changed, or belongs to another event"):
        mapper.bodies.decode(*other[moved])


@pytest.mark.parametrize("at", [20, 30, 60, 90, -1])
def test_a_changed_byte_of_what_is_sealed_is_noticed(mapper: SealingMapper, at: int) -> None:
    row = captured(mapper)
    was = sealed_part(row.topic, row.state)
    assert was is not None
    now = bytearray(was)
    now[at] ^= 1
    changed = row.state.replace(b64encode(was), b64encode(now))
    with pytest.raises(BrokenSeal):
        mapper.bodies.decode(row.topic, changed, message_stream("discord", "100"), 1)


@pytest.mark.parametrize("text", [b"", b"AQ==", b"not base64", b"Ag" + b"A" * 120])
def test_what_is_of_no_known_form_is_said_to_be(mapper: SealingMapper, text: bytes) -> None:
    row = captured(mapper)
    was = sealed_part(row.topic, row.state)
    assert was is not None
    changed = row.state.replace(b64encode(was), text)
    with pytest.raises(BrokenSeal):
        mapper.bodies.decode(row.topic, changed, message_stream("discord", "100"), 1)


def test_whoever_is_shown_the_words_can_check_them_without_a_key(mapper: SealingMapper) -> None:
    row = captured(mapper)
    sealed = sealed_part(row.topic, row.state)
    shown = mapper.bodies.said(row.topic, row.state, message_stream("discord", "100"), 1)
    assert sealed is not None
    assert shown is not None
    assert msgspec.json.decode(shown[16:])["content"] == WORDS
    assert commits(sealed, shown)
    assert not commits(sealed, shown.replace(b"2.30", b"2.40"))


def test_the_same_words_never_look_the_same(mapper: SealingMapper) -> None:
    one, other = captured(mapper).state, captured(mapper).state
    assert one != other
    first, second = (sealed_part("message.captured", body) for body in (one, other))
    assert first is not None
    assert second is not None
    assert first[29:61] != second[29:61], "not even what they commit to"


def test_bodies_from_before_stay_readable(mapper: SealingMapper) -> None:
    event = message().collect_events()[0]
    plain = TapeMapper().to_stored_event(event)
    assert mapper.to_domain_event(plain) == event
    assert key_id_of(plain.topic, plain.state) is None


def test_what_follows_is_sealed_for_whom_the_stream_began_with(
    mapper: SealingMapper, keys: HandedKeys
) -> None:
    said = message()
    begun = stored(mapper, said)[0]
    said.edit("sold them", (), edited_at=NOON, at=NOON)
    keys.events[said.id] = (begun.topic, begun.state)
    elsewhere = SealingMapper(SealedBodies(keys))
    edited = stored(elsewhere, said)[0]
    assert key_id_of(edited.topic, edited.state) == key_id_of(begun.topic, begun.state)


def test_what_follows_a_body_from_before_is_sealed_for_the_same_person(
    mapper: SealingMapper, keys: HandedKeys
) -> None:
    said = message()
    plain = stored(TapeMapper(), said)[0]
    keys.events[said.id] = (plain.topic, plain.state)
    said.edit("sold them", (), edited_at=NOON, at=NOON)
    edited = stored(mapper, said)[0]
    assert key_id_of(edited.topic, edited.state) == keys.of("discord", "4711").id


def test_all_that_one_person_says_and_is_called_lies_under_one_key(
    mapper: SealingMapper,
) -> None:
    trader = Trader.register(platform="discord", author_id="4711", name="Nora", at=NOON)
    trader.rename("Nora B", at=NOON)
    rows = [captured(mapper), captured(mapper, message_id="101"), *stored(mapper, trader)]
    assert len({key_id_of(row.topic, row.state) for row in rows}) == 1


def test_nothing_more_is_recorded_of_a_person_who_was_erased(
    mapper: SealingMapper, keys: HandedKeys
) -> None:
    said = message()
    stored(mapper, said)
    said.edit("sold them", (), edited_at=NOON, at=NOON)
    keys.gone.add(keys.of("discord", "4711").id.bytes)
    with pytest.raises(Unavailable, match="erased meanwhile"):
        stored(mapper, said)


def test_no_key_is_made_for_what_stands_where_a_name_was(mapper: SealingMapper) -> None:
    trader = Trader.register(platform="discord", author_id=ERASED, name="x", at=NOON)
    with pytest.raises(PortRefused, match="was erased"):
        stored(mapper, trader)


def test_every_personal_field_has_something_that_stands_for_it() -> None:
    kinds = personal_kinds()
    assert {"message.captured", "message.edited", "trader.registered"} <= set(kinds)
    for name, kind in kinds.items():
        assert b"sealed" not in kind.instead, name


def test_no_event_has_a_field_of_the_name_that_is_kept() -> None:
    for kind in personal_kinds().values():
        sample = encode_body(_sample(kind.cls))
        assert b'"sealed":' not in sample


def _sample(cls: Any) -> Any:
    from tests.domain.samples import event_of

    return event_of(cls)


@pytest.fixture
def on_disk(database_url: str, home: Path) -> Iterator[SubjectKeys]:
    keys = SubjectKeys(database_url, home / "keys" / "master.key")
    yield keys
    keys.close()


def test_another_process_is_told_where_the_keys_are_and_none_of_them(on_disk: SubjectKeys) -> None:
    bodies = SealedBodies(on_disk)
    row = captured(SealingMapper(bodies))
    sent = pickle.dumps(bodies.decode)
    secret = bytes.fromhex(on_disk.file.read_text().strip())
    assert secret not in sent
    decode = pickle.loads(sent)
    assert decode(row.topic, row.state, row.originator_id, 1).content == WORDS
    decode.__self__.close()
