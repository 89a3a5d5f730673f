"""Reads one message: from its words to a reading, or to the reason why nothing is booked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from domain.grammar import stance
from domain.grammar.acts import Act, Found, Piece, find
from domain.grammar.cards import Card, cards, texts
from domain.grammar.dates import message_day
from domain.grammar.filling import fill
from domain.grammar.lead import level_objection
from domain.grammar.legs import named_legs
from domain.grammar.reading import (
    ExitReason,
    Kind,
    LegReading,
    MessageText,
    Reading,
    Room,
    TradeReading,
)
from domain.grammar.slots import Slots
from domain.grammar.tickets import Setting, Ticket, closes, judge
from domain.grammar.tokens import Token, tokens
from domain.grammar.vocabulary import (
    CONDITIONS,
    INTENTIONS,
    NEGATIONS,
    RIGHTS,
    STOPS,
    TARGETS,
    VERBS,
    Verb,
)

_EXITS = (Kind.TRIM, Kind.CLOSE)
_CONTRACT_KINDS = frozenset({"strike", "slash", "osi", "joined"})
_ENTRIES = (Kind.OPEN, Kind.ADD)
_ENTERING = frozenset({"enter", "entering", "entry", "in", "buy", "buying", "grab", "only"})
_SILENT_TITLES = (Kind.WATCH, Kind.RECAP, Kind.CANCEL)
_TITLE_VERBS: dict[Kind, Verb] = {
    Kind.OPEN: VERBS["bto",],
    Kind.ADD: VERBS["adding",],
    Kind.TRIM: VERBS["trimming",],
    Kind.CLOSE: VERBS["closing",],
}


@dataclass(slots=True)
class _Gathered:
    """What the parts of a message have given so far."""

    tickets: list[Ticket] = field(default_factory=list)
    named: list[LegReading] = field(default_factory=list)
    whys: list[tuple[Kind, str]] = field(default_factory=list)
    stop: Decimal | None = None
    stop_at_entry: bool = False
    targets: tuple[Decimal, ...] = ()


def read(text: MessageText, room: Room) -> Reading:
    """Reads a message by itself; what depends on open positions is left to resolving.

    Never raises, whatever the words. `posted_at` has to be aware and of an ordinary year.
    """
    parts = cards(text)
    whole = "\n".join(part for card in parts for part in _all_texts(card))
    if not (stance.may_act(whole) or any(card.names_contract for card in parts)):
        return Reading(kind=Kind.CHAT, why="no word of a trade in it")
    if stance.corrects(whole):
        return Reading(kind=Kind.CORRECTION, why="it amends an earlier message")
    day = message_day(text.posted_at)
    reason = ExitReason.TARGET if stance.target_was_hit(whole) else None
    gathered = _Gathered()
    for card in parts:
        contract = tokens(card.contract) if card.names_contract else []
        _read_card(card, Setting(room, day, reason, contract, tokens(card.entry)), gathered)
    return _reading(gathered, whole, day)


def _all_texts(card: Card) -> list[str]:
    return [card.title, card.contract, card.prose, card.notes]


def _read_card(card: Card, setting: Setting, gathered: _Gathered) -> None:
    if setting.contract:
        gathered.named += named_legs(fill(setting.contract, setting.day))
    if card.intent in _SILENT_TITLES:
        gathered.whys.append((card.intent, f"the title says '{card.title}'"))
        return
    found = [find(tokens(part)) for part in texts(card)]
    tickets = [judge(act, setting) for part in found for act in part.acts]
    tickets = _without_round_trips(tickets, found, gathered)
    for part in found:
        gathered.whys += [(refusal.kind, refusal.why) for refusal in part.refusals]
        for piece in part.free:
            _read_free(piece, setting.day, gathered)
    if setting.contract:
        tickets = _merged_exits(tickets)
    if not any(ticket.is_trade for ticket in tickets):
        tickets += _by_title(card, found, setting, gathered)
    gathered.tickets += [ticket for ticket in tickets if ticket.is_trade]


def _without_round_trips(
    tickets: list[Ticket], found: Sequence[Found], gathered: _Gathered
) -> list[Ticket]:
    """A trade that is over when it is told ("bought at 2.30 and sold at 3.40") is not booked."""
    acts = [act for part in found for act in part.acts]
    told: set[int] = set()
    for place, (act, after) in enumerate(pairwise(acts)):
        same = act.sentence == after.sentence and not tickets[place + 1].named
        if act.verb.kind is Kind.OPEN and after.verb.kind in _EXITS and same:
            told |= {place, place + 1}
            gathered.whys.append((Kind.RECAP, f"'{act.said}' and '{after.said}' in one breath"))
            gathered.named += tickets[place].named
    return [ticket for place, ticket in enumerate(tickets) if place not in told]


def _read_free(piece: Piece, day: date, gathered: _Gathered) -> None:
    """Words outside of any act: they may move levels, or name a contract."""
    if not any(_may_name(token) or _is_level(token) for token in piece.tokens):
        return
    slots = fill(piece.tokens, day)
    if slots.strikes or slots.contracts:
        gathered.named += named_legs(slots)
    if not slots.levels or piece.question or slots.beyond:
        return
    words = set(piece.words)
    for hindrances in (CONDITIONS, INTENTIONS, NEGATIONS):
        if hindrance := words & hindrances:
            gathered.whys.append((Kind.CONDITIONAL, f"'{min(hindrance)}' with a level"))
            return
    label = next((at for at, token in enumerate(piece.tokens) if _is_level(token)), 0)
    if why := level_objection(piece.tokens, label):
        gathered.whys.append((Kind.CHAT, why))
        return
    gathered.named += [leg for leg in named_legs(slots) if leg not in gathered.named]
    _take_levels(gathered, slots)


def _may_name(token: Token) -> bool:
    return token.kind in _CONTRACT_KINDS or token.low in RIGHTS


def _is_level(token: Token) -> bool:
    return token.low in STOPS or token.low in TARGETS or token.kind == "index"


def _take_levels(gathered: _Gathered, said: Slots | Ticket) -> None:
    gathered.stop = said.stop if gathered.stop is None else gathered.stop
    gathered.stop_at_entry = gathered.stop_at_entry or said.stop_at_entry
    gathered.targets = tuple(dict.fromkeys([*gathered.targets, *said.targets]))


def _merged_exits(tickets: list[Ticket]) -> list[Ticket]:
    """A card's line and its notes speak of one exit: the fuller one, with any price or gain."""
    exits = [t for t in tickets if len(t.trades) == 1 and closes(t.trades[0])]
    if len(exits) < 2 or len({t.trades[0].legs for t in exits}) > 1:
        return tickets
    kept = next((t for t in exits if t.kind is Kind.CLOSE), exits[0])
    for other in exits:
        kept.trades = (_with_figures(kept.trades[0], other.trades[0]),)
        kept.stop_at_entry = kept.stop_at_entry or other.stop_at_entry
        kept.stop = other.stop if kept.stop is None else kept.stop
        kept.targets = kept.targets or other.targets
    return [t for t in tickets if t is kept or t not in exits]


def _with_figures(trade: TradeReading, other: TradeReading) -> TradeReading:
    return TradeReading(
        action=trade.action, legs=trade.legs, average=trade.average, partial=trade.partial,
        at_hand=trade.at_hand or other.at_hand, either_side=trade.either_side,
        reason=trade.reason,
        quantity=trade.quantity or (other.quantity if trade.partial else None),
        fraction=trade.fraction or (other.fraction if trade.partial else None),
        price=other.price if trade.price is None else trade.price,
        price_to=trade.price_to,
        gain=other.gain if trade.gain is None else trade.gain,
    )  # fmt: skip


def _by_title(
    card: Card, found: Sequence[Found], setting: Setting, gathered: _Gathered
) -> list[Ticket]:
    """Where no words act, the title and the labels may: an entry card, a "Trim Alert"."""
    verb, said = _card_verb(card)
    if verb is None:
        return []
    price = card.price("exit" if verb.kind in _EXITS else "entry")
    line = [card.roles.get("quantity", ""), card.contract, f"@ {price}" if price else "",
            card.roles.get("gain", ""), card.levels]  # fmt: skip
    words = tokens(" , ".join(part for part in line if part))
    if not setting.contract:
        words += tokens(card.prose)
    if _is_talk(words) or (verb.kind in _ENTRIES and any(map(_conditions_entry, found))):
        gathered.whys.append((Kind.CONDITIONAL, f"the words under '{said}' set a condition"))
        return []
    ticket = judge(Act(verb, said, words, 0, 0), setting)
    if verb.kind in _ENTRIES and not setting.contract and not _names_option(ticket.named):
        return []
    return [ticket]


def _names_option(named: Sequence[LegReading]) -> bool:
    """Free words under a title open options only: "Market Open: AAPL @ 189" is a quote."""
    return any(leg.strike is not None and leg.right is not None for leg in named)


def _card_verb(card: Card) -> tuple[Verb | None, str]:
    """The verb of a card: its action label, else its title, else that it has an entry."""
    action = card.roles.get("action", "").lower()
    for phrase in (tuple(action.split()), tuple(action.split()[:1])):
        if phrase in VERBS:
            return VERBS[phrase], action
    if card.intent is Kind.OPEN and _sells_to_open(card.title):
        return VERBS["sto",], card.title
    if card.intent in _TITLE_VERBS:
        return _TITLE_VERBS[card.intent], card.title
    if card.intent is None and card.names_contract and "entry" in card.roles:
        return VERBS["bto",], "Entry"
    return None, ""


def _sells_to_open(title: str) -> bool:
    return not {"sto", "short"}.isdisjoint(title.lower().split()) or "sell to open" in title.lower()


def _conditions_entry(part: Found) -> bool:
    """Whether the words of a card enter only under a condition: "only if it breaks 245"."""
    return any(
        not CONDITIONS.isdisjoint(words) and not _ENTERING.isdisjoint(words)
        for words in (set(piece.words) for piece in part.free)
    )


def _is_talk(words: Sequence[Token]) -> bool:
    """Whether the words of a card are a plan or a question rather than a ticket."""
    lows = {token.low for token in words if token.kind == "word"}
    asks = any(token.kind == "end" and "?" in token.text for token in words)
    return asks or not lows.isdisjoint(CONDITIONS | INTENTIONS | NEGATIONS)


def _reading(gathered: _Gathered, whole: str, day: date) -> Reading:
    """Puts together what the parts gave."""
    tickets = gathered.tickets
    named = tuple(dict.fromkeys([*(leg for t in tickets for leg in t.named), *gathered.named]))
    if not tickets:
        return _without_trade(gathered, named, whole, day)
    for ticket in tickets if len(tickets) == 1 else ():
        _take_levels(gathered, ticket)
    rules = list(dict.fromkeys(rule for ticket in tickets for rule in ticket.rules))
    if len(tickets) > 1 and any(t.stop or t.targets for t in tickets):
        rules.append("stops and targets of several trades in one message are not read")
    trades = tuple(dict.fromkeys(trade for ticket in tickets for trade in ticket.trades))
    lead = next((ticket for ticket in tickets if ticket.trades), tickets[0])
    return Reading(
        kind=lead.kind,
        confidence=min(ticket.confidence for ticket in tickets),
        trades=trades,
        named=named,
        stop=gathered.stop,
        stop_at_entry=gathered.stop_at_entry,
        targets=gathered.targets,
        missing=tuple(dict.fromkeys(part for ticket in tickets for part in ticket.missing)),
        rules=tuple(rules),
        why="; ".join(dict.fromkeys(ticket.why for ticket in tickets if ticket.why)),
    )


def _without_trade(
    gathered: _Gathered, named: tuple[LegReading, ...], whole: str, day: date
) -> Reading:
    # Of a ticker alone it is not known which contract is meant, if any.
    is_clear = bool(named) or not stance.names_ticker(whole)
    gain = stance.stated_gain(whole) if is_clear else None
    if gathered.stop is not None or gathered.stop_at_entry or gathered.targets:
        if stance.speaks_of_entry(whole):
            missing = ("action",) if named else ("symbol",)
            why = "an entry with levels, in a form that is not read yet"
            return Reading(kind=Kind.OPEN, named=named, missing=missing, why=why)
        return Reading(
            kind=Kind.UPDATE,
            confidence=Decimal("0.9"),
            named=named,
            gain=gain,
            stop=gathered.stop,
            stop_at_entry=gathered.stop_at_entry,
            targets=gathered.targets,
        )
    kind = stance.kind_of(whole)
    if gain is not None and not gathered.whys:
        return Reading(kind=kind, named=named, gain=gain, why="it says how a trade stands")
    if gathered.whys:
        said, why = gathered.whys[0]
        return Reading(kind=said if said is not Kind.CHAT else kind, named=named, why=why)
    lacking = _lacking(named, whole, day) if kind is Kind.CHAT else ()
    why = "a contract, but no word that says what is done" if lacking else "nothing is done in it"
    return Reading(kind=kind, named=named, missing=lacking, why=why)


def _lacking(named: tuple[LegReading, ...], whole: str, day: date) -> tuple[str, ...]:
    """What a contract that merely stands there lacks to be a trade."""
    if named:
        return ("action",)
    low = whole.lower()
    if "call" not in low and "put" not in low:
        return ()
    slots = fill(tokens(whole), day)
    if slots.right and slots.root and slots.price is not None:
        return ("action", "strike", "expiry")
    return ()
