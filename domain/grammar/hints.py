"""Which of many short texts may stand in a message, asked of its words and not of its letters.

To look for hundreds of texts in every message takes long; to look them up by its words, which
are those of many messages, does not.
"""

from __future__ import annotations

from domain.grammar.keeping import Kept
from domain.grammar.stems import holds_any

TEXTS_MAX = 64

_hints: list[tuple[int, list[str]]] = []


def _marks(word: str) -> int:
    """The marks of the hints of which a part may reach into the word; no number has any."""
    found = 0
    for mark, parts in () if word == word.upper() else _hints:
        if holds_any(word, parts):
            found |= mark
    return found


def _in_text(low: str) -> int:
    found = 0
    for word in low.split():
        found |= _of_words[word]
    return found


_of_words = Kept(_marks)
_of_texts = Kept(_in_text, TEXTS_MAX)
"""Of the last few texts: one message is asked by several readers."""


class Hint:
    """Texts in small letters, some of them with blanks, of which one has to be in a message."""

    __slots__ = ("mark", "parts")

    def __init__(self, *parts: str) -> None:
        self.parts = parts
        self.mark = 1 << len(_hints)
        _hints.append((self.mark, [max(part.split(), key=len) for part in parts]))
        _of_words.clear()
        _of_texts.clear()

    def is_in(self, low: str) -> bool:
        """Whether one of them stands anywhere in the text, which is in small letters."""
        return _of_texts[low.strip()] & self.mark > 0 and holds_any(low, self.parts)


def may_hold(low: str, mark: int) -> bool:
    """Whether any of the hints whose marks these are may be in the text."""
    return _of_texts[low.strip()] & mark > 0
