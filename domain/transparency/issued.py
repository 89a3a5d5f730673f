"""What the log told the world of itself: its checkpoints, and how it was found when checked.

These are events like all others, so they become leaves of the log that they are about: a
checkpoint that was issued cannot be unsaid.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, Event, Impossible, InvalidInput, Value, stream_id
from domain.transparency.checkpoints import Checkpoint, parse_checkpoint
from domain.transparency.notes import Note, parse_note, parse_signatures
from domain.transparency.refusals import Malformed


def checkpoint_stream(origin: str, size: int) -> UUID:
    """The stream of the checkpoint of a log at a size: there is one."""
    return stream_id("checkpoint", origin, str(size))


def check_stream(check: UUID) -> UUID:
    """The stream of one check of the log."""
    return stream_id("log", str(check))


class CheckpointIssued(Created, frozen=True, kw_only=True):
    """The log's keys signed what the log was at a size."""

    TOPIC: ClassVar[str] = "checkpoint.issued"

    origin: str
    size: int
    root: str
    """SHA-256, 64 hex digits."""
    note: str
    """The signed note, whole."""


class CheckpointCosigned(Event, frozen=True, kw_only=True):
    """A witness found the log to be a continuation of what it had seen, and signed."""

    TOPIC: ClassVar[str] = "checkpoint.cosigned"

    witness: str
    lines: str
    """Its signature lines."""

    def apply(self, aggregate: IssuedCheckpoint) -> None:
        aggregate.note = aggregate.note.with_signatures(*parse_signatures(self.lines))
        aggregate.witnesses.add(self.witness)


class IssuedCheckpoint(BaseAggregate[UUID]):
    """A checkpoint, and who has signed it."""

    TOPIC: ClassVar[str] = "checkpoint"

    def __init__(self, origin: str, size: int, root: str, note: str) -> None:
        self.origin = origin
        self.size = size
        self.root = bytes.fromhex(root)
        self.note = parse_note(note.encode())
        self.witnesses: set[str] = set()

    @classmethod
    def issue(cls, note: Note, *, at: datetime) -> IssuedCheckpoint:
        """Records a checkpoint that the log's keys signed.

        Raises:
            Malformed: the note holds no checkpoint, or nobody signed it.
        """
        checkpoint: Checkpoint = parse_checkpoint(note.text)
        if not note.signatures:
            raise Malformed("nobody signed this checkpoint")
        return cls._create(
            CheckpointIssued,
            id=checkpoint_stream(checkpoint.origin, checkpoint.size),
            origin=checkpoint.origin,
            size=checkpoint.size,
            root=checkpoint.root.hex(),
            note=str(note),
            timestamp=at,
        )

    def cosign(self, witness: str, note: Note, *, at: datetime) -> None:
        """Records what a witness signed: the same text with lines that were not there.

        Raises:
            InvalidInput: it is another text.
            Impossible: the witness added nothing, or has signed already.
        """
        if note.text != self.note.text:
            raise InvalidInput("a witness signs the checkpoint as it is, and no other text")
        known = set(self.note.signatures)
        lines = "".join(str(line) for line in note.signatures if line not in known)
        if not lines or witness in self.witnesses:
            raise Impossible(f"{witness} added nothing to the checkpoint")
        self.trigger_event(CheckpointCosigned, witness=witness, lines=lines, timestamp=at)


class Fault(Value, frozen=True, kw_only=True):
    """Something that is not as it was recorded, and where. `position` is 0 for the whole log."""

    position: int
    words: str


class LogChecked(Created, frozen=True, kw_only=True):
    """Everything was read again and held against all that was ever said of it.

    `size` and `root` are what the events come to; `checkpoints` how many were checked. What was
    found beyond the first faults is counted in `more`.
    """

    TOPIC: ClassVar[str] = "log.checked"

    size: int
    root: str
    checkpoints: int
    faults: tuple[Fault, ...] = ()
    more: int = 0


class LogCheck(BaseAggregate[UUID]):
    """One check of the log."""

    TOPIC: ClassVar[str] = "log"

    def __init__(
        self, size: int, root: str, checkpoints: int, faults: tuple[Fault, ...] = (), more: int = 0
    ) -> None:
        self.size = size
        self.root = root
        self.checkpoints = checkpoints
        self.faults = faults
        self.more = more

    @classmethod
    def record(
        cls,
        *,
        id: UUID,  # noqa: A002 - the library's own name for it
        size: int,
        root: bytes,
        checkpoints: int,
        faults: tuple[Fault, ...],
        more: int,
        at: datetime,
    ) -> LogCheck:
        """Records how the log was found."""
        return cls._create(
            LogChecked,
            id=check_stream(id),
            size=size,
            root=root.hex(),
            checkpoints=checkpoints,
            faults=faults,
            more=more,
            timestamp=at,
        )
