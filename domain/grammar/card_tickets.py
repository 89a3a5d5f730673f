"""From the title and the labels of a card to the words of an order ticket.

Each value is reduced to what its label can mean, so that nothing else that stands there (a gain
behind a stop, the dollars behind a price) fills a slot. Which of several prices is the trade's
depends on the action: an entry is at the entry or the fill, an exit at the exit or the fill, and
a mark counts only where nothing else is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from domain.grammar.cards import Card
from domain.grammar.filling import fill
from domain.grammar.labels import Role
from domain.grammar.reading import Action, Kind
from domain.grammar.slots import Slots
from domain.grammar.ticket_lines import is_odd
from domain.grammar.titles import Sense, sense_of, share_in
from domain.grammar.tokens import Token, numbers, tokens
from domain.grammar.vocabulary import (
    AT_ENTRY,
    BEYOND,
    CONDITIONS,
    INTENTIONS,
    NEGATIONS,
    NO_TICKERS,
    RIGHTS,
    SIZES,
    VERBS,
    Verb,
)

ENTRIES = (Kind.OPEN, Kind.ADD)
EXITS = (Kind.TRIM, Kind.CLOSE)

_ENTRY_PRICES = (Role.ENTRY, Role.FILL, Role.PRICE, Role.AVERAGE, Role.QUOTE)
_EXIT_PRICES = (Role.EXIT, Role.SOLD, Role.FILL, Role.PRICE, Role.QUOTE)
_SURE_PRICES = frozenset({Role.ENTRY, Role.FILL, Role.AVERAGE})
_DATE_KINDS = frozenset({"iso", "daymon", "monday", "dte", "osi"})
_HEDGES = CONDITIONS | BEYOND | INTENTIONS | NEGATIONS
_TICKER = re.compile(r"\$?([A-Za-z]{1,6}(?:[./-][A-Za-z]{1,5})?)")
_NAMED_TICKER = re.compile(
    r"\(\$?([A-Z]{1,5})\)|\$([A-Za-z]{1,5})\b|\b([A-Z]{1,5}(?:/[A-Z]{3,4})?)\b"
)
_STRIKE = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?|\.5) ?([cp]\b|calls?\b|puts?\b)?", re.IGNORECASE)
_STRIKES = re.compile(r"[0-9.]+[cp]? ?[/-] ?[0-9.]+[cp]?", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"\b(20[0-9]{2})[/.]([0-9]{1,2})[/.]([0-9]{1,2})\b")
_DASHED_DAY = re.compile(r"\b([0-9]{1,2})[-.]([0-9]{1,2})[-.]((?:20)?[0-9]{2})\b")
_SHORT_DAY = re.compile(r"\b([01]?[0-9])-([0-3]?[0-9])\b(?!-)")
_COMPACT = re.compile(r"\b(20[0-9]{2})([01][0-9])([0-3][0-9])\b")
_PERCENT = re.compile(r"([+-]?) ?\$?([0-9][0-9,]*(?:\.[0-9]+)?) ?%")
_COUNT = re.compile(r"(?<![0-9.$])([0-9]{1,6})(?![0-9.%/])")
_NEW_AVERAGE = re.compile(r"\bto \$?([0-9]*\.?[0-9]+)\s*$")
_END = Token("end", ".", ".")
_ODD_WORDS_MAX = 2
_ALL = frozenset({"all", "full", "fully", "everything", "100"})


def verb_of(card: Card) -> tuple[Verb | None, str]:
    """What a card does by its title, its action, its status and its prices, in that order."""
    sense, said = _said_sense(card)
    action = VERBS.get(tuple(card.roles.get(Role.ACTION, "").split()))
    sells = action is not None and action.action in (Action.STO, Action.STC)
    if sense is None or sense.is_weak or sense.verb is None:
        if sense is not None and sense.verb is None:
            return _by_labels(card, said) if sense.kind is Kind.UPDATE else (None, "")
        if action is not None:
            return _of_action(card, action), card.roles[Role.ACTION]
        by_labels, why = _by_labels(card, said)
        weak = sense.verb if sense is not None else None
        return (by_labels, why) if by_labels is not None else (weak, said)
    verb = sense.verb
    if verb.kind is Kind.OPEN and action is not None and sells and not verb.direction:
        return (action if action.direction else VERBS["sto",]), card.roles[Role.ACTION]
    if verb.kind in EXITS and action is not None and action.direction and sells:
        return verb._replace(action=Action.BTC, either_side=False), said
    return verb, said


def _said_sense(card: Card) -> tuple[Sense | None, str]:
    status = card.roles.get(Role.STATUS, "")
    if card.sense is None or card.sense.is_weak or card.sense.kind is Kind.UPDATE:
        of_status = sense_of(status)
        if of_status is not None and of_status.verb is not None and not of_status.is_weak:
            return of_status, status
    return card.sense, card.title


def _of_action(card: Card, action: Verb) -> Verb | None:
    """ "Sell" beside an entry price may write the option or close it: then it is asked for."""
    opens = not _SURE_PRICES.isdisjoint(card.roles) and Role.EXIT not in card.roles
    if action.kind in EXITS and action.action is Action.STC and opens:
        return None
    if action.kind is Kind.OPEN and Role.EXIT in card.roles:
        return VERBS["btc" if action.action is Action.STO else "stc",]
    return action


def _by_labels(card: Card, said: str) -> tuple[Verb | None, str]:
    """Without a word of what is done: an exit price exits, an entry price beside a contract
    enters, and so does a plain price beside a whole option."""
    if not card.contract:
        return None, ""
    if Role.EXIT in card.roles:
        return VERBS["closing",], card.labels[Role.EXIT]
    if Role.SOLD in card.roles:
        return VERBS["trimming",], card.labels[Role.SOLD]
    if card.sense is not None and card.sense.kind is Kind.UPDATE:
        return None, ""
    if not {Role.ENTRY, Role.FILL}.isdisjoint(card.roles):
        return VERBS["bto",], said or "Entry"
    is_option = any(token.kind == "strike" for token in tokens(card.contract))
    if not (card.is_embed and is_option) or Role.QUOTE in card.roles:
        return None, ""
    if Role.PRICE in card.roles or _is_bare_ticket(card):
        return VERBS["bto",], said or "Price"
    return None, ""


def _is_bare_ticket(card: Card) -> bool:
    """Whether an embed holds a contract and its price, and hardly another word."""
    words = [*tokens(card.heading), *tokens(card.prose)]
    priced = any(token.kind in ("at", "money") for token in words)
    return priced and not card.notes and sum(map(is_odd, words)) <= _ODD_WORDS_MAX


def is_entry_card(card: Card) -> bool:
    """Whether the card says by its title that it enters: its other words are then the plan."""
    return (
        card.sense is not None
        and card.sense.kind in ENTRIES
        and not card.sense.is_weak
        and not _SURE_PRICES.isdisjoint(card.roles)
    )


def contract_of(card: Card, day: date) -> str:
    """The contract that labels and title name together, in the order of a ticket."""
    if not card.is_embed and not card.names_contract:
        return ""
    base = _days(card.roles.get(Role.CONTRACT, ""))
    said = fill(tokens(base), day)
    titled = fill(tokens(_days(card.heading)), day) if card.is_embed else Slots()
    if not _names_strike(said) and Role.STRIKE not in card.roles:
        beside = tokens(_days(card.heading)) if _names_strike(titled) else card.lines
        said = fill([*tokens(base), _END, *beside], day) if beside else said
    if said.contracts:
        leg = said.contracts[0]
        return f"{leg.root} {leg.expiry} {leg.strike:f}{leg.right}"
    right = said.right or _right(card) or titled.right
    strike = _strike_of(said, right) or _strike(card.roles.get(Role.STRIKE, ""), right)
    ticker = _ticker(card.roles.get(Role.TICKER, ""))
    root = said.pair or said.root or ticker or _title_root(titled, strike)
    if not (root or strike):
        return ""
    expiry = _day_of(said) or _expiry(card, day) or _day_of(titled)
    kind = said.strategy if said.strategy != "vertical" else "spread"
    return " ".join(part for part in (root, expiry, strike, kind, _word_for(right)) if part)


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
    words = card.roles.get(Role.RIGHT, "").lower().split()
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
    return named[0] if beside and len(named) == 1 and named[0] not in NO_TICKERS else ""


def _days(text: str) -> str:
    """Dates spelled with other signs than a ticket's: 2025/11/21, 11-21-2025, 20251121."""
    text = _YEAR_FIRST.sub(r"\1-\2-\3", text)
    return _DASHED_DAY.sub(r"\1/\2/\3", text)


def _expiry(card: Card, day: date) -> str:
    value = _days(card.roles.get(Role.EXPIRY, ""))
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
    later = fill(tokens(_days(card.roles.get(Role.DATE, ""))), day).expiry
    return str(later.day) if later is not None and later.day is not None and later.day > day else ""


def _is_stamp(token: Token) -> bool:
    return token.kind == "stamp"


def _in_days(day: date, days: int) -> str:
    """Days to expiration are counted by the calendar; one that ends on a weekend is none."""
    found = day + timedelta(days=min(days, 3_000))
    return str(found) if found.weekday() < 5 else ""


def price_of(card: Card, kind: Kind, *, may_quote: bool = False) -> tuple[str, str]:
    """The labelled price of an action in the words of a ticket, and the rule that chose it."""
    order: tuple[Role, ...] = _EXIT_PRICES if kind in EXITS else _ENTRY_PRICES
    if kind is Kind.ADD and Role.AVERAGE in card.roles:
        order = (Role.ENTRY, Role.FILL, Role.PRICE)
    priced = [(role, _price(card.roles[role], role)) for role in order if role in card.roles]
    priced = [(role, words) for role, words in priced if words]
    if not may_quote:
        priced = [(role, words) for role, words in priced if role is not Role.QUOTE]
    if not priced:
        return "", ""
    role, words = priced[0]
    others = [
        card.labels[other]
        for other in (*_ENTRY_PRICES, Role.EXIT)
        if other in card.roles and other is not role
    ]
    if role is Role.QUOTE:
        return words, f"price: the card's '{card.labels[role]}', where it says no other"
    beside = f", not '{others[0]}'" if others else ""
    return words, f"price: the card's '{card.labels[role]}'{beside}" if others else ""


def _price(value: str, role: Role) -> str:
    """The number of a price label; words that make it a condition stay beside it."""
    said = tokens(value)
    if any(token.low in _HEDGES for token in said):
        return f"@ {value}" if role is not Role.SOLD else ""
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
    """How much an exit sells, in the words of a ticket: "50%", "2x", "half"."""
    value = card.roles.get(Role.SOLD, "")
    if share := share_in(value):
        return "all" if share.replace(" ", "") == "100%" else share
    if not _ALL.isdisjoint(value.lower().split()):
        return "all"
    count = _COUNT.search(value)
    if count is not None and (len(value.split()) > 1 or Role.EXIT in card.roles):
        return f"{count[1]}x"
    return share_in(card.heading) or quantity_of(card)


def quantity_of(card: Card) -> str:
    """The labelled number of contracts or shares; a size in percent or units is none."""
    value = card.roles.get(Role.QUANTITY, "")
    label = card.labels.get(Role.QUANTITY, "").lower()
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
    stop = _stop(card.roles.get(Role.STOP, ""))
    target = _targets(card.roles.get(Role.TARGET, ""))
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


def ticket_of(card: Card, verb: Verb, day: date) -> tuple[str, str]:
    """The words of a card's ticket behind its verb, and the rule that chose its price."""
    strong = card.sense is not None and card.sense.verb is not None and not card.sense.is_weak
    price, rule = price_of(card, verb.kind, may_quote=strong)
    heading = card.heading if card.is_embed else ""
    raw = tokens(_days(f"{heading} , {card.roles.get(Role.CONTRACT, '')}"))
    said = fill([*raw, _END, *card.lines], day, verb)
    price = price or _said_price(said)
    if verb.kind in EXITS:
        gain = gain_of(card) or (f"{said.gain * 100:+f}%" if said.gain is not None else "")
        parts = [sold_part(card), price, card.contract, gain, levels_of(card)]
    else:
        average = new_average(card) if verb.kind is Kind.ADD else ""
        quantity = quantity_of(card) or (f"{said.quantity:f}x" if said.quantity else "")
        parts = [quantity, price, average, card.contract, levels_of(card)]
    return " , ".join(part for part in parts if part), rule


def _said_price(said: Slots) -> str:
    """The price that stands with the contract itself: "TSLA 250c 11/21 @ 2.30"."""
    if said.beyond:
        return said.beyond
    if said.price is None or said.price.rank > 2 or not (said.strikes or said.contracts):
        return ""
    return f"@ {said.price.low:f}" + (f"-{said.price.high:f}" if said.price.high else "")


def entry_of(card: Card) -> str:
    """The labelled entry with its levels, for an entry that the card's words tell of."""
    price, _ = price_of(card, Kind.OPEN)
    return f"{price} , {levels_of(card)}" if price else ""
