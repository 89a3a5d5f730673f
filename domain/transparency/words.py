"""The words that C2SP's log formats share, each read strictly: one spelling for one value."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode

from domain.transparency.refusals import Malformed
from domain.transparency.tree import SIZE_MAX, require_hash

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


def to_base64(value: bytes) -> str:
    """Standard base64 (RFC 4648, section 4)."""
    return b64encode(value).decode("ascii")


def from_base64(text: str) -> bytes:
    """The bytes, if this is their only spelling.

    Raises:
        Malformed: it is no base64, or one with stray bits, line breaks or missing padding.
    """
    try:
        value = b64decode(text, validate=True)
    except (binascii.Error, ValueError) as broken:
        raise Malformed("that is no base64") from broken
    if to_base64(value) != text:
        raise Malformed("that base64 has another spelling")
    return value


def hash_from_base64(text: str) -> bytes:
    """A hash that stands on a line of its own.

    Raises:
        Malformed: it isn't the base64 of one SHA-256 hash.
    """
    value = from_base64(text)
    require_hash(value, "hash")
    return value


def hash_lines(hashes: tuple[bytes, ...]) -> str:
    """Hashes, each on a line."""
    return "".join(f"{to_base64(value)}\n" for value in hashes)


def number_from_text(text: str) -> int:
    """A size, index or time in ASCII decimal without leading zeros.

    Raises:
        Malformed: it is none, or above what 63 bits hold.
    """
    if not _DECIMAL.fullmatch(text) or (number := int(text)) > SIZE_MAX:
        raise Malformed(f"{text[:40]!r} is no number of the log's formats")
    return number


def plain_text(raw: bytes, longest: int) -> str:
    """The text of a whole file or message of one of the formats.

    Raises:
        Malformed: it is too long, no UTF-8, has control characters other than the newline, or
            doesn't end in a newline.
    """
    if len(raw) > longest:
        raise Malformed(f"{len(raw)} bytes are more than the {longest} that are read")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as broken:
        raise Malformed("that is no UTF-8 text") from broken
    if _CONTROL.search(text):
        raise Malformed("the text has control characters")
    if not text.endswith("\n"):
        raise Malformed("the last line has no end")
    return text


PROOF_HASHES_MAX = 63
"""C2SP's bound for a consistency proof; no inclusion proof within 2**63 leaves is longer."""


def proof_hashes(lines: list[str]) -> tuple[bytes, ...]:
    """The hashes of a proof, one from each line.

    Raises:
        Malformed: there are more than any proof has, or a line holds something else.
    """
    if len(lines) > PROOF_HASHES_MAX:
        raise Malformed(f"no proof has {len(lines)} hashes")
    return tuple(hash_from_base64(line) for line in lines)
