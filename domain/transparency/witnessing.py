"""C2SP tlog-witness: asking a witness to cosign a checkpoint, and what the witness decides.

The witness keeps, for each log it knows, the last head it cosigned. It has to read that, decide
and keep the new one in a single transaction: two requests that are decided side by side could
make it cosign a tree that is smaller than one it has cosigned before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from domain.transparency.checkpoints import Checkpoint, parse_checkpoint
from domain.transparency.keys import SignatureType, VerifierKey
from domain.transparency.notes import NOTE_BYTES_MAX, Note, Signature, parse_note, parse_signatures
from domain.transparency.proofs import verify_consistency
from domain.transparency.refusals import Malformed, Unproven
from domain.transparency.signatures import CheckSignature, Signer, sign_note, verified
from domain.transparency.tree import EMPTY_ROOT
from domain.transparency.words import hash_lines, number_from_text, plain_text, proof_hashes

ADD_CHECKPOINT = "/add-checkpoint"
SIZE_TYPE = "text/x.tlog.size"
_REQUEST_BYTES_MAX = 2 * NOTE_BYTES_MAX


class Status(IntEnum):
    """The HTTP status of a refusal, as tlog-witness has it."""

    BAD_REQUEST = 400
    FORBIDDEN = 403
    NOT_FOUND = 404
    CONFLICT = 409
    UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request to cosign: the size that the witness should know, and the proof from there on."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint

    def __str__(self) -> str:
        return f"old {self.old_size}\n{hash_lines(self.proof)}\n{self.note}"

    def __bytes__(self) -> bytes:
        return str(self).encode()


@dataclass(frozen=True, slots=True)
class Head:
    """The last tree of a log that a witness has cosigned; at first the empty one."""

    size: int = 0
    root: bytes = EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Cosign:
    """The checkpoint is to be cosigned, once the new head is kept."""

    checkpoint: Checkpoint
    head: Head


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a witness doesn't cosign; a conflict tells the size that it does know."""

    status: Status
    reason: str
    known_size: int | None = None

    @property
    def body(self) -> str:
        """What the answer says: the known size alone where there is one, as the protocol has it."""
        return f"{self.reason if self.known_size is None else self.known_size}\n"

    @property
    def content_type(self) -> str:
        """How the body is to be read."""
        return "text/plain; charset=utf-8" if self.known_size is None else SIZE_TYPE


def add_checkpoint(old_size: int, proof: Iterable[bytes], note: Note) -> AddCheckpoint:
    """The request to cosign this note, for a witness that knows the tree of the old size.

    Raises:
        Malformed: the note holds no checkpoint.
    """
    return AddCheckpoint(old_size, tuple(proof), note, parse_checkpoint(note.text))


def parse_add_checkpoint(raw: bytes) -> AddCheckpoint:
    """The request that these bytes are, with a checkpoint in it.

    Raises:
        Malformed: they are none; a witness answers that with status 400.
    """
    head, blank, note = plain_text(raw, _REQUEST_BYTES_MAX).partition("\n\n")
    first, *lines = head.split("\n")
    if not blank or not first.startswith("old "):
        raise Malformed("a request begins with the old size and ends with a checkpoint")
    old_size = number_from_text(first.removeprefix("old "))
    return add_checkpoint(old_size, proof_hashes(lines), parse_note(note.encode()))


def decide(
    request: AddCheckpoint, keys: Sequence[VerifierKey], head: Head, check: CheckSignature
) -> Cosign | Refusal:
    """What a witness does that knows these keys for the log, none if it doesn't know the log."""
    checkpoint = request.checkpoint
    if not keys:
        return Refusal(Status.NOT_FOUND, f"the log {checkpoint.origin} isn't known here")
    try:
        verified(request.note, keys, check)
    except (Malformed, Unproven) as why:
        return Refusal(Status.FORBIDDEN, str(why))
    if request.old_size > checkpoint.size:
        return Refusal(Status.BAD_REQUEST, "the old size is above the checkpoint's")
    if request.old_size != head.size:
        return Refusal(Status.CONFLICT, f"the last size here is {head.size}", head.size)
    if checkpoint.size == head.size and checkpoint.root != head.root:
        return Refusal(Status.CONFLICT, "this size has another root here", head.size)
    try:
        _require_consistent(request, head)
    except (Malformed, Unproven) as why:
        return Refusal(Status.UNPROCESSABLE, str(why))
    return Cosign(checkpoint, Head(checkpoint.size, checkpoint.root))


def cosignatures(note: Note, signers: Iterable[Signer], at: int) -> tuple[Signature, ...]:
    """The lines with which a witness answers, one for each of its keys.

    Raises:
        Malformed: a key doesn't say when it signed, so it is none for cosigning.
    """
    holders = tuple(signers)
    if any(holder.key.type is SignatureType.ED25519 for holder in holders):
        raise Malformed("a witness cosigns with keys that say when they signed")
    return tuple(sign_note(note.text, holder, at) for holder in holders)


def cosigned(note: Note, answer: bytes, keys: Sequence[VerifierKey], check: CheckSignature) -> Note:
    """The note with those lines of a witness's answer that are by keys the log knows.

    Raises:
        Malformed: the answer isn't signature lines.
        Unproven: a known key's signature doesn't hold, or there is none.
    """
    lines = parse_signatures(plain_text(answer, NOTE_BYTES_MAX))
    good = {(one.key.name, one.key.id) for one in verified(Note(note.text, lines), keys, check)}
    return note.with_signatures(*(line for line in lines if (line.name, line.key_id) in good))


def _require_consistent(request: AddCheckpoint, head: Head) -> None:
    checkpoint = request.checkpoint
    if request.old_size == 0:
        # Any tree follows from the empty one, so there is nothing that could prove it.
        if request.proof:
            raise Unproven("a proof from an empty tree is empty")
        return
    verify_consistency(head.size, checkpoint.size, head.root, checkpoint.root, request.proof)
