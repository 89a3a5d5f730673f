"""The library's Application and Repository on the tape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.persistence import InfrastructureFactory
from eventsourcing.utils import Environment

from adapters.event_store import TapeFactory, TapeRecorder
from application.ports import Conflict
from domain.shared import Event
from tests.adapters.notes import AT, Note, envelope, stored


class NoteRemembered(Event, frozen=True, kw_only=True):
    """A snapshot is an event like others, kept beside the tape."""

    TOPIC: ClassVar[str] = "test_note.remembered"

    text: str

    @classmethod
    def take(cls, note: Note) -> NoteRemembered:
        return cls(
            originator_id=note.id, originator_version=note.version, timestamp=AT, text=note.text
        )

    def mutate(self, aggregate: Any) -> Any:
        assert aggregate is None
        note = object.__new__(Note)
        note.__base_init__(self.originator_id, self.originator_version, self.timestamp)
        note.text = self.text
        return note


class Notes(Application[UUID]):
    is_snapshotting_enabled = True
    snapshot_class = NoteRemembered  # type: ignore[assignment]

    def __init__(self, url: str) -> None:
        self._url = url
        super().__init__()

    def construct_factory(self, env: Environment) -> InfrastructureFactory:
        return TapeFactory(self._url, env=env)

    def note(self, note_id: UUID) -> Note:
        return self.repository.get(note_id)


@pytest.fixture
def notes(database_url: str) -> Iterator[Notes]:
    with Notes(database_url) as notes:
        yield notes


def test_what_is_saved_is_found_again(notes: Notes) -> None:
    note = Note.take("buy")
    note.change("sell")

    recordings = notes.save(note, envelope=envelope())

    assert [recording.notification.id for recording in recordings] == [1, 2]
    assert notes.note(note.id).text == "sell"
    assert notes.repository.get(note.id, version=1).text == "buy"


def test_what_was_never_saved_is_not_found(notes: Notes) -> None:
    with pytest.raises(AggregateNotFoundError):
        notes.note(uuid4())


def test_of_two_who_changed_the_same_state_one_is_told(notes: Notes) -> None:
    note = Note.take("buy")
    notes.save(note, envelope=envelope())
    mine, yours = notes.note(note.id), notes.note(note.id)
    mine.change("mine")
    yours.change("yours")
    notes.save(mine, envelope=envelope())

    with pytest.raises(Conflict, match="at version 1"):
        notes.save(yours, envelope=envelope())
    assert notes.note(note.id).text == "mine"


def test_a_save_sent_twice_happens_once(notes: Notes) -> None:
    note, same = Note.take("buy"), envelope()
    notes.save(note, envelope=same)
    changed, again = notes.note(note.id), notes.note(note.id)
    changed.change("sell")
    again.change("sell")
    sent = envelope(said="sell")
    notes.save(changed, envelope=sent)

    recordings = notes.save(again, envelope=sent)

    assert [recording.notification.id for recording in recordings] == [2]
    assert notes.note(note.id).version == 2


def test_a_save_must_say_who_and_by_which_command(notes: Notes) -> None:
    with pytest.raises(TypeError, match="envelope"):
        notes.save(Note.take("buy"))


def test_saving_nothing_needs_nothing(notes: Notes) -> None:
    assert notes.save(envelope=envelope()) == []


def test_snapshots_shorten_the_replay(notes: Notes, database_url: str) -> None:
    note = Note.take("1")
    for version in range(2, 11):
        note.change(str(version))
    notes.save(note, envelope=envelope())

    notes.take_snapshot(note.id, version=4)
    notes.take_snapshot(note.id, version=8)
    notes.take_snapshot(note.id, version=8)

    assert notes.note(note.id).text == "10"
    assert notes.repository.get(note.id, version=6).text == "6"
    assert notes.snapshots is not None
    assert [s.originator_version for s in notes.snapshots.get(note.id)] == [4, 8]


def test_events_are_selected_as_the_library_asks(notes: Notes) -> None:
    stream = uuid4()
    events = [stored(stream, version) for version in range(1, 8)]
    notes.recorder.insert_events(events, envelope=envelope())

    def versions(**wanted: Any) -> list[int]:
        found = notes.recorder.select_events(stream, **wanted)
        return [event.originator_version for event in found]

    assert notes.recorder.select_events(stream) == events
    assert versions(gt=2, lte=5) == [3, 4, 5]
    assert versions(desc=True, limit=2) == [7, 6]
    assert versions(lte=3, desc=True, limit=1) == [3]
    assert notes.recorder.select_events(uuid4()) == []


def test_notifications_are_selected_as_the_library_asks(notes: Notes) -> None:
    assert notes.recorder.max_notification_id() is None
    events = [stored(uuid4(), 1) for _ in range(3)]
    stream = events[0].originator_id
    assert isinstance(stream, UUID)
    notes.recorder.insert_events([*events, stored(stream, 2)], envelope=envelope())

    def positions(*wanted: Any, **more: Any) -> list[int]:
        return [n.id for n in notes.recorder.select_notifications(*wanted, **more)]

    assert positions(1, 10) == [1, 2, 3, 4]
    assert positions(None, 2) == [1, 2]
    assert positions(2, 10, stop=3) == [2, 3]
    assert positions(2, 10, inclusive_of_start=False) == [3, 4]
    assert positions(1, 10, topics=["test_note.changed"]) == [4]
    assert notes.recorder.max_notification_id() == 4
    assert notes.notification_log["1,3"].items[2].id == 3


def test_a_subscription_sees_what_is_there_and_what_comes(notes: Notes) -> None:
    note = Note.take("buy")
    notes.save(note, envelope=envelope())
    recorder = notes.recorder
    assert isinstance(recorder, TapeRecorder)

    with recorder.subscribe(gt=0) as subscription:
        assert next(subscription).id == 1
        note.change("sell")
        notes.save(note, envelope=envelope())
        assert next(subscription).topic == "test_note.changed"
