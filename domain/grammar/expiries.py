"""Expiries in words, read where they stand: "next friday", "Jan monthlies", "exp today"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from domain.grammar import dates
from domain.grammar.slot_words import STRIKE_WORDS
from domain.grammar.tokens import Token
from domain.grammar.vocabulary import EXPIRY_LEADS, RIGHTS

_CERTAIN = frozenset(
    {"weekly", "weeklies", "monthly", "monthlies", "opex", "eow", "next friday", "this friday",
     "next weekly", "next monthly", "next opex", "end of week", "end of day"}
)  # fmt: skip
"""Said of contracts wherever they stand."""
_WEEKDAYS = frozenset(
    name
    for full in ("monday", "tuesday", "wednesday", "thursday", "friday")
    for name in (full, full[:3], full + "s", full + "'s")
) | {"tues", "thur", "thurs"}
_WORDS = _WEEKDAYS | {
    "today", "todays", "today's", "eod", "tomorrow", "tomorrows", "tomorrow's", "tmrw", "tmr",
    "tmw", "2mrw", "week", "weeks", "week's",
}  # fmt: skip
_STARTS = ("next", "this", "end")
EXPIRY_STARTS = (
    frozenset(phrase.split()[0] for phrase in _CERTAIN | _WORDS) | {*_STARTS} | dates.MONTH_NAMES
)
_LEADS_BEHIND = EXPIRY_LEADS - {"for", "this"}
_CONTRACT_KINDS = frozenset({"strike", "joined"})
_MONTHLY = frozenset(
    {"monthly", "monthlies", "opex", "exp", "expiry", "expiration", "calls", "puts"}
)


def spoken_expiry(tokens: Sequence[Token], at: int, day: date) -> dates.Expiry | None:
    """The expiry that begins with the word at a place; None where it is no talk of one.

    Days in words are taken for one only beside the contract or a word such as "exp": "looks
    good for friday" sets no expiry.
    """
    low = tokens[at].low
    if low not in EXPIRY_STARTS:
        return None
    phrase, length = _phrase(tokens, at)
    before, ahead = _at(tokens, at - 1), _at(tokens, at + length)
    if length == 1 and dates.is_month(low):
        return dates.month_alone(low, day) if _is_month_of(tokens, at) else None
    if phrase in _CERTAIN:
        return dates.spoken(phrase, day)
    if phrase.rpartition(" ")[2] not in _WORDS or phrase in ("week", "weeks", "week's"):
        return None
    if before.low == "for":
        before = _at(tokens, at - 2)
    around = [before, ahead]
    if _is_root(ahead):
        around.append(_at(tokens, at + length + 1))
    if _is_root(before):
        around.append(_at(tokens, at - 2))
    beside = before.low in RIGHTS or any(token.kind in _CONTRACT_KINDS for token in around)
    beside = beside or any(
        is_spelled_strike(tokens, place) for place in (at + length, at + length + 1)
    )
    led = before.low in EXPIRY_LEADS or ahead.low in _LEADS_BEHIND
    return dates.spoken(phrase, day) if beside or led else None


def may_be_expiry(tokens: Sequence[Token], at: int) -> bool:
    """Whether "next week" and its like begin at a place: before the price of a ticket they speak
    of a contract, though no strike can be read beside them."""
    if tokens[at].low not in _STARTS:
        return False
    phrase, length = _phrase(tokens, at)
    return phrase.startswith("next ") or (length > 1 and phrase.rpartition(" ")[2] in _WORDS)


def _phrase(tokens: Sequence[Token], at: int) -> tuple[str, int]:
    """The words in one: "next week", "end of day", else the word alone."""
    low = tokens[at].low
    if low not in _STARTS:
        return low, 1
    length = 3 if low == "end" else 2
    return " ".join(token.low for token in tokens[at : at + length]), length


def _is_month_of(tokens: Sequence[Token], at: int) -> bool:
    """Whether a month is said of the contract: before its strike, or before "monthlies"."""
    ahead = _at(tokens, at + 1)
    if ahead.kind in _CONTRACT_KINDS or ahead.low in _MONTHLY:
        return True
    return is_spelled_strike(tokens, at + 1)


def is_spelled_strike(tokens: Sequence[Token], at: int) -> bool:
    """Whether a strike in two words begins at a place: 250 calls, $250 strike puts."""
    said, later = _at(tokens, at), _at(tokens, at + 1)
    return said.kind in ("num", "money") and (later.low in RIGHTS or later.low in STRIKE_WORDS)


def _is_root(token: Token) -> bool:
    return token.kind == "cash" or (token.kind == "word" and token.text.isupper())


def _at(tokens: Sequence[Token], place: int) -> Token:
    return tokens[place] if 0 <= place < len(tokens) else _NOTHING


_NOTHING = Token("", "", "")
