"""From the title and the labels of a card to the words of an order ticket.

Which of several prices is the trade's depends on the action: an entry is at the entry or the
fill, an exit at the exit or the fill, and a mark counts only where nothing else is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from domain.grammar.card_contracts import plain_days
from domain.grammar.card_verbs import is_strong
from domain.grammar.cards import Card
from domain.grammar.filling import fill
from domain.grammar.labels import Role
from domain.grammar.reading import Kind
from domain.grammar.slots import Slots
from domain.grammar.titles import share_in
from domain.grammar.tokens import Token, kept_token, numbers, tokens
from domain.grammar.verbs import EXITS, Verb
from domain.grammar.vocabulary import (
    AT_ENTRY,
    BEYOND,
    CONDITIONS,
    INTENTIONS,
    NEGATIONS,
    SIZES,
)

_QUOTE, _QUANTITY, _STOP, _TARGET = Role.QUOTE, Role.QUANTITY, Role.STOP, Role.TARGET
_ENTRY_PRICES = (Role.ENTRY, Role.FILL, Role.PRICE, Role.AVERAGE, Role.QUOTE)
_EXIT_PRICES = (Role.EXIT, Role.SOLD, Role.FILL, Role.PRICE, Role.QUOTE)
_HEDGES = CONDITIONS | BEYOND | INTENTIONS | NEGATIONS
_PLAIN_PRICE = re.compile(r"[@$~ ]{0,3}([0-9]{0,6}\.?[0-9]{1,6})")
_LETTER = re.compile(r"[A-Za-z]")
_PERCENT = re.compile(r"([+-]?) ?\$?([0-9][0-9,]*(?:\.[0-9]+)?) ?%")
_COUNT = re.compile(r"(?<![0-9.$])([0-9]{1,6})(?![0-9.%/])")
_ZERO = re.compile(r"\W*0+(?![0-9.])")
_NEW_AVERAGE = re.compile(r"\bto \$?([0-9]*\.?[0-9]+)\s*$")
_ALL = frozenset({"all", "full", "fully", "everything"})
_COMMA = kept_token("comma", ",")
_END = Token("end", ".", ".")


def price_of(card: Card, kind: Kind, *, may_quote: bool = False) -> tuple[str, str]:
    """The labelled price of an action in the words of a ticket, and the rule that chose it."""
    order: tuple[Role, ...] = _EXIT_PRICES if kind in EXITS else _ENTRY_PRICES
    if kind is Kind.ADD and Role.AVERAGE in card.roles:
        order = (Role.ENTRY, Role.FILL, Role.PRICE)
    priced = [(role, _price(card.roles[role], role)) for role in order if role in card.roles]
    priced = [(role, words) for role, words in priced if words]
    if not may_quote:
        priced = [(role, words) for role, words in priced if role is not _QUOTE]
    if not priced:
        return "", ""
    role, words = priced[0]
    others = [
        card.labels[other]
        for other in (*_ENTRY_PRICES, Role.EXIT)
        if other in card.roles and other is not role
    ]
    if role is _QUOTE:
        return words, f"price: the card's '{card.labels[role]}', where it says no other"
    beside = f", not '{others[0]}'" if others else ""
    return words, f"price: the card's '{card.labels[role]}'{beside}" if others else ""


def _price(value: str, role: Role) -> str:
    """The number of a price label; words that make it a condition stay beside it."""
    plain = _PLAIN_PRICE.fullmatch(value)
    if plain is not None and (role is not Role.SOLD or "." in value):
        return f"@ {plain[1]}"
    said = tokens(value)
    for place, token in enumerate(said):
        after = said[place + 1] if place + 1 < len(said) else None
        if after is not None and after.low in SIZES:
            continue
        if token.kind in ("at", "money", "num") or (token.kind == "slash" and "." in token.text):
            found = numbers(token.text)
            if not found or (role is Role.SOLD and "." not in token.text and "$" not in token.text):
                continue
            return "@ " + "-".join(f"{number:f}" for number in found[:2])
        if token.kind == "garbled":
            return f"@ {token.text}"
    return ""


def sold_part(card: Card) -> str:
    """How much an exit sells, in the words of a ticket: "50%", "2x", "half".

    What remains says only whether it is all.
    """
    left = card.roles.get(Role.LEFT, "")
    part = _sold_part(card)
    if not left or part == "all":
        return part
    if _COUNT.search(left.replace("%", "")) and not _ZERO.match(left):
        return f"{part} some".strip()
    return part


def _sold_part(card: Card) -> str:
    value = card.roles.get(Role.SOLD, "")
    if share := share_in(value):
        return "all" if share.replace(" ", "") == "100%" else share
    if not _ALL.isdisjoint(value.lower().split()):
        return "all"
    count = _COUNT.search(value)
    if count is not None and (len(value.split()) > 1 or Role.EXIT in card.roles):
        return f"{count[1]}x"
    return share_in(card.title) or quantity_of(card)


def quantity_of(card: Card) -> str:
    """The labelled number of contracts or shares; a size in percent or units is none."""
    value = card.roles.get(_QUANTITY, "")
    label = card.labels.get(_QUANTITY, "").lower()
    if not value:
        value = card.roles.get(Role.SIZE, "")
        if not any(word in SIZES for word in value.lower().split()):
            return ""
    count = _COUNT.search(value.replace(",", ""))
    if count is None or "%" in value:
        return ""
    is_shares = "share" in label or "share" in value.lower()
    return f"{count[1]} shares" if is_shares else f"{count[1]}x"


def gain_of(card: Card) -> str:
    """The labelled gain in percent, with its sign."""
    value = card.roles.get(Role.GAIN, "")
    found = _PERCENT.search(value)
    if found is None:
        return ""
    loses = found[1] == "-" or card.labels[Role.GAIN].lower() == "loss"
    return f"{'-' if loses else '+'}{found[2]}%"


def levels_of(card: Card) -> str:
    """The labelled stop and targets in the words of a ticket."""
    stop = _stop(card.roles[_STOP]) if _STOP in card.roles else ""
    target = _targets(card.roles[_TARGET]) if _TARGET in card.roles else ""
    said = (f"SL {stop}" if stop else "", f"PT {target}" if target else "")
    return " , ".join(part for part in said if part)


def _stop(value: str) -> str:
    said = tokens(value)
    number = _level_numbers(said)[:1]
    if number:
        return number[0]
    if not AT_ENTRY.isdisjoint(token.low for token in said) or "break even" in value.lower():
        return "BE"
    share = _PERCENT.search(value)
    return f"{share[2]}%" if share is not None else ""


def _targets(value: str) -> str:
    found = _level_numbers(tokens(value))
    if found:
        return " , ".join(found)
    return " , ".join(f"{share[2]}%" for share in _PERCENT.finditer(value))


def _level_numbers(said: Sequence[Token]) -> list[str]:
    found: list[str] = []
    for place, token in enumerate(said):
        if token.kind not in ("at", "money", "num", "slash"):
            continue
        ahead = said[place + 1] if place + 1 < len(said) else None
        counts = token.text.isdigit() and len(token.text) == 1 and ahead is not None
        if counts and ahead is not None and ahead.kind in ("at", "money", "num", "colon"):
            continue
        found += [f"{number:f}" for number in numbers(token.text)]
    return found


def new_average(card: Card) -> str:
    """The average after an add, by its label or by "Average: ... to 2.10" in the title."""
    value = _price(card.roles.get(Role.AVERAGE, ""), Role.AVERAGE)
    if value:
        return f"new avg {value.removeprefix('@ ')}"
    found = _NEW_AVERAGE.search(card.heading)
    return f"new avg {found[1]}" if found is not None else ""


def hedge_of(card: Card) -> str:
    """The word that makes an entry's price a condition: "over 2.30", "2.30 on a break of 250"."""
    if Role.TRIGGER in card.roles:
        return card.labels[Role.TRIGGER]
    said = (card.roles.get(role, "") for role in _ENTRY_PRICES if role is not _QUOTE)
    words = (token for value in said if _LETTER.search(value) for token in tokens(value))
    return next((token.text for token in words if token.low in _HEDGES), "")


def ticket_of(card: Card, verb: Verb, day: date) -> tuple[list[Token], str]:
    """The words of a card's ticket behind its verb, and the rule that chose its price."""
    strong = is_strong(card)
    price, rule = price_of(card, verb.kind, may_quote=strong)
    quantity = quantity_of(card)
    told = bool(price and quantity) and verb.kind not in EXITS
    said = Slots() if told else _said_by(card, verb, day)
    price = price or _said_price(said, is_sure=strong)
    if verb.kind in EXITS:
        gain = gain_of(card) or (f"{said.gain * 100:+f}%" if said.gain is not None else "")
        counted = f"{said.quantity:f}x" if said.quantity else ""
        lead, rest = [sold_part(card) or counted, price], [gain, levels_of(card)]
    else:
        average = new_average(card) if verb.kind is Kind.ADD else ""
        quantity = quantity or (f"{said.quantity:f}x" if said.quantity else "")
        lead, rest = [quantity, price, average], [levels_of(card)]
    return _listed(_worded(lead), card.contract, _worded(rest)), rule


def _said_by(card: Card, verb: Verb, day: date) -> Slots:
    """What title, contract and lines say where they hold a number."""
    heading = card.heading if card.is_embed else ""
    contract = card.roles.get(Role.CONTRACT, "")
    if not (card.lines or any(map(str.isdigit, heading + contract))):
        return Slots()
    named = [tokens(plain_days(text)) for text in (heading, contract)]
    return fill([*named[0], _COMMA, *named[1], _END, *card.lines], day, verb)


def _worded(parts: Sequence[str]) -> Sequence[Token]:
    return tokens(" , ".join(filter(None, parts)))


def _listed(*parts: Sequence[Token]) -> list[Token]:
    """The parts of a ticket with commas between them."""
    listed: list[Token] = []
    for part in filter(None, parts):
        listed += [_COMMA, *part] if listed else part
    return listed


def _said_price(said: Slots, *, is_sure: bool) -> str:
    """The price that stands with the contract itself: "TSLA 250c 11/21 @ 2.30"."""
    if said.beyond:
        return said.beyond
    if said.price is None or said.price.rank > (2 + is_sure if said.option_like else 1):
        return ""
    return f"@ {said.price.low:f}" + (f"-{said.price.high:f}" if said.price.high else "")


def entry_of(card: Card) -> str:
    """The labelled entry with its levels, for an entry that the card's words tell of."""
    if not card.roles or not (card.prose or card.notes):
        return ""
    price, _ = price_of(card, Kind.OPEN)
    return f"{price} , {levels_of(card)}" if price else ""
