"""Trees for tests: RFC 6962's own definition, word by word, and a kept tree in memory."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from domain.transparency.tree import Frontier, Node, hash_at, place_of


def shared_data() -> Path:
    """`TRUETAPE_SHARED_DATA`, or `shared/data` beside the checkout."""
    beside = Path(__file__).parents[3].parent / "shared" / "data"
    return Path(os.environ.get("TRUETAPE_SHARED_DATA", beside))


def shared_folder(*names: str) -> Path:
    """A folder of published vectors; skips the test, saying so, where it is absent."""
    folder = shared_data().joinpath(*names)
    if not folder.is_dir():
        pytest.skip(f"no published vectors at {folder}; set TRUETAPE_SHARED_DATA to read them")
    return folder


def vector_names(*names: str) -> list[str]:
    """The files of a folder by their path in it; one that says so where the folder is absent."""
    folder = shared_data().joinpath(*names)
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.json")) or ["absent"]


def vector(name: str, *names: str) -> dict[str, Any]:
    """One file of published vectors."""
    found: dict[str, Any] = json.loads(shared_folder(*names).joinpath(name).read_text())
    return found


def hashed(prefix: bytes, *parts: bytes) -> bytes:
    return sha256(prefix + b"".join(parts)).digest()


def split(count: int) -> int:
    """The largest power of two below the number."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def plain_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1."""
    if not leaves:
        return hashed(b"")
    if len(leaves) == 1:
        return hashed(b"\x00", leaves[0])
    k = split(len(leaves))
    return hashed(b"\x01", plain_root(leaves[:k]), plain_root(leaves[k:]))


def plain_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*plain_path(index, leaves[:k]), plain_root(leaves[k:])]
    return [*plain_path(index - k, leaves[k:]), plain_root(leaves[:k])]


def plain_proof(size: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """PROOF and SUBPROOF of RFC 6962, section 2.1.2."""
    if size == len(leaves):
        return [] if whole else [plain_root(leaves)]
    k = split(len(leaves))
    if size <= k:
        return [*plain_proof(size, leaves[:k], whole=whole), plain_root(leaves[k:])]
    return [*plain_proof(size - k, leaves[k:], whole=False), plain_root(leaves[:k])]


class KeptTree:
    """A tree as a table would keep it: a row of hashes for each leaf, written once."""

    def __init__(self) -> None:
        self.frontier = Frontier()
        self.rows: list[bytes] = []
        self.reads: list[int] = []

    def append(self, hashes: Sequence[bytes]) -> None:
        self.frontier, rows = self.frontier.grown(hashes)
        self.rows += rows

    def read(self, nodes: Sequence[Node]) -> list[bytes]:
        """The port that proofs read through; how many hashes each call asked for is kept."""
        self.reads.append(len(nodes))
        return [hash_at(self.rows[place_of(node).row], place_of(node)) for node in nodes]
