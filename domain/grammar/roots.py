"""Which words name an instrument: tickers, option roots, pairs; and their exchange symbols."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from domain.grammar.dates import third_friday
from domain.grammar.expiries import is_spelled_strike
from domain.grammar.keeping import kept
from domain.grammar.marks import TICKER, marked
from domain.grammar.reading import LegReading
from domain.grammar.tokens import Token
from domain.grammar.verbs import VERBS, Form, Verb
from domain.grammar.vocabulary import (
    EXPIRY_LEADS,
    EXPIRY_WORDS,
    NO_ROOTS,
    OPTION_WORDS,
    TICKERS_LIKE_WORDS,
)
from domain.instruments import CryptoPair, FxPair, Option, Right, instrument
from domain.shared import InvalidInput

WEEKLY_ROOTS = {"SPX": "SPXW", "NDX": "NDXP", "RUT": "RUTW", "VIX": "VIXW"}
"""Index options that do not expire on the third Friday trade under a root of their own."""

_FAMILY = {weekly: root for root, weekly in WEEKLY_ROOTS.items()}
_DATE = re.compile(r"(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12][0-9]|3[01])(?:/(?:20)?[0-9]{2})?")
_PAIR = re.compile(r"\$?([A-Z0-9]{1,12}?)[/-]?(USDT|USDC|USD|EUR|BTC|ETH)")
_EXPIRY_KINDS = frozenset({"slash", "iso", "dashed", "dte", "daymon", "monday"})
_EXPIRY_WORDS_MAX = 4
_BEHIND = marked(kinds=_EXPIRY_KINDS | {"strike", "num", "money"})
"""What may stand right behind a root in small letters."""
_TICKET = Form.TICKET
_SIZE_KINDS = frozenset({"num", "qty", "percent", "slash"})


@kept()
def is_date(text: str) -> bool:
    """Whether numbers with slashes can be a month and a day."""
    return _DATE.fullmatch(text) is not None


@kept()
def pair_of(text: str) -> str:
    """`BTC/USD` from btc/usd, BTCUSD, BTC-USD; `EURUSD` from eur/usd."""
    found = _PAIR.fullmatch(text.upper())
    return instrument(f"{found[1]}/{found[2]}").symbol if found else ""


def family(root: str) -> str:
    """The root under which an index's monthly and weekly contracts are the same thing."""
    return _FAMILY.get(root, root)


def underlying_of(symbol: str) -> str:
    """The root family of a canonical symbol: TSLA of a Tesla option, BTC/USD of the pair."""
    named = instrument(symbol)
    return family(named.root if isinstance(named, Option) else named.symbol)


def is_whole(leg: LegReading) -> bool:
    """Whether a leg names one instrument: an option with all its parts, or no option at all."""
    parts = (leg.strike, leg.right, leg.expiry)
    return bool(leg.root) and (None not in parts or parts == (None, None, None))


def listed_root(root: str, expiry: date, day: date) -> str:
    """The root a contract is listed under, seen from a day.

    Index contracts of the third Friday settle in the morning and stop trading the day before,
    so on that day itself the weekly root is meant.
    """
    monthly = _monthly_day(root, expiry) == expiry and day < expiry
    return root if monthly else WEEKLY_ROOTS.get(root, root)


def _monthly_day(root: str, expiry: date) -> date:
    """The third Friday; for VIX the Wednesday 30 days before the next month's third Friday."""
    if root != "VIX":
        return third_friday(expiry.year, expiry.month)
    ahead = expiry.replace(day=1) + timedelta(days=31)
    return third_friday(ahead.year, ahead.month) - timedelta(days=30)


def symbol_of(leg: LegReading, day: date) -> str:
    """The canonical symbol of a whole leg.

    Raises:
        InvalidInput: the words name no instrument that can exist.
    """
    if leg.strike is None or leg.right is None or leg.expiry is None:
        named = instrument(leg.root)
        if isinstance(named, Option):
            raise InvalidInput(f"{leg.root!r} is an option without its parts")
        return named.symbol
    # BRK.B's options are listed under BRKB: a root has no dot.
    root = listed_root(leg.root.replace(".", ""), leg.expiry, day)
    return Option(root, leg.expiry, Right(leg.right), leg.strike).symbol


@kept()
def is_pair(symbol: str) -> bool:
    """Whether a symbol names coins, currencies or metals, which come in fractions."""
    return isinstance(instrument(symbol), CryptoPair | FxPair)


def names_root(tokens: Sequence[Token], at: int, verb: Verb | None, verb_at: int) -> bool:
    """Whether the word at a place names the instrument.

    Upper-case words do unless they are known not to; in the place a ticket has for the root
    (behind the verb and the size, or before strike or expiry) any spelling does.
    """
    token = tokens[at]
    text = token.text
    if token.marks & TICKER:
        return text.isalpha()
    on_ticket = verb is not None and verb.form is _TICKET
    if not on_ticket and (
        at + 1 >= len(tokens) or not (tokens[at + 1].marks & _BEHIND or text.isupper())
    ):
        return False
    if len(text) > 5 or not text.isascii() or not text.isalpha():
        return False
    is_word = token.low in NO_ROOTS or token.low in OPTION_WORDS or (token.low,) in VERBS
    if is_word and not (on_ticket and token.text in TICKERS_LIKE_WORDS):
        return False
    return _before_contract(tokens, at) or (on_ticket and _has_place(tokens, at, verb_at))


def is_root_before_strike(tokens: Sequence[Token], at: int) -> bool:
    """Whether a word in small letters stands right before a strike: "meta 132p out"."""
    token = tokens[at]
    ahead = tokens[at + 1] if at + 1 < len(tokens) else None
    small = token.kind == "word" and token.text.islower() and len(token.text) <= 5
    return small and ahead is not None and ahead.kind == "strike" and token.low not in NO_ROOTS


def _before_contract(tokens: Sequence[Token], at: int) -> bool:
    """Whether a strike stands behind the word, with at most an expiry between."""
    place = at + 1
    ahead = tokens[place] if place < len(tokens) else None
    if ahead is not None and ahead.kind in _EXPIRY_KINDS:
        place += 1
    elif tokens[at].text.isupper() and ahead is not None and ahead.kind == "word":
        while place < min(at + _EXPIRY_WORDS_MAX, len(tokens)) and _is_of_expiry(tokens[place]):
            place += 1
    if place >= len(tokens):
        return False
    return tokens[place].kind in ("strike", "slash") or is_spelled_strike(tokens, place)


def _is_of_expiry(token: Token) -> bool:
    return token.kind in _EXPIRY_KINDS or (
        token.low in EXPIRY_WORDS or token.low in EXPIRY_LEADS or token.low in ("next", "week")
    )


def _has_place(tokens: Sequence[Token], at: int, verb_at: int) -> bool:
    """Right behind the verb, or behind the size that follows it."""
    between = tokens[verb_at:at]
    return len(between) <= 1 and all(
        token.kind in _SIZE_KINDS or token.low in ("half", "all", "of") for token in between
    )
