"""C2SP signed notes: a text, a blank line, and a line for each signature."""

from __future__ import annotations

from dataclasses import dataclass

from domain.transparency.keys import KEY_ID_SIZE, require_key_name
from domain.transparency.refusals import Malformed
from domain.transparency.words import from_base64, plain_text, to_base64

SIGNATURES_MAX = 64
NOTE_BYTES_MAX = 1 << 19
"""Room for as many signatures as are read, the largest of them made by ML-DSA-44."""

_DASH = "\N{EM DASH}"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature line: whose it says it is, and the bytes that only that key can judge."""

    name: str
    key_id: bytes
    blob: bytes

    def __str__(self) -> str:
        return f"{_DASH} {self.name} {to_base64(self.key_id + self.blob)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, newline at its end, with the signatures that stand under it."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"

    def __bytes__(self) -> bytes:
        return str(self).encode()

    def with_signatures(self, *more: Signature) -> Note:
        """The same note with these signatures under the ones it has; none is put there twice."""
        present = set(self.signatures)
        return Note(self.text, (*self.signatures, *(new for new in more if new not in present)))


def parse_note(raw: bytes) -> Note:
    """The signed note that these bytes are, to the last one.

    Raises:
        Malformed: they are none, or one key id stands under it twice.
    """
    text, blank, lines = plain_text(raw, NOTE_BYTES_MAX).rpartition("\n\n")
    if not blank:
        raise Malformed("a signed note is a text, a blank line and signatures")
    return Note(f"{text}\n", parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """Signature lines, one after the other.

    Raises:
        Malformed: there is none or too many, one isn't whole, or a key id stands there twice.
    """
    if not lines.endswith("\n"):
        raise Malformed("there is no whole signature line")
    split = lines[:-1].split("\n")
    if len(split) > SIGNATURES_MAX:
        raise Malformed(f"{len(split)} signatures are more than the {SIGNATURES_MAX} that are read")
    signatures = tuple(_signature(line) for line in split)
    if len({(signature.name, signature.key_id) for signature in signatures}) != len(signatures):
        raise Malformed("a key stands under the note twice")
    return signatures


def _signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH:
        raise Malformed("a signature line is a dash, a name and base64")
    require_key_name(parts[1])
    blob = from_base64(parts[2])
    if len(blob) <= KEY_ID_SIZE:
        raise Malformed(f"the signature of {parts[1]} is empty")
    return Signature(parts[1], blob[:KEY_ID_SIZE], blob[KEY_ID_SIZE:])
