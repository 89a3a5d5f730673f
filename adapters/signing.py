"""Keys that sign checkpoints: made, kept as PEM, and checked, by the `cryptography` library."""

from __future__ import annotations

from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from domain.transparency.keys import SignatureType, VerifierKey
from domain.transparency.refusals import Malformed

SecretKey: TypeAlias = Ed25519PrivateKey | MLDSA44PrivateKey


class KeySigner:
    """A secret key with the name and the use that its signatures have; a domain `Signer`."""

    def __init__(self, name: str, kind: SignatureType, secret: SecretKey) -> None:
        """Takes a secret key of the kind that this use asks for.

        Raises:
            Malformed: it is another kind of key.
        """
        if not isinstance(secret, _secret_class(kind)):
            raise Malformed(f"{kind.name} doesn't sign with a {type(secret).__name__}")
        self._secret = secret
        self.key = VerifierKey(name, kind, secret.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The bare signature of the message: ML-DSA-44 pure, with an empty context."""
        return self._secret.sign(message)

    def pem(self, password: bytes | None = None) -> bytes:
        """The secret key as PKCS #8, encrypted where a password is given."""
        encryption: KeySerializationEncryption = (
            NoEncryption() if password is None else BestAvailableEncryption(password)
        )
        return self._secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def new_signer(name: str, kind: SignatureType) -> KeySigner:
    """A signer with a new key."""
    return KeySigner(name, kind, _secret_class(kind).generate())


def signer_from_seed(name: str, kind: SignatureType, seed: bytes) -> KeySigner:
    """The signer whose key follows from these 32 secret bytes."""
    if kind is SignatureType.COSIGNATURE_ML_DSA_44:
        return KeySigner(name, kind, MLDSA44PrivateKey.from_seed_bytes(seed))
    return KeySigner(name, kind, Ed25519PrivateKey.from_private_bytes(seed))


def load_signer(
    name: str, kind: SignatureType, pem: bytes, password: bytes | None = None
) -> KeySigner:
    """The signer whose key lies in this PEM.

    Raises:
        Malformed: it is no such key, or the password isn't the one.
    """
    try:
        secret = load_pem_private_key(pem, password)
    except (ValueError, TypeError) as broken:
        raise Malformed(f"the key {name} can't be read: {broken}") from broken
    if not isinstance(secret, Ed25519PrivateKey | MLDSA44PrivateKey):
        raise Malformed(f"the key {name} is a {type(secret).__name__}, which signs no notes")
    return KeySigner(name, kind, secret)


def check_signature(key: VerifierKey, message: bytes, signature: bytes) -> bool:
    """Whether the key made this signature of this message; the domain's `CheckSignature`."""
    public: Ed25519PublicKey | MLDSA44PublicKey
    try:
        if key.type is SignatureType.COSIGNATURE_ML_DSA_44:
            public = MLDSA44PublicKey.from_public_bytes(key.public)
        else:
            public = Ed25519PublicKey.from_public_bytes(key.public)
        public.verify(signature, message)
    except (InvalidSignature, ValueError):
        # A key that is no point of the curve can't have signed anything.
        return False
    return True


def _secret_class(kind: SignatureType) -> type[SecretKey]:
    if kind is SignatureType.COSIGNATURE_ML_DSA_44:
        return MLDSA44PrivateKey
    return Ed25519PrivateKey
