"""Signing notes and finding out who signed them; the arithmetic is done by ports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from domain.transparency.checkpoints import parse_checkpoint
from domain.transparency.keys import SignatureType, VerifierKey
from domain.transparency.notes import Note, Signature
from domain.transparency.refusals import Malformed, Unproven
from domain.transparency.tree import SIZE_MAX

_TIME_SIZE = 8
_SUBTREE_LABEL = b"subtree/v1\n\x00"

CheckSignature = Callable[[VerifierKey, bytes, bytes], bool]
"""Port: whether this key made this signature (third) of this message (second)."""


class Signer(Protocol):
    """Port: who holds a secret key."""

    @property
    def key(self) -> VerifierKey:
        """The public half, with its name."""

    def sign(self, message: bytes) -> bytes:
        """The bare signature of the message."""


class Verified(NamedTuple):
    """A key whose signature holds, and the POSIX time it says it signed at, if it says one."""

    key: VerifierKey
    at: int | None


def sign_note(text: str, signer: Signer, at: int) -> Signature:
    """The signature line of this signer under a note's text, at a POSIX time.

    Raises:
        Malformed: the key is for checkpoints and the text is none, or is one with extension
            lines, which this kind of signature would leave open to change.
    """
    key = signer.key
    if key.type is SignatureType.COSIGNATURE_ML_DSA_44 and parse_checkpoint(text).extensions:
        raise Malformed("ML-DSA-44 doesn't sign extension lines, so there must be none")
    signature = signer.sign(signed_message(key, text, at))
    time = at.to_bytes(_TIME_SIZE, "big") if key.type.is_timed else b""
    return Signature(key.name, key.id, time + signature)


def verified(note: Note, keys: Iterable[VerifierKey], check: CheckSignature) -> list[Verified]:
    """Which of these keys signed the note. What others put under it is passed over.

    Raises:
        Malformed: a known key's signature isn't of its form.
        Unproven: a known key's signature doesn't hold, or there is none of a known key.
    """
    known = {(key.name, key.id): key for key in keys}
    found = [
        _verified(note.text, known[signature.name, signature.key_id], signature, check)
        for signature in note.signatures
        if (signature.name, signature.key_id) in known
    ]
    if not found:
        raise Unproven("no key that is known signed this note")
    return found


def signed_message(key: VerifierKey, text: str, at: int) -> bytes:
    """The bytes that a key of this type signs for a note with this text.

    Raises:
        Malformed: the type is for checkpoints and the text is none, or the time is out of range.
    """
    if not 0 <= at <= SIZE_MAX:
        raise Malformed(f"{at} is no time of a signature")
    match key.type:
        case SignatureType.ED25519:
            return text.encode()
        case SignatureType.COSIGNATURE_ED25519:
            return f"cosignature/v1\ntime {at}\n{parse_checkpoint(text)}".encode()
        case SignatureType.COSIGNATURE_ML_DSA_44:
            return _subtree_message(key.name, text, at)


def _subtree_message(name: str, text: str, at: int) -> bytes:
    """The `cosigned_message` of tlog-cosignature, for a whole tree: its start is leaf 0."""
    checkpoint = parse_checkpoint(text)
    numbers = (number.to_bytes(8, "big") for number in (0, checkpoint.size))
    return b"".join(
        (
            _SUBTREE_LABEL,
            _with_length(name),
            at.to_bytes(_TIME_SIZE, "big"),
            _with_length(checkpoint.origin),
            *numbers,
            checkpoint.root,
        )
    )


def _with_length(text: str) -> bytes:
    raw = text.encode()
    return bytes([len(raw)]) + raw


def _verified(text: str, key: VerifierKey, signature: Signature, check: CheckSignature) -> Verified:
    time_size = _TIME_SIZE if key.type.is_timed else 0
    if len(signature.blob) != time_size + key.type.signature_size:
        raise Malformed(f"the signature of {key.name} has {len(signature.blob)} bytes")
    time, bare = signature.blob[:time_size], signature.blob[time_size:]
    at = int.from_bytes(time, "big")
    if not check(key, signed_message(key, text, at), bare):
        raise Unproven(f"the signature of {key.name} doesn't hold")
    return Verified(key, at if key.type.is_timed else None)


def names_of(found: Sequence[Verified]) -> set[str]:
    """Whose signatures hold, each name once however many of its keys signed."""
    return {signature.key.name for signature in found}
