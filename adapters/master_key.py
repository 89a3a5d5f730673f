"""The master key: wraps the keys under which people's words are sealed.

A file that only its owner reads, made when there is none and nothing was sealed before. Three
keys follow from it by HKDF: one wraps, one makes of a person's id what the table of keys knows them
by, so that the table names nobody, and one blinds hashes of words.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from application.ports import PortRefused
from domain.shared import InvalidInput

SIZE = 32
NONCE_SIZE = 12


class MasterKey:
    """Wraps, unwraps and looks up the keys of people."""

    def __init__(self, secret: bytes) -> None:
        """Raises:
        InvalidInput: it is not 32 bytes long.
        """
        if len(secret) != SIZE:
            raise InvalidInput(f"a master key has {SIZE} bytes, and this one {len(secret)}")
        self._wrapping = AESGCM(_derived(secret, b"truetape wrapping v1"))
        self._naming = _derived(secret, b"truetape lookup v1")
        self._blinding = _derived(secret, b"truetape blinding v1")

    def lookup(self, platform: str, person: str) -> bytes:
        """What the table knows a person by: nobody without the key can tell whom it means."""
        named = f"{platform}\x1f{person}".encode()
        return hmac.digest(self._naming, named, hashlib.sha256)

    def blinded(self, hashed: bytes) -> bytes:
        """A hash made of another: what that is of, nobody finds out by guessing."""
        return hmac.digest(self._blinding, hashed, hashlib.sha256)

    def wrapped(self, key_id: UUID, key: bytes) -> bytes:
        """A person's key, as it is stored."""
        nonce = secrets.token_bytes(NONCE_SIZE)
        return nonce + self._wrapping.encrypt(nonce, key, key_id.bytes)

    def unwrapped(self, key_id: UUID, stored: bytes) -> bytes:
        """A stored key, as it seals.

        Raises:
            PortRefused: it was wrapped by another master key, or is not the key of that id.
        """
        try:
            return self._wrapping.decrypt(stored[:NONCE_SIZE], stored[NONCE_SIZE:], key_id.bytes)
        except (InvalidTag, ValueError) as error:
            raise PortRefused(
                "the master key is not the one by which people's keys were wrapped:"
                " put that one back from your backup"
            ) from error


def load_master_key(file: Path) -> MasterKey | None:
    """The key in a file; None if there is no such file.

    Raises:
        PortRefused: it cannot be read.
        InvalidInput: others may read it, or it is no key.
    """
    try:
        if file.stat().st_mode & 0o077:
            raise InvalidInput(f"others may read the master key {file}: chmod 600 it")
        return MasterKey(bytes.fromhex(file.read_text(encoding="ascii").strip()))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PortRefused(f"the master key {file} cannot be read: {error}") from error
    except ValueError as error:
        raise InvalidInput(f"{file} holds no master key: {SIZE * 2} hex digits") from error


def make_master_key(file: Path) -> MasterKey:
    """Makes a key, unless another process is faster: then that one's.

    Raises:
        PortRefused: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, half_made = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as out:
                out.write(secrets.token_hex(SIZE) + "\n")
                out.flush()
                os.fsync(out.fileno())
            # Whole or not at all, and never over another one.
            os.link(half_made, file)
            _sync(file.parent)
        except FileExistsError:
            pass
        finally:
            os.unlink(half_made)
    except OSError as error:
        raise PortRefused(f"the master key {file} cannot be written: {error}") from error
    made = load_master_key(file)
    assert made is not None
    return made


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _derived(secret: bytes, use: bytes) -> bytes:
    return HKDF(SHA256(), SIZE, salt=None, info=use).derive(secret)
