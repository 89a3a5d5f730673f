"""The log's and a witness's secret keys: files that only their owner reads, made when missing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from adapters.signing import KeySigner, load_signer, new_signer
from application.ports import PortRefused
from domain.shared import InvalidInput
from domain.transparency.keys import SignatureType

LOG_KEYS: Mapping[str, SignatureType] = {
    "ed25519.pem": SignatureType.ED25519,
    "ml-dsa-44.pem": SignatureType.COSIGNATURE_ML_DSA_44,
}
"""A log signs with both: who breaks one kind has not broken the other."""

WITNESS_KEYS: Mapping[str, SignatureType] = {
    "cosign-ed25519.pem": SignatureType.COSIGNATURE_ED25519,
    "cosign-ml-dsa-44.pem": SignatureType.COSIGNATURE_ML_DSA_44,
}


def signers(
    folder: Path, name: str, kinds: Mapping[str, SignatureType], password: str = ""
) -> tuple[KeySigner, ...]:
    """The keys of the folder, made if it has none; encrypted where a password is given.

    Raises:
        PortRefused: the folder cannot be read or written, others may read a key, or one of
            several is missing: then nothing is made, for a new key would break the chain.
        Malformed: a key cannot be read, or the password is not the one.
    """
    secret = password.encode() or None
    files = {folder / file: kind for file, kind in kinds.items()}
    present = [file for file in files if file.exists()]
    try:
        if not present:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return tuple(_made(file, name, kind, secret) for file, kind in files.items())
        for file in files:
            if file not in present:
                raise PortRefused(f"the key {file} is missing: put it back from your backup")
            _require_private(file)
        return tuple(
            load_signer(name, kind, file.read_bytes(), secret) for file, kind in files.items()
        )
    except OSError as error:
        raise PortRefused(f"the keys in {folder} cannot be used: {error}") from error


def _made(file: Path, name: str, kind: SignatureType, secret: bytes | None) -> KeySigner:
    signer = new_signer(name, kind)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(signer.pem(secret))
        out.flush()
        os.fsync(out.fileno())
    return signer


def _require_private(file: Path) -> None:
    if file.stat().st_mode & 0o077:
        raise InvalidInput(f"others may read the key {file}: chmod 600 it, or make a new one")
