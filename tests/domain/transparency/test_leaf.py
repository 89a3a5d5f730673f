"""A leaf says the whole envelope and the body's hash, in canonical JSON, the same for ever."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from domain.transparency.canonical import INTEGER_MAX, canonical
from domain.transparency.leaf import Leaf, LoggedEvent, event_hash, event_hashes, leaf_bytes
from domain.transparency.refusals import Malformed

EVENT = LoggedEvent(
    position=17,
    stream=UUID("0190c6f8-0000-7000-8000-00000000000a"),
    version=2,
    name="signal.approved",
    body=b'{"by":"member:7"}',
    event_id=UUID("0190c6f8-0000-7000-8000-00000000000b"),
    recorded_at=datetime(2026, 11, 21, 19, 59, 47, 120000, UTC),
    actor="member:7",
    correlation=None,
    causation=16,
    command_id=UUID("0190c6f8-0000-7000-8000-00000000000c"),
)
CENTURIES = timedelta(days=700_000)
texts = st.text(st.characters(codec="utf-8"))
positions = st.integers(1, INTEGER_MAX)
events = st.builds(
    LoggedEvent,
    position=positions,
    stream=st.uuids(),
    version=st.integers(1, 2**31 - 1),
    name=texts,
    body=st.binary(max_size=80),
    event_id=st.uuids(),
    recorded_at=st.datetimes(timezones=st.just(UTC)),
    actor=texts,
    correlation=st.none() | st.uuids(),
    causation=st.none() | positions,
    command_id=st.uuids(),
)


def test_the_leaf_of_an_event_is_pinned() -> None:
    """The log would not verify any more if one byte of this changed."""
    assert leaf_bytes(EVENT) == (
        b'{"actor":"member:7",'
        b'"body_sha256":"1e268b391dac64b95ba7760d48e23c7a603beadef22bb8d92915687599760d2b",'
        b'"causation":16,"command_id":"0190c6f8-0000-7000-8000-00000000000c",'
        b'"correlation":null,"event_id":"0190c6f8-0000-7000-8000-00000000000b","leaf":1,'
        b'"name":"signal.approved","position":17,"recorded_at":"2026-11-21T19:59:47.120000Z",'
        b'"stream":"0190c6f8-0000-7000-8000-00000000000a","version":2}'
    )
    assert (
        event_hash(EVENT).hex()
        == "fa72d35cd57aea72d7da2e5f30caea3930f8daf661a565721ac5d523720411a5"
    )


@given(events)
def test_a_leaf_is_canonical_json_and_says_every_member(event: LoggedEvent) -> None:
    written = leaf_bytes(event)
    told = json.loads(written)
    assert written == rfc8785.dumps(told) == canonical(told)
    assert list(told) == sorted(Leaf.__struct_fields__)
    assert told["body_sha256"] == sha256(event.body).hexdigest()
    assert (told["actor"], told["name"]) == (event.actor, event.name)
    assert (told["position"], told["version"]) == (event.position, event.version)
    assert (told["causation"], told["leaf"]) == (event.causation, 1)
    assert datetime.fromisoformat(told["recorded_at"]) == event.recorded_at
    assert len(told["recorded_at"]) == len("2026-11-21T19:59:47.120000Z")
    for name in ("stream", "event_id", "command_id", "correlation"):
        value = getattr(event, name)
        assert told[name] == (None if value is None else str(value))


@given(events, events)
def test_another_event_is_another_leaf(one: LoggedEvent, other: LoggedEvent) -> None:
    assert (leaf_bytes(one) == leaf_bytes(other)) is (one == other)


@pytest.mark.parametrize(
    "change",
    [{"position": 18}, {"stream": UUID(int=1)}, {"version": 3}, {"name": "signal.rejected"},
     {"body": b"{}"}, {"event_id": UUID(int=1)}, {"actor": "member:8"}, {"causation": None},
     {"correlation": UUID(int=1)}, {"command_id": UUID(int=1)},
     {"recorded_at": EVENT.recorded_at + timedelta(microseconds=1)}],
)  # fmt: skip
def test_a_change_of_any_column_changes_the_hash(change: dict[str, object]) -> None:
    assert event_hash(EVENT._replace(**change)) != event_hash(EVENT)  # type: ignore[arg-type]


@given(st.timedeltas(-CENTURIES, CENTURIES), st.integers(-1439, 1439))
def test_the_zone_in_which_a_time_is_told_makes_no_difference(
    since: timedelta, minutes: int
) -> None:
    moment = EVENT.recorded_at + since
    told = moment.astimezone(timezone(timedelta(minutes=minutes)))
    leaf = leaf_bytes(EVENT._replace(recorded_at=told))
    assert leaf == leaf_bytes(EVENT._replace(recorded_at=moment))
    text = json.loads(leaf)["recorded_at"]
    assert text == moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


@given(st.lists(events, max_size=6))
def test_many_events_have_the_hashes_that_each_has(many: list[LoggedEvent]) -> None:
    assert event_hashes(many) == [event_hash(event) for event in many]


@pytest.mark.parametrize(
    "change",
    [{"recorded_at": EVENT.recorded_at.replace(tzinfo=None)},
     {"recorded_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))},
     {"position": INTEGER_MAX + 1}, {"causation": INTEGER_MAX + 1},
     {"actor": "\ud800"}, {"name": "\udfff"}],
)  # fmt: skip
def test_what_two_readers_could_read_differently_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        leaf_bytes(EVENT._replace(**change))  # type: ignore[arg-type]
