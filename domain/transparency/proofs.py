"""Inclusion and consistency proofs of RFC 6962, section 2.1: made, and checked strictly.

A proof is a list of hashes over ranges of leaves, and which ranges follows from the numbers
alone. Making and checking walk the same ranges, so a proof with a hash too many or too few
can't be mistaken for one: RFC 9162's checking, taken by the letter, accepts some of those.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.transparency.refusals import Malformed, Unproven
from domain.transparency.tree import (
    ReadNodes,
    complete_subtrees,
    folded,
    node_hash,
    read_nodes,
    require_hash,
    require_size,
)


class _Range(NamedTuple):
    """The leaves from `start` to before `end`; `start` is a multiple of a power of two >= both."""

    start: int
    end: int


def inclusion_proof(index: int, size: int, read: ReadNodes) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of the first `size` leaves.

    Raises:
        Malformed: the tree of that size has no such leaf.
    """
    return _range_hashes(_inclusion_ranges(index, size), read)


def consistency_proof(size1: int, size2: int, read: ReadNodes) -> list[bytes]:
    """The hashes that show the first `size1` leaves to begin the first `size2`.

    Raises:
        Malformed: `size1` is zero, or more than `size2`.
    """
    return _range_hashes(_consistency_ranges(size1, size2), read)


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Returns if the leaf with this hash is at `index` of the tree of this size and root.

    Raises:
        Malformed: a hash isn't one, or the tree of that size has no such leaf.
        Unproven: the proof doesn't show it.
    """
    ranges = _inclusion_ranges(index, size)
    _require_hashes(proof, len(ranges), leaf=leaf, root=root)
    found = leaf
    for sibling, span in zip(proof, ranges, strict=True):
        found = node_hash(found, sibling) if span.start > index else node_hash(sibling, found)
    if found != root:
        raise Unproven(f"the proof doesn't lead from leaf {index} to the root of {size} leaves")


def verify_consistency(
    size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]
) -> None:
    """Returns if the tree of `size1` and `root1` begins the tree of `size2` and `root2`.

    Raises:
        Malformed: a hash isn't one, or the sizes can't be: nothing is proven about an empty
            tree, so a `size1` of zero is an error of whoever asks.
        Unproven: the proof doesn't show it.
    """
    ranges = _consistency_ranges(size1, size2)
    _require_hashes(proof, len(ranges), first_root=root1, second_root=root2)
    if not ranges or ranges[0].end != size1:
        # The old tree is one complete subtree of the new one, and its hash is the old root.
        old, rest = root1, list(zip(proof, ranges, strict=True))
    else:
        old, rest = proof[0], list(zip(proof[1:], ranges[1:], strict=True))
    new = old
    for sibling, span in rest:
        if span.start >= size1:
            new = node_hash(new, sibling)
        else:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
    if old != root1:
        raise Unproven(f"the proof doesn't lead to the root of {size1} leaves")
    if new != root2:
        raise Unproven(f"the proof doesn't lead to the root of {size2} leaves")


def _inclusion_ranges(index: int, size: int) -> list[_Range]:
    """What stands beside the path to a leaf, from the leaf up."""
    require_size(size)
    if not 0 <= index < size:
        raise Malformed(f"a tree of {size} leaves has no leaf {index}")
    start, end = 0, size
    ranges = []
    while end - start > 1:
        split = _split(start, end)
        if index < split:
            ranges.append(_Range(split, end))
            end = split
        else:
            ranges.append(_Range(start, split))
            start = split
    return ranges[::-1]


def _consistency_ranges(size1: int, size2: int) -> list[_Range]:
    """What makes up the first tree's last subtree, then all beside the path to it, upwards.

    That first range is left out where it would be the whole first tree.
    """
    require_size(size2)
    if not 0 < size1 <= size2:
        raise Malformed(f"nothing can be proven of {size1} leaves within {size2}")
    start, end = 0, size2
    ranges = []
    while end > size1:
        split = _split(start, end)
        if size1 <= split:
            ranges.append(_Range(split, end))
            end = split
        else:
            ranges.append(_Range(start, split))
            start = split
    if start > 0:
        ranges.append(_Range(start, size1))
    return ranges[::-1]


def _split(start: int, end: int) -> int:
    """Where a subtree is parted: at the largest power of two below its number of leaves."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _range_hashes(ranges: Sequence[_Range], read: ReadNodes) -> list[bytes]:
    """The hash over each range, all of them read at once."""
    parts = [list(complete_subtrees(*span)) for span in ranges]
    hashes = iter(read_nodes([node for part in parts for node in part], read))
    return [folded([next(hashes) for _ in part]) for part in parts]


def _require_hashes(proof: Sequence[bytes], wanted: int, **others: bytes) -> None:
    for what, value in others.items():
        require_hash(value, what.replace("_", " "))
    for value in proof:
        require_hash(value, "proof's hash")
    if len(proof) != wanted:
        raise Unproven(f"the proof has {len(proof)} hashes where {wanted} belong")
