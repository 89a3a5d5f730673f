"""The contract that the labels, the title and the lines of a card name together.

Each value is reduced to what its label can mean, so that nothing else that stands there fills a
slot: the company behind a ticker, the days left behind an expiry.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from domain.grammar.cards import Card
from domain.grammar.filling import fill
from domain.grammar.labels import Role
from domain.grammar.slots import Slots
from domain.grammar.tickers import is_ticker_word
from domain.grammar.tokens import Token, kept_token, tokens
from domain.grammar.verbs import VERBS
from domain.grammar.vocabulary import (
    RIGHTS,
    TICKERS_LIKE_WORDS,
)

_CONTRACT, _TICKER_ROLE = Role.CONTRACT, Role.TICKER
_STRIKE_ROLE, _RIGHT_ROLE = Role.STRIKE, Role.RIGHT
_DATE_KINDS = frozenset({"iso", "daymon", "monday", "dte", "osi"})
_BEHIND_ROOT = frozenset({"iso", "daymon", "monday", "slash", "strike", "num", "money", "dte"})
_TICKER = re.compile(r"\$?([A-Za-z]{1,6}(?:[./-][A-Za-z]{1,5})?)")
_NAMED_TICKER = re.compile(
    r"\(\$?([A-Z]{1,5})\)|\$([A-Za-z]{1,5}(?:\.[A-Za-z]\b)?)"
    r"|\b([A-Z]{1,5}(?:\.[A-Z]\b|/[A-Z]{3,4}\b)?)(?![A-Za-z])"
)
_STRIKE = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?|\.5) ?([cp]\b|calls?\b|puts?\b)?", re.IGNORECASE)
_STRIKES = re.compile(r"[0-9.]+[cp]? ?[/-] ?[0-9.]+[cp]?", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(20(?<=\b20)[0-9]{2})[/.]([0-9]{1,2})[/.]([0-9]{1,2})\b")
_DASHED_DAY = re.compile(r"\b([0-9]{1,2})[-.]([0-9]{1,2})[-.]((?:20)?[0-9]{2})\b")
_DASHED_MONTH = re.compile(
    r"\b([0-9]{1,2}(?=-[A-Za-z])|[A-Za-z]{3}(?=-[0-9]))-([A-Za-z]{3}|[0-9]{1,2})-((?:20)?[0-9]{2})\b"
)
_SHORT_DAY = re.compile(r"\b([01]?[0-9])-([0-3]?[0-9])\b(?!-)")
_COMPACT = re.compile(r"\b(20[0-9]{2})([01][0-9])([0-3][0-9])\b")
_COUNT = re.compile(r"(?<![0-9.$])([0-9]{1,6})(?![0-9.%/])")
_CASH = re.compile(r"[A-Z]{1,5}(?:\.[A-Z])?")
_TICKETS = re.compile(r"\b(?:BTO|STC|STO|BTC|shares?)\b", re.IGNORECASE)
_SIDES = re.compile(r"\b(?:long|short)\b", re.IGNORECASE)
_SPEAKS = re.compile(r"[0-9$]|\b[A-Z]{1,5}\b|\b(?:[Cc]all|[Pp]ut)s?\b")
_SHARES = "shares"
_END = Token("end", ".", ".")
_ENTRY = VERBS["bto",]
_UNSAID = Slots()


def contract_of(card: Card, day: date) -> str:
    """The contract that labels and title name together, in the order of a ticket."""
    if not card.is_embed and not card.names_contract:
        return ""
    base, heading = card.roles.get(_CONTRACT, ""), card.heading
    said = _said_in(base, day)
    titled = _said_in(heading, day) if card.is_embed else _UNSAID
    if not _names_strike(said) and _STRIKE_ROLE not in card.roles:
        beside = _rooted(heading) if _names_strike(titled) else card.lines
        said = fill([*_rooted(base), _END, *beside], day, _ENTRY) if beside else said
    if said.contracts:
        leg = said.contracts[0]
        return f"${leg.root} {leg.expiry} {leg.strike:f}{leg.right}"
    right = said.right or _right(card) or titled.right
    strike = _strike_of(said, right) or _strike(card.roles.get(_STRIKE_ROLE, ""), right)
    ticker = _ticker(card.roles.get(_TICKER_ROLE, ""))
    rest = strike or (_SHARES if _sells_shares(card, titled) else "")
    root = said.pair or said.root or ticker or _title_root(titled, rest)
    if not (root or strike):
        return ""
    root = f"${root}" if _CASH.fullmatch(root) else root
    expiry = _day_of(said) or _expiry(card, day) or _day_of(titled)
    if card.is_option and not strike:
        return f"{root} option"
    kind = said.strategy if said.strategy != "vertical" else "spread"
    return " ".join(part for part in (root, expiry, strike, kind, _word_for(right)) if part)


def _sells_shares(card: Card, titled: Slots) -> bool:
    """Whether a title is a ticket for shares: "BTO RIVN shares at 10.85", "long HOOD @ 134.20".

    "Entry: TSLA @ 2.30" is none: it may leave out the contract.
    """
    if titled.option_like or not (titled.price is not None or Role.ENTRY in card.roles):
        return False
    spells = titled.shares or _TICKETS.search(card.title) is not None
    sided = card.is_relayed or Role.ENTRY in card.roles
    return spells or (sided and _SIDES.search(card.title) is not None)


def _said_in(text: str, day: date) -> Slots:
    return fill(_rooted(text), day, _ENTRY) if text and _SPEAKS.search(text) else _UNSAID


def _rooted(text: str) -> Sequence[Token]:
    """The tokens of a contract, whose first word is its ticker even where that is a word too."""
    said = tokens(plain_days(text))
    first, after = [*said[:2], _END, _END][:2]
    spells = first.text.isupper() and first.text.isalpha() and len(first.text) <= 5
    likely = len(first.text) == 1 or is_ticker_word(first.text)
    named = likely or first.text in TICKERS_LIKE_WORDS
    if spells and named and after.kind in _BEHIND_ROOT:
        return [kept_token("cash", f"${first.text}"), *said[1:]]
    return said


def _strike_of(said: Slots, right: str) -> str:
    """The strikes as they were said, a bare number among them where the right is known."""
    if said.strikes:
        return "/".join(f"{strike:f}{own}" for strike, own in said.strikes)
    if not right:
        return ""
    bare = said.loose[:1] or ([said.price.low] if said.price and said.price.rank == 1 else [])
    return f"{bare[0]:f}{right}" if bare else ""


def _day_of(said: Slots) -> str:
    """A day that was said, even one that is over: the ticket then says what is wrong with it."""
    return str(said.expiry.day) if said.expiry is not None and said.expiry.day else ""


def _names_strike(slots: Slots) -> bool:
    return bool(slots.strikes or slots.contracts or (slots.right and slots.loose))


def _right(card: Card) -> str:
    words = card.roles.get(_RIGHT_ROLE, "").lower().split()
    return next((RIGHTS[word] for word in words if word in RIGHTS), "")


def _word_for(right: str) -> str:
    return {"C": "call", "P": "put"}.get(right, "")


def _strike(value: str, right: str) -> str:
    """The strike with its right: "250C"; of a spread both: "250/255"."""
    several = _STRIKES.search(value)
    if several is not None:
        return several[0].replace("-", "/").replace(" ", "")
    found = _STRIKE.search(value)
    if found is None:
        return ""
    own = RIGHTS.get((found[2] or "").lower(), "") or right
    number = found[1].replace(",", "")
    return f"{number}{own}" if own else f"strike {number}"


def _ticker(value: str) -> str:
    found = _NAMED_TICKER.search(value)
    if found is not None:
        return next(root for root in found.groups() if root).upper()
    plain = _TICKER.match(value.strip())
    return plain[1].upper() if plain is not None and len(value.split()) == 1 else ""


def _title_root(titled: Slots, beside: str) -> str:
    """The one ticker of a title, where labels name the rest of the contract."""
    named = list(dict.fromkeys(root for _, root in titled.roots))
    return named[0] if beside and len(named) == 1 else ""


def plain_days(text: str) -> str:
    """Dates spelled with other signs than a ticket's: 2025/11/21, 11-21-2025, 20251121."""
    if "-" in text:
        text = _DASHED_MONTH.sub(_parted_by(" "), text)
    if "20" in text:
        text = _YEAR_FIRST.sub(_parted_by("-"), text)
    parted = text.count("-") + text.count(".") > 1
    return _DASHED_DAY.sub(_parted_by("/"), text) if parted else text


def _parted_by(sign: str) -> Callable[[re.Match[str]], str]:
    """Year, month and day with another sign between; Python looks longer for a template."""
    return lambda found: sign.join(found.groups())


def _expiry(card: Card, day: date) -> str:
    value = plain_days(card.roles.get(Role.EXPIRY, ""))
    if value:
        value = _COMPACT.sub(
            r"\1-\2-\3", _SHORT_DAY.sub(r"\1/\2", value) if "20" not in value else value
        )
        said = tokens(value)
        dated = next((t.text for t in said if t.kind in _DATE_KINDS or _is_stamp(t)), "")
        slashed = next((t.text for t in said if t.kind == "slash"), "")
        return dated[:10] if dated.startswith("20") else dated or slashed or f"exp {value}"
    days = _COUNT.search(card.roles.get(Role.DTE, ""))
    if days is not None:
        return "0dte" if int(days[1]) == 0 else _in_days(day, int(days[1]))
    dated = card.roles.get(Role.DATE, "")
    later = fill(tokens(plain_days(dated)), day).expiry if dated else None
    return str(later.day) if later is not None and later.day is not None and later.day > day else ""


def _is_stamp(token: Token) -> bool:
    return token.kind == "stamp"


def _in_days(day: date, days: int) -> str:
    """Days to expiration are counted by the calendar; one that ends on a weekend is none."""
    found = day + timedelta(days=min(days, 3_000))
    return str(found) if found.weekday() < 5 else ""
