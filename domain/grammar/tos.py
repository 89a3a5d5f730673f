"""Orders pasted from thinkorswim.

`BOT +1 VERTICAL SPX 100 (Weeklys) 16 JAN 26 5900/5910 CALL @3.10`: the platform writes every
order in one order of words, so one pattern reads them: side, signed quantity, strategy, root,
multiplier, settlement, expiries, strikes, rights, price. The sign is that of the first strike;
what it means for the others is the strategy's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from domain.fix import PositionEffect, Side
from domain.grammar.dates import Expiry, named_date
from domain.grammar.reading import Action, Kind, LegReading, TradeReading
from domain.grammar.tickets import Ticket

_DAY = r"[0-9]{1,2} [A-Z]{3} [0-9]{2}(?: (?:\[[A-Z]{2,4}\]|\((?:Weeklys|Quarterlys|EOM)\)))?"
_RIGHT = r"(?:CALL|PUT)"
_ORDER = re.compile(
    r"(?<![\w@])(?:(?P<side>BOT|BOUGHT|BUY|SOLD|SELL) )?(?P<sign>[+-])(?P<count>[0-9]{1,5}) "
    r"(?:(?P<shape>VERTICAL|IRON CONDOR|CONDOR|BUTTERFLY|CALENDAR|DIAGONAL|STRADDLE|STRANGLE|SINGLE"
    r"|[0-9/~ ]{0,8}[A-Z]{3,16}(?: [A-Z]{3,12})?) )??(?P<root>[A-Z]{1,5}) "
    r"(?:(?:1/)?[0-9]{1,4} )?(?:\([A-Za-z ]{2,12}\) )?"
    rf"(?P<days>{_DAY}(?:/{_DAY})?) (?:\([A-Za-z]{{2,12}}\) )?"
    r"(?P<strikes>[0-9.]{1,8}(?:/[0-9.]{1,8}){0,3}) "
    rf"(?P<rights>{_RIGHT}(?:/{_RIGHT})?)"
    r"(?: ?@ ?\$?(?P<price>-?[0-9]{0,6}\.?[0-9]{1,4}))?"
    r"(?P<rest>(?:,? \[?(?:LMT|MKT|STP|DAY|GTC|TO (?:OPEN|CLOSE)|FILLED|WORKING|CANCELED|CANCELLED"
    r"|REJECTED)\]?){0,5})",
    re.IGNORECASE,
)
_HINT = re.compile(r"[+-][0-9]{1,5} [^\n]{0,60}[0-9] (?:CALL|PUT)\b", re.IGNORECASE)
_EFFECT = re.compile(r"\bTO (OPEN|CLOSE)\b", re.IGNORECASE)
_UNFILLED = re.compile(r"\b(?:CANCELED|CANCELLED|REJECTED|WORKING)\b", re.IGNORECASE)
_BRACKETS = re.compile(r" ?[\[(][A-Za-z]{2,12}[\])]")
_BUYERS = frozenset({"BOT", "BOUGHT", "BUY"})
_PAIR = 2
_MARK = "PASTED"
_MARKS = "ABCDEFGHIJ"


def marked(text: str) -> tuple[str, dict[str, re.Match[str]]]:
    """The text with a mark for each pasted order, and the orders by their marks.

    A mark stands behind "BTO", so that the words around it are weighed as around any ticket:
    a question, a condition or a look back keeps the order from being booked.
    """
    if not ("+" in text or "-" in text) or _HINT.search(text) is None:
        return text, {}
    found: dict[str, re.Match[str]] = {}

    def mark(order: re.Match[str]) -> str:
        if len(found) == len(_MARKS):
            return order[0]
        name = _MARK + _MARKS[len(found)]
        found[name] = order
        return f"BTO {name}"

    return _ORDER.sub(mark, text), found


def ticket_of(order: re.Match[str], day: date) -> Ticket:
    """The ticket of a pasted order."""
    side = Side.BUY if order["sign"] == "+" else Side.SELL
    shape = (order["shape"] or "").strip().upper()
    effect = _EFFECT.search(order["rest"])
    # Nobody buys a condor to open it: who does takes back what was sold.
    taken_back = effect is None and side is Side.BUY and shape == "IRON CONDOR"
    closes = taken_back or (effect is not None and effect[1].upper() == "CLOSE")
    opened = side.opposite if closes else side
    ticket = Ticket(Kind.CLOSE if closes else Kind.OPEN, confidence=Decimal(1))
    ticket.rules.append("an order as thinkorswim writes it")
    days = _days(order["days"], day, ticket, closes=closes)
    legs = _legs(shape, order, opened, days)
    price = abs(Decimal(order["price"])) if order["price"] else None
    ticket.named = legs
    _lack(ticket, order, shape, legs=legs, price=price)
    if not ticket.missing:
        action = _ACTIONS[side, PositionEffect.CLOSE if closes else PositionEffect.OPEN]
        ticket.trades = (
            TradeReading(action=action, legs=legs, quantity=Decimal(order["count"]), price=price,
                         either_way=effect is None and not closes),
        )  # fmt: skip
    return ticket


def _lack(
    ticket: Ticket,
    order: re.Match[str],
    shape: str,
    *,
    legs: tuple[LegReading, ...],
    price: Decimal | None,
) -> None:
    word = (order["side"] or "").upper()
    if not legs and "expiry" not in ticket.missing:
        ticket.missing.append("legs")
        ticket.why = f"the legs of '{shape or order['strikes']}' are not clear"
    if word and (word in _BUYERS) is not (order["sign"] == "+"):
        ticket.missing.append("action")
        ticket.why = f"'{word}' of {order['sign']}{order['count']}"
    if not price:
        ticket.missing.append("price")
        ticket.why = ticket.why or "the order says no price"
    if _UNFILLED.search(order["rest"]):
        ticket.missing.append("fill")
        ticket.why = "an order that was not filled"


_ACTIONS = {
    (Side.BUY, PositionEffect.OPEN): Action.BTO,
    (Side.SELL, PositionEffect.CLOSE): Action.STC,
    (Side.SELL, PositionEffect.OPEN): Action.STO,
    (Side.BUY, PositionEffect.CLOSE): Action.BTC,
}


def _is_number(said: str) -> bool:
    return said.count(".") < _PAIR and any(map(str.isdigit, said))


def _days(said: str, day: date, ticket: Ticket, *, closes: bool) -> list[date]:
    """The expiries; what is over by the day of the message cannot be opened."""
    found: list[date] = []
    for part in _BRACKETS.sub("", said).split("/"):
        expiry: Expiry = named_date(part.strip(), day)
        if expiry.day is None or (expiry.why and not closes):
            ticket.missing.append("expiry")
            ticket.why = expiry.why
        if expiry.day is not None:
            found.append(expiry.day)
    return found


def _legs(
    shape: str, order: re.Match[str], side: Side, days: Sequence[date]
) -> tuple[LegReading, ...]:
    """The legs in the platform's order; `side` is that of the first one. Empty if unclear."""
    strikes = [Decimal(said) for said in order["strikes"].split("/") if _is_number(said)]
    rights = [said[0] for said in order["rights"].upper().split("/")]
    parts = _SHAPES.get((shape, len(days), len(strikes), len(rights)), [])
    if shape == "CALENDAR" and len(days) == _PAIR and days[0] < days[1]:
        return ()
    return tuple(
        LegReading(root=order["root"].upper(), side=side if sign > 0 else side.opposite,
                   ratio=abs(sign), expiry=days[day], strike=strikes[strike], right=rights[right])
        for day, strike, right, sign in parts
    )  # fmt: skip


_Part = tuple[int, int, int, int]
"""Which of the days, strikes and rights, and how many of it on the side of the first."""
_CONDOR: list[_Part] = [(0, 0, 0, 1), (0, 1, 0, -1), (0, 2, 1, 1), (0, 3, 1, -1)]
_SHAPES: dict[tuple[str, int, int, int], list[_Part]] = {
    ("", 1, 1, 1): [(0, 0, 0, 1)],
    ("SINGLE", 1, 1, 1): [(0, 0, 0, 1)],
    ("VERTICAL", 1, 2, 1): [(0, 0, 0, 1), (0, 1, 0, -1)],
    ("IRON CONDOR", 1, 4, 2): _CONDOR,
    ("CONDOR", 1, 4, 1): [(0, 0, 0, 1), (0, 1, 0, -1), (0, 2, 0, -1), (0, 3, 0, 1)],
    ("BUTTERFLY", 1, 3, 1): [(0, 0, 0, 1), (0, 1, 0, -2), (0, 2, 0, 1)],
    ("CALENDAR", 2, 1, 1): [(0, 0, 0, 1), (1, 0, 0, -1)],
    ("DIAGONAL", 2, 2, 1): [(0, 0, 0, 1), (1, 1, 0, -1)],
    ("STRADDLE", 1, 1, 2): [(0, 0, 0, 1), (0, 0, 1, 1)],
    ("STRANGLE", 1, 2, 2): [(0, 0, 0, 1), (0, 1, 1, 1)],
}
"""By the strategy's name and the count of its expiries, strikes and rights."""
