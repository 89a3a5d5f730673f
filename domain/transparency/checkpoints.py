"""C2SP checkpoints: a tree's head as the text of a note."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.transparency.refusals import Malformed
from domain.transparency.tree import EMPTY_ROOT, require_hash, require_size
from domain.transparency.words import hash_from_base64, number_from_text, to_base64

_ORIGIN_BYTES_MAX = 255
_LINE = re.compile(r"[^\x00-\x1f]+")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: which it is, how many leaves it has, and their root.

    Extension lines are read, and none are written by us: ML-DSA-44 signatures don't cover them.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not _LINE.fullmatch(line):
                raise Malformed("a checkpoint's lines are not empty, and text")
        if len(self.origin.encode("utf-8", "surrogatepass")) > _ORIGIN_BYTES_MAX:
            raise Malformed("a log's origin has at most 255 bytes")
        require_size(self.size)
        require_hash(self.root, "root")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise Malformed("an empty tree has another root")

    def __str__(self) -> str:
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text is.

    Raises:
        Malformed: it is none.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop():
        raise Malformed("a checkpoint has an origin, a size and a root, each on a line")
    origin, size, root, *extensions = lines
    return Checkpoint(origin, number_from_text(size), hash_from_base64(root), tuple(extensions))
