"""Proofs are RFC 6962's, take few reads, and what was changed about them is never believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.transparency.proofs import (
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from domain.transparency.refusals import Malformed, Unproven
from domain.transparency.tree import EMPTY_ROOT, leaf_hash, leaf_hashes, root_at
from tests.domain.transparency.trees import KeptTree, plain_path, plain_proof, plain_root

SIZE = 70
LEAVES = [f"leaf {number}".encode() for number in range(SIZE)]
TREE = KeptTree()
TREE.append(leaf_hashes(LEAVES))
ROOTS = [root_at(size, TREE.read) for size in range(SIZE + 1)]
sizes = st.integers(1, SIZE)


def test_every_inclusion_proof_is_the_one_of_the_definition() -> None:
    for size in range(1, SIZE + 1):
        for index in range(size):
            proof = inclusion_proof(index, size, TREE.read)
            assert proof == plain_path(index, LEAVES[:size])
            verify_inclusion(index, size, leaf_hash(LEAVES[index]), proof, ROOTS[size])


def test_every_consistency_proof_is_the_one_of_the_definition() -> None:
    for size2 in range(1, SIZE + 1):
        for size1 in range(1, size2 + 1):
            proof = consistency_proof(size1, size2, TREE.read)
            assert proof == plain_proof(size1, LEAVES[:size2])
            verify_consistency(size1, size2, ROOTS[size1], ROOTS[size2], proof)


def test_the_examples_of_the_rfc_hold() -> None:
    """Section 2.1.3 of RFC 6962: a tree of seven leaves, with its nodes named a to l."""
    a, b, c, d, e, f, g = leaf_hashes(LEAVES[:7])
    h, i, j = (plain_root(LEAVES[k : k + 2]) for k in (0, 2, 4))
    k, l_ = plain_root(LEAVES[:4]), plain_root(LEAVES[4:7])
    assert inclusion_proof(0, 7, TREE.read) == [b, i, l_]
    assert inclusion_proof(3, 7, TREE.read) == [c, h, l_]
    assert inclusion_proof(4, 7, TREE.read) == [f, g, k]
    assert inclusion_proof(6, 7, TREE.read) == [j, k]
    assert consistency_proof(3, 7, TREE.read) == [c, d, h, l_]
    assert consistency_proof(4, 7, TREE.read) == [l_]
    assert consistency_proof(6, 7, TREE.read) == [j, g, k]
    assert {a, e}.isdisjoint(consistency_proof(6, 7, TREE.read))


def test_a_proof_reads_all_it_needs_at_once_and_no_more_than_twice_the_height() -> None:
    tree = KeptTree()
    tree.append([b"\x00" * 32] * 4095)
    tree.reads.clear()
    for index in (0, 1, 2047, 2048, 4094):
        inclusion_proof(index, 4095, tree.read)
        consistency_proof(index + 1, 4095, tree.read)
    assert len(tree.reads) <= 10
    assert max(tree.reads) <= 24


@given(sizes, st.data())
def test_an_inclusion_proof_fits_no_other_leaf_index_size_or_root(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, TREE.read)
    other_size = data.draw(sizes)
    other_index = data.draw(st.integers(0, other_size - 1))
    leaf = leaf_hash(LEAVES[index])
    if (other_index, other_size) != (index, size):
        with pytest.raises(Unproven):
            verify_inclusion(other_index, other_size, leaf, proof, ROOTS[other_size])
    with pytest.raises(Unproven):
        verify_inclusion(index, size, leaf_hash(b"another"), proof, ROOTS[size])


def mutated(proof: list[bytes], data: st.DataObject) -> list[bytes]:
    """The proof with one thing changed: a bit, a hash dropped, doubled, swapped or put in."""
    at = data.draw(st.integers(0, max(len(proof) - 1, 0)), label="where")
    strange = data.draw(st.sampled_from([*proof, EMPTY_ROOT, ROOTS[1], ROOTS[SIZE]]))
    bit = data.draw(st.integers(0, 255), label="bit")
    flipped = [] if not proof else [_flipped(proof[at], bit)]
    return data.draw(
        st.sampled_from(
            [
                [*proof[:at], *flipped, *proof[at + 1 :]],
                [*proof[:at], *proof[at + 1 :]],
                [*proof[:at], strange, *proof[at:]],
                [*proof, strange],
                [*proof[:at], *reversed(proof[at : at + 2]), *proof[at + 2 :]],
                [*proof[:at], strange, *proof[at + 1 :]],
                proof[::-1],
            ]
        )
    )


def _flipped(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(len(value), "big")


@given(sizes, st.data())
def test_a_mutated_inclusion_proof_is_never_believed(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, TREE.read)
    hostile = mutated(proof, data)
    if hostile != proof:
        with pytest.raises((Unproven, Malformed)):
            verify_inclusion(index, size, leaf_hash(LEAVES[index]), hostile, ROOTS[size])


@given(sizes, st.data())
def test_a_mutated_consistency_proof_is_never_believed(size: int, data: st.DataObject) -> None:
    size1 = data.draw(st.integers(1, size))
    proof = consistency_proof(size1, size, TREE.read)
    hostile = mutated(proof, data)
    if hostile != proof:
        with pytest.raises((Unproven, Malformed)):
            verify_consistency(size1, size, ROOTS[size1], ROOTS[size], hostile)


@given(sizes, sizes, st.data())
def test_a_tree_with_a_changed_past_is_never_consistent(
    size1: int, size2: int, data: st.DataObject
) -> None:
    """The log that rewrote a leaf makes the best proof it can, from its new tree or the old."""
    size1, size2 = sorted((size1, size2))
    changed = list(LEAVES[:size2])
    changed[data.draw(st.integers(0, size1 - 1))] = b"rewritten"
    liar = KeptTree()
    liar.append(leaf_hashes(changed))
    for read in (liar.read, TREE.read):
        with pytest.raises(Unproven):
            verify_consistency(
                size1,
                size2,
                ROOTS[size1],
                liar.frontier.root,
                consistency_proof(size1, size2, read),
            )


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (7, 7), (0, -1), (0, 2**63)])
def test_a_leaf_that_the_tree_does_not_have_is_an_error_of_who_asks(index: int, size: int) -> None:
    with pytest.raises(Malformed):
        inclusion_proof(index, size, TREE.read)
    with pytest.raises(Malformed):
        verify_inclusion(index, size, ROOTS[1], [], ROOTS[1])


@pytest.mark.parametrize(("size1", "size2"), [(0, 0), (0, 1), (2, 1), (-1, 1), (1, 2**63)])
def test_sizes_of_which_nothing_can_be_proven_are_an_error_of_who_asks(
    size1: int, size2: int
) -> None:
    with pytest.raises(Malformed):
        consistency_proof(size1, size2, TREE.read)
    with pytest.raises(Malformed):
        verify_consistency(size1, size2, EMPTY_ROOT, ROOTS[1], [])


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_what_has_not_32_bytes_is_no_hash(length: int) -> None:
    short, good = b"\x01" * length, ROOTS[2]
    leaf = leaf_hash(LEAVES[0])
    proof = inclusion_proof(0, 2, TREE.read)
    for arguments in ((short, proof, good), (leaf, [short], good), (leaf, proof, short)):
        with pytest.raises(Malformed):
            verify_inclusion(0, 2, *arguments)
    for roots_and_proof in ((short, good, proof), (ROOTS[1], short, proof), (good, good, [short])):
        with pytest.raises(Malformed):
            verify_consistency(1, 2, *roots_and_proof)


def test_equal_short_strings_are_no_proof_of_a_tree_of_one() -> None:
    """By the letter of RFC 9162 a tree of one leaf lets a root of any length pass."""
    with pytest.raises(Malformed):
        verify_consistency(1, 1, b"dummy root 1", b"dummy root 1", [])


def test_a_node_can_not_be_passed_off_as_a_leaf() -> None:
    inner = leaf_hashes(LEAVES[:2])
    with pytest.raises(Unproven):
        verify_inclusion(0, 2, leaf_hash(b"".join(inner)), [], ROOTS[2])
    with pytest.raises(Unproven):
        verify_inclusion(0, 1, leaf_hash(b"".join(inner)), [], ROOTS[2])
