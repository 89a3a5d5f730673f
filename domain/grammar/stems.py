"""What a text's words tell cheaply of the patterns and texts that cannot be found in it.

Most patterns hang on a few words, and most texts have none of these. A text is taken apart once
for all who ask, and its words are those of many texts: what can be in a word is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count

import msgspec

from domain.grammar.keeping import Kept

TEXTS_MAX = 64

_STEM = re.compile(r"([a-z]{1,3}+)[a-z]*+")
_RUN = re.compile(r"[a-z][a-z']*")
_NOT_FOLDED = re.compile(r"(?<![\\?])[A-Z]|[^\x00-\x7f]|\\[uUxN]")
"""Of a pattern that may ask for a capital or a picture, which are not in what is folded."""
_PICTURE = re.compile(r"[^\x00-\x7f\w\s]")
_NOTHING = "\x00"
_SAME_LETTERS = {"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"}
"""Letters that a pattern without case takes for plain ones."""

_bits = (1 << place for place in count())
_of_stems: dict[str, int] = {}
_of_words: dict[str, int] = {}
_of_parts: list[tuple[int, list[str]]] = []
_of_signs: list[tuple[int, list[str]]] = []
"""Those of the parts that are without letters."""


def each_stem(text: str) -> list[str]:
    """The first three letters of every run of letters, in lower case."""
    stems: list[str] = _STEM.findall(with_plain_letters(text).lower())
    return stems


def with_plain_letters(text: str) -> str:
    """The text without the letters that a pattern without case takes for plain ones."""
    if not text.isascii():
        for letter, plain in _SAME_LETTERS.items():
            text = text.replace(letter, plain)
    return text


def letters_of(text: str) -> str:
    """The text in small and plain letters, with a sign of no meaning for each of its pictures."""
    low = _PICTURE.sub(_NOTHING, text)
    return low.lower() if low.isascii() else with_plain_letters(low).lower()


def holds_any(text: str, parts: Iterable[str]) -> bool:
    """Whether one of the parts stands anywhere in the text."""
    # A generator, or a method mapped over the parts, takes twice as long.
    for part in parts:  # noqa: SIM110
        if part in text:
            return True
    return False


def _in_word(word: str) -> int:
    found = _of_words.get(word, 0)
    for stem in each_stem(word):
        found |= _of_stems.get(stem, 0)
    for run in _RUN.findall(word):
        found |= _of_words.get(run, 0)
    for mark, parts in _of_signs if word == word.upper() else (*_of_parts, *_of_signs):
        if holds_any(word, parts):
            found |= mark
    return found


class Page(msgspec.Struct, frozen=True, gc=False):
    """A text as all who seek in it would make it for themselves."""

    low: str
    """In small letters,"""
    plain: str
    """and without the letters that a pattern without case takes for plain ones."""
    marks: int
    """Of all that may be in it: what has none of its own here is not in it."""


def _page(text: str) -> Page:
    low = text.lower()
    plain = low if text.isascii() else with_plain_letters(text).lower()
    marks = 0
    # Most words have no mark.
    for found in filter(None, map(_mark, (low if plain == low else f"{low} {plain}").split())):
        marks |= found
    return Page(low, plain, marks)


_letters = Kept(letters_of, TEXTS_MAX)
_words = Kept(_in_word)
_mark = _words.__getitem__
_pages = Kept(_page, TEXTS_MAX)
page_of = _pages.__getitem__
"""The page of a text; those of the last few texts are kept."""


def stem_mark(stems: Iterable[str]) -> int:
    """A new mark, of texts with a word that begins so."""
    return _new_mark(_of_stems, stems)


def word_mark(words: Iterable[str]) -> int:
    """A new mark, of texts with one of these words, whatever signs stand beside it."""
    return _new_mark(_of_words, words)


def _new_mark(marks: dict[str, int], said: Iterable[str]) -> int:
    mark = next(_bits)
    for one in said:
        marks[one] = marks.get(one, 0) | mark
    _forget()
    return mark


def _forget() -> None:
    """Throws away what was kept before there was a mark more."""
    _words.clear()
    _pages.clear()


class Hint:
    """Texts in small letters, some of them with blanks, of which one has to be in a message."""

    __slots__ = ("_sure", "mark", "parts")

    def __init__(self, *parts: str) -> None:
        self.parts = parts
        whole = [part for part in parts if part.split() == [part]]
        self._sure = _mark_of_parts(whole)
        longest = [max(part.split(), key=len) for part in parts if part not in whole]
        self.mark = self._sure | _mark_of_parts(longest)
        _forget()

    def is_in(self, page: Page) -> bool:
        """Whether one of them stands anywhere in the text."""
        if not page.marks & self.mark:
            return False
        if page.marks & self._sure and page.low is page.plain:
            return True
        return holds_any(page.low, self.parts)


def _mark_of_parts(parts: list[str]) -> int:
    """A new mark, of words that hold one of the parts."""
    if not parts:
        return 0
    mark = next(_bits)
    for of_some, some in (
        (_of_parts, [part for part in parts if part != part.upper()]),
        (_of_signs, [part for part in parts if part == part.upper()]),
    ):
        if some:
            of_some.append((mark, some))
    return mark


class Held:
    """A pattern with texts of which each of its matches holds at least one."""

    __slots__ = ("parts", "pattern")

    def __init__(self, pattern: str, *parts: str) -> None:
        self.pattern = re.compile(pattern)
        self.parts = parts

    def search(self, text: str) -> re.Match[str] | None:
        """The first place where the text says it."""
        return self.pattern.search(text) if holds_any(text, self.parts) else None

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Whether the whole text is what the pattern says."""
        # Not by way of a function: this is asked a dozen times of each part of a sentence.
        for part in self.parts:
            if part in text:
                return self.pattern.fullmatch(text)
        return None


class Pattern:
    """A pattern that is found sooner in texts of plain letters, which most texts are.

    One without case is looked for in small letters first, which is several times as fast; where
    it stands, it is found again in the letters that were written.
    """

    __slots__ = ("_is_folded", "_plain", "_sought", "pattern")

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = re.compile(pattern, flags)
        self._is_folded = flags & re.IGNORECASE > 0 and _NOT_FOLDED.search(pattern) is None
        if self._is_folded:
            flags &= ~re.IGNORECASE
        self._sought = re.compile(pattern, flags)
        # Which signs are blanks is another question there.
        self._plain = re.compile(pattern, flags if r"\s" in pattern.lower() else flags | re.ASCII)

    def find(self, text: str) -> re.Match[str] | None:
        """The first place where it stands in the text."""
        if not self._is_folded:
            return (self._plain if text.isascii() else self._sought).search(text)
        low = text.lower() if text.isascii() else _letters[text]
        if (self._plain if low.isascii() else self._sought).search(low) is None:
            return None
        return self.pattern.search(text)

    search = find

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """All places where it stands in the text."""
        return self._fitting(text).finditer(text)

    def sub(self, by: str, text: str) -> str:
        """The text with something else in all those places."""
        return self._fitting(text).sub(by, text)

    def _fitting(self, text: str) -> re.Pattern[str]:
        return self._plain if text.isascii() and not self._is_folded else self.pattern


class Hinted(Pattern):
    """A pattern with the stems of which each of its matches holds at least one."""

    __slots__ = ("mark",)

    def __init__(self, stems: str, pattern: str, flags: int = 0) -> None:
        super().__init__(pattern, flags)
        self.mark = stem_mark(stems.split())

    def search(self, text: str) -> re.Match[str] | None:
        """What the pattern finds in the text; without a look at it where that can be nothing."""
        return self.find(text) if _pages[text].marks & self.mark else None

    def search_low(self, page: Page) -> re.Match[str] | None:
        """What it finds in the text in small letters, on the same terms."""
        return self.find(page.low) if page.marks & self.mark else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """All that the pattern finds in the text, on the same terms."""
        return super().finditer(text) if _pages[text].marks & self.mark else iter(())
