"""Whatever a superuser changes of the tape or the log, a check finds and says where."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from adapters.signing import KeySigner, check_signature, new_signer
from adapters.tape_log import TapeLog
from application.desk import Desk, Work
from application.log_checking import Found, Issued, LogChecker
from application.sealing import Sealer
from domain.transparency.checkpoints import Checkpoint
from domain.transparency.issued import IssuedCheckpoint
from domain.transparency.keys import SignatureType
from domain.transparency.notes import Note, parse_note
from domain.transparency.signatures import sign_note
from tests.adapters.notes import append, as_owner, batch
from tests.application.conftest import NOON

ORIGIN = "example.org/log"
SIGNERS = (
    new_signer(ORIGIN, SignatureType.ED25519),
    new_signer(ORIGIN, SignatureType.COSIGNATURE_ML_DSA_44),
)
EVENTS = 30


class Room:
    """A tape with a few checkpoints, a superuser, and whoever checks."""

    def __init__(self, url: str, desk: Desk) -> None:
        self.url = url
        self.log = TapeLog(url)
        self.issued: list[Issued] = []
        self._desk = desk
        self._sealer = Sealer(desk, self.log, ORIGIN, SIGNERS)
        for hour in range(3):
            append(url, *(batch(uuid4(), 1) for _ in range(EVENTS // 3 - 1)))
            self.seal(hour)

    def seal(self, hour: int) -> IssuedCheckpoint:
        found = self._sealer.seal(self._sealer.integrate(), NOON + timedelta(hours=hour))
        self.issued.append(Issued(found.size + 1, found.note))
        return found

    def as_superuser(self, *statements: str) -> None:
        with as_owner(self.url) as superuser, superuser.transaction():
            superuser.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                superuser.execute(statement)

    def check(self, *others: Issued) -> Found:
        keys = [signer.key for signer in SIGNERS]
        return LogChecker(self.log, [*self.issued, *others], keys, check_signature).run()


@pytest.fixture
def room(database_url: str, desk: Desk) -> Iterator[Room]:
    found = Room(database_url, desk)
    yield found
    found.log.close()


def told(found: Found) -> list[tuple[int, str]]:
    return [(fault.position, fault.words) for fault in found.faults]


def test_what_nobody_touched_is_sound(room: Room) -> None:
    found = room.check()
    assert (found.is_sound, found.faults) == (True, ())
    assert (found.frontier.size, found.checkpoints) == (EVENTS, 3)
    assert found.frontier == room.log.integrate()


def test_events_that_are_not_taken_in_yet_are_no_fault(room: Room) -> None:
    append(room.url, batch(uuid4(), 1))
    assert room.check().is_sound


def test_progress_is_told(room: Room) -> None:
    seen: list[int] = []
    keys = [signer.key for signer in SIGNERS]
    LogChecker(room.log, room.issued, keys, check_signature).run(seen.append)
    assert seen[-1] == room.check().frontier.size


CHANGES: list[tuple[str, str]] = [
    ("UPDATE tape.events SET body = body || ' ' WHERE position = 7", "body"),
    ("UPDATE tape.events SET actor = 'nobody' WHERE position = 7", "actor"),
    ("UPDATE tape.events SET name = 'test_note.changed' WHERE position = 7", "name"),
    ("UPDATE tape.events SET version = 8 WHERE position = 7", "version"),
    ("UPDATE tape.events SET stream = uuidv7() WHERE position = 7", "stream"),
    ("UPDATE tape.events SET event_id = uuidv7() WHERE position = 7", "event_id"),
    ("UPDATE tape.events SET recorded_at = recorded_at + '1 microsecond' WHERE position = 7", "at"),
    ("UPDATE tape.events SET causation = 3 WHERE position = 7", "causation"),
    ("UPDATE tape.events SET correlation = uuidv7() WHERE position = 7", "correlation"),
    ("UPDATE tape.events SET command_id = uuidv7() WHERE position = 7", "command_id"),
]


@pytest.mark.parametrize(("change", "what"), CHANGES, ids=[what for _, what in CHANGES])
def test_a_changed_event_is_named(room: Room, change: str, what: str) -> None:
    room.as_superuser(change)
    found = told(room.check())
    assert (7, "the event at position 7 is not what was logged") in found, what
    assert any("the checkpoint of 9 events has another root" in words for _, words in found)


def test_a_deleted_event_is_named(room: Room) -> None:
    room.as_superuser("DELETE FROM tape.events WHERE position = 12")
    assert told(room.check()) == [(12, "the event at position 12 is gone from the tape")]


def test_deleted_neighbours_are_told_as_one(room: Room) -> None:
    room.as_superuser("DELETE FROM tape.events WHERE position BETWEEN 12 AND 15")
    assert told(room.check()) == [
        (12, "the events at positions 12 to 15 are gone from the tape"),
    ]


def test_the_last_events_cannot_be_cut_off(room: Room) -> None:
    room.as_superuser("DELETE FROM tape.events WHERE position > 25")
    places = [place for place, _ in told(room.check())]
    assert 26 in places


def test_an_event_with_another_number_is_named(room: Room) -> None:
    room.as_superuser("UPDATE tape.events SET position = 1000 WHERE position = 12")
    found = told(room.check())
    assert (12, "the event at position 12 is gone from the tape") in found
    assert any(place == 31 for place, _ in found)


def test_a_number_out_of_this_world_ends_the_check(room: Room) -> None:
    room.as_superuser(
        "CREATE TABLE tape.far PARTITION OF tape.events FOR VALUES FROM (9000000000)"
        " TO (9000009000)",
        "CREATE TABLE tape.one AS SELECT * FROM tape.events WHERE position = 30",
        "UPDATE tape.one SET position = 9000000001",
        "INSERT INTO tape.events SELECT * FROM tape.one",
    )
    assert (31, "positions jump from 30 to 9000000001 on the tape") in told(room.check())


def test_events_that_changed_places_are_named(room: Room) -> None:
    room.as_superuser(
        "UPDATE tape.events SET position = 900 WHERE position = 4",
        "UPDATE tape.events SET position = 4 WHERE position = 5",
        "UPDATE tape.events SET position = 5 WHERE position = 900",
    )
    assert (4, "the events at positions 4 to 5 are not what was logged") in told(room.check())


def test_who_changes_the_event_and_its_leaf_meets_the_checkpoint(room: Room) -> None:
    room.as_superuser("UPDATE tape.events SET body = body || ' ' WHERE position = 15")
    # What a superuser who knows the log would do: make it again from the changed tape.
    room.as_superuser("DELETE FROM log.leaves", "UPDATE log.frontier SET size = 0, peaks = ''")
    room.log.integrate()
    found = told(room.check())
    assert any("the checkpoint of 19 events has another root" in words for _, words in found)
    assert not any("checkpoint of 9 events" in words for _, words in found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "UPDATE log.leaves SET hashes = sha256(hashes) WHERE index = 6",
            "the event at position 7 is not what was logged",
        ),
        (
            "UPDATE log.leaves SET hashes = overlay(hashes PLACING 'ABC' FROM 33) WHERE index = 7",
            "the event at position 8 is at odds with the hashes over it in the log",
        ),
        (
            "DELETE FROM log.leaves WHERE index = 6",
            "the event at position 7 is on the tape, and gone from the log",
        ),
        (
            "UPDATE log.frontier SET peaks = sha256(peaks) || substr(peaks, 33)",
            "where the log ends is not what its events come to",
        ),
    ],
)
def test_a_changed_log_is_named(room: Room, change: str, words: str) -> None:
    room.as_superuser(change)
    assert words in [found for _, found in told(room.check())]


def test_a_checkpoint_that_the_log_did_not_sign_is_not_believed(room: Room) -> None:
    text = str(Checkpoint(ORIGIN, 9, bytes(32)))
    stranger = new_signer(ORIGIN, SignatureType.ED25519)
    forged = Note(text, (sign_note(text, stranger, 0),))
    assert any("cannot be believed" in words for _, words in told(room.check(Issued(0, forged))))


def test_half_a_signature_is_told(room: Room) -> None:
    kept = room.issued[0]
    half = Note(kept.note.text, kept.note.signatures[:1])
    found = told(room.check(Issued(0, half)))
    assert [(0, f"the key {ORIGIN} did not sign a checkpoint")] == found


@pytest.mark.parametrize("size", [9, 500])
def test_a_checkpoint_that_was_kept_elsewhere_is_held_against_the_tape(
    room: Room, size: int
) -> None:
    text = str(Checkpoint(ORIGIN, size, bytes(31) + b"x"))
    kept = Note(text, tuple(sign_note(text, signer, 0) for signer in SIGNERS))
    found = [words for _, words in told(room.check(Issued(0, kept)))]
    assert found == [
        "two checkpoints of 9 events have different roots"
        if size == 9
        else "a checkpoint speaks of 500 events, and there are fewer"
    ]


def test_more_faults_than_anybody_reads_are_counted(room: Room) -> None:
    append(room.url, *(batch(uuid4(), 1) for _ in range(300)))
    room.log.integrate()
    room.as_superuser("UPDATE tape.events SET actor = 'x' WHERE position > 30 AND position % 2 = 1")
    found = room.check()
    assert (len(found.faults), found.more) == (100, 50)


def test_the_note_that_was_stored_is_the_one_that_was_signed(room: Room, desk: Desk) -> None:
    stream = room.seal(9).id
    stored = Work(desk).get(IssuedCheckpoint, stream)
    assert parse_note(bytes(stored.note)) == room.issued[-1].note
    assert [type(signer) for signer in SIGNERS] == [KeySigner, KeySigner]
