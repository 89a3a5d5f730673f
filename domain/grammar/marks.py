"""What a token may be good for, in one number: a bit for every question that readers ask of it.

A reader says once, when it is imported, of which words, kinds or beginnings of words it cannot
do without; the marks of a piece, which are those of its tokens together, then tell it in one
step that there is nothing in it to read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

from domain.grammar.stems import each_stem
from domain.grammar.tickers import is_ticker_word

TICKER = 1
"""The mark of a word that may be a ticker."""

_of_words: dict[str, int] = {}
_of_kinds: dict[str, int] = {}
_of_stems: dict[str, int] = {}
_outdated: list[Callable[[], None]] = []
_bits = (TICKER << place for place in count(1))


def marked(
    words: Iterable[str] = (), *, kinds: Iterable[str] = (), stems: Iterable[str] = ()
) -> int:
    """A new mark: of these words, of tokens of these kinds, of runs of letters that begin so."""
    mark = next(_bits)
    for found, said in ((_of_words, words), (_of_kinds, kinds), (_of_stems, stems)):
        for one in said:
            found[one] = found.get(one, 0) | mark
    for forget in _outdated:
        forget()
    return mark


def when_outdated(forget: Callable[[], None]) -> Callable[[], None]:
    """Calls it whenever there is a mark more, so that no token is kept without it."""
    _outdated.append(forget)
    return forget


def marks_of(kind: str, text: str, low: str) -> int:
    """All marks of a token."""
    found = _of_kinds.get(kind, 0) | _of_words.get(low, 0)
    for stem in each_stem(low):
        found |= _of_stems.get(stem, 0)
    return found | TICKER if is_ticker_word(text) else found
