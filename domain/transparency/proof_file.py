"""C2SP tlog-proof: one file that proves, offline, that a leaf is in a checkpointed tree."""

from __future__ import annotations

from dataclasses import dataclass

from domain.transparency.notes import NOTE_BYTES_MAX, Note, parse_note
from domain.transparency.policy import Opened, Policy
from domain.transparency.proofs import verify_inclusion
from domain.transparency.refusals import Malformed
from domain.transparency.signatures import CheckSignature
from domain.transparency.words import (
    from_base64,
    hash_lines,
    number_from_text,
    plain_text,
    proof_hashes,
    to_base64,
)

HEADER = "c2sp.org/tlog-proof@v1"
_FILE_BYTES_MAX = 2 * NOTE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class ProofFile:
    """Where a leaf is, the hashes that lead from it to the root, and the signed checkpoint.

    Nothing vouches for `extra`, which is told as it is.
    """

    index: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    def __str__(self) -> str:
        extra = "" if self.extra is None else f"extra {to_base64(self.extra)}\n"
        return f"{HEADER}\n{extra}index {self.index}\n{hash_lines(self.hashes)}\n{self.note}"

    def __bytes__(self) -> bytes:
        return str(self).encode()

    def verified(self, leaf: bytes, policy: Policy, check: CheckSignature) -> Opened:
        """The checkpoint, if it may be believed and the leaf with this hash is under it.

        Raises:
            Malformed, Unproven: as the policy and the inclusion proof say.
        """
        opened = policy.opened(self.note, check)
        checkpoint = opened.checkpoint
        verify_inclusion(self.index, checkpoint.size, leaf, self.hashes, checkpoint.root)
        return opened


def parse_proof_file(raw: bytes) -> ProofFile:
    """The proof that these bytes are, to the last one.

    Raises:
        Malformed: they are none.
    """
    head, blank, note = plain_text(raw, _FILE_BYTES_MAX).partition("\n\n")
    header, *lines = head.split("\n")
    if not blank or header != HEADER:
        raise Malformed(f"a proof file begins with {HEADER} and holds a checkpoint")
    extra = _word(lines.pop(0), "extra") if lines and lines[0].startswith("extra ") else None
    if not lines:
        raise Malformed("the proof file doesn't say which leaf it is about")
    index = number_from_text(_word(lines.pop(0), "index"))
    extra_bytes = None if extra is None else from_base64(extra)
    return ProofFile(index, proof_hashes(lines), parse_note(note.encode()), extra_bytes)


def _word(line: str, name: str) -> str:
    if not line.startswith(f"{name} "):
        raise Malformed(f"a line begins with {line[:40]!r} where {name} belongs")
    return line.removeprefix(f"{name} ")
