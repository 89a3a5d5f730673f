"""Cuts the tokens of a text into pieces: what stands between commas, several to a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from domain.grammar.marks import marked
from domain.grammar.tokens import Token
from domain.grammar.vocabulary import BEYOND, QUESTION_WORDS, STOPS, TARGETS

_COMPANY = frozenset({"who", "whos", "who's", "anyone", "anybody", "everyone", "everybody"})
_CUTS = marked(_COMPANY | {"but"}, kinds=("end", "comma"))
_REACHES = marked(BEYOND)
_THEM = frozenset({"you", "yall", "y'all", "guys", "anyone", "anybody", "everyone", "others"})
_AUXILIARIES = frozenset({"should", "is", "was", "am", "did", "does", "can", "could", "would"})
_MINE = frozenset({"i", "we", "it", "that", "this", "my"})


class Piece(msgspec.Struct, gc=False):
    """A stretch of words between commas; several make a sentence."""

    tokens: list[Token]
    sentence: int
    question: bool = False
    turns: bool = False
    """It stands behind a "but"."""
    conditional: bool = False
    """A piece before it in the sentence says over or under which price."""
    marks: int = 0
    """Those of all its tokens."""

    @property
    def words(self) -> Iterator[str]:
        return (token.low for token in self.tokens if token.kind == "word")

    @property
    def first(self) -> str:
        return self.tokens[0].low


def pieces(tokens: Sequence[Token]) -> list[Piece]:
    """Cuts at sentence ends, commas, brackets and "but"."""
    found: list[Piece] = []
    current: list[Token] = []
    sentence = begin = 0
    turns = False
    marks = 0
    for token in tokens:
        if not token.marks & _CUTS:
            current.append(token)
            marks |= token.marks
            continue
        kind = token.kind
        turn = token.low == "but" and not _excepts(current)
        calls = token.low in _COMPANY and any(said.kind == "at" for said in current)
        if calls or turn or kind == "end" or kind == "comma":
            if current:
                found.append(Piece(current, sentence, turns=turns, marks=marks))
            current = [token] if calls else []
            marks = token.marks if calls else 0
            turns = turn
            if kind == "end":
                _settle(found[begin:], token)
                begin = len(found)
                sentence += 1
        else:
            current.append(token)
            marks |= token.marks
    if current:
        found.append(Piece(current, sentence, turns=turns, marks=marks))
    _settle(found[begin:], None)
    return found


def _excepts(current: Sequence[Token]) -> bool:
    """In "all but one" nothing is set against anything."""
    return bool(current) and current[-1].low in ("all", "everything")


def _settle(sentence: list[Piece], end: Token | None) -> None:
    """Marks what is asked, and levels that hang on a price: "over 248, stop 1.50"."""
    if end is not None and "?" in end.text:
        _ask(sentence)
    elif sentence and _wonders(sentence[-1]):
        for piece in sentence:
            piece.question = True
    if len(sentence) < 2:
        return
    hangs = False
    for piece in sentence:
        piece.conditional = hangs
        hangs = hangs or (piece.marks & _REACHES > 0 and _hangs_on_price(piece))


def _hangs_on_price(piece: Piece) -> bool:
    for token, ahead in pairwise(piece.tokens):
        if token.low in STOPS or token.low in TARGETS:
            return False
        if token.low in BEYOND and ahead.kind in ("num", "money"):
            return True
    return False


def _ask(sentence: list[Piece]) -> None:
    """Marks a question; one that only asks who follows ("..., who else?") leaves the rest alone."""
    for piece in sentence[-1:] if len(sentence) > 1 and _asks_others(sentence[-1]) else sentence:
        piece.question = True


def _asks_others(piece: Piece) -> bool:
    heads = [token.low for token in piece.tokens[:4]]
    return heads[0] in _COMPANY or (heads[0] in QUESTION_WORDS and not _THEM.isdisjoint(heads))


def _wonders(piece: Piece) -> bool:
    """A question without its mark: "should I hold", "is that ok"."""
    heads = piece.tokens
    return len(heads) > 1 and heads[0].low in _AUXILIARIES and heads[1].low in _MINE
