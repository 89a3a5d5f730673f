"""What is signed, by whom it may be, and whom a reader believes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.transparency.checkpoints import Checkpoint
from domain.transparency.keys import VerifierKey
from domain.transparency.notes import Note, Signature
from domain.transparency.policy import Policy
from domain.transparency.refusals import Malformed, Unproven
from domain.transparency.signatures import Verified, sign_note, signed_message, verified
from tests.domain.transparency.signers import COSIGNATURE, ED25519, ML_DSA, PretendSigner, check

ORIGIN = "log.example"
CHECKPOINT = Checkpoint(ORIGIN, 5, b"\x11" * 32)
TEXT = str(CHECKPOINT)
AT = 1_700_000_000
LOG = PretendSigner(ORIGIN, ED25519, 1)
LOG_PQ = PretendSigner(ORIGIN, ML_DSA, 2)
WITNESS = PretendSigner("witness.example/one", COSIGNATURE, 3)
WITNESS_PQ = PretendSigner("witness.example/one", ML_DSA, 4)
OTHER_WITNESS = PretendSigner("witness.example/two", COSIGNATURE, 5)
SIGNERS = (LOG, LOG_PQ, WITNESS, WITNESS_PQ, OTHER_WITNESS)
KEYS = [signer.key for signer in SIGNERS]


def note(*signers: PretendSigner, text: str = TEXT) -> Note:
    return Note(text, tuple(sign_note(text, signer, AT) for signer in signers))


def policy(quorum: int = 0) -> Policy:
    witnesses = (WITNESS.key, WITNESS_PQ.key, OTHER_WITNESS.key)
    return Policy(ORIGIN, (LOG.key, LOG_PQ.key), witnesses, quorum)


def test_each_kind_of_key_signs_the_message_of_its_kind() -> None:
    """The messages of C2SP's signed-note and tlog-cosignature, spelled out."""
    assert signed_message(LOG.key, TEXT, AT) == TEXT.encode()
    assert signed_message(WITNESS.key, TEXT, AT) == (
        f"cosignature/v1\ntime 1700000000\n{TEXT}".encode()
    )
    assert signed_message(LOG_PQ.key, TEXT, AT) == (
        b"subtree/v1\n\x00\x0blog.example"
        + bytes.fromhex("000000006553f100")
        + b"\x0blog.example"
        + bytes(8)
        + bytes.fromhex("0000000000000005")
        + b"\x11" * 32
    )


def test_signatures_that_hold_tell_their_key_and_time() -> None:
    assert verified(note(*SIGNERS), KEYS, check) == [
        Verified(signer.key, None if signer is LOG else AT) for signer in SIGNERS
    ]


def test_strangers_signatures_are_passed_over() -> None:
    strange = Signature(ORIGIN, b"\x00" * 4, b"whatever it is")
    signed = note(LOG, WITNESS).with_signatures(strange)
    assert verified(signed, [LOG.key], check) == [Verified(LOG.key, None)]


def test_a_note_that_only_strangers_signed_is_not_believed() -> None:
    with pytest.raises(Unproven, match="no key"):
        verified(note(WITNESS), [LOG.key], check)
    with pytest.raises(Unproven, match="no key"):
        verified(Note(TEXT, ()), KEYS, check)


@given(st.sampled_from(SIGNERS), st.data())
def test_a_known_key_s_bad_signature_spoils_the_note(
    signer: PretendSigner, data: st.DataObject
) -> None:
    good = note(*SIGNERS)
    at = SIGNERS.index(signer)
    blob = bytearray(good.signatures[at].blob)
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))
    bad = Signature(signer.key.name, signer.key.id, bytes(blob))
    hostile = Note(TEXT, (*good.signatures[:at], bad, *good.signatures[at + 1 :]))
    with pytest.raises((Unproven, Malformed)):
        verified(hostile, KEYS, check)


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize("cut", [-1, 1])
def test_a_signature_of_another_length_is_none(signer: PretendSigner, cut: int) -> None:
    blob = note(signer).signatures[0].blob
    other = blob[:cut] if cut < 0 else blob + b"\x00"
    with pytest.raises(Malformed, match="bytes"):
        verified(Note(TEXT, (Signature(signer.key.name, signer.key.id, other),)), KEYS, check)


@pytest.mark.parametrize("signer", SIGNERS)
def test_another_head_is_not_what_was_signed(signer: PretendSigner) -> None:
    signed = note(signer).signatures
    for other in (
        Checkpoint(ORIGIN, 6, CHECKPOINT.root),
        Checkpoint(ORIGIN, 5, b"\x12" * 32),
        Checkpoint("log.elsewhere", 5, CHECKPOINT.root),
    ):
        with pytest.raises(Unproven):
            verified(Note(str(other), signed), KEYS, check)


@pytest.mark.parametrize("signer", [WITNESS, LOG_PQ])
def test_a_cosigner_signs_checkpoints_only(signer: PretendSigner) -> None:
    with pytest.raises(Malformed):
        sign_note("any text\n", signer, AT)


def test_ml_dsa_does_not_sign_what_it_would_not_cover() -> None:
    extended = str(Checkpoint(ORIGIN, 5, CHECKPOINT.root, ("more",)))
    sign_note(extended, LOG, AT)
    with pytest.raises(Malformed, match="extension"):
        sign_note(extended, LOG_PQ, AT)


@pytest.mark.parametrize("at", [-1, 2**63])
def test_a_time_that_the_format_can_not_hold_is_refused(at: int) -> None:
    with pytest.raises(Malformed, match="no time"):
        sign_note(TEXT, WITNESS, at)
    late = Signature(WITNESS.key.name, WITNESS.key.id, b"\xff" * 8 + b"\x00" * 64)
    with pytest.raises(Malformed, match="no time"):
        verified(Note(TEXT, (late,)), KEYS, check)


def test_a_policy_opens_what_the_log_and_enough_witnesses_signed() -> None:
    opened = policy(quorum=2).opened(note(*SIGNERS), check)
    assert opened.checkpoint == CHECKPOINT
    assert [one.key for one in opened.log] == [LOG.key, LOG_PQ.key]
    assert [one.at for one in opened.witnesses] == [AT, AT, AT]


@pytest.mark.parametrize("signers", [(LOG, WITNESS), (LOG_PQ, WITNESS), (WITNESS, OTHER_WITNESS)])
def test_every_key_of_the_log_has_to_have_signed(signers: tuple[PretendSigner, ...]) -> None:
    with pytest.raises(Unproven, match="didn't sign"):
        policy().opened(note(*signers), check)


def test_two_keys_of_one_witness_are_one_witness() -> None:
    with pytest.raises(Unproven, match="1 witnesses cosigned where 2"):
        policy(quorum=2).opened(note(LOG, LOG_PQ, WITNESS, WITNESS_PQ), check)


def test_another_log_s_checkpoint_is_not_believed_though_the_key_is_the_same() -> None:
    other = str(Checkpoint("log.elsewhere", 5, CHECKPOINT.root))
    with pytest.raises(Unproven, match=r"of log\.elsewhere"):
        policy().opened(note(LOG, LOG_PQ, text=other), check)


def test_a_policy_that_would_count_one_twice_can_not_be_made() -> None:
    same = VerifierKey("witness.example/alias", COSIGNATURE, WITNESS.key.public)
    own = VerifierKey(ORIGIN, COSIGNATURE, b"\x09" * 32)
    for log_keys, witness_keys, quorum in (
        ((), (), 0),
        ((LOG.key,), (WITNESS.key, same), 0),
        ((LOG.key, LOG.key), (), 0),
        ((LOG.key,), (own,), 0),
        ((LOG.key,), (WITNESS.key, WITNESS_PQ.key), 2),
        ((LOG.key,), (), -1),
    ):
        with pytest.raises(Malformed):
            Policy(ORIGIN, log_keys, witness_keys, quorum)
