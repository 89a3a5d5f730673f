"""Which coins, currencies or metals a text names, however a room spells them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from domain.grammar.stems import Hint, page_of, stem_mark, with_plain_letters
from domain.grammar.tickers import is_ticker_word
from domain.instruments import CURRENCIES, METALS

COIN_QUOTE = "USDT"
"""What a coin is quoted in where its alert does not say."""

_METAL_NAMES = {"GOLD": "XAU", "XAU": "XAU", "SILVER": "XAG", "XAG": "XAG",
                "PLATINUM": "XPT", "PALLADIUM": "XPD"}  # fmt: skip
_COINS = {
    **{coin: coin for coin in ("BTC", "ETH", "XRP", "DOGE", "BNB", "AVAX", "SHIB", "PEPE", "TRX")},
    "BITCOIN": "BTC", "ETHEREUM": "ETH", "ETHER": "ETH", "SOLANA": "SOL", "RIPPLE": "XRP",
    "DOGECOIN": "DOGE",
}  # fmt: skip
"""Coins that are known by their name or code alone; other codes may be shares."""

_CODES = "|".join(sorted(CURRENCIES | METALS)).lower()
_NO_INSTRUMENT = (
    r"(?:us|nas|usa|spx|sp|ger|de|dax|uk|jp|jpn|hk|aus|fra|eu|stoxx|ustec|nifty) ?"
    r"(?:30|35|40|50|100|200|225|500|2000)"
    r"|nasdaq|nas|dow|dax|ftse|nikkei|ustec|(?:bank)?nifty|us ?oil|uk ?oil|x(?:ti|br)usd|wti"
    r"|brent|crude(?: ?oil)?|oil|nat ?gas|xngusd|dxy|boom ?[0-9]{3,4}|crash ?[0-9]{3,4}"
    r"|volatility ?[0-9]{2,3}|v(?:ix)? ?75"
)
"""Indices, oil and made-up markets of brokers: said like a pair, but nothing that is listed."""

_JOINED = r"[a-z0-9]{1,12}(?:usdt|usdc)"
_DOLLARS = r"(?:btc|eth|sol|xrp|doge|ada|ltc|bnb|avax|link|dot|trx|shib|pepe)usd"
_SHAPE = (
    r"(?<![\w$/@'.,-])[#$]?(?:"
    rf"(?P<fx>(?:{_CODES})(?: | ?[/-] ?|)(?:{_CODES}))"
    r"(?:\.?(?:m|c|pro|raw|ecn|std|x)\b|[+#])?"
    r"|(?P<slash>[a-z0-9]{1,12}+ ?[/_-] ?(?:usdt|usdc|usd|eur|btc|eth))(?:\.p\b|[-_]?perp\b)?"
    rf"|(?P<joined>{_JOINED})(?:\.p\b|[-_]?perp\b)?|(?P<dollar>{_DOLLARS})(?:\.p)?"
    rf"|(?P<other>{_NO_INSTRUMENT})"
    rf"|(?P<name>{'|'.join({*_METAL_NAMES, *_COINS}).lower()})"
    r")(?![\w/])"
)
_NAMED = re.compile(_SHAPE)
_NO_DOLLARS = re.compile(_SHAPE.replace(_JOINED, "(?!)").replace(_DOLLARS, "(?!)"))
"""Of a text in lower case: to compare letters in either case takes twice as long."""
_SHORT_STEMS = (
    "us nas usa spx sp ger de dax uk jp jpn hk aus fra eu dow fts nik xti xbr wti nat xng dxy v vix"
    " uso uko"
)
_LONG_STEMS = "sto ust nif ban bre cru boo cra vol oil"
_LONG = ("stoxx", "ustec", "nifty", "brent", "crude", "boom", "crash", "volatility", "oil")
_NAMES = [name.lower() for name in (*CURRENCIES, *METALS, *_METAL_NAMES, *_COINS)]
_MAY_NAME = stem_mark({*(name[:3] for name in _NAMES), *_SHORT_STEMS.split(), *_LONG_STEMS.split()})
"""What begins a word of every pair or name, but for coins that are joined to their dollars."""
_SPELLED = (
    stem_mark([*_SHORT_STEMS.split(), *(name for name in _NAMES if len(name) == 3)])
    | Hint(*_LONG, *(name for name in _NAMES if len(name) > 3)).mark
)
"""The same of short names; the long ones, which begin like "stop", "sold" or "play", whole."""
_BASE_AND_QUOTE = re.compile(r"([A-Z0-9]+?)[ /_-]*(USDT|USDC|USD|EUR|BTC|ETH)")
_CASH = re.compile(r"(?<![\w$])\$([A-Za-z]{1,5}(?:\.[A-Za-z])?)(?![\w.]*[0-9])\b")
_HASH = re.compile(r"(?<![\w#])#([A-Z0-9]{2,12})(?![\w/])")
_BARE = re.compile(r"(?<![\w$#@./-])[A-Z]{2,5}(?![\w/])")
_NO_HASHTAGS = frozenset({"IDEA", "LONG", "SHORT", "BUY", "SELL", "SIGNAL", "SCALP", "SWING",
                          "SPOT", "VIP", "FREE", "CRYPTO", "FOREX", "FX", "TRADE"})  # fmt: skip


_FUTURES = frozenset(
    {
        *("ES", "NQ", "YM", "RTY", "MES", "MNQ", "MYM", "CL", "MCL", "GC", "MGC", "SI", "SIL"),
        *("NG", "RB", "HO", "ZB", "ZN", "ZF", "ZC", "ZS", "ZW", "HG"),
    }
)
_INDICES = frozenset({"SPX", "NDX", "VIX", "RUT", "DJX", "XSP", "NDXP", "SPXW", "OEX"})
NO_SHARES = _FUTURES | _INDICES
"""Said of a future or an index, though some are the ticker of a share as well."""


class Named(NamedTuple):
    """An instrument that the words name; `symbol` is empty where it is none that is known."""

    symbol: str
    said: str
    place: int
    is_coin: bool = False
    rule: str = ""


@lru_cache(maxsize=128)
def pairs_in(text: str) -> tuple[Named, ...]:
    """Pairs of coins, currencies and metals, and names of what is no instrument, in order.

    Those of the last few lines are kept, for a line is asked for its pairs several times.
    """
    page = page_of(text)
    low = page.plain
    in_dollars = "usd" in low or "usd" in page.low
    if not (in_dollars or (page.marks & _MAY_NAME and page.marks & _SPELLED)):
        return ()
    matches = list((_NAMED if in_dollars else _NO_DOLLARS).finditer(low))
    if not matches:
        return ()
    if any(_is_apart(found, text) for found in matches):
        matches = list(_as_spelled().finditer(text))
    named = [_named(found, text) for found in matches]
    return tuple([one for one in named if one is not None])


def _is_apart(found: re.Match[str], text: str) -> bool:
    """Whether two codes in small letters stand beside each other, which makes them no pair."""
    codes = found["fx"] or ""
    if codes[3:4] != " " or not codes[4].isalpha():
        return False
    return not "A" <= text[found.start("fx") + 4] <= "Z"


@cache
def _as_spelled() -> re.Pattern[str]:
    return re.compile(_SHAPE.replace("(?: |", "(?:(?-i: (?=[A-Z]))|", 1), re.IGNORECASE)


def _named(found: re.Match[str], text: str) -> Named | None:
    place = found.start()
    said = text[place : found.end()].lstrip("#$")
    if found["other"]:
        return Named("", said.upper(), place)
    if found["name"]:
        name = with_plain_letters(found["name"]).upper()
        if name in _METAL_NAMES:
            symbol = f"{_METAL_NAMES[name]}USD"
            return Named(symbol, said, place, rule=f"'{said}' is {symbol}")
        return _coin(_COINS[name], said, place)
    if found["fx"]:
        return _of_currencies(re.sub("[^A-Z]", "", found["fx"].upper()), said, place)
    pair = with_plain_letters(found["slash"] or found["joined"] or found["dollar"])
    base, quote = _BASE_AND_QUOTE.fullmatch(pair.upper()).groups()  # type: ignore[union-attr]
    return Named(f"{base}/{quote}", said, place, is_coin=True)


def _of_currencies(codes: str, said: str, place: int) -> Named | None:
    """The pair of two codes, unless they are the same one or a metal is the quote."""
    base, quote = codes[:3], codes[3:]
    if base == quote or quote in METALS:
        return None
    return Named(f"{base}{quote}", said, place)


def _coin(code: str, said: str, place: int) -> Named:
    symbol = f"{code}/{COIN_QUOTE}"
    return Named(symbol, said, place, is_coin=True, rule=f"'{said}' is {symbol}: no quote was said")


def coins_in(text: str) -> Iterator[Named]:
    """Codes that are coins where the words speak of leverage or of nothing but coins."""
    for pattern in (_HASH, _CASH, _BARE):
        for found in pattern.finditer(text):
            code = (found[1] if pattern.groups else found[0]).upper()
            if code not in _NO_HASHTAGS and (pattern is not _BARE or is_ticker_word(code)):
                yield _coin(code, found[0], found.start())


def shares_in(text: str) -> Iterator[Named]:
    """Tickers: cash tags first, then words in capitals that may be one."""
    for found in _CASH.finditer(text):
        yield Named(found[1].upper(), found[0], found.start())
    for found in _BARE.finditer(text):
        if is_ticker_word(found[0]):
            yield Named(found[0], found[0], found.start())
