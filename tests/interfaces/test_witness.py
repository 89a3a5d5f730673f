"""A witness signs what continues a log, and nothing else, over HTTP and across restarts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
import requests
import uvicorn

from adapters.signing import check_signature, new_signer
from adapters.witness_client import HttpWitness
from application.ports import PortRefused, Unavailable
from domain.shared import InvalidInput
from domain.transparency.checkpoints import Checkpoint
from domain.transparency.keys import SignatureType, VerifierKey
from domain.transparency.notes import Note
from domain.transparency.proofs import consistency_proof
from domain.transparency.signatures import sign_note, verified
from domain.transparency.tree import Frontier, Node, leaf_hash, root_at
from domain.transparency.witnessing import ADD_CHECKPOINT
from interfaces.compose.log import open_witness
from interfaces.witness import witness_app

ORIGIN = "example.org/log"
LOG = new_signer(ORIGIN, SignatureType.ED25519)
PQ = new_signer(ORIGIN, SignatureType.COSIGNATURE_ML_DSA_44)


class Tree:
    """A log in memory: leaves that say their number, or something else."""

    def __init__(self, size: int, *, forged: int = -1) -> None:
        leaves = [leaf_hash(b"%d" % n if n != forged else b"?") for n in range(size)]
        self._rows = Frontier().grown(leaves).rows

    def read(self, nodes: Sequence[Node]) -> list[bytes]:
        rows = [self._rows[((node.number + 1) << node.level) - 1] for node in nodes]
        return [
            row[node.level * 32 : node.level * 32 + 32]
            for row, node in zip(rows, nodes, strict=True)
        ]

    def note(self, size: int) -> Note:
        text = str(Checkpoint(ORIGIN, size, root_at(size, self.read)))
        return Note(text, tuple(sign_note(text, signer, 1) for signer in (LOG, PQ)))

    def prove(self, size1: int, size2: int) -> Sequence[bytes]:
        return consistency_proof(size1, size2, self.read)


@contextmanager
def serving(
    folder: Path, logs: Sequence[Sequence[VerifierKey]] = ((LOG.key, PQ.key),)
) -> Iterator[HttpWitness]:
    """A witness on loopback, and a client for it."""
    witness, keys = open_witness("example.com/witness", folder, logs)
    config = uvicorn.Config(witness_app(witness), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield HttpWitness(f"http://127.0.0.1:{port}", keys)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[HttpWitness]:
    with serving(tmp_path) as found:
        yield found


def test_a_log_that_grows_is_signed_again_and_again(witness: HttpWitness) -> None:
    tree = Tree(40)
    for size in (3, 3, 17, 40):
        signed = witness.cosign(tree.note(size), size, tree.prove)
        found = verified(signed, witness.keys, check_signature)
        assert [one.key.type for one in found] == [
            SignatureType.COSIGNATURE_ED25519, SignatureType.COSIGNATURE_ML_DSA_44,
        ]  # fmt: skip
        assert all(one.at and one.at > 1_700_000_000 for one in found)


def test_another_history_is_not_signed(witness: HttpWitness) -> None:
    tree, other = Tree(20), Tree(20, forged=4)
    witness.cosign(tree.note(10), 10, tree.prove)
    with pytest.raises(PortRefused, match="422"):
        witness.cosign(other.note(20), 20, other.prove)
    with pytest.raises(PortRefused, match="409"):
        witness.cosign(other.note(10), 10, other.prove)
    assert witness.cosign(tree.note(20), 20, tree.prove).signatures


def test_a_log_does_not_shrink_for_a_witness(witness: HttpWitness) -> None:
    tree = Tree(20)
    witness.cosign(tree.note(20), 20, tree.prove)
    with pytest.raises(PortRefused, match="has signed 20 events already"):
        witness.cosign(tree.note(10), 10, tree.prove)


def test_it_remembers_across_restarts_and_a_client_that_forgot_learns_the_size(
    tmp_path: Path,
) -> None:
    tree, other = Tree(20), Tree(20, forged=4)
    with serving(tmp_path) as first:
        first.cosign(tree.note(10), 10, tree.prove)
        keys = first.keys
    with serving(tmp_path) as second:
        assert second.keys == keys
        with pytest.raises(PortRefused, match="422"):
            second.cosign(other.note(20), 20, other.prove)
        assert second.cosign(tree.note(20), 20, tree.prove).signatures


def test_a_log_that_it_does_not_know_is_not_signed(tmp_path: Path) -> None:
    tree = Tree(5)
    with serving(tmp_path, []) as witness, pytest.raises(PortRefused, match="404"):
        witness.cosign(tree.note(5), 5, tree.prove)


def test_a_checkpoint_without_the_logs_signature_is_not_signed(witness: HttpWitness) -> None:
    text = Tree(5).note(5).text
    stranger = Note(text, (sign_note(text, new_signer(ORIGIN, SignatureType.ED25519), 1),))
    with pytest.raises(PortRefused, match="403"):
        witness.cosign(stranger, 5, Tree(5).prove)


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"old 0\n", 400), (b"x" * 2_000_000, 413)]
)
def test_what_is_no_request_is_told_so(witness: HttpWitness, body: bytes, status: int) -> None:
    answer = requests.post(witness.url + ADD_CHECKPOINT, data=body, timeout=10)
    assert answer.status_code == status
    assert answer.text.strip()


def test_a_witness_that_is_away_is_unavailable(tmp_path: Path) -> None:
    with serving(tmp_path) as witness:
        pass
    with pytest.raises(Unavailable, match="did not answer"):
        witness.cosign(Tree(2).note(2), 2, Tree(2).prove)


def test_an_answer_that_does_not_hold_is_refused(witness: HttpWitness) -> None:
    other = new_signer("example.com/witness", SignatureType.COSIGNATURE_ED25519)
    deceived = HttpWitness(witness.url, [other.key])
    with pytest.raises(PortRefused, match="does not hold"):
        deceived.cosign(Tree(2).note(2), 2, Tree(2).prove)


def test_keys_that_others_may_read_are_not_used(tmp_path: Path) -> None:
    open_witness("example.com/witness", tmp_path, [])
    (tmp_path / "cosign-ed25519.pem").chmod(0o644)
    with pytest.raises(InvalidInput, match="others may read"):
        open_witness("example.com/witness", tmp_path, [])


def test_one_key_of_two_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    open_witness("example.com/witness", tmp_path, [])
    (tmp_path / "cosign-ml-dsa-44.pem").unlink()
    with pytest.raises(PortRefused, match="put it back from your backup"):
        open_witness("example.com/witness", tmp_path, [])
