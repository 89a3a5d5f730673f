"""Cuts plain text into typed tokens: contracts, dates, prices, words and sentence ends.

Every alternative is bounded or scans its characters once, so the time is linear in the length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import cache, lru_cache, partial
from typing import NamedTuple

import msgspec

from domain.grammar.keeping import Kept, kept
from domain.grammar.marks import marks_of, when_outdated
from domain.grammar.stems import letters_of

NUMBER = (
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?"
    r"|[0-9]{1,3},[0-9]{2}(?![0-9])"
    r"|[0-9]*\.[0-9]+|[0-9]+)"
)
_MONTH = (
    r"(?=[adfjmnos])(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)\.?|january|february|march|april"
    r"|june|july|august|september|october|november|december)"
)
_ORDINAL = "(?:st|nd|rd|th)?"
_DAY = rf"[0-9]{{1,2}}{_ORDINAL}"
_RANGE_END = (
    r"(?:ish)?(?![0-9a-z%/]| ?%| [cp]\b| (?:calls?|puts?)\b(?! (?:debit|credit|spread|vert))"
    r"| (?:on|in) small\b)"
)
"""Behind a range stands no right: "189.20 - 250c" is a price and a strike; "2.30 - 2 on small
account" a price and a size."""
_RANGE = rf"(?: ?- ?\$?{NUMBER}{_RANGE_END})?"
_PRICE_RANGE = rf"(?: ?[-/] ?\$?{NUMBER}{_RANGE_END})?"
_NO_STRIKE = r"(?![0-9]| ?\+? ?-?(?:[cp]|calls?|puts?|strike)\b)"
_YEAR = (
    rf"(?:(?:,? ?'?|-)20[2-9][0-9]{_NO_STRIKE}|'[0-9]{{2}}"
    r"|,? 2[0-9](?= \$?[0-9]{1,5}(?:\.[0-9])? ?[cp]))?"
)
_YEAR_BEHIND = rf"(?:20[2-9][0-9]\b(?![/.])|2[0-9]\b(?! ?[/.'])){_NO_STRIKE}"
_ALONE = (
    rf"(?![a-z0-9]| [0-9]{{1,2}}(?:st|nd|rd|th)\b| (?:[0-9]{{1,2}},? )?20[2-9][0-9]{_NO_STRIKE}"
    r"| [0-9]{1,2} \$?[a-z]{1,5} \$?[0-9][0-9,.]{0,7}\+? ?-?(?:[cp]|calls?|puts?|strike)\b"
    r"| [0-9]{1,2} \$[a-z])"
)
"""Behind "5 Jan" stands no other day, which would make the 5 a size: "5 Jan 16 TSLA 250c"."""
_FIRST_PART = r"[0-9]{1,5}+(?>(?:\.[0-9]{1,3}+)?)[cp]?+"
_PART = r"\$?[0-9]{1,5}(?:\.[0-9]{1,3})?[cp]?"
_SLASH = rf"{_FIRST_PART}(?:/-?{_PART}){{1,3}}(?: ?e(?:xp)?\b)?(?![0-9a-z/])"
_PAIR = r"\b[a-z0-9]{1,10}+/(?:usdt|usdc|usd|eur|btc|eth)\b"
_COINS = r"\b(?:btc|eth|sol|xrp|doge|ada|ltc|bnb|avax|link)-?(?:usdt|usdc|usd)\b"
_TWO_POINTS = r"(?:[0-9]{0,6}\.[0-9]{1,6}\.[0-9]{1,6}|[0-9]{1,6}\.{2,3}[0-9]{1,6})"
_AT = (
    rf"@ ?(?:(?:lim|limit|~) ?)?\$?(?:[0-9]+ \.[0-9]{{2}}(?![0-9])|{NUMBER})(?:ish)?"
    r"(?![0-9a-z%]|[.,][0-9]| %| [cp]\b)"
)
_STRIKE = (
    r"\b(?>[0-9]{1,3},[0-9]{3}|[0-9]{1,5})(?>(?:\.[0-9]{1,3}+)?)\+?(?: ?-?[cp]|calls?|puts?)\b(?!')"
)
_SHARE = r"(?:[0-9]{1,4}+-)?[0-9]{1,6}+(?>(?:\.[0-9]{1,4}+)?) ?%"
_NUMBERED_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_DASHED = (
    r"(?<![0-9.$/-])(?=[0-9]{1,2}[.-])(?:"
    r"(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?![0-9%./-]| %| ?-)"
    rf"|(?:0?[1-9]|1[0-2])(?:-{_NUMBERED_DAY}-|\.{_NUMBERED_DAY}\.)(?:20)?2[0-9]"
    r"(?![0-9%./-]| %))"
)
_OSI = r"\b[a-z]{1,5}[0-9]? ?[0-9]{6}[cp][0-9]{1,8}(?:\.[0-9]{1,3})?\b"
_JOINED = r"\b[a-z]{2,5}[0-9]{1,5}(?:\.[0-9]{1,2})?[cp]\b"
_HANDLE = r"\b[a-z0-9_.]{2,32}+#[0-9]{4}\b"

_SPACE = r"\s\x1c-\x1f"
"""The last four are blanks to all patterns but those that know no letters beyond ASCII."""
_TAIL = r"(?>(?:'[^\W\d_]++)*)"
_WORD = rf"[^\W\d_]++{_TAIL}"
_NO_PAIR = rf"[^\W\d_]++(?<!usd)(?<!usd[tc]){_TAIL}"
_NO_PART = (
    r"(?:(?![\w/#'. -])"
    rf"|(?=[. -])(?!\.(?![{_SPACE}]|\Z)|-[du]|[. -]{{1,3}}'?[0-9]))"
)
_PLAIN = rf"{_NO_PAIR}(?<!odte){_NO_PART}"
"""A word with nothing beside it that it could be a part of."""
_PLAIN_RUN = rf"(?:(?>(?:{_WORD} (?=[^\W\d_]))+)(?>(?:{_WORD}{_NO_PART})?)|{_WORD}{_NO_PART})"
"""Of words before other words nothing more is asked."""
_BEFORE_NUMBER = (
    rf"(?!(?:x|tp|pt|take|target|tgt|{_MONTH})(?![^\W\d_]))"
    rf"{_NO_PAIR}(?= '?[0-9])(?! [0-9]{{6}}[cp])"
)
_LONE_NUMBER = (
    r"[0-9]++(?>(?:\.[0-9]++)?)(?=[,.;:!?)]?(?:\n|\Z)|[,.;)] "
    rf"| (?!(?:[ap]m|dte|[cpx])\b|{_MONTH})[^\W\d_])"
)
_BLANK = " (?!-)"

_OF_LETTERS = (
    ("plain", _BEFORE_NUMBER),
    ("osi", _OSI),
    ("dte", r"\bo-dte\b|\bodte\b(?=[/#'.-])"),
    ("monday", rf"\b{_MONTH}[ -]?'?(?:20[0-9]{{2}}|{_DAY}{_YEAR})(?![0-9a-z./%])"),
    ("handle", _HANDLE),
    ("pair", rf"{_PAIR}|{_COINS}"),
    ("strike", r"\b[cp]\$?[0-9]{2,5}(?:\.[0-9]{1,2})?\b(?!%)"),
    ("joined", _JOINED),
    ("qty", r"\bx ?[0-9]{1,6}\b(?!\.[0-9])"),
    ("index", r"\b(?:tp|pt|take|target|tgt) ?[0-9]{1,2}(?= ?:)|\b[tp][tp][0-9](?![0-9]|\.[0-9])"),
    ("adjusted", r"\b[a-z]{2,5}[0-9]\b"),
    ("dotted", r"\b[a-z]{1,5}\.[ab]\b"),
    ("word", rf"\bb/e\b|{_WORD}"),
)
_OF_DIGITS = (
    # These three for speed as well.
    ("num", _LONE_NUMBER),
    ("strike", rf"{_STRIKE}(?![/#])"),
    ("slash", _SLASH),
    ("stamp", r"20[0-9]{2}-[0-9]{2}-[0-9]{2}t[0-9:.]+z?"),
    ("time", r"[0-9]{1,2}+:[0-9]{2}(?::[0-9]{2})?(?: ?[ap]m\b)?|\b[0-9]{1,2}+ ?[ap]m\b"),
    ("iso", r"\b20[0-9]{2}-[0-9]{1,2}-[0-9]{1,2}(?![0-9])"),
    ("dashed", _DASHED),
    ("dte", r"\b[0-9]{1,3}+ ?-?dte\b"),
    ("daymon", rf"\b{_DAY}[ -]?{_MONTH}(?:(?: ?'?|,? |-){_YEAR_BEHIND})?{_ALONE}"),
    ("handle", _HANDLE),
    ("pair", _PAIR),
    ("garbled", _TWO_POINTS),
    ("strike", _STRIKE),
    ("percent", _SHARE),
    ("qty", r"\b[0-9]{1,6}+ ?x\b"),
    ("mix", r"[0-9][0-9.,]{0,12}+[a-z][a-z0-9]*"),
    ("num", rf"{NUMBER}(?![0-9]){_RANGE}"),
)
_OF_DOLLARS = (
    ("osi", rf"\${_OSI}"),
    ("pair", rf"\${_PAIR}"),
    ("slash", rf"\${_SLASH}"),
    ("garbled", rf"\${_TWO_POINTS}"),
    ("strike", rf"\${_STRIKE}"),
    ("joined", rf"\${_JOINED}"),
    ("money", rf"\$ ?{NUMBER}(?![0-9%]|[.,][0-9]){_RANGE}(?:[kmb]|ish)?(?![a-z])"),
    ("cash", r"\$[a-z]{1,5}(?:\.[a-z])?\b"),
)
_OF_ATS = (
    ("garbled", rf"@ ?\$?{_TWO_POINTS}"),
    ("at", rf"{_AT}{_PRICE_RANGE}"),
    ("someone", r"@[^\W\d_][\w.]*"),
)
_OF_BLANKS = (("comma", r" -+ "),)
_OF_SIGNS = (
    ("comma", r","),
    ("colon", r":"),
    ("end", rf"\n+|[.!?;]{{1,8}}(?=[{_SPACE}.!?;)\"]|$)"),
    ("qty", r"\([0-9]{1,3}x?\)"),
    ("comma", r"\((?![0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{2,4})?\))|(?![-=]{1,3}>)--+"),
    ("quote", r"\""),
    ("arrow", r"[-=]{1,3}>|(?<=[0-9] )>(?= ?\$?[0-9.])"),
    ("osi", rf"\.\$?{_OSI}"),
    ("handle", _HANDLE),
    ("garbled", _TWO_POINTS),
    ("strike", r"\.5[cp]\b"),
    ("percent", rf"(?<![0-9])[+-] ?{_SHARE}"),
    ("qty", r"(?<![0-9a-z])[+-][0-9]{1,6} ?x\b"),
    ("num", rf"(?:(?<![0-9a-z])[+-])?{NUMBER}(?![0-9]){_RANGE}"),
    ("amp", r"[&/+]"),
)
"""What each kind of token looks like, by what it begins with; the first that fits wins."""
_Shapes = tuple[tuple[str, str], ...]


def _any_of(shapes: _Shapes) -> str:
    # An empty group behind a shape tells its kind: one around it would be opened for every shape
    # that is tried, and hide the letter by which most are seen not to fit.
    return "|".join(f"{f'(?:{shape})' if '|' in shape else shape}()" for _, shape in shapes)


class Token(msgspec.Struct, frozen=True, gc=False):
    """A piece of the text with its type; `low` is the text in lower case."""

    kind: str
    text: str
    low: str
    marks: int = 0


def token_of(kind: str, text: str) -> Token:
    """A token with its marks."""
    low = text.lower()
    return Token(kind, text, low, marks_of(kind, text, low))


_BEGUN = {
    " ": _OF_BLANKS,
    "$": _OF_DOLLARS,
    "@": _OF_ATS,
    **dict.fromkeys("0123456789", _OF_DIGITS),
}
_KINDS = (
    "word",
    *{kind for shapes in (_OF_LETTERS, _OF_SIGNS, *_BEGUN.values()) for kind, _ in shapes},
)
_MADE = {kind: Kept(partial(token_of, kind)) for kind in _KINDS}
"""The tokens of each kind by their text, each made once: most of what is said is said again."""
_RUNS = _MADE["plain"]
"""Stands for words that are taken at once; none of them is kept there."""
_word = _MADE["word"].__getitem__


def kept_token(kind: str, text: str) -> Token:
    """A token with its marks, made once for all who say it."""
    return _MADE[kind][text]


class _Shape(NamedTuple):
    """What a token is that begins with some sign."""

    match: Callable[[str, int], re.Match[str] | None]
    made: tuple[Kept[Token], ...]
    """By the group that tells its kind."""


def _shapes_of(run: str, spell: Callable[[str], str], flags: int = 0) -> Callable[[str], _Shape]:
    """The shape of a token by its first sign, in lower case: to compare letters in either case
    takes longer."""
    letter = re.compile(spell(r"[^\W\d_]"), flags)

    @cache
    def compiled(shapes: _Shapes) -> _Shape:
        pattern = re.compile(spell(rf"(?:{_any_of(shapes)})(?:{_BLANK})?"), flags)
        return _Shape(
            pattern.match, tuple(_MADE[kind] for kind in ("word", *(k for k, _ in shapes)))
        )

    def find(sign: str) -> _Shape:
        if letter.match(sign):
            return compiled((("plain", run), *_OF_LETTERS))
        return compiled(_BEGUN.get(sign, _OF_SIGNS))

    return Kept(find).__getitem__


_shape = _shapes_of(rf"{_PLAIN}(?>(?: {_PLAIN})*)", str)
_plain_shape = _shapes_of(
    _PLAIN_RUN, lambda said: said.replace(r"[^\W\d_]", "[a-z]").replace(r"\w", "a-z0-9_"), re.ASCII
)
"""The same for texts of plain letters without what may be the end of a pair or a day."""


@when_outdated
def _forget() -> None:
    for made in _MADE.values():
        made.clear()
    tokens.cache_clear()


@lru_cache(maxsize=32)
def tokens(text: str) -> Sequence[Token]:
    """All tokens of a cleaned text, in order; what is none of them is skipped.

    Those of the last few texts are kept: several readers of a message ask for the same.
    """
    found: list[Token] = []
    low = text.lower() if text.isascii() else letters_of(text)
    is_plain = low.isascii() and "usd" not in low and "odte" not in low
    shape = _plain_shape if is_plain else _shape
    at, end = 0, len(low)
    while at < end:
        match_at, made = shape(low[at])
        match = match_at(low, at)
        if match is None:
            at += 1
            continue
        group = match.lastindex or 0
        said = text[at : match.end(group)]
        of_kind = made[group]
        if of_kind is _RUNS:
            found += map(_word, said.split())
        else:
            found.append(of_kind[said])
        at = match.end()
    return found


def marks_in(words: Iterable[Token]) -> int:
    """The marks of all these tokens together."""
    found = 0
    for token in words:
        found |= token.marks
    return found


_DIGITS = re.compile(NUMBER)
_LONGEST = 12


@kept()
def numbers(text: str) -> tuple[Decimal, ...]:
    """The numbers in a token, signs dropped; a comma before two last digits is a decimal one."""
    said = _DIGITS.findall(text.replace(" .", "."))
    return tuple([number_of(digits) for digits in said if len(digits) <= _LONGEST])


def number_of(digits: str) -> Decimal:
    """The number that digits with commas spell: 1,234.50 and 1,234 by thousands, 1,61 as 1.61."""
    whole, comma, rest = digits.partition(",")
    if comma and len(rest) != 3 and rest.isdigit():
        return Decimal(f"{whole}.{rest}")
    return Decimal(digits.replace(",", ""))
