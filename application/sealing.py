"""Sealing: takes the tape into the log, signs what the log is, and has witnesses sign it too.

A checkpoint is issued a minute after the last one while the community does something, and each
hour while it rests. What the house records of itself does not count: a checkpoint is an event,
and it would call for the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from application.desk import Command, Desk, Work, derived_id
from application.ports import PortError
from domain.shared import DomainError
from domain.transparency.checkpoints import Checkpoint
from domain.transparency.issued import IssuedCheckpoint, checkpoint_stream
from domain.transparency.notes import Note
from domain.transparency.proofs import consistency_proof
from domain.transparency.signatures import Signer, sign_note
from domain.transparency.tree import Frontier, ReadNodes

ACTOR = "log"
BATCH = 10_000
BUSY = timedelta(minutes=1)
RESTING = timedelta(hours=1)
OWN_EVENTS = ("checkpoint.", "clock.", "log.", "log_index.", "notice.")
"""What the house records of itself, by how the names begin."""

_log = logging.getLogger(__name__)


class Log(Protocol):
    """The tape as a Merkle tree, as it is stored."""

    def integrate(self, limit: int) -> Frontier:
        """Takes the next events in; the same as before when there are none.

        Raises:
            Unavailable: nothing answered.
            PortRefused: the tape has a gap.
        """

    def has_other_than(self, own: Sequence[str], after: int) -> bool:
        """Whether an event after a position has a name that begins otherwise."""

    @property
    def read(self) -> ReadNodes:
        """The hashes that are stored."""


class Witness(Protocol):
    """Somebody else, who signs a checkpoint that continues what they have signed before."""

    @property
    def name(self) -> str:
        """Whose signature it will be."""

    def cosign(self, note: Note, size: int, prove: Prove) -> Note:
        """The note with their lines under it.

        Raises:
            Unavailable: no answer.
            PortRefused: they do not sign it, or their answer does not hold.
        """


class Prove(Protocol):
    """The consistency proof between two sizes of the log."""

    def __call__(self, size1: int, size2: int) -> Sequence[bytes]: ...


class Sealed(NamedTuple):
    """The last checkpoint."""

    size: int
    at: datetime


class Sealer:
    """Keeps the log at the tape's end and issues its checkpoints; one process at a time."""

    def __init__(
        self,
        desk: Desk,
        log: Log,
        origin: str,
        signers: Sequence[Signer],
        witnesses: Sequence[Witness] = (),
        last: Sealed | None = None,
    ) -> None:
        """`last` is the checkpoint that was issued last, by whoever issued it."""
        self._desk = desk
        self._log = log
        self._origin = origin
        self._signers = signers
        self._witnesses = witnesses
        self._last = last

    def step(self, now: datetime) -> IssuedCheckpoint | None:
        """Brings the log to the tape's end, and issues a checkpoint if one is due.

        Raises:
            Unavailable: the database did not answer.
            PortRefused: the tape has a gap.
        """
        frontier = self.integrate()
        return self.seal(frontier, now) if self._is_due(frontier.size, now) else None

    def integrate(self) -> Frontier:
        """Brings the log to the tape's end.

        Raises:
            Unavailable: the database did not answer; what was taken in stays.
            PortRefused: the tape has a gap.
        """
        before = -1
        frontier = self._log.integrate(BATCH)
        while frontier.size >= before + BATCH:
            before, frontier = frontier.size, self._log.integrate(BATCH)
        return frontier

    def seal(self, frontier: Frontier, now: datetime) -> IssuedCheckpoint:
        """Issues the checkpoint of a size, and asks the witnesses; the one there is, if there is.

        Raises:
            Unavailable: the database did not answer.
        """
        checkpoint = self._issued(frontier, now)
        self._last = Sealed(checkpoint.size, now)
        for witness in self._witnesses:
            if witness.name not in checkpoint.witnesses:
                self._ask(witness, checkpoint, now)
        return Work(self._desk).get(IssuedCheckpoint, checkpoint.id)

    def _is_due(self, size: int, now: datetime) -> bool:
        if self._last is None:
            return size > 0
        if size == self._last.size or now - self._last.at < BUSY:
            return False
        if now - self._last.at >= RESTING:
            return True
        return self._log.has_other_than(OWN_EVENTS, self._last.size)

    def _issued(self, frontier: Frontier, now: datetime) -> IssuedCheckpoint:
        checkpoint = Checkpoint(self._origin, frontier.size, frontier.root)
        stream = checkpoint_stream(self._origin, frontier.size)
        command = Command.given(derived_id("seal", str(stream)), stream, actor=ACTOR, at=now)

        def decide(work: Work) -> IssuedCheckpoint:
            known = work.find(IssuedCheckpoint, stream)
            if known is not None:
                return known
            at = int(now.astimezone(UTC).timestamp())
            lines = [sign_note(str(checkpoint), signer, at) for signer in self._signers]
            return work.begin(IssuedCheckpoint.issue(Note(str(checkpoint), tuple(lines)), at=now))

        self._desk.run(command, decide)
        return Work(self._desk).get(IssuedCheckpoint, stream)

    def _ask(self, witness: Witness, checkpoint: IssuedCheckpoint, now: datetime) -> None:
        """A witness that is away is asked again with the next checkpoint."""
        try:
            note = witness.cosign(checkpoint.note, checkpoint.size, self._prove)
        except (DomainError, PortError) as error:
            _log.warning("the witness %s did not sign: %s", witness.name, error)
            return
        stream = checkpoint.id
        command = Command.given(
            derived_id("cosign", witness.name, str(stream)), str(note), actor=ACTOR, at=now
        )

        def decide(work: Work) -> IssuedCheckpoint:
            known = work.get(IssuedCheckpoint, stream)
            if witness.name not in known.witnesses:
                known.cosign(witness.name, note, at=now)
            return known

        self._desk.run(command, decide)

    def _prove(self, size1: int, size2: int) -> Sequence[bytes]:
        return consistency_proof(size1, size2, self._log.read)
