"""Keys that sign notes, as C2SP's signed-note and tlog-cosignature name and spell them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from domain.transparency.refusals import Malformed
from domain.transparency.words import from_base64, to_base64

KEY_ID_SIZE = 4
NAME_BYTES_MAX = 255
"""A cosigned message has one byte for the length of a name."""

_KEY_ID = re.compile(r"[0-9a-f]{8}")


class SignatureType(IntEnum):
    """What a key signs and how: the identifier bytes that C2SP has assigned."""

    ED25519 = 0x01
    """Ed25519 over the note's text (signed-note)."""

    COSIGNATURE_ED25519 = 0x04
    """Ed25519 over the time and the checkpoint's text (tlog-cosignature, cosignature/v1)."""

    COSIGNATURE_ML_DSA_44 = 0x06
    """ML-DSA-44 over the time and the tree's head (tlog-cosignature, subtree/v1)."""

    @property
    def key_size(self) -> int:
        """How many bytes a public key has."""
        return 1312 if self is SignatureType.COSIGNATURE_ML_DSA_44 else 32

    @property
    def signature_size(self) -> int:
        """How many bytes a signature has, without its time."""
        return 2420 if self is SignatureType.COSIGNATURE_ML_DSA_44 else 64

    @property
    def is_timed(self) -> bool:
        """Whether the time of signing stands before the signature."""
        return self is not SignatureType.ED25519


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name and use; its text is `name+id+base64(type and key)`."""

    name: str
    type: SignatureType
    public: bytes

    def __post_init__(self) -> None:
        require_key_name(self.name)
        if len(self.public) != self.type.key_size:
            raise Malformed(f"the key {self.name} has {len(self.public)} bytes")

    @property
    def id(self) -> bytes:
        """The four bytes that tell keys of one name apart."""
        material = self.name.encode() + b"\n" + bytes([self.type]) + self.public
        return sha256(material).digest()[:KEY_ID_SIZE]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.type]) + self.public)}"


def verifier_key(text: str) -> VerifierKey:
    """The key that this text spells.

    Raises:
        Malformed: it is no verifier key, its type isn't one of ours, or its id isn't its own.
    """
    parts = text.split("+", 2)
    if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
        raise Malformed("a verifier key is name+id+base64")
    material = from_base64(parts[2])
    if not material or material[0] not in SignatureType.__members__.values():
        raise Malformed(f"the key {parts[0][:40]!r} is of a type that isn't known here")
    key = VerifierKey(parts[0], SignatureType(material[0]), material[1:])
    if key.id.hex() != parts[1]:
        raise Malformed(f"the id {parts[1]} isn't that of the key {key.name}")
    return key


def require_key_name(name: str) -> None:
    """Lets only names pass that a signature line can hold.

    Raises:
        Malformed: it is empty or too long, or has spaces, control characters or a plus.
    """
    if not name or len(name.encode("utf-8", "surrogatepass")) > NAME_BYTES_MAX:
        raise Malformed("a key's name has 1 to 255 bytes")
    if "+" in name or any(char.isspace() or char < " " for char in name):
        raise Malformed(f"the key name {name[:40]!r} has a space, a plus or a control character")
