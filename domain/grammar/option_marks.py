"""Words that are said of options alone: no text that holds one opens a trade in shares."""

from __future__ import annotations

from collections.abc import Iterable

from domain.grammar.marks import marked
from domain.grammar.strategies import SIGNS, STRATEGIES
from domain.grammar.tokens import Token
from domain.grammar.vocabulary import OPTION_WORDS, RIGHTS

_SAID_OF_STOCKS = frozenset({"c", "p", "call", "put", "weekly", "monthly", "premium"})
"""A nice call, the weekly chart."""
_SAID_OF_ALL = frozenset({"spread", "spreads", "fly", "flies", "calendar", "calendars"})
_SHAPES = _SAID_OF_ALL | SIGNS.keys()
_NOTHING = Token("", "", "")
OPTION_MARKS = (RIGHTS.keys() | OPTION_WORDS | STRATEGIES.keys()) - _SAID_OF_STOCKS - _SAID_OF_ALL
_CONTRACT_KINDS = frozenset({"strike", "osi", "joined", "slash", "dte"})
MAY_MARK = marked(OPTION_MARKS | {"call", "put"}, kinds=_CONTRACT_KINDS | {"mix"})
"""Without one of these there is no such word in a text."""


def option_mark(tokens: Iterable[Token]) -> str:
    """The first word of an option; empty where there is none."""
    before = _NOTHING
    for token in tokens:
        if _is_mark(token):
            return token.text
        if before.low in ("call", "put") and (
            token.kind in ("num", "money") or token.low in _SHAPES
        ):
            return before.text
        before = token
    return ""


def _is_mark(token: Token) -> bool:
    broken = token.kind == "mix" and not {"c", "p"}.isdisjoint(token.low)
    if token.kind == "slash" and "." in token.text:
        return not {"c", "p"}.isdisjoint(token.low)
    return broken or token.kind in _CONTRACT_KINDS or token.low in OPTION_MARKS
