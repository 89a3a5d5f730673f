"""Whom a reader of the log believes: the log's keys, all of them, and so many of the witnesses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from domain.transparency.checkpoints import Checkpoint, parse_checkpoint
from domain.transparency.keys import VerifierKey
from domain.transparency.notes import Note
from domain.transparency.refusals import Malformed, Unproven
from domain.transparency.signatures import CheckSignature, Verified, names_of, verified


class Opened(NamedTuple):
    """A checkpoint that the policy believes, and who vouches for it."""

    checkpoint: Checkpoint
    log: tuple[Verified, ...]
    witnesses: tuple[Verified, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a checkpoint needs to be believed: its origin, each log key, a quorum of witnesses.

    Every log key has to have signed: a log that signs with Ed25519 and ML-DSA-44 would gain
    nothing by the second where a reader is content with the first. A witness counts once,
    whatever number of keys it has.
    """

    origin: str
    log_keys: tuple[VerifierKey, ...]
    witness_keys: tuple[VerifierKey, ...] = ()
    quorum: int = 0

    def __post_init__(self) -> None:
        if not self.log_keys:
            raise Malformed("a policy needs a key of the log")
        keys = (*self.log_keys, *self.witness_keys)
        if len({key.public for key in keys}) != len(keys):
            raise Malformed("one public key stands in the policy twice")
        if len({(key.name, key.id) for key in keys}) != len(keys):
            raise Malformed("two keys of the policy have one name and id")
        names = {key.name for key in self.witness_keys}
        if names & {key.name for key in self.log_keys}:
            raise Malformed("the log is no witness of its own")
        if not 0 <= self.quorum <= len(names):
            raise Malformed(f"{len(names)} witnesses can't make a quorum of {self.quorum}")

    def opened(self, note: Note, check: CheckSignature) -> Opened:
        """The checkpoint in this note, if it may be believed.

        Raises:
            Malformed: the note holds no checkpoint, or a known key's signature has no form.
            Unproven: it is of another log, a signature of a known key doesn't hold, a log key
                didn't sign, or too few witnesses did.
        """
        checkpoint = parse_checkpoint(note.text)
        if checkpoint.origin != self.origin:
            raise Unproven(f"the checkpoint is of {checkpoint.origin}, not of {self.origin}")
        found = verified(note, (*self.log_keys, *self.witness_keys), check)
        log = tuple(one for one in found if one.key in self.log_keys)
        witnesses = tuple(one for one in found if one.key in self.witness_keys)
        for missing in set(self.log_keys) - {one.key for one in log}:
            raise Unproven(f"the log's key {missing.name}+{missing.id.hex()} didn't sign")
        if len(names_of(witnesses)) < self.quorum:
            count = len(names_of(witnesses))
            raise Unproven(f"{count} witnesses cosigned where {self.quorum} are wanted")
        return Opened(checkpoint, log, witnesses)
