"""Where action words stand in a text, whether or not they turn out to be acts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from domain.grammar.idioms import IDIOM_LENGTHS, IDIOM_SECONDS, IDIOMS
from domain.grammar.marks import TICKER, marked
from domain.grammar.reading import Action, Kind
from domain.grammar.tickers import is_ticker_word
from domain.grammar.tokens import Token
from domain.grammar.verbs import FIRST_WORDS, SECOND_WORDS, VERBS, Form, Verb
from domain.grammar.vocabulary import (
    BEFORE_CONTRACT,
    FRACTION_PARTS,
    FRACTIONS,
    NO_ROOTS,
    PARTIALS,
    SECURE,
    TAKE,
)

CONTRACT_KINDS = frozenset(
    {"osi", "pair", "slash", "strike", "joined", "cash", "iso", "dashed", "dte", "daymon", "monday"}
)
WHOLE_KINDS = frozenset({"strike", "osi", "joined"})
"""Of a contract that is said with its strike and its right in one word."""
STARTS = marked(
    FIRST_WORDS.keys() | IDIOM_LENGTHS.keys() | TAKE | SECURE | FRACTIONS.keys()
    | FRACTION_PARTS.keys()
)  # fmt: skip
"""Of words that may begin an action; most pieces have none."""
_REACH = 8
NAMES = marked(kinds=CONTRACT_KINDS) | TICKER
_BEFORE_NAME = marked(
    BEFORE_CONTRACT, kinds=("num", "qty", "percent", "at", "money", "amp", "dotted")
)
_NUMBER_KINDS = frozenset({"at", "money", "num", "percent"})
_PROFITS = frozenset({"profit", "profits", "gains", "gain"})
_LOSSES = frozenset({"l", "loss", "losses"})
_RESULTS = frozenset({"flat", "scratch"})
_BEFORE_RESULT = frozenset({"out", "close", "closed", "closing", "sold", "exited", "cut", "stopped",
                            "a", "for"})  # fmt: skip
_HERE = frozenset({"here", "now", "on", "at", "for", "and"})
_OFF = frozenset({"off", "here", "now", "profit", "profits", "more", "at", "for", "of", "into",
                  "out", "the"})  # fmt: skip
_BEFORE_PROFIT = frozenset({"my", "the", "a", "an", "our", "another", "last", "in", "up", "small",
                            "quick", "nice", "more", "little", "early", "good"})  # fmt: skip


_BOT = "bot"
"""May stand between a contract and its price; "in at .62" there tells how the trade stands."""
_HEADS = frozenset({"in", "buy", "buying", "sell", "selling", "trim", "trimming", "adding", "add"})


class Spot(msgspec.Struct, frozen=True, gc=False):
    """Where an action word stands: tokens from `start` up to `end`."""

    start: int
    end: int
    verb: Verb
    said: str
    inherent: bool = False
    share: Decimal | None = None


def spots(tokens: Sequence[Token]) -> Iterator[Spot]:
    """Every action word or phrase, the longest phrase first."""
    at = 0
    count = len(tokens)
    while at < count:
        if not tokens[at].marks & STARTS:
            at += 1
            continue
        if tokens[at].low in IDIOM_LENGTHS and (idle := idiom_at(tokens, at)):
            at += idle
            continue
        spot = _spot(tokens, at)
        if spot is not None:
            yield spot
        at = max(spot.end, at + 1) if spot is not None else at + 1


def _spot(tokens: Sequence[Token], at: int) -> Spot | None:
    token = tokens[at]
    if token.kind != "word" and token.text not in FRACTION_PARTS:
        return None
    if token.low in FRACTIONS or token.text in FRACTION_PARTS:
        return _share_off(tokens, at)
    if token.low in TAKE or token.low in SECURE:
        taken = _take_profit(tokens, at)
        if taken is not None or token.low in SECURE or _is_share(tokens, at + 1):
            return taken
    if token.low == "btc" and at and (tokens[at - 1].low,) in VERBS:
        return None
    return _worded(tokens, at)


def _worded(tokens: Sequence[Token], at: int) -> Spot | None:
    first = tokens[at].low
    lengths = FIRST_WORDS.get(first, ())
    if lengths and not _goes_on(tokens, at, SECOND_WORDS[first]):
        lengths = lengths[-1:]
    for length in lengths:
        end = at + length
        phrase = (first,) if length == 1 else tuple([t.low for t in tokens[at:end]])
        verb = VERBS.get(phrase)
        if verb is None or len(phrase) < length:
            continue
        if first in _RESULTS and at and tokens[at - 1].low in _BEFORE_RESULT:
            return None
        said = tokens[at].text if length == 1 else " ".join([t.text for t in tokens[at:end]])
        end += _has_colon(tokens, end, verb, phrase)
        if (
            not verb.strict
            or _names_contract(tokens[end : end + _REACH])
            or (at and first == _BOT and is_priced(tokens[end:]))
        ):
            return Spot(at, end, verb, said)
    return None


def is_priced(after: Sequence[Token]) -> bool:
    """Whether a price follows at once: "@ 3.10", "at 3.10", "$3.10" or "3.10"."""
    if not after:
        return False
    head = after[0]
    if head.low == "at":
        return len(after) > 1 and after[1].kind in ("num", "money")
    return head.kind in ("at", "money") or (head.kind == "num" and "." in head.text)


def _goes_on(tokens: Sequence[Token], at: int, seconds: frozenset[str]) -> bool:
    """Whether a phrase can be longer than the word at a place: most are not."""
    return at + 1 < len(tokens) and tokens[at + 1].low in seconds


def _has_colon(tokens: Sequence[Token], end: int, verb: Verb, phrase: tuple[str, ...]) -> bool:
    """In "Sold: TSLA 250c @ 3.10" and "Close alert: ..." the action heads its ticket; "Close: 425"
    is a label."""
    follows = end < len(tokens) and tokens[end].kind == "colon"
    return follows and (verb.form is not Form.NOW or phrase[0] in _HEADS or phrase[-1] == "alert")


def idiom_at(tokens: Sequence[Token], at: int) -> int:
    """How many words a turn of phrase takes that begins at a place; 0 where none does."""
    first = tokens[at].low
    if first not in IDIOM_LENGTHS or not _goes_on(tokens, at, IDIOM_SECONDS[first]):
        return 0
    for length in IDIOM_LENGTHS[first]:
        phrase = tuple([t.low for t in tokens[at : at + length]])
        if phrase in IDIOMS:
            return len(phrase)
    return 0


def _names_contract(tokens: Sequence[Token]) -> bool:
    """Whether a contract or ticker follows, with nothing but sizes and small words before it."""
    for token in tokens:
        if token.marks & NAMES:
            return True
        if not token.marks & _BEFORE_NAME:
            return token.kind == "word" and _is_root_before_contract(tokens, token)
    return False


def _is_root_before_contract(tokens: Sequence[Token], token: Token) -> bool:
    """A root in small letters: "in amd 2/6 120p"."""
    place = next(i for i, one in enumerate(tokens) if one is token)
    ahead = tokens[place + 1] if place + 1 < len(tokens) else None
    return token.low not in NO_ROOTS and ahead is not None and ahead.kind in CONTRACT_KINDS


def _share_off(tokens: Sequence[Token], at: int) -> Spot | None:
    """Reads "1/2 off here", "half off @ 3.10"; "half off sale" is none."""
    if at + 1 >= len(tokens) or tokens[at + 1].low != "off":
        return None
    if at and (tokens[at - 1].low in TAKE or tokens[at - 1].low in _BEFORE_PROFIT):
        return None
    ahead = tokens[at + 2] if at + 2 < len(tokens) else None
    sells = ahead is None or ahead.low in _OFF or ahead.kind in _NUMBER_KINDS
    if not sells and not (ahead is not None and is_ticker_word(ahead.text)):
        return None
    trim = Verb(Kind.TRIM, Action.STC, either_side=True)
    return Spot(at, at, trim, f"{tokens[at].text} off", inherent=True)


def _take_profit(tokens: Sequence[Token], at: int) -> Spot | None:
    """Reads "taking full profit", "take my last trim", "locking in gains", "taking the L"."""
    end = at + 1
    while end < len(tokens) and tokens[end].low in _BEFORE_PROFIT:
        end += 1
    low = tokens[end].low if end < len(tokens) else ""
    ahead = tokens[end + 1] if end + 1 < len(tokens) else None
    said = " ".join(token.text for token in tokens[at : end + 1])
    trim = Verb(Kind.TRIM, Action.STC, either_side=True)
    close = Verb(Kind.CLOSE, Action.STC, either_side=True, whole=True, alone=True)
    if low in ("full", "all", "max") and ahead is not None and ahead.low in _PROFITS:
        return Spot(at, end + 2, close, f"{said} {ahead.text}", inherent=True)
    if low in _PROFITS or low in ("trim", "trims", "partial", "partials"):
        return Spot(at, end + 1, trim, said, inherent=True)
    if low in PARTIALS and ahead is not None and ahead.low in _PROFITS:
        return Spot(at, end + 2, trim, f"{said} {ahead.text}", inherent=True)
    if low in _LOSSES and tokens[at].low in TAKE:
        return Spot(at, end + 1, close, said) if _is_pointed_at(ahead) else None
    if _is_part(tokens, end) and _sells(ahead):
        return Spot(at, end, trim, said, inherent=True)
    is_share = _is_share(tokens, end) or (end < len(tokens) and tokens[end].text in FRACTION_PARTS)
    if tokens[at].low in TAKE and is_share and _ends_or_prices(ahead):
        return Spot(at, end, trim, said, inherent=True)
    return None


def _is_part(tokens: Sequence[Token], at: int) -> bool:
    if at >= len(tokens):
        return False
    ahead = tokens[at + 1] if at + 1 < len(tokens) else None
    off = ahead is not None and ahead.low == "off"
    return tokens[at].low in PARTIALS or (
        off and (_is_share(tokens, at) or tokens[at].text in FRACTION_PARTS)
    )


def _sells(ahead: Token | None) -> bool:
    return ahead is None or ahead.low in _OFF or ahead.kind in ("at", "money", "num")


def _ends_or_prices(ahead: Token | None) -> bool:
    """Behind "taking 40%" the price stands, or nothing: of what else, "taking 40% profit"?"""
    return ahead is None or ahead.low in ("at", "here", "now") or ahead.kind in ("at", "money")


def _is_pointed_at(ahead: Token | None) -> bool:
    """Whether a loss is that of a trade: "taking the L here"; "taking the L today" is of a day."""
    return ahead is None or ahead.low in _HERE or ahead.kind in _NUMBER_KINDS


def _is_share(tokens: Sequence[Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].kind == "percent"
