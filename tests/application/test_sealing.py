"""The log is brought to the tape's end, and signed each minute while something happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from adapters.signing import check_signature, new_signer
from adapters.tape_log import TapeLog
from application.desk import Desk, Work
from application.ports import Unavailable
from application.sealing import Prove, Sealed, Sealer, Witness
from domain.transparency.checkpoints import parse_checkpoint
from domain.transparency.issued import IssuedCheckpoint
from domain.transparency.keys import SignatureType
from domain.transparency.notes import Note
from domain.transparency.signatures import sign_note, verified
from tests.adapters.notes import append, batch
from tests.application.conftest import NOON

ORIGIN = "example.org/log"
SIGNERS = (
    new_signer(ORIGIN, SignatureType.ED25519),
    new_signer(ORIGIN, SignatureType.COSIGNATURE_ML_DSA_44),
)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class ShownWitness:
    """A witness in the same process, which may be away."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_away = False
        self.asked: list[int] = []
        self._signer = new_signer(name, SignatureType.COSIGNATURE_ED25519)
        self.key = self._signer.key

    def cosign(self, note: Note, size: int, prove: Prove) -> Note:
        self.asked.append(size)
        if self.is_away:
            raise Unavailable(f"{self.name} is away")
        return note.with_signatures(sign_note(note.text, self._signer, 7))


@pytest.fixture
def log(database_url: str) -> Iterator[TapeLog]:
    found = TapeLog(database_url)
    yield found
    found.close()


def sealer(
    desk: Desk, log: TapeLog, witnesses: Sequence[Witness] = (), last: Sealed | None = None
) -> Sealer:
    return Sealer(desk, log, ORIGIN, SIGNERS, witnesses, last)


def note(url: str) -> None:
    append(url, batch(uuid4(), 1))


def test_nothing_is_signed_of_an_empty_tape(desk: Desk, log: TapeLog) -> None:
    assert sealer(desk, log).step(NOON) is None


def test_the_first_checkpoint_says_what_there_is(
    desk: Desk, log: TapeLog, database_url: str
) -> None:
    note(database_url)
    issued = sealer(desk, log).step(NOON)
    assert issued is not None
    checkpoint = parse_checkpoint(issued.note.text)
    assert (checkpoint.origin, checkpoint.size) == (ORIGIN, 1)
    assert checkpoint.root == log.at(1).root == issued.root
    found = verified(issued.note, [signer.key for signer in SIGNERS], check_signature)
    assert [one.key for one in found] == [signer.key for signer in SIGNERS]


def test_a_checkpoint_does_not_call_for_the_next_one_until_the_hour(
    desk: Desk, log: TapeLog, database_url: str
) -> None:
    note(database_url)
    sealing = sealer(desk, log)
    assert sealing.step(NOON) is not None
    minutes = [sealing.step(NOON + n * MINUTE) for n in range(1, 60)]
    assert minutes == [None] * 59
    assert log.frontier().size == 2
    hourly = sealing.step(NOON + HOUR)
    assert hourly is not None
    assert hourly.size == 2


def test_what_happens_is_signed_within_a_minute(
    desk: Desk, log: TapeLog, database_url: str
) -> None:
    note(database_url)
    sealing = sealer(desk, log)
    sealing.step(NOON)
    note(database_url)
    assert sealing.step(NOON + timedelta(seconds=59)) is None
    issued = sealing.step(NOON + MINUTE)
    assert issued is not None
    assert issued.size == 3


def test_who_takes_over_goes_on_where_the_other_one_was(
    desk: Desk, log: TapeLog, database_url: str
) -> None:
    note(database_url)
    first = sealer(desk, log).step(NOON)
    assert first is not None
    taken_over = sealer(desk, log, last=Sealed(first.size, NOON))
    assert taken_over.step(NOON + MINUTE) is None


def test_a_size_is_signed_once_whoever_signs(desk: Desk, log: TapeLog, database_url: str) -> None:
    note(database_url)
    frontier = log.integrate()
    first = sealer(desk, log).seal(frontier, NOON)
    again = sealer(desk, log).seal(frontier, NOON + HOUR)
    assert again.note == first.note
    assert (again.version, log.integrate().size) == (1, 2)


def test_witnesses_sign_under_it_and_the_one_that_is_away_signs_the_next(
    desk: Desk, log: TapeLog, database_url: str
) -> None:
    near, far = ShownWitness("near"), ShownWitness("far")
    far.is_away = True
    note(database_url)
    sealing = sealer(desk, log, [near, far])
    first = sealing.step(NOON)
    assert first is not None
    assert Work(desk).get(IssuedCheckpoint, first.id).witnesses == {"near"}
    far.is_away = False
    note(database_url)
    second = sealing.step(NOON + MINUTE)
    assert second is not None
    stored = Work(desk).get(IssuedCheckpoint, second.id)
    assert stored.witnesses == {"near", "far"}
    keys = [near.key, far.key]
    assert [one.at for one in verified(stored.note, keys, check_signature)] == [7, 7]
    assert near.asked == far.asked == [first.size, second.size]
