"""A proof file proves one leaf under a believed checkpoint, and nothing once it was touched."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.transparency.checkpoints import Checkpoint
from domain.transparency.notes import Note
from domain.transparency.policy import Policy
from domain.transparency.proof_file import ProofFile, parse_proof_file
from domain.transparency.proofs import inclusion_proof
from domain.transparency.refusals import Malformed, Unproven
from domain.transparency.signatures import sign_note
from domain.transparency.tree import leaf_hash, leaf_hashes
from tests.domain.transparency.signers import COSIGNATURE, ED25519, PretendSigner, check
from tests.domain.transparency.trees import KeptTree

LEAVES = [f"event {number}".encode() for number in range(11)]
LOG = PretendSigner("log.example", ED25519, 1)
WITNESS = PretendSigner("witness.example", COSIGNATURE, 2)
POLICY = Policy("log.example", (LOG.key,), (WITNESS.key,), quorum=1)
TREE = KeptTree()
TREE.append(leaf_hashes(LEAVES))


def proof_file(index: int, extra: bytes | None = None) -> ProofFile:
    text = str(Checkpoint("log.example", len(LEAVES), TREE.frontier.root))
    signed = Note(text, (sign_note(text, LOG, 0), sign_note(text, WITNESS, 1_700_000_000)))
    hashes = tuple(inclusion_proof(index, len(LEAVES), TREE.read))
    return ProofFile(index, hashes, signed, extra)


@pytest.mark.parametrize("extra", [None, b"", b"anything"])
def test_every_leaf_has_a_file_that_proves_it(extra: bytes | None) -> None:
    for index, leaf in enumerate(LEAVES):
        raw = bytes(proof_file(index, extra))
        read = parse_proof_file(raw)
        assert read == proof_file(index, extra)
        assert bytes(read) == raw
        assert read.verified(leaf_hash(leaf), POLICY, check).checkpoint.size == len(LEAVES)


def test_the_file_is_written_as_specified() -> None:
    lines = bytes(proof_file(3, b"extra")).decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra ZXh0cmE=", "index 3"]
    hashes = inclusion_proof(3, len(LEAVES), TREE.read)
    assert lines[3:8] == [*(b64encode(value).decode() for value in hashes), ""]
    assert lines[8:10] == ["log.example", "11"]


@given(st.integers(0, len(LEAVES) - 1), st.data())
def test_no_byte_of_it_can_be_changed(index: int, data: st.DataObject) -> None:
    raw = bytearray(bytes(proof_file(index)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises((Malformed, Unproven)):
        parse_proof_file(bytes(raw)).verified(leaf_hash(LEAVES[index]), POLICY, check)


@given(st.integers(0, len(LEAVES) - 1), st.data())
def test_no_line_of_it_can_be_dropped_doubled_or_moved(index: int, data: st.DataObject) -> None:
    lines = bytes(proof_file(index)).splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    changed = data.draw(
        st.sampled_from(
            [
                lines[:at] + lines[at + 1 :],
                [*lines[: at + 1], *lines[at:]],
                [*lines[:at], *lines[at : at + 2][::-1], *lines[at + 2 :]],
            ]
        )
    )
    signatures = slice(-2, None)
    if changed != lines and sorted(changed[signatures]) != sorted(lines[signatures]):
        with pytest.raises((Malformed, Unproven)):
            parse_proof_file(b"".join(changed)).verified(leaf_hash(LEAVES[index]), POLICY, check)


def test_a_file_proves_no_other_leaf() -> None:
    with pytest.raises(Unproven, match="leaf 3"):
        proof_file(3).verified(leaf_hash(LEAVES[4]), POLICY, check)


def test_a_file_without_its_witness_is_not_enough() -> None:
    whole = proof_file(3)
    alone = ProofFile(3, whole.hashes, Note(whole.note.text, whole.note.signatures[:1]))
    with pytest.raises(Unproven, match="witnesses"):
        alone.verified(leaf_hash(LEAVES[3]), POLICY, check)


@pytest.mark.parametrize(
    ("part", "other"),
    [("@v1", "@v2"), ("index 3\n", ""), ("index 3", "index 03"), ("index 3", "index -1"),
     ("index 3", "index 11"), ("index 3", "Index 3"), ("index 3", "index  3"),
     ("index 3", "extra !\nindex 3"), ("index 3", "extra YQ==\nextra YQ==\nindex 3"),
     ("index 3", "index 3\nYQ=="), ("\n\n", "\n\n\n"), ("\n\n", "\n"), ("c2sp", "\nc2sp"),
     ("index 3\n", "index 3\n" + "A" * 43 + "=\n" * 1 + ("A" * 43 + "=\n") * 63)],
)  # fmt: skip
def test_what_is_nearly_a_proof_file_is_none(part: str, other: str) -> None:
    raw = bytes(proof_file(3)).decode().replace(part, other, 1).encode()
    with pytest.raises(Malformed):
        parse_proof_file(raw).verified(leaf_hash(LEAVES[3]), POLICY, check)
