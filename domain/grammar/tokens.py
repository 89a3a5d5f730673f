"""Cuts plain text into typed tokens: contracts, dates, prices, words and sentence ends.

Every alternative is bounded or scans its characters once, so the time is linear in the length.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

NUMBER = (
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?"
    r"|[0-9]{1,3},[0-9]{2}(?![0-9])"
    r"|[0-9]*\.[0-9]+|[0-9]+)"
)
_MONTH = (
    r"(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)\.?|january|february|march|april"
    r"|june|july|august|september|october|november|december)"
)
_ORDINAL = "(?:st|nd|rd|th)?"
_DAY = rf"[0-9]{{1,2}}{_ORDINAL}"
_RANGE_END = (
    r"(?:ish)?(?![0-9a-z%/]| ?%| [cp]\b| (?:calls?|puts?)\b(?! (?:debit|credit|spread|vert)))"
)
"""Behind a range stands no right: "189.20 - 250c" is a price and a strike."""
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
_PART = r"\$?[0-9]{1,5}(?:\.[0-9]{1,3})?[cp]?"
_PAIR = r"\$?\b[a-z0-9]{1,10}/(?:usdt|usdc|usd|eur|btc|eth)\b"
_COINS = r"\b(?:btc|eth|sol|xrp|doge|ada|ltc|bnb|avax|link)-?(?:usdt|usdc|usd)\b"
_TWO_POINTS = r"[0-9]{0,6}\.[0-9]{1,6}\.[0-9]{1,6}|[0-9]{1,6}\.{2,3}[0-9]{1,6}"
_AT = (
    rf"@ ?(?:(?:lim|limit|~) ?)?\$?(?:[0-9]+ \.[0-9]{{2}}(?![0-9])|{NUMBER})(?:ish)?"
    r"(?![0-9a-z%]|[.,][0-9]| %| [cp]\b)"
)
_STRIKE = r"(?:[0-9]{1,3},[0-9]{3}|[0-9]{1,5})(?:\.[0-9]{1,3})?"
_DASHED = (
    r"(?<![0-9.$/-])(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?![0-9%./-]| %| ?-)"
    r"|(?<![0-9.$/-])(?:0?[1-9]|1[0-2])(?P<by>[-.])(?:0?[1-9]|[12][0-9]|3[01])(?P=by)(?:20)?2[0-9]"
    r"(?![0-9%./-]| %)"
)

_WORD = r"[^\W\d_]+(?:'[^\W\d_]+)*"
_NOT_PLAIN = (
    r"(?:x|tp|pt|take|target|tgt|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    r"|btc|eth|sol|xrp|doge|ada|ltc|bnb|avax|link)[a-z]*\b"
)
_BLANK, _PLAIN = "blank", "plain"

_KINDS = {
    # These two come first for speed alone: most of what people write is words and blanks.
    _PLAIN: rf"(?=[^\W\d_])(?!{_NOT_PLAIN}){_WORD}(?![\w/#'.-]| ?[0-9]{{6}}[cp])",
    _BLANK: r" (?!-)",
    "osi": r"\.?\$?\b[a-z]{1,5}[0-9]? ?[0-9]{6}[cp][0-9]{1,8}(?:\.[0-9]{1,3})?\b",
    "stamp": r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?",
    "time": r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?: ?[ap]m\b)?|\b[0-9]{1,2} ?[ap]m\b",
    "iso": r"\b20[0-9]{2}-[0-9]{1,2}-[0-9]{1,2}(?![0-9])",
    "dashed": _DASHED,
    "dte": r"\b(?:[0-9]{1,3}|o) ?-?dte\b",
    "daymon": rf"\b{_DAY}[ -]?{_MONTH}(?:(?: ?'?|,? |-){_YEAR_BEHIND})?{_ALONE}",
    "monday": rf"\b{_MONTH}[ -]?'?(?:20[0-9]{{2}}|{_DAY}{_YEAR})(?![0-9a-z./%])",
    "handle": r"\b[a-z0-9_.]{2,32}#[0-9]{4}\b",
    "pair": rf"{_PAIR}|{_COINS}",
    "slash": rf"{_PART}(?:/-?{_PART}){{1,3}}(?: ?e(?:xp)?\b)?(?![0-9a-z/])",
    "garbled": rf"@? ?\$?(?:{_TWO_POINTS})",
    "strike": (
        rf"\$?\b{_STRIKE}\+?(?: ?-?[cp]|calls?|puts?)\b(?!')|\.5[cp]\b"
        r"|\b[cp]\$?[0-9]{2,5}(?:\.[0-9]{1,2})?\b(?!%)"
    ),
    "joined": r"\$?\b[a-z]{2,5}[0-9]{1,5}(?:\.[0-9]{1,2})?[cp]\b",
    "percent": (r"(?:(?<![0-9])[+-] ?)?(?:[0-9]{1,4} ?- ?)?[0-9]{1,6}(?:\.[0-9]{1,4})? ?%"),
    "at": rf"{_AT}{_PRICE_RANGE}",
    "money": rf"\$ ?{NUMBER}(?![0-9%]|[.,][0-9]){_RANGE}(?:[kmb]|ish)?(?![a-z])",
    "qty": r"\b[0-9]{1,6} ?x\b|\bx ?[0-9]{1,6}\b(?!\.[0-9])|\([0-9]{1,3}x?\)",
    "index": r"\b(?:tp|pt|take|target|tgt) ?[0-9]{1,2}(?= ?:)|\b[tp][tp][0-9](?![0-9]|\.[0-9])",
    "mix": r"[0-9][0-9.,]{0,12}[a-z][a-z0-9]*",
    "num": rf"(?:(?<![0-9a-z])[+-])?{NUMBER}(?![0-9]){_RANGE}",
    "adjusted": r"\b[a-z]{2,5}[0-9]\b",
    "cash": r"\$[a-z]{1,5}(?:\.[a-z])?\b",
    "dotted": r"\b[a-z]{1,5}\.[ab]\b",
    "someone": r"@[^\W\d_][\w.]*",
    "word": rf"\bb/e\b|{_WORD}",
    "end": r"\n+|[.!?;]{1,8}(?=[\s.!?;)\"]|$)",
    "arrow": r"[-=]{1,3}>|(?<=[0-9] )>(?= ?\$?[0-9.])",
    "comma": r",|\((?![0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{2,4})?\))| -+ |--+",
    "colon": r":",
    "quote": r"\"",
    "amp": r"[&/+]",
}
"""What each kind of token looks like; the first that fits wins."""

_TOKEN = re.compile(
    "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()), re.IGNORECASE
)


class Token(NamedTuple):
    """A piece of the text with its type; `low` is the text in lower case."""

    kind: str
    text: str
    low: str


def tokens(text: str) -> list[Token]:
    """All tokens of a cleaned text, in order; what is none of them is skipped."""
    return [
        Token("word" if kind == _PLAIN else kind, said, said.lower())
        for match in _TOKEN.finditer(text)
        if (kind := match.lastgroup) is not None and kind != _BLANK
        for said in (match[0],)
    ]


_DIGITS = re.compile(NUMBER)
_LONGEST = 12


def numbers(text: str) -> list[Decimal]:
    """The numbers in a token, signs dropped; a comma before two last digits is a decimal one."""
    said = _DIGITS.findall(text.replace(" .", "."))
    return [_number(digits) for digits in said if len(digits) <= _LONGEST]


def _number(digits: str) -> Decimal:
    whole, comma, rest = digits.rpartition(",")
    if comma and len(rest) == 2:
        return Decimal(f"{whole}.{rest}")
    return Decimal(digits.replace(",", ""))
