"""Labels on cards: which slot a name such as "Stop Loss (SL)" is for, and what stands by it.

A label is known by its words alone, whatever stands around them: emoji, brackets, numbers, a
colon inside or outside. What it labels stands behind it, on the next line, or in the field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from domain.grammar.keeping import kept
from domain.grammar.stems import Pattern, holds_any


class Role(StrEnum):
    """What a labelled value is for."""

    CONTRACT = "contract"
    TICKER = "ticker"
    STRIKE = "strike"
    RIGHT = "right"
    EXPIRY = "expiry"
    DTE = "dte"
    DATE = "date"
    ENTRY = "entry"
    FILL = "fill"
    AVERAGE = "average"
    PRICE = "price"
    EXIT = "exit"
    QUOTE = "quote"
    STOP = "stop"
    TARGET = "target"
    QUANTITY = "quantity"
    SIZE = "size"
    SOLD = "sold"
    LEFT = "left"
    ACTION = "action"
    STATUS = "status"
    GAIN = "gain"
    NOTES = "notes"
    FLOW = "flow"
    """Volume, open interest and their kind: what a scanner of other people's trades reports."""
    TRIGGER = "trigger"
    """What has to happen before the trade is entered."""
    ASIDE = "aside"
    """Known to say nothing about the trade: who, when, the greeks."""


LABEL_MAX = 48
"""Longer words are no label."""

_SAID: dict[Role, str] = {
    Role.CONTRACT: "contract, option, position, trade, play, alert, instrument, order, ticket,"
    " asset, contract symbol, option symbol, option contract",
    Role.TICKER: "ticker, symbol, stock, underlying, pair, coin, company, security, equity,"
    " underlying symbol, stock symbol, ticker symbol, stock ticker",
    Role.STRIKE: "strike, strikes",
    Role.RIGHT: "type, right, call/put, c/p, put/call, p/c, calls/puts, contract type, call or put",
    Role.EXPIRY: "exp, expiry, expiration, expires, expires on, expire, maturity, contract date,"
    " contract expiration",
    Role.DTE: "dte, days to expiration, days to expiry, days until expiration",
    Role.DATE: "date",
    Role.ENTRY: "entry, entries, entry point, entered, bought, buy, purchase, in, buy in, enter,"
    " entry premium, entry cost, open price, cost, cost basis, paid, price paid, premium,"
    " premium paid, debit, credit, net debit, net credit, contract cost",
    Role.FILL: "fill, filled, fills, average fill, avg fill",
    Role.AVERAGE: "avg, average, avg cost, average cost, avg entry, average entry, dca, new avg,"
    " new average",
    Role.PRICE: "price, px, at, contract price, limit, limit price, order price",
    Role.EXIT: "exit, sell, close, closing, exited, scaling, scaling price, out, covered, cover,"
    " sold at, closed at, trimmed at, trim price, scale price, sold price, closed price, sale,"
    " exit premium, exit fill",
    Role.QUOTE: "mark, ask, bid, mid, current, market, last, now, cmp, live, bid/ask, quote,"
    " current mark, current premium, current value, current price",
    Role.STOP: "sl, stop, stop loss, stoploss, hard stop, mental stop, trailing stop, stops,"
    " stop moved to, invalidation",
    Role.TARGET: "pt, tp, target, targets, price target, price targets, take profit, tps, pts,"
    " profit target, profit targets, take profits, tgt, exit target, goal",
    Role.QUANTITY: "qty, quantity, contracts, shares, cons, lots, contract size, amount, units,"
    " no. of contracts, number of contracts, of contracts, contract quantity, contract count,"
    " qty sold, quantity sold, contracts sold, shares sold, contracts bought, shares bought",
    Role.SIZE: "size, position size, risk, risk size, sizing, account risk, allocation, r/r, rr,"
    " risk/reward, conviction, confidence, account size",
    Role.SOLD: "sold, trimmed, trim, scaled, scaled out, sold %, % sold, trim size, trim %, scale,"
    " amount sold, size sold, amount trimmed, trim amount, trimming, portion, partial, closed,"
    " percent sold, percentage sold, selling",
    Role.LEFT: "left, remaining, remaining position, remaining contracts, remaining size, runners,"
    " position left, position remaining, holding, still holding",
    Role.ACTION: "action, side, trade type, direction, signal, transaction, order type, bias,"
    " order action, position type, order side, long/short, buy/sell",
    Role.STATUS: "status, trade status, event, state, alert type, update type, signal type",
    Role.GAIN: "gain, gains, profit, p/l, pnl, p&l, p & l, return, roi, loss, profit/loss, win,"
    " gain/loss, result, percentage, unrealized, realized, realized p/l, unrealized p/l, net,"
    " realized pnl, total gain, total profit, total return, change, percent gain",
    Role.NOTES: "notes, note, comment, comments, reason, thoughts, analysis, details, reasoning,"
    " description, commentary, thesis, rationale, message, remarks, additional notes, plan,"
    " strategy, why, extra, setup, trade plan, info, update, updates, summary, trade idea,"
    " management, trade management, exit plan, exit strategy",
    Role.TRIGGER: "trigger, condition, trigger price, entry trigger, confirmation, if, when",
    Role.FLOW: "volume, vol, oi, open interest, vol/oi, volume/oi, spot, sentiment, prem, score,"
    " premium spent, total premium, algo score, trade value, notional, flow, trades, sector, otm,"
    " market cap, float, eps, revenue, est eps, actual, source, day range, win rate, wins, losses,"
    " total trades, rank, prev close, previous close, trade size",
    Role.ASIDE: "trader, analyst, time, author, id, trade id, posted, posted by, by, alerted by,"
    " user, called by, delta, gamma, theta, vega, iv, implied volatility, greeks, style, timeframe,"
    " time frame, duration, trade style, rating, grade, stock price, underlying price,"
    " share price, opened, date opened, date closed, timestamp, time in trade, hold time, server,"
    " chart, disclaimer, entry date, entry time, exit date, exit time, max loss, max profit,"
    " max gain, breakeven, break even, collateral, account, broker, days held, held, total cost,"
    " underlying entry, stock entry, level, levels, support, resistance, leverage, catalyst,"
    " high, high of day, hod, low, low of day, peak, max",
}

_ROLES = {phrase.strip(): role for role, phrases in _SAID.items() for phrase in phrases.split(",")}
_FILLERS = frozenset(
    {"my", "our", "the", "your", "trade", "new", "option", "options", "est", "approx", "alert"}
    | {
        "initial",
        "original",
        "nd",
        "st",
        "rd",
        "th",
        "usd",
        "%",
        "first",
        "second",
        "third",
        "final",
    }
)
"""Words that add nothing to a label: "My Entry", "2nd Target"."""
_ENDINGS = frozenset({"price", "at", "date", "level", "zone", "area", "%", "avg", "premium"})
"""Words that may end a label and say no more: "Exit Price", "Bought at"."""

_ASIDES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_WORDS = re.compile(r"[a-z%][a-z'/&.%]*")
_EDGE = re.compile(r"^[^A-Za-z0-9$@.+%-]+")
_BULLET = re.compile(r"^(?:- +|[0-9]{1,2}[.)] +(?=[A-Za-z]))")
_SIGNS = "a-z'/&.% "
"""What the words of a label are made of, behind their first letter."""
_BEHIND_WORDS = (
    r"[ #]?[0-9]{0,2} ?"  # Target 1
    r"(?:[(\[][^()\[\]:]{0,16}[)\]])?"  # (SL)
    r"[^\w:$.,+\-]{0,4}"  # emoji, or the bracket that ends [Entry]
    r"[:=]"
)
"""None of it has to be one of the signs of the words before."""
_LABEL = re.compile(
    r"(?<![A-Za-z0-9@$.'/&%])"
    rf"([A-Za-z%][A-Z{_SIGNS}]{{0,27}}+){_BEHIND_WORDS}(?!=)"
)
_BEFORE_COLON_MAX = 60
"""Longer than all that can stand before the colon of a label."""
_DASHED = re.compile(
    r"^([A-Za-z][A-Za-z'/&. ]{0,23})[ #]?[0-9]{0,2} ?(?:[(][^()]{0,16}[)])? ?(?:->|-|~) +(?=\S)"
)
_SPACE_APART = re.compile(r"\S+")
_CUT = " \t,;|/-\u00b7"
_BARS = "|\u00b7\u00a6\u2502"
_PIPES = re.compile(f" ?[{_BARS}] ?")


def pattern_of(roles: Iterable[Role]) -> Pattern:
    """What stands in every text that has a label of one of these roles; it may stand in others."""
    said = [phrase.split() for phrase, role in _ROLES.items() if role in roles]
    longest = sorted({max(words, key=len) for words in said})
    words = "|".join(map(re.escape, longest))
    return Pattern(rf"\b(?:{words})(?![a-z])[{_SIGNS}]{{0,27}}+{_BEHIND_WORDS}", re.IGNORECASE)


class Labelled(NamedTuple):
    """A label's role and words, and what stands by it."""

    role: Role
    label: str
    value: str


def role_of(label: str) -> Role | None:
    """The role of a label, by its words; None where it is no label that is known."""
    return _role_of(label) if len(label) <= LABEL_MAX else None


@kept()
def _role_of(label: str) -> Role | None:
    low = label.lower()
    words = _WORDS.findall(_ASIDES.sub(" ", low)) or _WORDS.findall(low)
    words = [word.strip(".") if len(word) > 1 else word for word in words]
    kept = [word for word in words if word not in _FILLERS]
    short = kept[:-1] if kept and kept[-1] in _ENDINGS else []
    phrases = (" ".join(said) for said in (words, kept, short))
    return next((_ROLES[phrase] for phrase in phrases if phrase in _ROLES), None)


def labelled(line: str, *, is_card: bool = True) -> list[Labelled]:
    """The labels of a line with their values; empty where the line does not begin with one.

    Without a colon ("Entry - 2.30") only a card's line is taken for a label and its value.
    """
    if not (":" in line or "=" in line or (is_card and " " in line)):
        return []
    if not (line[:1].isascii() and line[:1].isalpha()):
        line = _BULLET.sub("", _EDGE.sub("", line))
    if ":" not in line and "=" not in line:
        return list(_dashed(line)) or list(_spaced(line)) if is_card else []
    if "=" not in line and line.count(":") == 1:
        label, _, value = line.partition(":")
        said = _lone_label(label) if len(label) < _BEFORE_COLON_MAX else None
        return [Labelled(*said, _value(value))] if said is not None else []
    begun = _LABEL.match(line)
    first = role_of(begun[1]) if begun is not None else None
    if begun is None or first is None:
        return []
    places = [(first, begun)]
    ends: list[int] = []
    for match in _LABEL.finditer(line, begun.end()):
        role, start = _last_words(match)
        if role is not None and places[-1][0] not in (Role.NOTES, Role.ASIDE):
            places.append((role, match))
            ends.append(start)
    ends.append(len(line))
    return [
        Labelled(role, _clean_label(match[1]), _value(line[match.end() : end]))
        for (role, match), end in zip(places, ends, strict=True)
    ]


@kept()
def _lone_label(said: str) -> tuple[Role, str] | None:
    """The role and the words of what stands before the one colon of a line."""
    found = _LABEL.match(f"{said}:")
    role = role_of(found[1]) if found is not None else None
    return (role, _clean_label(found[1])) if found is not None and role is not None else None


def _value(text: str) -> str:
    """What stands by a label, without what parts it from the next; a sign stays."""
    return text.rstrip(_CUT).lstrip(" \t,;|\u00b7")


def _dashed(line: str) -> Iterator[Labelled]:
    match = _DASHED.match(line) if "-" in line or "~" in line else None
    role = role_of(match[1]) if match else None
    if match is not None and role is not None and fits(role, line[match.end() :]):
        yield Labelled(role, _clean_label(match[1]), line[match.end() :].strip())


def _spaced(line: str) -> Iterator[Labelled]:
    """A label and nothing but its value: "Strike 250C", "Entry $2.30", "Ticker TSLA"."""
    label, _, value = line.strip().rpartition(" ")
    role = role_of(label) if label and not any(map(str.isdigit, label)) else None
    shape = _LONE.get(role) if role is not None else None
    if role is not None and shape is not None and shape.fullmatch(value):
        yield Labelled(role, label, value)


def _last_words(match: re.Match[str]) -> tuple[Role | None, int]:
    """The role of a label in the middle of a line, and where it begins: other words, of the
    value before it, may stand in front."""
    for word in islice(_SPACE_APART.finditer(match[1]), 4):
        role = role_of(match[1][word.start() :])
        if role is not None:
            return role, match.start(1) + word.start()
    return None, 0


def _clean_label(label: str) -> str:
    return " ".join(label.split())


def cells(line: str) -> list[str]:
    """The parts of a line between bars, where it has any and they hold labels."""
    if "|" not in line and (line.isascii() or not holds_any(line, _BARS)):
        return [line]
    parts = [part for part in _PIPES.split(line) if part.strip()]
    are_labelled = [bool(labelled(part)) for part in parts]
    if len(parts) < 2 or not (any(are_labelled) or any(map(role_of, parts))):
        return [line]
    joined = parts[:1]
    goes_on = are_labelled[0]
    for part, is_labelled in zip(parts[1:], are_labelled[1:], strict=True):
        if goes_on and not is_labelled and role_of(part) is None:
            joined[-1] = f"{joined[-1]} {part}"
            goes_on = bool(labelled(joined[-1]))
        else:
            joined.append(part)
            goes_on = is_labelled
    return joined


_NUMBER = re.compile(r"^[^\w.]{0,4}(?:[0-9]|\.[0-9])")
_FITS = {
    Role.TICKER: re.compile(r"^\W{0,3}[A-Za-z]{1,6}(?:[/-]?[A-Za-z]{2,5})?(?: ?\(|\W*$)"),
    Role.RIGHT: re.compile(r"^\W*(?:calls?|puts?|c|p)\b", re.IGNORECASE),
    Role.CONTRACT: re.compile(r"[0-9]"),
    Role.EXPIRY: re.compile(r"[0-9]|week|day|tomorrow|month", re.IGNORECASE),
    Role.STOP: re.compile(r"[0-9]|^\W*b/?e\b|break ?even|entry", re.IGNORECASE),
    Role.TARGET: re.compile(r"[0-9]"),
    Role.GAIN: re.compile(r"[0-9]"),
    Role.SOLD: re.compile(r"[0-9]|half|all|third|quarter", re.IGNORECASE),
    Role.ACTION: re.compile(r"^\W*[A-Za-z]+(?: [A-Za-z]+){0,3}\W*$"),
    Role.STATUS: re.compile(r"^\W*[A-Za-z]+(?: [A-Za-z]+){0,3}\W*$"),
}
_LONE_NUMBER = re.compile(r"[@$~]{0,2}[0-9]*\.?[0-9]+")
_LONE_LEVEL = re.compile(r"[@$~]{0,2}[0-9]*\.?[0-9]+%?|BE", re.IGNORECASE)
_LONE = {
    Role.TICKER: re.compile(r"\$?[A-Z]{1,5}"),
    Role.STRIKE: re.compile(r"\$?[0-9]+(?:\.[0-9]+)?[cp]?", re.IGNORECASE),
    Role.EXPIRY: re.compile(r"[0-9]{1,4}[/-][0-9]{1,2}(?:[/-][0-9]{2,4})?|[0-9]DTE", re.IGNORECASE),
    Role.RIGHT: re.compile(r"calls?|puts?", re.IGNORECASE),
    Role.STOP: _LONE_LEVEL, Role.TARGET: _LONE_LEVEL,
    **dict.fromkeys((Role.ENTRY, Role.FILL, Role.AVERAGE, Role.PRICE, Role.EXIT), _LONE_NUMBER),
}  # fmt: skip
_NUMERIC = frozenset({Role.STRIKE, Role.ENTRY, Role.FILL, Role.AVERAGE, Role.PRICE, Role.EXIT,
                      Role.QUOTE, Role.QUANTITY, Role.DTE})  # fmt: skip


def fits(role: Role, value: str) -> bool:
    """Whether words without a colon can be what a label of that role stands by."""
    if role in _NUMERIC:
        return _NUMBER.match(value) is not None
    shape = _FITS.get(role)
    return shape is not None and len(value) <= 60 and shape.search(value) is not None
