"""Signed notes, keys and checkpoints are read to the last byte, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.transparency.checkpoints import Checkpoint, parse_checkpoint
from domain.transparency.keys import SignatureType, VerifierKey, verifier_key
from domain.transparency.notes import NOTE_BYTES_MAX, Note, Signature, parse_note
from domain.transparency.refusals import Malformed
from domain.transparency.tree import EMPTY_ROOT
from tests.domain.transparency.signers import COSIGNATURE, ED25519, ML_DSA

SPECIFIED = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n"
)
SPECIFIED_NOTE = (
    f"{SPECIFIED}\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC"
    "+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)
"""The example of C2SP's signed-note."""

SIGNED = "— log.example AQIDBAUGBwg=\n"
BEHIND_THE_SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
)
names = st.text(
    st.characters(codec="utf-8", exclude_characters="+", exclude_categories=("Z", "C")),
    min_size=1, max_size=40,
)  # fmt: skip
signatures = st.builds(
    Signature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=90)
)
lines = st.text(st.characters(codec="utf-8", min_codepoint=0x20), min_size=1, max_size=40)


def test_the_specified_example_is_read_and_written_byte_by_byte() -> None:
    note = parse_note(SPECIFIED_NOTE.encode())
    assert note.text == SPECIFIED
    assert [(one.name, len(one.blob)) for one in note.signatures] == [
        ("quasimodo.example/salvatore", 64)
    ]
    assert bytes(note) == SPECIFIED_NOTE.encode()


@given(
    st.lists(lines | st.just(""), min_size=1, max_size=5),
    st.lists(signatures, min_size=1, max_size=4, unique_by=lambda one: (one.name, one.key_id)),
)
def test_a_note_that_was_written_is_read_back(text: list[str], signed: list[Signature]) -> None:
    note = Note("".join(f"{line}\n" for line in text), tuple(signed))
    assert parse_note(bytes(note)) == note


@given(st.binary(max_size=200) | lines.map(str.encode))
def test_whatever_is_read_as_a_note_has_no_other_spelling(raw: bytes) -> None:
    try:
        note = parse_note(raw)
    except Malformed:
        return
    assert bytes(note) == raw


@given(st.integers(0, len(SPECIFIED_NOTE.encode()) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_seen(at: int, change: int) -> None:
    raw = bytearray(SPECIFIED_NOTE.encode())
    raw[at] ^= change
    try:
        assert bytes(parse_note(bytes(raw))) == raw
    except Malformed:
        assert raw != SPECIFIED_NOTE.encode()


@pytest.mark.parametrize(
    ("part", "other"),
    [(f"text\n\n{SIGNED}", ""), (f"text\n\n{SIGNED}", "\n"), (f"\n{SIGNED}", ""),
     (f"\n{SIGNED}", SIGNED), ("text\n\n", ""), ("Bwg=\n", "Bwg="), ("Bwg=\n", "Bwg=\n\n"),
     ("Bwg=\n", "Bwg=\njunk"), ("Bwg=\n", "Bwg=\njunk\n"), (SIGNED, SIGNED * 2),
     ("\n", "\r\n"), ("te", "t\te"), ("—", " —"), ("—", "-"), ("log.example", "log example"),
     ("log.example", "log+example"), ("log.example", "log\u00a0example"), ("log.example ", ""),
     ("Bwg=", "Bwg"), ("Bwg=", "Bwh="), ("Bwg=", "Bw-="), ("AQIDBAUGBwg=", "AQIDBA=="),
     ("AQIDBAUGBwg=", "AQI="), ("AQIDBAUGBwg=", "")],
)  # fmt: skip
def test_what_is_nearly_a_note_is_none(part: str, other: str) -> None:
    good = f"text\n\n{SIGNED}"
    assert bytes(parse_note(good.encode())) == good.encode()
    with pytest.raises(Malformed):
        parse_note(good.replace(part, other).encode())


def test_a_note_is_utf_8_and_of_bounded_length() -> None:
    with pytest.raises(Malformed, match="UTF-8"):
        parse_note(b"\xff\n\n" + SIGNED.encode())
    with pytest.raises(Malformed, match="more than"):
        parse_note(b"x" * NOTE_BYTES_MAX + b"\n\n" + SIGNED.encode())
    many = "".join(str(Signature(f"log{number}", b"four", b"x")) for number in range(65))
    with pytest.raises(Malformed, match="65 signatures"):
        parse_note(f"text\n\n{many}".encode())


def test_two_keys_of_one_name_may_sign_and_one_key_may_not_sign_twice() -> None:
    one, other = Signature("log", b"key1", b"x"), Signature("log", b"key2", b"x")
    assert parse_note(bytes(Note("text\n", (one, other)))).signatures == (one, other)
    with pytest.raises(Malformed, match="twice"):
        parse_note(bytes(Note("text\n", (one, Signature("log", b"key1", b"y")))))


def test_a_signature_is_not_added_twice() -> None:
    one, other = Signature("log", b"key1", b"x"), Signature("witness", b"key2", b"x")
    assert Note("text\n", (one,)).with_signatures(one, other).signatures == (one, other)


@pytest.mark.parametrize(
    "text",
    ["example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
     "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
     "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
     "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"],
)  # fmt: skip
def test_published_verifier_keys_are_read_and_written(text: str) -> None:
    """The examples of signed-note, Go's sumdb/note, transparency-dev/formats, and a witness."""
    assert str(verifier_key(text)) == text


@pytest.mark.parametrize("kind", list(SignatureType))
def test_every_kind_of_key_has_a_text(kind: SignatureType) -> None:
    key = VerifierKey("log.example", kind, b"k" * kind.key_size)
    assert verifier_key(str(key)) == key


def test_the_id_tells_the_uses_of_one_key_apart() -> None:
    plain, timed = (VerifierKey("log", kind, b"k" * 32) for kind in (ED25519, COSIGNATURE))
    assert plain.id != timed.id


@pytest.mark.parametrize(
    "text",
    ["", "log", "log+00000000", "log+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
     "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
     "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2l",
     "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
     "example.com/foo+530d903a+", "example.com/foo+530d903a+AQ==",
     "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
     "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
     " PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
     "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n"],
)  # fmt: skip
def test_a_mangled_verifier_key_is_none(text: str) -> None:
    with pytest.raises(Malformed):
        verifier_key(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb", "\x00", "x" * 256])
def test_a_key_name_is_one_word(name: str) -> None:
    with pytest.raises(Malformed):
        VerifierKey(name, ML_DSA, b"k" * 1312)


def test_the_specified_checkpoint_is_read_and_written() -> None:
    checkpoint = parse_checkpoint(BEHIND_THE_SOFA)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.extensions == ()
    assert str(checkpoint) == BEHIND_THE_SOFA


@given(
    lines, st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32), st.lists(lines)
)  # fmt: skip
def test_a_checkpoint_that_was_written_is_read_back(
    origin: str, size: int, root: bytes, extensions: list[str]
) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert parse_checkpoint(str(checkpoint)) == checkpoint


@pytest.mark.parametrize(
    ("part", "other"),
    [("20852163", "020852163"), ("20852163", "+20852163"), ("20852163", "20_852163"),
     ("20852163", "-1"), ("20852163", "9223372036854775808"), ("20852163", ""),
     ("20852163", "٢"), ("20852163", "0"), ("q2I=", "q2J="), ("q2I=", "q2I"), ("q2I=", ""),
     ("q2I=\n", "q2I="), ("q2I=\n", "q2I=\n\n"), ("q2I=\n", "q2I=\nmore\n\nmore\n"),
     ("example.com/behind-the-sofa\n", ""), ("example.com/behind-the-sofa", ""),
     ("example.com/behind-the-sofa", "x" * 256)],
)  # fmt: skip
def test_what_is_nearly_a_checkpoint_is_none(part: str, other: str) -> None:
    with pytest.raises(Malformed):
        parse_checkpoint(BEHIND_THE_SOFA.replace(part, other))


def test_the_empty_tree_has_one_root_only() -> None:
    assert parse_checkpoint(str(Checkpoint("log", 0, EMPTY_ROOT))).size == 0
    with pytest.raises(Malformed, match="empty tree"):
        Checkpoint("log", 0, b"\x00" * 32)
