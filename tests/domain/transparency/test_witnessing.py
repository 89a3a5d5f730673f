"""A witness cosigns trees that only ever grow, and says by the protocol why it doesn't."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.transparency.checkpoints import Checkpoint
from domain.transparency.notes import Note, Signature
from domain.transparency.proofs import consistency_proof
from domain.transparency.refusals import Malformed, Unproven
from domain.transparency.signatures import sign_note, verified
from domain.transparency.tree import EMPTY_ROOT, leaf_hashes, root_at
from domain.transparency.witnessing import (
    SIZE_TYPE,
    AddCheckpoint,
    Cosign,
    Head,
    Refusal,
    Status,
    add_checkpoint,
    cosignatures,
    cosigned,
    decide,
    parse_add_checkpoint,
)
from tests.domain.transparency.signers import COSIGNATURE, ED25519, ML_DSA, PretendSigner, check
from tests.domain.transparency.trees import KeptTree

SIZE = 20
ORIGIN = "log.example"
LOG = PretendSigner(ORIGIN, ED25519, 1)
LOG_PQ = PretendSigner(ORIGIN, ML_DSA, 2)
WITNESS = PretendSigner("witness.example", COSIGNATURE, 3)
WITNESS_PQ = PretendSigner("witness.example", ML_DSA, 4)
KEYS = [LOG.key, LOG_PQ.key]
WITNESS_KEYS = [WITNESS.key, WITNESS_PQ.key]
AT = 1_700_000_000
TREE, LIAR = KeptTree(), KeptTree()
TREE.append(leaf_hashes([bytes([number]) for number in range(SIZE)]))
LIAR.append(leaf_hashes([b"rewritten", *(bytes([number]) for number in range(1, SIZE))]))

SPECIFIED = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""  # noqa: E501
"""The example request of C2SP's tlog-witness."""


def note(size: int, tree: KeptTree = TREE, *signers: PretendSigner) -> Note:
    text = str(Checkpoint(ORIGIN, size, root_at(size, tree.read)))
    return Note(text, tuple(sign_note(text, signer, AT) for signer in signers or (LOG, LOG_PQ)))


def request(old_size: int, size: int, tree: KeptTree = TREE) -> AddCheckpoint:
    proof = consistency_proof(old_size, size, tree.read) if 0 < old_size <= size else []
    return add_checkpoint(old_size, proof, note(size, tree))


def head(size: int) -> Head:
    return Head(size, root_at(size, TREE.read))


def refusal(asked: AddCheckpoint, known: Head, keys: bool = True) -> Refusal:
    decision = decide(asked, KEYS if keys else [], known, check)
    assert isinstance(decision, Refusal)
    return decision


@given(st.integers(0, SIZE), st.integers(0, SIZE))
def test_a_tree_that_grew_or_stood_still_is_cosigned(one: int, other: int) -> None:
    size1, size2 = sorted((one, other))
    decision = decide(request(size1, size2), KEYS, head(size1), check)
    assert isinstance(decision, Cosign)
    assert decision.head == head(size2)
    assert (decision.checkpoint.origin, decision.checkpoint.size) == (ORIGIN, size2)


def test_a_request_is_written_and_read_back() -> None:
    for asked in (request(0, 5), request(5, 5), request(3, SIZE)):
        assert parse_add_checkpoint(bytes(asked)) == asked


def test_the_specified_request_is_read_and_written_byte_by_byte() -> None:
    asked = parse_add_checkpoint(SPECIFIED.encode())
    assert (asked.old_size, asked.checkpoint.size, len(asked.proof)) == (20852014, 20852163, 4)
    assert bytes(asked) == SPECIFIED.encode()


def test_an_unknown_log_is_not_found() -> None:
    assert refusal(request(0, 5), Head(), keys=False).status is Status.NOT_FOUND


def test_without_a_signature_of_the_log_it_is_forbidden() -> None:
    by_a_stranger = note(5, TREE, PretendSigner(ORIGIN, ED25519, 9))
    assert refusal(add_checkpoint(0, (), by_a_stranger), Head()).status is Status.FORBIDDEN
    blob = b"\x00" * 64
    forged = Note(note(5).text, (Signature(ORIGIN, LOG.key.id, blob),))
    assert refusal(add_checkpoint(0, (), forged), Head()).status is Status.FORBIDDEN


@pytest.mark.parametrize("old_size", [0, 4, 6])
def test_another_old_size_is_a_conflict_that_tells_the_known_one(old_size: int) -> None:
    found = refusal(request(old_size, 9), head(5))
    assert (found.status, found.known_size) == (Status.CONFLICT, 5)
    assert (found.body, found.content_type) == ("5\n", SIZE_TYPE)


def test_an_old_size_above_the_checkpoint_is_a_bad_request() -> None:
    found = refusal(request(9, 5), head(9))
    assert found.status is Status.BAD_REQUEST
    assert found.content_type.startswith("text/plain")
    assert found.body == f"{found.reason}\n"


@pytest.mark.parametrize("size", [1, 5, SIZE])
def test_the_same_size_with_another_root_is_a_conflict(size: int) -> None:
    assert refusal(request(size, size, LIAR), head(size)).status is Status.CONFLICT


@given(st.integers(1, SIZE - 1), st.data())
def test_a_rewritten_past_can_not_be_cosigned(old_size: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(old_size + 1, SIZE))
    for asked in (
        request(old_size, size, LIAR),
        add_checkpoint(old_size, consistency_proof(old_size, size, TREE.read), note(size, LIAR)),
    ):
        assert refusal(asked, head(old_size)).status is Status.UNPROCESSABLE


@pytest.mark.parametrize(("old_size", "size"), [(0, 0), (0, 5), (5, 5), (5, 6), (4, 8)])
def test_a_proof_with_a_hash_too_many_is_unprocessable(old_size: int, size: int) -> None:
    asked = request(old_size, size)
    longer = add_checkpoint(old_size, (*asked.proof, EMPTY_ROOT), asked.note)
    assert refusal(longer, head(old_size)).status is Status.UNPROCESSABLE


def test_a_witness_answers_with_a_line_for_each_of_its_keys() -> None:
    signed = note(5)
    lines = cosignatures(signed, (WITNESS, WITNESS_PQ), AT)
    answer = "".join(map(str, lines)).encode()
    merged = cosigned(signed, answer, WITNESS_KEYS, check)
    assert merged.signatures == (*signed.signatures, *lines)
    assert [found.at for found in verified(merged, WITNESS_KEYS, check)] == [AT, AT]
    assert cosigned(merged, answer, WITNESS_KEYS, check) == merged


def test_lines_of_strangers_in_an_answer_are_left_out() -> None:
    signed = note(5)
    lines = cosignatures(signed, (WITNESS, PretendSigner("stranger", COSIGNATURE, 9)), AT)
    merged = cosigned(signed, "".join(map(str, lines)).encode(), WITNESS_KEYS, check)
    assert merged.signatures == (*signed.signatures, lines[0])


def test_an_answer_for_another_tree_is_not_taken() -> None:
    answer = "".join(map(str, cosignatures(note(6), (WITNESS,), AT))).encode()
    with pytest.raises(Unproven):
        cosigned(note(5), answer, WITNESS_KEYS, check)


@pytest.mark.parametrize("answer", [b"", b"\n", b"5\n", b"\xe2\x80\x94 witness.example\n", b"\xff"])
def test_an_answer_that_is_no_signature_lines_is_refused(answer: bytes) -> None:
    with pytest.raises(Malformed):
        cosigned(note(5), answer, WITNESS_KEYS, check)


def test_a_key_that_does_not_say_when_is_none_for_cosigning() -> None:
    with pytest.raises(Malformed, match="when"):
        cosignatures(note(5), (LOG,), AT)


@pytest.mark.parametrize(
    ("part", "other"),
    [("old 20852014", "old 020852014"), ("old 20852014", "Old 20852014"), ("old 2", "old  2"),
     ("old 20852014\n", ""), ("PlRN", "PlR"), ("kaw=\n", "kaw\n"), ("kaw=\n", "kaw=\nYQ==\n"),
     ("Kj/0=\n\n", "Kj/0=\n"), ("Kj/0=\n\n", "Kj/0=\n\n\n"), ("20852163\n", "2085216x\n"),
     ("Az3g", "Az3"), ("/0=\n", "/0=\n" + ("A" * 43 + "=\n") * 60), ("\n", "\r\n")],
)  # fmt: skip
def test_what_is_nearly_a_request_is_none(part: str, other: str) -> None:
    with pytest.raises(Malformed):
        parse_add_checkpoint(SPECIFIED.replace(part, other).encode())


def test_a_witness_that_follows_every_request_only_ever_grows() -> None:
    """A log that tries any sizes in any order, from its true tree and from a rewritten one."""
    known = Head()
    grown = [0]
    for step in range(200):
        old_size, size = (step * 7) % (SIZE + 1), (step * 11) % (SIZE + 1)
        tree = LIAR if step % 3 else TREE
        decision = decide(request(old_size, size, tree), KEYS, known, check)
        if isinstance(decision, Cosign):
            known = decision.head
            grown.append(known.size)
    assert grown == sorted(grown)
    assert grown[-1] > 0
