"""Real keys: published signatures hold, ours are what the standards say, and keys are kept."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.signing import KeySigner, check_signature, load_signer, new_signer, signer_from_seed
from domain.transparency.checkpoints import Checkpoint, parse_checkpoint
from domain.transparency.keys import SignatureType, VerifierKey, verifier_key
from domain.transparency.notes import Note, parse_note
from domain.transparency.policy import Policy
from domain.transparency.refusals import Malformed, Unproven
from domain.transparency.signatures import sign_note, verified

FOLDER = Path(__file__).parents[1] / "data" / "transparency"
KINDS = list(SignatureType)
ED25519, COSIGNATURE, ML_DSA = KINDS
AT = 1_700_000_000

RFC_8032 = """
9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60
d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a

e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b

4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb
3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c
72
92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00

c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7
fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025
af82
6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac
18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a
"""
"""Section 7.1: secret key, public key, message, and the signature in two lines."""

RFC_8032_CASES = [
    [bytes.fromhex(line) for line in RFC_8032.split("\n")[at : at + 5]] for at in (1, 7, 13)
]


@pytest.mark.parametrize(("seed", "public", "message", "first", "second"), RFC_8032_CASES)
def test_ed25519_is_that_of_rfc_8032(
    seed: bytes, public: bytes, message: bytes, first: bytes, second: bytes
) -> None:
    signer = signer_from_seed("log", ED25519, seed)
    assert signer.key.public == public
    assert signer.sign(message) == first + second
    assert check_signature(signer.key, message, first + second)


def test_go_s_example_note_is_signed_byte_by_byte() -> None:
    """The example of golang.org/x/mod/sumdb/note, whose secret key is published with it."""
    seed = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    signer = signer_from_seed("PeterNeumann", ED25519, seed)
    assert str(signer.key) == ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert str(Note(text, (sign_note(text, signer, AT),))) == (
        f"{text}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
        "KvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )


def test_the_example_of_signed_note_holds() -> None:
    key = verifier_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    note = parse_note(
        "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi"
        "2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n".encode()
    )
    assert verified(note, [key], check_signature)[0].key == key


@pytest.mark.parametrize(
    ("log", "times"),
    [
        ("arche2025h1", [None, 1779573024, 1779573024, 1779573024, 1779573024]),
        ("coachandhorses2026h1", [1785704691, 1785704691]),
    ],
)
def test_public_logs_and_their_witnesses_are_understood(log: str, times: list[int | None]) -> None:
    """Checkpoints of public logs as they were served, one of them cosigned with ML-DSA-44."""
    note, keys = published(log)
    assert [found.at for found in verified(note, keys, check_signature)] == times
    for key in keys:
        assert [found.key for found in verified(note, [key], check_signature)] == [key]


@pytest.mark.parametrize("log", ["arche2025h1", "coachandhorses2026h1"])
def test_a_public_log_s_checkpoint_of_another_size_is_not_believed(log: str) -> None:
    note, keys = published(log)
    head = parse_checkpoint(note.text)
    larger = Note(str(Checkpoint(head.origin, head.size + 1, head.root)), note.signatures)
    for key in keys:
        with pytest.raises(Unproven):
            verified(larger, [key], check_signature)


def published(log: str) -> tuple[Note, list[VerifierKey]]:
    raw = (FOLDER / f"{log}.checkpoint").read_bytes()
    note = parse_note(raw)
    assert bytes(note) == raw
    return note, [verifier_key(line) for line in (FOLDER / f"{log}.keys").read_text().splitlines()]


def test_a_log_and_a_witness_sign_a_checkpoint_that_a_policy_opens() -> None:
    text = str(Checkpoint("log.example", 5, b"\x11" * 32))
    log = [new_signer("log.example", kind) for kind in (ED25519, ML_DSA)]
    witness = [new_signer("witness.example", kind) for kind in (COSIGNATURE, ML_DSA)]
    note = Note(text, tuple(sign_note(text, signer, AT) for signer in (*log, *witness)))
    log_keys, witness_keys = (tuple(one.key for one in side) for side in (log, witness))
    policy = Policy("log.example", log_keys, witness_keys, quorum=1)
    opened = policy.opened(parse_note(bytes(note)), check_signature)
    assert [found.at for found in (*opened.log, *opened.witnesses)] == [None, AT, AT, AT]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("password", [None, b"correct horse"])
def test_a_key_that_was_kept_signs_as_before(kind: SignatureType, password: bytes | None) -> None:
    signer = new_signer("log.example", kind)
    again = load_signer("log.example", kind, signer.pem(password), password)
    assert again.key == signer.key
    assert check_signature(signer.key, b"message", again.sign(b"message"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_key_did_not_sign_does_not_hold(kind: SignatureType) -> None:
    signer, other = new_signer("log", kind), new_signer("log", kind)
    signature = signer.sign(b"message")
    flipped = bytes([signature[0] ^ 1]) + signature[1:]
    assert check_signature(signer.key, b"message", signature)
    assert not check_signature(signer.key, b"another", signature)
    assert not check_signature(other.key, b"message", signature)
    assert not check_signature(signer.key, b"message", flipped)
    assert not check_signature(signer.key, b"message", signature[:-1])


def test_a_key_that_is_no_key_signed_nothing() -> None:
    for kind in KINDS:
        nonsense = VerifierKey("log", kind, b"\xff" * kind.key_size)
        assert not check_signature(nonsense, b"message", b"\x00" * kind.signature_size)


def test_a_key_of_another_sort_is_refused() -> None:
    pem = new_signer("log", ED25519).pem()
    with pytest.raises(Malformed, match="Ed25519PrivateKey"):
        load_signer("log", ML_DSA, pem)
    with pytest.raises(Malformed, match="can't be read"):
        load_signer("log", ED25519, b"no key")
    with pytest.raises(Malformed, match="can't be read"):
        load_signer("log", ED25519, new_signer("log", ED25519).pem(b"right"), b"wrong")
    exchange = X25519PrivateKey.generate()
    with pytest.raises(Malformed, match="signs no notes"):
        load_signer(
            "log",
            ED25519,
            exchange.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )
    assert isinstance(load_signer("log", COSIGNATURE, pem), KeySigner)
