"""What checking an export rests on: Ed25519, signed checkpoints, and the proofs of the tree.

Written for the verifier that goes with each export, so of the standard library alone, and apart
from the log's own code (`domain.transparency`), which makes what is checked here.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from hashlib import sha256, sha512
from typing import NamedTuple

# Where the imports end: in a bundle, these modules are one file.


class Wrong(Exception):
    """Something is not as it has to be; the text says what."""


class Key(NamedTuple):
    """A C2SP verifier key; type 1 signs notes, 4 and 6 cosign, 6 being ML-DSA-44."""

    name: str
    id: bytes
    type: int
    public: bytes


class Note(NamedTuple):
    """A signed checkpoint."""

    raw: bytes
    text: str
    signatures: dict[tuple[str, bytes], bytes]
    origin: str
    size: int
    root: bytes


# Ed25519, RFC 8032, section 5.1: for checking only, so it need not hide how long it takes.
_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
Point = tuple[int, int, int, int]


def _point(raw: bytes) -> Point:
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    u, v = y * y - 1, _D * y * y + 1
    x = u * v**3 * pow(u * v**7, (_P - 5) // 8, _P) % _P
    if (v * x * x - u) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if y >= _P or (v * x * x - u) % _P or (sign and not x):
        raise Wrong("a key is no point of the curve")
    x = x if x & 1 == sign else _P - x
    return x, y, 1, x * y % _P


def _sum(one: Point, two: Point) -> Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % _P
    b = (one[1] + one[0]) * (two[1] + two[0]) % _P
    c, d = 2 * one[3] * two[3] * _D % _P, 2 * one[2] * two[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))


def ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key made this signature of this message."""
    a, s = _point(public), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= _ORDER:
        return False
    h = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % _ORDER
    minus = (_P - a[0], a[1], 1, _P - a[3])
    table = ((0, 1, 1, 0), _BASE, minus, _sum(_BASE, minus))
    found = table[0]
    for bit in reversed(range(253)):
        found = _sum(found, found)
        which = (s >> bit & 1) + 2 * (h >> bit & 1)
        found = _sum(found, table[which]) if which else found
    inverse = pow(found[2], -1, _P)
    x, y = found[0] * inverse % _P, found[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# Keys and signed notes: c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature.
def from_base64(text: str) -> bytes:
    """The bytes, if this is their only spelling."""
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError as broken:
        raise Wrong("that is no base64") from broken
    if base64.b64encode(value).decode() != text:
        raise Wrong("that base64 has another spelling")
    return value


def key_of(text: str) -> Key:
    """The key that this text spells."""
    name, _, rest = text.partition("+")
    told, _, material = rest.partition("+")
    raw = from_base64(material)
    if not name or len(raw) != (1313 if raw[:1] == b"\x06" else 33) or raw[0] not in (1, 4, 6):
        raise Wrong(f"{text[:40]!r} is no key that is known here")
    key_id = sha256(name.encode() + b"\n" + raw).digest()[:4]
    if key_id.hex() != told:
        raise Wrong(f"the id {told} is not that of the key {name}")
    return Key(name, key_id, raw[0], raw[1:])


def number(text: str) -> int:
    """A size or an index, in its only spelling."""
    if not re.fullmatch("0|[1-9][0-9]{0,17}", text, re.ASCII):
        raise Wrong(f"{text[:40]!r} is no number")
    return int(text)


def note_of(raw: bytes) -> Note:
    """The checkpoint that these bytes are, to the last one."""
    text, blank, under = text_of(raw).rpartition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) != 3 or not under.endswith("\n"):
        raise Wrong("this is no signed checkpoint")
    signatures = {}
    for line in under[:-1].split("\n"):
        dash, name, blob = (*line.split(" "), "", "")[:3]
        value = from_base64(blob)
        if dash != "\N{EM DASH}" or line.count(" ") != 2 or (name, value[:4]) in signatures:
            raise Wrong("a signature line is not of its form, or stands there twice")
        signatures[name, value[:4]] = value[4:]
    root = from_base64(lines[2])
    if len(root) != 32:
        raise Wrong("the root is no SHA-256")
    return Note(raw, text + "\n", signatures, lines[0], number(lines[1]), root)


def signed(note: Note, key: Key) -> int | None:
    """Whether the key signed, and when it says it did (0 if it does not say); None if not.

    A signature by ML-DSA-44 is looked at for its form only.
    """
    blob = note.signatures.get((key.name, key.id))
    if blob is None:
        return None
    at = 0 if key.type == 1 else int.from_bytes(blob[:8], "big")
    if key.type == 6:
        if len(blob) != 8 + 2420:
            raise Wrong(f"the signature of {key.name} by ML-DSA-44 is not of its form")
        return at
    text = note.text if key.type == 1 else f"cosignature/v1\ntime {at}\n{note.text}"
    if not ed25519(key.public, text.encode(), blob if key.type == 1 else blob[8:]):
        raise Wrong(f"the signature of {key.name}+{key.id.hex()} does not hold")
    return at


def text_of(raw: bytes) -> str:
    """The text that these bytes are."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as broken:
        raise Wrong("this is no UTF-8 text") from broken


# The tree: RFC 6962, section 2.1.
def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf's bytes."""
    return sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return sha256(b"\1" + left + right).digest()


class Tree:
    """A tree that grows by a leaf at a time."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, found: bytes) -> None:
        """Appends the leaf with this hash."""
        self.size += 1
        full = self.size
        while not full & 1:
            found, full = node_hash(self._peaks.pop(), found), full >> 1
        self._peaks.append(found)

    @property
    def root(self) -> bytes:
        """The root of what there is."""
        found = self._peaks[-1] if self._peaks else sha256().digest()
        for peak in reversed(self._peaks[:-1]):
            found = node_hash(peak, found)
        return found


def check_inclusion(
    index: int, size: int, found: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Returns if the leaf with this hash is where it is said to be."""
    start, end, is_left = 0, size, []
    while end - start > 1:
        split = start + (1 << (end - start - 1).bit_length() - 1)
        is_left.append(index >= split)
        start, end = (split, end) if index >= split else (start, split)
    if not 0 <= index < size or len(proof) != len(is_left) or any(len(h) != 32 for h in proof):
        raise Wrong(f"no such proof can be of leaf {index} among {size}")
    for other, left in zip(proof, reversed(is_left), strict=True):
        found = node_hash(other, found) if left else node_hash(found, other)
    if found != root:
        raise Wrong(f"the proof does not lead from leaf {index} to the root of {size} events")


def check_consistency(old: Note, new: Note, proof: Sequence[bytes]) -> None:
    """Returns if the tree of one checkpoint begins that of the other."""
    start, end, is_right = 0, new.size, []
    while end > old.size:
        split = start + (1 << (end - start - 1).bit_length() - 1)
        is_right.append(old.size <= split)
        start, end = (start, split) if old.size <= split else (split, end)
    if not 0 < old.size < new.size or len(proof) != len(is_right) + (start > 0):
        raise Wrong(f"no such proof can be of {old.size} events among {new.size}")
    first = second = proof[0] if start else old.root
    for other, right in zip(proof[start > 0 :], reversed(is_right), strict=True):
        first = first if right else node_hash(other, first)
        second = node_hash(second, other) if right else node_hash(other, second)
    if first != old.root or second != new.root:
        raise Wrong(f"the log of {new.size} events does not continue that of {old.size}")
