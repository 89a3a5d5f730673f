"""Signers for tests: a key that anyone could forge, so that only the rules around it count."""

from __future__ import annotations

from hashlib import shake_128

from domain.transparency.keys import SignatureType, VerifierKey

ED25519 = SignatureType.ED25519
COSIGNATURE = SignatureType.COSIGNATURE_ED25519
ML_DSA = SignatureType.COSIGNATURE_ML_DSA_44


class PretendSigner:
    """Signs by hashing the public key and the message; what it signed is kept."""

    def __init__(self, name: str, kind: SignatureType, number: int = 1) -> None:
        self.key = VerifierKey(name, kind, bytes([number]) * kind.key_size)
        self.signed: list[bytes] = []

    def sign(self, message: bytes) -> bytes:
        self.signed.append(message)
        return pretended(self.key, message)


def pretended(key: VerifierKey, message: bytes) -> bytes:
    return shake_128(key.public + message).digest(key.type.signature_size)


def check(key: VerifierKey, message: bytes, signature: bytes) -> bool:
    """The port's counterpart of `PretendSigner`."""
    return pretended(key, message) == signature
