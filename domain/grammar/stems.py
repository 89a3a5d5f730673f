"""The beginnings of a text's words, which tell cheaply what its patterns cannot find.

Most patterns hang on a few words, and most texts have none of these. A text's stems are taken
once for all who ask; a `Hinted` pattern is searched only where one of its own is among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from domain.grammar.keeping import kept

_STEM = re.compile(r"([a-z]{1,3}+)[a-z]*+")
_SAME_LETTERS = {"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"}
"""Letters that a pattern without case takes for plain ones."""


def each_stem(text: str) -> list[str]:
    """The first three letters of every run of letters, in lower case."""
    stems: list[str] = _STEM.findall(with_plain_letters(text).lower())
    return stems


@kept(most=64)
def stems_of(text: str) -> frozenset[str]:
    """All stems of a text, each once."""
    return frozenset(each_stem(text))


def with_plain_letters(text: str) -> str:
    """The text without the letters that a pattern without case takes for plain ones."""
    if not text.isascii():
        for letter, plain in _SAME_LETTERS.items():
            text = text.replace(letter, plain)
    return text


def holds_any(text: str, parts: Iterable[str]) -> bool:
    """Whether one of the parts stands anywhere in the text."""
    # A generator, or a method mapped over the parts, takes twice as long.
    for part in parts:  # noqa: SIM110
        if part in text:
            return True
    return False


class Pattern:
    """A pattern that is found sooner in texts of plain letters, which most texts are."""

    __slots__ = ("_plain", "pattern")

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = re.compile(pattern, flags)
        # Which signs are blanks is another question there.
        self._plain = (
            re.compile(pattern, flags | re.ASCII) if r"\s" not in pattern else self.pattern
        )

    def find(self, text: str) -> re.Match[str] | None:
        """The first place where it stands in the text."""
        return (self._plain if text.isascii() else self.pattern).search(text)

    search = find

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """All places where it stands in the text."""
        return (self._plain if text.isascii() else self.pattern).finditer(text)

    def sub(self, by: str, text: str) -> str:
        """The text with something else in all those places."""
        return (self._plain if text.isascii() else self.pattern).sub(by, text)


class Hinted(Pattern):
    """A pattern with the stems of which each of its matches holds at least one."""

    __slots__ = ("stems",)

    def __init__(self, stems: str, pattern: str, flags: int = 0) -> None:
        super().__init__(pattern, flags)
        self.stems = frozenset(stems.split())

    def search(self, text: str) -> re.Match[str] | None:
        """What the pattern finds in the text; without a look at it where that can be nothing."""
        if self.stems.isdisjoint(stems_of(text)):
            return None
        return self.find(text)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """All that the pattern finds in the text, on the same terms."""
        if self.stems.isdisjoint(stems_of(text)):
            return iter(())
        return super().finditer(text)
