"""The lines of a card's prose that read like an order ticket rather than like talk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from domain.grammar.strategies import STRATEGIES
from domain.grammar.tickers import is_ticker_word
from domain.grammar.tokens import Token
from domain.grammar.verbs import EXITS, VERBS
from domain.grammar.vocabulary import (
    CONDITIONS,
    EXPIRY_WORDS,
    FRACTION_PARTS,
    LEADING,
    LEVEL_FILLERS,
    OPTION_WORDS,
    PRICE_WORDS,
    RIGHTS,
    SIZES,
    STOPS,
    TARGETS,
)

_TICKET_WORDS = (
    RIGHTS.keys() | PRICE_WORDS | OPTION_WORDS | STOPS | TARGETS | EXPIRY_WORDS | LEVEL_FILLERS
    | SIZES | STRATEGIES.keys() | LEADING | {"avg", "average", "half", "full", "size", "light"}
)  # fmt: skip
_CONTRACT_KINDS = frozenset({"strike", "osi", "joined", "cash", "pair"})
_SLOT_KINDS = _CONTRACT_KINDS | {"slash", "iso", "dte", "daymon", "monday", "at", "money", "num"}
_ODD_WORDS_MAX = 3
_LINES_MAX = 12


def ticket_lines(prose: Sequence[Token]) -> list[Token]:
    """The words of those lines.

    Behind the price of a line its author may go on talking; a condition there still counts.
    """
    kept: list[Token] = []
    for words in islice(_lines(prose), _LINES_MAX):
        lone = len(words) == 1 and is_ticker_word(words[0].text)
        if not (lone or any(token.kind in _SLOT_KINDS for token in words)):
            continue
        cut = _cut(words)
        cut = [token for place, token in enumerate(cut) if not _is_part_sold(cut, place)]
        odd = sum(map(is_odd, cut))
        if odd <= _ODD_WORDS_MAX or any(token.kind in _CONTRACT_KINDS for token in cut):
            kept += [*cut, Token("end", "\n", "\n")]
    return kept


def _lines(prose: Sequence[Token]) -> Iterator[list[Token]]:
    line: list[Token] = []
    for token in prose:
        if token.text[0] == "\n":
            yield line
            line = []
        else:
            line.append(token)
    yield line


def _cut(words: list[Token]) -> list[Token]:
    """The words up to the first that says nothing of a ticket, once contract and price stand."""
    contract = priced = False
    for place, token in enumerate(words):
        contract = contract or token.kind in _CONTRACT_KINDS
        priced = priced or token.kind in ("at", "money") or "." in token.text
        if contract and priced and is_odd(token):
            hedged = any(later.low in CONDITIONS for later in words[place:])
            return words if hedged else words[:place]
    return words


def _is_part_sold(words: Sequence[Token], place: int) -> bool:
    """In "Sold 1/3 NVDA 190c" the third is no day in January; the words of the exit read it."""
    verb = VERBS.get((words[place - 1].low,)) if place else None
    return verb is not None and verb.kind in EXITS and words[place].text in FRACTION_PARTS


def is_odd(token: Token) -> bool:
    """Whether a word says nothing that a ticket has a place for."""
    return (
        token.kind == "word" and token.low not in _TICKET_WORDS and not is_ticker_word(token.text)
    )
