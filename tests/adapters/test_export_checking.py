"""What the verifier of exports rests on: Ed25519, notes, the tree, against the log's."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.export.checking import (
    Note,
    Tree,
    Wrong,
    check_consistency,
    check_inclusion,
    ed25519,
    from_base64,
    key_of,
    note_of,
    signed,
)
from adapters.export.layout import canonical, csv_line, event_of
from adapters.export.verifier import verify_py
from adapters.signing import new_signer
from domain.transparency.canonical import canonical as rfc_8785
from domain.transparency.keys import SignatureType
from domain.transparency.leaf import event_hash, leaf_bytes
from domain.transparency.proofs import consistency_proof, inclusion_proof
from domain.transparency.tree import leaf_hash
from tests.adapters.exports import LOG, ORIGIN, WITNESS, Record
from tests.adapters.test_signing import FOLDER, RFC_8032_CASES
from tests.domain.transparency.test_proofs import LEAVES, ROOTS, TREE

ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize(("seed", "public", "message", "first", "second"), RFC_8032_CASES)
def test_ed25519_is_that_of_rfc_8032(
    seed: bytes, public: bytes, message: bytes, first: bytes, second: bytes
) -> None:
    assert ed25519(public, message, first + second)
    assert not ed25519(public, message + b"x", first + second)


def test_a_signature_is_believed_as_the_library_believes_it() -> None:
    chance = Random(3)
    signer = new_signer("log", SignatureType.ED25519)
    for _ in range(20):
        message = chance.randbytes(chance.randrange(100))
        signature = signer.sign(message)
        assert ed25519(signer.key.public, message, signature)
        other = bytearray(signature)
        other[chance.randrange(64)] ^= 1 << chance.randrange(8)
        assert not ed25519(signer.key.public, message, bytes(other))


def test_a_signature_has_one_spelling() -> None:
    signer = new_signer("log", SignatureType.ED25519)
    signature = signer.sign(b"m")
    again = int.from_bytes(signature[32:], "little") + ORDER
    assert not ed25519(signer.key.public, b"m", signature[:32] + again.to_bytes(32, "little"))
    assert not ed25519(signer.key.public, b"m", signature + b"\0")


def test_what_is_no_point_of_the_curve_is_no_key() -> None:
    with pytest.raises(Wrong, match="no point"):
        ed25519(b"\xff" * 32, b"m", bytes(64))
    with pytest.raises(Wrong, match="no point"):
        ed25519((2).to_bytes(32, "little"), b"m", bytes(64))


@pytest.mark.parametrize("name", ["arche2025h1", "coachandhorses2026h1"])
def test_a_public_logs_checkpoint_is_believed(name: str) -> None:
    note = note_of((FOLDER / f"{name}.checkpoint").read_bytes())
    keys = [key_of(line) for line in (FOLDER / f"{name}.keys").read_text().splitlines()]
    assert {signed(note, key) is not None for key in keys} == {True}


def test_every_proof_of_the_log_is_believed_and_no_other() -> None:
    for size in range(1, 40):
        for index in range(size):
            proof = inclusion_proof(index, size, TREE.read)
            leaf = leaf_hash(LEAVES[index])
            check_inclusion(index, size, leaf, proof, ROOTS[size])
            with pytest.raises(Wrong):
                check_inclusion(index, size, leaf, [*proof, leaf], ROOTS[size])
            with pytest.raises(Wrong):
                check_inclusion(index, size + 40, leaf, proof, ROOTS[size])


def headed(size: int) -> Note:
    return Note(b"", "", {}, ORIGIN, size, ROOTS[size])


def test_every_consistency_of_the_log_is_believed_and_no_other() -> None:
    for new in range(2, 34):
        for old in range(1, new):
            proof = consistency_proof(old, new, TREE.read)
            check_consistency(headed(old), headed(new), proof)
            for wrong in ([*proof, ROOTS[1]], proof[:-1], [ROOTS[1], *proof[1:]]):
                if wrong != proof:
                    with pytest.raises(Wrong):
                        check_consistency(headed(old), headed(new), wrong)
    with pytest.raises(Wrong):
        check_consistency(headed(5), headed(5), [])


def test_a_tree_has_the_logs_roots() -> None:
    tree = Tree()
    for size, leaf in enumerate(LEAVES):
        assert tree.root == ROOTS[size]
        tree.add(leaf_hash(leaf))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no signed checkpoint"),
        (b"\xff", "no UTF-8"),
        (b"o\n1\n\n", "no signed checkpoint"),
        (b"o\n01\nAA==\n\n\xe2\x80\x94 o AAAAAA==\n", "no SHA-256"),
        (b"o\n1\nAB==\n\n\xe2\x80\x94 o AAAAAA==\n", "another spelling"),
        (b"o\n1\nAA==\n\n- o AAAAAA==\n", "signature line"),
        (b"o\n1\nAA==\n\n" + 2 * b"\xe2\x80\x94 o AAAAAA==\n", "stands there twice"),
    ],
)
def test_what_is_no_note_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(Wrong, match=words):
        note_of(raw)


def test_a_key_says_its_own_id() -> None:
    text = str(LOG[0].key)
    assert key_of(text).id == LOG[0].key.id
    name, key_id, material = text.split("+", 2)
    with pytest.raises(Wrong, match="is not that of the key"):
        key_of(f"{name}+{int(key_id, 16) ^ 1:08x}+{material}")
    with pytest.raises(Wrong):
        key_of("nothing")
    with pytest.raises(Wrong):
        from_base64("AA=")


def test_a_cosignature_says_when() -> None:
    record = Record(Random(1), 3)
    note = note_of(bytes(record.seal()))
    assert signed(note, key_of(str(WITNESS.key))) == 1_795_176_000
    assert signed(note, key_of(str(LOG[0].key))) == 0
    stranger = new_signer("example.com/other", SignatureType.COSIGNATURE_ED25519)
    assert signed(note, key_of(str(stranger.key))) is None


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text('\x00\x1f"\\/é\u2028\x7f'))
def test_a_leaf_is_made_as_the_log_makes_it(actor: str, body: str) -> None:
    from adapters.export.bundle import exported_line

    event = Record(Random(1), 1).events[-1]._replace(actor=actor, body=body.encode())
    found, hashed = event_of(exported_line(event, leaf_bytes(event)))
    assert hashed == event_hash(event)
    assert (found["actor"], found["body"]) == (actor, body)
    assert canonical(found).encode() == rfc_8785(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((b'"leaf":1,', b'"leaf": 1,'), "not of its form"),
        ((b'"leaf":1,', b'"leaf":true,'), "not of its form"),
        ((b'"leaf":1,', b'"leaf":1,"leaf":1,'), "not of its form"),
        ((b'"leaf":1,', b""), "no event"),
        ((b"\n", b""), "not of its form"),
        ((b'"body":"{', b'"body":"{ '), "than its hash says"),
        ((b'"body":"', b'"body":7,"x":"'), "no event"),
        ((b"{", b"["), "no event"),
    ],
)
def test_a_line_has_one_spelling(change: tuple[bytes, bytes], words: str) -> None:
    from adapters.export.bundle import exported_line

    event = Record(Random(1), 1).events[0]
    line = exported_line(event, leaf_bytes(event))
    with pytest.raises(Wrong, match=words):
        event_of(line.replace(*change, 1))


def test_a_cell_keeps_its_quotes() -> None:
    assert csv_line(['say "x"', "1,2"]) == '"say ""x""","1,2"\n'


def test_the_verifier_is_one_file_of_the_standard_library(tmp_path: Path) -> None:
    tree = ast.parse(verify_py())
    names = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    }
    assert names <= set(sys.stdlib_module_names)
    assert "offline, by Python 3.11" in (ast.get_docstring(tree) or "")
    compile(verify_py(), "verify.py", "exec")
