"""Every stored event version has a golden body; what was once written is readable for ever.

`python -m tests.domain.test_golden_events` writes the bodies that are missing. It never
touches one that is there: a body that no longer fits needs a new class version and an upcast.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from eventsourcing.persistence import StoredEvent

from adapters.mapper import TapeMapper, decode_body, encode_body
from domain.catalogue import event_classes
from domain.shared import Event, stream_id
from tests.domain.samples import event_of

GOLDEN = Path(__file__).parent.parent / "data" / "events"
CLASSES = list(event_classes().values())


def golden_file(kind: type[Event], version: int) -> Path:
    return GOLDEN / f"{kind.TOPIC}.v{version}.json"


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.TOPIC)
def test_an_event_is_written_as_its_golden_body(kind: type[Event]) -> None:
    golden = golden_file(kind, kind.class_version).read_bytes().rstrip()
    assert encode_body(event_of(kind)) == golden


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.TOPIC)
def test_every_golden_body_is_readable(kind: type[Event]) -> None:
    for version in range(1, kind.class_version + 1):
        body = golden_file(kind, version).read_bytes().rstrip()
        stored = StoredEvent(stream_id("golden"), 1, kind.TOPIC, body)
        event = TapeMapper().to_domain_event(stored)
        assert type(event) is kind
        assert decode_body(kind.TOPIC, body).timestamp == event_of(kind).timestamp


def test_no_golden_body_is_left_without_its_event() -> None:
    expected = {
        golden_file(kind, version).name
        for kind in CLASSES
        for version in range(1, kind.class_version + 1)
    }
    assert {path.name for path in GOLDEN.glob("*.json")} == expected


if __name__ == "__main__":
    for event_class in CLASSES:
        file = golden_file(event_class, event_class.class_version)
        if not file.exists():
            file.write_bytes(encode_body(event_of(event_class)) + b"\n")
