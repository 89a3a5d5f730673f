"""The tree grows in any batches to the one root that RFC 6962 gives it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.transparency.refusals import Malformed
from domain.transparency.tree import (
    EMPTY_ROOT,
    SIZE_MAX,
    Frontier,
    Node,
    complete_subtrees,
    frontier_at,
    leaf_hash,
    leaf_hashes,
    root_at,
    row_size,
)
from tests.domain.transparency.trees import KeptTree, plain_root

PUBLISHED_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                 "606162636465666768696a6b6c6d6e6f")
]  # fmt: skip
"""The leaves of the tests of Certificate Transparency's reference implementation."""

PUBLISHED_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

batches = st.lists(st.lists(st.binary(max_size=4), max_size=12), max_size=12)


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_published_tree_has_its_published_root_at_every_size() -> None:
    tree, roots = KeptTree(), []
    for leaf in PUBLISHED_LEAVES:
        tree.append([leaf_hash(leaf)])
        roots.append(tree.frontier.root.hex())
    assert roots == PUBLISHED_ROOTS


@given(batches)
def test_batches_of_any_sizes_make_the_same_tree(parts: list[list[bytes]]) -> None:
    tree, leaves = KeptTree(), []
    for part in parts:
        tree.append(leaf_hashes(part))
        leaves += part
        assert tree.frontier.root == plain_root(leaves)
    at_once = KeptTree()
    at_once.append(leaf_hashes(leaves))
    assert (tree.frontier, tree.rows) == (at_once.frontier, at_once.rows)


@given(batches)
def test_a_kept_tree_tells_its_frontier_at_every_earlier_size(parts: list[list[bytes]]) -> None:
    tree = KeptTree()
    seen = [tree.frontier]
    for part in parts:
        tree.append(leaf_hashes(part))
        seen.append(tree.frontier)
    assert [frontier_at(frontier.size, tree.read) for frontier in seen] == seen
    assert [root_at(frontier.size, tree.read) for frontier in seen] == [f.root for f in seen]


def test_a_row_holds_the_leaf_and_every_subtree_that_it_completes() -> None:
    tree = KeptTree()
    tree.append(leaf_hashes([bytes([number]) for number in range(130)]))
    assert [len(row) for row in tree.rows] == [row_size(index) for index in range(130)]
    assert [row_size(index) // 32 for index in range(8)] == [1, 2, 1, 3, 1, 2, 1, 4]


@given(st.integers(0, 300), st.integers(0, 300))
def test_complete_subtrees_cover_a_range_without_gap_or_overlap(start: int, length: int) -> None:
    covered: list[int] = []
    for level, number in complete_subtrees(start, start + length):
        covered += range(number << level, (number + 1) << level)
    assert covered == list(range(start, start + length))


@pytest.mark.parametrize("frontier", [(1, ()), (0, (b"\x00" * 32,)), (3, (b"\x00" * 32,))])
def test_a_frontier_has_a_peak_for_each_bit_of_its_size(frontier: tuple[int, ...]) -> None:
    with pytest.raises(Malformed, match="peaks"):
        Frontier(*frontier)  # type: ignore[arg-type]


def test_a_peak_is_a_whole_hash() -> None:
    with pytest.raises(Malformed, match="31 bytes"):
        Frontier(1, (b"\x00" * 31,))


@pytest.mark.parametrize("size", [-1, SIZE_MAX + 1])
def test_a_size_that_no_tree_has_is_refused(size: int) -> None:
    with pytest.raises(Malformed, match="no tree"):
        root_at(size, KeptTree().read)


@pytest.mark.parametrize("answer", [[], [b"\x00" * 32] * 2, [b"\x00" * 31]])
def test_a_store_that_answers_wrongly_is_not_believed(answer: list[bytes]) -> None:
    with pytest.raises(Malformed):
        root_at(1, lambda _nodes: answer)


def test_a_node_names_a_complete_subtree() -> None:
    assert list(complete_subtrees(0, 7)) == [Node(2, 0), Node(1, 2), Node(0, 6)]
