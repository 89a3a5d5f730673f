"""The Merkle tree of RFC 6962, section 2.1: how it grows, where its hashes lie, its root.

A tree of n leaves is kept as the hashes of its complete subtrees, which never change again.
They lie in one row for each leaf: the leaf's own hash, then those of the subtrees that it
completes, smallest first. So a row is written once, rows have the index of their leaf, two
hashes come to a row on average, and any proof is read by at most 2 log2(n) row numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from domain.transparency.refusals import Malformed

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

SIZE_MAX = 2**63 - 1
"""The largest tree that may be spoken of: what a bigint and the C2SP formats hold."""

_LEAF = b"\x00"
_NODE = b"\x01"


class Node(NamedTuple):
    """A complete subtree: the 2**level leaves from number * 2**level on."""

    level: int
    number: int


class Place(NamedTuple):
    """Where the hash of a complete subtree is kept: the row of its last leaf, and where in it."""

    row: int
    offset: int


ReadNodes = Callable[[Sequence[Node]], Sequence[bytes]]
"""Port: the hashes of these complete subtrees in the same order, in one round trip."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf's bytes."""
    return sha256(_LEAF + leaf).digest()


def leaf_hashes(leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes of many leaves."""
    sha = sha256
    return [sha(_LEAF + leaf).digest() for leaf in leaves]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return sha256(_NODE + left + right).digest()


def place_of(node: Node) -> Place:
    """Where the hash of this subtree is kept."""
    return Place(((node.number + 1) << node.level) - 1, node.level * HASH_SIZE)


def hash_at(row: bytes, place: Place) -> bytes:
    """The hash that a row keeps at this place."""
    return row[place.offset : place.offset + HASH_SIZE]


def row_size(index: int) -> int:
    """How many bytes the row of this leaf has: one hash for itself and each completed subtree."""
    return HASH_SIZE * ((index + 1) & -(index + 1)).bit_length()


def complete_subtrees(start: int, end: int) -> Iterator[Node]:
    """The fewest complete subtrees that cover the leaves from `start` to before `end`, in order."""
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield Node(level, start >> level)
        start += 1 << level


def folded(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees that stand side by side, largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


@dataclass(frozen=True, slots=True)
class Frontier:
    """Where a tree ends: all that is needed to make it grow and to say its root.

    `peaks` are the roots of the complete subtrees that the tree consists of, largest first:
    one for every bit that is set in `size`.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if len(self.peaks) != self.size.bit_count():
            raise Malformed(f"a tree of {self.size} leaves does not have {len(self.peaks)} peaks")
        for peak in self.peaks:
            require_hash(peak, "peak")

    @property
    def root(self) -> bytes:
        """The root of the tree at this size."""
        return folded(self.peaks)

    def grown(self, hashes: Sequence[bytes]) -> Growth:
        """The tree with these leaf hashes at its end, and the rows to be kept for them."""
        peaks = dict(zip(_set_bits(self.size), self.peaks, strict=True))
        rows = list(hashes)
        level_hashes, first, level = list(hashes), self.size, 0
        while level_hashes:
            if first & 1:
                level_hashes.insert(0, peaks.pop(level))
                first -= 1
            if len(level_hashes) & 1:
                peaks[level] = level_hashes[-1]
            level_hashes = _parents(level_hashes)
            first >>= 1
            level += 1
            # Each parent belongs to the row of its last leaf.
            places = slice(((first + 1) << level) - 1 - self.size, None, 1 << level)
            rows[places] = [row + h for row, h in zip(rows[places], level_hashes, strict=True)]
        tops = tuple(peaks[level] for level in sorted(peaks, reverse=True))
        return Growth(Frontier(self.size + len(hashes), tops), rows)


class Growth(NamedTuple):
    """What appending did: the new frontier, and one row for each new leaf, in order."""

    frontier: Frontier
    rows: list[bytes]


def frontier_at(size: int, read: ReadNodes) -> Frontier:
    """The frontier of a kept tree at any size up to its own."""
    require_size(size)
    return Frontier(size, tuple(read_nodes(list(complete_subtrees(0, size)), read)))


def root_at(size: int, read: ReadNodes) -> bytes:
    """The root of a kept tree at any size up to its own."""
    return frontier_at(size, read).root


def read_nodes(nodes: Sequence[Node], read: ReadNodes) -> Sequence[bytes]:
    """The hashes of these subtrees from the store.

    Raises:
        Malformed: the store did not give one whole hash for each.
    """
    hashes = read(nodes) if nodes else ()
    if len(hashes) != len(nodes):
        raise Malformed(f"{len(nodes)} hashes were asked for and {len(hashes)} came")
    for node, found in zip(nodes, hashes, strict=True):
        require_hash(found, f"hash of subtree {node.number} at level {node.level}")
    return hashes


def require_hash(value: bytes, what: str) -> None:
    """Lets only whole SHA-256 hashes pass.

    Raises:
        Malformed: it has another length.
    """
    if len(value) != HASH_SIZE:
        raise Malformed(f"the {what} has {len(value)} bytes, not {HASH_SIZE}")


def require_size(size: int) -> None:
    """Lets only sizes pass that a tree can have.

    Raises:
        Malformed: it is below zero or beyond what the formats hold.
    """
    if not 0 <= size <= SIZE_MAX:
        raise Malformed(f"no tree has {size} leaves")


def _parents(hashes: Sequence[bytes]) -> list[bytes]:
    sha = sha256
    pairs = zip(hashes[::2], hashes[1::2], strict=False)
    return [sha(_NODE + left + right).digest() for left, right in pairs]


def _set_bits(size: int) -> list[int]:
    return [level for level in reversed(range(size.bit_length())) if size >> level & 1]
